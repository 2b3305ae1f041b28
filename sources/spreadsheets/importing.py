"""Imports: every row is checked in a dry run and shown, then written as a job in batches.

A line is a dict that says what happens to a row:

- `row`: its number in the spreadsheet.
- `outcome`: `made`, `changed`, `unchanged` or `refused`.
- `id` and `what`: the record.
- `changes`: `[[column, before, after], …]`.
- `faults`: `[{"column", "why"}, …]`.
- `note`: anything else.

A batch is written whole or not at all, unless rows with errors are to be skipped. Files of up to
`INLINE_ROWS` are one batch, done in the request. A worker checks larger files first, and stops at
the batch in which a record has changed since.
"""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

from django.db import connection, models, transaction

from sources.jobs.models import Job, JobKind, Outcome, Part, draft_of_rows, register_job_kind
from sources.ledger.actor import with_reason
from sources.spreadsheets.files import SheetRow
from sources.spreadsheets.tables import (
    AffiliationTable,
    FactTable,
    OrganisationTable,
    OutletTable,
    RecordTable,
    SpeakerTable,
)

INLINE_ROWS = 500
BATCH_ROWS = 100
MAX_REPORTED_CHARS = 300  # of a cell, in the report of a job

HINT = (
    "Tip: export, edit the file, and import it here. A row with an id changes that record; a row "
    "without one adds a record. If a record's version has changed since the export, its row is "
    "rejected. Missing columns and unedited cells change nothing."
)

REST = "Other rows in this batch have errors, so none of it was saved."


@dataclass(frozen=True)
class ImportKind:
    """One kind of file: its columns, who may import it, and how its rows are saved.

    `take` saves numbered rows for a user, inside a transaction, and returns their lines. `group`
    puts rows together that must be in one batch. `undo` is as in `JobKind`.
    """

    name: str
    model: type[models.Model]
    columns: Collection[str]
    permissions: tuple[str, ...]
    take: Callable[[list, object], list[dict]]
    group: Callable[[list[SheetRow]], list[list[SheetRow]]]
    inline_rows: int = INLINE_ROWS
    hint: str = HINT
    undo: str = ""

    def may(self, user) -> bool:
        return user.has_perms(self.permissions)


IMPORT_KINDS: dict[str, ImportKind] = {}


def register_import(kind: ImportKind) -> None:
    meta = kind.model._meta
    register_job_kind(
        JobKind(
            name=kind.name,
            permission=kind.permissions[0],
            title=partial(_title, meta.verbose_name_plural),
            do=_do,
            about=meta.label_lower,
            done="imported",
            undo=kind.undo,
            inline_rows=kind.inline_rows,
            confirm=f"admin:{meta.app_label}_{meta.model_name}_import",
        )
    )
    IMPORT_KINDS[kind.name] = kind


def _title(records: str, job: Job) -> str:
    verb = "Check" if job.is_dry_run else "Import"
    return f"{verb} {job.total:,} row{'' if job.total == 1 else 's'} of {records}"


def create_import(kind: ImportKind, user, rows: list[SheetRow]) -> Job:
    """A draft job that holds the rows until they are imported, for at most a day."""
    batches, batch = [], []
    size = len(rows) if len(rows) <= kind.inline_rows else BATCH_ROWS
    for group in kind.group(rows):
        if batch and len(batch) + len(group) > size:
            batches.append(batch)
            batch = []
        batch += [[row.number, dict(row)] for row in group]
    return draft_of_rows(kind.name, user, [*batches, batch], total=len(rows), dry_run=True)


def cells_of(job: Job, rows: list[int]) -> dict[int, list[tuple[str, str]]]:
    """What the file has in these rows, by number: the filled cells, cut; one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT r -> 0, r -> 1 FROM {Part._meta.db_table}, jsonb_array_elements(rows) r"  # noqa: S608 (ours)
            " WHERE job_id = %s AND (r ->> 0)::int = ANY(%s)",
            [job.pk, rows],
        )
        found = cursor.fetchall()
    columns = IMPORT_KINDS[job.work].columns
    rows = {json.loads(number): json.loads(row) for number, row in found}
    return {
        number: [(name, _cut(row[name])) for name in columns if row.get(name)]
        for number, row in rows.items()
    }


def dry_run(job: Job) -> list[dict]:
    """The lines of every row; nothing is changed."""
    with transaction.atomic():
        rows = [row for part in job.parts.all() for row in part.rows]
        lines = IMPORT_KINDS[job.work].take(rows, job.asked_by)
        transaction.set_rollback(True)
    return lines


def _do(job: Job, rows: list) -> Outcome:
    with transaction.atomic(), with_reason(job.given.get("reason")):
        lines = IMPORT_KINDS[job.work].take(rows, job.asked_by)
        has_errors = any(line["outcome"] == "refused" for line in lines)
        stops = has_errors and not job.is_dry_run and not job.given.get("skip_faulty")
        if job.is_dry_run or stops:
            transaction.set_rollback(True)
    outcome = Outcome()
    for line in lines:
        if stops and line["outcome"] != "refused":
            rest = {"row": line["row"], "outcome": "refused"}
            line = {**rest, "faults": [{"column": "", "why": REST}]}
        _report(outcome, line, dry_run=job.is_dry_run)
    if stops:
        outcome.stop = "Some rows have errors, and rows with errors were not to be skipped."
    return outcome


def _report(outcome: Outcome, line: dict, *, dry_run: bool) -> None:
    where = {"row": line["row"]}
    match line["outcome"]:
        case "refused":
            outcome.refused += 1
            said = {"record": _cut(line["what"])} if line.get("what") else {}
            for fault in line["faults"]:
                outcome.told.append({**where, **said, "outcome": "refused", **fault})
        case "unchanged":
            outcome.unchanged += 1
        case done:
            outcome.changed += 1
            if not dry_run:  # a dry run leaves no record to link to
                where |= {name: line[name] for name in ("id", "about") if name in line}
            changes = "; ".join(
                f"{name}: {_cut(before)} → {_cut(after)}" if before else f"{name}: {_cut(after)}"
                for name, before, after in line.get("changes", ())
            )
            why = "; ".join(filter(None, [changes, line.get("note")]))
            outcome.told.append({**where, "outcome": done, "why": why})


def _cut(cell: str) -> str:
    return cell if len(cell) <= MAX_REPORTED_CHARS else f"{cell[: MAX_REPORTED_CHARS - 1]}…"


# Records


def take_records(table: type[RecordTable], rows: list, user) -> list[dict]:
    return [table().take(number, row) for number, row in rows]


for table in (OutletTable, OrganisationTable, SpeakerTable, AffiliationTable, FactTable):
    name = table.model._meta.model_name
    register_import(
        ImportKind(
            name=f"import {name}s",
            model=table.model,
            columns=tuple(table.columns),
            permissions=(f"sources.change_{name}", f"sources.add_{name}"),
            take=partial(take_records, table),
            group=lambda rows: [[row] for row in rows],
        )
    )
