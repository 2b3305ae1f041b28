"""Find words whose typography differs more than normalising evens out.

Words are looked for by their letters and digits alone. Each place is then compared sign by sign, as
`typography` says. A stop or a comma may differ before a closing mark: at the end of the words, and
at the seam of a split quote.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from unicodedata import normalize

import regex

from quotes.anchoring.budget import Budget
from quotes.anchoring.occurrences import Occurrences
from quotes.anchoring.split_quotes import Gap, Gaps, SplitSearch
from quotes.anchoring.typography import FRACTIONS, MARK, canonical, same

_BLANK = regex.compile(r"[ \n\u2029]")
_FRACTIONS = frozenset(FRACTIONS)
_LETTERS = regex.compile(rf"(?V1)[{FRACTIONS}]|[[\p{{L}}\p{{M}}\p{{N}}]--[{FRACTIONS}]]+")


class Letters:
    """The letters and digits of a text, and where they stand in it."""

    def __init__(self, text: str, budget: Budget):
        budget.read(len(text))
        pieces = _LETTERS.findall(text)
        if not _FRACTIONS.isdisjoint(text):
            budget.spend(len(pieces))
            pieces = [_without_slash(p) if p in _FRACTIONS else p for p in pieces]
        self.starts = [run.start() for run in _LETTERS.finditer(text)]  # of each run in the text
        self.places = [*accumulate(map(len, pieces), initial=0)]  # of each run among the letters
        self.text = "".join(pieces)

    def start_of(self, index: int) -> int:
        """Offset in the text of a letter."""
        run = bisect_right(self.places, index, hi=len(self.starts)) - 1
        return self.starts[run] + index - self.places[run]

    def before(self, offset: int) -> int:
        """Number of letters before an offset of the text."""
        run = bisect_left(self.starts, offset) - 1
        if run < 0:
            return 0
        return min(self.places[run] + offset - self.starts[run], self.places[run + 1])


def _without_slash(fraction: str) -> str:
    return normalize("NFKD", fraction).replace("⁄", "")


class VariantSearch:
    """Search for words in a punctuated text, whatever their typography."""

    def __init__(self, punctuated: str, gaps: Sequence[Gap], budget: Budget):
        self.punctuated, self.gaps, self.budget = punctuated, gaps, budget
        self.letters = Letters(punctuated, budget)

    @cached_property
    def _in_letters(self) -> Occurrences:
        return Occurrences(self.letters.text, self.budget)

    @cached_property
    def _by_letters(self) -> dict[Gap, Gap]:
        """The first gap in the text of each gap between letters."""
        self.budget.spend(4 * len(self.gaps))
        by_letters: dict[Gap, Gap] = {}
        for gap in self.gaps:
            start, end = map(self.letters.before, gap)
            by_letters.setdefault(Gap(start, end), gap)
        return by_letters

    @cached_property
    def _letter_gaps(self) -> Gaps:
        return Gaps(self.letters.text, sorted(self._by_letters), self.budget)

    def whole(self, needle: str) -> Iterator[tuple[int, int]]:
        """Yield (start, end) of the words in one piece; `needle` is punctuated."""
        sought = Letters(needle, self.budget)
        if not sought.text:
            return
        wanted, lead, tail = canonical(needle), sought.starts[0], _signs_after(sought, needle)
        for at in self._in_letters.of(sought.text):
            first = self.letters.start_of(at)
            last = self.letters.start_of(at + len(sought.text) - 1) + 1
            cuts_word = (lead and self._is_letter(first - 1)) or (tail and self._is_letter(last))
            if not cuts_word and (found := self._fitted(wanted, first, last, lead, tail)):
                yield found

    def _is_letter(self, at: int) -> bool:
        return at >= 0 and self.punctuated[at : at + 1].isalnum()

    def _fitted(
        self, wanted: str, first: int, last: int, lead: int, tail: int
    ) -> tuple[int, int] | None:
        """The place with as many signs around its letters as the words have, if they agree."""
        text = self.punctuated
        for start in range(first, max(-1, first - lead - 3), -1):
            for end in range(last, min(len(text), last + tail + 3) + 1):
                read = text[start:end]
                self.budget.compare(len(read))
                if read != read.strip(" \n\u2029"):
                    continue
                self.budget.read(8 * (20 + len(read)))
                is_closed = bool(MARK.match(text, end))
                if same(wanted, canonical(read), ends_in_stop=is_closed):
                    return start, end
        return None

    def split(self, needle: str, limit: int) -> Iterator[list[tuple[int, int]]]:
        """Yield the pieces of the words, where gaps part them."""
        sought = Letters(needle, self.budget)
        blanks = [blank.start() for blank in _BLANK.finditer(needle)]
        self.budget.spend(len(blanks))
        cuts = {*map(sought.before, blanks)}
        cuts -= {0, len(sought.text)}
        if not cuts or not self.gaps:
            return
        search = SplitSearch(self._letter_gaps, sought.text, cuts=cuts)
        for reading in search.readings(limit):
            self.budget.read(8 * len(needle))
            yield from self._checked(needle, sought, reading)

    def _checked(self, needle: str, sought: Letters, reading) -> Iterator[list]:
        """The pieces of a reading, if each agrees with its part of the words."""
        pieces, at = [], 0
        for number, (first, last) in enumerate(reading):
            is_last = number == len(reading) - 1
            begin = sought.start_of(at) if number else 0
            at += last - first
            part = needle[begin : len(needle) if is_last else sought.start_of(at)].strip()
            start = self.letters.start_of(first)
            end = self.letters.start_of(last - 1) + 1
            lead = len(part) - len(part.lstrip()) if number else sought.starts[0]
            if is_last:
                found = self._fitted(
                    canonical(part), start, end, lead, _signs_after(sought, needle)
                )
            else:
                gap = self._by_letters[Gap(last, reading[number + 1][0])]
                read = self.punctuated[start : gap.start].rstrip()
                agrees = same(canonical(part), canonical(read), ends_in_stop=True)
                found = (start, start + len(read)) if agrees else None
            if not found:
                return
            pieces.append(found)
        yield pieces


def _signs_after(letters: Letters, text: str) -> int:
    """How many signs follow the last letter."""
    return len(text) - letters.start_of(len(letters.text) - 1) - 1
