"""Recognise split quotes: “We will act,” she said, “and we will act soon.”"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import regex

from quotes.anchoring.budget import Budget
from quotes.anchoring.results import MAX_LISTED

MAX_GAP = 500
"""Characters between two pieces of a split quote; a longer attribution is no attribution."""

MAX_NICKNAME = 40
"""Characters of a name in quote marks within an attribution."""

_DOUBLE_MARKS = '"“”„‟«»〝〞〟'
_SINGLE_MARKS = "'‘’‚‛‹›"
_OPENERS = "“‘„‚‟‛«‹〝"
_CLOSERS = "”’»›〞〟"
_BOTH_WAYS = "“‘«‹"  # „German“ and »German« close with these
_WHITE = " \n\u2029"
# A text with more quote marks is no article, and would take seconds.
_MAX_MARKS = 200_000
_BLANK = tuple(_WHITE)
_BEFORE_OPENING = frozenset(_WHITE + "([{-" + _DOUBLE_MARKS + _SINGLE_MARKS)
_NOT_AFTER_OPENING = frozenset(_WHITE + ",;:!?)]}")
_WORD = regex.compile(r"\w")
# A blank line, or a line end after a sentence: other line ends may be mere wrapping.
_PARAGRAPH_END = regex.compile(rf"\u2029|[.!?。][{_DOUBLE_MARKS}{_SINGLE_MARKS}]*\n")


class Gap(NamedTuple):
    """Normalised offsets: one piece ends at ``start``, the next begins at ``end``."""

    start: int
    end: int


def _mark_pattern(marks: str) -> regex.Pattern:
    """Match quote marks, except inside a word: those are apostrophes or gershayim."""
    return regex.compile(rf"(?<!\w)[{marks}]|[{marks}](?!\w)")


FAMILIES = (_mark_pattern(_DOUBLE_MARKS), _mark_pattern(_SINGLE_MARKS))


def _looks_opening(punctuated: str, at: int) -> bool:
    before, after = punctuated[at - 1 : at] or " ", punctuated[at + 1 : at + 2] or " "
    if after == ".":
        return before in _BEFORE_OPENING and punctuated[at + 2 : at + 4] == ".."
    return before in _BEFORE_OPENING and after not in _NOT_AFTER_OPENING


def _looks_closing(punctuated: str, at: int) -> bool:
    before, after = punctuated[at - 1 : at] or " ", punctuated[at + 1 : at + 2] or " "
    return before not in _WHITE and not _WORD.match(after)


def opens(punctuated: str, at: int) -> bool:
    mark = punctuated[at]
    if mark in _OPENERS:
        return _looks_opening(punctuated, at) or not _looks_closing(punctuated, at)
    return mark != "’" and _looks_opening(punctuated, at)


def closes(punctuated: str, at: int) -> bool:
    mark = punctuated[at]
    if mark in _CLOSERS:
        return _looks_closing(punctuated, at) or not _looks_opening(punctuated, at)
    return (mark in _BOTH_WAYS or mark not in _OPENERS) and _looks_closing(punctuated, at)


def gaps_of(punctuated: str, budget: Budget) -> list[Gap]:
    """List every passage that a split quote may skip, in reading order.

    A gap runs from a closing mark to the next opening mark of the same family. In a quote that is
    still open, it runs from the end of a paragraph to the mark that opens the next. It holds no
    other mark of the family, and a paragraph break only right before the opening mark: a new
    paragraph that introduces its own words is another quote, perhaps of another person.
    """
    gaps = {}
    for family, marks in enumerate(FAMILIES):
        found = [m.start() for m in islice(marks.finditer(punctuated), _MAX_MARKS + 1)]
        if len(found) > _MAX_MARKS:
            continue
        budget.spend(len(found))
        opening = [opens(punctuated, at) for at in found]
        for number in range(1, len(found)):
            reopener = found[number]
            after = reopener + 1 + (punctuated[reopener + 1 : reopener + 2] in _BLANK)
            begins_line = punctuated[reopener - 1] in "\n\u2029"
            if (
                begins_line
                and opening[number - 1]
                and (opening[number] or _repeats(punctuated, reopener))
            ):
                # The mark before is still open: no closing mark ends the paragraph.
                gaps[Gap(reopener - 1, after)] = True
                opening[number] = True
                continue
            if not opening[number]:
                continue
            last = number - 1
            if last >= 2 and _is_nickname(punctuated, found[last - 1], found[last]):
                last -= 2
            closer = found[last]
            if reopener - closer > MAX_GAP or last < 1 or not opening[last - 1]:
                continue
            between = punctuated[closer - 1 : reopener].rstrip(_WHITE)
            budget.spend(len(between) // 20)
            if _PARAGRAPH_END.search(between) or not closes(punctuated, closer):
                continue
            if family and FAMILIES[0].search(between, 1):
                continue
            gaps[Gap(closer - (punctuated[closer - 1] in _BLANK), after)] = True
    return sorted(gaps)


def _repeats(punctuated: str, at: int) -> bool:
    """Whether a mark at a line's start says that the quotation goes on: French »."""
    return punctuated[at] in "«»"


def _is_nickname(punctuated: str, opener: int, closer: int) -> bool:
    """Whether the words between two marks are part of a name: a docker known as “Shorty”."""
    name = punctuated[opener + 1 : closer]
    follows = punctuated[opener - 1] == " " and punctuated[opener - 2 : opener - 1].isalpha()
    return follows and name[:1].isupper() and len(name) <= MAX_NICKNAME


