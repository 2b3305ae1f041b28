"""Candidates for a `like` search.

Two similar texts share at least two significant words, unless there is only one. So candidates have
two of the rarest words of the search: the index of words tells which quotes these are, without
reading them, and few quotes have both. If all words are common, the newest quotes that have all of
the rarest, or all but one, are candidates. Pairs of adjacent words find texts that share only
common words.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import Q

from quotes.models import Quote
from quotes.search.conditions import OneOf
from quotes.search.pages import MAX_GATHERED_ROWS, first_of
from quotes.search.phrase import HasGrams
from quotes.search.word_frequencies import frequencies
from sources.database.estimates import estimate

MAX_READ_ROWS = 2_000
"""Quotes to read, so as to rank them by the words that they share: 20 ms."""

COOCCURRENCE = 10
"""How many times as often as by chance two words stand in one quote, about."""

RARE_PAIR_QUOTES = 40
"""Quotes that have a pair of adjacent words that the statistics do not know, at most."""

SHORT_SEARCH_WORDS = 3
"""In a search of at most this many words, a slip may leave only one that a quote has."""

MAX_LOOKED_UP_WORDS = 20
"""Words to look up; a candidate has two of them."""

RAREST_WORDS, NEWEST_QUOTES = 6, 100
"""If all words are common: how many of them a candidate has, and how many quotes are taken."""

MAX_COUNTED_WORDS = 20
"""Words, and pairs, that are counted in each candidate."""

CANDIDATES = """
SELECT id, bare FROM (SELECT id, bare FROM ({found}) parts LIMIT %s) found
GROUP BY id, bare ORDER BY {shared} DESC, id DESC LIMIT %s
"""

HASHES = "SELECT words, hashtext(words) FROM unnest(%s::text[]) words"


@dataclass(frozen=True, slots=True)
class SearchWord:
    """A word of the search, with the words that it may be a slip of."""

    words: tuple[str, ...]
    grams: tuple[int, ...]
    quotes: float  # the estimated number of quotes that have one of these


@dataclass
class Passage:
    """The text to search for: its words in order, and the spellings of each significant one.

    Without significant words, all are. A word that no quote has is replaced by those that it may be
    a slip of.
    """

    words: list[str]
    spelt: dict[str, list[str]]
    missing: float  # the share of words that a quote may lack
    most: int  # candidates

    def candidates(self, quotes: models.QuerySet[Quote]) -> list[tuple[UUID, str]]:
        """Ids and normalised texts of quotes, those that share most words first."""
        self.in_a_row = {f"{a} {b}" for a, b in zip(self.words, self.words[1:], strict=False)}
        with connection.cursor() as cursor:
            texts = {*self.words, *self.in_a_row}.union(*self.spelt.values())
            cursor.execute(HASHES, [list(texts)])
            self.hashes = dict(cursor.fetchall())
        self.known = frequencies()
        words = [self.search_word(words) for words in self.spelt.values()]
        words.sort(key=lambda each: (each.quotes, each.words))
        found, is_complete, rows = self.by_two(words)
        parts = [found] if found else []
        if not is_complete:
            others = [self.search_word([word]) for word in {*self.words} - self.spelt.keys()]
            parts.insert(0, Q(OneOf("pk", newest(quotes, words, others))))
        if not is_complete or len(words) <= SHORT_SEARCH_WORDS:
            most = MAX_READ_ROWS / 2 if len(words) <= SHORT_SEARCH_WORDS else MAX_READ_ROWS
            parts.append(any_of(self.rare_pairs(most - rows)))
        return self.fetch(quotes, parts)

    def search_word(self, words: list[str]) -> SearchWord:
        grams = tuple(self.hashes[word] for word in words)
        return SearchWord((*words,), grams, sum(self.known.of(gram) for gram in grams))

    def by_two(self, words: list[SearchWord]) -> tuple[Q, bool, float]:
        """The condition of having two of the rarest words, if need be one.

        Also whether this finds all similar quotes, and how many rows are expected.
        """
        found, rows, looked_up = Q(), 0.0, min(len(words), 1)
        if len(words) < SHORT_SEARCH_WORDS:
            for each in words:
                if rows + each.quotes <= MAX_READ_ROWS / 2:
                    found, rows = found | any_of(each.grams), rows + each.quotes
        for at, each in enumerate(words[1:MAX_LOOKED_UP_WORDS], 1):
            rarer = words[:at]
            quotes = sum(other.quotes for other in rarer)
            expected = COOCCURRENCE * each.quotes * quotes / max(self.known.quotes, 1)
            if rows + expected > MAX_READ_ROWS:
                break
            grams = [gram for other in rarer for gram in other.grams]
            found |= any_of(each.grams) & any_of(grams)
            rows, looked_up = rows + expected, at + 1
        is_complete = looked_up in (len(words), MAX_LOOKED_UP_WORDS) and len(words) > 1
        return found, is_complete or looked_up - self.missing * len(words) >= 2, rows

    def rare_pairs(self, rows: float) -> list[int]:
        """The grams of the rarest pairs of adjacent words, up to `rows` quotes together."""
        least = self.known.quotes * self.known.least
        quotes = {}
        for pair in self.in_a_row:
            number = self.known.of(self.hashes[pair])
            quotes[pair] = number if number >= least else min(number, RARE_PAIR_QUOTES)
        grams = []
        for pair in sorted(quotes, key=lambda pair: (quotes[pair], pair)):
            if (rows := rows - quotes[pair]) < 0:
                break
            grams.append(self.hashes[pair])
        return grams

    def fetch(self, quotes: models.QuerySet[Quote], parts: list[Q]) -> list[tuple[UUID, str]]:
        words = {word for words in self.spelt.values() for word in words}
        counted = []
        for texts in (words, self.in_a_row):
            rarest = sorted(texts, key=lambda each: (self.known.of(self.hashes[each]), each))
            counted += rarest[:MAX_COUNTED_WORDS]
        statements, values = [], []
        for part in parts:
            try:
                found = quotes.filter(part).order_by().values("id", "bare")[:MAX_READ_ROWS]
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
            cursor.execute(
                sql, [*values, MAX_READ_ROWS, *(f" {each} " for each in counted), self.most]
            )
            return cursor.fetchall()


def newest(
    quotes: models.QuerySet[Quote], words: list[SearchWord], others: list[SearchWord]
) -> list[UUID]:
    """The newest quotes that have the rarest words; if these are few, also with all but one."""
    rarest = words[:RAREST_WORDS]
    others = sorted(others, key=lambda each: (each.quotes, each.words))
    best = quotes.filter(all_of([*rarest, *others][:RAREST_WORDS])).order_by("-pk")[:NEWEST_QUOTES]
    if len(rarest) > 2:
        nearly = quotes.filter(all_but_one_of(rarest))
    elif others:
        nearly = quotes.filter(all_of(rarest))
    else:
        return first_of(best)
    are_few = estimate(nearly) <= MAX_GATHERED_ROWS
    nearly = nearly.order_by("-pk")[:NEWEST_QUOTES]
    if are_few:  # mostly these are all, and include the best
        keys = first_of(nearly)
        return keys if len(keys) < NEWEST_QUOTES else first_of(best) + keys
    keys = first_of(best)
    return keys if len(keys) == NEWEST_QUOTES else keys + first_of(nearly)


def all_of(words: list[SearchWord]) -> Q:
    certain = [each.grams[0] for each in words if len(each.grams) == 1]
    found = Q(HasGrams(certain)) if certain else Q()
    for each in words:
        if len(each.grams) > 1:
            found &= any_of(each.grams)
    return found


def all_but_one_of(words: list[SearchWord]) -> Q:
    """Written so that few lists of the index are read, and those of the first words least often."""
    if len(words) == 2:
        return any_of([gram for each in words for gram in each.grams])
    first, *rest = words
    return all_of([first]) & all_but_one_of(rest) | all_of(rest)


def any_of(grams: Iterable[int]) -> Q:
    return Q(HasGrams([*grams], any_of=True))
