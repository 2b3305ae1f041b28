"""The first steps of `sources_bare` in Python, where what becomes of each character is needed.

Character references are read, words divided at a line's end are joined, and left-out words become
`SEAM`. A test compares the steps with PostgreSQL's.
"""

from collections.abc import Callable, Sequence
from html.entities import name2codepoint

import regex

SEAM = "|"
"""Stands among words where others are left out: no search goes across it."""

NOT_SEEN = (
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    r"\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0100-\U000e01ef"
    # accents that no letter is composed with
    r"\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
    # vowel marks, accents and tatweel: Hebrew, Arabic, Syriac, N'Ko; Vedic
    r"\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670"
    r"\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u0711\u0730-\u074a\u07eb-\u07f3\u08ca-\u08e1\u08e3-\u08ff"
    r"\u0951-\u0954\u1cd0-\u1cd2\u1cd4-\u1ce8\u1ced\u1cf4\u1cf8\u1cf9"
)
"""Signs that are set aside, as part of a regular expression: a test compares PostgreSQL's."""

INVISIBLE_NAMES = ("shy", "zwj", "zwnj", "lrm", "rlm")

REFERENCE = regex.compile(r"&(#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,7});")

LINE_BREAKS = r"\n\r\f\u2028"
DIVIDED = regex.compile(
    rf"(?<=\p{{Alphabetic}})[-\u2010\u00ad][ \t\u00a0]*(?:\r\n|[{LINE_BREAKS}])[ \t\u00a0]*"
    r"(?=\p{Lowercase})"
)
"""The hyphen and the line break in a word."""

LEFT_OUT = regex.compile(r"[\[(][ \u00a0]*(?:\u2026|\.[ \u00a0]?\.[ \u00a0]?\.)[ \u00a0]*[\])]")


def stands_for(reference: regex.Match) -> str:
    """The letter that is meant; a space for what is no letter; an unknown reference as it is."""
    name = reference[1]
    if name[0] == "#":
        code = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
        is_character = 0 < code < 0xD800 or 0xE000 <= code <= 0x10FFFF
        return chr(code).replace("&", " ") if is_character else " "
    if name not in name2codepoint:
        return reference[0]
    letter = chr(name2codepoint[name])
    return letter if letter.isalnum() else "" if name in INVISIBLE_NAMES else " "


STEPS: tuple[tuple[regex.Pattern, Callable[[regex.Match], str]], ...] = (
    (REFERENCE, stands_for),
    (DIVIDED, lambda _: ""),
    (regex.compile(r"\|"), lambda _: " "),
    (LEFT_OUT, lambda _: f" {SEAM} "),
)


def cleaned(text: str) -> str:
    """A text with its references read, its divided words joined and `SEAM` for left-out words."""
    for pattern, becomes in STEPS:
        text = pattern.sub(becomes, text)
    return text


def cleaned_in_place(text: str) -> tuple[str, Sequence[int]]:
    """The cleaned text, and where in the source each of its characters, and its end, stands."""
    places: Sequence[int] = range(len(text) + 1)
    for pattern, becomes in STEPS:
        pieces, moved, at = [], [], 0
        for match in pattern.finditer(text):
            if (new := becomes(match)) == match[0]:
                continue
            pieces += text[at : match.start()], new
            moved += [*places[at : match.start()], *[places[match.start()]] * len(new)]
            at = match.end()
        if at:
            text, places = "".join([*pieces, text[at:]]), [*moved, *places[at:]]
    return text, places


def words_in(bare: str) -> list[str]:
    """The words of a bare text, without what stands for left-out ones."""
    return [word for word in bare.split() if word != SEAM]
