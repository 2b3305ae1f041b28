"""The statements that count quotes, for all that follows a first `WITH rows AS (…)`.

What is read of a quote is held by indexes (`COUNTED` in `quotes.models.quotes`): while only their
columns are asked for, PostgreSQL goes through an index once for each pass, in parallel where there
is much of it. Where another filter is given, the quotes that match are found once and kept aside.

A dimension is counted in two steps: by what stands in an index (`raw`), which is cheap for many
rows; then what was counted is summed up by what is shown (`key`), of which there is less.
"""

from collections.abc import Iterable
from dataclasses import dataclass

# By what


@dataclass(frozen=True)
class Dimension:
    """What quotes are counted by, in SQL.

    `raw` is an expression over `rows`; `key` one over `part`, the groups of rows that have the same
    `raw`, under the dimension's own name, and what is `joined` to them. `shown` is the value as the
    API shows it, of a group `top`. NULL is unknown.
    """

    raw: str
    shown: str
    key: str = ""
    joined: str = ""


def shown_of(table: str, *names: str) -> str:
    told = ", ".join(f"'{name}', {name}" for name in names)
    return f"(SELECT json_build_object({told}) FROM {table} WHERE id = top.key)"


WORD = "to_json(top.key)"

DIMENSIONS = {
    "speaker": Dimension("speaker_id", shown_of("sources_speaker", "id", "name", "kind")),
    "organisation": Dimension("organisation_id", shown_of("sources_organisation", "id", "name")),
    # The affiliation's, else the printed one, else the one that was filed: `Quote.shown_role`
    "role": Dimension(
        "coalesce(affiliation_id, role_key)",
        """(
            SELECT to_json(coalesce(a.role, nullif(q.attribution_role, ''), q.role))
            FROM quotes_quote q LEFT JOIN sources_affiliation a ON a.id = q.affiliation_id
            WHERE q.id = top.one
        )""",
        key="coalesce(quotes_role_key(a.role), part.role)",
        joined="LEFT JOIN sources_affiliation a ON a.id = part.role",
    ),
    "outlet": Dimension("outlet_id", shown_of("sources_outlet", "id", "name", "slug")),
    "kind": Dimension("kind", WORD),
    "status": Dimension("status", WORD),
    "language": Dimension("language", WORD),
    "year": Dimension(
        "published_day",
        WORD,
        key="nullif(to_char(part.year, 'YYYY'), '0001')",  # `sources.dates.UNKNOWN_DAY`
    ),
}

# Together is counted what has few combinations.
PASSES = (
    ("speaker", "organisation"),
    ("role",),
    ("outlet", "kind", "status", "language"),
    ("year",),
)

COLUMNS = (
    "id",
    "speaker_id",
    "organisation_id",
    "outlet_id",
    "affiliation_id",
    "role_key",
    "kind",
    "status",
    "language",
    "published",
    "published_day",
)

INDEXED = {
    "speaker",
    "organisation",
    "outlet",
    "kind",
    "status",
    "language",
    "published_after",
    "published_before",
}
"""Filters that an index answers which holds all that is counted."""

# Room for the hash table of each pass, no compiling, which takes longer than it saves, and groups
# that cost about what they do when a parallel worker hands them over.
FOR_COUNTING = (
    "SELECT set_config('work_mem', '16MB', true), set_config('jit', 'off', true),"
    " set_config('parallel_tuple_cost', '0.02', true)"
)


def counted_in(number: int, names: Iterable[str]) -> str:
    """One pass over the rows: the groups `pass_N` with their number `n` and `one` of their ids."""
    raws = [f"{DIMENSIONS[name].raw} AS {name}" for name in names]
    one = ", any_value(id) AS one" if "role" in names else ""
    places = ", ".join(str(place) for place in range(1, len(raws) + 1))
    return (
        f"pass_{number} AS MATERIALIZED ("
        f"SELECT {', '.join(raws)}, count(*) AS n{one} FROM rows GROUP BY {places})"
    )


def counted_by(name: str, number: int) -> str:
    """The values of a dimension, `key`, with their number `n`, from the pass that counted it."""
    dimension = DIMENSIONS[name]
    one = ", any_value(part.one) AS one" if name == "role" else ""
    return (
        f"{name} AS MATERIALIZED ("
        f"SELECT {dimension.key or f'part.{name}'} AS key, sum(part.n)::bigint AS n{one}"
        f" FROM pass_{number} part {dimension.joined} GROUP BY 1)"
    )


