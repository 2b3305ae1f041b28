"""The endpoints `quotes/facets/` and `quotes/timeline/`."""

from collections.abc import Iterable

from django.core.exceptions import EmptyResultSet
from django.db import connection, models, transaction
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from quotes.api.filters import QuoteFilters
from quotes.models import Quote
from quotes.search.planner import having, plainly
from quotes.statistics.serializers import FacetsSerializer, TimelineSerializer, facet, timeline
from quotes.statistics.sql import (
    COLUMNS,
    DIMENSIONS,
    FOR_COUNTING,
    INTERVALS,
    facets_sql,
    is_covered,
    timeline_sql,
)
from sources.api.endpoints import Endpoint
from sources.exceptions import BadParameter, nearest_of, whole_number

DEFAULT_VALUES, MAX_VALUES = 10, 100
"""Values of a dimension that are listed; the rest are summed up in `other`."""

MAX_BUCKETS = 10_000
MAX_SPLIT_NUMBERS = 100_000
"""Buckets in an answer, and the numbers in them when they are split: some 2 MB of JSON."""


# Parameters


def parse_dimensions(value: str | None) -> list[str]:
    """The dimensions named in `by`. Raises BadParameter."""
    if value is None:
        raise BadParameter({"by": [f"Say by what to count. {nearest_of('', DIMENSIONS)}"]})
    names = [name.strip() for name in value.split(",")]
    if len(names) > len(DIMENSIONS):
        raise BadParameter({"by": [f"{len(names)} values; there are {len(DIMENSIONS)}."]})
    faults = [
        "Holds an empty value: a comma too many."
        if not name
        else f"There is no dimension “{name[:60]}”. {nearest_of(name, DIMENSIONS)}"
        for name in dict.fromkeys(names)
        if name not in DIMENSIONS
    ]
    faults += [f"“{name}” is named twice." for name in DIMENSIONS if names.count(name) > 1]
    if faults:
        raise BadParameter({"by": faults})
    return names


# Endpoints


class Statistics(Endpoint):
    """Base of both endpoints: they take every filter of `quotes/`."""

    http_method_names = ("get", "head", "options")
    queryset = Quote.objects.all()
    filterset_class = QuoteFilters
    pagination_class = None

    def get_queryset(self) -> models.QuerySet:
        return Quote.objects.visible_to(self.request.user)

    @property
    def filters(self) -> set[str]:
        """The names of the filters in the request."""
        return self.request.query_params.keys() - set(self.list_parameters)

    def counted(self, statement: str, *values) -> list[tuple]:
        """Run a statement over the matching quotes (its CTE `rows`)."""
        asked = self.filter_queryset(self.get_queryset()).order_by()
        quotes = having(asked, plainly(asked.query.where.children)).values_list(*COLUMNS)
        # Otherwise PostgreSQL would materialise a CTE that is read twice
        kept = "NOT MATERIALIZED" if is_covered(self.filters) else ""
        try:
            rows, wanted = quotes.query.sql_with_params()
        except EmptyResultSet:  # the filters can match nothing, such as an unknown slug
            return []
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(FOR_COUNTING)
            cursor.execute(
                f"WITH rows ({', '.join(COLUMNS)}) AS {kept} ({rows}), {statement}",
                [*wanted, *values],
            )
            return cursor.fetchall()


def in_words(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def limit_parameter(text: str) -> OpenApiParameter:
    kind = {"type": "integer", "minimum": 1, "maximum": MAX_VALUES, "default": DEFAULT_VALUES}
    return OpenApiParameter("limit", kind, description=text)


class Facets(Statistics):
    """`quotes/facets/`: how many quotes each speaker, outlet, year … has."""

    serializer_class = FacetsSerializer
    list_parameters = ("by", "limit")

    @extend_schema(
        responses=FacetsSerializer,
        parameters=[
            OpenApiParameter(
                "by",
                required=True,
                description=f"Dimensions, with commas between: {in_words(DIMENSIONS)}. Role is the "
                "one a quote shows; year is that of publication.",
            ),
            limit_parameter("Values of each dimension; the rest are summed up in `other`."),
        ],
    )
    def list(self, request):
        """Count the quotes that match by each of these dimensions, the most frequent values first.

        Values that are equally frequent come in the order of ids, or of the alphabet; roles in any
        order that stays the same.
        """
        asked = request.query_params
        names = parse_dimensions(asked.get("by"))
        most = whole_number("limit", asked.get("limit"), DEFAULT_VALUES, most=MAX_VALUES)
        statement, times = facets_sql(names, self.filters)
        counts = {name: rest for name, *rest in self.counted(statement, *[most] * times)}
        (_, _, total) = counts.get(None, (None, None, None))
        facets = {}
        for name in names:
            values, unknown, _ = counts.get(name, (None, None, None))
            facets[name] = facet(values or [], total or 0, unknown or 0)
        return Response({"total": total or 0, "facets": facets})


class Timeline(Statistics):
    """`quotes/timeline/`: how many quotes were published in each year, month, week or day."""

    serializer_class = TimelineSerializer
    list_parameters = ("interval", "by", "limit")

    @extend_schema(
        responses=TimelineSerializer,
        parameters=[
            OpenApiParameter(
                "interval",
                enum=[*INTERVALS],
                default="year",
                description="How long a bucket is.",
            ),
            OpenApiParameter(
                "by", enum=[*DIMENSIONS], description="A dimension that splits each bucket."
            ),
            limit_parameter("Values of the dimension, the most frequent of all the time."),
        ],
    )
    def list(self, request):
        """Count the quotes that match by when they were published, in order of time.

        A bucket without any is told as well, from the first to the last that has one. A date that
        leaves open in which bucket it is, such as 2026 where months are asked for, is counted in
        `imprecise`.
        """
        asked = request.query_params
        interval = asked.get("interval", "year")
        if interval not in INTERVALS:
            fault = f"“{interval[:60]}” is not an interval. {nearest_of(interval, INTERVALS)}"
            raise BadParameter({"interval": [fault]})
        by, *more = parse_dimensions(asked["by"]) if "by" in asked else [None]
        if more:
            raise BadParameter(
                {"by": ["A timeline is split by one dimension. facets/ counts by several."]}
            )
        if "limit" in asked and not by:
            fault = "Allowed only with `by`: it is the number of values to list."
            raise BadParameter({"limit": [fault]})
        most = whole_number("limit", asked.get("limit"), DEFAULT_VALUES, most=MAX_VALUES)
        max_buckets = min(MAX_BUCKETS, MAX_SPLIT_NUMBERS // (most + 2)) if by else MAX_BUCKETS
        wanted = [most, max_buckets + 1] if by else [max_buckets + 1]
        statement = timeline_sql(interval, by, self.filters)
        answer = timeline(self.counted(statement, *wanted), interval, by)
        if len(answer["buckets"]) > max_buckets:
            fault = (
                f"There are more than {max_buckets:,} buckets from "
                f"{answer['buckets'][0]['bucket']} on. Ask for a longer interval, or narrow the "
                "time with published_after and published_before."
            )
            raise BadParameter({"interval": [fault]})
        return Response(answer)