_TAIL = 12  # characters before a gap by which gaps are preselected


class Gaps(Sequence[Gap]):
    """The gaps of a normalised text, in reading order, found by the words before them."""

    def __init__(self, text: str, gaps: list[Gap], budget: Budget):
        self.text, self.budget = text, budget
        self._gaps = gaps
        self._by_tail: dict[int, dict[str, list[int]]] = {}

    def __getitem__(self, number: int) -> Gap:
        return self._gaps[number]

    def __len__(self) -> int:
        return len(self._gaps)

    def within(self, words: str, at: int, following: str) -> Iterator[int]:
        """Yield the numbers of gaps between `words[:at]` and a character that follows."""
        size = _TAIL if at >= _TAIL else 1
        if size not in self._by_tail:
            self._by_tail[size] = self._tails(size)
        for number in self._by_tail[size].get(words[at - size : at] + following, ()):
            self.budget.compare(at)
            if self.text.endswith(words[:at], 0, self._gaps[number].start):
                yield number

    def _tails(self, size: int) -> dict[str, list[int]]:
        self.budget.spend(len(self._gaps))
        by_tail = defaultdict(list)
        for number, (start, end) in enumerate(self._gaps):
            by_tail[self.text[max(0, start - size) : start] + self.text[end : end + 1]].append(
                number
            )
        return by_tail


class SplitSearch:
    """Search for a needle as pieces of a normalised text with gaps between them.

    A state is (number of the gap just skipped, length of the needle matched before it). Each state
    is visited once and remembers how it was reached. The budget bounds the work, because text such
    as ``"a" "a" "a"`` has exponentially many readings.
    """

    def __init__(self, gaps: Gaps, needle: str, *, cuts: set[int] | None = None):
        self.normalised = gaps.text
        self.needle = needle
        self.gaps = gaps
        # Where the needle may be cut, and the width of the blank there
        self.cuts = _blanks(needle) if cuts is None else cuts
        self.blank = 1 if cuts is None else 0
        self.budget = gaps.budget
        self.reached_from: dict[tuple[int, int], list[tuple[int, int] | None]] = {}
        self.finals: list[tuple[int, int]] = []

    def readings(self, limit: int) -> list[list[tuple[int, int]]]:
        """Return up to ``limit`` readings, each a list of (start, end) in the normalised text."""
        self.budget.read(len(self.needle))
        waiting = []
        for state in self._beginnings():
            self._reach(state, None, waiting)
        while waiting and len(self.finals) < limit:
            self._continue(waiting.pop(), waiting)
        return list(islice(self._paths(), limit))

    def _reach(self, state, source, waiting: list) -> None:
        sources = self.reached_from.get(state)
        if sources is None:
            self.reached_from[state] = [source]
            waiting.append(state)
        elif len(sources) <= MAX_LISTED:
            sources.append(source)

    def _beginnings(self) -> Iterator[tuple[int, int]]:
        """Yield states whose first piece, the needle up to a blank, ends at a gap."""
        for at in sorted(self.cuts):
            self.budget.spend()
            for number in self.gaps.within(self.needle, at, self.needle[at + self.blank]):
                yield number, at

    def _continue(self, state: tuple[int, int], waiting: list) -> None:
        number, matched = state
        begin, rest = self.gaps[number].end, matched + self.blank
        agreed = _agreement(self.normalised, begin, self.needle, rest)
        self.budget.compare(agreed)
        if rest + agreed == len(self.needle):
            self.finals.append(state)
        following = bisect_right(self.gaps, (begin + 1,))
        for later in range(following, len(self.gaps)):
            self.budget.spend()
            length = self.gaps[later].start - begin
            if length > agreed:
                break
            if length > 0 and rest + length in self.cuts:
                self._reach((later, rest + length), state, waiting)

    def _paths(self) -> Iterator[list[tuple[int, int]]]:
        trails = [
            (state, (begin, begin + len(self.needle) - state[1] - self.blank), None)
            for state in reversed(self.finals)
            for begin in [self.gaps[state[0]].end]
        ]
        while trails:
            self.budget.spend()
            (number, matched), piece, later = trails.pop()
            trail = (piece, later)
            end = self.gaps[number].start
            for source in self.reached_from[number, matched]:
                if source is None:
                    yield [(end - matched, end), *_unlinked(trail)]
                else:
                    begin = self.gaps[source[0]].end
                    trails.append((source, (begin, end), trail))


def _blanks(needle: str) -> set[int]:
    return {at for at, sign in enumerate(needle) if sign == " "}


def _unlinked(trail: tuple | None) -> Iterator[tuple[int, int]]:
    while trail is not None:
        piece, trail = trail
        yield piece


def _agreement(a: str, i: int, b: str, j: int) -> int:
    """Length of the common prefix of a[i:] and b[j:]."""
    limit = min(len(a) - i, len(b) - j)
    agreed, step = 0, 64
    while agreed < limit and a[i + agreed : i + agreed + step] == b[j + agreed : j + agreed + step]:
        agreed = min(limit, agreed + step)
        step *= 2
    while step and agreed < limit:
        step //= 2
        if (
            agreed + step <= limit
            and a[i + agreed : i + agreed + step] == b[j + agreed : j + agreed + step]
        ):
            agreed += step
    return agreed
