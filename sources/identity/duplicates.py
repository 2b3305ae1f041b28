"""Possible duplicates of speakers and of organisations: they share a name, or have similar names.

Each record has a few short keys (`likeness.keys_of`); similar names share one. Records
that share a key are compared, most `MAX_SHARING` of a key. Pairs that were marked as distinct are
left out, and speakers of one article alone.

Tasks of the worker store the keys, and the pairs that they lead to: in a large archive with few
duplicates, to find the first pair takes as long as to find all. A list reads the stored pairs, and
leaves out what has been merged, renamed or marked as distinct since. Until the worker has searched
once, a list searches by itself.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import combinations, islice
from uuid import UUID

from django.db import connection, models, transaction
from django.db.models import Exists, OuterRef

from sources.database.keyset import after_key
from sources.identity.agreement import words_of
from sources.identity.likeness import bodies_alike, keys_of, likeness
from sources.identity.names import NameKind, parse, plain
from sources.models import (
    Named,
    Organisation,
    OrganisationKey,
    PossiblePair,
    Speaker,
    SpeakerKey,
    StoredCount,
)
from sources.models.base import LikenessKey, Tally

KEYS: dict[type[Named], type[LikenessKey]] = {Speaker: SpeakerKey, Organisation: OrganisationKey}

MAX_RENEWED = 5_000
"""Records whose keys are stored in one transaction: some two seconds' work."""

MAX_UNKEYED = 100
"""Newest records whose keys may be worked out for one list: those of a minute, in some 40 ms."""

MAX_SHARING = 100
"""Records of one key that are compared with each other, the oldest first."""

READ_AT_A_TIME = 300
"""Keys, or stored pairs, that are read at a time: a page of 25 pairs rarely needs more."""

MAX_COUNTED = 1_000
"""Pairs that are counted for the dashboard: they are searched for, not read from an index."""

MAX_GROUPS = 30_000
"""Keys that are read for one list or count at most."""

GROUPS = """
SELECT key, ids || CASE WHEN starts_with(key, 's ') THEN ARRAY(
    SELECT record_id FROM {keys} k WHERE k.key = 'z ' || substr(g.key, 3)
    ORDER BY record_id LIMIT %(most)s
) ELSE '{{}}' END
FROM (
    SELECT key, (array_agg(record_id ORDER BY record_id))[:%(most)s] AS ids
    FROM {keys} k
    WHERE (key > %(after)s OR %(again)s AND key = %(after)s) AND key < 'z'
    GROUP BY key HAVING count(*) > 1 OR starts_with(key, 's ')
    ORDER BY key LIMIT %(limit)s
) g
"""

WITH_UNSTORED = """(
    SELECT key, record_id FROM {table}
    UNION ALL SELECT * FROM unnest(%(keys)s::text[], %(ids)s::uuid[]) unstored (key, record_id)
)"""

PLACE = ["key", "one", "other"]
"""The columns of a stored pair that make its place in the list."""

type PairKey = tuple[str, UUID, UUID]

Kind = Speaker.Kind


@dataclass(frozen=True)
class Pair:
    """Two records that may be the same, and why; `place` is the pair's key in the list."""

    one: Named
    other: Named
    why: str
    place: PairKey

    @property
    def since(self) -> datetime:
        return max(self.one.created, self.other.created)


def possible_duplicates_of(record: Named, limit: int = 5) -> list[Named]:
    """Active records that may be this one, each with `why`; those that share a name come first."""
    if record.merged_into_id or getattr(record, "article_id", None):
        return []
    model, keys = type(record), _keys_of(record)
    sought = {*keys, *(f"z {key[2:]}" for key in keys if key.startswith("s "))}
    sought = {key for key in sought if not key.startswith("z ") or f"s {key[2:]}" in keys}
    sought |= {f"s {key[2:]}" for key in keys if key.startswith("z ")}
    shared = KEYS[model].objects.filter(key__in=sought).exclude(record_id=record.pk)
    ids = list(shared.values_list("record_id", flat=True).distinct()[: 2 * MAX_SHARING])
    ids += [one.pk for one in _unkeyed(model) if one.pk != record.pk and sought & _keys_of(one)]
    found = []
    for one in _active(model, ids):
        if why := _why(record, one):
            one.why = why
            found.append(one)
    distinct = _distinct_pairs(model, [record, *found])
    found = [one for one in found if frozenset((one.pk, record.pk)) not in distinct]
    return sorted(found, key=lambda one: (not one.why.startswith("Both"), one.created))[:limit]


