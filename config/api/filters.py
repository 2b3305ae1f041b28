"""The filter backend of the API."""

from django_filters.rest_framework import DjangoFilterBackend

from sources.exceptions import BadParameter


class StrictFilters(DjangoFilterBackend):
    """A filter backend that refuses invalid values. `Endpoint` refuses unknown parameters."""

    def filter_queryset(self, request, queryset, view):
        return self.read(request, queryset, view).qs

    def read(self, request, queryset, view):
        """Return the validated filter set of the request. Raises BadParameter."""
        filterset = self.get_filterset(request, queryset, view)
        if not filterset.is_valid():
            raise BadParameter({name: list(errors) for name, errors in filterset.errors.items()})
        return filterset
