"""Passages in marks that nobody said: names, titles, terms, slogans.

In: a passage in its sentence. Out: whether its marks only set off a name or a word.
"""

import re

from quotes.extraction.languages import Lexicon, Tag
from quotes.extraction.words import WORD, Token

SMALL_LETTERS = 4  # of a word that titles may leave in lower case: "from", "with"
TITLE_WORDS = 12  # at most, that weigh in a title
NAME_WORDS = 4  # at most, in a name that stands right after its noun: der Sender „Kanal 10“
LETTERS = re.compile(r"[^\W\d_]+")


def looks_like_title(words: str, lexicon: Lexicon) -> bool:
    """Whether most words are capitals: a book, film, song or place."""
    parts = LETTERS.findall(words)
    words = words.rstrip().rstrip(",")
    if words[:1].islower() or (parts and lexicon.tags.get(parts[0].lower(), 0) & Tag.PRONOUN):
        return False
    if not parts or words[-1:] in "?!…" or ". " in words:
        return False
    weighty = [p for p in parts if len(p) > SMALL_LETTERS or (p[0].isupper() and len(p) > 1)]
    if not 2 <= len(weighty) <= TITLE_WORDS:
        return False
    needed = 1.0 if lexicon.capital_nouns else 0.8
    return sum(part[0].isupper() for part in weighty) >= needed * len(weighty)


def is_name_or_term(text: str, tokens: list[Token], at: int, lexicon: Lexicon) -> bool:
    """Whether what stands before a passage makes it a name: "an album called", "nicknamed"."""
    passage = tokens[at].passage
    words = text[passage.start : passage.end]
    if looks_like_title(words, lexicon):
        return True
    before = tokens[at - 1] if at else None
    if before is None:
        return " " not in words and words[:1].isupper() and words[-1] not in ".?!"
    if before.kind == WORD and before.tags & Tag.NAMING and not _is_said(tokens, at - 1):
        return True
    if lexicon.capital_nouns:
        noun = before.kind == WORD and before.text[:1].isupper() and not before.tags & Tag.CUE
        return noun and words.count(" ") < NAME_WORDS and not words[:1].islower()
    capital = " " not in words and words[:1].isupper() and not words.isupper()
    if capital and before.text != ":" and not before.tags & Tag.STRONG:
        return True
    return bool(before.text == "as" and at > 1 and tokens[at - 2].low in ("known", "referred"))


def _is_said(tokens: list[Token], k: int) -> bool:
    """Whether a verb before a passage has its speaker: "what it called", not "a song called"."""
    if not tokens[k].tags & Tag.CUE or k == 0:
        return False
    before = tokens[k - 1]
    someone = Tag.HE | Tag.SHE | Tag.THEY | Tag.IT | Tag.COLLECTIVE | Tag.ROLE | Tag.ANIMATE
    return bool(before.tags & someone) or before.cap or before.text == ","
