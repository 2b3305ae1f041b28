"""The ledger: every change to every record, whatever road it came by, as one append-only row.

Triggers of the database write it, after each statement, for all its rows at once; so the ORM, bulk
loads, the admin, COPY and psql all leave their revisions. Who did it, by which road and why is told
to the database at the start of each transaction (`sources.acts`); what nobody announced is recorded
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

from sources.triggers import OwnersTriggerSql, Refuses, RefusesUnlessErasing, Trigger, columns_of

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
    announced = models.BooleanField()
    state = models.JSONField(null=True)
    fields = ArrayField(models.CharField(max_length=63))
    actor = models.TextField(null=True)
    road = models.TextField()
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


class Recording:
    """How the changes of one kind of record are recorded; `triggers` are to stand in its `Meta`.

    `verb` is an SQL expression over `o` and `n`, the row before and after: what kind of change an
    update is. `public`, over `n`, says whether readers see it. `parts` adds to the state what other
    tables hold of the record, an SQL expression over `n` each. `derived` columns follow from others
    and are left out, as are generated ones; so are `digested` ones, whose digest is a column.
    """

    def __init__(
        self,
        *,
        verb: str = "'updated'",
        public: str = "true",
        time: str = "n.updated",
        parts: dict[str, str] | None = None,
        derived: tuple[str, ...] = (),
        digested: tuple[str, ...] = (),
    ):
        self.verb, self.public, self.time = verb, public, time
        self.parts, self.left_out = parts or {}, {*derived, *digested}

    @property
    def triggers(self) -> list[pgtrigger.Trigger]:
        return [
            Records(self, pgtrigger.Insert, "new"),
            Records(self, pgtrigger.Update, "both"),
            Records(self, pgtrigger.Delete, "old"),
            RefusesUnlessErasing(name="no_delete", operation=pgtrigger.Delete),
            Refuses(name="no_truncate", operation=pgtrigger.Truncate, level=pgtrigger.Statement),
        ]

    def columns(self, model: type[models.Model]) -> list[str]:
        """The columns that a state holds, in their order."""
        return [column for column in columns_of(model) if column not in self.left_out]

    def state(self, model: type[models.Model], row: str = "n") -> str:
        """The SQL expression of a row's state, as jsonb."""
        values = {column: f'{row}."{column}"' for column in self.columns(model)}
        values |= {name: sql.replace("n.", f"{row}.") for name, sql in self.parts.items()}
        return f"jsonb_build_object({', '.join(f"'{k}', {v}" for k, v in values.items())})"


def recording_of(model: type[models.Model]) -> Recording:
    """How the changes of this kind of record are recorded; raises LookupError if they are not."""
    for trigger in getattr(model._meta, "triggers", ()):
        if isinstance(trigger, Records):
            return trigger.recording
    raise LookupError(f"Changes of {model._meta.verbose_name_plural} are not recorded.")


class Records(Trigger):
    """Write a revision for each row that a statement made, changed or erased."""

    sql_class = OwnersTriggerSql
    when = pgtrigger.After
    level = pgtrigger.Statement

    def __init__(self, recording: Recording, operation: pgtrigger.Operation, rows: str):
        self.recording = recording
        tables = {
            "old": {"old": "old_rows"} if rows != "new" else {},
            "new": {"new": "new_rows"} if rows != "old" else {},
        }
        super().__init__(
            name=f"ledger_{str(operation).lower()}",
            operation=operation,
            referencing=pgtrigger.Referencing(**tables["old"], **tables["new"]),
        )

    def get_func(self, model: type[models.Model]) -> str:
        of, state = self.recording, self.recording.state(model)
        changed = """
            ARRAY(
                SELECT e.key FROM jsonb_each(n.state) e
                WHERE e.key NOT IN ('version', 'updated')
                  AND e.value IS DISTINCT FROM p.state -> e.key
                ORDER BY e.key
            )"""
        # Later than the one before, even where the clock was set back.
        time = "greatest(n.time, p.time + interval '1 microsecond')"
        before = """
            LEFT JOIN sources_revision p
                ON p.subject_id = n.id AND p.version = n.version - 1"""
        match str(self.operation):
            case "INSERT":
                rows = f"""
                    SELECT n.id, n.version, 'created' AS verb, {of.public} AS public,
                           statement_timestamp() AS time, {state} AS state
                    FROM new_rows n"""
                fields, link, was_public, before = "ARRAY[]::text[]", "NULL::bytea", "false", ""
                time = "n.time"
            case "UPDATE":
                rows = f"""
                    SELECT n.id, n.version, {of.verb} AS verb, {of.public} AS public,
                           {of.time} AS time, {state} AS state
                    FROM new_rows n JOIN old_rows o ON o.id = n.id
                    WHERE n.version > o.version"""
                fields, link, was_public = changed, "p.link", "coalesce(p.public, true)"
            case "DELETE":
                rows = """
                    SELECT n.id, n.version + 1 AS version, 'erased' AS verb, false AS public,
                           clock_timestamp() AS time, NULL::jsonb AS state
                    FROM old_rows n"""
                fields, link, was_public = "ARRAY[]::text[]", "p.link", "coalesce(p.public, true)"
        return f"""
            INSERT INTO sources_revision (
                era, transaction, subject_type, subject_id, version, verb, public, announced, state,
                fields, actor, road, request, reason, time, salt, hash, reason_hash, link
            )
            SELECT r.era, r.transaction, r.subject_type, r.subject_id, r.version, r.verb, r.public,
                   r.announced, r.state, r.fields, r.actor, r.road, r.request, r.reason, r.time,
                   r.salt, h.hash, h.reason_hash,
                   sources_link(
                       r.previous, h.hash, h.reason_hash, r.era, r.transaction, r.subject_type,
                       r.subject_id, r.version, r.verb, r.public, r.announced, r.fields, r.actor,
                       r.road, r.request, r.time
                   )
            FROM (
                SELECT act.era, pg_current_xact_id() AS transaction,
                       '{model._meta.model_name}' AS subject_type, n.id AS subject_id, n.version,
                       n.verb, n.public, n.public OR {was_public} AS announced, n.state,
                       {fields} AS fields, act.actor, act.road, act.request, act.reason,
                       {time} AS time,
                       CASE WHEN n.state IS NOT NULL OR act.reason IS NOT NULL
                            THEN sources_salt() END AS salt,
                       {link} AS previous
                FROM ({rows}
                ) n {before}
                CROSS JOIN sources_act() act
                ORDER BY n.id
                OFFSET 0
            ) r CROSS JOIN LATERAL (
                SELECT sources_state_hash(r.salt, r.state) AS hash,
                       sources_state_hash(r.salt, to_jsonb(r.reason)) AS reason_hash
                OFFSET 0
            ) h;
            RETURN NULL;
        """
