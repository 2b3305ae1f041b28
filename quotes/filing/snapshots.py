"""An article's new text meets its quotes: store it as a snapshot, and re-anchor them in it."""

from rapidfuzz.distance import Postfix, Prefix

from quotes.anchoring import AnchoringError, Page, Reanchoring
from quotes.filing.articles import lock_rows
from quotes.filing.types import Filing
from quotes.models import Quote
from sources.models import Article, Snapshot
from sources.models.ids import digest


def store_snapshots(filings: list[Filing]) -> None:
    """Store each text that differs from the present one of its article; 3 queries."""
    new: list[tuple[Filing, Snapshot]] = []
    for filing in filings:
        text = filing.data.get("text")
        if text is None:
            continue
        values = {"article": filing.article, "sha256": digest(text), "text": text}
        if filing.outcome == "made":
            new.append((filing, Snapshot(id=filing.article.snapshot_id, **values)))
        elif not (held := filing.article.snapshot) or held.sha256 != values["sha256"]:
            new.append((filing, Snapshot(**values)))
    earlier = {
        (snapshot.article_id, snapshot.sha256): snapshot
        for snapshot in Snapshot.objects.filter(
            sha256__in=[s.sha256 for f, s in new if f.outcome != "made"],
            article__in=[f.article for f, s in new if f.outcome != "made"],
        )
    }
    Snapshot.objects.bulk_create(s for f, s in new if (f.article.pk, s.sha256) not in earlier)
    for filing, snapshot in new:
        filing.article.snapshot = earlier.get((filing.article.pk, snapshot.sha256), snapshot)
        filing.text_changed = True
        if filing.outcome == "unchanged":
            filing.outcome = "updated"
    known = [filing.article for filing, _ in new if filing.outcome != "made"]
    Article.objects.bulk_update(known, ["snapshot"])


def reanchor_quotes(filings: list[Filing]) -> None:
    """Load the quotes of articles on record, and re-anchor them if the text changed."""
    before = {f.article.pk: f for f in filings if f.outcome != "made"}
    # Lock first, then read: a locking query that had to wait returns stale joined rows.
    locked = lock_rows(Quote.objects.filter(article__in=list(before)))
    quotes = (
        Quote.objects.filter(pk__in=locked)
        .select_related("speaker", "organisation", "affiliation")
        .prefetch_related("via", "speaker__affiliations__organisation")
    )
    for quote in quotes.order_by("pk"):
        filing = before[quote.article_id]
        quote.article = filing.article
        filing.on_record.append(quote)
        if quote.speaker:
            filing.speakers.append(quote.speaker)
        if quote.organisation:
            filing.organisations.append(quote.organisation)
    for filing in before.values():
        if filing.text_changed:
            _reanchor(filing)


def _reanchor(filing: Filing) -> None:
    """Set the anchor of each quote in the present text.

    Quotes that have not moved come first, so that a moved one cannot take their position; then
    those whose context is kept best.
    """
    taken, present = set(), filing.article.snapshot
    steps = [(quote, _reanchor_one(filing.page, quote, taken)) for quote in filing.on_record]
    for quote, result in sorted(steps, key=lambda step: _order(filing.page, *step)):
        if result.spans in taken:
            result = _reanchor_one(filing.page, quote, taken)
        state, spans = result.state, result.spans
        if spans:
            taken.add(spans)
            if state == Quote.Anchor.EXACT and quote.anchor == Quote.Anchor.MOVED:
                state = Quote.Anchor.MOVED  # unmoved since, but not where it was first printed
            quote.snapshot, quote.spans = present, [list(span) for span in spans]
            quote.text = filing.page.text_at(spans)
        quote.anchor = state
        quote.nearest = (
            {**result.nearest.as_json(), "snapshot": present.sha256}
            if state == Quote.Anchor.ALTERED
            else None
        )
        filing.reanchored.append(quote)
    Quote.objects.bulk_update(
        filing.reanchored, ["snapshot", "spans", "text", "anchor", "nearest"], batch_size=500
    )


def _order(page: Page, quote: Quote, result: Reanchoring) -> tuple[bool, int]:
    """Sort key: quotes that choose their position first come first."""
    kept = 0
    if result.spans and quote.spans:
        prefix, suffix = page.context(result.spans[0])[0], page.context(result.spans[-1])[1]
        kept = Postfix.similarity(quote.contexts[0][0], prefix)
        kept += Prefix.similarity(quote.contexts[-1][1], suffix)
    return result.state != Quote.Anchor.EXACT, -kept


def _reanchor_one(page: Page, quote: Quote, taken: set) -> Reanchoring:
    """Re-anchor a quote; one filed without a text is anchored in the first text stored."""
    if quote.spans:
        prefix, suffix = quote.contexts[0][0], quote.contexts[-1][1]
        return page.reanchor(quote.text, quote.spans, prefix, suffix, taken)
    try:
        if (spans := page.find(quote.text)) not in taken:
            return Reanchoring(Quote.Anchor.EXACT, spans, None)
    except AnchoringError:
        pass
    return Reanchoring(Quote.Anchor.UNANCHORED, None, None)
