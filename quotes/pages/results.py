"""Quotes as a page shows them: the words in their context, with what was searched for marked."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from quotes.models import Quote


class Piece(NamedTuple):
    """A stretch of the words, and whether a search found it."""

    text: str
    is_marked: bool


def pieces(text: str, matches: Iterable[tuple[int, int]]) -> Iterator[Piece]:
    """The text, cut at the ends of the ranges that matched (code points, in order)."""
    at = 0
    for start, end in matches:
        if start > at:
            yield Piece(text[at:start], False)
        yield Piece(text[start:end], True)
        at = end
    if at < len(text):
        yield Piece(text[at:], False)


ANCHOR_NOTES = {
    Quote.Anchor.ALTERED: "The article now words this differently.",
    Quote.Anchor.MISSING: "The article no longer has these words.",
    Quote.Anchor.UNANCHORED: "The text of the article is not on record.",
}

CONTEXT = 32
"""Code points of context on each side; a shorter one ends where the text does."""


def whole_words_before(prefix: str) -> str:
    """The context before a quote, on one line, without a word that is cut off."""
    if len(prefix) < CONTEXT:
        return " ".join(f"{prefix}|".split())[:-1]
    return f"…{' '.join(f'{prefix}|'.split()[1:])[:-1]}"


def whole_words_after(suffix: str) -> str:
    """The context after a quote, on one line, without a word that is cut off."""
    if len(suffix) < CONTEXT:
        return " ".join(f"|{suffix}".split())[1:]
    return f"{' '.join(f'|{suffix}'.split()[:-1])[1:]}…"


class Shown:
    """A quote of the API's answer; its fields are attributes, for templates."""

    def __init__(self, quote: dict):
        self.__dict__ |= quote
        spans = quote["anchor"]["spans"]
        self.before = whole_words_before(spans[0]["prefix"]) if spans else ""
        self.after = whole_words_after(spans[-1]["suffix"]) if spans else ""
        self.pieces = [*pieces(quote["text"], quote.get("matches", ()))]

    @property
    def who(self) -> str | None:
        """The speaker's name, on record or as printed."""
        return (self.speaker and self.speaker["name"]) or self.attribution["speaker"]

    @property
    def whom(self) -> str | None:
        """The organisation's name, on record or as printed; none if it speaks as itself."""
        place = (self.organisation or {}).get("name") or self.attribution["organisation"]
        return None if place == self.who else place

    @property
    def is_reported(self) -> bool:
        """Whether the words are the article's, in reported speech."""
        return self.kind in (Quote.Kind.INDIRECT, Quote.Kind.MIXED)

    @property
    def others(self) -> int:
        """How many more quotes report the same act of speaking."""
        return self.utterance["quotes"] - 1 if self.utterance else 0

    @property
    def notes(self) -> list[str]:
        """What a reader has to know of the article, in sentences."""
        notes = [ANCHOR_NOTES[self.anchor["state"]]] if self.anchor["state"] in ANCHOR_NOTES else []
        if withdrawn := self.article["withdrawn"]:
            notes.append(f"The outlet withdrew the article: {withdrawn['reason']}")
        return notes

    @property
    def is_plain(self) -> bool:
        """Whether nothing has to be said of it: it is published, and was never corrected."""
        is_published = self.status == Quote.Status.PUBLISHED
        return is_published and not self.corrections and not self.notes
