"""Find speakers, organisations and outlets by what somebody remembers of a name.

The API (`?q=`), the pickers and the search of the admin, and the public pages all ask `find`.
Who asks gives the records that the user may see: nothing else is looked at.
"""

import re
from collections.abc import Iterable
from functools import reduce
from operator import and_
from unicodedata import category
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Concat
from rapidfuzz.distance import OSA

from sources.database.estimates import estimate
from sources.models import UseCount
from sources.models.base import NamedQuerySet
from sources.models.functions import AllNames, Fold, IdentifierValues, NameSlips, fold_all
from sources.models.ids import as_uuid

MAX_TERM, MAX_WORDS = 200, 8  # characters and words: more take longer and find no better

MAX_FOUND = 100
"""Records that one search returns: whoever misses one adds a word."""

ENOUGH = 10
"""Records found letter for letter, from which on nobody looks for slips."""

MAX_COMPARED = 500
"""Names compared with a slip, the most used first: 2 ms."""

LEAST_FOR_SLIP, MOST_FOR_SLIP = 4, 20
"""Letters of a word that may have a slip; those that `sources_name_slips` makes keys of."""

MANY = 2_000
"""Records that are looked through one by one, in 10 ms; of more, only the most used at first."""


def find(records: NamedQuerySet, term: str, most: int = MAX_FOUND) -> list[UUID]:
    """Ids of the records that a term means, the best first; ten queries at most.

    A term is the id of a record, one of its identifiers, an outlet's slug, or words of a name or an
    alias. Whole names come first, then those with words that begin so, with these initials, with
    these letters anywhere; and where few are found, with one slip in a word. Those that are met
    equally well come in the order of how often they are used.
    """
    words = term.replace("\0", "")[:MAX_TERM].split()[:MAX_WORDS]
    if not any(character.isalnum() for word in words for character in word):
        return []
    term = " ".join(words)
    if key := as_uuid(term):
        return list(records.order_by().filter(pk=key).values_list("pk", flat=True))
    found = _by_letters(records, term, words, most)
    if len(found) >= min(ENOUGH, most):
        return found
    return [*found, *_by_slips(records.exclude(pk__in=found), term)][:most]


def found(records: NamedQuerySet, term: str, most: int = MAX_FOUND) -> list[models.Model]:
    """The records themselves, in the order of `find`; one query more."""
    ids = find(records, term, most)
    by_id = records.in_bulk(ids)
    return [by_id[key] for key in ids if key in by_id]


def by_relevance(records: NamedQuerySet, term: str) -> NamedQuerySet:
    """The records that `find` returns, in its order, with `relevance`: the first has the most."""
    ids = find(records, term)
    place = Func(
        Value(ids, ArrayField(models.UUIDField())),
        F("pk"),
        function="array_position",
        output_field=models.IntegerField(),
    )
    found = records.filter(pk__in=ids).annotate(relevance=MAX_FOUND - place)
    return found.order_by("-relevance")


def mentioning(queryset: models.QuerySet, words: list[str]) -> models.QuerySet:
    """Named records with each of these words in a name, ignoring case and accents.

    Words of three characters or more match anywhere in a name, shorter ones at the start of a word:
    that is what the trigram index can serve. Words without a letter or digit, and short ones of a
    script without case, which may have no spaces, scan all names.
    """
    return _with_names(queryset).filter(_all(_holds(word) for word in words))


class _Names(Func):
    """The same text as `AllNames`, made ten times as fast, without an index."""

    template = "(' ' || array_to_string(%(expressions)s, ' '))"
    output_field = models.TextField()


class _IsOneOf(Func):
    """Whether a column is in an array: PostgreSQL would read the whole table for a subquery."""

    template, arg_joiner = "(%(expressions)s))", " = ANY ("
    output_field = models.BooleanField()


def _with_names(queryset: models.QuerySet) -> models.QuerySet:
    return queryset.alias(names=_Names("names_folded"), indexed=AllNames("names_folded"))


