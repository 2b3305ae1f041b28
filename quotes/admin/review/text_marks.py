"""An article's text cut into pieces where quotes begin and end.

Offsets are code points of the text. The HTML holds exactly its characters, so a selection in the
browser has the same offsets.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


class TextPiece(NamedTuple):
    """A piece of a text, where it starts, and the indexes of the quotes that cover it.

    `begins` are the quotes whose first span starts here.
    """

    start: int
    text: str
    quotes: tuple[int, ...]
    begins: tuple[int, ...]


def mark_quotes(text: str, quotes: Iterable[Iterable[tuple[int, int]]]) -> Iterator[TextPiece]:
    """Cut a text at the spans of each quote. Joined, the pieces are the text."""
    opens, closes, begins = {}, {}, {}
    for index, spans in enumerate(quotes):
        for number, (start, end) in enumerate(spans):
            opens.setdefault(start, []).append(index)
            closes.setdefault(end, []).append(index)
            if not number:
                begins.setdefault(start, []).append(index)
    edges = sorted({0, len(text), *opens, *closes})
    covering = []
    for start, end in pairwise(edges):
        for index in closes.get(start, ()):
            covering.remove(index)
        covering += opens.get(start, ())
        piece_begins = tuple(begins.get(start, ()))
        yield TextPiece(start, text[start:end], tuple(sorted(covering)), piece_begins)


def marked(
    text: str, quotes: Sequence[Iterable[tuple[int, int]]], classes: Sequence[str] = ()
) -> SafeString:
    """A text with each of these quotes marked and numbered, in its class if they have any."""
    pieces = (_marked(piece, classes) for piece in mark_quotes(text, quotes))
    return format_html_join("", "{}", ((piece,) for piece in pieces))


def _marked(piece: TextPiece, classes: Sequence[str]) -> SafeString:
    words = visible_characters(piece.text)
    if not piece.quotes:
        return words
    return format_html(
        '<mark{} data-begins="{}">{}</mark>',
        format_html(' class="{}"', classes[piece.quotes[0]]) if classes else "",
        " ".join(str(index + 1) for index in piece.begins),
        words,
    )


# Carriage returns, which HTML would normalise, and characters that change the direction of text
_SPECIAL = re.compile("([\r\u202a-\u202e\u2066-\u2069])")


def visible_characters(text: str) -> str:
    """A text as HTML, character for character, without effect on the words around it.

    A bidirectional control is isolated and named beside; a carriage return is written as a
    reference, so that the browser keeps it.
    """
    return format_html_join("", "{}", ((_part(part),) for part in _SPECIAL.split(text) if part))


def _part(part: str) -> str:
    if part == "\r":
        return format_html("&#{};", ord(part))
    if _SPECIAL.match(part):
        return format_html('<bdi class="turn" data-turn="U+{}">{}</bdi>', f"{ord(part):04X}", part)
    return part
