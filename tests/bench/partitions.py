"""Try partitions by year of publication: `uv run python tests/bench/partitions.py [--quotes N]`

Generates an archive in the embedded server, and copies the columns that lists and counts read into
two tables with the same indexes: one as it is, one partitioned by year. Asks both the same
questions in turn, by prepared statements, and prints the medians in milliseconds and how many times
as long the partitioned table takes. `--keep` keeps the archive for the next run; the copies are
dropped.
"""

import re
import sys
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.archives import an_archive, command_line, set_up

INDEXES = "quote_held_%", "quote_tally_who", "quote_tally_where", "quote_tally_when"

DEFINITIONS = """
SELECT indexdef FROM pg_indexes
WHERE schemaname = 'public' AND tablename = 'quotes_quote' AND indexname LIKE ANY (%s)
"""

YEARS = "SELECT DISTINCT extract(year FROM published_day)::int FROM quotes_quote ORDER BY 1"

PUBLIC = "status IN ('published', 'disputed')"
PAGE = "SELECT id FROM {table} WHERE " + PUBLIC + " AND {condition} ORDER BY {order} LIMIT 51"
NEWEST = "published_day DESC, id DESC"


def questions() -> dict[str, tuple[str, list]]:
    """Name → a statement over `{table}`, and its parameters."""
    from tests.bench.facets import busiest

    speaker, outlet = busiest("speaker", 30), busiest("outlet")
    rare = one(
        "SELECT speaker_id FROM quotes_quote WHERE speaker_id IS NOT NULL"
        " GROUP BY 1 ORDER BY count(*) LIMIT 1"
    )
    since = one("SELECT created FROM quotes_quote ORDER BY created DESC OFFSET 1000 LIMIT 1")
    day = one("SELECT max(published_day) - 400 FROM quotes_quote")
    ids = [row[0] for row in rows("SELECT id FROM quotes_quote TABLESAMPLE SYSTEM (0.1) LIMIT 50")]

    def page(condition: str, order: str = NEWEST) -> str:
        return PAGE.format(table="{table}", condition=condition, order=order)

    return {
        "newest": (page("true"), []),
        "oldest": (page("true", "published_day, id"), []),
        "before a day": (page("published_day < %s"), [day]),
        "of a speaker": (page("speaker_id = %s"), [speaker]),
        "of a rare speaker": (page("speaker_id = %s"), [rare]),
        "of a speaker, before a day": (
            page("speaker_id = %s AND published_day < %s"),
            [speaker, day],
        ),
        "of an outlet, indirect": (page("outlet_id = %s AND kind = 'indirect'"), [outlet]),
        "latest said": (page("true", "said_day DESC, id DESC"), []),
        "created since, by said": (page("created > %s", "said_day, id"), [since]),
        "50 quotes by id": ("SELECT status FROM {table} WHERE id = ANY (%s)", [ids]),
        "days of everything": (
            f"SELECT published_day, count(*) FROM {{table}} WHERE {PUBLIC} GROUP BY 1",
            [],
        ),
        "speakers of a year": (
            "SELECT speaker_id, count(*) FROM {table} WHERE published_day"
            " BETWEEN %s AND %s + 365 GROUP BY 1 ORDER BY 2 DESC LIMIT 10",
            [day, day],
        ),
    }


def rows(statement: str, params=None) -> list[tuple]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall()


def one(statement: str):
    return rows(statement)[0][0]


def copy() -> None:
    """Copy the quotes into the tables `trial.whole` and `trial.parts`."""
    from django.db import connection

    from quotes.models import Quote

    definitions = [definition for (definition,) in rows(DEFINITIONS, [list(INDEXES)])]
    read = set(re.findall(r"\w+", " ".join(definitions)))
    held = [field.column for field in Quote._meta.local_concrete_fields if field.column in read]
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA trial; SET maintenance_work_mem = '512MB'")
        cursor.execute(f"CREATE TABLE trial.whole AS SELECT {', '.join(held)} FROM quotes_quote")
        cursor.execute(
            "CREATE TABLE trial.parts (LIKE trial.whole) PARTITION BY RANGE (published_day)"
        )
        for (year,) in rows(YEARS):
            cursor.execute(
                f"CREATE TABLE trial.parts_{year} PARTITION OF trial.parts"
                f" FOR VALUES FROM ('{year:04}-01-01') TO ('{year + 1:04}-01-01')"
            )
        cursor.execute("INSERT INTO trial.parts SELECT * FROM trial.whole")
        for table in ("whole", "parts"):
            for definition in definitions:
                _, _, rest = definition.partition(" USING ")
                cursor.execute(f"CREATE INDEX ON trial.{table} USING {rest}")
            cursor.execute(f"CREATE INDEX ON trial.{table} (id)")
            cursor.execute(f"VACUUM (ANALYZE) trial.{table}")


def measure(rounds: int) -> dict[str, tuple[float, float]]:
    """Name → medians of the table as it is and of the partitioned one, in milliseconds."""
    from sources.database.prepared import prepared_cursor

    asked, spent = questions(), {}
    with prepared_cursor() as cursor:
        for name, (statement, params) in asked.items():
            spent[name] = {"whole": [], "parts": []}
            for turn in range(rounds + 6):  # PostgreSQL plans the first five for their values
                for table, times in spent[name].items():
                    began = time.perf_counter()
                    cursor.execute(statement.format(table=f"trial.{table}"), params)
                    cursor.fetchall()
                    if turn > 5:
                        times.append((time.perf_counter() - began) * 1000)
    return {name: tuple(map(median, times.values())) for name, times in spent.items()}


def main() -> None:
    options = command_line(__doc__, rounds=15).parse_args()
    set_up()
    with an_archive(options.quotes, keep=options.keep):
        try:
            copy()
            measured = measure(options.rounds)
        finally:
            from django.db import connection

            with connection.cursor() as cursor:
                cursor.execute("DROP SCHEMA IF EXISTS trial CASCADE")
    sys.stdout.write(f"{'':30}{'one table':>12}{'by year':>12}{'times':>8}\n")
    for name, (whole, parts) in measured.items():
        sys.stdout.write(f"{name:30}{whole:>12.2f}{parts:>12.2f}{parts / whole:>8.1f}\n")


if __name__ == "__main__":
    main()
