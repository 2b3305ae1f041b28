"""An article's new text meets its quotes: store it as a snapshot, and re-anchor them in it."""

from rapidfuzz.distance import Postfix, Prefix

from quotes.anchoring import AnchoringError, Page, Reanchoring
from quotes.filing.articles import lock_rows
from quotes.filing.types import Filing
from quotes.models import Quote
from sources.models import Article, Snapshot
from sources.models.ids import digest


def store_snapshots(filings: list[Filing]) -> None:
    """Store each text that its article does not have yet; 3 queries.

    It becomes the present one, unless its filer said the same before, or has filed a later version.
    """
    texts = [(f, digest(f.data["text"])) for f in filings if f.data.get("text") is not None]
    held = Snapshot.objects.filter(
        sha256__in=[sha256 for filing, sha256 in texts if not filing.is_new],
        article__in=[filing.article for filing, _ in texts if not filing.is_new],
    ).defer("text")
    earlier = {(snapshot.article_id, snapshot.sha256): snapshot for snapshot in held}
    new, changed = [], []
    for filing in filings:
        filing.snapshot = None if filing.is_new else filing.article.snapshot
    for filing, sha256 in texts:
        values = {"article": filing.article, "sha256": sha256, "text": filing.data["text"]}
        if filing.is_new:
            snapshot = Snapshot(id=filing.article.snapshot_id, **values)
        else:
            snapshot = earlier.get((filing.article.pk, sha256)) or Snapshot(**values)
        if snapshot._state.adding:
            new.append(snapshot)
        present, filing.snapshot = filing.snapshot, snapshot
        if filing.is_new:
            filing.article.snapshot = snapshot
        elif present == snapshot or filing.is_late:
            continue
        elif filing.last and filing.last.sha256 == sha256:
            filing.fields["text"] = "kept"
        else:
            filing.article.snapshot = snapshot
            filing.text_changed = True
            filing.fields["text"] = "updated"
            changed.append(filing.article)
    Snapshot.objects.bulk_create(new)
    for article in changed:
        article.snapshot = article.snapshot  # copies the id it has just got
    Article.objects.bulk_update(changed, ["snapshot"])


def reanchor_quotes(filings: list[Filing]) -> None:
    """Load the quotes of articles on record, and re-anchor them if the text changed."""
    before = {f.article.pk: f for f in filings if not f.is_new}
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
    steps = [(quote, follow(filing.page, quote, taken)) for quote in filing.on_record]
    for quote, result in sorted(steps, key=lambda step: _order(filing.page, *step)):
        if result.spans and result.spans in taken:
            result = follow(filing.page, quote, taken)
        taken.add(result.spans)
        _anchor(quote, present, filing.page, result)
        filing.reanchored.append(quote)
    Quote.objects.bulk_update(
        filing.reanchored, ["snapshot", "spans", "text", "anchor", "nearest"], batch_size=500
    )


def _anchor(quote: Quote, present: Snapshot, page: Page, result: Reanchoring) -> None:
    state = result.state
    if spans := result.spans:
        if state == Quote.Anchor.EXACT and quote.anchor == Quote.Anchor.MOVED:
            state = Quote.Anchor.MOVED  # unmoved since, but not where it was first printed
        quote.snapshot, quote.spans = present, [list(span) for span in spans]
        quote.text = page.text_at(spans)
    quote.anchor = state
    quote.nearest = (
        {**result.nearest.as_json(), "snapshot": present.sha256}
        if state == Quote.Anchor.ALTERED
        else None
    )


def place_in_present(filing: Filing, quote: Quote) -> None:
    """Anchor a quote in the article's present text, if its words are there."""
    present = Snapshot.objects.get(pk=filing.article.snapshot_id)
    taken = {tuple(map(tuple, other.spans)) for other in filing.on_record}
    page = Page(present.text)
    _anchor(quote, present, page, follow(page, quote, taken))


def _order(page: Page, quote: Quote, result: Reanchoring) -> tuple[bool, int]:
    """Sort key: quotes that choose their position first come first."""
    kept = 0
    if result.spans and quote.spans:
        prefix, suffix = page.context(result.spans[0])[0], page.context(result.spans[-1])[1]
        kept = Postfix.similarity(quote.contexts[0][0], prefix)
        kept += Prefix.similarity(quote.contexts[-1][1], suffix)
    return result.state != Quote.Anchor.EXACT, -kept


def follow(page: Page, quote: Quote, taken: set) -> Reanchoring:
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
