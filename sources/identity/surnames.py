"""Speakers whose name says nobody in particular: a surname, a title and surname, an office.

Most belong to one article, and ask nothing of a curator (`Speaker.article`). Those of them that
are only a surname are listed on request, with those whom each may mean.
"""

from collections.abc import Iterable, Mapping
from copy import copy
from uuid import UUID

from django.db import connection
from django.db.models import Q

from sources.identity.duplicates import MAX_SHARING
from sources.identity.likeness import keys_of, likeness
from sources.identity.names import UNSPACED, parse
from sources.models import Speaker, SpeakerKey
from sources.models.speakers import SpeakerQuerySet

SHARING = f"""
SELECT sought.key, ARRAY(
    SELECT record_id FROM {SpeakerKey._meta.db_table} k WHERE k.key = sought.key
    ORDER BY record_id LIMIT %(most)s
)
FROM unnest(%(keys)s::text[]) sought (key)
"""  # noqa: S608 (ours)

PERSONS = (Speaker.Kind.PERSON, Speaker.Kind.UNKNOWN)


def identifies_nobody(speaker: Speaker) -> bool:
    """Whether the name by itself means nobody outside its article, whatever a curator says."""
    if speaker.kind not in (*PERSONS, Speaker.Kind.UNNAMED) or speaker.identifies:
        return False
    return not parse(speaker.name).identifies


def surnames_only() -> SpeakerQuerySet:
    """Active speakers that are only a surname, of one article or of all."""
    keys = SpeakerKey.objects.filter(key__gte="s ", key__lt="t", key__startswith="s ")
    of_all = Q(article=None, pk__in=keys.order_by().values("record_id"))
    of_all &= ~Q(name__regex=UNSPACED.pattern)  # one word there is a whole name
    found = Speaker.objects.active().filter(kind__in=PERSONS, identifies=[])
    return found.filter(Q(article__isnull=False) | of_all)


def meant_by(
    speakers: Iterable[Speaker], beside: Mapping[UUID, set[UUID]], most: int = 3
) -> dict[UUID, list[Speaker]]:
    """Active speakers with a full name whom each surname may mean, each with `why`.

    `beside` are the ids of those in its article, by its id: they come first, then those that exist
    longest. Those marked as distinct are left out. Three queries.
    """
    speakers = {speaker.pk: speaker for speaker in speakers}
    sought = {key: _sought(speaker) for key, speaker in speakers.items()}
    with connection.cursor() as cursor:
        keys = sorted({key for found in sought.values() for key in found})
        cursor.execute(SHARING, {"keys": keys, "most": MAX_SHARING})
        sharing = dict(cursor.fetchall())
    ids = {pk for pks in (*sharing.values(), *beside.values()) for pk in pks}
    full = {one.pk: one for one in Speaker.objects.active().shared().filter(pk__in=ids)}
    marked = Speaker.objects.with_all_distinct_from().filter(pk__in=speakers)
    distinct = dict(marked.values_list("pk", "all_distinct_from"))
    found = {}
    for pk, speaker in speakers.items():
        here = beside.get(pk, set())
        near = {key for name in sought[pk] for key in sharing.get(name, ())} | here
        near = sorted(near - {pk, *distinct[pk]}, key=lambda key: (key not in here, key))
        fitting = [(full[key], key in here) for key in near if key in full]
        found[pk] = [one for each in fitting if (one := _because(speaker, *each))][:most]
    return found


def _sought(speaker: Speaker) -> set[str]:
    """The keys that full names with this surname have: see `likeness.keys_of`."""
    return {f"z {key[2:]}" for key in keys_of(speaker.name) if key.startswith("s ")}


def _because(speaker: Speaker, other: Speaker, is_here: bool) -> Speaker | None:
    """The other with the reason to think that it is meant; None without one."""
    if other.kind not in PERSONS or not (why := likeness(speaker.name, other.name)):
        return None
    meant = copy(other)
    meant.why = f"{why} Both are in one article." if is_here else why
    return meant
