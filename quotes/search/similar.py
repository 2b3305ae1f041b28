"""Words like those asked for: with slips, left out, in another order; or a part of them.

Candidates are found by the words of weight that they share (`candidates.py`). A word that no quote
has is taken for those that a slip may have made it from. Those that share most are compared word by
word; those that are close enough are kept, the closest `MOST` of them.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from django.db import connection, models
from rapidfuzz import process
from rapidfuzz.distance import OSA, LCSseq

from quotes.models.vocabulary import LONGEST, SHORTEST
from quotes.search.candidates import Passage
from quotes.search.phrase import Unusable

MOST = 300
"""Quotes that are compared, and kept at most."""

LEAST = 600
"""How close a quote is at least to what is asked, of 1,000."""

FEW = 3
"""Words of weight that a quote has at least, to be close by being a part of what is asked."""

SMALL = 0.25
"""The weight of a word that stands in nearly every text; that of others is 1."""

SLIP = 0.9
"""What a word counts that is not the same, but for a slip."""

PUT_RIGHT = 40
"""Words that may be slips, of which others are looked up."""

CORRECTIONS = 4
"""Words that one word may be a slip of."""


def slips(one: str, other: str) -> int | None:
    """How many slips lie between two words, if no more than there may be for their length."""
    most = slips_allowed(one, other)
    if not most or abs(len(one) - len(other)) > most:
        return None
    found = OSA.distance(one, other, score_cutoff=most)
    return found if found <= most else None


def slips_allowed(*words: str) -> int:
    """None in short words and numbers, one in most, two in long ones."""
    shortest = min(map(len, words))
    if shortest < 4 or any(word.isdigit() for word in words):
        return 0
    return 1 if shortest < 8 else 2


Near = dict[str, dict[str, int]]
"""Word asked for → words of texts that it may be a slip of → how many slips."""


def near_words(asked: Iterable[str], there: Iterable[str]) -> Near:
    """Which words of texts differ by slips from those asked for."""
    there, near = [word for word in set(there) if len(word) >= 4], {}
    for word in set(asked):
        if most := slips_allowed(word):
            found = process.extract(word, there, scorer=OSA.distance, score_cutoff=most, limit=None)
            near[word] = {
                other: slip for other, slip, _ in found if slip <= slips_allowed(word, other)
            }
    return near


# Words that stand in nearly every text

DICTIONARIES = r"""
SELECT DISTINCT regexp_replace(config::text, '^(.*\.)?quotes_', '')
    || CASE WHEN config::text ~ 'simple$' THEN '' ELSE '_stem' END
