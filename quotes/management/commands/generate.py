"""`manage.py generate --quotes N [--seed S] [--until DAY] [--history]`"""

import argparse
from datetime import date

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from quotes.management.synthetic.archive import LAST_DAY, CannotGenerate, generate

MAX_QUOTES = 100_000_000


class Command(BaseCommand):
    help = (
        "Fill an empty database with a synthetic archive, for benchmarks. A few speakers, outlets "
        "and words are common and most are rare; news comes in bursts; some dates are partial; "
        "texts are in four languages; many outlets print one statement in many wordings. The "
        "same number, seed and last day make the same rows. A database that holds records is "
        "refused. Everything is written in one transaction, so after Ctrl-C you can run it again. "
        "Needs a superuser of the database, because triggers are off: the records have no history, "
        "unless a first revision is asked for."
    )

    def add_arguments(self, parser):
        add = parser.add_argument
        add("--quotes", type=a_number(1, MAX_QUOTES), required=True, metavar="N", help="how many")
        add("--seed", type=a_number(0, 2**63), default=1, help="default: %(default)s")
        add(
            "--until",
            type=a_day,
            default=LAST_DAY,
            metavar="YYYY-MM-DD",
            help="the last day of the archive, which goes back ten years (default: %(default)s)",
        )
        add("--history", action="store_true", help="write the first revision of each record, too")

    def handle(self, *, quotes: int, seed: int, until: date, history: bool, **options):
        shown = bool(options["verbosity"])
        try:
            done = generate(
                quotes, seed=seed, until=until, silent=None if shown else True, history=history
            )
        except CannotGenerate as refusal:
            raise CommandError(str(refusal)) from refusal
        except KeyboardInterrupt:
            raise CommandError(
                "Stopped: nothing was written. You can run it again.", returncode=130
            ) from None
        if not connection.in_atomic_block:
            with connection.cursor() as cursor:
                cursor.execute("VACUUM")  # index-only scans need it
        if shown:
            for table, rows in done.rows.items():
                name = table.partition("_")[2]
                self.stdout.write(f"{rows:>12,} in {name}")
            self.stdout.write(
                f"Rows: {done.writing:.1f} s, {quotes / done.writing:,.0f} quotes a second. "
                f"Then their indexes and statistics: {done.indexing:.1f} s."
            )


def a_number(least: int, most: int):
    def number(value: str) -> int:
        if not (value.isascii() and value.isdigit() and least <= int(value) <= most):
            raise argparse.ArgumentTypeError(f"a number from {least} to {most:,}, not {value!r}")
        return int(value)

    return number


def a_day(value: str) -> date:
    try:
        day = date.fromisoformat(value)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"a day as YYYY-MM-DD, not {value!r}") from error
    if not 1990 <= day.year <= 2200:
        raise argparse.ArgumentTypeError(f"a day from 1990 to 2200, not {value!r}")
    return day
