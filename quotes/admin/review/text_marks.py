"""A text with the places of quotes in it, cut where any of them begins or ends.

Offsets are code points of the text, as everywhere; what is shown holds exactly the text, so that a
selection in it can be told in the same offsets.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from django.utils.html import format_html, format_html_join


class Mark(NamedTuple):
    """A piece of a text, where it begins, and which quotes stand on it, by their place in a list.

    `begins` are those of them whose first span begins here.
    """

    start: int
    text: str
    quotes: tuple[int, ...]
    begins: tuple[int, ...]


def marked(text: str, quotes: Iterable[Iterable[tuple[int, int]]]) -> Iterator[Mark]:
    """The pieces of a text in their order, given each quote's spans; joined they are the text."""
    opens, closes, begins = {}, {}, {}
    for index, spans in enumerate(quotes):
        for number, (start, end) in enumerate(spans):
            opens.setdefault(start, []).append(index)
            closes.setdefault(end, []).append(index)
            if not number:
                begins.setdefault(start, []).append(index)
    edges = sorted({0, len(text), *opens, *closes})
    standing = []
    for start, end in pairwise(edges):
        for index in closes.get(start, ()):
            standing.remove(index)
        standing += opens.get(start, ())
        yield Mark(start, text[start:end], tuple(sorted(standing)), tuple(begins.get(start, ())))


# Characters that turn the direction of what follows, and one that HTML would make another of.
_SPECIAL = re.compile("([\r\u202a-\u202e\u2066-\u2069])")


def as_printed(text: str) -> str:
    """The very characters of a text, none of which reaches beyond itself.

    A character that turns the direction of text is shut in and named beside; a carriage return is
    written so that it stays one.
    """
    return format_html_join("", "{}", ((_one(part),) for part in _SPECIAL.split(text) if part))


def _one(part: str) -> str:
    if part == "\r":
        return format_html("&#{};", ord(part))
    if _SPECIAL.match(part):
        return format_html('<bdi class="turn" data-turn="U+{}">{}</bdi>', f"{ord(part):04X}", part)
    return part
