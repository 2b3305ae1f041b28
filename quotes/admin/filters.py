"""Filters of the list of quotes for which links of other pages ask; shown only while they apply."""

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Value

from quotes.models import Exactly
from sources.admin.showing import shown
from sources.dates import PartialDate
from sources.models import Fold, HasWords


class Asked(admin.SimpleListFilter):
    """Offers nothing to choose: it shows what was asked for, and lets go of it."""

    def lookups(self, request, model_admin):
        asked = self.value()
        return [(asked, shown(asked))] if asked else []

    def queryset(self, request, queryset):
        asked = self.value()
        return self.narrow(queryset, asked) if asked else queryset

    def narrow(self, queryset, asked: str):
        raise NotImplementedError


class PrintedRole(Asked):
    """Quotes with this very role as it is printed; case, accents and typography set aside."""

    title = "role as printed"
    parameter_name = "printed_role"

    def narrow(self, queryset, asked):
        return with_printed_role(queryset, asked)


class PrintedIn(Asked):
    """Quotes that were printed in this month (`YYYY-MM`): not those of which less is known."""

    title = "month"
    parameter_name = "month"

    def narrow(self, queryset, asked):
        try:
            month = PartialDate.parse(asked)
        except ValueError as error:
            raise IncorrectLookupParameters(str(error)) from error
        printed = queryset.filter(published_day__range=(month.first, month.last))
        return printed.exclude(published=PartialDate(month.year)) if month.month else printed


def with_printed_role(quotes, role: str):
    quotes = quotes.filter(Exactly(Fold("attribution_role"), Fold(Value(role))))
    # The index on words narrows it down, where no speaker does.
    has_words = any(character.isalnum() for character in role)
    return quotes.filter(HasWords("role_words", role)) if has_words else quotes
