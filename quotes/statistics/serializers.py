"""Answers of `quotes/facets/` and `quotes/timeline/`."""

import json

from drf_spectacular.utils import (
    extend_schema_field,
    extend_schema_serializer,
)
from rest_framework import serializers

from quotes.statistics.sql import INTERVALS, OTHER, SINGLE, UNKNOWN

# Shapes


@extend_schema_field(
    {
        "anyOf": [
            {"$ref": "#/components/schemas/SpeakerReference"},
            {"$ref": "#/components/schemas/OutletReference"},
            {"$ref": "#/components/schemas/OrganisationReference"},
            {"type": "string"},
        ]
    }
)
class ValueField(serializers.JSONField):
    """A speaker, organisation or outlet as in a quote; a string for other dimensions."""


class CountedValueSerializer(serializers.Serializer):
    value = ValueField()
    count = serializers.IntegerField()


class FacetSerializer(serializers.Serializer):
    values = CountedValueSerializer(many=True, help_text="Most frequent first.")
    other = serializers.IntegerField(help_text="Quotes with any other value.")
    unknown = serializers.IntegerField(help_text="Quotes whose value is unknown.")


class TableSerializer(serializers.Serializer):
    """Quotes by two dimensions.

    A row for each of `values` of the first facet, then one for its other values and one for
    unknown; in each a number for each of `values` of the second, then other, then unknown.
    """

    rows = serializers.ChoiceField(choices=[(name, name) for name in SINGLE])
    columns = serializers.ChoiceField(choices=[(name, name) for name in SINGLE])
    counts = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text="A list of numbers for each row.",
    )


@extend_schema_serializer(many=False)
class FacetsSerializer(serializers.Serializer):
    """`total` is the sum of `values`, `other` and `unknown` of a facet, except of `via` and facts.

    A quote counts for each outlet that it came through, and for each value that can have held.
    """

    total = serializers.IntegerField()
    facets = serializers.DictField(
        child=FacetSerializer(), help_text="By dimension, as you named it in `by`."
    )
    table = TableSerializer(required=False, help_text="With `table=true`.")


class SplitSerializer(serializers.Serializer):
    values = serializers.ListField(
        child=serializers.IntegerField(), help_text="In the order of `by.values`."
    )
    other = serializers.IntegerField()
    unknown = serializers.IntegerField()


class CountSerializer(serializers.Serializer):
    count = serializers.IntegerField()
    split = SplitSerializer(required=False, help_text="With `by`.")


class BucketSerializer(CountSerializer):
    bucket = serializers.CharField(help_text="`2026`, `2026-02`, `2026-W07` or `2026-02-11`.")


class SplitBySerializer(FacetSerializer):
    dimension = serializers.ChoiceField(choices=[(name, name) for name in SINGLE])


@extend_schema_serializer(many=False)
class TimelineSerializer(serializers.Serializer):
    """`total` is the sum of all buckets, `imprecise` and `unknown`."""

    total = serializers.IntegerField()
    interval = serializers.ChoiceField(choices=[(name, name) for name in INTERVALS])
    buckets = BucketSerializer(many=True)
    imprecise = CountSerializer(
        help_text="Dated too imprecisely for one bucket, such as `2026` by month."
    )
    unknown = CountSerializer(help_text="Without a date.")
    by = SplitBySerializer(required=False, help_text="With `by`: over the whole time.")


# Building an answer


def facet(values: list[dict], total: int, unknown: int) -> dict:
    other = total - unknown - sum(value["count"] for value in values)
    return {"values": values, "other": other, "unknown": unknown}


def table(names: list[str], facets: dict[str, dict], cells: list[list[int]]) -> dict:
    """Build a table from its cells, of (rank, rank, number)."""
    places = []
    for name in names:
        ranks = [*range(1, len(facets[name]["values"]) + 1), OTHER, UNKNOWN]
        places.append({rank: place for place, rank in enumerate(ranks)})
    rows, columns = places
    counts = [[0] * len(columns) for _ in rows]
    for row, column, number in cells:
        counts[rows[row]][columns[column]] = number
    return {"rows": names[0], "columns": names[1], "counts": counts}


def timeline(rows: list[tuple], interval: str, by: str | None) -> dict:
    """Build the answer from rows of (section, label, rank, number); see `timeline_sql`."""
    values, buckets, aside = [], {}, {"imprecise": {}, "unknown": {}}
    for section, label, rank, number in sorted(rows, key=lambda row: (row[1] or "", row[2])):
        if section == "value":
            values.append((rank, label, number))
        else:
            counts = aside[section] if label is None else buckets.setdefault(label, {})
            counts[rank] = number
    values.sort()

    def count(counts: dict[int, int]) -> dict:
        counted = {"count": sum(counts.values())}
        if by:
            counted["split"] = {
                "values": [counts.get(rank, 0) for rank, *_ in values],
                "other": counts.get(OTHER, 0),
                "unknown": counts.get(UNKNOWN, 0),
            }
        return counted

    listed = [{"bucket": name, **count(counts)} for name, counts in buckets.items()]
    rest = {name: count(counts) for name, counts in aside.items()}
    every = [*listed, *rest.values()]
    total = sum(one["count"] for one in every)
    answer = {"total": total, "interval": interval, "buckets": listed, **rest}
    if by:
        unknown = sum(one["split"]["unknown"] for one in every)
        top = [{"value": json.loads(label), "count": number} for _, label, number in values]
        answer["by"] = {"dimension": by, **facet(top, total, unknown)}
    return answer
