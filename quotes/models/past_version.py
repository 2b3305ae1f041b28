"""Past versions of quotes in the columns that lists read: an index of the ledger by time.

A list as of a time needs the versions that stood then, sorted and filtered. The ledger holds them
as JSON, each found by its quote. `quotes.history.past_tables` reads the other columns there.
"""

import pgtrigger
from django.db import models
from django.db.models import Q

from sources.database.triggers import Trigger
from sources.dates import FirstDay, PartialDateField

HELD = (
    *("article_id", "outlet_id", "speaker_id", "organisation_id", "affiliation_id"),
    *("utterance_id", "translates_id", "role_key"),
    *("attribution_role", "role"),
    *("published", "said", "kind", "status", "language", "translated_from", "anchor", "origin"),
    "created",
)
"""Columns of a quote that a past version has."""

COMPUTED = ("published_day", "said_day")
"""Columns that PostgreSQL computes from these, as for a quote."""

INDEXED = [name for name in HELD if name not in ("attribution_role", "role")]
"""Columns that lists read of many versions; texts would only make the index larger."""


class PastVersion(models.Model):
    """A version of a quote, which stood from `since` until `until`, when the next one began.

    It holds ids, not foreign keys: merges leave the past as it was.
    """

    quote_id = models.UUIDField()
    version = models.PositiveIntegerField()
    since = models.DateTimeField()
    until = models.DateTimeField()
    article_id = models.UUIDField()
    outlet_id = models.UUIDField(null=True)
    speaker_id = models.UUIDField(null=True)
    organisation_id = models.UUIDField(null=True)
    affiliation_id = models.UUIDField(null=True)
    utterance_id = models.UUIDField(null=True)
    translates_id = models.UUIDField(null=True)
    role_key = models.UUIDField(null=True)
    attribution_role = models.CharField(max_length=500, null=True)
    role = models.CharField(max_length=500, null=True)
    published = PartialDateField(null=True)
    published_day = models.GeneratedField(
        expression=FirstDay("published"), output_field=models.DateField(), db_persist=True
    )
    said = PartialDateField(null=True)
    said_day = models.GeneratedField(
        expression=FirstDay("said"), output_field=models.DateField(), db_persist=True
    )
    kind = models.CharField(max_length=8)
    status = models.CharField(max_length=9)
    language = models.CharField(max_length=35, null=True)
    translated_from = models.CharField(max_length=35, null=True)
    anchor = models.CharField(max_length=10)
    origin = models.CharField(max_length=8)
    created = models.DateTimeField()

    class Meta:
        default_permissions = ()
        indexes = [
            # What stood at a time, as an index-only scan
            models.Index(
                fields=["until", "since"],
                include=["quote_id", *INDEXED, "published_day", "said_day"],
                name="past_by_end",
            ),
            models.Index(fields=["language"], name="past_by_language"),
            models.Index(fields=["quote_id", "until"], name="past_of_quote"),
            models.Index(
                fields=["utterance_id", "until"],
                condition=Q(utterance_id__isnull=False),
                name="past_of_utterance",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quote_id}, version {self.version}"


class KeepsPast(Trigger):
    """Keep the version of a quote that a change ends."""

    name = "past_update"
    when = pgtrigger.After
    level = pgtrigger.Statement
    operation = pgtrigger.Update
    referencing = pgtrigger.Referencing(old="old_rows", new="new_rows")
    func = f"""
        INSERT INTO quotes_pastversion (
            quote_id, version, since, until, {", ".join(HELD)}
        )
        SELECT o.id, o.version, o.updated, n.updated, {", ".join(f"o.{name}" for name in HELD)}
        FROM new_rows n JOIN old_rows o ON o.id = n.id
        WHERE n.version > o.version;
        RETURN NULL;
    """  # noqa: S608 (ours)


class ErasesPast(Trigger):
    """Erase the past versions of an erased quote."""

    name = "past_delete"
    when = pgtrigger.After
    level = pgtrigger.Statement
    operation = pgtrigger.Delete
    referencing = pgtrigger.Referencing(old="old_rows")
    func = """
        DELETE FROM quotes_pastversion WHERE quote_id IN (SELECT id FROM old_rows);
        RETURN NULL;
    """
