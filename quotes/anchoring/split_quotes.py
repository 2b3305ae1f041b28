"""Split quotes: “We will act,” she said, “and we will act soon.”"""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import regex

from quotes.anchoring.results import SHOWN

LONGEST_GAP = 500
"""How many characters may stand between two pieces of a split quote."""

_DOUBLE_SHAPES = '"“”„‟«»〝〞〟'
_SINGLE_SHAPES = "'‘’‚‛‹›"
_OPENERS = "“‘„‚‟‛«‹〝"
_CLOSERS = "”’»›〞〟"
_BOTH_WAYS = "“‘«‹"  # „German“ and »German« close with these
_SHAPE_WHITE = " \n\u2029"
# More quote marks than this are no article, and would take seconds to go through.
_MOST_MARKS = 200_000
_BLANK = tuple(_SHAPE_WHITE)
_BEFORE_OPENING = frozenset(_SHAPE_WHITE + "([{-" + _DOUBLE_SHAPES + _SINGLE_SHAPES)
_NOT_AFTER_OPENING = frozenset(_SHAPE_WHITE + ",;:!?)]}")
_WORD = regex.compile(r"\w")
# A blank line, or the end of a line that ends a sentence: other line ends may be mere wrapping.
_PARAGRAPH_END = regex.compile(rf"\u2029|[.!?。][{_DOUBLE_SHAPES}{_SINGLE_SHAPES}]*\n")


class Gap(NamedTuple):
    """Skeleton indices: the piece before ends at ``start``, the next one begins at ``end``."""

    start: int
    end: int


def _mark_pattern(marks: str) -> regex.Pattern:
    """Quote marks, but not those inside a word: those are apostrophes or gershayim."""
    return regex.compile(rf"(?<!\w)[{marks}]|[{marks}](?!\w)")


_FAMILIES = (_mark_pattern(_DOUBLE_SHAPES), _mark_pattern(_SINGLE_SHAPES))


def _looks_opening(shape: str, at: int) -> bool:
    before, after = shape[at - 1 : at] or " ", shape[at + 1 : at + 2] or " "
    if after == ".":
        return before in _BEFORE_OPENING and shape[at + 2 : at + 4] == ".."
    return before in _BEFORE_OPENING and after not in _NOT_AFTER_OPENING


def _looks_closing(shape: str, at: int) -> bool:
    before, after = shape[at - 1 : at] or " ", shape[at + 1 : at + 2] or " "
    return before not in _SHAPE_WHITE and not _WORD.match(after)


def _opens(shape: str, at: int) -> bool:
    mark = shape[at]
    if mark in _OPENERS:
        return _looks_opening(shape, at) or not _looks_closing(shape, at)
    return mark != "’" and _looks_opening(shape, at)


def _closes(shape: str, at: int) -> bool:
    mark = shape[at]
    if mark in _CLOSERS:
        return _looks_closing(shape, at) or not _looks_opening(shape, at)
    return (mark in _BOTH_WAYS or mark not in _OPENERS) and _looks_closing(shape, at)


def gaps_of(shape: str) -> list[Gap]:
    """Every stretch of text that a split quote may leap over, in reading order.

    Such a gap is evidence in itself that the quote goes on: it runs from a closing mark to the next
    opening mark of the same family, or from the end of a paragraph of an open quote to the mark
    that opens the next paragraph again. Inside there is no further mark of the family, and no
    paragraph break but right before the opening mark: after “…,” he said, a new paragraph that
    introduces its words anew is another quote, perhaps another person's.
    """
    gaps = {}
    for family, marks in enumerate(_FAMILIES):
        found = [match.start() for match in marks.finditer(shape)]
        if len(found) > _MOST_MARKS:
            continue
        opens = [_opens(shape, at) for at in found]
        for number in range(1, len(found)):
            closer, reopener = found[number - 1], found[number]
            if not opens[number]:
                continue
            after = reopener + 1 + (shape[reopener + 1 : reopener + 2] in _BLANK)
            if shape[reopener - 1] in "\n\u2029" and opens[number - 1]:
                # The mark before is still open: no closing mark ends the paragraph.
                gaps[Gap(reopener - 1, after)] = True
                continue
            if reopener - closer > LONGEST_GAP or number < 2 or not opens[number - 2]:
                continue
            between = shape[closer - 1 : reopener].rstrip(_SHAPE_WHITE)
            if _PARAGRAPH_END.search(between) or not _closes(shape, closer):
                continue
            if family and _FAMILIES[0].search(between, 1):
                continue
            gaps[Gap(closer - (shape[closer - 1] in _BLANK), after)] = True
    return sorted(gaps)


