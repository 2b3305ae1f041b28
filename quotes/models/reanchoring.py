"""Quotes meet another text of their article: each is looked for in it, and its anchor set."""

from rapidfuzz.distance import Postfix, Prefix

from quotes.anchoring import AnchoringError, Page, Reanchoring
from sources.models import Snapshot

ANCHORED = ["snapshot", "spans", "text", "anchor", "nearest"]
"""Columns of a quote that say where it is printed."""


def reanchor(quotes: list, present: Snapshot, page: Page) -> list:
    """Set the anchor of each quote in the present text; no save. Returns them, the surest first.

    Quotes that have not moved come first, so that a moved one cannot take their position; then
    those whose context is kept best.
    """
    taken, done = set(), []
    steps = [(quote, follow(page, quote, taken)) for quote in quotes]
    for quote, result in sorted(steps, key=lambda step: _order(page, *step)):
        if result.spans and result.spans in taken:
            result = follow(page, quote, taken)
        taken.add(result.spans)
        set_anchor(quote, present, page, result)
        done.append(quote)
    return done


def set_anchor(quote, present: Snapshot, page: Page, result: Reanchoring) -> None:
    state = result.state
    if spans := result.spans:
        if state == quote.Anchor.EXACT and quote.anchor == quote.Anchor.MOVED:
            state = quote.Anchor.MOVED  # unmoved since, but not where it was first printed
        quote.snapshot, quote.spans = present, [list(span) for span in spans]
        quote.text = page.text_at(spans)
    quote.anchor = state
    quote.nearest = (
        {**result.nearest.as_json(), "snapshot": present.sha256}
        if state == quote.Anchor.ALTERED
        else None
    )


def _order(page: Page, quote, result: Reanchoring) -> tuple[bool, int]:
    """Sort key: quotes that choose their position first come first."""
    kept = 0
    if result.spans and quote.spans:
        prefix, suffix = page.context(result.spans[0])[0], page.context(result.spans[-1])[1]
        kept = Postfix.similarity(quote.contexts[0][0], prefix)
        kept += Prefix.similarity(quote.contexts[-1][1], suffix)
    return result.state != quote.Anchor.EXACT, -kept


def follow(page: Page, quote, taken: set) -> Reanchoring:
    """Re-anchor a quote; one filed without a text is anchored in the first text stored."""
    if quote.spans:
        prefix, suffix = quote.contexts[0][0], quote.contexts[-1][1]
        return page.reanchor(quote.text, quote.spans, prefix, suffix, taken)
    try:
        if (spans := page.find(quote.text)) not in taken:
            return Reanchoring(quote.Anchor.EXACT, spans, None)
    except AnchoringError:
        pass
    return Reanchoring(quote.Anchor.UNANCHORED, None, None)
