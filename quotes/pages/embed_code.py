"""What an author copies to show a quote elsewhere: HTML, Markdown, or a block of WordPress."""

import math
import re
from typing import NamedTuple

from django.utils.html import format_html

from quotes.models import Quote
from quotes.pages.dates import in_words
from quotes.pages.results import Shown
from quotes.representations.wording import MARKED

WIDTH = 600  # pixels, unless a page has less room

PADDING, CHARACTER, LINE = 46, 8.6, 28
"""Pixels of a card at both sides, and of a character and a line of the words, in common fonts."""

REST = 152
"""Pixels of a card's height beside the words: who, where, and the link."""

NOTICE = 64
"""Pixels of a notice of two lines."""

MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~&])")
LIST_MARK = re.compile(r"^(\s*\d*)([-+.)])(?=\s)")
"""What CommonMark reads as markup anywhere, and at the beginning of a line."""


class Frame(NamedTuple):
    """The frame of a card, with a size in pixels and a title that has none of its words."""

    url: str
    title: str
    width: int
    height: int

    @property
    def html(self) -> str:
        return format_html(
            '<iframe src="{}" title="{}" width="{}" height="{}" loading="lazy"'
            ' sandbox="allow-popups allow-popups-to-escape-sandbox"'
            ' style="border:0;max-width:100%"></iframe>',
            *self,
        )


def frame(quote: Shown, url: str, *, width: int = WIDTH, height: int | None = None) -> Frame:
    """A frame in which the words fit without scrolling, but in at most this width and height."""
    width = min(WIDTH, width)
    signs = max(20, (width - PADDING) / CHARACTER)
    lines = sum(max(1, math.ceil(len(part) / signs)) for part in quote.text[:1_500].split("\n"))
    notices = bool(quote.corrections) + (quote.status != Quote.Status.PUBLISHED)
    needed = REST + LINE * lines + NOTICE * notices
    return Frame(f"{url}embed/", title_of(quote), width, min(needed, height or needed))


def title_of(quote: Shown) -> str:
    """`Quote by Mara Quill in The Harbour Post, 14 March 2026`."""
    parts = [f"Quote by {quote.who}" if quote.who else "Quote"]
    if quote.outlet:
        parts.append(f"in {quote.outlet['name']}")
    title = " ".join(parts)
    return f"{title}, {in_words(quote.published)}" if quote.published else title


def attributed_to(quote: Shown) -> str:
    """Name, role and organisation in a line."""
    return ", ".join(part for part in (quote.who, quote.role, quote.whom) if part)


def wordpress(framed: Frame) -> str:
    """A block of WordPress, as its editor pastes it."""
    return f"<!-- wp:html -->\n{framed.html}\n<!-- /wp:html -->"


def markdown(quote: Shown, url: str) -> str:
    """The words as a quotation (CommonMark) that leads to the record; it cannot change later."""
    words = f"“{quote.text}”" if quote.kind in MARKED else quote.text
    lines = [f"> {escaped(line)}".rstrip() for line in words.splitlines()]
    source = ", ".join(
        part
        for part in (
            quote.outlet and escaped(quote.outlet["name"]),
            quote.published and in_words(quote.published),
        )
        if part
    )
    who = escaped(attributed_to(quote)) or "Attributed to nobody"
    state = "" if quote.status == Quote.Status.PUBLISHED else f" ({quote.status})"
    return "\n".join([*lines, ">", f"> — {who}{state}. [{source or 'On Record'}]({url})"])


def escaped(text: str) -> str:
    """A text without meaning to Markdown."""
    line = MARKDOWN.sub(r"\\\1", text)
    return LIST_MARK.sub(r"\1\\\2", line)
