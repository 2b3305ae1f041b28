"""Merge two records, mark two as distinct, and undo either.

A merge moves every row that points at the merged record to the surviving one (`references`). The
undo moves back what the merge moved and nobody has moved since.

Hooks for models that need more than a re-pointed foreign key:

- `goes_with` names a foreign key to a companion row: both move, or the link is cleared.
- `made_equal` names other records that a merge makes equal: they are merged with it. The undo
  parts those for which `is_unequal_to` their surviving record then holds.
- `stays_with` names a foreign key that a merge leaves as it is.
- The manager's `fitting(field, record, into)` are the rows that would move, or raises `Conflict`.
  `closing` counts those that would stay and be closed, as the surviving record has the same.
  `move` with the same arguments moves them. `move_back(field, rows, record, made)` undoes that,
  where `made` is the revision of the merge, and returns how many of the rows stay.
- The manager's `settle_doubts(field, record)` is called when a record's names can mean no other
  record. `restore_doubts(field, record, settled, moved)` is called when that is undone.

Locks are taken in one order: rows that point at records, then the records, each by id. Records
that are `locked_first` come before the rows.
"""

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from uuid import UUID

from django.db import IntegrityError, connection, models, transaction
from django.db.models import F, OuterRef, Q, Subquery

from sources.exceptions import Conflict, refusal_of
from sources.identity.references import (
    MERGED,
    UNMERGED,
    Rows,
    count_by_kind,
    foreign_keys_to,
    merge_revision,
    moving_allowed,
    rows_pointing_at,
    rows_to_move_back,
    unlink_companions,
)
from sources.ledger.actor import with_reason
from sources.ledger.revisions import Revision
from sources.models import Mergeable, Named

MAX_STATEMENT_TIME = "10min"
"""Of one statement of a merge or its undo: moving all rows of a busy speaker takes minutes."""

MAX_ROWS_NAMED = 10
"""Rows that a refusal names."""


@dataclasses.dataclass
class Merge:
    """The effect of a merge or its undo.

    `record` is the surviving record, or the one that is separate again. `moved` counts the rows
    that move to it, by the plural of their kind. `aliases` are those that the surviving record
    gains or loses. `along` are records that the merge makes equal, each with the one that it is
    merged into: they and their rows count as moved. `closed` counts rows that stay and are closed.
    """

    record: Mergeable
    moved: dict[str, int]
    aliases: list[str]
    along: tuple[tuple[Mergeable, Mergeable], ...] = ()
    closed: Counter[str] = dataclasses.field(default_factory=Counter)

    def add(self, other: Mergeable, stays: Mergeable, merge: "Merge") -> None:
        self.along += ((other, stays),)
        moved = Counter(self.moved)
        moved.update(merge.moved)
        moved.update([str(other._meta.verbose_name_plural)])
        self.moved = dict(moved)


# Verbs


def preview(record: Mergeable, into: Mergeable) -> Merge:
    """Return what `merge` would do, or raise `Conflict`; changes both in memory only."""
    _refuse(record, into)
    moved = count_by_kind(_rows_to_move(record, into))
    if isinstance(into, Named):
        into.all_distinct_from = sorted({*_all_distinct_from(record), *_all_distinct_from(into)})
    made = Merge(into, moved, record.give(into), closed=_closing(record, into))
    for other, stays in into.made_equal(record):
        with suppress(Conflict):  # marked as distinct, say: then both stay
            made.add(other, stays, preview(other, stays))
    return made


def merge(record: Mergeable, into: Mergeable, reason: str | None = None) -> Merge:
    """Merge a record into another: its rows move there, and its id redirects.

    The other gains what it lacks: its names as aliases, its identifiers. Raises `Conflict` when the
    two cannot be merged.
    """
    with transaction.atomic(), with_reason(reason):
        record, into = lock_to_move(record, into)
        made = preview(record, into)
        with moving_allowed():
            for field, rows in rows_pointing_at(record):
                if hasattr(manager := field.model._default_manager, "move"):
                    manager.move(field.name, record, into)
                else:
                    rows.update(**{field.name: into})
        # The merged record first: no two records can have the same identifier.
        record.merged_into = into
        _store(record, "merged_into")
        _store(into)
        made.record = _fresh(into)
        _settle_doubts(made.record)
        for other, stays in made.along:
            with suppress(Conflict):  # another of these has become what it is distinct from
                merge(other, stays, reason)
        return made


