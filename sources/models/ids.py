"""Ids and digests."""

import hashlib
from uuid import UUID

from django.db import connection


def new_ids(number: int) -> list[UUID]:
    """Ids for records that have to know each other before either is stored; one query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT uuidv7() FROM generate_series(1, %s)", [number])
        return [key for (key,) in cursor.fetchall()]


def digest(text: str) -> str:
    """What identifies a snapshot: SHA-256 of its UTF-8 bytes, in lower-case hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def as_uuid(value: str) -> UUID | None:
    """The id that a value spells, if it spells one: 36 characters with hyphens."""
    try:
        return UUID(value) if len(value) == 36 else None
    except ValueError:
        return None
