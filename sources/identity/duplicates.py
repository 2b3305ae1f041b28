"""Possible duplicates: speakers of one kind that share a name or have similar names.

Each speaker has a few short keys (`likeness.keys_of`), of which similar names share one. They are
made anew when a list is asked for, for speakers that changed since. Speakers that share a key are
compared, most `MAX_SHARING` of a key; so the work grows with the list, not with the archive. Pairs
that were marked as distinct are left out, and speakers of one article alone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations, islice
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from sources.identity.agreement import words_of
from sources.identity.likeness import keys_of, likeness
from sources.identity.names import plain
from sources.models import Speaker, SpeakerKey

MAX_RENEWED = 5_000
"""Speakers whose keys are made anew for one list: some two seconds' work."""

MAX_SHARING = 100
"""Speakers of one key that are compared with each other, the oldest first."""

GROUPS_AT_A_TIME = 300
"""Keys that are read at a time: a page of 25 pairs rarely needs more."""

MAX_GROUPS = 30_000
"""Keys that are read for one list or count at most."""

GROUPS = """
SELECT key, ids || CASE WHEN starts_with(key, 's ') THEN ARRAY(
    SELECT speaker_id FROM sources_speakerkey k WHERE k.key = 'z ' || substr(g.key, 3)
    ORDER BY speaker_id LIMIT %(most)s
) ELSE '{}' END
FROM (
    SELECT key, (array_agg(speaker_id ORDER BY speaker_id))[:%(most)s] AS ids
    FROM sources_speakerkey
    WHERE (key > %(after)s OR %(again)s AND key = %(after)s) AND key < 'z'
    GROUP BY key HAVING count(*) > 1 OR starts_with(key, 's ')
    ORDER BY key LIMIT %(limit)s
) g
"""

type PairKey = tuple[bool, str, UUID, UUID]

Kind = Speaker.Kind


@dataclass(frozen=True)
class Pair:
    """Two speakers that may be the same, and why; `place` is the pair's key in the list."""

    one: Speaker
    other: Speaker
    why: str
    place: PairKey

    @property
    def since(self) -> datetime:
        return max(self.one.created, self.other.created)


def possible_duplicates_of(speaker: Speaker, limit: int = 5) -> list[Speaker]:
    """Active speakers that may be this one, each with `why`; those that share a name come first."""
    if speaker.merged_into_id or speaker.article_id:
        return []
    renew_keys()
    keys = _keys_of(speaker)
    sought = {*keys, *(f"z {key[2:]}" for key in keys if key.startswith("s "))}
    sought = {key for key in sought if not key.startswith("z ") or f"s {key[2:]}" in keys}
    sought |= {f"s {key[2:]}" for key in keys if key.startswith("z ")}
    shared = SpeakerKey.objects.filter(key__in=sought).exclude(speaker_id=speaker.pk)
    ids = list(shared.values_list("speaker_id", flat=True).distinct()[: 2 * MAX_SHARING])
    found = []
    for one in _active(ids):
        if why := _why(speaker, one):
            one.why = why
            found.append(one)
    distinct = _distinct_pairs([speaker, *found])
    found = [one for one in found if frozenset((one.pk, speaker.pk)) not in distinct]
    return sorted(found, key=lambda one: (not one.why.startswith("Both"), one.created))[:limit]


def possible_pairs(limit: int, after: PairKey | None = None) -> list[Pair]:
    """Pairs of active speakers that may be the same, by their keys, `after` the key of a pair."""
    renew_keys()
    return list(islice(_pairs(after), limit))


def count_pairs(up_to: int) -> tuple[int, datetime | None]:
    """Count the pairs, at most `up_to`, and return since when the oldest of them exists."""
    pairs = possible_pairs(up_to)
    return len(pairs), min((pair.since for pair in pairs), default=None)


def renew_keys() -> None:
    """Make the keys of speakers that are new or changed, and drop those of former names."""
    current = SpeakerKey.objects.filter(speaker_id=OuterRef("pk"), version=OuterRef("version"))
    stale = Speaker.objects.active().shared().exclude(Exists(current))
    changed = list(stale.only(*NAMES)[:MAX_RENEWED])
    if not changed:
        return
    with transaction.atomic():
        SpeakerKey.objects.filter(speaker_id__in=[speaker.pk for speaker in changed]).delete()
        SpeakerKey.objects.bulk_create(
            [
                SpeakerKey(speaker_id=speaker.pk, version=speaker.version, key=key)
                for speaker in changed
                for key in sorted(_keys_of(speaker))
            ],
            batch_size=5_000,
        )


