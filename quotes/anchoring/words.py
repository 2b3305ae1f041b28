"""Words that tell what lies between two parts of a quote: read from `words.toml`."""

import tomllib
from functools import cache, lru_cache
from pathlib import Path
from unicodedata import normalize

import regex

_FILE = Path(__file__).with_name("words.toml")

# Scripts whose words have no blanks between them: looked for as parts of a text
_UNPARTED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}]")
_TOKEN = regex.compile(r"\p{L}[\p{L}\p{M}'’ʼ-]*|\p{N}+")
_DIGIT = regex.compile(r"\p{N}")
_NOT = regex.compile(r"(?<=\p{L})n['’]t$")


@cache
def _lists() -> dict[str, dict[str, str]]:
    with _FILE.open("rb") as file:
        return tomllib.load(file)


@cache
def words(kind: str, language: str | None = None) -> frozenset[str]:
    """The listed words of a kind, of one language or, if it has no list, of all."""
    lists = _lists()
    chosen = [lists[language]] if language in lists else lists.values()
    return frozenset(word for each in chosen for word in each.get(kind, "").split())


def tokens(text: str) -> list[regex.Match]:
    return list(_TOKEN.finditer(text))


@lru_cache(maxsize=4096)
def folded(word: str) -> str:
    """A word as it is compared with listed words."""
    word = word if word.isascii() else normalize("NFC", word)
    return word.casefold().replace("’", "'").replace("ʼ", "'")


def has_unparted(text: str) -> bool:
    return bool(_UNPARTED.search(text))


def changes_meaning(text: str, language: str | None = None) -> bool:
    """Whether a text has a negation or a number: without it, the rest may say the opposite."""
    if _DIGIT.search(text):
        return True
    language = language.partition("-")[0].lower() if language else None
    listed = words("negations", language) | words("numbers", language)
    for token in tokens(text):
        word = folded(token[0])
        plain = word.replace("'", "")
        parts = [*word.split("'"), *word.split("-")]
        if _NOT.search(word) or not listed.isdisjoint((word, plain, *parts)):
            return True
    if has_unparted(text):
        return any(part in normalize("NFC", text) for part in words("parts"))
    return language == "cs" and any(folded(t[0]).startswith("ne") for t in tokens(text))
