"""The role that a quote shows by itself, and how to forget roles.

It is the printed role, else the filed one. An affiliation has a role of its own, in place of the
filed one.
"""

from collections.abc import Collection

from django.db import connection

SHOWN_ROLE = (
    "coalesce(nullif({row}.attribution_role, ''),"
    " CASE WHEN {row}.affiliation_id IS NULL THEN nullif({row}.role, '') END)"
)
"""NULL if there is none."""

ROLE_KEY = f"sources_role_key({SHOWN_ROLE})"

HOLD = """
    SELECT id FROM sources_role
    WHERE key IN (SELECT sources_role_key(role) FROM unnest(%s::text[]) role)
    ORDER BY key, id FOR UPDATE
"""

FORGET = """
    DELETE FROM sources_role r WHERE id = ANY (%s)
        AND NOT EXISTS (SELECT FROM quotes_quote WHERE role_key = r.key)
        AND NOT EXISTS (SELECT FROM quotes_pastversion WHERE role_key = r.key)
        AND NOT EXISTS (SELECT FROM sources_affiliation WHERE role = r.role)
"""


def forget_roles(roles: Collection[str]) -> None:
    """Delete those of these roles that no quote, past version or affiliation has any more.

    Two statements: the second sees what those wrote that the first has waited for. It deletes only
    what the first has locked: somebody may use by now what was added since.
    """
    with connection.cursor() as cursor:
        cursor.execute(HOLD, [[*roles]])
        cursor.execute(FORGET, [[key for (key,) in cursor.fetchall()]])
