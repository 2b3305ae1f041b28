"""The statements that count quotes, for all that follows a first `WITH rows AS (…)`.

What is read of a quote is held by indexes: of all there is by small ones (`tallied_indexes` in
`quotes.models.quote`), of one speaker, organisation, outlet or time by those that hold `HELD`. As
long as a part of the statement asks for no other columns than one of them has, PostgreSQL reads no
quote but that index, and in parallel where there is much of it.

Counting is done in two steps: by what stands in an index (`raw`), which is cheap for many rows;
then what was counted is summed up by what is shown (`key`), of which there is less.
"""

from dataclasses import dataclass

from sources.dates import UNKNOWN_DAY

# Which filters are answered how

TALLIED = {"kind", "status", "language", "anchor"}
"""Filters whose columns are in each of the small indexes."""

DATED = {"kind", "status", "language", "published_after", "published_before"}
"""Filters that the index by day answers, which may leave most of all quotes."""

OF_AN_OUTLET = TALLIED | {"outlet"}
"""Filters that the small index by outlet answers, from which two of three passes are made."""

COVERED = DATED | {"speaker", "organisation", "outlet"}
"""Filters that one of the indexes that hold `HELD` answers."""


# By what


@dataclass(frozen=True)
class Dimension:
    """What quotes are counted by, in SQL.

    `raw` is an expression over `columns` of `rows`; `shown` is the value as the API shows it, of a
    group `top`, by its `key`. NULL is unknown. Where the key is not what stands in an index,
    `keyed` tells of each `raw` in `parts`, with its number `n`, its `key` and how that is
    `written`, if it knows.
    """

    columns: tuple[str, ...]
    raw: str
    shown: str
    keyed: str = ""


def record(column: str, table: str, *names: str) -> Dimension:
    told = ", ".join(f"'{name}', {name}" for name in names)
    shown = f"(SELECT json_build_object({told}) FROM {table} WHERE id = top.key)"
    return Dimension((column,), column, shown)


def word(column: str, **more: str) -> Dimension:
    return Dimension((column,), column, "to_json(top.key)", **more)


DIMENSIONS = {
    "speaker": record("speaker_id", "sources_speaker", "id", "name", "kind"),
    "organisation": record("organisation_id", "sources_organisation", "id", "name"),
    # The affiliation's, else the printed one, else the one that was filed: `Quote.shown_role`
    "role": Dimension(
        ("affiliation_id", "role_key"),
        "coalesce(affiliation_id, role_key)",
        shown="""to_json(coalesce(top.written, (
            SELECT coalesce(nullif(attribution_role, ''), role) FROM quotes_quote
            WHERE role_key = top.key AND affiliation_id IS NULL LIMIT 1
        )))""",
        # A key is worked out for each role that is held, not for each who holds it
        keyed="""
            WITH held AS MATERIALIZED (
                SELECT raw, n, role AS written
                FROM parts LEFT JOIN sources_affiliation ON id = raw
            ), keys AS MATERIALIZED (
                SELECT written, quotes_role_key(written) AS key
                FROM (SELECT DISTINCT written FROM held) roles
            )
            SELECT raw, n, coalesce(keys.key, raw) AS key, written
            FROM held LEFT JOIN keys USING (written)
        """,
    ),
    "outlet": record("outlet_id", "sources_outlet", "id", "name", "slug"),
    "kind": word("kind"),
    "status": word("status"),
    "language": word("language"),
    "year": word(
        "published_day",
        keyed=f"SELECT raw, n, to_char(nullif(raw, '{UNKNOWN_DAY}'), 'YYYY') AS key,"
        " NULL AS written FROM parts",
    ),
}

# Together is counted what has few combinations, and stands in one of the small indexes.
PASSES = (
    ("speaker", "organisation", "role"),
    ("outlet", "kind", "status", "language"),
    ("year",),
)

