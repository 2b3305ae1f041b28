"""Lists of the admin: search by part of a name, pages at a bounded cost."""

from functools import cached_property

from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db import models
from django.db.models import F, Func, Value
from django.db.models.functions import Concat

from sources.database.estimates import count_or_estimate, estimate
from sources.models.functions import AllNames, Fold

# Searching


def mentioning(queryset: models.QuerySet, words: list[str]) -> models.QuerySet:
    """Named records with each of these words in a name, case and accents ignored.

    Three characters or more may stand anywhere in a name, fewer begin a word of it: the index knows
    no shorter part. What has no letter or digit is looked for by reading all names.
    """
    names = Func(
        F("names_folded"),
        Value("\n"),
        function="array_to_string",
        output_field=models.TextField(),
    )
    queryset = queryset.alias(all_names=names, indexed_names=AllNames("names_folded"))
    for word in words:
        part = Fold(Value(word))
        if not any(character.isalnum() for character in word):
            queryset = queryset.filter(all_names__contains=part)
        elif len(word) < 3:
            queryset = queryset.filter(indexed_names__contains=Concat(Value(" "), part))
        else:
            queryset = queryset.filter(indexed_names__contains=part)
    return queryset


def matching_any(queryset: models.QuerySet, *ways: models.QuerySet) -> models.QuerySet:
    """The rows of a queryset that are found in any of several ways, each a part of it.

    PostgreSQL reads a whole table for an OR of conditions that lie in different indexes.
    So `BoundedPaginator` fetches the first rows of each search by itself and merges them.
    """
    keys = [way.order_by().values("pk") for way in ways]
    found = queryset.filter(pk__in=keys[0].union(*keys[1:]))
    found.ways, found.without_search = ways, queryset
    return found


# Pages


class BoundedPaginator(Paginator):
    """Counts exactly up to `COUNTED` rows; beyond, believes PostgreSQL's estimate.

    Pages below `DEEPEST` are not offered: to get there costs more than to search.
    """

    COUNTED = 10_000
    DEEPEST = 1_000

    # What is found in several ways is counted up to `FOUND`, and not at all where so many are
    # likely: to see that a common word is met often, an index reads all the places where it is.
    FOUND = 1_000
    LIKELY = 5_000

    @property
    def ways(self) -> tuple[models.QuerySet, ...]:
        return getattr(self.object_list, "ways", ())

    @cached_property
    def count(self) -> int:
        if not self.ways:
            return count_or_estimate(self.object_list, exact_up_to=self.COUNTED)[0]
        likely = sum(map(estimate, self.ways))
        if likely > self.LIKELY:
            return likely
        some = [way.order_by().values("pk")[: self.FOUND + 1] for way in self.ways]
        found = some[0].union(*some[1:]).count()
        return found if found <= self.FOUND else max(found, likely)

    @cached_property
    def num_pages(self) -> int:
        return min(super().num_pages, self.DEEPEST)

    def page(self, number):
        page = super().page(number)
        first, last = page.start_index() - 1, page.end_index()
        if self.ways:
            page.object_list = self.rows(first, last)
        elif last:
            # Which rows, before anything is joined to them: many may have to be sorted.
            keys = self.object_list.values("pk")[first:last]
            page.object_list = self.object_list.filter(pk__in=keys)
        return page

    def rows(self, first: int, last: int) -> models.QuerySet:
        """The rows from one place to another of all that the ways find, in their order."""
        if not last:
            return self.object_list.none()
        order = self.object_list.query.order_by
        keys = dict.fromkeys([*(key.lstrip("-") for key in order), "pk"])
        each = [way.values_list(*keys)[:last] for way in self.ways]
        merged = each[0].union(*each[1:]).order_by(*order)[first:last]
        found = [row[-1] for row in merged]
        return self.object_list.without_search.filter(pk__in=found)


class BoundedChangeList(ChangeList):
    """Sorts only by columns with an index; shows `matching_any` searches as the paginator does."""

    def get_ordering_field(self, field_name):
        # Django offers no link to sort by other columns, but would do it for a URL that asks.
        return super().get_ordering_field(field_name) if field_name in self.sortable_by else None

    def get_ordering(self, request, queryset):
        """By one column upwards, what is equal goes upwards as well: so an index has it."""
        ordering = super().get_ordering(request, queryset)
        is_upwards = "." not in request.GET.get("o", "") and not str(ordering[0]).startswith("-")
        return [ordering[0], "pk"] if is_upwards else ordering

    def get_results(self, request):
        super().get_results(request)
        is_whole = not self.multi_page or (self.show_all and self.can_show_all)
        if self.paginator.ways and is_whole:
            self.result_list = self.paginator.rows(0, self.result_count)
