"""Tokens: the words of a text as searches compare them, with their positions.

`sources_bare` in PostgreSQL defines these words. After the steps of `sources.models.words` it maps
each character with its accents by itself. So this module asks once what each becomes, and then
finds tokens without PostgreSQL.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import regex
from django.db import connection

from sources.models.words import SEAM, cleaned, cleaned_in_place

_letters: dict[str, str] = {}
"""What each character becomes: nothing, letters, or a space if it is no letter."""

MAX_REMEMBERED_LETTERS = 100_000
"""Characters with their accents that are remembered: some megabytes."""

MAX_REMEMBERED_PIECES, MAX_REMEMBERED_LENGTH = 20_000, 50
"""Pieces of text between spaces whose tokens are remembered, and their length in characters."""

_CHARACTER = regex.compile(r"\X")


class Token(NamedTuple):
    """A normalised word, and the half-open range of code points that it came from."""

    word: str
    start: int
    end: int


def learn_letters(texts: Iterable[str]) -> None:
    """Ask what characters become that are not known yet: one query if there are any."""
    all_letters = set()
    for text in texts:
        text = cleaned(text)
        pieces = text if text.isascii() else _CHARACTER.findall(text.replace(" ", "\x01"))
        all_letters.update(pieces)
    if len(_letters) + len(all_letters) > MAX_REMEMBERED_LETTERS:
        _letters.clear()
    if new := sorted(all_letters - _letters.keys()):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT c, sources_bare('x' || c || 'x') FROM unnest(%s::text[]) c", [new]
            )
            _letters.update({letter: between[2:-2] for letter, between in cursor.fetchall()})
    _letters[SEAM] = f" {SEAM} "


def tokens_of(text: str) -> list[Token]:
    """The tokens of a text, with `SEAM` where words are left out. Call `learn_letters` first.

    A character that becomes nothing, such as a soft hyphen, belongs to the letter before it.
    """
    found, at = [], 0
    text, places = cleaned_in_place(text)
    for piece in text.split(" "):
        find = tokens_in if len(piece) <= MAX_REMEMBERED_LENGTH else tokens_in.__wrapped__
        for word, start, end in find(piece):
            found.append(Token(word, places[at + start], places[at + end]))
        at += len(piece) + 1
    return found


@lru_cache(MAX_REMEMBERED_PIECES)
def tokens_in(piece: str) -> list[Token]:
    """The tokens of a piece of text between two spaces. Most pieces occur again and again."""
    found, word, start, end = [], [], 0, 0
    at = 0
    letters: Sequence[str] = piece if piece.isascii() else _CHARACTER.findall(piece)
    for letter in letters:
        became = _letters[letter]
        after = at + len(letter)
        if not became and word:
            end = after
        for part in became:
            if part != " ":
                if not word:
                    start = at
                word.append(part)
                end = after
            elif word:
                found.append(Token("".join(word), start, end))
                word = []
        at = after
    if word:
        found.append(Token("".join(word), start, end))
    return found
