"""The triggers that write a revision for every changed row."""

import pgtrigger
from django.db import models

from sources.database.triggers import (
    OwnersTriggerSql,
    Refuses,
    RefusesUnlessErasing,
    Trigger,
    columns_of,
)


class Recording:
    """How the ledger records one kind of record; its `triggers` belong in the model's `Meta`.

    All are SQL over `n`, the row after, and `o`, the row before: `verb` of an update, `public`
    (whether readers see it), `time`, and `parts`, what else belongs to the state. Left out of the
    state are generated columns, `derived` ones, `digested` ones, whose digest is a column or a
    part, and `forgotten` ones, whose value is deleted once it has been used.

    `computed` maps derived columns to the SQL that computes them, to verify them.
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
        forgotten: tuple[str, ...] = (),
        computed: dict[str, str] | None = None,
    ):
        self.verb, self.public, self.time = verb, public, time
        self.parts, self.left_out = parts or {}, {*derived, *digested, *forgotten}
        self.computed = computed or {}

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
    """Write a revision for each row that a statement inserted, changed or erased."""

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
        # Later than the revision before, even if the clock was set back.
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
                era, transaction, subject_type, subject_id, version, verb, public, reader_visible,
                state, fields, actor, channel, request, reason, time, salt, hash, reason_hash, link
            )
            SELECT r.era, r.transaction, r.subject_type, r.subject_id, r.version, r.verb, r.public,
                   r.reader_visible, r.state, r.fields, r.actor, r.channel, r.request, r.reason,
                   r.time, r.salt, h.hash, h.reason_hash,
                   sources_link(
                       r.previous, h.hash, h.reason_hash, r.era, r.transaction, r.subject_type,
                       r.subject_id, r.version, r.verb, r.public, r.reader_visible, r.fields,
                       r.actor, r.channel, r.request, r.time
                   )
            FROM (
                SELECT audit.era, pg_current_xact_id() AS transaction,
                       '{model._meta.model_name}' AS subject_type, n.id AS subject_id, n.version,
                       n.verb, n.public, n.public OR {was_public} AS reader_visible, n.state,
                       {fields} AS fields, audit.actor, audit.channel, audit.request, audit.reason,
                       {time} AS time,
                       CASE WHEN n.state IS NOT NULL OR audit.reason IS NOT NULL
                            THEN sources_salt() END AS salt,
                       {link} AS previous
                FROM ({rows}
                ) n {before}
                CROSS JOIN sources_audit_context() audit
                ORDER BY n.id
                OFFSET 0
            ) r CROSS JOIN LATERAL (
                SELECT sources_state_hash(r.salt, r.state) AS hash,
                       sources_state_hash(r.salt, to_jsonb(r.reason)) AS reason_hash
                OFFSET 0
            ) h;
            RETURN NULL;
        """


def first_revisions(model: type[models.Model]) -> str:
    """The statement that writes the first revision of every row, as of when it was created.

    For rows that were written past the triggers.
    """
    (insert,) = (
        trigger
        for trigger in model._meta.triggers
        if isinstance(trigger, Records) and str(trigger.operation) == "INSERT"
    )
    written = insert.get_func(model).replace("statement_timestamp()", "n.created")
    return f"WITH new_rows AS (TABLE {model._meta.db_table}) {written.partition(';')[0]}"
