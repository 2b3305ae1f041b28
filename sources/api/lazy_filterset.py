"""A filter set that costs what the request names of it, and its form."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import django_filters
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.functional import cached_property

from sources.api.filters import ends_before
from sources.database.prepared import Parameter, PreparedFilter


class ParameterForm:
    """The query parameters, parsed by the fields of their filters.

    Stands in for a Django form, which would copy every field.
    """

    def __init__(self, filters: dict[str, django_filters.Filter], data: Mapping[str, str]):
        self.data, self.cleaned_data, self.errors = data, {}, {}
        for name, one in filters.items():
            try:
                self.cleaned_data[name] = one.field.clean(data.get(name))
            except ValidationError as error:
                self.errors[name] = error.messages
        self.refuse_empty_ranges()

    def refuse_empty_ranges(self) -> None:
        """Report a range that ends before it begins."""
        for name in [each for each in self.cleaned_data if each.endswith("_before")]:
            start = name.replace("_before", "_after")
            last, first = self.cleaned_data[name], self.cleaned_data.get(start)
            if first and last and ends_before(last, first):
                del self.cleaned_data[name]
                self.errors[name] = [
                    f"{self.data[name]} is before {self.data[start]}: the range is empty. Swap the "
                    "two dates."
                ]

    def is_valid(self) -> bool:
        return not self.errors


class LazyFilterSet(django_filters.FilterSet):
    """A filter set that sets up only the filters that the request names, usually few."""

    def __init__(self, data=None, queryset=None, **kwargs):
        known, self.base_filters = self.base_filters, {}  # Django would copy all of them
        super().__init__(data, queryset, **kwargs)
        del self.base_filters
        self.filters = {name: known[name] for name in known if data is None or name in data}

    @cached_property
    def form(self) -> ParameterForm:
        return ParameterForm(self.filters, self.data)

    def filter_queryset(self, queryset, places: Iterable[Parameter] | None = None):
        """Apply the filters to their values, or to placeholders of a prepared statement."""
        if places is None:
            return super().filter_queryset(queryset)
        for one, value, own in self.placed(places):
            queryset = one.narrow(queryset, value, own)
        return queryset

    # Prepared statements

    def shape(self) -> tuple | None:
        """Return what the statement depends on besides values; None if it cannot be prepared."""
        shapes = []
        for name, value in self.form.cleaned_data.items():
            one = self.filters[name]
            shape = one.shape(value) if isinstance(one, PreparedFilter) else None
            if shape is None:
                return None
            shapes.append((name, shape))
        return tuple(shapes)

    def parameters(self) -> list:
        """Return the values of the placeholders, in their order."""
        values = self.form.cleaned_data
        return [
            each for name, value in values.items() for each in self.filters[name].parameters(value)
        ]

    def placed(self, places: Iterable) -> Iterator[tuple[PreparedFilter, Any, list]]:
        """Yield each filter with its value and its placeholders."""
        places = iter(places)
        for name, value in self.form.cleaned_data.items():
            one = self.filters[name]
            yield one, value, [next(places) for _ in one.parameters(value)]

    def condition(self, places: Iterable) -> Q:
        """Return what must be true of the values in these placeholders (`PreparedFilter.holds`)."""
        conditions = Q()
        for one, _, own in self.placed(places):
            conditions &= one.holds(own)
        return conditions

    def hold(self) -> bool:
        """Return whether that is true of the values of this request."""
        condition = self.condition(self.parameters())
        return not condition or condition.check({})
