"""The tables in which records go out and come in: django-import-export's resources.

The rules are those of the API: a row is a body for its serializer, which judges it. A row with an
id changes that record, where a cell says something else than the record does; one without makes
a record. So a table that comes back as it went out changes nothing.
"""

import json
from collections.abc import Iterator

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import DataError, IntegrityError, models, transaction
from import_export import resources, widgets
from import_export.fields import Field
from rest_framework import serializers

from sources.api.serializers import (
    AffiliationSerializer,
    OrganisationSerializer,
    OutletSerializer,
    SpeakerSerializer,
)
from sources.exceptions import Conflict, flatten_errors, refusal_of
from sources.models import Affiliation, Article, Named, Organisation, Outlet, Speaker
from sources.models.ids import as_uuid
from sources.spreadsheets.files import alike

# Cells


class Plain(widgets.Widget):
    """Anything that is written as itself; unknown is an empty cell."""

    def render(self, value, obj=None, **kwargs) -> str:
        return "" if value is None else str(value)

    def clean(self, value, row=None, **kwargs):
        return value or None


class Lines(Plain):
    """Texts, one a line; where that would not be exact, a JSON array."""

    def render(self, value, obj=None, **kwargs) -> str:
        lines = "\n".join(value or ())
        exact = lines.strip().splitlines() == (value or []) and not lines.startswith("[")
        return lines if exact else json.dumps(value, ensure_ascii=False)

    def clean(self, value, row=None, **kwargs):
        if value.startswith("["):
            return as_json(value)
        return [line.strip() for line in value.splitlines() if line.strip()]


class Pairs(Plain):
    """Identifiers: a JSON object."""

    def render(self, value, obj=None, **kwargs) -> str:
        return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""

    def clean(self, value, row=None, **kwargs):
        return as_json(value) if value.strip() else {}


def as_json(cell: str):
    try:
        return json.loads(cell)
    except (ValueError, RecursionError) as error:
        raise ValidationError(f"This is no JSON: {error}.") from error


def column(attribute: str, name: str | None = None, widget=Plain, *, readonly=False) -> Field:
    return Field(attribute, name or attribute, widget(), readonly=readonly)


def shown_name(of: str) -> Field:
    """The name beside an id, to be read by people."""
    return column(f"{of}__name", f"{of}_name", readonly=True)


# Tables


class Table(resources.Resource):
    """Records as rows."""

    model: type[models.Model]
    joins: tuple[str, ...] = ()

    id = column("id")
    version = column("version")

    class Meta:
        skip_diff = True
        use_transactions = False
        store_instance = True

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.columns: dict[str, Field] = {f.column_name: f for f in self.fields.values()}

    def cells(self, record) -> dict[str, str]:
        """What a record says, by column."""
        return {name: field.export(record) for name, field in self.columns.items()}

    def rows(self, records: models.QuerySet) -> Iterator[list[str]]:
        """All of them, in the order they were made, read some at a time."""
        records, last = records.order_by("pk").select_related(None), None
        if self.joins:
            records = records.select_related(*self.joins)
        if "snapshot" in self.joins:
            records = records.defer("snapshot__text")
        while found := list((records.filter(pk__gt=last) if last else records)[:500]):
            # Not `export_resource`, which puts the columns in order for each row.
            yield from (list(self.cells(record).values()) for record in found)
            last = found[-1].pk