def unmerge(record: Mergeable, reason: str | None = None) -> Merge:
    """Undo a merge: what it moved goes back, except what was moved again since.

    What the surviving record gained later stays there. Raises `Conflict` when that record has
    itself been merged since.
    """
    with transaction.atomic(), with_reason(reason):
        if not record.merged_into_id:
            raise Conflict(
                f"“{record}” is not merged into another record, so there is nothing to undo."
            )
        record, survivor = lock_to_move(record, record.merged_into)
        if record.merged_into_id != survivor.pk:
            raise Conflict(f"Somebody else has just undone the merge of “{record}”.")
        if survivor.merged_into_id:
            raise Conflict(
                f"“{survivor}” ({survivor.pk}) was itself merged since, into "
                f"“{survivor.merged_into}”. Undo that merge first."
            )
        made = merge_revision(record)
        returning = rows_to_move_back(record)
        moved = count_by_kind(returning)
        with moving_allowed():
            unlink_companions(returning, survivor)
            lost = _restore(record, survivor, made)
            for field, rows in returning:
                if hasattr(manager := field.model._default_manager, "move_back"):
                    stay = manager.move_back(field.name, rows, record, made)
                    moved[str(field.model._meta.verbose_name_plural)] -= stay
                else:
                    rows.update(**{field.name: record})
        _restore_doubts((record, survivor), [made], moved=[record.pk, survivor.pk])
        undone = Merge(_fresh(record), moved, lost)
        for other in _merged_along(record, made):
            if other.is_unequal_to(survivor := other.survivor):
                with suppress(Conflict):
                    undone.add(other, survivor, unmerge(other, reason))
        return undone


def mark_distinct(one: Named, other: Named, reason: str | None = None) -> None:
    """Mark two records as distinct: they cannot be merged until that is undone."""
    with transaction.atomic(), with_reason(reason):
        one, other = lock(one, other)
        _refuse_unless_two(one, other)
        for record, another in ((one, other), (other, one)):
            record.distinct_from = sorted({*record.distinct_from, another.pk})
            record.save(update_fields=["distinct_from"])
        for record, another in ((one, other), (other, one)):
            if record.namesakes().filter(pk=another.pk).exists():
                _settle_doubts(_fresh(record))


def unmark_distinct(one: Named, other: Named, reason: str | None = None) -> None:
    """Undo that two records, or records merged into them, were marked as distinct."""
    with transaction.atomic(), with_reason(reason):
        one, other = lock(one, other)
        _refuse_unless_two(one, other)
        sides = (
            _leading_to(one, other.all_distinct_from),
            _leading_to(other, one.all_distinct_from),
        )
        if not any(sides):
            raise Conflict(f"“{one}” and “{other}” are not marked as distinct.")
        apart = [*sides[0], *sides[1]]
        said = Revision.objects.filter(subject_id__in=apart, fields__contains=["distinct_from"])
        said = list(said)
        for side, opposite in (sides, sides[::-1]):
            for record in type(one).objects.filter(pk__in=side).order_by("pk"):
                record.distinct_from = [k for k in record.distinct_from if k not in opposite]
                record.save(update_fields=["distinct_from"])
        doubted = [record for record in map(_fresh, (one, other)) if _may_mean_another(record)]
        _restore_doubts(doubted, said, moved=[*apart, one.pk, other.pk])


def belonging_to(record: Mergeable) -> dict[str, int]:
    """Count the rows that point at a record, by the plural of their kind: a merge moves these."""
    return count_by_kind(rows_pointing_at(record))


def refuse_if_merged(record: Mergeable) -> None:
    """Raise `Conflict` for a merged record, naming the surviving one."""
    if record.merged_into_id:
        survivor = record.survivor
        raise Conflict(
            f"“{record}” was merged into “{survivor}”: change that one, {survivor.pk}, or undo the "
            "merge first."
        )


