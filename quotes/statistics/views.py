"""The endpoints of statistics: what may be asked, and how it is counted."""

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
    facets_of,
    is_covered,
    timeline_of,
)
from sources.api.endpoints import Endpoint
from sources.exceptions import BadParameter, nearest_of, whole_number

USUAL, MOST = 10, 100
"""Values of a dimension that are told one by one."""

MOST_BUCKETS = 10_000
MOST_NUMBERS = 100_000
"""Buckets of a timeline, and the numbers in them when they are split."""


# Asking


def asked_dimensions(value: str | None) -> list[str]:
    """The dimensions that `by` names."""
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
    """Numbers of quotes, with every filter of `quotes/`."""

    http_method_names = ("get", "head", "options")
    queryset = Quote.objects.all()
    filterset_class = QuoteFilters
    pagination_class = None

    def get_queryset(self) -> models.QuerySet:
        return Quote.objects.visible_to(self.request.user)

    @property
    def filters(self) -> set[str]:
        """The filters that are asked for, by name."""
        return self.request.query_params.keys() - set(self.list_parameters)

    def counted(self, statement: str, *values) -> list[tuple]:
        """What the statement finds of the quotes that are asked for, `rows`."""
        asked = self.filter_queryset(self.get_queryset()).order_by()
        quotes = having(asked, plainly(asked.query.where.children)).values_list(*COLUMNS)
        # Else PostgreSQL keeps aside what is read twice
        kept = "NOT MATERIALIZED" if is_covered(self.filters) else ""
        try:
            rows, wanted = quotes.query.sql_with_params()
        except EmptyResultSet:  # nothing can match, such as the outlet of a slug that is none
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
    kind = {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}
    return OpenApiParameter("limit", kind, description=text)


class Facets(Statistics):
    """How many quotes each speaker, outlet, year … has."""

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
        names = asked_dimensions(asked.get("by"))
        most = whole_number("limit", asked.get("limit"), USUAL, most=MOST)
        statement, times = facets_of(names, self.filters)
        found = {name: told for name, *told in self.counted(statement, *[most] * times)}
        (_, _, total) = found.get(None, (None, None, None))
        facets = {}
        for name in names:
            values, unknown, _ = found.get(name, (None, None, None))
            facets[name] = facet(values or [], total or 0, unknown or 0)
        return Response({"total": total or 0, "facets": facets})


class Timeline(Statistics):
    """How many quotes were published when."""

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
            fault = f"“{interval[:60]}” is no interval. {nearest_of(interval, INTERVALS)}"
            raise BadParameter({"interval": [fault]})
        by, *more = asked_dimensions(asked["by"]) if "by" in asked else [None]
        if more:
            raise BadParameter({"by": ["One dimension; facets/ counts by several."]})
        if "limit" in asked and not by:
            raise BadParameter({"limit": ["Of the values of a dimension: only with `by`."]})
        most = whole_number("limit", asked.get("limit"), USUAL, most=MOST)
        most_buckets = min(MOST_BUCKETS, MOST_NUMBERS // (most + 2)) if by else MOST_BUCKETS
        wanted = [most, most_buckets + 1] if by else [most_buckets + 1]
        statement = timeline_of(interval, by, self.filters)
        answer = timeline(self.counted(statement, *wanted), interval, by)
        if len(answer["buckets"]) > most_buckets:
            fault = (
                f"From {answer['buckets'][0]['bucket']} on there are more than {most_buckets:,}, "
                "the most that are told at once. Ask for a longer interval, or for less of the "
                "time by published_after and published_before."
            )
            raise BadParameter({"interval": [fault]})
        return Response(answer)
