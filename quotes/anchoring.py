"""Find the words of a quote in the text that printed them, and say exactly where they stand.

Nothing here knows about Django or the database: text in, offsets out.

*Offsets* are Unicode code points (Python's own string indices), half-open, as in the W3C Web
Annotation model's TextPositionSelector; ``Page.context`` gives the ``prefix`` and ``suffix`` of a
TextQuoteSelector. A quote's ``spans`` are in reading order and never touch.

*The same words* are words that differ in typography alone. To compare, text is reduced to its
**skeleton**: every quote mark or apostrophe becomes ``'`` or ``"``, every run of dashes one ``-``,
every run of white space one blank, invisible characters vanish, and the rest is put into Unicode's
NFKD form (UAX #15). Case, accents, digits, punctuation, hyphens and the blanks between words all
count. A second reduction of the same length, the **shape**, still tells which quote marks and line
breaks were printed; split quotes are recognised by it.

*Places* begin and end between whole grapheme clusters (UAX #29), so "cafe" is not found in "café"
nor "1" in "½".

The text is reduced block by block with C-speed string operations; where a skeleton's character
came from is worked out only for the blocks that matches fall into.
"""

import heapq
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import accumulate, islice
from operator import sub
from typing import NamedTuple
from unicodedata import normalize

import regex
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

CONTEXT = 32
"""Code points of prefix and suffix kept on each side of a span."""

ALTERED = 0.75
"""How alike (0 to 1) a passage must be to count as the quote with its words changed."""

WORTH_SHOWING = 0.6
"""Two unrelated English sentences are about 0.5 alike; a nearest passage must be clearly above."""

LONGEST_GAP = 500
"""How many characters may stand between two pieces of a split quote."""

SHOWN = 10
"""How many places an error lists."""

COUNTED = 1_000
"""How many places are counted before giving up on the exact number."""


# What is read, and what is answered


class Span(NamedTuple):
    """Code points ``start`` up to, not including, ``end``."""

    start: int
    end: int


class Place(NamedTuple):
    """Where words could stand, with the text around them to tell one place from another."""

    spans: tuple[Span, ...]
    prefix: str
    suffix: str

    def as_json(self) -> dict:
        return {
            "spans": [list(span) for span in self.spans],
            "prefix": self.prefix,
            "suffix": self.suffix,
        }


class Nearest(NamedTuple):
    """The passage most like some words.

    ``text`` is the page's own wording at ``start``–``end``; ``score`` runs from 0 to 1 (two
    skeletons' common subsequence over their mean length); ``difference`` lists what is not equal,
    word by word: ``{"op": "replace" | "delete" | "insert", "expected": str, "found": str}``.
    """

    start: int
    end: int
    text: str
    score: float
    difference: list[dict]

    def as_json(self) -> dict:
        return {**self._asdict(), "score": round(self.score, 3)}


class Following(NamedTuple):
    """What became of a quote when its text changed.

    ``state`` is ``exact`` or ``moved`` (then ``spans`` are given), ``altered`` (then ``nearest`` is
    given, and a person must decide) or ``missing``.
    """

    state: str
    spans: tuple[Span, ...] | None
    nearest: Nearest | None


# What can go wrong


class AnchoringError(ValueError):
    """Words that cannot be anchored. ``message`` says why and what to do; ``details`` is JSON."""

    def __init__(self, message: str, details: dict | None = None):
        super().__init__(message)
        self.message = message
        self.details = details or {}


class NoWords(AnchoringError):
    """Nothing is left of the words once white space and invisible characters are set aside."""

    def __init__(self):
        super().__init__(
            "These words are empty once white space and invisible characters are set aside; "
            "send the words as printed."
        )


