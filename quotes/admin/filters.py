"""Filters of the list of quotes: beside it for everybody, or set by links of other pages."""

from datetime import UTC, date, datetime, timedelta

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Value

from quotes.models import Exactly, Quote
from sources.admin.html import isolated
from sources.dates import PartialDate
from sources.models.functions import Fold, HasWords

OPEN = (Quote.Status.PROPOSED, Quote.Status.PUBLISHED, Quote.Status.DISPUTED)
"""A quote that was rejected or retracted needs nothing more, whatever flags it has."""

A_WEEK = timedelta(days=7)


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


# To choose from


class OpenFilter(SimpleListFilter):
    """Leaves out what was rejected or retracted, unless a status is asked for as well."""

    def open(self, request, queryset):
        return queryset if "status__exact" in request.GET else queryset.filter(status__in=OPEN)

    def queryset(self, request, queryset):
        if self.value() not in dict(self.lookup_choices):
            return queryset
        return self.open(request, self.chosen(queryset))


class Flagged(OpenFilter):
    title = "flag"
    parameter_name = "flag"

    def lookups(self, request, model_admin):
        return Quote.Flag.choices

    def chosen(self, queryset):
        return queryset.filter(flags__contains=[self.value()])


class Anchored(OpenFilter):
    title = "anchor"
    parameter_name = "anchor"

    def lookups(self, request, model_admin):
        return Quote.Anchor.choices

    def chosen(self, queryset):
        return queryset.filter(anchor=self.value())


# Set by links


class LinkedFilter(SimpleListFilter):
    """Offers nothing to choose: beside the list it shows what a link set, to take it off.

    `understand` makes of what was asked what `chosen` narrows the list by, or raises ValueError.
    """

    def lookups(self, request, model_admin):
        asked = self.value()
        if not asked:
            return []
        try:
            return [(asked, self.describe(self.understand(asked)))]
        except (ValueError, OverflowError):
            return [(asked, isolated(asked))]

    def queryset(self, request, queryset):
        if not (asked := self.value()):
            return queryset
        try:
            return self.chosen(queryset, self.understand(asked))
        except (ValueError, OverflowError) as error:
            raise IncorrectLookupParameters(str(error)) from error

    def understand(self, asked: str):
        return asked

    def describe(self, understood) -> str:
        return isolated(str(understood))


class Filed(LinkedFilter):
    """Filed in the week from a day on: `2026-03-02`; or before a day: `-2026-03-02`."""

    title = "filed"
    parameter_name = "filed"

    def understand(self, asked):
        start = midnight(date.fromisoformat(asked.removeprefix("-")))
        return (None, start) if asked.startswith("-") else (start, start + A_WEEK)

    def describe(self, understood):
        start, end = understood
        return f"in the week of {start:%-d %B %Y}" if start else f"before {end:%-d %B %Y}"

    def chosen(self, queryset, understood):
        start, end = understood
        queryset = queryset.filter(created__lt=end)
        return queryset.filter(created__gte=start) if start else queryset


class PrintedSince(LinkedFilter):
    """Published on a day or later: `2026-03-02`."""

    title = "published"
    parameter_name = "published_since"

    def understand(self, asked):
        return date.fromisoformat(asked)

    def describe(self, understood):
        return f"on {understood:%-d %B %Y} or later"

    def chosen(self, queryset, understood):
        return queryset.filter(published_day__gte=understood)


class PrintedRole(LinkedFilter):
    """With this very role as it is printed; case, accents and typography set aside."""

    title = "role as printed"
    parameter_name = "printed_role"

    def chosen(self, queryset, understood):
        return with_printed_role(queryset, understood)


class PrintedIn(LinkedFilter):
    """Printed in this month (`YYYY-MM`): not those of which less is known."""

    title = "month"
    parameter_name = "month"

    def understand(self, asked):
        return PartialDate.parse(asked)

    def chosen(self, queryset, understood):
        month = understood
        printed = queryset.filter(published_day__range=(month.first, month.last))
        return printed.exclude(published=PartialDate(month.year)) if month.month else printed


def with_printed_role(quotes, role: str):
    quotes = quotes.filter(Exactly(Fold("attribution_role"), Fold(Value(role))))
    # The index on words narrows it down, where no speaker does.
    has_words = any(character.isalnum() for character in role)
    return quotes.filter(HasWords("role_words", role)) if has_words else quotes
