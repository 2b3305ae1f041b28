"""Time lists with filters: `uv run python tests/bench/filters.py [--quotes N] [--keep]`

Creates a database in the embedded server and generates an archive. Then it requests pages of
`quotes/` as a Reader, through the whole service except the socket. Every filter is used alone, in
each ordering, with common, middling, rare and absent values. Every two filters are used together,
in each ordering, with some of their values. All requests are made once before, to warm up. The
slowest are repeated, and their median counts.

Prints the 50th, 95th and 99th percentile and the ten slowest requests with their plans. Prints
every sequential scan of a large table, and the cost of page 10,001 compared with page 1. Exits with
1 if a requirement is missed. `--keep` keeps the database for the next run with `--keep`.
"""

import argparse
import gc
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from random import Random
from statistics import median
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.archives import an_archive
from tests.bench.page_depth import first_and_deep

QUOTES = "/api/v1/quotes/"
REQUIRED = {50: None, 95: 50, 99: 100, 100: None}
"""Percentiles, and how many milliseconds they may be."""

DEEPER = 1.5
"""How many times the cost of the first page a deep one may cost."""

AGAIN = 50
"""How many of the slowest are asked for again."""

LARGE = {
    "quotes_quote", "quotes_via", "quotes_utterance", "sources_article", "sources_snapshot",
    "sources_speaker", "sources_affiliation",
}  # fmt: skip
LARGE_ROWS = 10_000
"""Where a table has fewer rows, PostgreSQL is right to read all of it."""

UNKNOWN = "0198f000-0000-7000-8000-000000000000"


# Requests


def values(met: Callable[[str, str], dict[str, str]] | None = None) -> dict[str, dict[str, str]]:
    """Common, middling, rare and absent values of each filter, taken from the data.

    `met` returns the common, middling and rare values of a column of a table.
    """
    met = met or _met
    by_count = {
        name: met(column, table)
        for name, column, table in (
            ("speaker", "speaker_id", "quotes_quote"),
            ("organisation", "organisation_id", "quotes_quote"),
            ("outlet", "outlet_id", "quotes_quote"),
            ("article", "article_id", "quotes_quote"),
            ("utterance", "utterance_id", "quotes_quote"),
            ("via", "outlet_id", "quotes_via"),
        )
    }
    ids = {name: {**keys, "absent": UNKNOWN} for name, keys in by_count.items()}
    named = {
        f"{name}_name": {
            **{
                label: _one(f"SELECT name FROM sources_{name} WHERE id = %s", key)
                for label, key in by_count[name].items()
            },
            "absent": "Zzq Zqqz",
        }
        for name in ("speaker", "organisation", "outlet")
    }
    printed = met("attribution_speaker", "quotes_quote WHERE attribution_speaker LIKE 'Mr %%'")
    named["speaker_name"] |= {f"{label}, printed": name for label, name in printed.items()}
    url = "SELECT url FROM sources_article WHERE id = %s"
    middle = "WHERE url IS NOT NULL ORDER BY id OFFSET (SELECT count(*) / 2 FROM sources_article)"
    return {
        **ids,
        **named,
        "url": {
            "frequent": _one(url, by_count["article"]["frequent"])
            or _one("SELECT url FROM sources_article WHERE url IS NOT NULL LIMIT 1"),
            "rare": _one(f"SELECT url FROM sources_article {middle} LIMIT 1")
            or _one("SELECT url FROM sources_article WHERE url IS NOT NULL LIMIT 1"),
            "absent": "https://nowhere.example/",
        },
        "speaker_kind": {"frequent": "person", "middling": "unnamed", "rare": "collective"},
        "speaker_fact": {
            "frequent": "gender:male",
            "middling": "party:Reform League,gender:female",
            "rare": "party:Reform League,party:unknown,gender:unknown",
            "absent": "party:Nobody",
        },
        "role": {
            "frequent": "director",
            "middling": "professor of hydrology",
            "rare": "mayor council",
            "absent": "astronaut",
        },
        "kind": {"frequent": "direct", "middling": "partial", "rare": "mixed,indirect"},
        "status": {"frequent": "published", "middling": "retracted", "absent": "proposed"},
        "language": {"frequent": "en", "middling": "fr-CA", "rare": "es-AR", "absent": "cy"},
        "translated_from": {"frequent": "sv", "absent": "cy"},
        "translates": {"frequent": UNKNOWN},
        "origin": {"frequent": "filed", "absent": "proposed"},
        "one_per_utterance": {"frequent": "true"},
        "id": {"rare": _one("SELECT id FROM quotes_quote LIMIT 1"), "absent": UNKNOWN},
        "anchor": {"frequent": "exact", "middling": "unanchored", "rare": "missing"},
        **{
            name: {
                label: _one(
                    f"SELECT {shown} FROM quotes_quote WHERE {column} > '0002-01-01'"
                    f" ORDER BY {column} OFFSET greatest(%s * (SELECT count(*) FROM quotes_quote"
                    f" WHERE {column} > '0002-01-01') - 1, 0)::bigint LIMIT 1",
                    share if name.endswith("_after") else 1 - share,
                )
                for label, share in (("frequent", 0.1), ("middling", 0.9), ("rare", 0.9998))
            }
            | {"absent": "2200-01-01" if name.endswith("_after") else "1001-01-01"}
            for name, column, shown in (
                ("said_after", "said_day", "said_day::text"),
                ("said_before", "said_day", "said_day::text"),
                ("published_after", "published_day", "left(published_day::text, 7)"),
                ("published_before", "published_day", "published_day::text"),
                ("created_after", "created", "replace(created::text, ' ', 'T')"),
                ("created_before", "created", "replace(created::text, ' ', 'T')"),
                ("updated_after", "updated", "replace(updated::text, ' ', 'T')"),
                ("updated_before", "updated", "replace(updated::text, ' ', 'T')"),
            )
        },
    }


