"""The endpoints `quotes/facets/` and `quotes/timeline/`."""

import re
from collections.abc import Sequence

from django.core.exceptions import EmptyResultSet
from django.db import connection, models, transaction
from django.db.models.expressions import RawSQL
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from quotes.api.filters import QuoteFilters
from quotes.models import Quote
from quotes.search.conditions import simplified
from quotes.search.planner import having
from quotes.statistics.serializers import (
    FacetsSerializer,
    TimelineSerializer,
    facet,
    table,
    timeline,
)
from quotes.statistics.sql import (
    COLUMNS,
    DIMENSIONS,
    FACT,
    FOR_COUNTING,
    INTERVALS,
    SIGNED_QUOTES,
    SINGLE,
    TALLIED,
    VIA,
    facets_sql,
    is_covered,
    signed,
    timeline_sql,
)
from sources.api.endpoints import Endpoint, query_parameter
from sources.exceptions import BadParameter, nearest_of, true_or_false, whole_number
from sources.history.past_tables import tables_are_of
from sources.models.facts import KEY, SCHEMES

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
        if name not in DIMENSIONS and not is_fact(name)
    ]
    faults += [f"“{name}” is named twice." for name in {*names} if names.count(name) > 1]
    if faults:
        raise BadParameter({"by": faults})
    return names


def is_fact(name: str) -> bool:
    """Whether a dimension is a fact about speakers. Ids in registries name a speaker each."""
    key = name.removeprefix(FACT)
    return key != name and bool(re.fullmatch(KEY, key)) and key not in SCHEMES


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
        """The names of the filters in the request, without the time of `as_of`."""
        return self.request.query_params.keys() - {*self.list_parameters, "as_of"}

    def counted(self, statement: str, *values, columns: Sequence[str] = COLUMNS) -> list[tuple]:
        """Run a statement over these columns of the matching quotes (its CTE `rows`)."""
        with self.tables():
            asked = self.filter_queryset(self.get_queryset()).order_by()
            quotes, table = having(asked, simplified(asked.query.where.children)), ""
            if tables_are_of() and self.filters <= TALLIED:
                quotes, table = quotes.annotate(sign=RawSQL("sign", ())), SIGNED_QUOTES
                columns, statement = [*columns, "sign"], signed(statement)
            quotes = quotes.values_list(*columns)
            # Otherwise PostgreSQL would materialise a CTE that is read twice
            kept = "NOT MATERIALIZED" if is_covered(self.filters) else ""
            try:
                rows, wanted = quotes.query.sql_with_params()
            except EmptyResultSet:  # the filters can match nothing, such as an unknown slug
                return []
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(FOR_COUNTING)
                cursor.execute(
                    f"WITH {table}rows ({', '.join(columns)}) AS {kept} ({rows}), {statement}",
                    [*wanted, *values],
                )
                return cursor.fetchall()


LIMIT = query_parameter(
    "limit",
    "Values of each dimension, the most frequent. The rest are summed up in `other`.",
    10,
    type="integer",
    minimum=1,
    maximum=MAX_VALUES,
    default=DEFAULT_VALUES,
)


class Facets(Statistics):
    """`quotes/facets/`: how many quotes each speaker, outlet, year … has."""

    serializer_class = FacetsSerializer
    operation_ids = {"list": "getFacets"}
    list_parameters = ("by", "limit", "table")

    @extend_schema(
        responses=FacetsSerializer,
        parameters=[
            query_parameter(
                "by",
                "Dimensions to count by, separated by commas. `role` is the one in the quote, "
                "`year` the year of publication, `via` an outlet that the article took it from. "
                f"`{FACT}party` is a fact about the speaker when the words were said. A quote "
                "counts for each outlet, and for each value that can have held then.",
                ["speaker", "outlet"],
                required=True,
                type="array",
                items={
                    "anyOf": [
                        {"type": "string", "enum": [*SINGLE]},
                        {"type": "string", "pattern": f"^({VIA}|{FACT}{KEY})$"},
                    ]
                },
            ),
            LIMIT,
            query_parameter(
                "table",
                "`true`: also count by both of two dimensions at once. Not by `via` or a fact.",
                True,
                type="boolean",
                default=False,
            ),
        ],
    )
    def list(self, request):
        """Count quotes by speaker, outlet, year and more.

        Counts the quotes that match every filter, once per dimension in `by`. The most frequent
        values come first. Equally frequent values are sorted by id or alphabetically. With `table`
        it also counts by two dimensions at once.
        """
        asked = request.query_params
        names = parse_dimensions(asked.get("by"))
        is_table = true_or_false("table", asked.get("table"))
        if is_table and (len(names) != 2 or not {*names} <= SINGLE.keys()):
            raise BadParameter({"table": ["Needs two dimensions in by, no fact and not via."]})
        most = whole_number("limit", asked.get("limit"), DEFAULT_VALUES, most=MAX_VALUES)
        statement, times = facets_sql(names, self.filters, table=is_table)
        facts = [name for name in names if is_fact(name)]
        columns = [*COLUMNS, *(["id"] if VIA in names else []), *(["said"] if facts else [])]
        rows = self.counted(statement, *[most] * times, columns=columns)
        counts = {name: rest for name, *rest in rows}
        (_, _, total) = counts.get(None, (None, None, None))
        facets = {}
        for name in names:
            values, unknown, every = counts.get(name, (None, None, None))
            facets[name] = facet(values or [], every or 0, unknown or 0)
        answer = {"total": total or 0, "facets": facets}
        if is_table:
            cells, *_ = counts.get("table", (None,))
            answer["table"] = table(names, facets, cells or [])
        return Response(answer)


class Timeline(Statistics):
    """`quotes/timeline/`: how many quotes were published in each year, month, week or day."""

    serializer_class = TimelineSerializer
    operation_ids = {"list": "getTimeline"}
    list_parameters = ("interval", "by", "limit")

    @extend_schema(
        responses=TimelineSerializer,
        parameters=[
            query_parameter(
                "interval", "Length of a bucket.", "month", enum=[*INTERVALS], default="year"
            ),
            query_parameter("by", "Split each bucket by this dimension.", "outlet", enum=[*SINGLE]),
            LIMIT,
        ],
    )
    def list(self, request):
        """Count quotes over time.

        Counts the quotes that match every filter by date of publication, in order of time. Empty
        buckets between the first and the last are included. `imprecise` counts dates that fit no
        single bucket, such as 2026 when you ask for months.
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
        if by == VIA:
            raise BadParameter({"by": ["A timeline is not split by via. Filter by it instead."]})
        if by and by not in SINGLE:
            fault = "A timeline is not split by facts. Filter by one, with speaker_fact, instead."
            raise BadParameter({"by": [fault]})
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
