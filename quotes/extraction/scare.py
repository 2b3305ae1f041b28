"""Passages in marks that nobody said: names, titles, terms, slogans.

In: a passage in its sentence. Out: whether its marks only set off a name or a word.
"""

import re

from quotes.extraction.languages import Tag
from quotes.extraction.words import WORD, Token

SMALL_LETTERS = 4  # of a word that titles may leave in lower case: "from", "with"
LETTERS = re.compile(r"[^\W\d_]+")


def looks_like_title(words: str) -> bool:
    """Whether most words are capitals: a book, film, song or place."""
    parts = LETTERS.findall(words)
    if not parts or words.rstrip()[-1:] in "?!…" or ". " in words:
        return False
    weighty = [part for part in parts if len(part) > SMALL_LETTERS or part[0].isupper()]
    if len(weighty) < 2 or len(weighty) > 12:
        return False
    return sum(part[0].isupper() for part in weighty) >= 0.8 * len(weighty)


def is_name_or_term(text: str, tokens: list[Token], at: int) -> bool:
    """Whether what stands before a passage makes it a name: "an album called", "nicknamed"."""
    passage = tokens[at].passage
    words = text[passage.start : passage.end]
    before = tokens[at - 1] if at else None
    if before is None:
        return looks_like_title(words)
    if before.kind == WORD and before.tags & Tag.NAMING:
        return True
    if looks_like_title(words.rstrip(",")):
        return True
    one = " " not in words.strip()
    if (
        one
        and words[:1].isupper()
        and not words.isupper()
        and before.text not in (":",)
        and not before.tags & Tag.STRONG
    ):
        return True
    return bool(before.text == "as" and at > 1 and tokens[at - 2].low in ("known", "referred"))
