"""The roles of all records, to find records by the words of a role.

Few roles have the words that somebody asks for, and many records have the same role. So the roles
are looked up first, and the records by these: PostgreSQL knows how many have each. Triggers add the
roles of new and changed records. Nothing deletes one but an erasure: lists of the past ask for
roles that no record has any more.

Two writers that add the same role store it twice, which is harmless: neither waits for the other.
A writer locks a role that is there already, as a foreign key would, so that no erasure deletes it
before the writer has ended. A role that it could not see, and so not lock, it adds again.
"""

import pgtrigger
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F

from sources.database.triggers import OwnersTriggerSql, Trigger
from sources.models.functions import Bare, HasWords, Words


class RoleQuerySet(models.QuerySet):
    def with_words(self, words: str):
        """Roles with all of these words, in any order."""
        return self.filter(HasWords("role_words", words))


class Role(models.Model):
    """A role as some record has it, and its `sources_role_key`: a role can be too long to index."""

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField()
    role = models.TextField()
    role_words = models.GeneratedField(
        expression=Words(Bare("role")), output_field=SearchVectorField(), db_persist=True
    )

    objects = RoleQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(fields=["key"], name="role_by_key"),
            GinIndex(F("role_words"), name="role_by_words"),
        ]

    def __str__(self) -> str:
        return self.role


IS_KNOWN = """(
    SELECT bool_and(
        r.key = sources_role_key(r.role) AND r.role_words = sources_words(sources_bare(r.role))
    ) FROM sources_role r WHERE r.key = {key}
) IS TRUE"""
"""Whether a role is found by its words."""

# One statement: only a role that it has locked counts as known.
LEARN = """
    WITH told AS MATERIALIZED (
        SELECT sources_role_key(role) AS key, role
        FROM (SELECT DISTINCT {shown} AS role FROM {rows}) every WHERE role IS NOT NULL
    ), known AS MATERIALIZED (
        SELECT key FROM sources_role WHERE key IN (SELECT key FROM told)
        ORDER BY key, id FOR KEY SHARE
    )
    INSERT INTO sources_role (key, role)
        SELECT key, role FROM told WHERE key NOT IN (SELECT key FROM known);
    RETURN NULL;
"""


class KeepsRoles(Trigger):
    """Add the roles of rows that a statement wrote; `shown` is the SQL of the role of a `{row}`."""

    sql_class = OwnersTriggerSql
    when = pgtrigger.After
    level = pgtrigger.Statement

    def __init__(self, operation: pgtrigger.Operation, shown: str = "{row}.role"):
        name = str(operation).lower()
        new, old = shown.format(row="n"), shown.format(row="o")
        rows, tables = {
            "insert": ("new_rows n", {"new": "new_rows"}),
            "update": (
                f"new_rows n JOIN old_rows o ON o.id = n.id AND {new} IS DISTINCT FROM {old}",
                {"old": "old_rows", "new": "new_rows"},
            ),
        }[name]
        super().__init__(
            name=f"roles_{name}",
            operation=operation,
            referencing=pgtrigger.Referencing(**tables),
            func=LEARN.format(rows=rows, shown=new),
        )