FROM unnest(%s::text[]) tag, quotes_search_config(tag) config
"""

SMALL_WORDS = """
SELECT word, EXISTS (
    SELECT FROM unnest(%s::regdictionary[]) dictionary WHERE ts_lexize(dictionary, word) = '{}'
) FROM unnest(%s::text[]) word
"""

REMEMBERED = 200_000


class Weights:
    """What words count: little, if they are short or stop words of one of some languages."""

    _known: ClassVar[dict[tuple[str, ...], dict[str, float]]] = {}

    def __init__(self, tags: list[str | None]):
        with connection.cursor() as cursor:
            cursor.execute(DICTIONARIES, [tags or ["en"]])
            self.dictionaries = tuple(sorted(name for (name,) in cursor.fetchall()))
        self.of = self._known.setdefault(self.dictionaries, {})
        if len(self.of) > REMEMBERED:
            self.of.clear()

    def learn(self, words: Iterable[str]) -> None:
        """Ask for words that were not met before: one query if there are any."""
        if new := [word for word in set(words) if word not in self.of]:
            with connection.cursor() as cursor:
                cursor.execute(SMALL_WORDS, [list(self.dictionaries), new])
                for word, is_small in cursor.fetchall():
                    self.of[word] = SMALL if is_small or len(word) < 3 else 1.0


# Two texts

Shared = list[tuple[int, int, float]]
"""A place in what is asked, one in the text, and how well the words there agree."""


def common(asked: list[str], has: list[str], near: Near) -> Shared:
    """Each word of the one with one of the other that is the same, else the same but for slips."""
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
            found.append((at, places[word].pop(), SLIP))
    return found


def closeness(asked: list[str], has: list[str], near: Near, weights: dict[str, float]) -> int:
    """How close a text is to what is asked, of 1,000; 0 if it is not close.

    Asked for is either a part of the text or the text a part of it, or nearly; the better of the
    two counts most, order a little.
    """
    shared = common(asked, has, near)
    if not shared:
        return 0
    whole = sum([weights[word] for word in asked])
    theirs = sum([weights[word] for word in has])
    of_asked = sum([weights[asked[at]] * how for at, _, how in shared]) / whole
    of_text = sum([weights[has[at]] * how for _, at, how in shared]) / theirs
    best = max(of_asked, of_text if theirs >= FEW else 0)
    if 1000 * best < LEAST:
        return 0
    followed = [at for at, _, _ in sorted(shared, key=lambda pair: pair[1])]
    order = LCSseq.similarity(sorted(followed), followed) / len(shared)
    close = best * (0.85 + 0.15 * order)
    if round(1000 * close) < LEAST:
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
        """Words among quotes of these languages. Raises Unusable where there is none."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT quotes_bare(%s)", [text])
            words = cursor.fetchone()[0].split()
        if not words:
            raise Unusable("Holds no word.")
        weights = Weights(tags)
        weights.learn(words)
        return cls(words, weights)

    def among(self, quotes: models.QuerySet) -> dict[UUID, int]:
        """Quotes that are close, with how close, the closest first; of the same the newest."""
        unknown = self.unknown()
        corrections = self.corrected(unknown)
        found = self.close(self.candidates(quotes, unknown, corrections))
        if not found:
            # Perhaps a word that is asked for is known only by another's slip.
            weighty = {word for word in self.words if self.weights.of[word] == 1}
            if (perhaps := self.corrected(weighty)) != corrections:
                found = self.close(self.candidates(quotes, unknown, perhaps))
        return found

    def close(self, rows: list[tuple[UUID, str]]) -> dict[UUID, int]:
        texts = [(key, bare.split()) for key, bare in rows]
        all_words = {word for _, words in texts for word in words}
        self.weights.learn(all_words)
        near = near_words(self.words, all_words)
        weights = self.weights.of
        gains = self.gains(near)
        whole = sum(weights[word] for word in self.words)
        scores = []
        for key, words in texts:
            agreeing = gains.keys() & set(words)
            # No more can agree than this, of the one or of the other: most need no closer look.
            of_asked = sum([gains[word] for word in agreeing]) / whole
            if 1000 * of_asked < LEAST:
                theirs = sum([weights[word] for word in words])
                of_text = sum([weights[word] for word in words if word in agreeing])
                if 1000 * of_text < LEAST * theirs:
                    continue
            scores.append((closeness(self.words, words, near, weights), key))
        return {key: score for score, key in sorted(scores, reverse=True) if score}

    def gains(self, near: Near) -> dict[str, float]:
        """For each word that may agree with some that are asked for, what these weigh together."""
        gains: dict[str, float] = defaultdict(float)
        for word in self.words:
            gains[word] += self.weights.of[word]
            for other in near.get(word, ()):
                gains[other] += self.weights.of[word]
        return gains

    def unknown(self) -> set[str]:
        """Words that no quote has, of those that would be known."""
        words = {
            word
            for word in self.words
            if SHORTEST <= len(word) <= LONGEST and not any(map(str.isdigit, word))
        }
        with connection.cursor() as cursor:
            cursor.execute(KNOWN, [list(words)])
            return words - {word for (word,) in cursor.fetchall()}

    def corrected(self, words: set[str]) -> dict[str, list[str]]:
        """Words of quotes that these may be slips of."""
        words = {word for word in words if SHORTEST < len(word) <= LONGEST and not word.isdigit()}
        near = defaultdict(list)
        if words:
            with connection.cursor() as cursor:
                cursor.execute(LIKE_WORDS, [sorted(words)[:PUT_RIGHT]])
                for asked, word in cursor.fetchall():
                    if word != asked and (found := slips(asked, word)) is not None:
                        near[asked].append((found, word))
        return {asked: [w for _, w in sorted(ws)[:CORRECTIONS]] for asked, ws in near.items()}

    def candidates(
        self, quotes: models.QuerySet, unknown: set[str], corrections: dict[str, list[str]]
    ) -> list[tuple[UUID, str]]:
        """Quotes with their bare words, those that share most before others."""
        self.weights.learn(word for words in corrections.values() for word in words)
        words = list(dict.fromkeys(self.words))
        weighty = [word for word in words if self.weights.of[word] == 1] or words
        spelt = {
            word: [word] * (word not in unknown) + corrections.get(word, []) for word in weighty
        }
        spelt = {word: some for word, some in spelt.items() if some}
        spelt = spelt or {word: [word] for word in weighty}
        return Passage(self.words, spelt, 1 - LEAST / 1000, MOST).candidates(quotes)
