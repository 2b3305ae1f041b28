"""Revisions: one append-only row for each change to each record.

Triggers write them after each statement, for all its rows at once: the ORM, bulk loads, COPY and
psql all leave revisions. The audit context comes from settings of the transaction (`actor`);
without one the channel is `sql` and the actor the database role.

A revision holds the record's new state, 32 random bytes of salt, and three digests.

- `hash`: SHA-256 of the salt and the state, as PostgreSQL writes jsonb (`sources_state_hash`).
- `reason_hash`: the same of the reason.
- `link`: SHA-256 of the previous revision's link, both hashes and all other columns
  (`sources_link`).

Erasure destroys state, salt and reason but keeps the hashes, so that the chain still verifies.
"""

from collections.abc import Iterable

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.fields.json import KT

from sources.database.triggers import Refuses, Trigger


class TransactionField(models.Field):
    """PostgreSQL's xid8: a transaction id, never reused within a cluster."""

    def db_type(self, connection) -> str:
        return "xid8"

    def from_db_value(self, value, expression, connection) -> int | None:
        return None if value is None else int(value)

    def get_prep_value(self, value) -> str | None:
        return None if value is None else str(value)


class Era(models.Model):
    """A part of the ledger in which transaction ids increase: the life of one database cluster.

    After a restore into another cluster, `manage.py begin_era` begins a new one.
    """

    id = models.PositiveSmallIntegerField(primary_key=True)
    cluster = models.CharField(max_length=40)
    began = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.id)


def in_same_transactions(revisions: Iterable["Revision"]) -> models.Q:
    """Condition: revisions of the same transactions as these."""
    made = models.Q(pk__in=())
    for revision in revisions:
        made |= models.Q(era=revision.era, transaction=revision.transaction)
    return made


DECIDES = models.Q(verb="published") | models.Q(verb="rejected")
"""The revision publishes or rejects what was waiting."""


REMARKS = models.Q(verb="corrected") | models.Q(verb="disputed") | models.Q(verb="retracted")
"""The revision says something of a public record to its readers."""


class RevisionQuerySet(models.QuerySet):
    def of(self, record: models.Model):
        """Revisions of one record, by version."""
        return self.filter(subject_id=record.pk).order_by("version")

    def decisions(self):
        """Revisions that published or rejected what was waiting, for the index of these."""
        return self.filter(DECIDES)

    def remarks(self):
        """Revisions that corrected, disputed or retracted something, for the index of these."""
        return self.filter(REMARKS)

    def tombstone(self, model: type[models.Model], pk):
        """The `erased` revision of a record of this kind; None if it was not erased."""
        erased = self.filter(subject_type=model._meta.model_name, verb=Revision.Verb.ERASED)
        return erased.filter(subject_id=pk).first()


class Revision(models.Model):
    """One change to one record: its new state, who changed it, when and why.

    `fields` names the columns that changed; it is empty for a new record. `public` says whether
    readers see the record after the change, `reader_visible` whether after or before, so whether
    the change is in a reader's feed. `time` is the statement's for a new record, else `updated`.
    """

    class Verb(models.TextChoices):
        CREATED = "created"
        UPDATED = "updated"
        PUBLISHED = "published"
        REJECTED = "rejected"
        WITHDRAWN = "withdrawn"
        REOPENED = "reopened"
        DISPUTED = "disputed"
        SETTLED = "settled"
        CORRECTED = "corrected"
        RETRACTED = "retracted"
        MERGED = "merged"
        UNMERGED = "unmerged"
        REDACTED = "redacted"
        ERASED = "erased"

    id = models.BigAutoField(primary_key=True)
    era = models.PositiveSmallIntegerField()
    transaction = TransactionField()
    subject_type = models.CharField(max_length=20)
    subject_id = models.UUIDField()
    version = models.PositiveIntegerField()
    verb = models.CharField(max_length=12, choices=Verb)
    public = models.BooleanField()
    reader_visible = models.BooleanField()
    state = models.JSONField(null=True)
    fields = ArrayField(models.CharField(max_length=63))
    actor = models.TextField(null=True)
    channel = models.TextField()
    request = models.TextField(null=True)
    reason = models.TextField(null=True)
    time = models.DateTimeField()
    salt = models.BinaryField(null=True)
    hash = models.BinaryField(null=True)
    reason_hash = models.BinaryField(null=True)
    link = models.BinaryField()

    objects = RevisionQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject_id", "version"], name="revision_once_per_version"
            ),
        ]
        indexes = [
            models.Index(fields=["era", "transaction", "id"], name="revision_by_transaction"),
            models.Index(  # what a user did in the admin lately
                fields=["actor", "time", "id"],
                condition=models.Q(channel="admin"),
                name="revision_in_admin",
            ),
            models.Index(fields=["time"], condition=DECIDES, name="revision_decisions"),
            BrinIndex(fields=["time"], name="revision_by_time"),  # where a replay begins
            models.Index(fields=["time"], condition=REMARKS, name="revision_remarks"),  # feeds
            models.Index(  # what was merged into a record as of a time
                KT("state__merged_into_id"),
                condition=models.Q(verb="merged"),
                name="revision_merged_into",
            ),
        ]
        triggers = [
            Trigger(
                name="no_change",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                    IF sources_erasing()
                       AND (to_jsonb(NEW) - ARRAY['state', 'salt', 'reason'])
                           = (to_jsonb(OLD) - ARRAY['state', 'salt', 'reason'])
                       AND NEW.state IS NULL AND NEW.salt IS NULL AND NEW.reason IS NULL
                       AND EXISTS (
                           SELECT FROM sources_revision
                           WHERE subject_id = OLD.subject_id AND verb = 'erased'
                       ) THEN
                        RETURN NEW;
                    END IF;
                    RAISE EXCEPTION 'The ledger is never changed: % is refused.', TG_OP
                        USING ERRCODE = 'restrict_violation';
                """,
            ),
            Refuses(name="no_delete", operation=pgtrigger.Delete),
            Refuses(name="no_truncate", operation=pgtrigger.Truncate, level=pgtrigger.Statement),
        ]

    def __str__(self) -> str:
        return f"{self.subject_type} {self.subject_id}, version {self.version}: {self.verb}"
