"""The skeleton: text without its typography, and the way back to the text's own offsets."""

import re
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
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

# Beyond Latin letters and common punctuation: only text with such a character may have an invisible
# one, a prime, or a blank that carries a mark.
_UNUSUAL = re.compile(
    "[^\0-\xa7\xa9-\xac\xae\xb0-\xb3\xb5-\xb7\xb9-\u017f\u2010-\u2016\u2018-\u201f\u2026]"
)

# A block ends where the skeletons of two blocks, put together, are the skeleton of both: never
# inside a run of white space, dashes or primes, nor before a combining mark.
_RUNS = regex.escape(WHITE + INVISIBLE + _PRIMES + _REVERSED_PRIMES) + regex.escape(_DASHES)
# Blocks are short because Unicode normalisation takes quadratic time over a run of marks.
_BLOCK = regex.compile(rf"(?s:.{{1,512}})[{_RUNS}]*+{_MARK}{{0,256}}+")

# A stretch of the characters that most text is of, each of which becomes one. What follows it is no
# mark. Python's own engine runs through it faster.
_COMMON = "!-,.-~“”‘’"
_STRETCH = re.compile(rf"[{_COMMON}](?:[{_COMMON}]| (?=[{_COMMON}]))*(?![^\0-\x7f“”‘’])")
# A block's other indivisible pieces, invisible characters removed: runs that become a single
# character, control characters, and the rest with their marks.
_UNIT = regex.compile(
    rf"((?:[{_CONTROLS}]|[{regex.escape(WHITE)}](?!{_MARK}))+"
    rf"|[{regex.escape(_DASHES)}]+(?!{_MARK})|[{INVISIBLE}])"
    rf"|[{_PRIMES}]+{_MARK}*|[{_REVERSED_PRIMES}]+{_MARK}*"
    r"|\p{GCB=Control}"
    rf"|(?s:.){_MARK}*"
)


def _reduce(text: str) -> str:
    """One block's shape."""
    if _UNUSUAL.search(text):
        if _INVISIBLES.search(text):
            text = _INVISIBLES.sub("", text)
        text = normalize("NFKD", text).replace("′′", '"').replace("‵‵", '"')
        # A blank that carries a mark is no white space: "´" decomposes into blank and acute.
        text = _MARKED_BLANK.sub("␣", text).replace("␣\u0301", "'")
    elif not text.isascii():
        text = normalize("NFKD", text)
    text = text.replace("\r\n", "\n")
    text = _replace(text, _SHAPE)
    if "\n" in text or "\u2029" in text:
        text = _BREAKS.sub(_one_break, text)
    if "  " in text:
        text = _BLANKS.sub(" ", text)
    if "--" in text:
        text = _DASH_RUN.sub("-", text)
    return text


def _replace(text: str, table: dict[str, str]) -> str:
    for character in set(text) & table.keys():
        text = text.replace(character, table[character])
    return text


def _one_break(run: regex.Match) -> str:
    if "\u2029" in run[0] or run[0].count("\n") > 1:
        return "\u2029"
    return "\n" if "\n" in run[0] else " "


@lru_cache(maxsize=4096)
def _width(unit: str) -> int:
    return len(_reduce(unit))


def _skeleton(shape: str) -> str:
    return _replace(shape, _SKELETON)


def bare_skeleton(words: str) -> str:
    shape = "".join(_reduce(block[0]) for block in _BLOCK.finditer(words))
    return _skeleton(shape).strip(" ")


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
            piece = _reduce(block[0])
            pieces.append(piece)
            length += len(piece)
        self.starts.append(len(text))
        self.shape = "".join(pieces)
        """As long as the skeleton, with quote marks and line breaks as printed."""
        self.skeleton = _skeleton(self.shape)
        self._origins: dict[int, _Origins] = {}
        self._clusters: dict[int, bytearray] = {}

    def start_of(self, index: int) -> int:
        """The text offset at which the skeleton's character begins; -1 where no span may begin."""
        block = bisect_right(self.skeleton_starts, index) - 1
        offset = self._origin(block).start_of(index - self.skeleton_starts[block])
        return offset if offset >= 0 and self.is_break(offset) else -1

    def end_of(self, index: int) -> int:
        """The text offset at which the skeleton's character ends; -1 where no span may end."""
        block = bisect_right(self.skeleton_starts, index) - 1
        offset = self._origin(block).end_of(index - self.skeleton_starts[block])
        return offset if offset >= 0 and self.is_break(offset) else -1

    def _origin(self, block: int) -> "_Origins":
        if block not in self._origins:
            start, end = self.starts[block], self.starts[block + 1]
            self._origins[block] = _Origins(self.text[start:end], start)
        return self._origins[block]

    def is_break(self, offset: int) -> bool:
        """Whether a grapheme cluster ends at this offset of the text."""
        if not 0 < offset < len(self.text):
            return offset in (0, len(self.text))
        if _ALWAYS_APART.match(self.text, offset - 1, offset + 1):
            return True
        block = bisect_right(self.starts, offset) - 1
        return bool(self._cluster_ends(block)[offset - self.starts[block]])

    def _cluster_ends(self, block: int) -> bytearray:
        if block not in self._clusters:
            start, end = self.starts[block], self.starts[block + 1]
            self._clusters[block] = _cluster_ends(self.text, start, end)
        return self._clusters[block]


class _Origins:
    """Where in the text the characters of a block's skeleton come from.

    -1 for what is in the middle of something indivisible, such as the second dot of "…".
    """

    def __init__(self, block: str, offset: int):
        self._before: Sequence[int] = range(offset, offset + len(block))
        if not block.isascii() and _INVISIBLES.search(block):
            gone = {match.start() for match in _INVISIBLES.finditer(block)}
            self._before = [offset + i for i in range(len(block)) if i not in gone]
            block = _INVISIBLES.sub("", block)
        # Of each unit: its first character's index in the skeleton, and where it is in the block.
        self._indices: list[int] = []
        self._units: list[tuple[int, int, int | None]] = []  # start, end, width; None: as it is
        index = at = 0
        while at < len(block):
            width = None
            if not (unit := _STRETCH.match(block, at)):
                unit = _UNIT.match(block, at)
                width = 1 if unit.lastindex else _width(unit[0])
            self._indices.append(index)
            self._units.append((at, unit.end(), width))
            index += unit.end() - at if width is None else width
            at = unit.end()

    def start_of(self, index: int) -> int:
        start, _, width, within = self._unit_at(index)
        return -1 if within and width else self._before[start + within]

    def end_of(self, index: int) -> int:
        start, end, width, within = self._unit_at(index)
        if width is None:
            return self._before[start + within] + 1
        return self._before[end - 1] + 1 if within == width - 1 else -1

    def _unit_at(self, index: int) -> tuple[int, int, int | None, int]:
        number = bisect_right(self._indices, index) - 1
        return *self._units[number], index - self._indices[number]


# Two characters that never are in one cluster, whatever stands around them (GB4, GB5, GB999).
_ALWAYS_APART = regex.compile(r"[\p{GCB=Other}\p{GCB=Control}\p{GCB=LF}]{2}")
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