def possible_pairs(
    limit: int, after: PairKey | None = None, model: type[Named] = Speaker
) -> list[Pair]:
    """Pairs of active records that may be the same, by their keys, `after` the key of a pair."""
    is_stored = StoredCount.objects.filter(pk=_counted(model)).exists()
    return list(islice((_stored_pairs if is_stored else _pairs)(model, after), limit))


def store_pairs() -> None:
    """Find and count the pairs of each kind: 20 s with 100,000 speakers."""
    for model in KEYS:
        pairs, kind = list(islice(_pairs(model, None), MAX_COUNTED + 1)), model._meta.model_name
        with transaction.atomic():
            PossiblePair.objects.filter(kind=kind).delete()
            PossiblePair.objects.bulk_create(
                PossiblePair(kind=kind, key=key, one=one, other=other)
                for key, one, other in (pair.place for pair in pairs)
            )
            StoredCount.store(_counted(model), _number_of(pairs))


def count_pairs(up_to: int, model: type[Named] = Speaker) -> Tally:
    """Find the pairs, at most `up_to`; return their number, and since when the oldest exists."""
    return _number_of(list(islice(_pairs(model, None), up_to)))


def stored_count(model: type[Named]) -> Tally:
    """The number of pairs found last, at most `MAX_COUNTED` + 1; finds them if nobody has yet."""
    return StoredCount.last(_counted(model), partial(count_pairs, MAX_COUNTED + 1, model))


def _number_of(pairs: list[Pair]) -> Tally:
    return len(pairs), min((pair.since for pair in pairs), default=None)


def _counted(model: type[Named]) -> str:
    return f"pairs of {model._meta.model_name}"


def _stored_pairs(model: type[Named], after: PairKey | None) -> Iterator[Pair]:
    """The pairs that the worker found and that still may be the same."""
    stored = PossiblePair.objects.filter(kind=model._meta.model_name).order_by(*PLACE)
    while True:
        listed = after_key(stored, PLACE, after, ">") if after else stored
        if not (places := list(listed.values_list(*PLACE)[:READ_AT_A_TIME])):
            return
        found = _active(model, {two for _, *both in places for two in both})
        records = {one.pk: one for one in found}
        distinct = _distinct_pairs(model, found)
        for place in places:
            _, *keys = place
            both = [records[key] for key in keys if key in records]
            if len(both) == 2 and frozenset(keys) not in distinct and (why := _why(*both)):
                yield Pair(*both, why, place)
        after = places[-1]


# Keys


def renew_keys() -> None:
    """Store the keys of records that are new or changed, and drop those of former names."""
    for model, keys in KEYS.items():
        while changed := list(_without_keys(model, _listed(model))[:MAX_RENEWED]):
            with transaction.atomic():
                keys.objects.filter(record_id__in=[record.pk for record in changed]).delete()
                keys.objects.bulk_create(
                    [
                        keys(record_id=record.pk, version=record.version, key=key)
                        for record in changed
                        for key in sorted(_keys_of(record))
                    ],
                    batch_size=5_000,
                )


def _listed(model: type[Named]) -> models.QuerySet:
    records = model.objects.active()
    return records.shared() if model is Speaker else records


def _without_keys(model: type[Named], records: models.QuerySet) -> models.QuerySet:
    """Those of the records whose present names have no keys yet."""
    stored = KEYS[model].objects.filter(record_id=OuterRef("pk"), version=OuterRef("version"))
    names = ("name", "aliases", "names_folded", "version")
    kind = ("kind", "identifies") if model is Speaker else ()
    return records.exclude(Exists(stored)).only(*names, *kind)


def _unkeyed(model: type[Named]) -> list[Named]:
    """The newest records without stored keys."""
    newest = _listed(model).order_by("-created", "-pk").values("pk")[:MAX_UNKEYED]
    return list(_without_keys(model, model.objects.filter(pk__in=newest)))


def _keys_of(record: Named) -> frozenset[str]:
    keys = {f"e {name}"[:60] for name in record.names_folded}
    kind = getattr(record, "kind", Kind.ORGANISATION)
    if kind in (Kind.PERSON, Kind.UNKNOWN):
        keys |= keys_of(record.name)
    elif kind == Kind.ORGANISATION:
        names = [record.name] if isinstance(record, Speaker) else [record.name, *record.aliases]
        keys |= {key for name in names for key in keys_of(name) if key[0] in "ab"}
    return frozenset(keys)


# Pairs


