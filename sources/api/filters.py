"""Filter classes of the API. A filter in a filter set is named as its query parameter.

`help_text`, `example` and `schema` of a filter are what the OpenAPI document says of it.
"""

import re
from contextlib import suppress
from datetime import datetime

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Exists, F, Q, Value
from django.db.models.lookups import In
from django.utils.timezone import is_naive, make_aware, now

from sources.api.fields import canonical_language
from sources.database.prepared import PreparedFilter
from sources.dates import PartialDate, PartialDateFilter, PartialDateFormField, parse_time
from sources.exceptions import BadParameter, nearest_of
from sources.history.past_tables import tables_are_of
from sources.models import Article, Mergeable, Outlet
from sources.models.functions import UrlKey
from sources.models.ids import as_uuid

MAX_VALUES = 20  # of one parameter: keeps URLs short and plans cheap


class Documented(django_filters.Filter):
    """A filter that describes itself in the OpenAPI document."""

    schema = {"type": "string"}

    def __init__(self, *args, help_text: str, example, **kwargs):
        super().__init__(*args, help_text=help_text, **kwargs)
        self.description, self.example = help_text, example


class ListField(forms.CharField):
    """Values separated by commas, 20 at most. `check` parses one, or raises `ValueError`."""

    def __init__(self, check, **kwargs):
        self.check = check
        super().__init__(**kwargs)

    def clean(self, value):
        if not value:
            return []
        values = [part.strip() for part in value.split(",")]
        if len(values) > MAX_VALUES:
            raise ValidationError(f"{len(values)} values: give at most {MAX_VALUES}.")
        if "" in values:
            raise ValidationError("Contains an empty value: remove the extra comma.")
        try:
            return [self.check(part) for part in values]
        except ValueError as error:
            raise ValidationError(str(error)) from error


class ExternalIdsField(ListField):
    """Ids separated by commas; a value with commas may be one id as well."""

    def clean(self, value):
        values = super().clean(value)
        return [*values, value.strip()] if len(values) > 1 else values


def an_id(value: str):
    if (key := as_uuid(value)) is None:
        raise ValueError(f"“{value[:60]}” is not an id. To filter by name, use the name parameter.")
    return key


def list_schema(check) -> dict:
    """JSON Schema of a list of ids, or of strings if `check` parses something else."""
    item = {"type": "string", "format": "uuid"} if check is an_id else {"type": "string"}
    return {"type": "array", "items": item, "maxItems": MAX_VALUES}


class ListFilter(Documented, PreparedFilter):
    """Matches any of the given values of a column."""

    field_class = ListField

    def __init__(self, *, check=an_id, **kwargs):
        super().__init__(check=check, lookup_expr="in", **kwargs)
        self.schema = list_schema(check)

    def shape(self, value):
        return len(value)

    def parameters(self, value):
        return value

    def narrow(self, queryset, value, parameters):
        return queryset.filter(In(F(self.field_name), parameters))


class IdFilter(ListFilter):
    """Matches the records with these ids. A merged record's id stands for the surviving one."""

    def __init__(self, **kwargs):
        super().__init__(field_name="pk", **kwargs)

    def filter(self, queryset, value):
        if value and issubclass(queryset.model, Mergeable):
            value = [*value, *queryset.model.objects.survivors(value).values()]
        return super().filter(queryset, value)


class ExternalIdFilter(ListFilter):
    """Matches any of the given ids, which may contain commas; merged articles lead on."""

    field_class = ExternalIdsField

    def filter(self, queryset, value):
        if not value:
            return queryset
        return queryset.filter(pk__in=Article.objects.filter(external_id__in=value).followed())


class RecordsFilter(ListFilter):
    """Matches any of the given records. A merged record's id stands for the surviving one."""

    def __init__(self, model: type[Mergeable], **kwargs):
        self.records = model.objects
        super().__init__(**kwargs)

    def filter(self, queryset, value):
        return self.narrow(queryset, value, self.keys(value)) if value else queryset

    def keys(self, values: list) -> list:
        return [*values, *self.records.survivors(values).values()]

    def holds(self, parameters):
        return ~Q(Exists(self.records.filter(pk__in=parameters, merged_into__isnull=False)))


class ChoicesFilter(ListFilter):
    """Matches any of the given choices."""

    def __init__(self, choices, **kwargs):
        def check(value: str) -> str:
            if value not in choices.values:
                raise ValueError(
                    f"“{value[:60]}” is not one of the choices. {nearest_of(value, choices.values)}"
                )
            return value

        super().__init__(check=check, **kwargs)
        self.schema["items"]["enum"] = choices.values

    def shape(self, value):
        return tuple(value)

    def parameters(self, value):
        return []

    def narrow(self, queryset, value, parameters):
        return queryset.filter(**{f"{self.field_name}__in": value})


class OutletFilter(RecordsFilter):
    """Matches any of the given outlets, each by id or slug."""

    def __init__(self, *, check=lambda value: as_uuid(value) or value, **kwargs):
        super().__init__(Outlet, check=check, **kwargs)

    def shape(self, value):
        return None if any(isinstance(each, str) for each in value) else super().shape(value)

    def keys(self, values):
        slugs = [value for value in values if isinstance(value, str)]
        found = self.records.filter(slug__in=slugs).values_list("pk", flat=True) if slugs else []
        return super().keys([*(value for value in values if not isinstance(value, str)), *found])