def _one(sql: str, *given) -> str | None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        row = cursor.fetchone()
    return row and (row[0] if row[0] is None else str(row[0]))


def _met(column: str, table: str) -> dict[str, str]:
    """The value met most, one met some hundred times less often, and one met once."""
    met = by_number(column, table)
    most = met[0][1]
    middling = min(met, key=lambda row: abs(row[1] - max(most / 100, most**0.5)))
    return {"frequent": met[0][0], "middling": middling[0], "rare": met[-1][0]}


def by_number(column: str, table: str) -> list[tuple[str, int]]:
    """The values of a column, and how often each is met; that which is met most comes first."""
    from django.db import connection

    condition = "" if "WHERE" in table else f"WHERE {column} IS NOT NULL"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {column}::text, count(*) FROM {table} {condition}"
            f" GROUP BY 1 ORDER BY count(*) DESC, 1",
            [] if not condition or "%" not in table else None,
        )
        return cursor.fetchall()


@dataclass
class Asked:
    """A list that is asked for."""

    label: str
    query: dict[str, str]
    spent: list[float] = field(default_factory=list)
    rows: int = 0
    scans: list[str] = field(default_factory=list)

    @property
    def milliseconds(self) -> float:
        return median(self.spent)


def lists(known: dict[str, dict[str, str]], samples: int, orderings: list[str]) -> Iterator[Asked]:
    """Every filter alone, with all its values, and every two, with some; each in every ordering."""
    random = Random(1)
    for ordering in orderings:
        yield from alone(known, ordering)
        for one, other in combinations(known, 2):
            pairs = [
                (a, b)
                for a in known[one]
                for b in known[other]
                # A range that ends before it begins is refused.
                if one.replace("_after", "_before") != other or known[one][a] <= known[other][b]
            ]
            for a, b in random.sample(pairs, min(samples, len(pairs))):
                yield of_values(known, ordering, **{one: a, other: b})


def alone(known: dict[str, dict[str, str]], ordering: str) -> Iterator[Asked]:
    """No filter, and every filter alone with all its values."""
    yield Asked(f"all by {ordering}", {"ordering": ordering})
    for name, labels in known.items():
        for label in labels:
            yield of_values(known, ordering, **{name: label})


def of_values(known: dict[str, dict[str, str]], ordering: str, **chosen: str) -> Asked:
    """The list with these filters, each with the value that is known as frequent, rare …"""
    query = {name: known[name][label] for name, label in chosen.items()}
    label = " & ".join(f"{name} ({label})" for name, label in chosen.items())
    return Asked(f"{label} by {ordering}", {**query, "ordering": ordering})


# Asking


class Statements:
    """The statements that a request makes, to have them explained."""

    def __init__(self):
        self.made: list[tuple[str, tuple]] = []

    def __call__(self, execute, sql, params, many, context):
        if "quotes_quote" in sql and "EXPLAIN" not in sql:
            self.made.append((sql, params))
        return execute(sql, params, many, context)


def ask(client, asked: Asked) -> list[tuple[str, tuple]]:
    """Ask once, note how long it took, and give the statements it made."""
    from django.db import connection

    statements = Statements()
    with connection.execute_wrapper(statements):
        began = time.perf_counter()
        answer = client.get(QUOTES, asked.query)
        asked.spent.append((time.perf_counter() - began) * 1000)
    asked.rows = len(answer.json()["results"]) if answer.status_code == 200 else -1
    if answer.status_code not in (200, 503):  # 503: the statement timeout
        raise SystemExit(f"{asked.label}: {answer.status_code}\n{answer.content.decode()[:2000]}")
    return statements.made


