"""The text of a filing, and the quotes that follow their article to it."""

from rapidfuzz.distance import Postfix, Prefix

from quotes.anchoring import AnchoringError, Page, Reanchoring
from quotes.filing.articles import lock_rows
from quotes.filing.types import Filing
from quotes.models import Quote
from sources.models import Article, Snapshot
from sources.models.ids import digest


def store_texts(filings: list[Filing]) -> None:
    """Keep each text that differs from the one its article has now."""
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


def follow_text(filings: list[Filing]) -> None:
    """Bring the quotes that stand in an article to its present text."""
    before = {f.article.pk: f for f in filings if f.outcome != "made"}
    # Locked first, then read: a lock that had to wait would read what is joined as it was before.
    locked = lock_rows(Quote.objects.filter(article__in=list(before)))
    standing = (
        Quote.objects.filter(pk__in=locked)
        .select_related("speaker", "organisation", "affiliation")
        .prefetch_related("via", "speaker__affiliations__organisation")
    )
    for quote in standing.order_by("pk"):
        filing = before[quote.article_id]
        quote.article = filing.article
        filing.standing.append(quote)
        if quote.speaker:
            filing.cast.append(quote.speaker)
        if quote.organisation:
            filing.bodies.append(quote.organisation)
    for filing in before.values():
        if filing.text_changed:
            _reanchor(filing)


def _reanchor(filing: Filing) -> None:
    """Follow each quote to its words in the present text, or say that they changed or went.

    Quotes that stay put come first, so that one that moved cannot take their place; then those
    that have the most of their old surroundings.
    """
    taken, present = set(), filing.article.snapshot
    steps = [(quote, _follow_one(filing.page, quote, taken)) for quote in filing.standing]
    for quote, following in sorted(steps, key=lambda step: _claim(filing.page, *step)):
        if following.spans in taken:
            following = _follow_one(filing.page, quote, taken)
        state, spans = following.state, following.spans
        if spans:
            taken.add(spans)
            if state == Quote.Anchor.EXACT and quote.anchor == Quote.Anchor.MOVED:
                state = Quote.Anchor.MOVED  # still not where it was first printed
            quote.snapshot, quote.spans = present, [list(span) for span in spans]
            quote.text = filing.page.text_at(spans)
        quote.anchor = state
        quote.nearest = (
            {**following.nearest.as_json(), "snapshot": present.sha256}
            if state == Quote.Anchor.ALTERED
            else None
        )
        filing.reanchored.append(quote)
    Quote.objects.bulk_update(
        filing.reanchored, ["snapshot", "spans", "text", "anchor", "nearest"], batch_size=500
    )


def _claim(page: Page, quote: Quote, following: Reanchoring) -> tuple[bool, int]:
    """Sorts quotes by their right to a place: the less, the better."""
    kept = 0
    if following.spans and quote.spans:
        prefix, suffix = page.context(following.spans[0])[0], page.context(following.spans[-1])[1]
        kept = Postfix.similarity(quote.contexts[0][0], prefix)
        kept += Prefix.similarity(quote.contexts[-1][1], suffix)
    return following.state != Quote.Anchor.EXACT, -kept


def _follow_one(page: Page, quote: Quote, taken: set) -> Reanchoring:
    """Where a quote stands now; one filed without a text finds its place in the first captured."""
    if quote.spans:
        prefix, suffix = quote.contexts[0][0], quote.contexts[-1][1]
        return page.reanchor(quote.text, quote.spans, prefix, suffix, taken)
    try:
        if (spans := page.find(quote.text)) not in taken:
            return Reanchoring(Quote.Anchor.EXACT, spans, None)
    except AnchoringError:
        pass
    return Reanchoring(Quote.Anchor.UNANCHORED, None, None)