def lock[M: Mergeable](one: M, other: M) -> tuple[M, M]:
    """Lock two records until the transaction ends, and read them afresh.

    One that is merged comes first: a transaction that follows it locks the surviving record next.
    """
    both = type(one).objects.filter(pk__in=[one.pk, other.pk])
    both = both.order_by(F("merged_into").asc(nulls_last=True), "pk")
    list(both.select_for_update().values("pk"))
    return _fresh(one), _fresh(other)


def lock_to_move[M: Mergeable](record: M, other: M) -> tuple[M, M]:
    """Lock what a merge of the first record, or its undo, would move, and both records."""
    if record.locked_first:
        record, other = lock(record, other)
    moving = rows_to_move_back(record) if record.merged_into_id else rows_pointing_at(record)
    moving.sort(key=lambda each: issubclass(each[0].model, Named))  # pointed at themselves: last
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [MAX_STATEMENT_TIME])
        for _, rows in moving:
            rows = rows.order_by("pk").select_for_update(no_key=True).values("pk")
            sql, values = rows.query.sql_with_params()
            cursor.execute(f"SELECT count(*) FROM ({sql}) AS locked", values)
    return lock(record, other)


# What can be merged


def _refuse(record: Mergeable, into: Mergeable) -> None:
    _refuse_unless_two(record, into)
    if isinstance(record, Named) and into.pk in _active_distinct_from(record):
        raise Conflict(
            f"“{record}” and “{into}” are marked as distinct. If they are the same after all, undo "
            "that first."
        )
    if why := record.why_not_merged_into(into):
        raise Conflict(why)
    for scheme, value in getattr(record, "identifiers", {}).items():
        if (other := into.identifiers.get(scheme, value)) != value:
            raise Conflict(
                f"Their identifiers in “{scheme}” differ: “{record}” has {value}, “{into}” has "
                f"{other}. One of these is wrong, or the records are distinct."
            )
    if twins := [
        fault for field in foreign_keys_to(type(record)) for fault in _twins(field, record, into)
    ]:
        raise Conflict("Merged, they would have duplicates.", twins)


def _refuse_unless_two(one: Mergeable, other: Mergeable) -> None:
    if one.pk == other.pk:
        raise Conflict(f"These are the same record: “{one}”, {one.pk}.")
    refuse_if_merged(one)
    refuse_if_merged(other)


def _rows_to_move(record: Mergeable, into: Mergeable) -> Rows:
    return [
        (field, manager.fitting(field.name, record, into))
        if hasattr(manager := field.model._default_manager, "fitting")
        else (field, rows)
        for field, rows in rows_pointing_at(record)
    ]


def _closing(record: Mergeable, into: Mergeable) -> Counter[str]:
    """Count the rows that a merge closes, by the plural of their kind; zeros are left out."""
    closed = Counter()
    for field in foreign_keys_to(type(record)):
        if hasattr(manager := field.model._default_manager, "closing"):
            kind = str(field.model._meta.verbose_name_plural)
            closed[kind] += manager.closing(field.name, record, into)
    return +closed


def _twins(field: models.ForeignKey, record: Mergeable, into: Mergeable) -> Iterator[dict]:
    """Pairs of rows that would break a unique constraint once both point at one record."""
    rows, what = field.model._base_manager, field.model._meta.verbose_name
    for constraint in field.model._meta.constraints:
        if field.name not in getattr(constraint, "fields", ()):
            continue
        others = [name for name in constraint.fields if name != field.name]
        ours = rows.filter(constraint.condition or Q(), **{field.name: record})
        theirs = rows.filter(
            constraint.condition or Q(),
            **{field.name: into},
            **{name: OuterRef(name) for name in others},
        )
        pairs = ours.annotate(twin=Subquery(theirs.values("pk")[:1])).exclude(twin=None)
        for one, other in pairs.order_by("pk").values_list("pk", "twin")[:MAX_ROWS_NAMED]:
            message = f"The {what}s {one} and {other} have the same {' and '.join(others)}."
            yield {"pointer": "/into", "message": message}


def _all_distinct_from(record: Named) -> list[UUID]:
    if not hasattr(record, "all_distinct_from"):
        record.all_distinct_from = _fresh(record).all_distinct_from
    return record.all_distinct_from