class RecordTable(Table):
    """A table that comes in, too."""

    serializer: type[serializers.Serializer]

    def get_or_init_instance(self, instance_loader, row):
        key, seen = row.get("id", "").strip(), row.get("version", "").strip()
        if not key:
            if seen:
                raise ValidationError({"version": "A new record has no version yet."})
            self.before = dict.fromkeys(self.columns, "")
            return self.model(), True
        pk = as_uuid(key)
        known = self.model.objects.filter(pk=pk).select_for_update(of=("self",)) if pk else ()
        record = next(iter(known), None)
        if record is None:
            what = self.model._meta.verbose_name
            raise ValidationError({"id": f"There is no {what} with this id. A new one has none."})
        if isinstance(record, Named) and record.merged_into_id:
            raise ValidationError({"id": f"It was merged into {record.survivor.pk}."})
        if seen and seen != str(record.version):
            said = f"It was changed meanwhile and is version {record.version}. Export it again."
            raise ValidationError({"version": said})
        self.before = self.cells(record)
        return record, False

    def import_instance(self, instance, row, **kwargs):
        """Judge what the row says otherwise than the record; nothing else is touched."""
        self.body, self.judge, faults = {}, None, {}
        for name, cell in row.items():
            field = self.columns[name]
            if name in ("id", "version") or alike(cell, self.before[name]):
                continue
            if field.readonly:
                faults[name] = "This column is only for reading: change the one that it explains."
                continue
            try:
                self.body[name] = field.widget.clean(cell)
            except ValidationError as error:
                faults[name] = error.messages
        if not self.body and not faults and not instance._state.adding:
            return
        partial = not instance._state.adding
        current = instance if partial else None
        self.judge = self.serializer(current, data=self.body, partial=partial, context={})
        if not self.judge.is_valid():
            for fault in flatten_errors(self.judge.errors):
                name = fault["pointer"].split("/")[1] if fault["pointer"] else NON_FIELD_ERRORS
                faults.setdefault(name, []).append(fault["message"])
        if faults:
            raise ValidationError(faults)

    def skip_row(self, instance, original, row, import_validation_errors=None):
        return self.judge is None and not import_validation_errors

    def do_instance_save(self, instance, is_create):
        self.saved = self.judge.save()

    def save_instance(self, instance, is_create, row, **kwargs):
        try:
            with transaction.atomic():
                self.do_instance_save(instance, is_create)
        except (IntegrityError, DataError) as error:
            raise ValidationError(refusal_of(error)) from error
        except Conflict as error:
            raise ValidationError(str(error.detail)) from error

    def take(self, number: int, row: dict) -> dict:
        """Take in one row. What became of it: see `sources.spreadsheets.importing`."""
        result = self.import_row(row, None, row_number=number)
        if result.errors:
            raise result.errors[0].error
        if (refusal := result.validation_error) is not None:
            by_column = getattr(refusal, "message_dict", {NON_FIELD_ERRORS: refusal.messages})
            faults = [
                {"column": "" if name == NON_FIELD_ERRORS else name, "why": message}
                for name, messages in by_column.items()
                for message in messages
            ]
            return {"row": number, "outcome": "refused", "faults": faults}
        record = result.instance if result.is_skip() else self.saved
        line = {"row": number, "id": str(record.pk), "what": str(record)}
        if result.is_skip():
            return {**line, "outcome": "unchanged"}
        record.refresh_from_db()
        after = self.cells(record)
        changes = [
            [name, self.before[name], after[name]]
            for name in self.columns
            if name not in ("id", "version") and self.before[name] != after[name]
        ]
        outcome = "made" if result.is_new() else "changed" if changes else "unchanged"
        return {**line, "outcome": outcome, "changes": changes}


class OutletTable(RecordTable):
    model, serializer = Outlet, OutletSerializer
    name = column("name")
    slug = column("slug")
    aliases = column("aliases", widget=Lines)
    url = column("url")


class OrganisationTable(RecordTable):
    model, serializer, joins = Organisation, OrganisationSerializer, ("parent",)
    name = column("name")
    aliases = column("aliases", widget=Lines)
    parent = column("parent_id", "parent")
    parent_name = shown_name("parent")
    identifiers = column("identifiers", widget=Pairs)


class SpeakerTable(RecordTable):
    model, serializer, joins = Speaker, SpeakerSerializer, ("organisation",)
    name = column("name")
    kind = column("kind")
    aliases = column("aliases", widget=Lines)
    organisation = column("organisation_id", "organisation")
    organisation_name = shown_name("organisation")
    identifiers = column("identifiers", widget=Pairs)


class AffiliationTable(RecordTable):
    model, serializer = Affiliation, AffiliationSerializer
    joins = ("speaker", "organisation")
    speaker = column("speaker_id", "speaker")
    speaker_name = shown_name("speaker")
    organisation = column("organisation_id", "organisation")
    organisation_name = shown_name("organisation")
    role = column("role")
    start = column("start", "from")
    end = column("end", "to")


class ArticleTable(Table):
    """Without its text."""

    model, joins = Article, ("outlet", "snapshot")
    outlet = column("outlet_id", "outlet")
    outlet_name = shown_name("outlet")
    external_id = column("external_id")
    url = column("url")
    headline = column("headline")
    byline = column("byline", widget=Lines)
    published = column("published")
    published_at = column("published_at")
    language = column("language")
    snapshot = column("snapshot__sha256", "snapshot")
