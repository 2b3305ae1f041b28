"""The generated archive that benches measure in, in a database of its own.

One that is kept is used again by every bench that asks for as many quotes.
"""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def an_archive(quotes: int, *, keep: bool) -> Iterator[None]:
    """Have Django's connection lead to an archive of so many quotes, the last of today's."""
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from quotes.models import Quote

    connection.settings_dict["TEST"]["NAME"] = f"bench_archive_{quotes}"
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=not keep, keepdb=keep)
    try:
        if not Quote.objects.exists():
            call_command("generate", quotes=quotes, until=timezone.now().date())
        yield
    finally:
        if not keep:
            connection.creation.destroy_test_db(name, verbosity=0)
