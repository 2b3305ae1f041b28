"""Time facets and timelines in a large archive: `uv run python tests/bench/facets.py [--quotes N]`

Creates a database in the embedded server and generates an archive. Then it requests facets by every
dimension, and timelines: of everything, of common and rare speakers, organisations and outlets, and
under filters that no single index answers. Prints the median and 95th percentile of interleaved
rounds in milliseconds (the first is left out) and every request over its limit. `--keep` keeps the
database for the next run with `--keep`. `--plans` shows the plans of requests over their limit.
"""

import sys
import time
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.archives import an_archive, command_line, set_up

API = "/api/v1/quotes/"
ONE, EVERYTHING = 200, 1_000
"""Milliseconds for an answer about one speaker, organisation or outlet, and about all there is."""


def busiest(column: str, place: int = 0):
    """The value with the most quotes, or the value `place` ranks below it if there is one."""
    from django.db.models import Count

    from quotes.models import Quote

    known = Quote.objects.exclude(**{column: None}).order_by().values_list(column)
    return list(known.annotate(n=Count("pk")).order_by("-n", column)[: place + 1])[-1][0]


def questions() -> dict[str, tuple[str, dict, int]]:
    """The requests: name, path, query and limit in milliseconds."""
    from quotes.statistics.sql import DIMENSIONS, SINGLE

    every = ",".join(SINGLE)
    of = {"everything": ({}, EVERYTHING)}
    for column in ("speaker", "organisation", "outlet"):
        for place, name in ((0, "busiest"), (1, "second"), (30, "30th")):
            of[f"{name} {column}"] = ({column: str(busiest(column, place))}, ONE)
    speaker = {"speaker": of["busiest speaker"][0]["speaker"]}
    of["busiest speaker, direct, two years"] = (
        {**speaker, "kind": "direct", "published_after": "2025"},
        ONE,
    )
    of["busiest speaker, exact anchor"] = ({**speaker, "anchor": "exact"}, ONE)
    of["language en"] = ({"language": "en"}, EVERYTHING)
    of["exact anchor"] = ({"anchor": "exact"}, EVERYTHING)
    of["since 2026"] = ({"published_after": "2026"}, EVERYTHING)
    asked = {}
    for name, (query, most) in of.items():
        asked[f"facets by all 8, {name}"] = ("facets/", {"by": every, **query}, most)
        asked[f"facets by speaker, {name}"] = ("facets/", {"by": "speaker", **query}, most)
        asked[f"months, {name}"] = ("timeline/", {"interval": "month", **query}, most)
        split = {"interval": "month", "by": "speaker", **query}
        asked[f"months by speaker, {name}"] = ("timeline/", split, most)
    for name in DIMENSIONS:
        asked[f"facets by {name}, everything"] = ("facets/", {"by": name}, EVERYTHING)
        if name not in SINGLE:
            continue
        split = {"interval": "month", "by": name}
        asked[f"months by {name}, everything"] = ("timeline/", split, EVERYTHING)
    for name in ("speaker_fact:gender", "speaker_fact:party"):
        asked[f"facets by {name}, everything"] = ("facets/", {"by": name}, EVERYTHING)
    for interval in ("year", "week"):
        asked[f"{interval}s, everything"] = ("timeline/", {"interval": interval}, EVERYTHING)
    # Of all days there are more than are told at once.
    days = {"interval": "day", "published_after": "2010"}
    asked["days, since 2010"] = ("timeline/", days, EVERYTHING)
    return asked


def measure(client, rounds: int) -> dict[str, tuple[float, float, int]]:
    """Name → median and 95th percentile in milliseconds, and the number of quotes counted."""
    asked, spent, counted = questions(), {}, {}
    for turn in range(rounds + 1):
        for name, (path, query, _) in asked.items():
            began = time.perf_counter()
            answer = client.get(f"{API}{path}?{urlencode(query)}")
            took = (time.perf_counter() - began) * 1000
            assert answer.status_code == 200, answer.content[:500]
            counted[name] = answer.json()["total"]
            if turn:
                spent.setdefault(name, []).append(took)
    return {
        name: (
            median(times),
            quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else times[0],
            counted[name],
        )
        for name, times in spent.items()
    }


def plan(client, path: str, query: dict) -> str:
    from django.db import connection, transaction
    from django.test.utils import CaptureQueriesContext

    from quotes.statistics.sql import FOR_COUNTING

    with CaptureQueriesContext(connection) as made:
        client.get(f"{API}{path}?{urlencode(query)}")
    (sql,) = [one["sql"] for one in made.captured_queries if one["sql"].startswith("WITH rows")]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FOR_COUNTING)
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {sql.replace('%', '%%')}", [])
        return "\n".join(line for (line,) in cursor.fetchall())


def main() -> None:
    parser = command_line(__doc__, rounds=5)
    parser.add_argument("--plans", action="store_true", help="show the plan of what is over")
    options = parser.parse_args()
    set_up()
    from django.test.utils import setup_test_environment

    from tests.conftest import make_client

    with an_archive(options.quotes, keep=options.keep):
        setup_test_environment()
        client = make_client("Readers")
        over = report(client, options)
    sys.exit(bool(over))


def report(client, options) -> list[str]:
    """Print a line for each request; return those over their limit."""
    write = sys.stdout.write
    asked, over = questions(), []
    write(f"{'':58}{'quotes':>12}{'median':>10}{'p95':>10}{'limit':>10}\n")
    for name, (middle, high, counted) in measure(client, options.rounds).items():
        path, query, most = asked[name]
        write(f"{name:58}{counted:>12,}{middle:>10.1f}{high:>10.1f}{most:>10,}")
        write("  OVER\n" if high > most else "\n")
        if high > most:
            over.append((name, path, query))
    for name, path, query in over if options.plans else ():
        write(f"\n{name}\n{plan(client, path, query)}\n")
    return [name for name, *_ in over]


if __name__ == "__main__":
    main()
