"""Filters of the resources; each is named as its query parameter.

The first line of a filter's docstring, and its `schema`, are what the OpenAPI document says of it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Exists, F, Q, Value
from django.db.models.lookups import In
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.functional import cached_property
from django.utils.timezone import is_naive, make_aware

from sources.database.prepared import Parameter, PreparedFilter
from sources.dates import PartialDateFormField
from sources.exceptions import nearest_of
from sources.models import Named, Outlet
from sources.models.functions import UrlKey
from sources.models.ids import as_uuid

MOST_VALUES = 20


class ListField(forms.CharField):
    """Values with commas between, 20 at most; `check` reads one or raises `ValueError`."""

    def __init__(self, check, **kwargs):
        self.check = check
        super().__init__(**kwargs)

    def clean(self, value):
        if not value:
            return []
        values = [part.strip() for part in value.split(",")]
        if len(values) > MOST_VALUES:
            raise ValidationError(f"{len(values)} values; {MOST_VALUES} at most.")
        if "" in values:
            raise ValidationError("Holds an empty value: a comma too many.")
        try:
            return [self.check(part) for part in values]
        except ValueError as error:
            raise ValidationError(str(error)) from error


def an_id(value: str):
    if (key := as_uuid(value)) is None:
        raise ValueError(f"“{value[:60]}” is not an id. Names have filters of their own.")
    return key


def list_schema(check) -> dict:
    """A list of values in the OpenAPI document: ids, or strings of another kind."""
    item = {"type": "string", "format": "uuid"} if check is an_id else {"type": "string"}
    return {"type": "array", "items": item, "maxItems": MOST_VALUES}


class ListFilter(PreparedFilter):
    """Rows whose column has one of the values."""

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


class RecordsFilter(ListFilter):
    """Rows of these records; the id of one that was merged means the one it was merged into."""

    def __init__(self, model: type[Named], **kwargs):
        self.records = model.objects
        super().__init__(**kwargs)

    def filter(self, queryset, value):
        return self.narrow(queryset, value, self.keys(value)) if value else queryset

    def keys(self, values: list) -> list:
        return [*values, *self.records.survivors(values).values()]

    def holds(self, parameters):
        return ~Q(Exists(self.records.filter(pk__in=parameters, merged_into__isnull=False)))


class ChoicesFilter(ListFilter):
    """Rows whose column has one of these choices."""

    def __init__(self, choices, **kwargs):
        def check(value: str) -> str:
            if value not in choices.values:
                raise ValueError(
                    f"“{value[:60]}” is not a choice. {nearest_of(value, choices.values)}"
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
    """Rows of these outlets, each given by id or by slug."""

    def __init__(self, *, check=lambda value: as_uuid(value) or value, **kwargs):
        super().__init__(Outlet, check=check, **kwargs)

    def shape(self, value):
        return None if any(isinstance(each, str) for each in value) else super().shape(value)

    def keys(self, values):
        slugs = [value for value in values if isinstance(value, str)]
        known = self.records.filter(slug__in=slugs).values_list("pk", flat=True) if slugs else []
        return super().keys([*(value for value in values if not isinstance(value, str)), *known])


class SlugFilter(OutletFilter):
    """Outlets with these slugs, or into which those were merged."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs, check=str)


def a_language(value: str) -> str:
    if not value.replace("-", "").isalnum():
        raise ValueError(f"“{value[:60]}” is not a language tag such as en or en-GB.")
    return value


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


class VerbFilter(django_filters.Filter):
    """Rows that a verb of the queryset finds for the value."""

    def __init__(self, verb: str, **kwargs):
        self.verb = verb
        super().__init__(**kwargs)

    def filter(self, queryset, value):
        return getattr(queryset, self.verb)(value) if value else queryset


class NameFilter(VerbFilter):
    """Rows that a verb finds for one name; commas are part of the name."""

    field_class = forms.CharField

    def __init__(self, verb: str, **kwargs):
        super().__init__(verb, max_length=500, **kwargs)


class IdsFilter(VerbFilter):
    """Rows that a verb finds for ids."""

    field_class = ListField

    schema = list_schema(an_id)

    def __init__(self, verb: str, **kwargs):
        super().__init__(verb, check=an_id, **kwargs)


class DateFilter(VerbFilter):
    """Rows that a verb finds for a partial date."""

    field_class = PartialDateFormField


class WordsField(forms.CharField):
    def clean(self, value):
        value = super().clean(value)
        if value and not any(character.isalnum() for character in value):
            raise ValidationError("Holds no word.")
        return value


class RoleFilter(NameFilter):
    """Rows with all of these words in a role."""

    field_class = WordsField


