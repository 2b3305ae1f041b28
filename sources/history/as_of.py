"""A record's history: its changes, and the record as of a given time.

The revision as of a time is the last one whose `time` is not later. PostgreSQL turns its state back
into a row, in which generated, derived and digested columns are NULL.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID

from django.db import connection, models
from django.db.models.fields.json import KT
from rest_framework import serializers

from sources.dates import PartialDate, PartialDateField
from sources.models import Revision, Snapshot

# Records as of a time

THEN = """
    CROSS JOIN LATERAL (
        SELECT * FROM (
            (SELECT 1 AS turn, * FROM sources_revision
             WHERE subject_id = wanted.id AND time <= wanted.at ORDER BY version DESC LIMIT 1)
            UNION ALL
            (SELECT 2 AS turn, * FROM sources_revision
             WHERE subject_id = wanted.id ORDER BY version LIMIT 1)
        ) either ORDER BY turn LIMIT 1
    ) r
"""
"""The revision of each wanted record as of its time; the first one if it was created later."""


def records_as_of[M: models.Model](
    model: type[M], ids: Iterable[UUID], at: datetime
) -> dict[UUID, M]:
    """Records of one kind as of a time, by id; one created later, as it was created. One query.

    Each has `since`, the time of its version, `was_public`, and `state_then`, the recorded state as
    JSON, which is None for an erased record.
    """
    columns = ", ".join(
        f'was."{field.column}"'
        for field in model._meta.local_concrete_fields
        if not field.primary_key
    )
    found = model.objects.raw(
        f"""
        SELECT r.subject_id AS {model._meta.pk.column}, {columns},
               r.time AS since, r.public AS was_public, r.state::text AS state_then
        FROM unnest(%s::uuid[]) AS ids(id)
        CROSS JOIN LATERAL (SELECT ids.id, %s::timestamptz AS at) wanted {THEN}
        CROSS JOIN LATERAL jsonb_populate_record(NULL::{model._meta.db_table}, r.state) was
        """,  # noqa: S608 (names of our own columns)
        [list(ids), at],
    )
    return {record.pk: record for record in found}


def embed(record: models.Model, names: Iterable[str], at: datetime) -> None:
    """Set the records of these foreign keys as of a time; None if erased. One query each."""
    for name in names:
        field = record._meta.get_field(name)
        if (key := getattr(record, field.attname)) is not None:
            was = records_as_of(field.related_model, [key], at)
            setattr(record, name, was[key] if key in was and was[key].state_then else None)


def survivor_as_of[M: models.Model](record: M, at: datetime) -> M:
    """The record that this one, as of a time, was merged into then; one query a merge."""
    while key := record.merged_into_id:
        record = records_as_of(type(record), [key], at)[key]
    return record


def all_distinct_from_as_of(record: models.Model, at: datetime) -> list[UUID]:
    """Ids that a record, or one merged into it, was marked as distinct from.

    One query, and two for each level of merges.
    """
    apart, level = {*record.distinct_from}, [record.pk]
    while level:
        merges = Revision.objects.alias(into=KT("state__merged_into_id")).filter(
            verb=Revision.Verb.MERGED, into__in=map(str, level), time__lte=at
        )
        if not (merged := set(merges.values_list("subject_id", flat=True))):
            break
        then = [
            each
            for each in records_as_of(type(record), merged, at).values()
            if each.merged_into_id in level
        ]
        apart.update(key for each in then for key in each.distinct_from)
        level = [each.pk for each in then]
    return sorted(apart)


# Changes

OF_EACH = ("id", "version", "created", "updated", "is_public")
"""Columns of every record that are no part of what it was created with."""


class DifferenceSerializer(serializers.Serializer):
    """A field before and after a change; `attribution.role` is a path."""

    field = serializers.CharField()
    before = serializers.JSONField()
    after = serializers.JSONField()


class RevisionSerializer(serializers.ModelSerializer):
    """A change to a record. Actor, channel, request and most reasons are null for readers."""

    changes = DifferenceSerializer(
        many=True,
        read_only=True,
        help_text="Empty for the revision that created the record, or made it public.",
    )

    class Meta:
        model = Revision
        fields = ["version", "verb", "time", "actor", "channel", "request", "reason", "changes"]
        read_only_fields = fields
        extra_kwargs = {"channel": {"allow_null": True}}


class History:
    """The changes to one record that a user may see, by version.

    Unless they may see the `whole`, they get changes with these `verbs` to a public record, the
    reasons of the verbs in `reasons`, and no state from before it was public. `names` maps columns
    to their API names. `from_nothing` also lists what a record was created with.
    """

    orderings = {"version": "version"}
    default_ordering = "-version"
    best_first = ()

    def __init__(
        self,
        record: models.Model,
        *,
        whole: bool,
        verbs: Iterable[str],
        reasons: Iterable[str],
        names: dict[str, str],
        from_nothing: bool = False,
    ):
        self.record, self.whole, self.names = record, whole, names
        self.from_nothing = whole and from_nothing
        self.verbs, self.reasons = verbs, reasons
        self.fields = {field.column: field for field in record._meta.local_concrete_fields}

    def get_queryset(self):
        told = Revision.objects.of(self.record).defer("salt", "hash", "reason_hash", "link")
        return told if self.whole else told.filter(public=True, verb__in=self.verbs)

    def rows_of(self, page: models.QuerySet) -> list[Revision]:
        return list(page)

    def told(self, revisions: list[Revision]) -> list[Revision]:
        """Add `changes` to revisions, and remove what the user may not see; two queries."""
        former = Revision.objects.of(self.record).filter(
            version__in=[revision.version - 1 for revision in revisions]
        )
        if not self.whole:
            former = former.filter(public=True)
        former = {version + 1: state for version, state in former.values_list("version", "state")}
        pairs = [(one, former.get(one.version, self._nothing(one))) for one in revisions]
        names = names_as_of(
            (key, one.time)
            for one, before in pairs
            for state in (before, one.state)
            for key in self._mentioned(one, state)
        )
        for one, before in pairs:
            one.changes = list(self._changes(one, before, names))
            if not self.whole:
                one.actor = one.channel = one.request = None
                one.reason = one.reason if one.verb in self.reasons else None
        return revisions

    def _nothing(self, revision: Revision) -> dict | None:
        """The state before creation: empty, if what a record was created with is to be listed."""
        return {} if self.from_nothing and revision.verb == Revision.Verb.CREATED else None

    def _changed(self, revision: Revision) -> list[str]:
        if revision.verb == Revision.Verb.CREATED:
            return [c for c, value in (revision.state or {}).items() if c not in OF_EACH and value]
        return revision.fields

    def _mentioned(self, revision: Revision, state: dict | None) -> Iterator[str]:
        """Ids of other records among the changed values."""
        for column in self._changed(revision) if state else ():
            value = state.get(column)
            if self._is_reference(column):
                yield from [value] if value else []
            elif column not in self.fields and isinstance(value, list):
                yield from (k for part in value for n, k in part.items() if n.endswith("_id") and k)

    def _changes(self, revision: Revision, before: dict | None, names: dict) -> Iterator[dict]:
        if before is None or revision.state is None:
            return
        for column in self._changed(revision):
            field = self.fields.get(column)
            name = field.name if field else column
            yield {
                "field": self.names.get(name, name),
                "before": self._shown(column, before.get(column), revision.time, names),
                "after": self._shown(column, revision.state.get(column), revision.time, names),
            }

    def _is_reference(self, column: str) -> bool:
        return isinstance(self.fields.get(column), models.ForeignKey)

    def _shown(self, column: str, value, at: datetime, names: dict):
        """A value of a state in the form of the API."""
        field = self.fields.get(column)
        match field:
            case _ if value is None:
                return None
            case models.ForeignKey():
                name = names.get((value, at))
                is_text = field.related_model is Snapshot  # shown by its digest
                return name if is_text else {"id": value, "name": name}
            case PartialDateField():
                return str(PartialDate.covering(value))
            case models.DateTimeField():
                return serializers.DateTimeField().to_representation(datetime.fromisoformat(value))
            case None if isinstance(value, list):  # parts from another table
                return [dict(self._part(part, at, names)) for part in value]
            case _:
                return value

    def _part(self, part: dict, at: datetime, names: dict) -> Iterator[tuple]:
        for name, value in part.items():
            if not name.endswith("_id"):
                yield name, value
            elif value is None:
                yield name.removesuffix("_id"), None
            else:
                yield name.removesuffix("_id"), {"id": value, "name": names.get((value, at))}


NAMES = "CASE r.subject_type WHEN 'article' THEN 'headline' WHEN 'affiliation' THEN 'role' "
NAMES += "WHEN 'snapshot' THEN 'sha256' WHEN 'fact' THEN 'key' ELSE 'name' END"


def names_as_of(wanted: Iterable[tuple[str, datetime]]) -> dict[tuple[str, datetime], str | None]:
    """Names of records as of a time, by id and time; one query, none if nothing is wanted."""
    if not (wanted := list(dict.fromkeys(wanted))):
        return {}
    keys, moments = zip(*wanted, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT wanted.id, wanted.at, r.state ->> {NAMES} "  # noqa: S608 (constants)
            f"FROM unnest(%s::uuid[], %s::timestamptz[]) AS wanted(id, at) {THEN}",
            [list(keys), list(moments)],
        )
        return {(str(key), at): name for key, at, name in cursor.fetchall()}
