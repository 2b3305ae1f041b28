"""Two texts of an article side by side, paragraph by paragraph."""

from difflib import SequenceMatcher
from itertools import zip_longest
from typing import NamedTuple

from quotes.models import Quote
from sources.models import Article, Snapshot

MAX_ALIGNED_PARAGRAPHS = 2_000
"""Of either text: aligning more takes seconds, so longer texts stand beside each other as is."""


class Row(NamedTuple):
    """Paragraphs beside each other; an empty one where the other text has none."""

    before: str
    after: str
    is_same: bool


def side_by_side(before: str, after: str) -> list[Row]:
    """Rows of the paragraphs of two texts, in which equal ones are beside each other."""
    one, other = ([p for p in text.splitlines() if p.strip()] for text in (before, after))
    if max(len(one), len(other)) > MAX_ALIGNED_PARAGRAPHS:
        return [Row(*pair, is_same=False) for pair in zip_longest(one, other, fillvalue="")]
    rows = []
    for kind, *ends in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        pairs = zip_longest(one[ends[0] : ends[1]], other[ends[2] : ends[3]], fillvalue="")
        rows += [Row(*pair, is_same=kind == "equal") for pair in pairs]
    return rows


def replaced_quotes(user, article: Article):
    """Quotes of the article that a filing left without their words, for a curator to decide."""
    quotes = Quote.objects.visible_to(user).filter(article=article)
    return quotes.filter(flags__contains=[Quote.Flag.TEXT_REPLACED]).order_by("pk")


def former_text(article: Article, quotes: list[Quote]) -> Snapshot | None:
    """The text that the first of these quotes is anchored in, else the last one before."""
    others = article.snapshots.exclude(pk=article.snapshot_id)
    of_quotes = others.filter(pk__in=[quote.snapshot_id for quote in quotes])
    return of_quotes.order_by("-captured").first() or others.order_by("-captured").first()