def top_of(name: str) -> str:
    return f"SELECT * FROM {name} WHERE key IS NOT NULL ORDER BY n DESC, key LIMIT %s"


def facets_of(names: list[str]) -> tuple[str, int]:
    """The statement after `rows`: for each dimension its top, the unknown and the total.

    With the number of times that it wants the number of values.
    """
    parts, told, last = [], [], 0
    for number, together in enumerate(PASSES):
        if not (asked := [name for name in together if name in names]):
            continue
        last = number
        parts.append(counted_in(number, asked))
        for name in asked:
            parts.append(counted_by(name, number))
            told.append(
                f"SELECT '{name}', (SELECT json_agg(json_build_object("
                f"'value', {DIMENSIONS[name].shown}, 'count', top.n) ORDER BY top.n DESC, top.key)"
                f" FROM ({top_of(name)}) top),"
                f" (SELECT n FROM {name} WHERE key IS NULL), NULL::bigint"
            )
    told.append(f"SELECT NULL, NULL, NULL, sum(n)::bigint FROM pass_{last}")
    return f"{', '.join(parts)} {' UNION ALL '.join(told)}", len(told) - 1


# By when

INTERVALS = {
    "year": ("YYYY", 366),
    "month": ("YYYY-MM", 31),
    "week": ('IYYY-"W"IW', 1),
    "day": ("YYYY-MM-DD", 1),
}
"""How a bucket is named, and how many days a date may cover that belongs to one."""

UNKNOWN, OTHER = -1, 0
"""Places in a split that are no value's; the values are counted from 1."""


def timeline_of(interval: str, by: str | None) -> str:
    """The statement after `rows`: (section, told, place, number) of each count that is told.

    The section `value` tells the values of `by`, `bucket` the names of buckets. It wants, with
    `by`, the number of values, then at last the number of buckets.
    """
    named, most_days = INTERVALS[interval]
    parts, split, joined, values = [], f"{OTHER} AS place, false AS unknown", "", ""
    if by:
        dimension = DIMENSIONS[by]
        key = dimension.key or f"part.{by}"
        parts = [
            counted_in(0, [by]),
            counted_by(by, 0),
            f"top AS MATERIALIZED (SELECT *, row_number() OVER (ORDER BY n DESC, key) AS place"
            f" FROM ({top_of(by)}) top)",
            # Where a row leads by what it is counted by
            f"led AS MATERIALIZED ("
            f"SELECT part.{by} AS raw, coalesce(top.place, {UNKNOWN}) AS place"
            f" FROM pass_0 part {dimension.joined} LEFT JOIN top ON top.key = {key}"
            f" WHERE top.key IS NOT NULL OR {key} IS NULL)",
        ]
        split = f"led.place, {dimension.raw} IS NULL AS unknown"
        # As arrays, which can be handed to parallel workers
        joined = (
            "LEFT JOIN unnest((SELECT array_agg(raw) FROM led), (SELECT array_agg(place) FROM led))"
            f" AS led (raw, place) ON led.raw = {dimension.raw}"
        )
        values = f"UNION ALL SELECT 'value', {dimension.shown}::text, top.place, top.n FROM top"
    parts += [
        # Of what is true or false, PostgreSQL knows how little there is: it counts that in parallel
        f"""dates AS MATERIALIZED (
            SELECT published_day, upper(published) - published_day <= {most_days} AS is_close,
                   {split}, count(*) AS n
            FROM rows {joined} GROUP BY 1, 2, 3, 4
        ), placed AS MATERIALIZED (
            SELECT CASE WHEN is_close
                        THEN date_trunc('{interval}', published_day::timestamp) END AS start,
                   is_close IS NULL AS undated,
                   CASE WHEN unknown THEN {UNKNOWN} ELSE coalesce(place, {OTHER}) END AS place,
                   sum(n)::bigint AS n
            FROM dates GROUP BY 1, 2, 3
        ), buckets AS (
            SELECT start FROM generate_series(
                (SELECT min(start) FROM placed), (SELECT max(start) FROM placed),
                interval '1 {interval}'
            ) start LIMIT %s
        )
        SELECT 'bucket', to_char(start, '{named}'), coalesce(place, {OTHER}), coalesce(n, 0)
        FROM buckets LEFT JOIN placed USING (start)
        UNION ALL
        SELECT CASE WHEN undated THEN 'unknown' ELSE 'imprecise' END, NULL, place, n
        FROM placed WHERE start IS NULL
        {values}"""
    ]
    return ", ".join(parts)
