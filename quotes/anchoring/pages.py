"""The pages of a snapshot: its text and its headline. A quote stands in one of them.

Which one is decided once, by `Pages`; all else in this room sees one page and spans in it.
"""

from collections.abc import Iterator, Sequence
from copy import copy
from typing import NamedTuple, Self

from quotes.anchoring.budget import Budget
from quotes.anchoring.page import Page
from quotes.anchoring.results import Span

TEXT, HEADLINE = PAGES = ("text", "headline")
"""Names of the pages, as of the columns of a snapshot, in the order they are looked through."""


class Place(NamedTuple):
    """Where a quote stands: spans, and the page that they count in. False without spans."""

    spans: tuple[Span, ...] = ()
    page: str = TEXT

    def __bool__(self) -> bool:
        return bool(self.spans)


class Pages:
    """The pages of one snapshot, which share one budget. An unknown headline is empty."""

    def __init__(self, text: str, headline: str | None, budget: Budget | None = None):
        budget = budget or Budget()
        self.text = Page(text, budget, TEXT)
        self.headline = Page(headline or "", budget, HEADLINE)

    def under(self, headline: str | None) -> Self:
        """The same text under another headline."""
        pages = copy(self)
        pages.headline = Page(headline or "", self.text.budget, HEADLINE)
        return pages

    def __getitem__(self, name: str) -> Page:
        return getattr(self, name)

    def __iter__(self) -> Iterator[Page]:
        return map(self.__getitem__, PAGES)

    def find(
        self,
        words: str,
        prefix: str = "",
        suffix: str = "",
        *,
        within: str | None = None,
        first: str = TEXT,
    ) -> Place:
        """Return the place of these words `within` a page, else in the first page that has them.

        Raises what `Page.find` raises.
        """
        pages = [self[within]] if within else sorted(self, key=lambda page: page.name != first)
        for page in pages:
            if spans := page.look_for(words, prefix, suffix):
                return Place(spans, page.name)
        raise pages[0].absent(words)

    def at(
        self, spans: Sequence[Sequence[int]], words: str | None = None, *, within: str = TEXT
    ) -> Place:
        """Return the place of spans in a page. Raises what `Page.at` raises."""
        return Place(self[within].at(spans, words), within)
