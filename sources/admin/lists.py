"""Lists of the admin: several searches at once, pagination at a bounded cost."""

from functools import cached_property

from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db import models

from sources.database.estimates import count_or_estimate, estimate

# Searching


def matching_any(queryset: models.QuerySet, *searches: models.QuerySet) -> models.QuerySet:
    """The rows of a queryset that any of several searches finds.

    PostgreSQL reads a whole table for an OR of conditions that lie in different indexes.
    So `BoundedPaginator` fetches the first rows of each search by itself and merges them.
    """
    keys = [search.order_by().values("pk") for search in searches]
    found = queryset.filter(pk__in=keys[0].union(*keys[1:]))
    found.searches, found.without_search = searches, queryset
    return found


# Pages


class BoundedPaginator(Paginator):
    """Counts exactly up to `MAX_COUNTED` rows, and uses PostgreSQL's estimate beyond.

    Pages after `MAX_PAGES` are not offered: searching is cheaper than reading that far.
    """

    MAX_COUNTED = 10_000
    MAX_PAGES = 1_000

    # `matching_any` searches are counted up to the first, and only estimated beyond the second: to
    # count a common word, a GIN index reads every row that has it.
    MAX_MATCHES_COUNTED = 1_000
    MIN_MATCHES_ESTIMATED = 5_000

    @property
    def searches(self) -> tuple[models.QuerySet, ...]:
        return getattr(self.object_list, "searches", ())

    @cached_property
    def count(self) -> int:
        if not self.searches:
            return count_or_estimate(self.object_list, exact_up_to=self.MAX_COUNTED)[0]
        likely = sum(map(estimate, self.searches))
        if likely > self.MIN_MATCHES_ESTIMATED:
            return likely
        some = [
            search.order_by().values("pk")[: self.MAX_MATCHES_COUNTED + 1]
            for search in self.searches
        ]
        found = some[0].union(*some[1:]).count()
        return found if found <= self.MAX_MATCHES_COUNTED else max(found, likely)

    @cached_property
    def num_pages(self) -> int:
        return min(super().num_pages, self.MAX_PAGES)

    def page(self, number):
        page = super().page(number)
        first, last = page.start_index() - 1, page.end_index()
        if self.searches:
            page.object_list = self.rows(first, last)
        elif last:
            # Sort by key first, and join only the rows of the page.
            keys = self.object_list.values("pk")[first:last]
            page.object_list = self.object_list.filter(pk__in=keys)
        return page

    def rows(self, first: int, last: int) -> models.QuerySet:
        """A slice of the merged searches, in order."""
        if not last:
            return self.object_list.none()
        order = self.object_list.query.order_by
        keys = dict.fromkeys([*(key.lstrip("-") for key in order), "pk"])
        each = [search.values_list(*keys)[:last] for search in self.searches]
        # Django leaves a union of one as it is, which cannot be put in order again.
        merged = each[0].union(*each[1:]).order_by(*order) if each[1:] else each[0]
        found = [row[-1] for row in merged[first:last]]
        return self.object_list.without_search.filter(pk__in=found)


class BoundedChangeList(ChangeList):
    """Sorts only by columns with an index; shows `matching_any` searches as the paginator does."""

    def get_ordering_field(self, field_name):
        # Django offers no link to sort by other columns, but would obey a URL that asks.
        return super().get_ordering_field(field_name) if field_name in self.sortable_by else None

    def get_ordering(self, request, queryset):
        """Sort ties in the direction of the column, as the index does."""
        ordering = super().get_ordering(request, queryset)
        is_upwards = "." not in request.GET.get("o", "") and not str(ordering[0]).startswith("-")
        return [ordering[0], "pk"] if is_upwards else ordering

    def get_results(self, request):
        super().get_results(request)
        is_whole = not self.multi_page or (self.show_all and self.can_show_all)
        if self.paginator.searches and is_whole:
            self.result_list = self.paginator.rows(0, self.result_count)
