"""Which quotes are compared with words that something is to be like.

Two texts that are close have two words of weight in common at least, unless there is only one. So
quotes are looked up that have two of the rarest of what is asked: the index of words tells that
without reading a quote, and few have both of two that are not common. Where all are so common that
many have two of them, the newest are taken that have all of the rarest, or all but one. Two words
in a row find what shares only words that are common.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import Q

from quotes.models import Quote
from quotes.search.pages import GATHERED, first_of
from quotes.search.phrase import HasGrams
from quotes.search.planner import Expected, OneOf, sql_of
from quotes.search.word_frequencies import frequencies

ROWS = 2_000
"""Quotes that are read at most, to tell by what they share which are compared."""

TOGETHER = 10
"""Two words stand together so many times as often as by chance, about."""

IN_A_ROW = 40
"""Two words in a row of which nothing is known are in so many quotes, or fewer."""

FEW = 3
"""Of so few words one may have a slip that makes it another word, and one may be left out."""

LOOKED_UP, RAREST, NEWEST = 20, 6, 100
"""Words of which a quote has two; common words of which it has nearly all; quotes that are taken
of those."""

COUNTED = 20
"""Words, and pairs, that are counted in each candidate."""

CANDIDATES = """
SELECT id, bare FROM (SELECT id, bare FROM ({found}) parts LIMIT %s) found
GROUP BY id, bare ORDER BY {shared} DESC, id DESC LIMIT %s
"""

HASHES = "SELECT words, hashtext(words) FROM unnest(%s::text[]) words"


@dataclass(frozen=True, slots=True)
class Sought:
    """A word that is asked for, with those that it may be a slip of."""

    words: tuple[str, ...]
    grams: tuple[int, ...]
    often: float  # about so many quotes have one of these


@dataclass
class Passage:
    """What is asked for: all its words in order, and how each of those that matter is spelt.

    Words that matter are those of weight, unless there is none; words that no quote has are left
    out, but for those that they may be slips of. `most` quotes are compared.
    """

    words: list[str]
    spelt: dict[str, list[str]]
    missing: float  # the share of words that a quote may lack
    most: int

    def candidates(self, quotes: models.QuerySet[Quote]) -> list[tuple[UUID, str]]:
        """Quotes with their bare words, those that share most of what is asked first."""
        self.in_a_row = {f"{a} {b}" for a, b in zip(self.words, self.words[1:], strict=False)}
        with connection.cursor() as cursor:
            all_said = {*self.words, *self.in_a_row}.union(*self.spelt.values())
            cursor.execute(HASHES, [list(all_said)])
            self.hashes = dict(cursor.fetchall())
        self.known = frequencies()
        sought = [self.sought(words) for words in self.spelt.values()]
        sought.sort(key=lambda each: (each.often, each.words))
        found, are_found, rows = self.by_two(sought)
        parts = [found] if found else []
        if not are_found:
            others = [self.sought([word]) for word in {*self.words} - self.spelt.keys()]
            parts.insert(0, Q(OneOf("pk", newest(quotes, sought, others))))
        if not are_found or len(sought) <= FEW:
            most = ROWS / 2 if len(sought) <= FEW else ROWS
            parts.append(any_of(self.rare_pairs(most - rows)))
        return self.fetch(quotes, parts)

    def sought(self, words: list[str]) -> Sought:
        grams = tuple(self.hashes[word] for word in words)
        return Sought((*words,), grams, sum(self.known.of(gram) for gram in grams))

    def by_two(self, sought: list[Sought]) -> tuple[Q, bool, float]:
        """Two words, of the rarest; whether these find all that is close; in how many quotes."""
        found, rows, looked_up = Q(), 0.0, min(len(sought), 1)
        if len(sought) < FEW:
            for each in sought:
                if rows + each.often <= ROWS / 2:
                    found, rows = found | any_of(each.grams), rows + each.often
        for at, each in enumerate(sought[1:LOOKED_UP], 1):
            rarer = sought[:at]
            often = sum(other.often for other in rarer)
            expected = TOGETHER * each.often * often / max(self.known.quotes, 1)
            if rows + expected > ROWS:
                break
            grams = [gram for other in rarer for gram in other.grams]
            found |= any_of(each.grams) & any_of(grams)
            rows, looked_up = rows + expected, at + 1
        are_found = looked_up in (len(sought), LOOKED_UP) and len(sought) > 1
        return found, are_found or looked_up - self.missing * len(sought) >= 2, rows

    def rare_pairs(self, rows: float) -> list[int]:
        """Two words in a row, the rarest; no more quotes have one of these."""
        least = self.known.quotes * self.known.least
        often = {}
        for said in self.in_a_row:
            quotes = self.known.of(self.hashes[said])
            often[said] = quotes if quotes >= least else min(quotes, IN_A_ROW)
        grams = []
        for said in sorted(often, key=lambda said: (often[said], said)):
            if (rows := rows - often[said]) < 0:
                break
            grams.append(self.hashes[said])
        return grams

    def fetch(self, quotes: models.QuerySet[Quote], parts: list[Q]) -> list[tuple[UUID, str]]:
        said = {word for words in self.spelt.values() for word in words}
        counted = []
        for some in (said, self.in_a_row):
            rarest = sorted(some, key=lambda each: (self.known.of(self.hashes[each]), each))
            counted += rarest[:COUNTED]
        statements, values = [], []
        for part in parts:
            try:
                found = quotes.filter(part).order_by().values("id", "bare")[:ROWS]
                sql, params = found.query.sql_with_params()
            except EmptyResultSet:  # a filter that nothing can match
                continue
            statements.append(f"({sql})")
            values += params
        if not statements:
            return []
        shared = " + ".join(["(strpos(bare, %s) > 0)::int"] * len(counted))
        sql = CANDIDATES.format(found=" UNION ALL ".join(statements), shared=shared)
        with connection.cursor() as cursor:
            cursor.execute(sql, [*values, ROWS, *(f" {each} " for each in counted), self.most])
            return cursor.fetchall()


def newest(
    quotes: models.QuerySet[Quote], sought: list[Sought], others: list[Sought]
) -> list[UUID]:
    """The newest that have the rarest of these words; if those are few, also all but one."""
    rarest = sought[:RAREST]
    others = sorted(others, key=lambda each: (each.often, each.words))
    best = quotes.filter(all_of([*rarest, *others][:RAREST])).order_by("-pk")[:NEWEST]
    if len(rarest) > 2:
        nearly = quotes.filter(all_but_one_of(rarest))
    elif others:
        nearly = quotes.filter(all_of(rarest))
    else:
        return first_of(best)
    are_few = number_of(nearly) <= GATHERED
    nearly = nearly.order_by("-pk")[:NEWEST]
    if are_few:  # most often these are all, the best as well
        keys = first_of(nearly)
        return keys if len(keys) < NEWEST else first_of(best) + keys
    keys = first_of(best)
    return keys if len(keys) == NEWEST else keys + first_of(nearly)


def number_of(quotes: models.QuerySet[Quote]) -> float:
    """How many there are, about, as PostgreSQL knows it."""
    try:
        return Expected.of(sql_of(quotes.order_by())).rows
    except EmptyResultSet:  # a filter that nothing can match
        return 0


def all_of(sought: list[Sought]) -> Q:
    certain = [each.grams[0] for each in sought if len(each.grams) == 1]
    found = Q(HasGrams(certain)) if certain else Q()
    for each in sought:
        if len(each.grams) > 1:
            found &= any_of(each.grams)
    return found


def all_but_one_of(sought: list[Sought]) -> Q:
    """Said so that few lists of the index are read, and those of the first ones least often."""
    if len(sought) == 2:
        return any_of([gram for each in sought for gram in each.grams])
    first, *rest = sought
    return all_of([first]) & all_but_one_of(rest) | all_of(rest)


def any_of(grams: Iterable[int]) -> Q:
    return Q(HasGrams([*grams], any_of=True))