class SlugFilter(OutletFilter):
    """Matches outlets by slug. A merged outlet's slug stands for the surviving one."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs, check=str)


def a_language(value: str) -> str:
    if not value.replace("-", "").isalnum():
        raise ValueError(f"“{value[:60]}” is not a language tag. Write en or en-GB, for example.")
    with suppress(ValueError):
        return canonical_language(value)
    return value  # on record for no quote


class LanguageFilter(ListFilter):
    """Basic filtering of RFC 4647: `en` matches en, en-GB and en-US."""

    def __init__(self, **kwargs):
        super().__init__(check=a_language, **kwargs)

    def shape(self, value):
        return None

    def filter(self, queryset, value):
        if not value:
            return queryset
        column, wanted = self.field_name, Q()
        for tag in value:
            wanted |= Q(**{f"{column}__iexact": tag}) | Q(**{f"{column}__istartswith": f"{tag}-"})
        return queryset.filter(wanted)


class QuerySetMethodFilter(Documented):
    """Calls a method of the queryset with the value."""

    def __init__(self, method_name: str, **kwargs):
        self.method_name = method_name
        super().__init__(**kwargs)

    def filter(self, queryset, value):
        return getattr(queryset, self.method_name)(value) if value else queryset


class NameFilter(QuerySetMethodFilter):
    """Matches one name. Commas are part of the name."""

    field_class = forms.CharField

    def __init__(self, method_name: str, **kwargs):
        super().__init__(method_name, max_length=500, **kwargs)


class IdsFilter(QuerySetMethodFilter):
    """Matches any of the given ids."""

    field_class = ListField

    schema = list_schema(an_id)

    def __init__(self, method_name: str, **kwargs):
        super().__init__(method_name, check=an_id, **kwargs)


class DateFilter(QuerySetMethodFilter):
    """Matches a partial date."""

    field_class = PartialDateFormField


class WordsField(forms.CharField):
    """Text with at least one word, and with `max_words` at most."""

    def __init__(self, *, max_words: int | None = None, **kwargs):
        self.max_words = max_words
        super().__init__(**kwargs)

    def clean(self, value):
        value = super().clean(value)
        if self.max_words and (number := len(value.split())) > self.max_words:
            raise ValidationError(f"{number} words: give at most {self.max_words}.")
        if value and not any(character.isalnum() for character in value):
            raise ValidationError("Contains no word. Write at least one letter or digit.")
        return value


class RoleFilter(NameFilter):
    """Matches roles that contain all of the given words."""

    field_class = WordsField


class AddressField(forms.CharField):
    def clean(self, value):
        value = super().clean(value)
        if value and not re.match(r"https?://[^/?#\s]", value, re.IGNORECASE):
            raise ValidationError(f"“{value[:60]}” is not a URL. Begin with https:// or http://.")
        return value


class UrlFilter(Documented):
    """Matches the article with this URL, or the one that it was merged into."""

    field_class = AddressField

    def __init__(self, **kwargs):
        super().__init__(max_length=2000, **kwargs)

    def filter(self, queryset, value):
        if not value:
            return queryset
        found = Article.objects.filter(url_key=UrlKey(Value(value)))
        return queryset.filter(**{f"{self.field_name}__in": found.followed()})


class MomentField(forms.Field):
    """A time (RFC 3339), or a day, which means 00:00 UTC."""

    time_of_day = "00:00:00Z"

    def clean(self, value):
        if not value:
            return None
        is_day = not re.search("[T:]", value, re.IGNORECASE)
        try:
            moment = parse_time(f"{value}T{self.time_of_day}" if is_day else value)
        except ValueError as error:
            raise ValidationError(str(error)) from error
        if moment is None:
            raise ValidationError(
                f"“{value[:60]}” is not a time. Write it as 2026-02-11T09:30:00Z "
                "(and a + as %2B), or as a day."
            )
        return make_aware(moment) if is_naive(moment) else moment


class LastMomentField(MomentField):
    """A time (RFC 3339), or a day, which means its end in UTC."""

    time_of_day = "23:59:59.999999Z"


class PastMomentField(MomentField):
    """A time that has passed, or the present."""

    def clean(self, value):
        moment = super().clean(value)
        if moment and moment > now():
            raise ValidationError("In the future. Give a time that has passed.")
        return moment


class AsOfFilter(Documented, PreparedFilter):
    """The time that the tables are read as of: see `Endpoint.tables`, which has to be used."""

    field_class = PastMomentField

    def shape(self, value):
        return "then" if value == tables_are_of() else None

    def parameters(self, value):
        return []

    def narrow(self, queryset, value, parameters):
        return queryset

    def filter(self, queryset, value):
        if value != tables_are_of():
            raise BadParameter({self.field_name: ["Not here: only what is on record now is told."]})
        return queryset


class DateRangeFilter(Documented, PartialDateFilter):
    """Matches dates that can be on or after, or on or before, a partial date."""


class MomentFilter(Documented, PreparedFilter):
    """Matches times at or after a time (RFC 3339) or a day."""

    field_class = MomentField

    def __init__(self, field_name: str, *, lookup_expr: str = "gte", **kwargs):
        kwargs |= {"lookup_expr": lookup_expr, "example": "2026-02-11T09:30:00Z"}
        super().__init__(field_name=field_name, **kwargs)

    def shape(self, value):
        return "moment"

    def parameters(self, value):
        return [value]

    def narrow(self, queryset, value, parameters):
        return queryset.filter(**{f"{self.field_name}__{self.lookup_expr}": parameters[0]})


class MomentBeforeFilter(MomentFilter):
    """Matches times at or before a time (RFC 3339), or a whole day and what came before it."""

    field_class = LastMomentField

    def __init__(self, field_name: str, **kwargs):
        super().__init__(field_name, lookup_expr="lte", **kwargs)


def ends_before(last: PartialDate | datetime, first: PartialDate | datetime) -> bool:
    if isinstance(last, PartialDate):
        return last.last < first.first
    return last < first