_TAIL = 12
_EFFORT = 150_000


class SplitSearch:
    """The readings of a needle as pieces of a skeleton with gaps between them.

    A state is (number of the gap just leapt, length of the needle matched before it). States are
    visited once each, remembering how they were reached; the work is bounded, because text such as
    ``"a" "a" "a"`` has more readings than anybody could list.
    """

    def __init__(self, skeleton: str, needle: str, gaps: list[Gap]):
        self.skeleton = skeleton
        self.needle = needle
        self.gaps = gaps
        self.effort = _EFFORT
        self.reached_from: dict[tuple[int, int], list[tuple[int, int] | None]] = {}
        self.finals: list[tuple[int, int]] = []

    def readings(self, limit: int) -> list[list[tuple[int, int]]]:
        """Up to ``limit`` readings, each a list of (start, end) in the skeleton."""
        waiting = []
        for state in self._beginnings():
            self._reach(state, None, waiting)
        while waiting and self.effort > 0 and len(self.finals) < limit:
            self._continue(waiting.pop(), waiting)
        return list(islice(self._paths(), limit))

    @property
    def exhausted(self) -> bool:
        return self.effort <= 0

    def _reach(self, state, source, waiting: list) -> None:
        sources = self.reached_from.get(state)
        if sources is None:
            self.reached_from[state] = [source]
            waiting.append(state)
        elif len(sources) <= SHOWN:
            sources.append(source)

    def _beginnings(self) -> Iterator[tuple[int, int]]:
        """States whose first piece, the needle up to a blank, stands right before a gap."""
        short, by_tail = [], {}
        at = self.needle.find(" ")
        while at >= 0:
            if at < _TAIL:
                short.append(at)
            else:
                key = self.needle[at - _TAIL : at] + self.needle[at + 1]
                by_tail.setdefault(key, []).append(at)
            at = self.needle.find(" ", at + 1)
        for number, (start, end) in enumerate(self.gaps):
            lengths = by_tail.get(
                self.skeleton[max(0, start - _TAIL) : start] + self.skeleton[end : end + 1], ()
            )
            for length in (*short, *lengths):
                if length > _TAIL:
                    self.effort -= 1 + length // 1000
                    if self.effort <= 0:
                        return
                if self.skeleton.endswith(self.needle[:length], 0, start):
                    yield number, length

    def _continue(self, state: tuple[int, int], waiting: list) -> None:
        number, matched = state
        begin, rest = self.gaps[number].end, matched + 1
        agreed = _agreement(self.skeleton, begin, self.needle, rest)
        self.effort -= 1 + agreed // 1000
        if rest + agreed == len(self.needle):
            self.finals.append(state)
        following = bisect_right(self.gaps, (begin + 1,))
        for later in range(following, len(self.gaps)):
            length = self.gaps[later].start - begin
            if length > agreed:
                break
            if length > 0 and self.needle[rest + length : rest + length + 1] == " ":
                self._reach((later, rest + length), state, waiting)

    def _paths(self) -> Iterator[list[tuple[int, int]]]:
        trails = [
            (state, (begin, begin + len(self.needle) - state[1] - 1), None)
            for state in reversed(self.finals)
            for begin in [self.gaps[state[0]].end]
        ]
        while trails:
            (number, matched), piece, later = trails.pop()
            trail = (piece, later)
            end = self.gaps[number].start
            for source in self.reached_from[number, matched]:
                if source is None:
                    yield [(end - matched, end), *_unlinked(trail)]
                else:
                    begin = self.gaps[source[0]].end
                    trails.append((source, (begin, end), trail))


def _unlinked(trail: tuple | None) -> Iterator[tuple[int, int]]:
    while trail is not None:
        piece, trail = trail
        yield piece


def _agreement(a: str, i: int, b: str, j: int) -> int:
    """How many characters a[i:] and b[j:] have in common at their beginnings."""
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
