"""The generated archive that benches measure in, in a database of its own, and their options.

One that is kept is used again by every bench that asks for as many quotes.
"""

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager

BUFFERS = "8GB"  # holds an archive of 2,000,000 quotes; the embedded server has 256 MB otherwise


def command_line(doc: str, *, rounds: int) -> argparse.ArgumentParser:
    """The options that benches of an archive share; `doc` is the docstring of the bench."""
    parser = argparse.ArgumentParser(description=doc.partition("\n")[0])
    add = parser.add_argument
    add("--quotes", type=int, default=2_000_000, help="in the archive (default: %(default)s)")
    add("--rounds", type=int, default=rounds, help="of each request (default: %(default)s)")
    add("--keep", action="store_true", help="keep the database, or use the one that was kept")
    return parser


def set_up() -> None:
    """Set Django up for requests in this process, without a rate limit."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.environ["ALLOWED_HOSTS"] = "testserver,localhost"
    os.environ["ONRECORD_THROTTLE_TOKEN"] = "1000000/s"
    import django

    django.setup()


@contextmanager
def an_archive(quotes: int, *, keep: bool) -> Iterator[None]:
    """Point Django's connection at an archive of this many quotes that ends today."""
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from quotes.models import Quote

    os.environ.setdefault("ONRECORD_EMBEDDED_BUFFERS", BUFFERS)  # unless the server runs already
    with own_database(f"bench_archive_{quotes}", keep=keep):
        if not Quote.objects.exists():
            call_command("generate", quotes=quotes, until=timezone.now().date())
        if connection.is_embedded:
            read_in(connection)
        yield


@contextmanager
def own_database(name: str, *, keep: bool = False) -> Iterator[None]:
    """Point Django's connection at a database of this name; drop it in the end, unless kept."""
    from django.db import connection

    connection.settings_dict["TEST"]["NAME"] = name
    usual = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=not keep, keepdb=keep)
    try:
        yield
    finally:
        if not keep:
            connection.creation.destroy_test_db(usual, verbosity=0)


READ_IN = """
SELECT pg_prewarm(oid) FROM pg_class
WHERE relnamespace = current_schema::regnamespace AND relkind IN ('r', 'i')
  AND relname <> 'sources_snapshot'
ORDER BY relpages
"""


def read_in(connection) -> None:
    """Read all but the texts of articles into memory, as far as the server has it.

    What is measured is a server that has been running, not the disk.
    """
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_prewarm")
        cursor.execute(READ_IN)
