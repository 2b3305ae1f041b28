"""Throughput of filing: `uv run python tests/bench/bulk_filing.py [--articles N]`

Files synthetic articles with `manage.py file_articles` into a database of its own, in rounds with
the ledger's triggers on and off. Prints median quotes per second, the ledger's share of the time,
the same of `articles/batch/`, and how one process spends its time; then drops the database.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.archives import own_database
from tests.bench.filings import Newsroom

SEED = 20260211


def ledger_triggers() -> list[tuple[str, str]]:
    """Table and name of every trigger that writes revisions."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger"
            " WHERE tgname LIKE 'pgtrigger\\_ledger%%' ORDER BY 1, 2"
        )
        return cursor.fetchall()


def switch(triggers: list[tuple[str, str]], on: bool) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        # Pending checks of an open transaction, such as a test's, would block ALTER TABLE.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for table, name in triggers:
            verb = "ENABLE" if on else "DISABLE"
            cursor.execute(f'ALTER TABLE {table} {verb} TRIGGER "{name}"')


def seed(room: Newsroom) -> None:
    """Create every third speaker with an affiliation, for filings to match."""
    from sources.models import Affiliation, Organisation, Speaker

    known = room.people[::3]
    bodies = {body: Organisation(name=body) for _, _, body in known}
    Organisation.objects.bulk_create(bodies.values())
    speakers = Speaker.objects.bulk_create(Speaker(name=name) for name, _, _ in known)
    Affiliation.objects.bulk_create(
        Affiliation(speaker=speaker, role=role, organisation=bodies[body])
        for speaker, (_, role, body) in zip(speakers, known, strict=True)
    )


def write(filings: list[dict], file: Path) -> int:
    """Write filings to a file for the command; return the number of quotes."""
    with file.open("w") as lines:
        lines.writelines(f"{json.dumps(filing, ensure_ascii=False)}\n" for filing in filings)
    return sum(len(filing["quotes"]) for filing in filings)


def rate(filings: list[dict], directory: Path) -> float:
    """Quotes per second of the command."""
    from django.core.management import call_command

    file = directory / "filings.ndjson"
    quotes = write(filings, file)
    began = time.perf_counter()
    with open(os.devnull, "w") as silence:
        call_command("file_articles", file, verbosity=0, stdout=silence)
    return quotes / (time.perf_counter() - began)


def batch_rate(filings: list[dict]) -> float:
    """Quotes per second of `articles/batch/`, sent by a curator's token in one process."""
    from tests.conftest import API, make_client

    client = make_client("Curators")
    lines = "".join(f"{json.dumps(filing, ensure_ascii=False)}\n" for filing in filings).encode()
    began = time.perf_counter()
    response = client.post(
        f"{API}articles/batch/", lines, content_type="application/x-ndjson", SERVER_NAME="localhost"
    )
    answers = b"".join(response.streaming_content).splitlines()
    spent = time.perf_counter() - began
    assert len(answers) == len(filings)
    assert all(json.loads(answer)["status"] == 201 for answer in answers)
    return sum(len(filing["quotes"]) for filing in filings) / spent


def stages(filings: list[dict]) -> dict[str, float]:
    """Seconds of each stage in one process.

    Waiting for PostgreSQL, COPY and COMMIT included, is "SQL"; the rest of filing is "matching".
    """
    from django.db import connection

    from quotes.api.filing_serializers import FilingSerializer
    from quotes.filing import OPERATOR, Filing, file_many
    from quotes.filing.validation import validate_quotes

    spent = dict.fromkeys(["reading", "anchoring", "matching", "SQL"], 0.0)

    @contextmanager
    def timed(stage):
        began = time.perf_counter()
        yield
        spent[stage] += time.perf_counter() - began

    connection.ensure_connection()
    driver = connection.connection
    wait = driver.wait

    def timed_wait(*args, **kwargs):
        with timed("SQL"):
            return wait(*args, **kwargs)

    driver.wait = timed_wait
    waiting = iter([json.dumps(filing) for filing in filings])
    while lines := list(islice(waiting, 100)):
        with timed("reading"):
            read = [FilingSerializer.read(json.loads(line)) for line in lines]
        with timed("anchoring"):
            validate_quotes([Filing(data, OPERATOR) for data in read])
        with timed("matching"):
            file_many(read, OPERATOR)
    del driver.wait
    spent["matching"] -= spent["anchoring"] + spent["SQL"]
    return spent


def report(articles: int, rounds: int, directory: Path) -> None:
    room = Newsroom(Random(SEED))
    seed(room)
    number = iter(range(sys.maxsize))

    def some(articles: int) -> list[dict]:
        return [room.filing(next(number)) for _ in range(articles)]

    say = sys.stdout.write
    triggers = ledger_triggers()
    if not triggers:
        say("There are no triggers called pgtrigger_ledger…: the ledger is off in every round.\n")
    rate(some(articles), directory)  # makes the names that are met most
    rates = {True: [], False: []}
    for turn in range(rounds):
        for on in (True, False) if turn % 2 else (False, True):
            switch(triggers, on)
            rates[on].append(rate(some(articles), directory))
    switch(triggers, on=True)
    say(f"{rounds} rounds of {articles:,} articles each, file_articles, quotes a second:\n\n")
    say(f"{'ledger':10}{'median':>10}{'least':>10}{'most':>10}\n")
    for on, label in (True, "on"), (False, "off"):
        say(f"{label:10}{median(rates[on]):10,.0f}{min(rates[on]):10,.0f}{max(rates[on]):10,.0f}\n")
    if triggers:
        share = 1 - median(rates[True]) / median(rates[False])
        say(f"\nThe ledger costs {share:.0%} of the rate.\n")
    size = min(articles, 1_000)  # lines of a batch
    beside = {"file_articles": [], "articles/batch/": []}
    for _ in range(rounds):
        beside["file_articles"].append(rate(some(size), directory))
        beside["articles/batch/"].append(batch_rate(some(size)))
    say(f"\n{rounds} rounds of {size:,} articles each, one process, quotes a second:\n\n")
    for label, each in beside.items():
        say(f"{label:16}{median(each):10,.0f}{min(each):10,.0f}{max(each):10,.0f}\n")
    filings = some(size)
    quotes = sum(len(filing["quotes"]) for filing in filings)
    say("\nin one process, microseconds a quote:\n\n")
    spent = stages(filings)
    for stage, seconds in spent.items():
        share = seconds / sum(spent.values())
        say(f"{stage:10}{seconds / quotes * 1e6:10.0f}{share:10.0%}\n")


def whole(least: int):
    def number(value: str) -> int:
        if not value.isdecimal() or int(value) < least:
            raise argparse.ArgumentTypeError(f"{value}: write a whole number, {least} or more")
        return int(value)

    return number


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("--articles", type=whole(1), default=3_000, help="of one turn (default: %(default)s)")
    add("--rounds", type=whole(1), default=3, help="ledger on and off each (default: %(default)s)")
    given = parser.parse_args()

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    with own_database("bench_bulk_filing"), tempfile.TemporaryDirectory() as directory:
        report(given.articles, given.rounds, Path(directory))


if __name__ == "__main__":
    main()