NAMES = ("name", "aliases", "names_folded", "kind", "version")


def _pairs(after: PairKey | None) -> Iterator[Pair]:
    _, key, *last = after or (False, "", None, None)
    again = after is not None
    for _ in range(MAX_GROUPS // GROUPS_AT_A_TIME):
        with connection.cursor() as cursor:
            asked = {"after": key, "again": again, "most": MAX_SHARING, "limit": GROUPS_AT_A_TIME}
            cursor.execute(GROUPS, asked)
            groups = cursor.fetchall()
        if not groups:
            return
        found = list(_alike(groups))
        distinct = _distinct_pairs(two for pair in found for two in (pair.one, pair.other))
        for pair in found:
            begins = not again or pair.place[1:] > (after[1], *last)
            if begins and frozenset((pair.one.pk, pair.other.pk)) not in distinct:
                yield pair
        key, again = groups[-1][0], False


def _alike(groups: list[tuple[str, list[UUID]]]) -> Iterator[Pair]:
    """The pairs of each group that are alike, each in the first group that both share."""
    speakers = {one.pk: one for one in _active({key for _, ids in groups for key in ids})}
    keys = {pk: _keys_of(speaker) for pk, speaker in speakers.items()}
    for key, ids in groups:
        present = sorted({pk for pk in ids if pk in speakers})
        for one, other in combinations(present, 2):
            if key == _first_shared(keys[one], keys[other]) and (
                why := _why(speakers[one], speakers[other])
            ):
                yield Pair(speakers[one], speakers[other], why, (False, key, one, other))


def _first_shared(ones: frozenset[str], others: frozenset[str]) -> str | None:
    shared = {key for key in ones & others if not key.startswith("z ")}
    for mine, theirs in ((ones, others), (others, ones)):
        shared |= {key for key in mine if key.startswith("s ") and f"z {key[2:]}" in theirs}
    return min(shared, default=None)


def _active(ids: Iterable[UUID]) -> list[Speaker]:
    found = Speaker.objects.active().shared().filter(pk__in=list(ids))
    return list(found.select_related("organisation").order_by("created", "pk"))


def _keys_of(speaker: Speaker) -> frozenset[str]:
    keys = {f"e {name}"[:60] for name in speaker.names_folded}
    if speaker.kind in (Kind.PERSON, Kind.UNKNOWN):
        keys |= keys_of(speaker.name)
    elif speaker.kind == Kind.ORGANISATION:
        keys |= {key for key in keys_of(speaker.name) if key[0] in "ab"}
    return frozenset(keys)


def _why(one: Speaker, other: Speaker) -> str | None:
    """Why two speakers may be one, if they may."""
    if one.kind != other.kind and Kind.UNKNOWN not in (one.kind, other.kind):
        return None
    if None not in (one.organisation_id, other.organisation_id) and (
        one.organisation_id != other.organisation_id
    ):
        return None
    if shared := set(one.names_folded) & set(other.names_folded):
        names = (name for name in (one.name, *one.aliases) if plain(name) in shared)
        return f"Both are called “{next(names, min(shared))}”."
    kinds = {one.kind, other.kind}
    if kinds & {Kind.UNNAMED, Kind.COLLECTIVE}:
        return None
    if Kind.ORGANISATION in kinds and words_of(one.name) != words_of(other.name):
        why = likeness(one.name, other.name)
        return why if why and "acronym" in why else None
    return likeness(one.name, other.name)


def _distinct_pairs(speakers: Iterable[Speaker]) -> set[frozenset[UUID]]:
    """The pairs that a curator has marked as distinct, also through records merged since."""
    ids = {speaker.pk for speaker in speakers}
    if not ids:
        return set()
    marked = Speaker.objects.with_all_distinct_from().filter(pk__in=ids)
    said = {pk: keys for pk, keys in marked.values_list("pk", "all_distinct_from") if keys}
    led = Speaker.objects.survivors({key for keys in said.values() for key in keys})
    return {frozenset((pk, led.get(key, key))) for pk, keys in said.items() for key in keys}
