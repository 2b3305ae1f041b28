"""Time questions about the past in a large archive: `uv run python tests/bench/as_of.py`

Creates a database in the embedded server, generates an archive with the first revision of each
record, and changes some of its quotes. Then it asks the same lists, facets, timelines and exports
of today and as of the time before these changes, in turn, and prints the medians in milliseconds
and how many times as long the past takes. More than `LIMIT` times is OVER, and fails. `--keep`
keeps the database for the next run with `--keep`.

`--questions N` does something else: it asks as many questions in the midst of random histories, and
again of their past, and prints how many answers differ.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.archives import BUFFERS, own_database, read_in

QUOTES = "/api/v1/quotes/"
LIMIT = 3
"""How many times as long as a question of today one of the past may take."""

ACTS, QUESTIONS_AN_ACT = 10, 2  # of one random history

CHANGE = """
UPDATE quotes_quote SET
    language = CASE language WHEN 'en' THEN 'en-GB' ELSE 'en' END,
    kind = CASE kind WHEN 'direct' THEN 'partial' ELSE 'direct' END,
    corrections = '[{"when": "2026-03-15T08:30:00Z", "note": "Otherwise.", "changed": []}]'
WHERE id IN (
    SELECT id FROM quotes_quote WHERE status IN ('published', 'disputed')
    ORDER BY md5(id::text) LIMIT %s
)
"""


def change(number: int) -> str:
    """Change so many quotes that are spread over the archive; the time before."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT greatest(clock_timestamp(), max(updated)) FROM quotes_quote")
        (before,) = cursor.fetchone()
        cursor.execute(CHANGE, [number])
        cursor.execute("COMMENT ON TABLE quotes_pastversion IS %s", [before.isoformat()])
        return before.isoformat()


def changed_at() -> str | None:
    """The time before the quotes of a kept database were changed."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT obj_description('quotes_pastversion'::regclass)")
        return cursor.fetchone()[0]


def questions() -> dict[str, tuple[str, dict]]:
    """Name → path and query."""
    from tests.bench.facets import busiest

    speaker = {"speaker": str(busiest("speaker"))}
    outlet = {"outlet": str(busiest("outlet", 30))}
    every = {"by": "speaker,organisation,role,outlet,kind,status,language,year"}
    return {
        "list": ("", {}),
        "list, oldest first": ("", {"ordering": "published"}),
        "list of a speaker": ("", speaker),
        "list of an outlet, direct": ("", {**outlet, "kind": "direct"}),
        "list by role and language": ("", {"role": "director", "language": "en"}),
        "list, one per utterance": ("", {"one_per_utterance": "true"}),
        "facets of everything": ("facets/", every),
        "facets of a speaker": ("facets/", {**every, **speaker}),
        "months of everything": ("timeline/", {"interval": "month"}),
        "months of an outlet": ("timeline/", {"interval": "month", **outlet}),
        "export of a speaker": ("export/", {"format": "ndjson", **speaker}),
    }


def ask(client, path: str, query: dict) -> float:
    began = time.perf_counter()
    answer = client.get(f"{QUOTES}{path}?{urlencode(query)}")
    size = sum(map(len, answer)) if answer.streaming else len(answer.content)
    assert (answer.status_code, bool(size)) == (200, True), answer
    return (time.perf_counter() - began) * 1000


def measure(client, at: str, rounds: int) -> dict[str, tuple[float, float]]:
    """Name → medians of today and of the past in milliseconds; the first round is left out."""
    asked, spent = questions(), {}
    for turn in range(rounds + 1):
        for name, (path, query) in asked.items():
            both = ask(client, path, query), ask(client, path, {**query, "as_of": at})
            if turn:
                spent.setdefault(name, []).append(both)
    return {name: tuple(map(median, zip(*times, strict=True))) for name, times in spent.items()}


def contradicted(number: int) -> tuple[int, list]:
    """So many questions at least of random histories, and those whose past answer differs."""
    from tests.conftest import make_client
    from tests.past import contradictions

    clients, differ = (make_client("Readers"), make_client("Curators")), []
    histories = -(-number // (ACTS * QUESTIONS_AN_ACT))
    for seed in range(histories):
        differ += contradictions(clients, seed, acts=ACTS, questions=QUESTIONS_AN_ACT)
    return histories * ACTS * QUESTIONS_AN_ACT, differ


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quotes", type=int, default=2_000_000, help="(default: %(default)s)")
    parser.add_argument("--changed", type=int, default=10_000, help="(default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="(default: %(default)s)")
    parser.add_argument("--questions", type=int, help="ask so many of random histories instead")
    parser.add_argument("--keep", action="store_true", help="leave the database for the next run")
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.environ["ONRECORD_THROTTLE_TOKEN"] = "1000000/min"
    os.environ.setdefault("ONRECORD_EMBEDDED_BUFFERS", BUFFERS)  # unless the server runs already
    import django

    django.setup()
    from django.test.utils import setup_test_environment

    setup_test_environment()
    if options.questions:
        with own_database("bench_histories"):
            asked, differ = contradicted(options.questions)
        for each in differ:
            sys.stdout.write(f"{each}\n")
        sys.stdout.write(f"{asked:,} questions, {len(differ)} answered otherwise of the past\n")
        sys.exit(bool(differ))
    with own_database(f"bench_past_{options.quotes}", keep=options.keep):
        over = report(options)
    sys.exit(bool(over))


def report(options) -> list[str]:
    """Print a line for each question; return those of which the past takes too long."""
    from django.core.management import call_command
    from django.db import connection

    from quotes.models import Quote
    from tests.conftest import make_client

    if not Quote.objects.exists():
        call_command("generate", quotes=options.quotes, history=True)
    at = changed_at() or change(options.changed)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    if connection.is_embedded:
        read_in(connection)
    return show(measure(make_client("Readers"), at, options.rounds), sys.stdout.write)


def show(spent: dict[str, tuple[float, float]], write) -> list[str]:
    write(f"{'':30}{'today':>10}{'as of':>10}{'times':>8}\n")
    over = [name for name, (today, past) in spent.items() if past > LIMIT * today]
    for name, (today, past) in spent.items():
        mark = "  OVER" if name in over else ""
        write(f"{name:30}{today:>10.1f}{past:>10.1f}{past / today:>8.1f}{mark}\n")
    return over


if __name__ == "__main__":
    main()