class AddressField(forms.CharField):
    def clean(self, value):
        value = super().clean(value)
        if value and not re.match(r"https?://[^/?#\s]", value, re.IGNORECASE):
            raise ValidationError(f"“{value[:60]}” is not a URL. Begin with https:// or http://.")
        return value


class UrlFilter(django_filters.Filter):
    """Rows of the article with this URL."""

    field_class = AddressField

    def __init__(self, **kwargs):
        super().__init__(max_length=2000, **kwargs)

    def filter(self, queryset, value):
        return queryset.filter(**{self.field_name: UrlKey(Value(value))}) if value else queryset


class MomentField(forms.Field):
    """A time (RFC 3339) or a day, which is its first moment in UTC."""

    def clean(self, value):
        if not value:
            return None
        try:
            if (moment := parse_datetime(value)) is None and (day := parse_date(value)):
                moment = parse_datetime(f"{day}T00:00:00Z")
        except ValueError as error:
            raise ValidationError(f"“{value[:60]}”: {error}.") from error
        if moment is None:
            raise ValidationError(
                f"“{value[:60]}” is not a time. Write it as 2026-02-11T09:30:00Z "
                "(and a + as %2B), or as a day."
            )
        return make_aware(moment) if is_naive(moment) else moment


class MomentFilter(PreparedFilter):
    """Rows made or changed at or after a moment (RFC 3339), or from a day on."""

    field_class = MomentField

    def __init__(self, field_name: str, **kwargs):
        super().__init__(field_name=field_name, lookup_expr="gte", **kwargs)

    def shape(self, value):
        return "moment"

    def parameters(self, value):
        return [value]

    def narrow(self, queryset, value, parameters):
        return queryset.filter(**{f"{self.field_name}__gte": parameters[0]})


class Asked:
    """The values of query parameters, read by the fields of their filters.

    What a form is to filters, which has fields of its own and ways to show them besides.
    """

    def __init__(self, filters: dict[str, django_filters.Filter], data: Mapping[str, str]):
        self.cleaned_data, self.errors = {}, {}
        for name, one in filters.items():
            try:
                self.cleaned_data[name] = one.field.clean(data.get(name))
            except ValidationError as error:
                self.errors[name] = error.messages
        self.refuse_empty_ranges()

    def refuse_empty_ranges(self) -> None:
        """Refuse a range that ends before it begins: nothing could be in it."""
        for name in [each for each in self.cleaned_data if each.endswith("_before")]:
            last = self.cleaned_data[name]
            first = self.cleaned_data.get(name.replace("_before", "_after"))
            if first and last and last.last < first.first:
                del self.cleaned_data[name]
                self.errors[name] = [f"{last} is before {first}: the range holds no day."]

    def is_valid(self) -> bool:
        return not self.errors


class AskedFilters(django_filters.FilterSet):
    """Filters of which only those that were asked for are made ready: a request names few."""

    def __init__(self, data=None, queryset=None, **kwargs):
        known, self.base_filters = self.base_filters, {}  # of all of which a copy would be made
        super().__init__(data, queryset, **kwargs)
        del self.base_filters
        self.filters = {name: known[name] for name in known if data is None or name in data}

    @cached_property
    def form(self) -> Asked:
        return Asked(self.filters, self.data)

    def filter_queryset(self, queryset, places: Iterable[Parameter] | None = None):
        """What was asked for; with places, for any values of this `shape` that take them."""
        if places is None:
            return super().filter_queryset(queryset)
        for one, value, own in self.placed(places):
            queryset = one.narrow(queryset, value, own)
        return queryset

    # What a prepared statement depends on, and what it takes

    def shape(self) -> tuple | None:
        """What a statement with these filters depends on; None where that is the values."""
        shapes = []
        for name, value in self.form.cleaned_data.items():
            one = self.filters[name]
            shape = one.shape(value) if isinstance(one, PreparedFilter) else None
            if shape is None:
                return None
            shapes.append((name, shape))
        return tuple(shapes)

    def parameters(self) -> list:
        """The values that the places stand for, in their order."""
        asked = self.form.cleaned_data
        return [
            each for name, value in asked.items() for each in self.filters[name].parameters(value)
        ]

    def placed(self, places: Iterable) -> Iterator[tuple[PreparedFilter, Any, list]]:
        """Each filter with its value, and with those of the places that are its own."""
        places = iter(places)
        for name, value in self.form.cleaned_data.items():
            one = self.filters[name]
            yield one, value, [next(places) for _ in one.parameters(value)]

    def condition(self, places: Iterable) -> Q:
        """What has to be true of the values that take these places: see `PreparedFilter.holds`."""
        conditions = Q()
        for one, _, own in self.placed(places):
            conditions &= one.holds(own)
        return conditions

    def hold(self) -> bool:
        """Whether that is true of the values that were given."""
        condition = self.condition(self.parameters())
        return not condition or condition.check({})