class NotInText(AnchoringError):
    """The words do not stand in the text. ``nearest`` is the most similar passage, or None."""

    def __init__(self, nearest: Nearest | None):
        self.nearest = nearest
        if nearest:
            message = (
                "These words are not in the text; the nearest passage is "
                f"{_shortened(nearest.text)!r} ({nearest.score:.0%} alike). Send the words as "
                'printed, or their "spans".'
            )
        else:
            message = (
                "These words are not in the text, nor is anything like them. Send the words as "
                "printed, and the text that prints them."
            )
        super().__init__(message, {"nearest": nearest.as_json() if nearest else None})


class SeveralPlaces(AnchoringError):
    """The words fit several places equally well. ``places`` holds the first ten."""

    def __init__(self, places: Sequence[Place], total: int, *, complete: bool = True):
        self.places = tuple(places[:SHOWN])
        self.total = total
        count = f"{total:,}" if complete else f"at least {total:,}"
        super().__init__(
            f'These words fit {count} places in the text equally well; send "spans" to say which '
            "is meant.",
            {"places": [place.as_json() for place in self.places], "total": total},
        )


class BadSpans(AnchoringError):
    """Spans that are no places in this text. ``details["span"]`` is the offending one's index."""

    def __init__(self, index: int | None, fault: str):
        where = "The spans" if index is None else f"Span {index}"
        super().__init__(
            f"{where} {fault}; send [start, end) pairs of code point offsets in reading order.",
            {"span": index, "fault": fault},
        )


class WordsDiffer(AnchoringError):
    """Words and spans were both given, and other words stand there."""

    def __init__(self, found: str, difference: list[dict]):
        super().__init__(
            f"The words at these spans are {_shortened(found)!r}, which are not the words sent; "
            'correct one of the two, or send only the words or only the "spans".',
            {"found": found, "difference": difference},
        )


def _shortened(text: str, width: int = 120) -> str:
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


# The skeleton: text without its typography

