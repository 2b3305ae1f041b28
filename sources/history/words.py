"""Find erased words in a text as filing and all searches find them, and where they stand.

Case, accents, typography, character references and what is not seen make no difference.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from django.db import connection

from sources.identity.names import NameKind, parse, words
from sources.models.tokens import learn_letters, tokens_of
from sources.models.words import SEAM

type Range = tuple[int, int]
"""Code points, half-open: [start, end)."""

MIN_PIECE = 3
"""Words of a piece between left-out words that is looked for by itself: two say too little."""


def terms_of(words: Iterable[str]) -> dict[str, list[str]]:
    """Map words to what is looked for: their bare form, in pieces where words are left out.

    A space before and after keeps to whole words. Scripts without letter case often have no spaces
    between words either: there, parts of words are found too.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT w, sources_bare(w) FROM unnest(%s::text[]) w", [list(words)]
        )
        return {said: _pieces(bare) for said, bare in cursor.fetchall()}


def _pieces(bare: str) -> list[str]:
    pieces = [piece.strip() for piece in bare.split(SEAM)]
    if len(pieces) > 1:
        pieces = [piece for piece in pieces if len(piece.split()) >= MIN_PIECE]
    return [
        f"{' ' if begins_word(piece[0]) else ''}{piece}{' ' if begins_word(piece[-1]) else ''}"
        for piece in pieces
        if piece
    ]


MIN_LETTERS = 2
"""Letters above which a family name alone is looked for."""

IN_TEXTS = (NameKind.FULL, NameKind.BODY, NameKind.TITLED, NameKind.SINGLE)
"""Names that a text is searched for: an office or "she" may be anybody's."""


def forms_of(names: Iterable[str]) -> tuple[set[str], set[str]]:
    """The forms in which an article prints these names, and those that need a capital letter.

    Without titles, family name first, a title with the family name; the family name alone.
    """
    forms, capitals = set(), set()
    for name in names:
        read = parse(name)
        if read.kind not in IN_TEXTS or not read.words:
            continue
        (capitals if read.kind == NameKind.SINGLE else forms).add(name)
        if read.kind != NameKind.FULL:
            continue
        *given, family = read.words
        forms |= {" ".join(read.words), " ".join([family, *given])}
        for number in range(1, len(read.words)):
            tail = " ".join(read.words[number:])
            forms |= {f"{title} {tail}" for title in words()["titles"]}
        if given and len(family) > MIN_LETTERS:
            capitals.add(family)
    return forms, capitals


def begins_word(character: str) -> bool:
    return character.isdigit() or character.lower() != character.upper()


class TextWords:
    """The bare words of a text, which know where they stand in it."""

    def __init__(self, text: str):
        self.text = text
        learn_letters([text])
        self.tokens = tokens_of(text)
        self._starts, at = [], 1
        for token in self.tokens:
            self._starts.append(at)
            at += len(token.word) + 1
        self.bare = f" {' '.join(token.word for token in self.tokens)} "

    def ranges(self, terms: Iterable[str]) -> list[Range]:
        """Where the text has these terms; a word that has one in it as a whole."""
        found = []
        for term in terms:
            at = self.bare.find(term)
            while at >= 0:
                first = bisect_right(self._starts, at + (term[0] == " ")) - 1
                last = bisect_left(self._starts, at + len(term.rstrip())) - 1
                found.append((self.tokens[first].start, self.tokens[last].end))
                at = self.bare.find(term, at + 1)
        return found

    def capitalised(self, terms: Iterable[str]) -> list[Range]:
        """Ranges that do not begin with a small letter: "Clerk", not "the clerk"."""
        return [span for span in self.ranges(terms) if not self.text[span[0]].islower()]
