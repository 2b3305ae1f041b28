"""Filters of the list of quotes: offered beside it, or set by links on other pages."""

from datetime import UTC, date, datetime, timedelta

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Value

from quotes.curation.queue import without_quotes
from quotes.models import Exactly, Quote
from quotes.models.workflow import OPEN
from sources.admin.html import isolated
from sources.dates import PartialDate
from sources.models import Speaker
from sources.models.functions import Fold, HasWords
from sources.models.ids import as_uuid

WEEK = timedelta(days=7)


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


# Offered beside the list


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
        return f"in the week of {start:%-d %B %Y}" if start else f"before {end:%-d %B %Y}"

    def chosen(self, queryset, value):
        start, end = value
        queryset = queryset.filter(created__lt=end)
        return queryset.filter(created__gte=start) if start else queryset


class PublishedSinceFilter(LinkedFilter):
    """Published on a day or later: `2026-03-02`."""

    title = "published"
    parameter_name = "published_since"

    def parse(self, asked):
        return date.fromisoformat(asked)

    def describe(self, value):
        return f"on {value:%-d %B %Y} or later"

    def chosen(self, queryset, value):
        return queryset.filter(published_day__gte=value)


class PrintedRoleFilter(LinkedFilter):
    """The printed role is this one; case, accents and typography are ignored."""

    title = "role as printed"
    parameter_name = "printed_role"

    def chosen(self, queryset, value):
        return with_printed_role(queryset, value)


class SaidByFilter(LinkedFilter):
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


def with_printed_role(quotes, role: str):
    quotes = quotes.filter(Exactly(Fold("attribution_role"), Fold(Value(role))))
    # Without a speaker, only the index on words is selective.
    has_words = any(character.isalnum() for character in role)
    return quotes.filter(HasWords("role_words", role)) if has_words else quotes
