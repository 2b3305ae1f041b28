"""Rows of a file taken in: first on trial, shown line by line, then for good.

A line says what became of a row: `row`, its number in the spreadsheet; `outcome`, `made`,
`changed`, `unchanged` or `refused`; `id` and `what`, the record; `changes`, `[[column, before,
after], …]`; `faults`, `[{"column", "why"}, …]`; `note`, what else there is to say.

All of a part is written or none of it, unless the faulty rows are to be left out. Up to `AT_ONCE`
rows are one part. More are looked through by a worker first; what changes between that and the
writing stops the job at the part where it shows.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

from django.db import models, transaction

from sources.jobs.models import Job, JobKind, Outcome, draft_of_rows, register_job_kind
from sources.ledger.actor import with_reason
from sources.spreadsheets.files import Cells
from sources.spreadsheets.tables import (
    AffiliationTable,
    OrganisationTable,
    OutletTable,
    RecordTable,
    SpeakerTable,
)

AT_ONCE = 500
PART = 100
LONGEST_SHOWN = 300

HINT = (
    "An export is such a file: change cells and bring it back. A row with an id changes that "
    "record, one without makes a new one. A row whose version is no longer the record's is "
    "refused. Columns that are left out, and cells that are left as they were, change nothing."
)

REST = "Other rows of the file were refused, so nothing of this part was written."


@dataclass(frozen=True)
class Importing:
    """One kind of table: its columns, who may bring it in, and how rows are taken."""

    name: str
    model: type[models.Model]
    columns: Collection[str]
    permissions: tuple[str, ...]
    take: Callable[[list, object], list[dict]]  # numbered rows and the user; in a transaction
    group: Callable[[list[Cells]], list[list[Cells]]]  # rows that have to go together
    at_once: int = AT_ONCE
    hint: str = HINT  # for whoever makes such a table

    def may(self, user) -> bool:
        return user.has_perms(self.permissions)


IMPORTS: dict[str, Importing] = {}


def can_import(kind: Importing) -> Importing:
    meta = kind.model._meta
    register_job_kind(
        JobKind(
            name=kind.name,
            permission=kind.permissions[0],
            title=partial(_title, meta.verbose_name, meta.verbose_name_plural),
            do=_do,
            about=meta.label_lower,
            at_once=kind.at_once,
            confirm=f"admin:{meta.app_label}_{meta.model_name}_import",
        )
    )
    IMPORTS[kind.name] = kind
    return kind


def _title(one: str, many: str, job: Job) -> str:
    verb = "Check" if job.is_trial else "Import"
    return f"{verb} {job.total:,} row{'' if job.total == 1 else 's'} of {many}"


def keep(kind: Importing, user, rows: list[Cells]) -> Job:
    """A draft that keeps the rows until they are taken in, or a day."""
    parts, part = [], []
    size = len(rows) if len(rows) <= kind.at_once else PART
    for group in kind.group(rows):
        if part and len(part) + len(group) > size:
            parts.append(part)
            part = []
        part += [[row.number, dict(row)] for row in group]
    return draft_of_rows(kind.name, user, [*parts, part], total=len(rows), trial=True)


def on_trial(job: Job) -> list[dict]:
    """What would become of each row; nothing is changed."""
    with transaction.atomic():
        rows = [row for part in job.parts.all() for row in part.rows]
        lines = IMPORTS[job.work].take(rows, job.asked_by)
        transaction.set_rollback(True)
    return lines


def _do(job: Job, rows: list) -> Outcome:
    with transaction.atomic(), with_reason(job.given.get("reason")):
        lines = IMPORTS[job.work].take(rows, job.asked_by)
        bad = any(line["outcome"] == "refused" for line in lines)
        spoilt = bad and not job.given.get("skip_faulty")
        if job.is_trial or spoilt:
            transaction.set_rollback(True)
    if spoilt and not job.is_trial:
        lines = [
            line if line["outcome"] == "refused" else {**_refused(line, REST), "changes": []}
            for line in lines
        ]
    outcome = Outcome()
    for line in lines:
        _tell(outcome, line, trial=job.is_trial)
    if spoilt and not job.is_trial:
        outcome.stop = "Some rows were refused, and the faulty ones were not to be left out."
    return outcome


def _refused(line: dict, why: str) -> dict:
    kept = {"row": line["row"], "outcome": "refused"}
    return {**kept, "faults": [{"column": "", "why": why}]}


def _tell(outcome: Outcome, line: dict, *, trial: bool) -> None:
    where = {"row": line["row"]}
    match line["outcome"]:
        case "refused":
            outcome.refused += 1
            for fault in line["faults"]:
                outcome.told.append({**where, "outcome": "refused", **fault})
        case "unchanged":
            outcome.unchanged += 1
        case done:
            outcome.changed += 1
            if not trial:
                # Of a trial it would be nobody's.
                where |= {name: line[name] for name in ("id", "about") if name in line}
            changes = "; ".join(
                f"{name}: {_cut(before)} → {_cut(after)}"
                for name, before, after in line.get("changes", ())
            )
            why = "; ".join(filter(None, [changes, line.get("note")]))
            outcome.told.append({**where, "outcome": done, "why": why})


def _cut(cell: str) -> str:
    return cell if len(cell) <= LONGEST_SHOWN else f"{cell[: LONGEST_SHOWN - 1]}…"


# Records


def take_records(table: type[RecordTable], rows: list, user) -> list[dict]:
    taking = table()
    return [_alone(taking, number, row) for number, row in rows]


def _alone(taking: RecordTable, number: int, row: dict) -> dict:
    with transaction.atomic():
        return taking.take(number, row)


for table in (OutletTable, OrganisationTable, SpeakerTable, AffiliationTable):
    name = table.model._meta.model_name
    can_import(
        Importing(
            name=f"import {name}s",
            model=table.model,
            columns=tuple(table().columns),
            permissions=(f"sources.change_{name}", f"sources.add_{name}"),
            take=partial(take_records, table),
            group=lambda rows: [[row] for row in rows],
        )
    )