def _all(conditions: Iterable[Q]) -> Q:
    return reduce(and_, conditions, Q())


def _holds(word: str, names: str = "indexed") -> Q:
    """Whether a name has this word in it, as the index can tell."""
    is_short = len(word) < 3
    if not any(map(str.isalnum, word)) or (is_short and any(category(c) == "Lo" for c in word)):
        return Q(names__contains=Fold(Value(word)))
    return _begins(word, names) if is_short else Q(**{f"{names}__contains": Fold(Value(word))})


def _begins(word: str, names: str = "indexed") -> Q:
    """Whether a word of a name begins so."""
    return Q(**{f"{names}__contains": Concat(Value(" "), Fold(Value(word)))})


def _by_letters(records: NamedQuerySet, term: str, words: list[str], most: int) -> list[UUID]:
    records = _with_names(records).alias(slips=NameSlips("names_folded"))
    same = Q(names_folded__contains=[records.model.key(Value(term))])
    if hasattr(records.model, "identifiers"):
        records = records.alias(known_as=IdentifierValues("identifiers"))
        same |= Q(known_as__contains=[term.lower()])
    if hasattr(records.model, "slug"):
        same |= Q(slug=term.lower())
    initials = Q(slips__contains=[Concat(Value("="), Fold(Value(term)))])
    found: list[UUID] = []
    for is_met, plainly in (
        (same, None),
        (_all(map(_begins, words)), _all(_begins(word, "names") for word in words)),
        (initials, None),
        (_all(map(_holds, words)), _all(_holds(word, "names") for word in words)),
    ):
        if len(found) < most:
            others = records.exclude(pk__in=found)
            found += _most_used(others, is_met, plainly, most - len(found))
    return found


def _most_used(records: NamedQuerySet, is_met: Q, plainly: Q | None, most: int) -> list[UUID]:
    """Ids of the most used records that meet a condition; `plainly` is the same without an index.

    Where many meet it, they are sought among the most used records of all first.
    """
    found = records.filter(is_met)
    if plainly is not None and estimate(found) > MANY:
        top = UseCount.objects.order_by("-number", "record_id").values("record_id")[:MANY]
        among = records.filter(_IsOneOf(F("pk"), ArraySubquery(top)), plainly)
        if len(some := list(_ordered(among)[:most])) == most:
            return some
    return list(_ordered(found)[:most])


def _ordered(records: NamedQuerySet) -> models.QuerySet:
    counted = UseCount.objects.filter(record_id=OuterRef("pk")).values("number")
    ordered = records.alias(uses=Coalesce(Subquery(counted), 0)).order_by("-uses", "name", "pk")
    return ordered.values_list("pk", flat=True)


def _by_slips(records: NamedQuerySet, term: str) -> list[UUID]:
    """Ids of records with each word in a name, at least one of them with a slip."""
    words = re.findall(r"\w+", fold_all([term])[term])
    long = [word for word in words if LEAST_FOR_SLIP <= len(word) <= MOST_FOR_SLIP]
    if not long:
        return []
    records = _with_names(records).alias(slips=NameSlips("names_folded"))
    for word in words:
        near = NameSlips(Value([word], ArrayField(models.TextField())))
        records = records.filter(Q(slips__overlap=near) if word in long else _begins(word))
    rows = _ordered(records).values_list("pk", "names_folded")[:MAX_COMPARED]
    return [key for key, names in rows if all(_is_near(word, names) for word in words)]


def _is_near(word: str, names: list[str]) -> bool:
    """Whether a word of these names is this one, but for one slip if it is long enough."""
    known = {each for name in names for each in re.findall(r"\w+", name)}
    if len(word) < LEAST_FOR_SLIP:
        return any(each.startswith(word) for each in known)
    return any(OSA.distance(word, each, score_cutoff=1) <= 1 for each in known)
