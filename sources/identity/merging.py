"""Merging two records that are one, telling apart two that are not, and taking either back.

What moves is found from the models: the rows of every foreign key that points at the kind of
record, in whatever app. What moved is found in the ledger: a merge is the revision of the merged
record with the verb `merged`, and what its transaction moved is what the undo moves back.

A model whose rows have more to mind than where they point says so itself:

- `goes_with` names the foreign key to what a row goes along with, or else lets go of;
- its manager's `settle_doubts(field, record)` is called when the names of a record can mean nobody
  else, `restore_doubts(field, record, settled, moved)` when what settled it is taken back.

Locks are taken in one order: what points at records before the records, and each by id.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, connection, models, transaction
from django.db.models import OuterRef, Q, Subquery
from django.db.models.expressions import RawSQL

from sources.exceptions import Conflict, refusal_of
from sources.ledger.actor import with_reason
from sources.ledger.recording import recording_of
from sources.ledger.revisions import Revision
from sources.models import Named
from sources.models.functions import fold_all

MERGED, UNMERGED = Revision.Verb.MERGED, Revision.Verb.UNMERGED

LONGEST = "10min"
"""How long one statement of a merge or its undo may run."""

MOST_NAMED = 10
"""Rows that a refusal names at most."""


@dataclass
class Merge:
    """What a merge does, or its undo.

    `record` is the survivor, or who was parted from it; `moved` says how many rows of each kind
    move there, by its plural; `aliases` are those that the survivor gains, or loses.
    """

    record: Named
    moved: dict[str, int]
    aliases: list[str]


# Verbs


def preview(record: Named, into: Named) -> Merge:
    """What `merge` would do, or why it cannot; `into` is changed as it would be, but not stored."""
    _refuse(record, into)
    gained = _gained_names(record, into)
    into.aliases = [*into.aliases, *gained]
    if hasattr(into, "identifiers"):
        into.identifiers = {**record.identifiers, **into.identifiers}
    into.all_distinct_from = sorted({*_all_distinct_from(record), *_all_distinct_from(into)})
    return Merge(into, belonging_to(record), gained)


def merge(record: Named, into: Named, reason: str | None = None) -> Merge:
    """Have all that points at a record point at another, which its id means from now on.

    Its names become aliases of the other, which also takes the identifiers that it lacks. Raises
    `Conflict` when the two cannot be one.
    """
    with transaction.atomic(), with_reason(reason):
        record, into = lock_to_move(record, into)
        own = set(getattr(into, "identifiers", ()))
        merge = preview(record, into)
        with _moving():
            for field, rows in _pointing_at(record):
                rows.update(**{field.name: into})
        # The merged one first: two cannot have the same identifier.
        record.merged_into = into
        if hasattr(record, "identifiers"):
            record.identifiers = {k: v for k, v in record.identifiers.items() if k in own}
        _store(record, "merged_into")
        _store(into)
        merge.record = _fresh(into)
        _settle_doubts(merge.record)
        return merge


def unmerge(record: Named, reason: str | None = None) -> Merge:
    """Undo a merge: all that it moved goes back, but for what was moved elsewhere since.

    What came to the survivor since stays there. Raises `Conflict` when the survivor was itself
    merged since.
    """
    with transaction.atomic(), with_reason(reason):
        if not record.merged_into_id:
            raise Conflict(f"“{record}” is not merged into another: there is nothing to undo.")
        record, survivor = lock_to_move(record, record.merged_into)
        if record.merged_into_id != survivor.pk:
            raise Conflict(f"The merge of “{record}” was undone at the same moment.")
        if survivor.merged_into_id:
            raise Conflict(
                f"“{survivor}” ({survivor.pk}) was itself merged since, into "
                f"“{survivor.merged_into}”. Undo that first."
            )
        made = _merge_of(record)
        returning = _returning(record)
        moved = _count(returning)
        _let_go(returning, survivor)
        lost = _take_back(record, survivor, made)
        with _moving():
            for field, rows in returning:
                rows.update(**{field.name: record})
        _restore_doubts((record, survivor), [made], moved=[record.pk, survivor.pk])
        return Merge(_fresh(record), moved, lost)


def mark_distinct(one: Named, other: Named, reason: str | None = None) -> None:
    """Remember that two records are not one: they cannot be merged until that is taken back."""
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
    """Take back that two records, or any that were merged into them, are not one."""
    with transaction.atomic(), with_reason(reason):
        one, other = lock(one, other)
        _refuse_unless_two(one, other)
        sides = (
            _leading_to(one, other.all_distinct_from),
            _leading_to(other, one.all_distinct_from),
        )
        if not any(sides):
            raise Conflict(f"Nobody said that “{one}” and “{other}” are different.")
        apart = [*sides[0], *sides[1]]
        said = Revision.objects.filter(subject_id__in=apart, fields__contains=["distinct_from"])
        said = list(said)
        for side, opposite in (sides, sides[::-1]):
            for record in type(one).objects.filter(pk__in=side).order_by("pk"):
                record.distinct_from = [k for k in record.distinct_from if k not in opposite]
                record.save(update_fields=["distinct_from"])
        doubted = [record for record in map(_fresh, (one, other)) if _may_mean_another(record)]
        _restore_doubts(doubted, said, moved=[*apart, one.pk, other.pk])


def belonging_to(record: Named) -> dict[str, int]:
    """How many rows of each kind point at a record, by its plural: what a merge of it moves."""
    return _count(_pointing_at(record))


def refuse_if_merged(record: Named) -> None:
    """Raise `Conflict` for a record that was merged into another, naming the survivor."""
    if record.merged_into_id:
        survivor = record.survivor
        raise Conflict(
            f"“{record}” was merged into “{survivor}”: change that one, {survivor.pk}, or undo the "
            "merge first."
        )


def lock(one: Named, other: Named) -> tuple[Named, Named]:
    """Both as they are now, and until the transaction ends."""
    both = type(one).objects.filter(pk__in=[one.pk, other.pk]).order_by("pk")
    list(both.select_for_update().values("pk"))
    return _fresh(one), _fresh(other)


def lock_to_move(record: Named, other: Named) -> tuple[Named, Named]:
    """Likewise, and before them all that a merge of the first, or its undo, would move."""
    moving = _returning(record) if record.merged_into_id else _pointing_at(record)
    moving.sort(key=lambda each: issubclass(each[0].model, Named))  # pointed at themselves: last
    with connection.cursor() as cursor:
        # Moving everything somebody ever said takes longer than a request usually may.
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [LONGEST])
        for _, rows in moving:
            rows = rows.order_by("pk").select_for_update(no_key=True).values("pk")
            sql, values = rows.query.sql_with_params()
            cursor.execute(f"SELECT count(*) FROM ({sql}) AS locked", values)
    return lock(record, other)


# What can be one


def _refuse(record: Named, into: Named) -> None:
    _refuse_unless_two(record, into)
    if into.pk in _apart_from(record):
        raise Conflict(
            f"“{record}” and “{into}” were said to be different. If they are one after all, take "
            "that back first."
        )
    if why := record.why_not_merged_into(into):
        raise Conflict(why)
    for scheme, value in getattr(record, "identifiers", {}).items():
        if (other := into.identifiers.get(scheme, value)) != value:
            raise Conflict(
                f"Each has an identifier of its own in “{scheme}”: “{record}” is {value}, “{into}” "
                f"is {other}. One of these is wrong, or they are two."
            )
    if twins := [fault for field in _fields(type(record)) for fault in _twins(field, record, into)]:
        raise Conflict("What the two have cannot be had twice by one.", twins)


def _refuse_unless_two(one: Named, other: Named) -> None:
    if one.pk == other.pk:
        raise Conflict(f"This is one record already: “{one}”, {one.pk}.")
    refuse_if_merged(one)
    refuse_if_merged(other)


def _twins(field: models.ForeignKey, record: Named, into: Named) -> Iterator[dict]:
    """Rows of the two that are alike in what only one row may be once both are one's."""
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
        for one, other in pairs.order_by("pk").values_list("pk", "twin")[:MOST_NAMED]:
            message = f"The {what}s {one} and {other} have the same {' and '.join(others)}."
            yield {"pointer": "/into", "message": message}


