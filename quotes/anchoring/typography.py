"""Even out the typography of words that normalising leaves: see `variants`, which searches so.

- Quote marks of any family are equal, but for measures (5' is not 5").
- So are `. . .`, `…` and `[…]`, and ½ and 1/2 (3½ is not 31/2). French blanks within marks and
  before `?!;:` make no difference.
- A word divided at a line's end is read with its hyphen and without.

What is not said here differs: blanks, capitals, accents, letters, digits and all other signs.
"""

from unicodedata import normalize

import regex

STOPS = ",.;:"
"""Punctuation that may differ before a closing mark."""

FRACTIONS = "¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"

_DIVIDED = regex.compile(r"(?<=\p{L})- ?[\n\u2029] ?(?=\p{Ll})")
_HYPHENATED = regex.compile(r"(?<=\w)- ?[\n\u2029] ?(?=[\p{Lu}\p{N}])")
_DIVISION = "\u2027"  # a hyphen that may be the line's or the word's
MARK = regex.compile(r"[\"'“”‘’„‚‟‛«»‹›〝〞〟]")
_ELLIPSIS = regex.compile(r" ?(?:[\[(] ?\.(?: ?\.){2,} ?[\])]|\.(?: ?\.){2,}) ?")
_BESIDE_MARK = regex.compile(r"(?<![\d ]) ?('+) ?|(?<=\d) ?('+) ")
_BEFORE_SIGN = regex.compile(r"(?<=[\p{L}\p{M})']) (?=[?!;:])")
_FRACTION = regex.compile(rf"(?<!\d)[{FRACTIONS}]")


def canonical(punctuated: str) -> str:
    """Words with all typography evened out; `_DIVISION` stands for a hyphen at a line's end."""
    text = _DIVIDED.sub(_DIVISION, punctuated)
    text = _HYPHENATED.sub("-", text)
    text = text.replace("\n", " ").replace("\u2029", " ")
    text = _one_family(text)
    text = _ELLIPSIS.sub("...", text)
    text = _BESIDE_MARK.sub("'", text)
    text = _BEFORE_SIGN.sub("", text)
    text = _FRACTION.sub(lambda sign: normalize("NFKD", sign[0]), text)
    return text.replace("⁄", "/")


def _one_family(text: str) -> str:
    """Write all quote marks alike, but for those of measures: after a digit, with none open."""
    if not MARK.search(text):
        return text
    signs, is_open = list(text), False
    for mark in MARK.finditer(text):
        at = mark.start()
        before, after = text[at - 1 : at], text[at + 1 : at + 2]
        if before.isdigit() and not is_open:
            signs[at] = '"' if mark[0] in '"”“„‟«»' else "´"
            continue
        signs[at] = "'"
        if not before.isalnum() and after and not after.isspace():
            is_open = True
        elif not after.isalnum():
            is_open = False
    return "".join(signs)


def same(words: str, text: str, *, ends_in_stop: bool = False) -> bool:
    """Whether two canonical texts are the same words; the stop at the end may differ."""
    if ends_in_stop:
        words, text = without_stop(words), without_stop(text)
    if words == text:
        return True
    if _DIVISION not in words and _DIVISION not in text:
        return False
    if _DIVISION in words:
        words, text = text, words
    readings = {words, words.replace(_DIVISION, ""), words.replace(_DIVISION, "-")}
    return any(_is_reading(text.split(_DIVISION), each) for each in readings)


def without_stop(words: str) -> str:
    """Words without the punctuation at their end; an ellipsis is more than that."""
    return words if words.endswith("...") else words.rstrip(STOPS)


def _is_reading(parts: list[str], words: str) -> bool:
    """Whether words are these parts, with or without a hyphen between two of them."""
    at = 0
    for number, part in enumerate(parts):
        at += bool(number) and words.startswith("-", at)
        if not words.startswith(part, at):
            return False
        at += len(part)
    return at == len(words)