COLUMNS = (
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

# Room for the hash tables, no compiling, which takes longer than it saves, and parallel workers
# where there is enough to do, however few pages that is in a small index.
FOR_COUNTING = (
    "SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true),"
    " set_config('parallel_tuple_cost', '0.005', true),"
    " set_config('min_parallel_index_scan_size', '0', true)"
)


def is_covered(filters: set[str]) -> bool:
    """Whether these filters are answered by an index alone, which may well be read twice."""
    return filters <= TALLIED or filters <= COVERED


def summed_up(name: str, source: str) -> list[str]:
    """The values of a dimension, `name`, each with its `key` and its number `n`, from `source`.

    Where keys are not what stands in an index, `name_keyed` tells which `raw` has which.
    """
    dimension = DIMENSIONS[name]
    # Without the cast PostgreSQL sums up in numbers of any size, which takes longer
    parts = f"SELECT {{}}, sum(n::int) AS n FROM {source} GROUP BY 1"
    if not dimension.keyed:
        return [f"{name} AS MATERIALIZED ({parts.format(f'{dimension.raw} AS key')})"]
    return [
        f"{name}_keyed AS MATERIALIZED (WITH parts AS MATERIALIZED ("
        f"{parts.format(f'{dimension.raw} AS raw')}) SELECT * FROM ({dimension.keyed}) keyed)",
        f"{name} AS MATERIALIZED (SELECT key, max(written) AS written, sum(n)::bigint AS n"
        f" FROM {name}_keyed GROUP BY 1)",
    ]


def top_of(name: str) -> str:
    return f"SELECT * FROM {name} WHERE key IS NOT NULL ORDER BY n DESC, key LIMIT %s"


def passes_of(names: list[str], *, apart: bool) -> tuple[list[str], dict[str, str]]:
    """What counts the rows by these dimensions, and in which part of it each is found.

    Apart each pass reads the index that suits it, and may do so in parallel; at once the rows are
    read only once, by one process.
    """
    asked = [[name for name in together if name in names] for together in PASSES]
    asked = {f"pass_{number}": some for number, some in enumerate(filter(None, asked))}
    found = {name: part for part, some in asked.items() for name in some}
    columns = {
        part: [column for name in some for column in DIMENSIONS[name].columns]
        for part, some in asked.items()
    }
    if apart or len(asked) == 1:
        # In the order of the index, parallel workers' counts are put together, and what comes first
        # is summed up, without a hash table
        counted = (
            "{0} AS MATERIALIZED (SELECT {1}, count(*) AS n FROM rows GROUP BY {1} ORDER BY {1})"
        )
        return [counted.format(part, ", ".join(by)) for part, by in columns.items()], found
    sets = ", ".join(f"({', '.join(by)})" for by in columns.values())
    every = [column for by in columns.values() for column in by]
    marks = [f"grouping({by[0]}) = 0 AS in_{part}" for part, by in columns.items()]
    counted = (
        f"counted AS MATERIALIZED (SELECT {', '.join([*every, *marks])}, count(*) AS n"
        f" FROM rows GROUP BY GROUPING SETS ({sets}))"
    )
    each = [
        f"{part} AS MATERIALIZED (SELECT {', '.join(by)}, n FROM counted WHERE in_{part})"
        for part, by in columns.items()
    ]
    return [counted, *each], found


def facets_of(names: list[str], filters: set[str]) -> tuple[str, int]:
    """The statement after `rows`: for each dimension its top, the unknown and the total.

    With the number of times that it wants the number of values.
    """
    parts, found = passes_of(names, apart=filters <= OF_AN_OUTLET or filters <= DATED)
    told = []
    for name, part in found.items():
        parts += summed_up(name, part)
        told.append(
            f"SELECT '{name}', (SELECT json_agg(json_build_object("
            f"'value', {DIMENSIONS[name].shown}, 'count', top.n) ORDER BY top.n DESC, top.key)"
            f" FROM ({top_of(name)}) top),"
            f" (SELECT n FROM {name} WHERE key IS NULL), NULL::bigint"
        )
    told.append(f"SELECT NULL, NULL, NULL, sum(n)::bigint FROM {name}")
    return f"{', '.join(parts)} {' UNION ALL '.join(told)}", len(told) - 1


# By when

INTERVALS = {
    "year": ("YYYY", 366),
    "month": ("YYYY-MM", 31),
    "week": ('IYYY-"W"IW', 1),
    "day": ("YYYY-MM-DD", 1),
}
"""How a bucket is named, and how many days a date may cover that belongs to one."""

LONGEST = 366
"""Days that a partial date can cover."""

UNKNOWN, OTHER = -1, 0
"""Places in a split that are no value's; the values are counted from 1."""


def by_day(most_days: int, split: str, joined: str, filters: set[str]) -> str:
    """Numbers of rows by their day, by whether they surely belong to its bucket, and by `split`."""
    covered = "upper(published) - lower(published)"
    counted = (
        f"SELECT published_day, {{is_close}} AS is_close, {split}, {{sign}}count(*) AS n"
        f" FROM rows {joined} {{more}} GROUP BY 1, 2, 3, 4"
    )
    if not filters <= TALLIED:
        is_close = f"coalesce({covered} <= {most_days}, true)"
        return counted.format(is_close=is_close, sign="", more="")
    every = counted.format(is_close="true", sign="", more="")
    if most_days == LONGEST:
        return every
    # The small indexes hold days only: those that say too little are moved, by the one that tells
    moved = "CROSS JOIN (VALUES (true, -1), (false, 1)) AS moved (is_close, sign)"
    too_long = f"WHERE {covered} > 1 AND {covered} > {most_days}"
    return f"{every} UNION ALL " + counted.format(
        is_close="moved.is_close", sign="min(sign) * ", more=f"{moved} {too_long}"
    )


def timeline_of(interval: str, by: str | None, filters: set[str]) -> str:
    """The statement after `rows`: (section, told, place, number) of each count that is told.

    The section `value` tells the values of `by`, `bucket` the names of buckets. It wants, with
    `by`, the number of values, then at last the number of buckets.
    """
    named, most_days = INTERVALS[interval]
    parts, split, joined, values = [], f"{OTHER} AS place, false AS unknown", "", ""
    if by:
        dimension = DIMENSIONS[by]
        led = "SELECT key AS raw, place FROM top"
        if dimension.keyed:
            led = (
                f"SELECT raw, coalesce(place, {UNKNOWN}) AS place"
                f" FROM {by}_keyed LEFT JOIN top USING (key) WHERE key IS NULL OR place IS NOT NULL"
            )
        counted, _ = passes_of([by], apart=True)
        parts = [
            *counted,
            *summed_up(by, "pass_0"),
            "top AS MATERIALIZED (SELECT *, row_number() OVER (ORDER BY n DESC, key) AS place"
            f" FROM ({top_of(by)}) top)",
            f"led AS MATERIALIZED ({led})",  # where a row leads by what it is counted by
        ]
        split = f"led.place, {dimension.raw} IS NULL AS unknown"
        # As arrays, which can be handed to parallel workers
        joined = (
            "LEFT JOIN unnest((SELECT array_agg(raw) FROM led), (SELECT array_agg(place) FROM led))"
            f" AS led (raw, place) ON led.raw = {dimension.raw}"
        )
        values = f"UNION ALL SELECT 'value', {dimension.shown}::text, top.place, top.n FROM top"
    undated = f"published_day = DATE '{UNKNOWN_DAY}'"
    parts.append(
        f"""dates AS MATERIALIZED (
            {by_day(most_days, split, joined, filters)}
        ), placed AS MATERIALIZED (
            SELECT CASE WHEN is_close AND NOT {undated}
                        THEN date_trunc('{interval}', published_day::timestamp) END AS start,
                   {undated} AS undated,
                   CASE WHEN unknown THEN {UNKNOWN} ELSE coalesce(place, {OTHER}) END AS place,
                   sum(n)::bigint AS n
            FROM dates GROUP BY 1, 2, 3 HAVING sum(n) > 0
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
    )
    return ", ".join(parts)
