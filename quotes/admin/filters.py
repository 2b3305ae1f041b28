"""Filters of the list of quotes: offered beside it, or set by links on other pages."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django import forms
from django.contrib import admin
from django.contrib.admin import ChoicesFieldListFilter, SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Q, Value
from langcodes import standardize_tag

from quotes.curation.empty_articles import without_quotes
from quotes.models import Exactly, Quote
from quotes.models.querysets import may_file, sees_all
from quotes.models.workflow import OPEN, PUBLIC
from sources.admin.html import isolated
from sources.admin.widgets import SafeAutocomplete
from sources.dates import PartialDate
from sources.models import Outlet, Role, Speaker
from sources.models.functions import Fold
from sources.models.ids import as_uuid

WEEK = timedelta(days=7)


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


# Offered beside the list


class StatusFilter(ChoicesFieldListFilter):
    """Statuses that the user may see: not those under review, for who only reads."""

    def __init__(self, field, request, *args, **kwargs):
        super().__init__(field, request, *args, **kwargs)
        self.seen = {*PUBLIC}
        if sees_all(request.user) or may_file(request.user):
            self.seen = {*Quote.Status.values}

    def choices(self, changelist):
        every, *choices = super().choices(changelist)
        seen = zip(Quote.Status.values, choices, strict=False)
        return [every, *(choice for status, choice in seen if status in self.seen)]


class OpenFilter(SimpleListFilter):
    """Leave out rejected and retracted quotes, unless a status is chosen too."""

    def open(self, request, queryset):
        return queryset if "status__exact" in request.GET else queryset.filter(status__in=OPEN)

    def queryset(self, request, queryset):
        if self.value() not in dict(self.lookup_choices):
            return queryset
        return self.open(request, self.chosen(queryset))


class FlagFilter(OpenFilter):
    title = "flag"
    parameter_name = "flag"

    def lookups(self, request, model_admin):
        return Quote.Flag.choices

    def chosen(self, queryset):
        return queryset.filter(flags__contains=[self.value()])


class AnchorFilter(OpenFilter):
    title = "position in the article"
    parameter_name = "anchor"

    def lookups(self, request, model_admin):
        return Quote.Anchor.choices

    def chosen(self, queryset):
        return queryset.filter(anchor=self.value())


class WithoutQuotesFilter(SimpleListFilter):
    """Articles with a text and without a quote."""

    title = "quotes"
    parameter_name = "quotes"

    def lookups(self, request, model_admin):
        return [("none", "No quotes yet")]

    def queryset(self, request, queryset):
        return without_quotes(queryset) if self.value() == "none" else queryset


# Set by links


class LinkedFilter(SimpleListFilter):
    """A filter that only links set. Beside the list it shows its value, and can be removed.

    `parse` reads the parameter or raises ValueError; `chosen` filters by what it returns.
    """

    in_form = False  # a field of `ListFilterForm` shows its value

    def lookups(self, request, model_admin):
        asked = self.value()
        if not asked:
            return []
        try:
            return [(asked, self.describe(self.parse(asked)))]
        except (ValueError, OverflowError):
            return [(asked, isolated(asked))]

    def queryset(self, request, queryset):
        if not (asked := self.value()):
            return queryset
        try:
            return self.chosen(queryset, self.parse(asked))
        except (ValueError, OverflowError) as error:
            raise IncorrectLookupParameters(str(error)) from error

    def parse(self, asked: str):
        return asked

    def describe(self, value) -> str:
        return isolated(str(value))


class FiledFilter(LinkedFilter):
    """Filed in the week that starts on a day, `2026-03-02`, or before a day, `-2026-03-02`."""

    title = "filed"
    parameter_name = "filed"

    def parse(self, asked):
        start = midnight(date.fromisoformat(asked.removeprefix("-")))
        return (None, start) if asked.startswith("-") else (start, start + WEEK)

    def describe(self, value):
        start, end = value
        return f"in the week of {start:%Y-%m-%d}" if start else f"before {end:%Y-%m-%d}"

    def chosen(self, queryset, value):
        start, end = value
        queryset = queryset.filter(created__lt=end)
        return queryset.filter(created__gte=start) if start else queryset


class FormFilter(LinkedFilter):
    in_form = True


class PublishedSinceFilter(FormFilter):
    """Published on a day or later: `2026-03-02`."""

    title = "published"
    parameter_name = "published_since"

    def parse(self, asked):
        return date.fromisoformat(asked)

    def chosen(self, queryset, value):
        return queryset.filter(published_day__gte=value)


class PublishedUntilFilter(PublishedSinceFilter):
    """Published on a day or earlier. The first day of a partial date counts."""

    parameter_name = "published_until"

    def chosen(self, queryset, value):
        return queryset.filter(published_day__lte=value)


class LanguageFilter(FormFilter):
    """In a language, by its BCP 47 tag."""

    title = "language"
    parameter_name = "language"

    def parse(self, asked):
        return standardize_tag(asked)

    def chosen(self, queryset, value):
        return queryset.filter(language=value)


class OutletFilter(FormFilter):
    title = "outlet"
    parameter_name = "outlet__id__exact"

    def parse(self, asked):
        return UUID(asked)

    def chosen(self, queryset, value):
        return queryset.filter(outlet=value)


class KindFilter(FormFilter):
    title = "kind"
    parameter_name = "kind"

    def parse(self, asked):
        return Quote.Kind(asked)

    def chosen(self, queryset, value):
        return queryset.filter(kind=value)


class PrintedRoleFilter(LinkedFilter):
    """The printed role is this one; case, accents and typography are ignored."""

    title = "role as printed"
    parameter_name = "printed_role"

    def chosen(self, queryset, value):
        return with_printed_role(queryset, value)


class SaidByFilter(FormFilter):
    """Said by a speaker with this id, alone or jointly with others."""

    title = "speaker"
    parameter_name = "said_by"

    def parse(self, asked):
        if speaker := Speaker.objects.filter(pk=as_uuid(asked)).first():
            return speaker
        raise ValueError("There is no speaker with this id.")

    def chosen(self, queryset, value):
        return queryset.said_by(value)


class MonthFilter(LinkedFilter):
    """Published in a month, `YYYY-MM`. Quotes with only a year are left out."""

    title = "month"
    parameter_name = "month"

    def parse(self, asked):
        return PartialDate.parse(asked)

    def chosen(self, queryset, value):
        published = queryset.filter(published_day__range=(value.first, value.last))
        return published.exclude(published=PartialDate(value.year)) if value.month else published


class ListFilterForm(forms.Form):
    """Fields beside the list for filters with too many values to list. Each sets one parameter."""

    def __init__(self, asked):
        # Without an invalid id, which a widget would query for.
        ids = (SaidByFilter.parameter_name, OutletFilter.parameter_name)
        super().__init__({k: v for k, v in asked.items() if k not in ids or as_uuid(v)})
        days = {"published_since": "Published from", "published_until": "Published to"}
        choices = [("", "Any"), *Quote.Kind.choices]
        self.fields |= {
            SaidByFilter.parameter_name: self._record(Speaker, "speaker"),
            OutletFilter.parameter_name: self._record(Outlet, "outlet"),
            "kind": forms.ChoiceField(choices=choices, required=False),
            "language": forms.CharField(
                required=False, max_length=35, widget=forms.TextInput({"placeholder": "en, pt-BR"})
            ),
            **{
                name: forms.DateField(
                    label=label, required=False, widget=forms.DateInput({"type": "date"})
                )
                for name, label in days.items()
            },
        }

    @staticmethod
    def _record(model, name: str) -> forms.ModelChoiceField:
        widget = SafeAutocomplete(Quote._meta.get_field(name), admin.site)
        return forms.ModelChoiceField(
            model.objects.all(), required=False, label=name.capitalize(), widget=widget
        )

    @property
    def is_set(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    def others(self, asked) -> list[tuple[str, str]]:
        """The other parameters of the list, which the form hands on."""
        left_out = {*self.fields, "p", "e"}
        return [(k, v) for k, vs in asked.lists() if k not in left_out for v in vs]


def with_printed_role(quotes, role: str):
    # Most are equal as they are; to fold the role of each takes longer than to read it
    same = Q(attribution_role=role) | Q(Exactly(Fold("attribution_role"), Fold(Value(role))))
    quotes = quotes.filter(same)
    # Without a speaker, only the index on keys of roles is selective.
    has_words = any(character.isalnum() for character in role)
    if not has_words:
        return quotes
    return quotes.filter(role_key__in=Role.objects.with_words(role).values("key"))
