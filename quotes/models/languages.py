"""The languages that quotes are in."""

from django.db import connection

from sources.history.past_tables import tables_are_of

# A loose index scan: one step per language.
PRESENT = """(
WITH RECURSIVE present (tag) AS (
    (SELECT language FROM {table} WHERE language IS NOT NULL ORDER BY language LIMIT 1)
    UNION ALL
    SELECT (
        SELECT language FROM {table} WHERE language > tag ORDER BY language LIMIT 1
    ) FROM present WHERE tag IS NOT NULL
)
SELECT tag FROM present WHERE tag IS NOT NULL
UNION ALL
SELECT NULL WHERE EXISTS (SELECT FROM {table} WHERE language IS NULL)
)"""

NOW = PRESENT.format(table="quotes_quote")
EVER = " UNION ".join(
    PRESENT.format(table=f"public.{each}") for each in ("quotes_quote", "quotes_pastversion")
)


def languages_present() -> list[str | None]:
    """Language tags of quotes, as written, and None if some have none. One query.

    Inside `tables_as_of`, the tags that quotes have or had at any time.
    """
    with connection.cursor() as cursor:
        cursor.execute(EVER if tables_are_of() else NOW)
        return [tag for (tag,) in cursor.fetchall()]


def speaks(tag: str | None, wanted: list[str]) -> bool:
    """Basic filtering of RFC 4647: `en` matches en, en-GB and en-US."""
    tag = (tag or "").lower()
    return any(f"{tag}-".startswith(f"{each.lower()}-") for each in wanted)