def _active_distinct_from(record: Named) -> set[UUID]:
    """The active records that are marked as distinct from this one."""
    return set(type(record).objects.survivors(_all_distinct_from(record)).values())


def _leading_to(record: Named, ids: Iterable[UUID]) -> list[UUID]:
    led = type(record).objects.survivors(ids)
    return [key for key, survivor in led.items() if survivor == record.pk]


def _merged_along(record: Mergeable, made: Revision) -> models.QuerySet:
    """Records that the merge of another made equal, and that are merged since."""
    along = Revision.objects.filter(
        era=made.era, transaction=made.transaction, subject_type=made.subject_type, verb=MERGED
    )
    merged = type(record).objects.exclude(merged_into=None).exclude(pk=record.pk)
    return merged.filter(pk__in=along.values("subject_id")).order_by("pk")


def _fresh[M: Mergeable](record: M) -> M:
    records = type(record).objects.all()
    if isinstance(record, Named):
        records = records.with_all_distinct_from()
    return records.get(pk=record.pk)


# What the records themselves gain and lose


def _restore(record: Mergeable, survivor: Mergeable, made: Revision) -> list[str]:
    """Restore the merged record, and remove from the survivor what came from it alone.

    Returns the aliases removed.
    """
    others = [(other, _before_merge(other)) for other in survivor.merged.exclude(pk=record.pk)]
    before, came_by_merge = _before_merge(record), _history_of(survivor, made)
    lost = record.take_back(survivor, before, others, came_by_merge)
    record.merged_into = None
    _store(survivor)
    try:
        with transaction.atomic():
            _store(record, "merged_into")
    except IntegrityError as error:
        raise Conflict(f"“{record}” cannot be as it was: {refusal_of(error)}") from error
    return lost


def _before_merge(record: Mergeable) -> dict:
    """The state of a merged record before the merge."""
    states = Revision.objects.of(record).values_list("state", flat=True)
    return states.get(version=merge_revision(record).version - 1) or states.last()


def _history_of(survivor: Mergeable, made: Revision) -> Callable[[Callable[[dict], bool]], bool]:
    """A test whether the survivor got a value by a merge and has had it ever since."""
    states, is_merged = [], False  # leaving out merges of the survivor that were undone
    for revision in Revision.objects.of(survivor).exclude(state__isnull=True):
        is_merged |= revision.verb == MERGED
        if not is_merged:
            states.append(revision)
        is_merged &= revision.verb != UNMERGED

    def came_by_merge(holds: Callable[[dict], bool]) -> bool:
        came = None
        for revision in reversed(states):
            if not holds(revision.state):
                break
            came = revision
        if came is None or came.version == 1:
            return False
        if (came.era, came.transaction) == (made.era, made.transaction):
            return True
        merges = Revision.objects.filter(
            era=came.era,
            transaction=came.transaction,
            subject_type=made.subject_type,
            verb=MERGED,
            state__merged_into_id=str(survivor.pk),
        )
        return merges.exists()

    return came_by_merge


def _store(record: Mergeable, *columns: str) -> None:
    record.save(update_fields=[*record.given, *columns])


# Records that a name may mean


def _may_mean_another(record: Named) -> bool:
    """Whether a name of this record is also that of a record not marked as distinct from it."""
    return record.namesakes().exclude(pk__in=_active_distinct_from(record)).exists()


def _settle_doubts(record: Mergeable) -> None:
    if isinstance(record, Named) and not _may_mean_another(record):
        for name, rows in _doubted(record):
            rows.settle_doubts(name, record)


def _restore_doubts(
    records: Iterable[Mergeable], settled: list[Revision], *, moved: list[UUID]
) -> None:
    """Flag again what these revisions settled; a merge of the `moved` does not count as naming."""
    moves = list(Revision.objects.filter(subject_id__in=moved, verb__in=[MERGED, UNMERGED]))
    for record in records:
        for name, rows in _doubted(record):
            rows.restore_doubts(name, record, settled, moves)


def _doubted(record: Named) -> Iterator[tuple[str, models.Manager]]:
    for field in foreign_keys_to(type(record)) if isinstance(record, Named) else ():
        if hasattr(field.model._default_manager, "settle_doubts"):
            yield field.name, field.model._default_manager
