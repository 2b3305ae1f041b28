"""`like`: words with slips, left out, or in another order; also a part of a text.

Candidates share significant words with the search (`candidates.py`). A word that no quote has is
replaced by those that it may be a slip of. The candidates that share most are compared word by
word, and the similar ones are kept, most similar first.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from django.db import connection, models
from rapidfuzz import process
from rapidfuzz.distance import OSA, LCSseq

from quotes.models.vocabulary import MAX_LETTERS, MIN_LETTERS
from quotes.search.candidates import Passage
from quotes.search.phrase import Unusable
from sources.models.words import words_in

MAX_CANDIDATES = 300
"""Quotes to compare, and to return."""

MIN_SCORE = 600
"""The lowest score of a match, of 1,000."""

MIN_PART_WEIGHT = 3
"""Significant words of a quote that matches as a part of the search, at least."""

STOP_WORD_WEIGHT = 0.25
"""The weight of stop words and short words; that of significant words is 1."""

SLIP_AGREEMENT = 0.9
"""How far two words agree that differ by slips; the same words agree by 1."""

MAX_CORRECTED_WORDS = 40
"""Words of a search to look up corrections for."""

MAX_CORRECTIONS = 4
"""Words that one word may be a slip of."""


def slips(one: str, other: str) -> int | None:
    """The number of slips between two words, or None if there are more than allowed."""
    most = slips_allowed(one, other)
    if not most or abs(len(one) - len(other)) > most:
        return None
    found = OSA.distance(one, other, score_cutoff=most)
    return found if found <= most else None


def slips_allowed(*words: str) -> int:
    """The allowed slips: none in short words and numbers, one in most words, two in long ones."""
    shortest = min(map(len, words))
    if shortest < 4 or any(word.isdigit() for word in words):
        return 0
    return 1 if shortest < 8 else 2


Near = dict[str, dict[str, int]]
"""Word of the search → words of texts that it may be a slip of → number of slips."""


def near_words(asked: Iterable[str], there: Iterable[str]) -> Near:
    """Find the words of texts that differ by slips from those of the search."""
    there, near = [word for word in set(there) if len(word) >= 4], {}
    for word in set(asked):
        if most := slips_allowed(word):
            found = process.extract(word, there, scorer=OSA.distance, score_cutoff=most, limit=None)
            near[word] = {
                other: slip for other, slip, _ in found if slip <= slips_allowed(word, other)
            }
    return near


# Weights

DICTIONARIES = "SELECT DISTINCT quotes_dictionary(tag)::text FROM unnest(%s::text[]) tag"

STOP_WORDS = """
SELECT word, EXISTS (
    SELECT FROM unnest(%s::regdictionary[]) dictionary WHERE ts_lexize(dictionary, word) = '{}'
) FROM unnest(%s::text[]) word
"""

MAX_REMEMBERED_WORDS = 200_000


class Weights:
    """The weights of words: low for short words and for stop words of any of these languages."""

    _known: ClassVar[dict[tuple[str, ...], dict[str, float]]] = {}

    def __init__(self, tags: list[str | None]):
        with connection.cursor() as cursor:
            cursor.execute(DICTIONARIES, [tags or ["en"]])
            self.dictionaries = tuple(sorted(name for (name,) in cursor.fetchall()))
        self.of = self._known.setdefault(self.dictionaries, {})
        if len(self.of) > MAX_REMEMBERED_WORDS:
            self.of.clear()

    def learn(self, words: Iterable[str]) -> None:
        """Ask for words that are not known yet: one query if there are any."""
        if new := [word for word in set(words) if word not in self.of]:
            with connection.cursor() as cursor:
                cursor.execute(STOP_WORDS, [list(self.dictionaries), new])
                for word, is_stop in cursor.fetchall():
                    self.of[word] = STOP_WORD_WEIGHT if is_stop or len(word) < 3 else 1.0


# Two texts

Shared = list[tuple[int, int, float]]
"""Position in the search, position in the text, and how far the words there agree."""


def common(asked: list[str], has: list[str], near: Near) -> Shared:
    """Pair each word of the search with the same word of a text, or else with a slip of it."""
    agreeing = set(asked).union(*near.values())
    places: dict[str, list[int]] = {}
    for at in range(len(has) - 1, -1, -1):
        if has[at] in agreeing:
            places.setdefault(has[at], []).append(at)
    found, rest = [], []
    for at, word in enumerate(asked):
        if left := places.get(word):
            found.append((at, left.pop(), 1.0))
        else:
            rest.append(at)
    for at in rest:
        others = near.get(asked[at], {})
        if others and (there := [word for word in others.keys() & places.keys() if places[word]]):
            word = min(there, key=lambda word: (others[word], word))
            found.append((at, places[word].pop(), SLIP_AGREEMENT))
    return found


def closeness(asked: list[str], has: list[str], near: Near, weights: dict[str, float]) -> int:
    """The score of a text, of 1,000; 0 if it is below `MIN_SCORE`.

    Either the search is nearly a part of the text, or the text of the search. The better of the two
    counts most, the order of words a little.
    """
    shared = common(asked, has, near)
    if not shared:
        return 0
    whole = sum([weights[word] for word in asked])
    theirs = sum([weights[word] for word in has])
    of_asked = sum([weights[asked[at]] * how for at, _, how in shared]) / whole
    of_text = sum([weights[has[at]] * how for _, at, how in shared]) / theirs
    best = max(of_asked, of_text if theirs >= MIN_PART_WEIGHT else 0)
    if 1000 * best < MIN_SCORE:
        return 0
    followed = [at for at, _, _ in sorted(shared, key=lambda pair: pair[1])]
    order = LCSseq.similarity(sorted(followed), followed) / len(shared)
    close = best * (0.85 + 0.15 * order)
    if round(1000 * close) < MIN_SCORE:
        return 0
    return round(1000 * close * (0.75 + 0.25 * min(of_asked, of_text)))


# Among all quotes

KNOWN = "SELECT word FROM quotes_word WHERE word = ANY (%s)"

LIKE_WORDS = """
SELECT DISTINCT asked, word FROM unnest(%s::text[]) asked
CROSS JOIN LATERAL (
    SELECT word FROM quotes_word WHERE quotes_deletions(word) && quotes_deletions(asked)
    LIMIT 500
) near
"""


@dataclass
class Like:
    words: list[str]
    weights: Weights

    @classmethod
    def read(cls, text: str, tags: list[str | None]) -> "Like":
        """Parse a search among quotes of these languages. Raises Unusable if it has no word."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT sources_bare(%s)", [text])
            words = words_in(cursor.fetchone()[0])
        if not words:
            raise Unusable("Holds no word.")
        weights = Weights(tags)
        weights.learn(words)
        return cls(words, weights)

    def among(self, quotes: models.QuerySet) -> dict[UUID, int]:
        """Scores by id of the similar quotes, highest first; of equal ones the newest first."""
        unknown = self.unknown()
        corrections = self.corrected(unknown)
        found = self.close(self.candidates(quotes, unknown, corrections))
        if not found:
            # Perhaps some quote has a word of the search only by a slip of its own.
            weighty = {word for word in self.words if self.weights.of[word] == 1}
            if (perhaps := self.corrected(weighty)) != corrections:
                found = self.close(self.candidates(quotes, unknown, perhaps))
        return found

    def close(self, rows: list[tuple[UUID, str]]) -> dict[UUID, int]:
        texts = [(key, words_in(bare)) for key, bare in rows]
        all_words = {word for _, words in texts for word in words}
        self.weights.learn(all_words)
        near = near_words(self.words, all_words)
        weights = self.weights.of
        gains = self.gains(near)
        whole = sum(weights[word] for word in self.words)
        scores = []
        for key, words in texts:
            agreeing = gains.keys() & set(words)
            # An upper bound of the score, which spares most texts the comparison
            of_asked = sum([gains[word] for word in agreeing]) / whole
            if 1000 * of_asked < MIN_SCORE:
                theirs = sum([weights[word] for word in words])
                of_text = sum([weights[word] for word in words if word in agreeing])
                if 1000 * of_text < MIN_SCORE * theirs:
                    continue
            scores.append((closeness(self.words, words, near, weights), key))
        return {key: score for score, key in sorted(scores, reverse=True) if score}

    def gains(self, near: Near) -> dict[str, float]:
        """For each word that may agree with words of the search, the total weight of these."""
        gains: dict[str, float] = defaultdict(float)
        for word in self.words:
            gains[word] += self.weights.of[word]
            for other in near.get(word, ()):
                gains[other] += self.weights.of[word]
        return gains

    def unknown(self) -> set[str]:
        """Words of the search that no quote has, among those that are indexed."""
        words = {
            word
            for word in self.words
            if MIN_LETTERS <= len(word) <= MAX_LETTERS and not any(map(str.isdigit, word))
        }
        with connection.cursor() as cursor:
            cursor.execute(KNOWN, [list(words)])
            return words - {word for (word,) in cursor.fetchall()}

    def corrected(self, words: set[str]) -> dict[str, list[str]]:
        """Words of quotes that these words may be slips of."""
        words = {w for w in words if MIN_LETTERS < len(w) <= MAX_LETTERS and not w.isdigit()}
        near = defaultdict(list)
        if words:
            with connection.cursor() as cursor:
                cursor.execute(LIKE_WORDS, [sorted(words)[:MAX_CORRECTED_WORDS]])
                for asked, word in cursor.fetchall():
                    if word != asked and (found := slips(asked, word)) is not None:
                        near[asked].append((found, word))
        return {asked: [w for _, w in sorted(ws)[:MAX_CORRECTIONS]] for asked, ws in near.items()}

    def candidates(
        self, quotes: models.QuerySet, unknown: set[str], corrections: dict[str, list[str]]
    ) -> list[tuple[UUID, str]]:
        """Ids and normalised texts of quotes, those that share most words first."""
        self.weights.learn(word for words in corrections.values() for word in words)
        words = list(dict.fromkeys(self.words))
        weighty = [word for word in words if self.weights.of[word] == 1] or words
        spelt = {
            word: [word] * (word not in unknown) + corrections.get(word, []) for word in weighty
        }
        spelt = {word: some for word, some in spelt.items() if some}
        spelt = spelt or {word: [word] for word in weighty}
        return Passage(self.words, spelt, 1 - MIN_SCORE / 1000, MAX_CANDIDATES).candidates(quotes)
