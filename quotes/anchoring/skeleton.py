"""The skeleton: text without its typography, and the way back to the text's own offsets."""

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property, lru_cache
from unicodedata import normalize

import regex

WHITE = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
_LINE_BREAKS = "\v\f\r\x1c\x1d\x1e\x85\u2028"
# Soft hyphen, zero-width space, word joiner, byte order mark and the marks that steer text
# direction. The joiners U+200C and U+200D and variation selectors are not here: they change what
# is read.
INVISIBLE = (
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
    dict.fromkeys(WHITE, " ")
    | dict.fromkeys(_DASHES, "-")
    | dict.fromkeys(_SINGLE_MARKS, "'")
    | dict.fromkeys(_DOUBLE_MARKS, '"')
)
_SHAPE = (
    dict.fromkeys(WHITE, " ")
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
_INVISIBLES = regex.compile(rf"[{INVISIBLE}](?!{_MARK})")
# So do blanks; tabs and line breaks cannot carry a mark.
_MARKED_BLANK = regex.compile(rf"[ \u1680](?={_MARK})")
_CONTROLS = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029"
_BLANKS = regex.compile(r" {2,}")
_BREAKS = regex.compile(r"[ \n\u2029]{2,}")
_DASH_RUN = regex.compile(rf"-{{2,}}(?!{_MARK})")

# A block ends where the skeletons of two blocks, put together, are the skeleton of both: never
# inside a run of white space, dashes or primes, nor before a combining mark.
_RUNS = regex.escape(WHITE + INVISIBLE + _PRIMES + _REVERSED_PRIMES) + regex.escape(_DASHES)
# Blocks are short because Unicode normalisation takes quadratic time over a run of marks.
_BLOCK = regex.compile(rf"(?s:.{{1,512}})[{_RUNS}]*+{_MARK}{{0,256}}+")

# A block's indivisible pieces, invisible characters removed: plain ASCII (one character each),
# runs that become a single character, control characters, and the rest with their marks.
_UNIT = regex.compile(
    rf"([!-,.-~]+(?!{_MARK}))"
    rf"|((?:[{_CONTROLS}]|[{regex.escape(WHITE)}](?!{_MARK}))+"
    rf"|[{regex.escape(_DASHES)}]+(?!{_MARK})|[{INVISIBLE}])"
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


def bare_skeleton(words: str) -> str:
    return _skeleton(words).strip(" ")


def same_words(a: str, b: str) -> bool:
    """Whether two texts are equal but for typography and white space around them."""
    return a == b or bare_skeleton(a) == bare_skeleton(b)


class Blocks:
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