_WHITE = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
_LINE_BREAKS = "\v\f\r\x1c\x1d\x1e\x85\u2028"
# Soft hyphen, zero-width space, word joiner, byte order mark and the marks that steer text
# direction. The joiners U+200C and U+200D and variation selectors are not here: they change what
# is read.
_INVISIBLE = (
    "\xad\ufeff\u200b\u2060\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
# Hyphens, dashes, minus signs and the Hebrew maqaf.
_DASHES = (
    "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u207b\u208b\u2e3a\u2e3b\u05be"
    "\ufe31\ufe32\ufe58\ufe63\uff0d"
)
_SINGLE_MARKS = "'`´‘’‚‛′‵ʻʼʽʹ‹›❛❜\u05f3"
_DOUBLE_MARKS = '"“”„‟«»〝〞〟❝❞\u05f4'

_SKELETON = (
    dict.fromkeys(_WHITE, " ")
    | dict.fromkeys(_DASHES, "-")
    | dict.fromkeys(_SINGLE_MARKS, "'")
    | dict.fromkeys(_DOUBLE_MARKS, '"')
)
_SHAPE = (
    dict.fromkeys(_WHITE, " ")
    | dict.fromkeys(_LINE_BREAKS, "\n")
    | {"\n": "\n", "\u2029": "\u2029"}
    | dict.fromkeys(_DASHES, "-")
    | {"`": "‘", "‵": "‘", "ʻ": "‘", "ʽ": "‘", "❛": "‘", "´": "’", "ʼ": "’", "ʹ": "’", "❜": "’"}
    | {"′": "'", "\u05f3": "'", "❝": "“", "❞": "”", "\u05f4": '"'}
)
for _table in (_SKELETON, _SHAPE):
    for _same in [key for key, value in _table.items() if key == value]:
        del _table[_same]

# Whatever attaches to the character before it: combining marks, joiners, emoji modifiers (UAX #29).
_MARK = r"[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]"
_PRIMES = "′″‴⁗"
_REVERSED_PRIMES = "‵‶‷"
# Before a mark they stand for the base it lacks, and stay.
_INVISIBLES = regex.compile(rf"[{_INVISIBLE}](?!{_MARK})")
# So do blanks; tabs and line breaks cannot carry a mark.
_MARKED_BLANK = regex.compile(rf"[ \u1680](?={_MARK})")
_CONTROLS = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029"
_BLANKS = regex.compile(r" {2,}")
_BREAKS = regex.compile(r"[ \n\u2029]{2,}")
_DASH_RUN = regex.compile(rf"-{{2,}}(?!{_MARK})")

# A block ends where the skeletons of two blocks, put together, are the skeleton of both: never
# inside a run of white space, dashes or primes, nor before a combining mark.
_RUNS = regex.escape(_WHITE + _INVISIBLE + _PRIMES + _REVERSED_PRIMES) + regex.escape(_DASHES)
# Blocks are short because Unicode normalisation takes quadratic time over a run of marks.
_BLOCK = regex.compile(rf"(?s:.{{1,512}})[{_RUNS}]*+{_MARK}{{0,256}}+")

# A block's indivisible pieces, invisible characters removed: plain ASCII (one character each),
# runs that become a single character, control characters, and the rest with their marks.
_UNIT = regex.compile(
    rf"([!-,.-~]+(?!{_MARK}))"
    rf"|((?:[{_CONTROLS}]|[{regex.escape(_WHITE)}](?!{_MARK}))+"
    rf"|[{regex.escape(_DASHES)}]+(?!{_MARK})|[{_INVISIBLE}])"
    rf"|[{_PRIMES}]+{_MARK}*|[{_REVERSED_PRIMES}]+{_MARK}*"
    r"|\p{GCB=Control}"
    rf"|(?s:.){_MARK}*"
)


def _reduce(text: str, table: dict[str, str]) -> str:
    """One block's skeleton (or shape, by the other table)."""
    if not text.isascii():
        if _INVISIBLES.search(text):
            text = _INVISIBLES.sub("", text)
        text = normalize("NFKD", text).replace("′′", '"').replace("‵‵", '"')
        # A blank that carries a mark is no white space: "´" decomposes into blank and acute.
        text = _MARKED_BLANK.sub("␣", text).replace("␣\u0301", "'")
    text = text.replace("\r\n", "\n")
    for character in set(text) & table.keys():
        text = text.replace(character, table[character])
    if "\n" in text or "\u2029" in text:
        text = _BREAKS.sub(_one_break, text)
    if "  " in text:
        text = _BLANKS.sub(" ", text)
    if "--" in text:
        text = _DASH_RUN.sub("-", text)
    return text


def _one_break(run: regex.Match) -> str:
    if "\u2029" in run[0] or run[0].count("\n") > 1:
        return "\u2029"
    return "\n" if "\n" in run[0] else " "


@lru_cache(maxsize=4096)
def _width(unit: str) -> int:
    return len(_reduce(unit, _SKELETON))


def _skeleton(text: str) -> str:
    return "".join(_reduce(block[0], _SKELETON) for block in _BLOCK.finditer(text))


def _needle(words: str) -> str:
    return _skeleton(words).strip(" ")


def same_words(a: str, b: str) -> bool:
    """Whether two texts are equal but for typography and white space around them."""
    return a == b or _needle(a) == _needle(b)


class _Blocks:
    """A text's skeleton and the way back from it to the text's own offsets."""

    def __init__(self, text: str):
        self.text = text
        self.starts = array("i")
        self.skeleton_starts = array("i")
        pieces = []
        length = 0
        for block in _BLOCK.finditer(text):
            self.starts.append(block.start())
            self.skeleton_starts.append(length)
            piece = _reduce(block[0], _SKELETON)
            pieces.append(piece)
            length += len(piece)
        self.starts.append(len(text))
        self.skeleton = "".join(pieces)
        self._origins: dict[int, tuple[array, array]] = {}
        self._clusters: dict[int, bytearray] = {}

    @cached_property
    def shape(self) -> str:
        """As long as the skeleton, with quote marks and line breaks as printed."""
        return "".join(_reduce(block[0], _SHAPE) for block in _BLOCK.finditer(self.text))

    def start_of(self, index: int) -> int:
        """The text offset at which the skeleton's character begins; -1 where no span may begin."""
        block = bisect_right(self.skeleton_starts, index) - 1
        return self._origin(block)[0][index - self.skeleton_starts[block]]

    def end_of(self, index: int) -> int:
        """The text offset at which the skeleton's character ends; -1 where no span may end."""
        block = bisect_right(self.skeleton_starts, index) - 1
        return self._origin(block)[1][index - self.skeleton_starts[block]]

    def _origin(self, block: int) -> tuple[array, array]:
        if block not in self._origins:
            start, end = self.starts[block], self.starts[block + 1]
            if self.text[start:end].isascii():
                breaks = bytearray(b"\1") * (end - start + 1)
            else:
                breaks = self._cluster_ends(block) + b"\0"
            breaks[0], breaks[-1] = self.is_break(start), self.is_break(end)
            self._origins[block] = _origins(self.text[start:end], start, breaks)
        return self._origins[block]

    def is_break(self, offset: int) -> bool:
        """Whether a grapheme cluster ends at this offset of the text."""
        if not 0 < offset < len(self.text):
            return offset in (0, len(self.text))
        before, after = self.text[offset - 1], self.text[offset]
        if before < "\x80" and after < "\x80":
            return before != "\r" or after != "\n"
        block = bisect_right(self.starts, offset) - 1
        return bool(self._cluster_ends(block)[offset - self.starts[block]])

    def _cluster_ends(self, block: int) -> bytearray:
        if block not in self._clusters:
            start, end = self.starts[block], self.starts[block + 1]
            self._clusters[block] = _cluster_ends(self.text, start, end)
        return self._clusters[block]


def _origins(block: str, offset: int, breaks: bytearray) -> tuple[array, array]:
    """For each character of a block's skeleton, where in the text it starts and where it ends.

    -1 where that is in the middle of something indivisible, such as the second dot of "…", or where
    ``breaks`` (by offset in the block, both its ends included) says no grapheme cluster ends.
    """
    before: Sequence[int] = range(offset, offset + len(block))
    after: Sequence[int] = range(offset + 1, offset + len(block) + 1)
    if not block.isascii() and _INVISIBLES.search(block):
        gone = {match.start() for match in _INVISIBLES.finditer(block)}
        before = [offset + i for i in range(len(block)) if i not in gone]
        after = [i + 1 for i in before]
        block = _INVISIBLES.sub("", block)
    starts, ends = array("i"), array("i")
    for unit in _UNIT.finditer(block):
        first, last = unit.start(), unit.end() - 1
        start, end = before[first], after[last]
        if unit.lastindex == 1:
            starts.extend(before[first : last + 1])
            ends.extend(after[first : last + 1])
            if not breaks[start - offset]:
                starts[first - last - 1] = -1
            if not breaks[end - offset]:
                ends[-1] = -1
            continue
        starts.append(start if breaks[start - offset] else -1)
        width = 1 if unit.lastindex == 2 else _width(unit[0])
        if width > 1:
            starts.extend([-1] * (width - 1))
            ends.extend([-1] * (width - 1))
        ends.append(end if breaks[end - offset] else -1)
    return starts, ends


# Whether two characters belong together may hang on what stands before them (flags come in pairs,
# emoji and Indic conjuncts in chains), but never on anything before a character of another kind.
_CHAINED = regex.compile(
    r"(?r)[^\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}\p{GCB=Regional_Indicator}]"
)
_CLUSTER = regex.compile(r"\X")


def _cluster_ends(text: str, start: int, end: int) -> bytearray:
    """Flags for the offsets ``start`` to ``end``: does a grapheme cluster end there?"""
    flags = bytearray(end - start)
    floor = max(0, start - 128)
    base = _CHAINED.search(text, floor, start)
    floor = base.start() if base else floor
    # A slice, for the engine looks back as far as it can to pair up flags.
    for cluster in _CLUSTER.finditer(text[floor : end + 1]):
        offset = floor + cluster.end()
        if start <= offset < end:
            flags[offset - start] = 1
    return flags


_COMPARISONS = 500_000_000
_PLACE_COST = 2_500


def _occurrences(
    text: str, words: str, span_of: Callable[[int, int], Span | None], limit: int
) -> tuple[list[Span], bool]:
    """Up to ``limit`` spans of all that ``text`` has of ``words``, and whether these are all.

    The work is bounded: ever so many places may have the words and be refused by ``span_of``.
    """
    spans, comparisons = [], 0
    at = text.find(words)
    while at >= 0:
        if len(spans) == limit or comparisons > _COMPARISONS:
            return spans, False
        span = span_of(at, at + len(words))
        if span:
            spans.append(span)
        comparisons += _PLACE_COST + len(words)
        at = text.find(words, at + 1)
    return spans, True


# Split quotes: “We will act,” she said, “and we will act soon.”

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


class _Gap(NamedTuple):
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


def _gaps(shape: str) -> list[_Gap]:
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
                gaps[_Gap(reopener - 1, after)] = True
                continue
            if reopener - closer > LONGEST_GAP or number < 2 or not opens[number - 2]:
                continue
            between = shape[closer - 1 : reopener].rstrip(_SHAPE_WHITE)
            if _PARAGRAPH_END.search(between) or not _closes(shape, closer):
                continue
            if family and _FAMILIES[0].search(between, 1):
                continue
            gaps[_Gap(closer - (shape[closer - 1] in _BLANK), after)] = True
    return sorted(gaps)


_TAIL = 12
_EFFORT = 150_000


class _SplitSearch:
    """The readings of a needle as pieces of a skeleton with gaps between them.

    A state is (number of the gap just leapt, length of the needle matched before it). States are
    visited once each, remembering how they were reached; the work is bounded, because text such as
    ``"a" "a" "a"`` has more readings than anybody could list.
    """

    def __init__(self, skeleton: str, needle: str, gaps: list[_Gap]):
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


# Likeness


def _difference(expected: str, found: str) -> list[dict]:
    """Where two texts differ, word by word, typography aside."""
    expected_words, found_words = expected.split(), found.split()
    codes = Levenshtein.opcodes(
        [_needle(word) for word in expected_words], [_needle(word) for word in found_words]
    )
    changes = []
    for code in codes:
        if code.tag == "equal":
            continue
        here = (code.src_start, code.src_end, code.dest_start, code.dest_end)
        if changes and changes[-1][1] == here[0] and changes[-1][3] == here[2]:
            here = (changes[-1][0], here[1], changes.pop()[2], here[3])
        changes.append(here)
    return [
        {
            "op": "replace" if a < b and c < d else "delete" if a < b else "insert",
            "expected": " ".join(expected_words[a:b]),
            "found": " ".join(found_words[c:d]),
        }
        for a, b, c, d in changes
    ]


def _likely_windows(needle: str, skeleton: str) -> list[int]:
    """Where a stretch of the needle's length shares the most character runs with it.

    For longer needles only every few characters of the text are looked at: all of the needle's own
    runs are known, so the same part of what is shared is seen everywhere.
    """
    width = len(needle)
    size = 3 if width < 300 else 5 if width < 3_000 else 8
    step = max(1, min(4, width // 32), len(skeleton) // 2_000_000)
    runs = {needle[i : i + size] for i in range(width - size + 1)}
    if not runs or len(skeleton) <= width:
        return [0]
    shared = [skeleton[i : i + size] in runs for i in range(0, len(skeleton), step)]
    counts = [0, *accumulate(shared)]
    hits = list(map(sub, counts[width // step :], counts))
    best: list[int] = []
    stride = max(1, width // step // 8, len(hits) // 500_000)
    for _, number in heapq.nlargest(32, zip(hits[::stride], range(len(hits)), strict=False)):
        at = number * stride * step
        if all(abs(at - other) > width // 2 for other in best):
            best.append(at)
    return best[:4]


def _aligned(needle: str, skeleton: str, at: int) -> tuple[float, int, int]:
    """The best fit for the needle around an index, from word to word: (score, start, end)."""
    margin = len(needle) // 2 + 32
    floor = max(0, at - margin)
    region = skeleton[floor : at + len(needle) + margin]
    reach = 2 * margin + _EDGE
    start, _ = _fit(needle[:_EDGE], region[:reach])
    _, end = _fit(needle[-_EDGE:], region[-reach:])
    starts, ends = {start}, {end + max(0, len(region) - reach)}
    if len(needle) <= _ALIGNED_WHOLE:
        start, end = _fit(needle, region)
        starts.add(start)
        ends.add(end)

    def score(start: int, end: int) -> float:
        return fuzz.ratio(needle, region[start:end]) / 100 if start < end else 0.0

    if len(needle) <= _ALIGNED_WHOLE:
        _, start, end = max((score(a, b), a, b) for a in starts for b in ends)
        _, start = max((score(a, end), a) for a in (start, *_edges(_WORD_START, region, start)))
        _, end = max((score(start, b), b) for b in (end, *_edges(_WORD_END, region, end)))
        # The best fit may still cut a word in two: settle on the best edges between words.
        starts = _edges(_WORD_START, region, start) or [start]
        ends = _edges(_WORD_END, region, end) or [end]
    else:
        starts = (_edges(_WORD_START, region, min(starts)) or list(starts))[:1]
        ends = (_edges(_WORD_END, region, max(ends)) or list(ends))[:1]
    best, start, end = max((score(a, b), a, b) for a in starts for b in ends)
    return best, floor + start, floor + end


_EDGE = 64
_ALIGNED_WHOLE = 3_000
# Scripts written without blanks are cut between any two characters.
_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_WORD_START = regex.compile(rf"(?<!\S)(?=\S)|(?<!\w)(?=\w)|(?<=['\"])(?=[^\s'\"])|(?={_UNSPACED})")
_WORD_END = regex.compile(rf"(?<=\S)(?!\S)|(?<=\w)(?!\w)|(?<=[^\s'\"])(?=['\"])|(?<={_UNSPACED})")


def _fit(needle: str, region: str) -> tuple[int, int]:
    if len(needle) > len(region):
        return 0, len(region)
    found = fuzz.partial_ratio_alignment(needle, region)
    return found.dest_start, found.dest_end


def _edges(pattern: regex.Pattern, text: str, at: int, reach: int = 32) -> list[int]:
    """The edges of words near an index, nearest first."""
    near = pattern.finditer(text, max(0, at - reach), min(len(text), at + reach + 1))
    edges = [edge.start() for edge in near if edge.start() <= at + reach]
    return sorted(edges, key=lambda edge: abs(edge - at))[:8]


class Page:
    """A snapshot's text, prepared for finding quotes in it.

    The skeleton is worked out once, when first needed: some 0.2 s for two million code points.
    """

    def __init__(self, text: str):
        self.text = text

    @cached_property
    def _blocks(self) -> _Blocks:
        return _Blocks(self.text)

    @cached_property
    def _gaps(self) -> list[_Gap]:
        return _gaps(self._blocks.shape)

    def text_at(self, spans: Sequence[tuple[int, int]]) -> str:
        """The words at spans, in the page's own wording.

        Several are joined by one blank, or by a newline where a line break lies between them.
        """
        pieces, before = [], None
        for start, end in spans:
            if before is not None:
                gap = self.text[before:start]
                pieces.append("\n" if any(c in gap for c in "\n\r\u2029") else " ")
            pieces.append(self.text[start:end])
            before = end
        return "".join(pieces)

    def context(self, span: tuple[int, int]) -> tuple[str, str]:
        """The up to 32 code points before a span and after it, as they are in the text."""
        start, end = span
        return self.text[max(0, start - CONTEXT) : start], self.text[end : end + CONTEXT]

    def find(self, words: str) -> tuple[Span, ...]:
        """Where these words stand, typographic differences allowed.

        One span, or several for a quote that is broken by its attribution or runs over paragraphs.
        Raises NoWords, NotInText, or SeveralPlaces when nothing but a guess could tell them apart.
        """
        if not _needle(words):
            raise NoWords
        places, complete = self._places(words, COUNTED)
        if len(places) > 1 or (places and not complete):
            verbatim, sure = self._verbatim(words, 2)
            if len(verbatim) == 1 and sure:
                return tuple(verbatim)
            shown = [self._place(spans) for spans in places[:SHOWN]]
            raise SeveralPlaces(shown, len(places), complete=complete)
        if not places:
            raise NotInText(self.nearest(words))
        return places[0]

    def at(self, spans: Sequence[Sequence[int]], words: str | None = None) -> tuple[Span, ...]:
        """These spans, if they are places in this text and hold these words (when given).

        Raises BadSpans, or WordsDiffer when the difference is more than typography.
        """
        checked = []
        for index, span in enumerate(spans):
            checked.append(self._checked(index, span, checked[-1] if checked else None))
        if not checked:
            raise BadSpans(None, "are empty")
        if words is not None:
            found = self.text_at(checked)
            if not same_words(words, found):
                raise WordsDiffer(found, _difference(words, found))
        return tuple(checked)

    def nearest(self, words: str) -> Nearest | None:
        """The passage most like these words, or None when nothing is clearly like them."""
        needle, skeleton = _needle(words), self._blocks.skeleton
        if not needle or not skeleton:
            return None
        best = max(
            (_aligned(needle, skeleton, at) for at in _likely_windows(needle, skeleton)),
            key=lambda candidate: candidate[0],
        )
        span = self._outward(*best[1:])
        if span is None:
            return None
        text = self.text[span.start : span.end]
        score = fuzz.ratio(needle, _needle(text)) / 100
        if score < WORTH_SHOWING:
            return None
        return Nearest(span.start, span.end, text, score, _difference(words, text))

    def follow(
        self, words: str, spans: Sequence[tuple[int, int]], prefix: str = "", suffix: str = ""
    ) -> Following:
        """What became of a quote, now that its article's text is this page.

        ``words``, ``spans``, ``prefix`` (before the first span) and ``suffix`` (after the last) are
        the quote's in the text before.
        """
        spans = tuple(Span(*span) for span in spans)
        if self._stand_at(words, spans):
            return Following("exact", spans, None)
        places = self._shifted(words, spans)
        if not places and _needle(words):
            places, _ = self._places(words, COUNTED * 10)
        if places:
            return Following("moved", self._best_placed(places, spans, prefix, suffix), None)
        nearest = self.nearest(words)
        if nearest and nearest.score >= ALTERED:
            return Following("altered", None, nearest)
        return Following("missing", None, None)

    # Finding

    def _places(self, words: str, limit: int) -> tuple[list[tuple[Span, ...]], bool]:
        """Every place these words could stand, and whether that is all of them."""
        needle = _needle(words)
        spans, complete = self._occurrences(needle, limit)
        if not spans and complete:
            # Words cut out of a run of dashes or from between invisible characters.
            spans, complete = self._verbatim(words, limit)
        if spans:
            return [(span,) for span in spans], complete
        return self._split_places(needle)

    def _occurrences(self, needle: str, limit: int) -> tuple[list[Span], bool]:
        """Places where the skeleton has the needle, overlapping ones too; whether these are all."""
        return _occurrences(self._blocks.skeleton, needle, self._span, limit)

    def _verbatim(self, words: str, limit: int) -> tuple[list[Span], bool]:
        """Places where the text has the words code point for code point; whether these are all."""

        def whole(start: int, end: int) -> Span | None:
            breaks = self._blocks.is_break
            return Span(start, end) if breaks(start) and breaks(end) else None

        bare = words.strip(_WHITE + _INVISIBLE)
        # A blank or an invisible character that carried a mark is no edge to cut off.
        bare = bare if same_words(bare, words) else words
        return _occurrences(self.text, bare, whole, limit)

    def _split_places(self, needle: str) -> tuple[list[tuple[Span, ...]], bool]:
        if " " not in needle or not self._gaps:
            return [], True
        search = _SplitSearch(self._blocks.skeleton, needle, self._gaps)
        places = []
        for reading in search.readings(SHOWN + 1):
            spans = tuple(self._span(start, end) for start, end in reading)
            if all(spans):
                places.append(spans)
        return sorted(places), len(places) <= SHOWN and not search.exhausted

    def _span(self, start: int, end: int) -> Span | None:
        """The text's span for a stretch of the skeleton; None where it would split a cluster."""
        span = Span(self._blocks.start_of(start), self._blocks.end_of(end - 1))
        return span if span.start >= 0 and span.end >= 0 else None

    def _outward(self, start: int, end: int) -> Span | None:
        """The smallest span that covers a stretch of the skeleton and splits no cluster."""
        blocks, reach = self._blocks, 1_000
        starts = map(blocks.start_of, range(start, max(-1, start - reach), -1))
        ends = map(blocks.end_of, range(end - 1, min(len(blocks.skeleton), end + reach)))
        first, last = next((i for i in starts if i >= 0), -1), next((i for i in ends if i >= 0), -1)
        return Span(first, last) if 0 <= first < last else None

    def _place(self, spans: tuple[Span, ...]) -> Place:
        return Place(spans, self.context(spans[0])[0], self.context(spans[-1])[1])

    # Checking

    def _checked(self, index: int, span: Sequence[int], before: Span | None) -> Span:
        if (
            not isinstance(span, list | tuple)
            or len(span) != 2
            or not all(type(offset) is int for offset in span)
        ):
            raise BadSpans(index, "is not a pair of whole numbers")
        start, end = span
        length = len(self.text)
        if start < 0 or end > length:
            raise BadSpans(index, f"[{start}, {end}) is outside the text, which ends at {length}")
        if start >= end:
            fault = "is empty" if start == end else "is reversed"
            raise BadSpans(index, f"[{start}, {end}) {fault}")
        if before and start <= before.end:
            fault = (
                "is out of order" if end <= before.start else "overlaps or touches the one before"
            )
            raise BadSpans(index, f"[{start}, {end}) {fault}")
        for offset in (start, end):
            if not self._blocks.is_break(offset):
                raise BadSpans(
                    index, f"[{start}, {end}) splits a character (grapheme cluster) at {offset}"
                )
        if not _needle(self.text[start:end]):
            raise BadSpans(index, f"[{start}, {end}) holds only white space")
        return Span(start, end)

    def _stand_at(self, words: str, spans: tuple[Span, ...]) -> bool:
        try:
            self.at(spans, words)
        except AnchoringError:
            return False
        return True

    # Following

    def _shifted(self, words: str, spans: tuple[Span, ...]) -> list[tuple[Span, ...]]:
        """Places where all the pieces of a several-span quote stand as far apart as they did."""
        if len(spans) < 2:
            return []
        first = words[: spans[0].end - spans[0].start]
        if not _needle(first):
            return []
        places = []
        for place in self._occurrences(_needle(first), COUNTED)[0]:
            by = place.start - spans[0].start
            moved = tuple(Span(s + by, e + by) for s, e in spans)
            if self._stand_at(words, moved):
                places.append(moved)
        return places

    def _best_placed(
        self, places: list[tuple[Span, ...]], old: tuple[Span, ...], prefix: str, suffix: str
    ) -> tuple[Span, ...]:
        """The place whose surroundings agree best with the old ones; of equals, the nearest."""

        def agreement(spans: tuple[Span, ...]) -> tuple[float, int]:
            place = self._place(spans)
            alike = fuzz.ratio(prefix, place.prefix) + fuzz.ratio(suffix, place.suffix)
            return alike, -abs(spans[0].start - old[0].start)

        return max(places, key=agreement)
