"""Ids and digests."""

import hashlib
from uuid import UUID

from django.db import connection


def new_ids(number: int) -> list[UUID]:
    """Ids for new records that refer to each other; one query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT uuidv7() FROM generate_series(1, %s)", [number])
        return [key for (key,) in cursor.fetchall()]


def digest(text: str) -> str:
    """SHA-256 of the UTF-8 bytes, in lower-case hexadecimal: identifies a snapshot."""
    return hashlib.sha256(text.encode()).hexdigest()


def as_uuid(value: str) -> UUID | None:
    """Parse a UUID of 36 characters with hyphens; None if it is not one."""
    try:
        return UUID(value) if len(value) == 36 else None
    except ValueError:
        return None
