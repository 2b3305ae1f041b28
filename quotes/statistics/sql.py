"""SQL that counts quotes: everything after a first `WITH rows AS (…)`.

Counting reads indexes only, never the table. The small indexes (`tally_indexes` in
`quotes.models.indexes`) serve counts of the whole archive, and those that hold `COVERED` serve one
speaker, organisation, outlet or period. A part of the statement must ask for no column that its
index lacks; then PostgreSQL scans that index alone, in parallel if it is large.

Counting takes two steps. The rows are grouped by the indexed value (`raw`), which is cheap for many
rows. Then these groups are summed by the value that is shown (`key`).
"""

from dataclasses import dataclass

from sources.dates import UNKNOWN_DAY

# Which indexes answer which filters

TALLIED = {"kind", "status", "language", "anchor"}
"""Filters on columns of every small index."""

DATED = {"kind", "status", "language", "published_after", "published_before"}
"""Filters that the index by day answers; they may match most of the archive."""

OF_AN_OUTLET = TALLIED | {"outlet"}
"""Filters that the small index by outlet answers; two of the three passes read it."""

COVERED = DATED | {"speaker", "organisation", "outlet"}
"""Filters that an index with the columns `COVERED` answers."""


# Dimensions


@dataclass(frozen=True)
class Dimension:
    """A value to count quotes by, in SQL. NULL means unknown.

    `raw` is the indexed value, an expression over `columns` of `rows`. `shown` is the API's value
    for a group of `top`, by its `key`. If key and raw differ, `keyed` is a query over `parts` that
    gives for each `raw` its number `n`, its `key` and, if known, how the key is `written`.
    """

    columns: tuple[str, ...]
    raw: str
    shown: str
    keyed: str = ""


def record(column: str, table: str, *names: str) -> Dimension:
    members = ", ".join(f"'{name}', {name}" for name in names)
    shown = f"(SELECT json_build_object({members}) FROM {table} WHERE id = top.key)"
    return Dimension((column,), column, shown)


def word(column: str, **more: str) -> Dimension:
    return Dimension((column,), column, "to_json(top.key)", **more)


VIA = "via"
"""Counted apart: a quote may have come through several outlets, and counts for each."""

