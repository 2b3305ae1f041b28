"""The words of a text without case, accents and marks, and where each stands in it.

`quotes_bare` in PostgreSQL says what the words are. It takes letter by letter, but for the spaces
between words; so what becomes of each letter is asked once and remembered, and the words of a text
are found here with their places.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from django.db import connection

_letters: dict[int, str] = {}
"""What a letter (its code point) becomes: nothing, a space if it is no letter, or letters."""

REMEMBERED, LONGEST_REMEMBERED = 20_000, 50
"""Pieces of texts of which the words are remembered, and of how many letters at most."""


class Placed(NamedTuple):
    """A bare word, and the half-open range of code points that it stands for."""

    word: str
    start: int
    end: int


def learn_letters(texts: Iterable[str]) -> None:
    """Ask what letters become that were not met before: one query if there are any."""
    new = sorted(letter for letter in set("".join(texts)) if ord(letter) not in _letters)
    if new:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT c, quotes_bare('x' || c || 'x') FROM unnest(%s::text[]) c", [new]
            )
            _letters.update({ord(letter): between[2:-2] for letter, between in cursor.fetchall()})


def words_of(text: str) -> list[str]:
    """The words of a text whose letters were learnt."""
    return text.translate(_letters).split()


def placed_words(text: str) -> list[Placed]:
    """The words of a text whose letters were learnt, each with its place.

    A mark that leaves no trace, as an accent by itself, belongs to the letter before it.
    """
    found, at = [], 0
    for piece in text.split(" "):
        placed = placed_in if len(piece) <= LONGEST_REMEMBERED else placed_in.__wrapped__
        for word, start, end in placed(piece):
            found.append(Placed(word, at + start, at + end))
        at += len(piece) + 1
    return found


@lru_cache(REMEMBERED)
def placed_in(piece: str) -> list[Placed]:
    """The same of what stands between two spaces, most of which is met again and again."""
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
                found.append(Placed("".join(word), start, end))
                word = []
    if word:
        found.append(Placed("".join(word), start, end))
    return found
