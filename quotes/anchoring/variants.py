"""Find words whose typography differs more than normalising evens out.

Words are looked for by their letters and digits alone. Each place is then compared sign by sign, as
`typography` says. A stop or a comma may differ before a closing mark: at the end of the words, and
at the seam of a split quote.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from unicodedata import normalize

import regex

from quotes.anchoring.split_quotes import Gap, SplitSearch
from quotes.anchoring.typography import FRACTIONS, MARK, canonical, same

MAX_COMPARED = 2_000_000
"""Characters that one search compares: some 0.5 s."""

_LETTERS = regex.compile(rf"(?V1)[{FRACTIONS}]|[[\p{{L}}\p{{M}}\p{{N}}]--[{FRACTIONS}]]+")


class Letters:
    """The letters and digits of a text, and where they stand in it."""

    def __init__(self, text: str):
        self.starts: list[int] = []  # of each run in the text
        self.places: list[int] = []  # of each run among the letters
        pieces, length = [], 0
        for run in _LETTERS.finditer(text):
            piece = run[0]
            if piece in FRACTIONS:
                piece = normalize("NFKD", piece).replace("⁄", "")
            self.starts.append(run.start())
            self.places.append(length)
            pieces.append(piece)
            length += len(piece)
        self.text = "".join(pieces)

    def start_of(self, index: int) -> int:
        """Offset in the text of a letter."""
        run = bisect_right(self.places, index) - 1
        return self.starts[run] + index - self.places[run]

    def before(self, offset: int) -> int:
        """Number of letters before an offset of the text."""
        run = bisect_left(self.starts, offset) - 1
        if run < 0:
            return 0
        following = self.places[run + 1] if run + 1 < len(self.places) else len(self.text)
        return min(self.places[run] + offset - self.starts[run], following)


class VariantSearch:
    """Search for words in a punctuated text, whatever their typography."""

    def __init__(self, punctuated: str, gaps: Sequence[Gap]):
        self.punctuated, self.gaps = punctuated, gaps
        self.letters = Letters(punctuated)

    def whole(self, needle: str) -> Iterator[tuple[int, int]]:
        """Yield (start, end) of the words in one piece; `needle` is punctuated."""
        sought = Letters(needle)
        if not sought.text:
            return
        wanted, lead, tail = canonical(needle), sought.starts[0], _signs_after(sought, needle)
        at = self.letters.text.find(sought.text)
        for _ in range(MAX_COMPARED // (200 + len(needle) * (lead + 3) * (tail + 3)) + 1):
            if at < 0:
                return
            first = self.letters.start_of(at)
            last = self.letters.start_of(at + len(sought.text) - 1) + 1
            if found := self._fitted(wanted, first, last, lead, tail):
                yield found
            at = self.letters.text.find(sought.text, at + 1)

    def _fitted(
        self, wanted: str, first: int, last: int, lead: int, tail: int
    ) -> tuple[int, int] | None:
        """The place with as many signs around its letters as the words have, if they agree."""
        text = self.punctuated
        for start in range(first, max(-1, first - lead - 3), -1):
            for end in range(last, min(len(text), last + tail + 3) + 1):
                read = text[start:end]
                if read != read.strip(" \n\u2029"):
                    continue
                is_closed = bool(MARK.match(text, end))
                if same(wanted, canonical(read), ends_in_stop=is_closed):
                    return start, end
        return None

    def split(self, needle: str, limit: int) -> Iterator[list[tuple[int, int]]]:
        """Yield the pieces of the words, where gaps part them."""
        sought = Letters(needle)
        cuts = {sought.before(blank.start()) for blank in regex.finditer(r"[ \n\u2029]", needle)}
        cuts -= {0, len(sought.text)}
        gaps = [Gap(self.letters.before(a), self.letters.before(b)) for a, b in self.gaps]
        if not cuts or not gaps:
            return
        order = sorted(range(len(gaps)), key=gaps.__getitem__)
        by_letters: dict[Gap, list[Gap]] = {}
        for number in order:
            by_letters.setdefault(gaps[number], []).append(self.gaps[number])
        search = SplitSearch(self.letters.text, sought.text, list(by_letters), cuts=cuts)
        for reading in search.readings(limit):
            yield from self._checked(needle, sought, reading, by_letters)

    def _checked(self, needle: str, sought: Letters, reading, by_letters) -> Iterator[list]:
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
                gap = by_letters[Gap(last, reading[number + 1][0])][0]
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
