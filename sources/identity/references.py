"""The rows that point at a record, and those that a merge moved.

The models say which rows point at a kind of record: every foreign key to it, in whatever app. The
ledger says which of them a merge moved: what changed in the transaction that recorded it.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, models
from django.db.models import Q
from django.db.models.expressions import RawSQL

from sources.ledger.recording import recording_of
from sources.ledger.revisions import Revision
from sources.models import Mergeable

MERGED, UNMERGED = Revision.Verb.MERGED, Revision.Verb.UNMERGED

type Rows = list[tuple[models.ForeignKey, models.QuerySet]]
"""Rows by the foreign key that points at a record."""


def foreign_keys_to(model: type[Mergeable]) -> list[models.ForeignKey]:
    """Foreign keys to this kind of record that a merge moves.

    Those of its own app come first: others depend on them.
    """
    found = [
        relation.field
        for relation in model._meta.get_fields(include_hidden=True)
        if relation.auto_created
        and relation.one_to_many
        and relation.field.name != "merged_into"
        and relation.field.name != getattr(relation.field.model, "stays_with", None)
    ]
    return sorted(found, key=lambda field: field.model._meta.app_label != model._meta.app_label)


def rows_pointing_at(record: Mergeable) -> Rows:
    return [
        (field, field.model._base_manager.filter(**{field.name: record.pk}))
        for field in foreign_keys_to(type(record))
    ]


def count_by_kind(rows: Rows) -> dict[str, int]:
    counted = Counter()
    for field, found in rows:
        counted[str(field.model._meta.verbose_name_plural)] += found.count()
    return dict(counted)


@contextmanager
def moving_allowed() -> Iterator[None]:
    """Let triggers pass a change of owner that they would refuse otherwise."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('onrecord.merging', 'on', true)")
        yield
        cursor.execute("SELECT set_config('onrecord.merging', '', true)")


def merge_revision(record: Mergeable) -> Revision:
    """The revision that merged a record into its surviving record."""
    return Revision.objects.of(record).filter(verb=MERGED).last()


def rows_to_move_back(record: Mergeable) -> Rows:
    """Rows that the merge of this record moved and nobody has moved since.

    A later merge that was itself undone does not count as a move.
    """
    made, survivor = merge_revision(record), record.merged_into_id
    found = []
    for field in foreign_keys_to(type(record)):
        subject, path = path_in_ledger(field)
        sql = f"""
            SELECT moved.id FROM {field.model._meta.db_table} moved
            JOIN sources_revision made ON made.subject_id = {subject}
            JOIN sources_revision before
                ON before.subject_id = made.subject_id AND before.version = made.version - 1
            WHERE made.era = %s AND made.transaction = %s
              AND before.state #>> {path} = %s AND made.state #>> {path} = %s
              AND NOT EXISTS (
                  SELECT FROM sources_revision later
                  JOIN sources_revision former
                      ON former.subject_id = later.subject_id
                     AND former.version = later.version - 1
                  WHERE later.subject_id = made.subject_id AND later.version > made.version
                    AND later.state #>> {path} IS DISTINCT FROM former.state #>> {path}
                    AND (later.era, later.transaction) NOT IN (
                        SELECT own.era, own.transaction FROM sources_revision own
                        WHERE own.subject_id = %s AND own.verb IN (%s, %s)
                    )
              )
        """
        values = [made.era, str(made.transaction), str(record.pk), str(survivor)]
        moved = RawSQL(sql, [*values, survivor, MERGED, UNMERGED])  # noqa: S611 (ours)
        rows = field.model._base_manager.filter(**{field.name: survivor}, pk__in=moved)
        found.append((field, rows))
    return found


def path_in_ledger(field: models.ForeignKey) -> tuple[str, str]:
    """SQL of the subject and the JSON path at which the ledger keeps a column of a row `moved`."""
    model = field.model
    try:
        recording_of(model)
    except LookupError:
        whole = next(
            other
            for other in model._meta.concrete_fields
            if other.many_to_one
            and other.remote_field.related_name in recording_of(other.related_model).parts
        )
        name, (order,) = whole.remote_field.related_name, model._meta.ordering
        number = f"""(
            SELECT count(*) FROM {model._meta.db_table} earlier
            WHERE earlier.{whole.column} = moved.{whole.column}
              AND earlier.{order} < moved.{order}
        )::text"""
        return f"moved.{whole.column}", f"ARRAY['{name}', {number}, '{field.column}']"
    return "moved.id", f"ARRAY['{field.column}']"


def unlink_companions(returning: Rows, survivor: Mergeable) -> None:
    """Clear the `goes_with` of rows where only one of the two moves back."""
    rows_of = {field.model: rows.values("pk") for field, rows in returning}
    for field, rows in returning:
        name = getattr(field.model, "goes_with", None)
        along = name and field.model._meta.get_field(name).related_model
        if along in rows_of:
            goes, its_goes = Q(pk__in=rows.values("pk")), Q(**{f"{name}__in": rows_of[along]})
            held = {field.name: survivor.pk, f"{name}__isnull": False}
            parted = field.model._base_manager.filter((goes & ~its_goes) | (its_goes & ~goes))
            parted.filter(**held).update(**{name: None})