def _all_distinct_from(record: Named) -> list[UUID]:
    if not hasattr(record, "all_distinct_from"):
        record.all_distinct_from = _fresh(record).all_distinct_from
    return record.all_distinct_from


def _apart_from(record: Named) -> set[UUID]:
    """The standing records that were said to be others than this one."""
    return set(type(record).objects.survivors(_all_distinct_from(record)).values())


def _leading_to(record: Named, ids: Iterable[UUID]) -> list[UUID]:
    led = type(record).objects.survivors(ids)
    return [key for key, survivor in led.items() if survivor == record.pk]


def _fresh(record: Named) -> Named:
    return type(record).objects.with_all_distinct_from().get(pk=record.pk)


# Names and identifiers


def _gained_names(record: Named, into: Named) -> list[str]:
    names = [record.name, *record.aliases]
    folded, known, gained = fold_all(names), set(into.names_folded), []
    for name in names:
        if folded[name] not in known:
            known.add(folded[name])
            gained.append(name)
    return gained


def _take_back(record: Named, survivor: Named, made: Revision) -> list[str]:
    """Part the two: the survivor loses what it has by this record alone, which has its own again.

    Returns the aliases that the survivor lost.
    """
    came_by_merge = _history_of(survivor, made)
    others = list(survivor.merged.exclude(pk=record.pk))
    kept = {name for other in others for name in other.names_folded}
    folded = fold_all(survivor.aliases)
    lost = [
        alias
        for alias in survivor.aliases
        if folded[alias] in record.names_folded
        and folded[alias] not in kept
        and came_by_merge(lambda state, alias=alias: alias in state["aliases"])
    ]
    survivor.aliases = [alias for alias in survivor.aliases if alias not in lost]
    record.merged_into = None
    if hasattr(record, "identifiers"):
        record.identifiers = _own_identifiers(record)
        kept = [item for other in others for item in _own_identifiers(other).items()]
        for item in record.identifiers.items():
            if (
                item in survivor.identifiers.items()
                and item not in kept
                and came_by_merge(lambda state, item=item: item in state["identifiers"].items())
            ):
                del survivor.identifiers[item[0]]
    _store(survivor)
    try:
        with transaction.atomic():
            _store(record, "merged_into")
    except IntegrityError as error:
        raise Conflict(f"“{record}” cannot be as it was: {refusal_of(error)}") from error
    return lost


