"""Normalise text: drop its typography, and map the result back to the text's own offsets.

Quote marks and apostrophes become ``'`` or ``"``, a run of dashes one ``-``, a run of white space
one blank. Invisible characters vanish, and the rest takes Unicode's NFKD form (UAX #15), but for
superscripts, subscripts, fractions, and circled and squared characters: 10⁶ is not 106. Case,
accents, digits, punctuation and the blanks between words are kept.

*Punctuated* text is an intermediate step of equal length: it keeps quote marks and line breaks as
printed. Split quotes are recognised in it.

Text is normalised block by block with C-speed string operations. Offsets are mapped only in the
blocks that matches fall into.
"""

import re
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from unicodedata import decomposition, normalize

import regex

from quotes.anchoring.budget import Budget
from quotes.anchoring.typography import canonical, same

WHITE = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
_LINE_BREAKS = "\v\f\r\x1c\x1d\x1e\x85\u2028"
# Soft hyphen, zero-width space, word joiner, byte order mark and text direction marks. The joiners
# U+200C and U+200D and variation selectors are not among them: they change what is read.
INVISIBLE = (
    "\xad\ufeff\u200b\u2060\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
SHORT_TITLES = (
    *("Mr", "Mrs", "Ms", "Dr", "Prof", "St", "Gen", "Col", "Sen", "Rep", "Rev", "Hon"),
    *("Sr", "Sra", "Dra", "Mme", "Hr", "Fr"),
)
"""Written with a full stop before a name."""

NOT_AN_END = rf"(?<!\b(?:\p{{Lu}}|{'|'.join(SHORT_TITLES)}))"
"""Before a full stop that may end a sentence: neither an initial nor a short title."""

# Hyphens, dashes, minus signs and the Hebrew maqaf.
DASHES = (
    "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u207b\u208b\u2e3a\u2e3b\u05be"
    "\ufe31\ufe32\ufe58\ufe63\uff0d"
)
SINGLE_MARKS = "'`´‘’‚‛′‵ʻʼʽʹ‹›❛❜\u05f3"
DOUBLE_MARKS = '"“”„‟«»〝〞〟❝❞\u05f4'

MARKS = SINGLE_MARKS + DOUBLE_MARKS

_TO_NORMALISED = (
    dict.fromkeys(WHITE, " ")
    | dict.fromkeys(DASHES, "-")
    | dict.fromkeys(SINGLE_MARKS, "'")
    | dict.fromkeys(DOUBLE_MARKS, '"')
)
_TO_PUNCTUATED = (
    dict.fromkeys(WHITE, " ")
    | dict.fromkeys(_LINE_BREAKS, "\n")
    | {"\n": "\n", "\u2029": "\u2029"}
    | dict.fromkeys(DASHES, "-")
    | {"`": "‘", "‵": "‘", "ʻ": "‘", "ʽ": "‘", "❛": "‘", "´": "’", "ʼ": "’", "ʹ": "’", "❜": "’"}
    | {"′": "'", "\u05f3": "'", "❝": "“", "❞": "”", "\u05f4": '"'}
)
for _table in (_TO_NORMALISED, _TO_PUNCTUATED):
    for _same in [key for key, value in _table.items() if key == value]:
        del _table[_same]

# Characters that attach to the one before: combining marks, joiners, emoji modifiers (UAX #29).
_MARK = r"[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]"
_PRIMES = "′″‴⁗"
_REVERSED_PRIMES = "‵‶‷"
# Before a mark they serve as its base, and are kept.
_INVISIBLES = regex.compile(rf"[{INVISIBLE}](?!{_MARK})")
# So do blanks; tabs and line breaks cannot carry a mark.
_MARKED_BLANK = regex.compile(rf"[ \u1680](?={_MARK})")
_CONTROLS = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029"
_BLANKS = regex.compile(r" {2,}")
_BREAKS = regex.compile(r"[ \n\u2029]{2,}")
_DASH_RUN = regex.compile(rf"-{{2,}}(?!{_MARK})")

# Only text with a character beyond Latin letters and common punctuation can have an invisible
# character, a prime, or a blank that carries a mark.
_UNUSUAL = re.compile(
    "[^\0-\xa7\xa9-\xac\xae\xb0-\xb3\xb5-\xb7\xb9-\u017f\u2010-\u2016\u2018-\u201f\u2026]"
)

# A block can be normalised by itself: it never ends inside a run of white space, dashes or primes,
# nor before a combining mark.
_RUNS = regex.escape(WHITE + INVISIBLE + _PRIMES + _REVERSED_PRIMES) + regex.escape(DASHES)
# NormalisedText are short because Unicode normalisation takes quadratic time over a run of marks.
_BLOCK = regex.compile(rf"(?s:.{{1,512}})[{_RUNS}]*+{_MARK}{{0,256}}+")

# A run of common characters that all stay one character, with no combining mark after it.
# Python's own engine matches it faster.
_COMMON = "!-,.-~“”‘’"
_PLAIN_RUN = re.compile(rf"[{_COMMON}](?:[{_COMMON}]| (?=[{_COMMON}]))*(?![^\0-\x7f“”‘’])")
# A block's other indivisible pieces, invisible characters removed: runs that become a single
# character, control characters, and the rest with their marks.
_UNIT = regex.compile(
    rf"((?:[{_CONTROLS}]|[{regex.escape(WHITE)}](?!{_MARK}))+"
    rf"|[{regex.escape(DASHES)}]+(?!{_MARK})|[{INVISIBLE}])"
    rf"|[{_PRIMES}]+{_MARK}*|[{_REVERSED_PRIMES}]+{_MARK}*"
    r"|\p{GCB=Control}"
    rf"|(?s:.){_MARK}*"
)


def _reduce_block(text: str) -> str:
    """Return a block's punctuated text."""
    if _UNUSUAL.search(text):
        if _INVISIBLES.search(text):
            text = _INVISIBLES.sub("", text)
        text = _decompose(text).replace("′′", '"').replace("‵‵", '"')
        # A blank that carries a mark is no white space: "´" decomposes into blank and acute.
        text = _MARKED_BLANK.sub("␣", text).replace("␣\u0301", "'")
    elif not text.isascii():
        text = _decompose(text)
    text = text.replace("\r\n", "\n")
    text = _replace(text, _TO_PUNCTUATED)
    if "\n" in text or "\u2029" in text:
        text = _BREAKS.sub(_one_break, text)
    if "  " in text:
        text = _BLANKS.sub(" ", text)
    if "--" in text:
        text = _DASH_RUN.sub("-", text)
    return text


_KEPT = ("<super>", "<sub>", "<fraction>", "<circle>", "<square>")
_RANGES = (  # where Unicode has characters of these decompositions
    *((0xAA, 0xBF), (0x2B0, 0x2E5), (0x10FC, 0x10FD), (0x1D2C, 0x1DC0), (0x2070, 0x209D)),
    *((0x2100, 0x2190), (0x2460, 0x2500), (0x2C7C, 0x2C7E), (0x2D6F, 0x2D70)),
    *((0x3190, 0x31A0), (0x3200, 0x3400), (0xA69C, 0xA69E), (0xA770, 0xA771), (0xA7F2, 0xA7FA)),
    *((0xAB5C, 0xAB6A), (0x10780, 0x107BB), (0x1E030, 0x1E06E), (0x1F100, 0x1F300)),
)
_RAISED = frozenset(
    chr(code)
    for start, end in _RANGES
    for code in range(start, end)
    if decomposition(chr(code)).startswith(_KEPT)
)


def _decompose(text: str) -> str:
    """Unicode's NFKD form, but for characters that would become other letters or digits."""
    if not (kept := _RAISED.intersection(text)):
        return normalize("NFKD", text)
    parts = re.split(f"([{re.escape(''.join(sorted(kept)))}]+)", text)
    parts[::2] = [normalize("NFKD", part) for part in parts[::2]]
    return "".join(parts)


def _replace(text: str, table: dict[str, str]) -> str:
    for character, plain in table.items():
        if character in text:
            text = text.replace(character, plain)
    return text


def _one_break(run: regex.Match) -> str:
    if "\u2029" in run[0] or run[0].count("\n") > 1:
        return "\u2029"
    return "\n" if "\n" in run[0] else " "


@lru_cache(maxsize=4096)
def _width(unit: str) -> int:
    return len(_reduce_block(unit))


def _without_marks(punctuated: str) -> str:
    return _replace(punctuated, _TO_NORMALISED)


def punctuated(text: str) -> str:
    """A text with its dashes, white space and rare marks reduced, each to one character."""
    return _replace(text, _TO_PUNCTUATED)


def normalise(words: str) -> str:
    """Return words without their typography and without white space around them."""
    return _without_marks(reduce(words)).strip(" ")


def reduce(words: str) -> str:
    """Return words without their typography, but with quote marks and line breaks."""
    return "".join(_reduce_block(block[0]) for block in _BLOCK.finditer(words))


def same_words(a: str, b: str) -> bool:
    """Whether two texts are equal, apart from typography and white space around them."""
    if a == b or normalise(a) == normalise(b):
        return True
    one, other = (canonical(reduce(words).strip(" \n\u2029")) for words in (a, b))
    return same(one, other)


# An ellipsis in any form, bracketed or not, in normalised text
ELLIPSIS = regex.compile(r" ?[\[(]? ?\.(?: ?\.){2,} ?[\])]? ?")
_SEAM_PUNCTUATION = ",.;:-"


def same_pieces(words: str, pieces: Sequence[str]) -> bool:
    """Whether words are these pieces of a text, joined by a blank or by an ellipsis.

    What punctuation stands before a joint makes no difference.
    """
    if len(pieces) == 1:
        return same_words(words, pieces[0])
    needle, at = normalise(words), 0
    *firsts, last = map(normalise, pieces)
    for piece in firsts:
        core = piece.rstrip(_SEAM_PUNCTUATION + " ")
        if not needle.startswith(core, at):
            return False
        at += len(core)
        if needle.startswith(piece[len(core) :], at):
            at += len(piece) - len(core)
        else:
            while needle[at : at + 1] in (*_SEAM_PUNCTUATION,) and needle[at : at + 2] != "..":
                at += 1
        if not (joint := ELLIPSIS.match(needle, at)) and needle[at : at + 1] != " ":
            return False
        at = joint.end() if joint else at + 1
    return needle[at:] == last


class NormalisedText:
    """A text in normalised form, which maps its offsets back to those of the source."""

    def __init__(self, source: str, budget: Budget | None = None):
        self.source = source
        self.budget = budget or Budget()
        self.starts = array("i")
        self.text_starts = array("i")
        pieces = []
        length = 0
        for block in _BLOCK.finditer(source):
            self.starts.append(block.start())
            self.text_starts.append(length)
            piece = _reduce_block(block[0])
            pieces.append(piece)
            length += len(piece)
            self.budget.read(len(piece))
        self.starts.append(len(source))
        self.punctuated = "".join(pieces)
        self.text = _without_marks(self.punctuated)
        self._maps: dict[int, _OffsetMap] = {}
        self._clusters: dict[int, bytearray] = {}

    def start_of(self, index: int) -> int:
        """Source offset where a normalised character begins; -1 where no span can begin."""
        block = bisect_right(self.text_starts, index) - 1
        offset = self._map_of(block).start_of(index - self.text_starts[block])
        return offset if offset >= 0 and self.is_break(offset) else -1

    def end_of(self, index: int) -> int:
        """Source offset where a normalised character ends; -1 where no span can end."""
        block = bisect_right(self.text_starts, index) - 1
        offset = self._map_of(block).end_of(index - self.text_starts[block])
        return offset if offset >= 0 and self.is_break(offset) else -1

    def _map_of(self, block: int) -> "_OffsetMap":
        if block not in self._maps:
            start, end = self.starts[block], self.starts[block + 1]
            self._maps[block] = _OffsetMap(self.source[start:end], start)
            self.budget.spend(self._maps[block].units)
        return self._maps[block]

    def is_break(self, offset: int) -> bool:
        """Whether a grapheme cluster ends at this offset of the source."""
        if not 0 < offset < len(self.source):
            return offset in (0, len(self.source))
        if _ALWAYS_APART.match(self.source, offset - 1, offset + 1):
            return True
        block = bisect_right(self.starts, offset) - 1
        return bool(self._cluster_ends(block)[offset - self.starts[block]])

    def _cluster_ends(self, block: int) -> bytearray:
        if block not in self._clusters:
            start, end = self.starts[block], self.starts[block + 1]
            self.budget.read(8 * (end - start))
            self._clusters[block] = _cluster_ends(self.source, start, end)
        return self._clusters[block]


class _OffsetMap:
    """Source offsets of the normalised characters of one block.

    -1 inside something indivisible, such as the second dot of "…".
    """

    def __init__(self, block: str, offset: int):
        self._before: Sequence[int] = range(offset, offset + len(block))
        if not block.isascii() and _INVISIBLES.search(block):
            gone = {match.start() for match in _INVISIBLES.finditer(block)}
            self._before = [offset + i for i in range(len(block)) if i not in gone]
            block = _INVISIBLES.sub("", block)
        # For each unit: the normalised index of its first character, and its place in the block.
        self._indices: list[int] = []
        self._units: list[tuple[int, int, int | None]] = []  # start, end, width; None: as it is
        index = at = 0
        while at < len(block):
            width = None
            if not (unit := _PLAIN_RUN.match(block, at)):
                unit = _UNIT.match(block, at)
                width = 1 if unit.lastindex else _width(unit[0])
            self._indices.append(index)
            self._units.append((at, unit.end(), width))
            index += unit.end() - at if width is None else width
            at = unit.end()

    @property
    def units(self) -> int:
        return len(self._units)

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


# Two characters that are never in one cluster, in any context (GB4, GB5, GB999).
_ALWAYS_APART = regex.compile(r"[\p{GCB=Other}\p{GCB=Control}\p{GCB=LF}]{2}")
# Whether two characters form a cluster can depend on those before them (flags come in pairs, emoji
# and Indic conjuncts in chains), but never on anything before a character of another kind.
_CHAINED = regex.compile(
    r"(?r)[^\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}\p{GCB=Regional_Indicator}]"
)
_CLUSTER = regex.compile(r"\X")


def _cluster_ends(text: str, start: int, end: int) -> bytearray:
    """One flag per offset from ``start`` to ``end``: does a grapheme cluster end there?"""
    flags = bytearray(end - start)
    floor = max(0, start - 128)
    base = _CHAINED.search(text, floor, start)
    floor = base.start() if base else floor
    # On a slice, because the engine looks back to the start to pair up flags.
    for cluster in _CLUSTER.finditer(text[floor : end + 1]):
        offset = floor + cluster.end()
        if start <= offset < end:
            flags[offset - start] = 1
    return flags
