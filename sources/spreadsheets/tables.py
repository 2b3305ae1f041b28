"""Records as spreadsheet rows, both ways; the API's serializers judge what comes in.

A row with an id changes that record in the cells that differ from it; a row without one makes a
record. So an exported file that comes back unedited changes nothing.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import DataError, IntegrityError, models, transaction
from rest_framework import serializers

from sources.api.serializers import (
    AffiliationSerializer,
    FactSerializer,
    OrganisationSerializer,
    OutletSerializer,
    SpeakerSerializer,
)
from sources.exceptions import Conflict, changed_since, flatten_errors, refusal_of
from sources.models import Affiliation, Article, Fact, Named, Organisation, Outlet, Speaker
from sources.models.ids import as_uuid
from sources.spreadsheets.files import same_cell

# Columns


@dataclass(frozen=True)
class Column:
    """A column; `attribute` is a path with `__`, by default the name. NULL is an empty cell."""

    name: str
    attribute: str = ""
    readonly: bool = False

    def write(self, value) -> str:
        return "" if value is None else str(value)

    def read(self, cell: str):
        """The value of a cell, for the serializer. Raises ValidationError."""
        return cell or None

    def cell(self, record) -> str:
        value = record
        for name in (self.attribute or self.name).split("__"):
            value = None if value is None else getattr(value, name)
        return self.write(value)


class ListColumn(Column):
    """Texts, one per line; a JSON array if lines would not be exact."""

    def write(self, value) -> str:
        lines = "\n".join(value or ())
        exact = lines.strip().splitlines() == (value or []) and not lines.startswith("[")
        return lines if exact else json.dumps(value, ensure_ascii=False)

    def read(self, cell: str):
        if cell.startswith("["):
            return _from_json(cell)
        return [line.strip() for line in cell.splitlines() if line.strip()]


class YesNoColumn(Column):
    """Yes or no; an empty cell means no."""

    def write(self, value) -> str:
        return "yes" if value else "no"

    def read(self, cell: str):
        return cell.strip().lower() or "no"


class JSONColumn(Column):
    """A JSON object."""

    def write(self, value) -> str:
        return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""

    def read(self, cell: str):
        return _from_json(cell) if cell.strip() else {}


def _from_json(cell: str):
    try:
        return json.loads(cell)
    except (ValueError, RecursionError) as error:
        raise ValidationError(f"This is not valid JSON: {error}.") from error


def related(name: str) -> tuple[Column, Column]:
    """The id of a related record, and its name, which is only for people to read."""
    return Column(name, f"{name}_id"), Column(f"{name}_name", f"{name}__name", readonly=True)


def record_columns(*own: Column) -> dict[str, Column]:
    return {column.name: column for column in (Column("id"), Column("version"), *own)}


# Tables


class Table:
    """Records of one model as rows; `joins` are the relations that its columns read."""

    model: type[models.Model]
    columns: dict[str, Column]
    joins: tuple[str, ...] = ()

    def cells(self, record) -> dict[str, str]:
        return {name: column.cell(record) for name, column in self.columns.items()}

    def rows(self, records: models.QuerySet) -> Iterator[list[str]]:
        """All rows by primary key; one query per 500."""
        records, last = records.order_by("pk").select_related(None), None
        if self.joins:
            records = records.select_related(*self.joins)
        if "snapshot" in self.joins:
            records = records.defer("snapshot__text")
        while found := list((records.filter(pk__gt=last) if last else records)[:500]):
            yield from (list(self.cells(record).values()) for record in found)
            last = found[-1].pk


class RecordTable(Table):
    """A table that can be imported as well as exported."""

    serializer: type[serializers.Serializer]

    def take(self, number: int, row: dict) -> dict:
        """Save a row or nothing of it; returns its line (`sources.spreadsheets.importing`)."""
        try:
            with transaction.atomic():
                return {"row": number, **self._save(row)}
        except ValidationError as error:
            by_column = getattr(error, "message_dict", {NON_FIELD_ERRORS: error.messages})
        except (IntegrityError, DataError) as error:
            by_column = {NON_FIELD_ERRORS: [refusal_of(error)]}
        except Conflict as error:
            by_column = {NON_FIELD_ERRORS: [str(error.detail)]}
        faults = [
            {"column": "" if name == NON_FIELD_ERRORS else name, "why": message}
            for name, messages in by_column.items()
            for message in messages
        ]
        said = {"what": row["name"]} if row.get("name") else {}
        return {"row": number, "outcome": "refused", "faults": faults, **said}

    def _save(self, row: dict) -> dict:
        record = self._record(row)
        before = self.cells(record) if record else dict.fromkeys(self.columns, "")
        body, faults = self._body(row, before)
        if record and not body and not faults:
            return {"id": str(record.pk), "what": str(record), "outcome": "unchanged"}
        partial = record is not None
        judge = self.serializer(record, data=body, partial=partial, context={})
        if not judge.is_valid():
            for fault in flatten_errors(judge.errors):
                name = fault["pointer"].split("/")[1] if fault["pointer"] else NON_FIELD_ERRORS
                faults.setdefault(name, []).append(fault["message"])
        if faults:
            raise ValidationError(faults)
        saved = judge.save()
        saved.refresh_from_db()
        after = self.cells(saved)
        changes = [
            [name, before[name], after[name]]
            for name in self.columns
            if name not in ("id", "version") and before[name] != after[name]
        ]
        outcome = "made" if record is None else "changed" if changes else "unchanged"
        return {"id": str(saved.pk), "what": str(saved), "outcome": outcome, "changes": changes}

    def _record(self, row: dict) -> models.Model | None:
        """The record that a row changes, locked; None if it makes one."""
        key, version = row.get("id", "").strip(), row.get("version", "").strip()
        if not key:
            if version:
                raise ValidationError({"version": "Leave the version of a new record empty."})
            return None
        pk = as_uuid(key)
        known = self.model.objects.filter(pk=pk).select_for_update(of=("self",)) if pk else ()
        record = next(iter(known), None)
        if record is None:
            kind = self.model._meta.verbose_name
            raise ValidationError({"id": f"No {kind} has this id. For a new one, leave it empty."})
        if isinstance(record, Named) and record.merged_into_id:
            raise ValidationError({"id": f"This was merged into {record.survivor.pk}."})
        if version and version != str(record.version):
            why = f"{changed_since(version, record.version)} Export it again."
            raise ValidationError({"version": why})
        return record

    def _body(self, row: dict, before: dict[str, str]) -> tuple[dict, dict[str, list[str]]]:
        """The fields that a row changes, for the serializer, and what is wrong with its cells."""
        body, faults = {}, {}
        for name, cell in row.items():
            if name in ("id", "version") or same_cell(cell, before[name]):
                continue
            if self.columns[name].readonly:
                faults[name] = ["This column is read-only. Change the id column beside it instead."]
                continue
            try:
                body[name] = self.columns[name].read(cell)
            except ValidationError as error:
                faults[name] = error.messages
        return body, faults


class OutletTable(RecordTable):
    model, serializer = Outlet, OutletSerializer
    columns = record_columns(
        Column("name"),
        Column("slug"),
        ListColumn("aliases"),
        Column("url"),
        Column("rights"),
        Column("license"),
        YesNoColumn("refuses_embeds"),
        YesNoColumn("refuses_robots"),
    )


class OrganisationTable(RecordTable):
    model, serializer, joins = Organisation, OrganisationSerializer, ("parent",)
    columns = record_columns(
        Column("name"), ListColumn("aliases"), *related("parent"), JSONColumn("identifiers")
    )


class SpeakerTable(RecordTable):
    model, serializer, joins = Speaker, SpeakerSerializer, ("organisation",)
    columns = record_columns(
        Column("name"),
        Column("kind"),
        ListColumn("aliases"),
        *related("organisation"),
        JSONColumn("identifiers"),
    )


class AffiliationTable(RecordTable):
    model, serializer = Affiliation, AffiliationSerializer
    joins = ("speaker", "organisation")
    columns = record_columns(
        *related("speaker"),
        *related("organisation"),
        Column("role"),
        Column("from", "start"),
        Column("to", "end"),
    )


class FactTable(RecordTable):
    """Facts about speakers. An empty value says that it is not known."""

    model, serializer, joins = Fact, FactSerializer, ("speaker",)
    columns = record_columns(
        *related("speaker"),
        Column("key"),
        Column("value"),
        Column("source"),
        Column("from", "start"),
        Column("to", "end"),
    )

    def _body(self, row, before):
        body, faults = super()._body(row, before)
        if "value" in row and not before["id"]:
            body.setdefault("value", None)
        return body, faults


class ArticleTable(Table):
    """Articles, export only, without their text."""

    model, joins = Article, ("outlet", "snapshot")
    columns = record_columns(
        *related("outlet"),
        Column("external_id"),
        Column("url"),
        Column("headline"),
        ListColumn("byline"),
        Column("published"),
        Column("published_at"),
        Column("language"),
        Column("canonical_url"),
        Column("rights"),
        Column("license"),
        Column("embargo_until"),
        Column("snapshot", "snapshot__sha256"),
    )