def _pairs(model: type[Named], after: PairKey | None) -> Iterator[Pair]:
    key = after[0] if after else ""
    again = after is not None
    unstored = [(key, record.pk) for record in _unkeyed(model) for key in _keys_of(record)]
    table = KEYS[model]._meta.db_table
    groups_sql = GROUPS.format(keys=WITH_UNSTORED.format(table=table) if unstored else table)
    asked = {
        "most": MAX_SHARING,
        "limit": READ_AT_A_TIME,
        "keys": [key for key, _ in unstored],
        "ids": [pk for _, pk in unstored],
    }
    for _ in range(MAX_GROUPS // READ_AT_A_TIME):
        with connection.cursor() as cursor:
            cursor.execute(groups_sql, {**asked, "after": key, "again": again})
            groups = cursor.fetchall()
        if not groups:
            return
        found = list(_alike(model, groups))
        distinct = _distinct_pairs(model, (two for pair in found for two in (pair.one, pair.other)))
        for pair in found:
            begins = not again or pair.place > after
            if begins and frozenset((pair.one.pk, pair.other.pk)) not in distinct:
                yield pair
        key, again = groups[-1][0], False


def _alike(model: type[Named], groups: list[tuple[str, list[UUID]]]) -> Iterator[Pair]:
    """The pairs of each group that are alike, each in the first group that both share."""
    records = {one.pk: one for one in _active(model, {key for _, ids in groups for key in ids})}
    keys = {pk: _keys_of(record) for pk, record in records.items()}
    for key, ids in groups:
        present = sorted({pk for pk in ids if pk in records})
        for one, other in combinations(present, 2):
            if key == _first_shared(keys[one], keys[other]) and (
                why := _why(records[one], records[other])
            ):
                yield Pair(records[one], records[other], why, (key, one, other))


def _first_shared(ones: frozenset[str], others: frozenset[str]) -> str | None:
    shared = {key for key in ones & others if not key.startswith("z ")}
    for mine, theirs in ((ones, others), (others, ones)):
        shared |= {key for key in mine if key.startswith("s ") and f"z {key[2:]}" in theirs}
    return min(shared, default=None)


def _active(model: type[Named], ids: Iterable[UUID]) -> list[Named]:
    found = _listed(model).filter(pk__in=list(ids))
    related = "organisation" if model is Speaker else "parent"
    return list(found.select_related(related).order_by("created", "pk"))


# Reasons


def _why(one: Named, other: Named) -> str | None:
    """Why two records may be one, if they may."""
    if not (_may_be_one_speaker if isinstance(one, Speaker) else _may_be_one_body)(one, other):
        return None
    shared = set(one.names_folded) & set(other.names_folded)
    if shared and (shared := shared - _saying_little(one, other)):
        names = (one.name, *one.aliases, other.name, *other.aliases)
        named = (name for name in names if plain(name) in shared)
        return f"Both are called “{next(named, min(shared))}”."
    if isinstance(one, Speaker):
        return _why_one_speaker(one, other)
    reasons = (
        bodies_alike(mine, theirs)
        for mine in (one.name, *one.aliases)
        for theirs in (other.name, *other.aliases)
    )
    return next(filter(None, reasons), None)


def _saying_little(*records: Named) -> set[str]:
    """Aliases that merges of “Mr Jones” left: two may share them and be strangers."""
    return {
        plain(alias)
        for record in records
        if isinstance(record, Speaker) and record.kind in (Kind.PERSON, Kind.UNKNOWN)
        for alias in record.aliases
        if alias not in record.identifies
        and parse(alias).kind in (NameKind.SINGLE, NameKind.TITLED)
    }


def _may_be_one_body(one: Organisation, other: Organisation) -> bool:
    """Whether neither is a part of the other."""
    return one.pk != other.parent_id and other.pk != one.parent_id


def _may_be_one_speaker(one: Speaker, other: Speaker) -> bool:
    if one.kind != other.kind and Kind.UNKNOWN not in (one.kind, other.kind):
        return False
    bodies = {one.organisation_id, other.organisation_id}
    return None in bodies or len(bodies) == 1


def _why_one_speaker(one: Speaker, other: Speaker) -> str | None:
    kinds = {one.kind, other.kind}
    if kinds & {Kind.UNNAMED, Kind.COLLECTIVE}:
        return None
    if Kind.ORGANISATION in kinds and words_of(one.name) != words_of(other.name):
        why = likeness(one.name, other.name)
        return why if why and "acronym" in why else None
    return likeness(one.name, other.name)


def _distinct_pairs(model: type[Named], records: Iterable[Named]) -> set[frozenset[UUID]]:
    """The pairs that a curator has marked as distinct, also through records merged since."""
    ids = {record.pk for record in records}
    if not ids:
        return set()
    marked = model.objects.with_all_distinct_from().filter(pk__in=ids)
    said = {pk: keys for pk, keys in marked.values_list("pk", "all_distinct_from") if keys}
    led = model.objects.survivors({key for keys in said.values() for key in keys})
    return {frozenset((pk, led.get(key, key))) for pk, keys in said.items() for key in keys}
