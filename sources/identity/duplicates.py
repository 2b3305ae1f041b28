"""Possible duplicates: speakers of one kind that share a name or have similar names.

Names of persons are similar when the last name is equal and one first name is a prefix of the
other: "R. Jones", "Rob Jones" and "Robert F. Jones", but not "Rachel Jones". Titles are ignored.
Pairs that were marked as distinct are left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import BooleanField, Func, Value

from sources.models import Speaker
from sources.models.functions import GivenNames, ShortName

# Pairs of active speakers: a self-join of the index `speaker_alike` in its order, then other pairs
# that share an alias. The key of a row is (later, short, one, other).
PAIRS = """
WITH RECURSIVE called AS (
    SELECT sources_short_name(kind, name) AS short, kind, id,
           sources_given_names(kind, name) AS given, organisation_id, created
    FROM sources_speaker
    WHERE merged_into_id IS NULL AND NOT %(later)s
      AND sources_short_name(kind, name) >= %(short)s
    ORDER BY 1, 2, 3
),
apart AS (
    SELECT s.id AS one, other
    FROM sources_speaker s, unnest(s.distinct_from) other WHERE s.distinct_from <> '{}'
),
led AS (
    SELECT id AS said, id FROM apart, unnest(ARRAY[one, other]) id
    UNION
    SELECT led.said, s.merged_into_id FROM led JOIN sources_speaker s ON s.id = led.id
        WHERE s.merged_into_id IS NOT NULL
),
marked_distinct AS (
    SELECT o.id AS one, p.id AS other
    FROM apart JOIN led o ON o.said = apart.one JOIN led p ON p.said = apart.other
),
alike AS (
    SELECT a.short, a.id AS one, b.id AS other, greatest(a.created, b.created) AS since
    FROM called a JOIN called b ON b.short = a.short AND b.kind = a.kind AND a.id < b.id
    WHERE NOT %(later)s AND sources_alike_given(a.given, b.given)
      AND (a.kind = 'person' OR a.organisation_id IS NULL OR b.organisation_id IS NULL
           OR a.organisation_id = b.organisation_id)
      AND (a.short, a.id, b.id) > (%(short)s, %(one)s, %(other)s)
      AND NOT EXISTS (
          SELECT FROM marked_distinct t WHERE (t.one, t.other) IN ((a.id, b.id), (b.id, a.id))
      )
    ORDER BY 1, 2, 3 LIMIT %(limit)s
),
sharing AS (
    SELECT DISTINCT sources_short_name(o.kind, o.name) AS short, o.id AS one, p.id AS other,
           greatest(o.created, p.created) AS since
    FROM sources_speaker a
    JOIN sources_speaker b ON b.names_folded && a.names_folded AND b.kind = a.kind AND b.id <> a.id
    JOIN sources_speaker o ON o.id = least(a.id, b.id)
    JOIN sources_speaker p ON p.id = greatest(a.id, b.id)
    WHERE (SELECT count(*) FROM alike) < %(limit)s
      AND a.aliases <> '{}' AND a.merged_into_id IS NULL AND b.merged_into_id IS NULL
      AND (a.kind = 'person' OR a.organisation_id IS NULL OR b.organisation_id IS NULL
           OR a.organisation_id = b.organisation_id)
      AND NOT (
          sources_short_name(o.kind, o.name) = sources_short_name(p.kind, p.name)
          AND sources_alike_given(
              sources_given_names(o.kind, o.name), sources_given_names(p.kind, p.name)
          )
      )
      AND NOT EXISTS (
          SELECT FROM marked_distinct t WHERE (t.one, t.other) IN ((a.id, b.id), (b.id, a.id))
      )
)
SELECT false AS later, short, one, other, since FROM alike
UNION ALL
SELECT true, short, one, other, since FROM sharing
    WHERE NOT %(later)s OR (short, one, other) > (%(short)s, %(one)s, %(other)s)