def _own_identifiers(record: Named) -> dict[str, str]:
    """Those that a merged record had before it was merged."""
    before = Revision.objects.of(record).get(version=_merge_of(record).version - 1)
    return before.state["identifiers"] if before.state else record.identifiers


def _history_of(survivor: Named, made: Revision) -> Callable[[Callable[[dict], bool]], bool]:
    """Tells whether what the survivor holds came to it by a merge, and has been there since."""
    states = list(Revision.objects.of(survivor).exclude(state__isnull=True).reverse())

    def came_by_merge(holds: Callable[[dict], bool]) -> bool:
        came = None
        for revision in states:
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


def _store(record: Named, *columns: str) -> None:
    held = ["identifiers"] if hasattr(record, "identifiers") else []
    record.save(update_fields=["aliases", *held, *columns])


# What points at a record


def _fields(model: type[Named]) -> list[models.ForeignKey]:
    """The foreign keys to this kind of record; those of its own app first, on which others rest."""
    found = [
        relation.field
        for relation in model._meta.get_fields(include_hidden=True)
        if relation.auto_created and relation.one_to_many and relation.field.name != "merged_into"
    ]
    return sorted(found, key=lambda field: field.model._meta.app_label != model._meta.app_label)


def _pointing_at(record: Named) -> list[tuple[models.ForeignKey, models.QuerySet]]:
    return [
        (field, field.model._base_manager.filter(**{field.name: record.pk}))
        for field in _fields(type(record))
    ]


def _count(moving: list[tuple[models.ForeignKey, models.QuerySet]]) -> dict[str, int]:
    counted = Counter()
    for field, rows in moving:
        counted[str(field.model._meta.verbose_name_plural)] += rows.count()
    return dict(counted)


@contextmanager
def _moving() -> Iterator[None]:
    """Let rows change hands that otherwise may not, because others rest on them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('onrecord.merging', 'on', true)")
        yield
        cursor.execute("SELECT set_config('onrecord.merging', '', true)")


# What a merge moved


def _merge_of(record: Named) -> Revision:
    """The revision that merged a record into what it is merged into now."""
    return Revision.objects.of(record).filter(verb=MERGED).last()


def _returning(record: Named) -> list[tuple[models.ForeignKey, models.QuerySet]]:
    """What the merge of this record moved, as far as nobody has moved it since.

    What a later merge of the survivor moved, and its undo moved back, was not moved by anybody.
    """
    made, survivor = _merge_of(record), record.merged_into_id
    found = []
    for field in _fields(type(record)):
        subject, path = _place_in_ledger(field)
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


def _place_in_ledger(field: models.ForeignKey) -> tuple[str, str]:
    """Where the ledger keeps a column of a row `moved`: of which subject, at which path."""
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


def _let_go(returning: list[tuple[models.ForeignKey, models.QuerySet]], survivor: Named) -> None:
    """Part rows from what they go with, where only one of the two goes back."""
    rows_of = {field.model: rows.values("pk") for field, rows in returning}
    for field, rows in returning:
        name = getattr(field.model, "goes_with", None)
        along = name and field.model._meta.get_field(name).related_model
        if along in rows_of:
            goes, its_goes = Q(pk__in=rows.values("pk")), Q(**{f"{name}__in": rows_of[along]})
            held = {field.name: survivor.pk, f"{name}__isnull": False}
            parted = field.model._base_manager.filter((goes & ~its_goes) | (its_goes & ~goes))
            parted.filter(**held).update(**{name: None})


# Whom a name may mean


def _may_mean_another(record: Named) -> bool:
    """Whether a name of this record may stand for one that nobody has told apart from it."""
    return record.namesakes().exclude(pk__in=_apart_from(record)).exists()


def _settle_doubts(record: Named) -> None:
    if not _may_mean_another(record):
        for name, rows in _doubted(record):
            rows.settle_doubts(name, record)


def _restore_doubts(
    records: Iterable[Named], settled: list[Revision], *, moved: list[UUID]
) -> None:
    """Doubt again what was settled with some revisions; merging the `moved` named nobody."""
    moves = list(Revision.objects.filter(subject_id__in=moved, verb__in=[MERGED, UNMERGED]))
    for record in records:
        for name, rows in _doubted(record):
            rows.restore_doubts(name, record, settled, moves)


def _doubted(record: Named) -> Iterator[tuple[str, models.Manager]]:
    for field in _fields(type(record)):
        if hasattr(field.model._default_manager, "settle_doubts"):
            yield field.name, field.model._default_manager