SINGLE = {
    "speaker": record("speaker_id", "sources_speaker", "id", "name", "kind"),
    "organisation": record("organisation_id", "sources_organisation", "id", "name"),
    # The role of the affiliation, else the printed role, else the filed one: `Quote.shown_role`
    "role": Dimension(
        ("affiliation_id", "role_key"),
        "coalesce(affiliation_id, role_key)",
        shown="""to_json(coalesce(top.written, (
            SELECT role FROM sources_role WHERE key = top.key LIMIT 1
        )))""",
        # One key for each distinct role, not for each affiliation
        keyed="""
            WITH held AS MATERIALIZED (
                SELECT raw, n, role AS written
                FROM parts LEFT JOIN sources_affiliation ON id = raw
            ), keys AS MATERIALIZED (
                SELECT written, sources_role_key(written) AS key
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

FACT = "speaker_fact:"
"""Begins a dimension that is a fact about the speakers, and goes on with the fact's key."""
DIMENSIONS = {**SINGLE, VIA: record("outlet_id", "sources_outlet", "id", "name", "slug")}

COUNT_VIA = """
pass_via AS MATERIALIZED (
    SELECT v.outlet_id, count(*) AS n
    FROM rows LEFT JOIN (
        SELECT DISTINCT quote_id, outlet_id FROM quotes_via WHERE outlet_id IS NOT NULL
    ) v ON v.quote_id = rows.id
    GROUP BY 1
)"""
"""The quotes that came through each outlet; NULL: through none that is on record. Reads `id`."""

# Dimensions of one small index with few combinations are counted together.
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

# Parallel workers even for a small index
FOR_COUNTING = (
    "SELECT set_config('parallel_tuple_cost', '0.005', true),"
    " set_config('min_parallel_index_scan_size', '0', true)"
)


SIGNED_QUOTES = "quotes_quote AS NOT MATERIALIZED (SELECT * FROM quotes_signed), "
"""A CTE that stands for the table; see `quotes.history.past_tables.signed_quotes`."""


def signed(statement: str) -> str:
    """The statement over rows that have a `sign`: what adds up to nothing was not there."""
    return statement.replace("count(*)", "sum(sign)")


def is_covered(filters: set[str]) -> bool:
    """Whether an index alone answers these filters, so that reading it twice is cheap."""
    return filters <= TALLIED or filters <= COVERED


def sum_by_key(name: str, source: str) -> list[str]:
    """CTEs that sum `source` into `name`: a row of `key` and number `n` for each value.

    If keys and raw values differ, `name_keyed` maps each `raw` to its `key`.
    """
    dimension = DIMENSIONS[name]
    # Without the cast PostgreSQL would sum as numeric, which is slower
    parts = f"SELECT {{}}, sum(n::int) AS n FROM {source} GROUP BY 1 HAVING sum(n) > 0"
    if not dimension.keyed:
        return [f"{name} AS MATERIALIZED ({parts.format(f'{dimension.raw} AS key')})"]
    return [
        f"{name}_keyed AS MATERIALIZED (WITH parts AS MATERIALIZED ("
        f"{parts.format(f'{dimension.raw} AS raw')}) SELECT * FROM ({dimension.keyed}) keyed)",
        f"{name} AS MATERIALIZED (SELECT key, max(written) AS written, sum(n)::bigint AS n"
        f" FROM {name}_keyed GROUP BY 1)",
    ]


def top_values(name: str) -> str:
    return f"SELECT * FROM {name} WHERE key IS NOT NULL ORDER BY n DESC, key LIMIT %s"


def counting_passes(names: list[str], *, apart: bool) -> tuple[list[str], dict[str, str]]:
    """CTEs that count the rows by these dimensions, and the CTE that holds each dimension.

    With `apart`, each pass scans the index that suits it, perhaps in parallel. Otherwise one scan
    by one process counts all of them.
    """
    asked = [[name for name in together if name in names] for together in PASSES]
    asked = {f"pass_{number}": some for number, some in enumerate(filter(None, asked))}
    part_of = {name: part for part, some in asked.items() for name in some}
    columns = {
        part: [column for name in some for column in DIMENSIONS[name].columns]
        for part, some in asked.items()
    }
    if apart or len(asked) == 1:
        # Sorted like the index, so that workers' counts merge and sum up without a hash table
        counted = (
            "{0} AS MATERIALIZED (SELECT {1}, count(*) AS n FROM rows GROUP BY {1} ORDER BY {1})"
        )
        return [counted.format(part, ", ".join(by)) for part, by in columns.items()], part_of
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
    return [counted, *each], part_of


def facets_sql(names: list[str], filters: set[str], *, table: bool = False) -> tuple[str, int]:
    """SQL after `rows`: the top values, the unknown and the sum of each dimension, and the total.

    The sum of a fact counts a quote once for each value that it can have had, that of `via` once
    for each outlet. With `table` also the number of quotes at each pair of values of the two
    dimensions. Returns how many times the statement takes the number of values as a parameter, too.
    """
    single = [name for name in names if name in SINGLE]
    parts, part_of = [], {}
    if single:
        is_apart = filters <= OF_AN_OUTLET or filters <= DATED
        parts, part_of = counting_passes(single, apart=is_apart)
    if VIA in names:
        parts, part_of = [*parts, COUNT_VIA], {**part_of, VIA: "pass_via"}
    selects = []
    for name, part in part_of.items():
        parts += sum_by_key(name, part)
        selects.append(select_facet(name, name, DIMENSIONS[name].shown))
    for number, name in enumerate(name for name in names if name.startswith(FACT)):
        key, counted = name.removeprefix(FACT), f"fact_{number}"
        parts += count_by_fact(key, f"held_{number}", counted)
        known = f"sources_fact WHERE key = '{key}' AND value_folded = top.key"
        selects.append(select_facet(name, counted, f"(SELECT max(value) FROM {known})"))
    times = len(selects)
    if table:
        cells, select = table_sql(*names)
        parts, selects, times = [*parts, *cells], [*selects, select], times + 2
    total = f"sum(n)::bigint FROM {single[0]}" if single else "count(*) FROM rows"
    selects.append(f"SELECT NULL, NULL, NULL, {total}")
    return f"{', '.join(parts)} {' UNION ALL '.join(selects)}", times


def select_facet(name: str, counted: str, shown: str) -> str:
    return (
        f"SELECT '{name}', (SELECT json_agg(json_build_object('value', {shown}, 'count', top.n)"
        f" ORDER BY top.n DESC, top.key) FROM ({top_values(counted)}) top),"
        f" (SELECT n FROM {counted} WHERE key IS NULL), (SELECT sum(n)::bigint FROM {counted})"
    )


def table_sql(*names: str) -> tuple[list[str], str]:
    """CTEs and a select of the cells of a table: the rank of each value, and how many quotes."""
    raws = ", ".join(f"{DIMENSIONS[name].raw} AS raw_{name}" for name in names)
    ranks = [
        f"{name}_ranks AS (SELECT key, row_number() OVER (ORDER BY n DESC, key) AS rank"
        f" FROM ({top_values(name)}) top)"
        for name in names
    ]
    keys = {
        name: f"{name}_keyed.key" if DIMENSIONS[name].keyed else f"raw_{name}" for name in names
    }
    joins = " ".join(
        f"LEFT JOIN {name}_keyed ON {name}_keyed.raw = raw_{name}"
        for name in names
        if DIMENSIONS[name].keyed
    )
    joins += "".join(
        f" LEFT JOIN {name}_ranks ON {name}_ranks.key = {keys[name]}" for name in names
    )
    at = ", ".join(
        f"CASE WHEN {keys[name]} IS NULL THEN {UNKNOWN} ELSE coalesce({name}_ranks.rank, {OTHER})"
        f" END AS at_{name}"
        for name in names
    )
    held = ", ".join(f"at_{name}" for name in names)
    counted = [
        *ranks,
        f"pairs AS (SELECT {raws}, count(*) AS n FROM rows GROUP BY 1, 2)",
        f"cells AS (SELECT {at}, sum(pairs.n)::bigint AS n FROM pairs {joins} GROUP BY 1, 2)",
    ]
    return counted, f"SELECT 'table', json_agg(json_build_array({held}, n)), NULL, NULL FROM cells"


UNKNOWN, OTHER = -1, 0
"""Ranks for quotes without a listed value; listed values have ranks from 1."""


def count_by_fact(key: str, held: str, counted: str) -> list[str]:
    """CTEs: when each value of a fact held of whom, and how many rows it held of, as `counted`.

    It holds as `HasFact` says, so that a count is that of a list with the filter. The key has been
    checked.
    """
    return [
        f"""{held} AS MATERIALIZED (
            SELECT speaker_id, value_folded,
                   range_agg(daterange(lower(start), upper("end"))) AS days,
                   bool_or(start IS NULL AND "end" IS NULL) AS is_undated
            FROM sources_fact
            WHERE key = '{key}' AND value_folded IS NOT NULL AND is_public GROUP BY 1, 2
        )""",
        f"""{counted} AS MATERIALIZED (
            SELECT {held}.value_folded AS key, count(*) AS n
            FROM rows LEFT JOIN {held} ON {held}.speaker_id = rows.speaker_id
                AND ({held}.is_undated
                     OR {held}.days && coalesce(rows.said, rows.published)::daterange)
            GROUP BY 1 HAVING count(*) > 0
        )""",
    ]


# Timelines

INTERVALS = {
    "year": ("YYYY", 366),
    "month": ("YYYY-MM", 31),
    "week": ('IYYY-"W"IW', 1),
    "day": ("YYYY-MM-DD", 1),
}
"""Interval → name format of a bucket, and the most days that a date in it may span."""

MAX_DATE_SPAN_DAYS = 366
"""The longest partial date: a leap year."""


def count_by_day(most_days: int, split: str, joined: str, filters: set[str]) -> str:
    """SQL: numbers of rows by day, by whether the date fits one bucket, and by `split`."""
    covered = "upper(published) - lower(published)"
    counted = (
        f"SELECT published_day, {{is_close}} AS is_close, {split}, {{times}}count(*) AS n"
        f" FROM rows {joined} {{more}} GROUP BY 1, 2, 3, 4"
    )
    if not filters <= TALLIED:
        is_close = f"coalesce({covered} <= {most_days}, true)"
        return counted.format(is_close=is_close, times="", more="")
    every = counted.format(is_close="true", times="", more="")
    if most_days == MAX_DATE_SPAN_DAYS:
        return every
    # The small indexes hold days only: dates that span too long are subtracted and counted apart
    moved = "CROSS JOIN (VALUES (true, -1), (false, 1)) AS moved (is_close, times)"
    too_long = f"WHERE {covered} > 1 AND {covered} > {most_days}"
    return f"{every} UNION ALL " + counted.format(
        is_close="moved.is_close", times="min(times) * ", more=f"{moved} {too_long}"
    )


def timeline_sql(interval: str, by: str | None, filters: set[str]) -> str:
    """SQL after `rows`, giving (section, label, rank, number) for each count.

    The section is `value` (a value of `by`), `bucket`, `imprecise` or `unknown`. Parameters: with
    `by`, the number of values; then the number of buckets.
    """
    named, most_days = INTERVALS[interval]
    parts, split, joined, values = [], f"{OTHER} AS rank, false AS unknown", "", ""
    if by:
        dimension = DIMENSIONS[by]
        ranked = "SELECT key AS raw, rank FROM top"
        if dimension.keyed:
            ranked = (
                f"SELECT raw, coalesce(rank, {UNKNOWN}) AS rank"
                f" FROM {by}_keyed LEFT JOIN top USING (key) WHERE key IS NULL OR rank IS NOT NULL"
            )
        counted, _ = counting_passes([by], apart=True)
        parts = [
            *counted,
            *sum_by_key(by, "pass_0"),
            "top AS MATERIALIZED (SELECT *, row_number() OVER (ORDER BY n DESC, key) AS rank"
            f" FROM ({top_values(by)}) top)",
            f"ranked AS MATERIALIZED ({ranked})",  # the rank of each raw value
        ]
        split = f"ranked.rank, {dimension.raw} IS NULL AS unknown"
        # Arrays can be passed to parallel workers
        joined = (
            "LEFT JOIN unnest((SELECT array_agg(raw) FROM ranked),"
            " (SELECT array_agg(rank) FROM ranked))"
            f" AS ranked (raw, rank) ON ranked.raw = {dimension.raw}"
        )
        values = f"UNION ALL SELECT 'value', {dimension.shown}::text, top.rank, top.n FROM top"
    undated = f"published_day = DATE '{UNKNOWN_DAY}'"
    parts.append(
        f"""dates AS MATERIALIZED (
            {count_by_day(most_days, split, joined, filters)}
        ), ranked_dates AS MATERIALIZED (
            SELECT CASE WHEN is_close AND NOT {undated}
                        THEN date_trunc('{interval}', published_day::timestamp) END AS start,
                   {undated} AS undated,
                   CASE WHEN unknown THEN {UNKNOWN} ELSE coalesce(rank, {OTHER}) END AS rank,
                   sum(n)::bigint AS n
            FROM dates GROUP BY 1, 2, 3 HAVING sum(n) > 0
        ), buckets AS (
            SELECT start FROM generate_series(
                (SELECT min(start) FROM ranked_dates), (SELECT max(start) FROM ranked_dates),
                interval '1 {interval}'
            ) start LIMIT %s
        )
        SELECT 'bucket', to_char(start, '{named}'), coalesce(rank, {OTHER}), coalesce(n, 0)
        FROM buckets LEFT JOIN ranked_dates USING (start)
        UNION ALL
        SELECT CASE WHEN undated THEN 'unknown' ELSE 'imprecise' END, NULL, rank, n
        FROM ranked_dates WHERE start IS NULL
        {values}"""
    )
    return ", ".join(parts)
