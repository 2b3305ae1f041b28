"""The words of a wording, in one spelling for every outlet's style.

Case, accents, marks and what is not seen are set aside. Contractions, numbers, per cent and
spellings of American and British English are written alike (`variants.toml`). Nothing here changes
what is said: another number stays another number, and a negation stays.
"""

import re
import tomllib
import unicodedata
from functools import lru_cache
from pathlib import Path

import regex

from sources.models.words import NOT_SEEN, SEAM, cleaned

_VARIANTS = tomllib.loads((Path(__file__).parent / "variants.toml").read_text("utf-8"))

_UNITS = {
    word: str(number)
    for words in _VARIANTS["numbers"].values()
    for number, word in enumerate(words.split())
    if word != "-"
}
_TENS = {
    word: str(10 * number)
    for words in _VARIANTS["tens"].values()
    for number, word in enumerate(words.split(), 2)
}
_ORDINALS = {
    word: f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number, 'th') }"
    for number, word in enumerate(_VARIANTS["ordinals"]["en"].split(), 1)
}
_DIGITS = {*map(str, range(1, 10))}
_SPOKEN = _VARIANTS["spoken"].keys()

_LISTED = _VARIANTS["words"] | _VARIANTS["spoken"] | _UNITS | _TENS | _ORDINALS
_ENDINGS = [(re.compile(ending), becomes) for ending, becomes in _VARIANTS["endings"].items()]

_TO_CLEAN = re.compile(r"[&|\n\r\f\u2028\[(]")
_ELLIPSIS = re.compile(r"…|\.\s?\.\s?\.[\s.]*|(?<![\w*])\*(?:\s?\*){2}(?![\w*])")
_THOUSANDS = re.compile(r"(?<=\d)[,\u00a0\u2009\u202f](?=\d{3}(?!\d))")
_TYPOGRAPHY = ("’'", "‘'", "ʼ'", "`'", "´'", '“"', '”"', "–-", "—-")
_UNSEEN = re.compile(f"[{NOT_SEEN}]+")
_COMPATIBLE = regex.compile(r"[^\p{No}\p{Nl}]+")  # 10⁶ is not 106

# Scripts with vowel signs, and those without spaces, where each character counts as a word
_SIGNED = re.compile("[\u0900-\u1cff\u2e80-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff*]")
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
# A masked word, f***ing, is one word.
_SIGNED_WORD = regex.compile(
    rf"(?V1)[[{_UNSPACED}]&&[\p{{L}}\p{{M}}]]"
    rf"|[[\p{{L}}\p{{M}}\p{{N}}]--[{_UNSPACED}]]+(?:\*+[[\p{{L}}\p{{M}}]--[{_UNSPACED}]]+)*"
    r"(?:(?<=\b\p{L}{1,3})\*{2,})?"
)
_WORD = re.compile(r"[^\W_]+")
_PLAIN_WORD = re.compile(r"[a-z0-9]+")

_CONTRACTIONS = [
    (re.compile(r"\b(?:can't|cannot)\b"), "can not"),
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"n't\b"), " not"),
    (re.compile(r"'(re|ll|ve|m)\b"), lambda m: _WRITTEN_OUT[m[1]]),
]
_LETTERS_LEFT_OUT = [
    (re.compile(r"(?<!\w)'(?:cause|cos)\b"), "because"),
    (re.compile(r"(?<![\w'])'em\b"), "them"),
    (re.compile(r"(?<=\w\win)'(?!\w)"), "g"),
]
_WRITTEN_OUT = {"re": " are", "ll": " will", "ve": " have", "m": " am"}
_PER_CENT = re.compile(r"\b(?:per|pro|pour) cent\b|\bpor ciento\b|%")
_CURRENCIES = {"$": "dollars", "£": "pounds", "€": "euros", "¥": "yen"}
_AMOUNT = re.compile(
    r"([$£€¥])\s?(\d[\d.,]*\d|\d)((?:\s?(?:hundred|thousand|million|billion|trillion)\b)?)"
)


def read(text: str) -> str:
    """A text with `SEAM` for each omission: an ellipsis in any form may be one."""
    if _TO_CLEAN.search(text):
        text = cleaned(text)
    if "…" in text or ".." in text or ". ." in text or "**" in text or "* *" in text:
        text = _ELLIPSIS.sub(f" {SEAM} ", text)
    return text


def normalised_words(text: str) -> list[str]:
    """Split a text into words without case, accents and punctuation, each written in one way."""
    if not text.isascii():
        for sign, plain in _TYPOGRAPHY:
            text = text.replace(sign, plain)
        if not text.isascii():
            text = _without_accents(text)
    if "," in text or not text.isascii():
        text = _THOUSANDS.sub("", text)
    text = text.casefold()
    if "'" in text or "cannot" in text:
        for pattern, words in _CONTRACTIONS:
            text = pattern.sub(words, text)
        if "'c" in text or "'em" in text or "in'" in text:
            for pattern, words in _LETTERS_LEFT_OUT:
                text = pattern.sub(words, text)
    if "%" in text or "cent" in text or "ciento" in text:
        text = _PER_CENT.sub(" percent ", text)
    if "$" in text or not text.isascii():
        text = _AMOUNT.sub(lambda m: f"{m[2]}{m[3]} {_CURRENCIES[m[1]]} ", text)
    if text.isascii() and "*" not in text:
        found = _PLAIN_WORD.findall(text)
    else:
        found = (_SIGNED_WORD if _SIGNED.search(text) else _WORD).findall(text)
    words = [*map(_written_in_one_way, found)]
    if not _TENS.keys().isdisjoint(found):
        words = _with_whole_numbers(words, found)
    return words if _SPOKEN.isdisjoint(found) else " ".join(words).split()


def _without_accents(text: str) -> str:
    numerals = _COMPATIBLE.fullmatch(text) is None
    if numerals:
        text = _COMPATIBLE.sub(lambda m: unicodedata.normalize("NFKD", m[0]), text)
    else:
        text = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFC", _UNSEEN.sub("", text))


@lru_cache(20_000)
def _written_in_one_way(word: str) -> str:
    if word in _LISTED:
        return _LISTED[word]
    if len(word) > 4:
        for ending, becomes in _ENDINGS:
            if match := ending.fullmatch(word):
                return match.expand(becomes)
    return word


def _with_whole_numbers(words: list[str], printed: list[str]) -> list[str]:
    """The words, with “forty two” as 42."""
    whole = []
    for word, said, before in zip(words, printed, ["", *printed], strict=False):
        if before in _TENS and said in _UNITS and word in _DIGITS:
            whole[-1] = str(int(whole[-1]) + int(word))
        else:
            whole.append(word)
    return whole


def fits_mask(word: str, masked: str) -> bool:
    """Whether a word may be what is printed with asterisks: f***ing."""
    start, _, end = masked.partition("*")
    end = end.lstrip("*")
    return (
        len(word) > len(start) + len(end)
        and word.startswith(start)
        and word.endswith(end)
        and "*" not in word
    )
