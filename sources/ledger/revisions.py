"""The ledger: every change to every record, whatever road it came by, as one append-only row.

Triggers of the database write it, after each statement, for all its rows at once; so the ORM, bulk
loads, the admin, COPY and psql all leave their revisions. Who did it, by which road and why is told
to the database at the start of each transaction (`actor`); what nobody announced is recorded
as road `sql` under the name of the database role.

Each revision holds the record's state after it, 32 random bytes of salt, and

- `hash`: SHA-256 of the salt and the state, as PostgreSQL writes jsonb (`sources_state_hash`);
- `reason_hash`: likewise of the reason;
- `link`: SHA-256 of the former revision's link, of both hashes and of all else that the revision
  says (`sources_link`).

Erasure destroys state, salt and reason and leaves the hashes, so that the chain still holds.
"""

from collections.abc import Iterable

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models

from sources.database.triggers import (
    Refuses,
    Trigger,
)

# What is recorded


class TransactionField(models.Field):
    """PostgreSQL's xid8: the id of a transaction, which never comes again in one cluster."""

    def db_type(self, connection) -> str:
        return "xid8"

    def from_db_value(self, value, expression, connection) -> int | None:
        return None if value is None else int(value)

    def get_prep_value(self, value) -> str | None:
        return None if value is None else str(value)


class Era(models.Model):
    """A stretch of the ledger in which transaction ids count up: the life of one database cluster.

    A dump that is restored into another cluster begins a new one, by `manage.py begin_era`.
    """

    id = models.PositiveSmallIntegerField(primary_key=True)
    cluster = models.CharField(max_length=40)
    began = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.id)


def made_with(revisions: Iterable["Revision"]) -> models.Q:
    """Which revisions were made in the same transactions as these."""
    made = models.Q(pk__in=())
    for revision in revisions:
        made |= models.Q(era=revision.era, transaction=revision.transaction)
    return made


class RevisionQuerySet(models.QuerySet):
    def of(self, record: models.Model):
        """The history of one record, in order."""
        return self.filter(subject_id=record.pk).order_by("version")

    def tombstone(self, model: type[models.Model], pk):
        """The last revision of an erased record of this kind; None if none was erased."""
        erased = self.filter(subject_type=model._meta.model_name, verb=Revision.Verb.ERASED)
        return erased.filter(subject_id=pk).first()


class Revision(models.Model):
    """One recorded change to one record: what it is since, who changed it, when and why.

    `fields` names the columns that changed; none, when the record was made. `public` says whether
    readers could see the record afterwards, `announced` whether afterwards or before: it is what a
    reader's feed may tell of. `time` is the statement's for a new record, the record's `updated`
    for a change.
    """

    class Verb(models.TextChoices):
        CREATED = "created"
        UPDATED = "updated"
        PUBLISHED = "published"
        REJECTED = "rejected"
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
