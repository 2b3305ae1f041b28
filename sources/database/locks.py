"""Advisory locks on names: for records that may not be stored yet, and for erasures."""

from collections.abc import Iterable

from django.db import connection, transaction


def lock_all(names: Iterable[str]) -> None:
    """Lock these names until the transaction ends, in a fixed order, so no two can deadlock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(key) FROM ("
            " SELECT DISTINCT hashtextextended(name, 0) AS key FROM unnest(%s::text[]) name"
            " ORDER BY key) AS keys",
            [list(names)],
        )


def try_to_lock(name: str) -> bool:
    """Lock this name until the transaction ends; False if another transaction has locked it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        return cursor.fetchone()[0]


_ERASED_WORDS = "SELECT pg_{}advisory_xact_lock{}(hashtextextended('erased words', 0))"
_ERASURE = "SELECT pg_advisory_xact_lock(hashtextextended('erasure', 0))"


def share_erased_words() -> None:
    """Let no erasure begin to search before this transaction ends, which reads the erased words.

    Call it first: a transaction that waits here holds no other lock.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ERASED_WORDS.format("", "_shared"))


def try_to_share_erased_words() -> bool:
    """Do that without waiting; False if an erasure is about to begin."""
    with connection.cursor() as cursor:
        cursor.execute(_ERASED_WORDS.format("try_", "_shared"))
        return cursor.fetchone()[0]


def wait_for_sharers_of_erased_words() -> None:
    """Wait until all transactions have ended that share the erased words by now."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = 0")
        cursor.execute(_ERASED_WORDS.format("", ""))


def lock_erasures() -> None:
    """Let one erasure at a time write, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_ERASURE)