ORDER BY 1, 2, 3, 4 LIMIT %(limit)s
"""

NOBODY = UUID(int=0)

MAX_NAMESAKES = 50
"""Speakers of one name to compare when listing the possible duplicates of a speaker."""


class AlikeGiven(Func):
    """One first name is a prefix of the other, and middle initials agree if both have one."""

    function = "sources_alike_given"
    output_field = BooleanField()


type PairKey = tuple[bool, str, UUID, UUID]


@dataclass(frozen=True)
class Pair:
    """Two speakers that may be the same, and why; `place` is the pair's key in the list."""

    one: Speaker
    other: Speaker
    why: str
    place: PairKey


def possible_duplicates_of(speaker: Speaker, limit: int = 5) -> list[Speaker]:
    """Active speakers that may be this one, each with `why`; those that share a name come first.

    Similar aliases do not count, only equal ones.
    """
    if speaker.merged_into_id:
        return []
    key = ShortName("kind", "name")
    given = GivenNames("kind", "name")
    short, own_given = Speaker.objects.values_list(key, given).get(pk=speaker.pk)
    alike = Speaker.objects.active().filter(kind=speaker.kind).alias(short=key)
    alike = alike.filter(AlikeGiven(given, Value(own_given)), short=short)
    if short.startswith("~"):
        alike = alike.none()  # no person: equal names are found as namesakes
    found = {}
    for rows in (speaker.namesakes(), alike.exclude(pk=speaker.pk)):
        rows = rows.select_related("organisation").order_by("created", "pk")
        found |= {one.pk: one for one in rows[:MAX_NAMESAKES] if one.pk not in found}
    apart = _all_distinct_from(speaker)
    found = [one for one in found.values() if one.pk not in apart][:limit]
    _say_why((speaker, one) for one in found)
    return found


def possible_pairs(limit: int, after: PairKey | None = None) -> list[Pair]:
    """Pairs of active speakers that may be the same, `after` the key of a pair.

    Persons by last name, then others by name, then pairs that only share an alias.
    """
    places = [tuple(place) for *place, _ in _pairs(limit, after)]
    wanted = {key for _, _, *both in places for key in both}
    speakers = Speaker.objects.select_related("organisation").in_bulk(wanted)
    both = [(speakers[one], speakers[other]) for _, _, one, other in places]
    whys = _say_why(both)
    return [Pair(*two, why, place) for two, why, place in zip(both, whys, places, strict=True)]


def count_pairs(up_to: int) -> tuple[int, datetime | None]:
    """Count the pairs, at most `up_to`, and return since when the oldest of them exists."""
    pairs = _pairs(up_to, None)
    return len(pairs), min((since for *_, since in pairs), default=None)


def _pairs(limit: int, after: PairKey | None) -> list[tuple]:
    later, short, one, other = after or (False, "", NOBODY, NOBODY)
    with connection.cursor() as cursor:
        cursor.execute(
            PAIRS,
            {"limit": limit, "later": later, "short": short, "one": one, "other": other},
        )
        return cursor.fetchall()


def _all_distinct_from(speaker: Speaker) -> set[UUID]:
    (said,) = Speaker.objects.with_all_distinct_from().filter(pk=speaker.pk).values_list(
        "all_distinct_from", flat=True
    )  # fmt: skip
    return set(Speaker.objects.survivors(said).values())


def _say_why(pairs: Iterable[tuple[Speaker, Speaker]]) -> list[str]:
    """Say why each pair may be the same, and set it as `why` on the second; one query."""
    pairs = list(pairs)
    called = {two.pk: [two.name, *two.aliases] for both in pairs for two in both}
    folded = Speaker.keys_of(name for names in called.values() for name in names)
    whys = []
    for one, other in pairs:
        theirs = {folded[name] for name in called[other.pk]}
        shared = next((name for name in called[one.pk] if folded[name] in theirs), None)
        if shared:
            other.why = f"Both are called “{shared}”."
        else:
            short, full = sorted((one.name, other.name), key=len)
            other.why = f"“{short}” may stand for “{full}”."
        whys.append(other.why)
    return whys