def explained(made: list[tuple[str, tuple]], options: str) -> Iterator[str | list]:
    """The plans of statements, each under the settings that are made with it."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        for statements, params in made:
            for sql in statements.split("; "):
                if sql.startswith("SET LOCAL"):
                    cursor.execute(sql)
                    continue
                cursor.execute(f"EXPLAIN ({options}) {sql}", params)
                rows = cursor.fetchall()
                yield rows[0][0] if "JSON" in options else "\n".join(line for (line,) in rows)


def scans_of(plan: dict, large: set[str]) -> Iterator[str]:
    """The large tables that a plan reads from end to end."""
    if plan["Node Type"] == "Seq Scan" and plan["Relation Name"] in large:
        yield plan["Relation Name"]
    for part in plan.get("Plans", ()):
        yield from scans_of(part, large)


def large_tables() -> set[str]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relname = ANY(%s) AND reltuples >= %s",
            [list(LARGE), LARGE_ROWS],
        )
        return {name for (name,) in cursor.fetchall()}


def percentile(numbers: list[float], share: int) -> float:
    return sorted(numbers)[max(0, -(-len(numbers) * share // 100) - 1)]


def measure(client, all_asked: list[Asked], rounds: int) -> None:
    """Ask for each, then for the slowest again; note the scans of large tables."""
    large = large_tables()
    gc.freeze()  # as the server does, so that no request waits until it is looked through
    for asked in all_asked:
        ask(client, asked)  # the first touch of what is read is nobody's cost
        asked.spent.clear()
    for asked in all_asked:
        for (plan,) in explained(ask(client, asked), "FORMAT JSON"):
            asked.scans.extend(scans_of(plan["Plan"], large))
    for _ in range(rounds):
        for asked in slowest(all_asked, AGAIN):
            ask(client, asked)


def slowest(all_asked: list[Asked], number: int) -> list[Asked]:
    return sorted(all_asked, key=lambda asked: -asked.milliseconds)[:number]


def report(client, samples: int, rounds: int, orderings: list[str], say) -> list[str]:
    """Measure, print, and give what is not as required."""
    all_asked = list(lists(values(), samples, orderings))
    began = time.perf_counter()
    measure(client, all_asked, rounds)
    say(f"{len(all_asked):,} lists asked for in {time.perf_counter() - began:.0f} s\n\n")
    faults = []
    spent = [asked.milliseconds for asked in all_asked]
    for share, limit in REQUIRED.items():
        took = percentile(spent, share)
        over = limit is not None and took > limit
        if over:
            faults.append(f"p{share} is {took:.0f} ms, over {limit}")
        name = "slowest" if share == 100 else f"p{share}"
        required = f"   required: {limit}" if limit else ""
        say(f"{name:8}{took:10.1f} ms{required}{'   over' if over else ''}\n")
    say(f"\n{'the ten slowest':90}{'ms':>8}{'rows':>6}\n")
    for asked in slowest(all_asked, 10):
        say(f"{asked.label[:89]:90}{asked.milliseconds:8.1f}{asked.rows:6}\n")
    scanned = [asked for asked in all_asked if asked.scans]
    for asked in scanned[:20]:
        say(f"reads all of {', '.join(sorted({*asked.scans}))}: {asked.label}\n")
    if scanned:
        faults.append(f"{len(scanned):,} lists read a large table from end to end")
    say("\n")
    for asked in slowest(all_asked, 10):
        say(f"{asked.label}: {QUOTES}?{urlencode(asked.query)}\n")
        for plan in explained(ask(client, asked), "ANALYZE, BUFFERS"):
            say(f"{plan}\n\n")
    return faults + depth(client, orderings, rounds, say)


def depth(client, orderings: list[str], rounds: int, say) -> list[str]:
    """What a deep page costs beside the first, in milliseconds; what is over the limit."""
    from quotes.models import Quote

    pages = min(10_000, Quote.objects.filter(status="published").count() // 60)
    say(f"{'ordering':20}{'page 1':>12}{f'page {pages + 1:,}':>14}   milliseconds\n")
    faults = []
    for ordering in orderings:
        urls = first_and_deep(client, {"ordering": ordering}, None, 50, depth=pages)
        took = {url: [] for url in urls}
        for _ in range(max(3 * rounds, 5)):
            for url in urls:
                began = time.perf_counter()
                assert len(client.get(url).json()["results"]) == 50
                took[url].append((time.perf_counter() - began) * 1000)
        first, deep = (median(took[url]) for url in urls)
        over = deep > DEEPER * first
        if over:
            faults.append(f"page {pages + 1:,} by {ordering} costs {deep / first:.1f} times page 1")
        say(f"{ordering:20}{first:12.1f}{deep:14.1f}{'   over' if over else ''}\n")
    return faults


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("--quotes", type=int, default=2_000_000, help="in the archive (default: %(default)s)")
    add("--samples", type=int, default=3, help="of the values of two (default: %(default)s)")
    add("--rounds", type=int, default=5, help="of the slowest (default: %(default)s)")
    add("--keep", action="store_true", help="keep the database, or use the one that was kept")
    given = parser.parse_args()

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.environ["ALLOWED_HOSTS"] = "testserver"
    os.environ["ONRECORD_THROTTLE_TOKEN"] = "1000000/s"
    import django

    django.setup()
    from django.test.utils import setup_test_environment

    from quotes.api.views import Quotes
    from sources.api.orderings import both_ways
    from tests.conftest import make_client

    setup_test_environment()
    say = sys.stdout.write
    with an_archive(given.quotes, keep=given.keep):
        orderings = both_ways(Quotes.orderings)
        faults = report(make_client("Readers"), given.samples, given.rounds, orderings, say)
        say(f"\nNot as required: {'; '.join(faults) or 'nothing'}.\n")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
