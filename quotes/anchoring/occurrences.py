"""Where words occur in a text: searched for, and in a long text looked up."""

import heapq
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from quotes.anchoring.budget import Budget

GRAM = 12
"""Characters of the pieces by which a text is indexed: one at every twelfth place."""

MIN_INDEXED = 100_000
"""Characters of a text that is worth an index, and only for the quotes after the first few."""

SEARCHES = 8
"""Searches of a whole text before it is indexed."""

MIN_LOOKED_UP = 2 * GRAM - 1
"""Characters of words that hold at least one indexed piece wherever they stand."""

MAX_CANDIDATES = 2_000
"""Places of words by the index; with more, the text is searched for them."""

SAMPLE = 1_000
"""Pieces of a text that are looked at: an index helps only if most of them differ."""

QUICK = 16
"""Characters of words from which a search skips most of the text."""


class Occurrences:
    """Finds words in one text, paid from a budget."""

    def __init__(self, text: str, budget: Budget):
        self.text, self.budget = text, budget
        self._searched = 0

    def of(self, words: str) -> Iterator[int]:
        """Yield the offsets of words in reading order, overlapping ones too."""
        if len(words) >= MIN_LOOKED_UP and self._is_worth_indexing:
            pieces = [(shift, words[shift : shift + GRAM]) for shift in range(GRAM)]
            found = [(shift, self._index[piece]) for shift, piece in pieces if piece in self._index]
            self.budget.spend(GRAM)
            if sum(len(places) for _, places in found) <= MAX_CANDIDATES:
                return self._looked_up(words, found)
        return self._search(words)

    def _looked_up(self, words: str, found: list[tuple[int, list[int]]]) -> Iterator[int]:
        starts = heapq.merge(*([at - shift for at in places] for shift, places in found))
        for at in starts:
            self.budget.compare(len(words))
            if at >= 0 and self.text.startswith(words, at):
                yield at

    def _search(self, words: str) -> Iterator[int]:
        at = -1
        while True:
            began, at = at, self.text.find(words, at + 1)
            passed = (at if at >= 0 else len(self.text)) - began
            self._searched += passed
            self.budget.compare((1 if len(words) >= QUICK else 3) * passed + len(words))
            if at < 0:
                return
            yield at

    @property
    def _is_worth_indexing(self) -> bool:
        often = self._searched > SEARCHES * len(self.text)
        return often and len(self.text) >= MIN_INDEXED and self._is_varied

    @cached_property
    def _is_varied(self) -> bool:
        self.budget.spend(SAMPLE)
        starts = range(0, len(self.text), len(self.text) // SAMPLE)
        return len({self.text[at : at + GRAM] for at in starts}) > SAMPLE / 2

    @cached_property
    def _index(self) -> dict[str, list[int]]:
        """The places of each piece, at every few characters of the text."""
        self.budget.read(len(self.text))
        index, text = defaultdict(list), self.text
        for at in range(0, len(text) - GRAM + 1, GRAM):
            index[text[at : at + GRAM]].append(at)
        return dict(index)
