"""The languages that quotes are in."""

from django.db import connection

# A loose index scan: one step per language.
PRESENT = """
WITH RECURSIVE present (tag) AS (
    (SELECT language FROM quotes_quote WHERE language IS NOT NULL ORDER BY language LIMIT 1)
    UNION ALL
    SELECT (
        SELECT language FROM quotes_quote WHERE language > tag ORDER BY language LIMIT 1
    ) FROM present WHERE tag IS NOT NULL
)
SELECT tag FROM present WHERE tag IS NOT NULL
UNION ALL
SELECT NULL WHERE EXISTS (SELECT FROM quotes_quote WHERE language IS NULL)
"""


def languages_present() -> list[str | None]:
    """Language tags of quotes, as written, and None if some have none. One query."""
    with connection.cursor() as cursor:
        cursor.execute(PRESENT)
        return [tag for (tag,) in cursor.fetchall()]


def speaks(tag: str | None, wanted: list[str]) -> bool:
    """Basic filtering of RFC 4647: `en` matches en, en-GB and en-US."""
    tag = (tag or "").lower()
    return any(f"{tag}-".startswith(f"{each.lower()}-") for each in wanted)
