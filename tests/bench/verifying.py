"""Time `manage.py verify --all` of a large archive: `uv run python tests/bench/verifying.py`

Creates a database in the embedded server, generates an archive with the first revision of each
record, and changes some of its quotes. Verifies it with each number of connections, and prints
seconds, revisions a second, how long 10,000,000 of them would take, and the growth of this
process's memory. Fails if anything does not hold. `--keep` keeps the database for the next run.
"""

import os
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.archives import command_line, own_database

TEN_MILLION = 10_000_000
MB = 1024  # of the kilobytes in which the kernel counts


def fill(quotes: int, changed: int) -> None:
    """An archive with a history of every record; so many of its quotes have a second version."""
    from django.db import connection, transaction

    from quotes.management.synthetic.archive import generate
    from sources.history.verification import recorded_models
    from sources.ledger.recording import first_revisions
    from sources.models import Snapshot
    from tests.bench.as_of import change

    generate(quotes)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for model in recorded_models():
            # The archive has later versions whose histories it has not.
            cursor.execute(f"UPDATE {model._meta.db_table} SET version = 1 WHERE version > 1")
            first = first_revisions(model)
            cursor.execute(first.replace("n.created", "n.captured") if model is Snapshot else first)
        cursor.execute("SET LOCAL session_replication_role = origin")
    change(changed)


def memory() -> float:
    """The most resident memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MB


def report(jobs: list[int], write) -> None:
    """Print a line for each number of connections. Raises CommandError if something is wrong."""
    from django.core.management import call_command

    from sources.models import Revision

    revisions = Revision.objects.count()
    write(f"{revisions:,} revisions\n")
    write(f"{'connections':>12}{'seconds':>10}{'a second':>12}{'10 M, min':>12}{'MB more':>10}\n")
    for number in jobs:
        before, began = memory(), time.perf_counter()
        call_command("verify", all=True, jobs=number, verbosity=0)
        spent = time.perf_counter() - began
        rate = revisions / spent
        minutes = TEN_MILLION / rate / 60
        write(
            f"{number:>12}{spent:>10.1f}{rate:>12,.0f}{minutes:>12.1f}{memory() - before:>10.0f}\n"
        )


def main() -> None:
    parser = command_line(__doc__, rounds=1)
    parser.set_defaults(quotes=200_000)
    parser.add_argument("--changed", type=int, default=20_000, help="(default: %(default)s)")
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2], help="(default: 1 2)")
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    from django.db import connection

    from quotes.models import Quote

    with own_database(f"bench_verifying_{options.quotes}", keep=options.keep):
        if not Quote.objects.exists():
            fill(options.quotes, options.changed)
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")
        for _ in range(options.rounds):
            report(options.jobs, sys.stdout.write)


if __name__ == "__main__":
    main()
