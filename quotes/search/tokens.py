"""Tokens: the normalised words of a text, without case, accents and marks, with their positions.

`quotes_bare` in PostgreSQL defines normalised words. It maps each character by itself. So this room
asks once what each character becomes, and then finds tokens without PostgreSQL.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from django.db import connection

_letters: dict[int, str] = {}
"""What each code point becomes: nothing, letters, or a space if it is no letter."""

MAX_REMEMBERED_PIECES, MAX_REMEMBERED_LENGTH = 20_000, 50
"""Pieces of text between spaces whose tokens are remembered, and their length in characters."""


class Token(NamedTuple):
    """A normalised word, and the half-open range of code points that it came from."""

    word: str
    start: int
    end: int


def learn_letters(texts: Iterable[str]) -> None:
    """Ask what characters become that are not known yet: one query if there are any."""
    new = sorted(letter for letter in set("".join(texts)) if ord(letter) not in _letters)
    if new:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT c, quotes_bare('x' || c || 'x') FROM unnest(%s::text[]) c", [new]
            )
            _letters.update({ord(letter): between[2:-2] for letter, between in cursor.fetchall()})


def words_of(text: str) -> list[str]:
    """The normalised words of a text. Call `learn_letters` first."""
    return text.translate(_letters).split()


def tokens_of(text: str) -> list[Token]:
    """The tokens of a text. Call `learn_letters` first.

    A character that becomes nothing, such as a combining accent, belongs to the letter before it.
    """
    found, at = [], 0
    for piece in text.split(" "):
        find = tokens_in if len(piece) <= MAX_REMEMBERED_LENGTH else tokens_in.__wrapped__
        for word, start, end in find(piece):
            found.append(Token(word, at + start, at + end))
        at += len(piece) + 1
    return found


@lru_cache(MAX_REMEMBERED_PIECES)
def tokens_in(piece: str) -> list[Token]:
    """The tokens of a piece of text between two spaces. Most pieces occur again and again."""
    found, word, start, end = [], [], 0, 0
    for at, letter in enumerate(piece):
        became = _letters[ord(letter)]
        if not became and word:
            end = at + 1
        for part in became:
            if part != " ":
                if not word:
                    start = at
                word.append(part)
                end = at + 1
            elif word:
                found.append(Token("".join(word), start, end))
                word = []
    if word:
        found.append(Token("".join(word), start, end))
    return found
