"""Filters that refuse what they cannot use."""

from django_filters.rest_framework import DjangoFilterBackend

from sources.exceptions import BadParameter


class StrictFilters(DjangoFilterBackend):
    """Filters that refuse what they cannot use. Unknown names are refused by `Resource`."""

    def filter_queryset(self, request, queryset, view):
        return self.read(request, queryset, view).qs

    def read(self, request, queryset, view):
        """What a request asks for, as a set of filters that were found to be good."""
        filterset = self.get_filterset(request, queryset, view)
        if not filterset.is_valid():
            raise BadParameter({name: list(faults) for name, faults in filterset.errors.items()})
        return filterset
