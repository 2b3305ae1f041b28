"""An article's new text meets its quotes: store it as a snapshot, and re-anchor them in it."""

from django.conf import settings

from quotes.anchoring import TEXT, Pages
from quotes.filing.articles import lock_rows
from quotes.filing.types import Filing, add_flag, drop_flags
from quotes.models import Quote
from quotes.models.reanchoring import ANCHORED, follow, reanchor, set_anchor, surroundings
from sources.history.erasure import merged
from sources.models import Article, Snapshot, SourceDocument
from sources.models.ids import digest

STANDS = (Quote.Status.PUBLISHED, Quote.Status.DISPUTED)
"""Statuses of public quotes that a curator may still have to decide about."""


def store_snapshots(filings: list[Filing]) -> None:
    """Store each text that its article does not have yet; 3 queries.

    It becomes the present one, unless its filer said the same before, or has filed a later version.
    """
    texts = [(f, digest(f.data["text"])) for f in filings if f.data.get("text") is not None]
    held = Snapshot.objects.filter(
        sha256__in=[
            each for f, sha256 in texts if not f.is_new for each in (sha256, f.sent_sha256) if each
        ],
        article__in=[filing.article for filing, _ in texts if not filing.is_new],
    ).defer("text")
    earlier = {(snapshot.article_id, snapshot.sha256): snapshot for snapshot in held}
    new, changed = [], []
    for filing in filings:
        filing.snapshot = None if filing.is_new else filing.article.snapshot
    for filing, sha256 in texts:
        values = {"article": filing.article, "sha256": sha256, "text": filing.data["text"]}
        values["headline"] = filing.data.get("headline", filing.article.headline)
        values["erased"] = merged(filing.blotted) if filing.blotted else None
        if filing.is_new:
            snapshot = Snapshot(id=filing.article.snapshot_id, **values)
        else:
            digests = sha256, filing.sent_sha256
            held = [earlier[key] for d in digests if (key := (filing.article.pk, d)) in earlier]
            snapshot = held[-1] if held else Snapshot(**values)
        if snapshot._state.adding:
            new.append(snapshot)
        present, filing.snapshot = filing.snapshot, snapshot
        if filing.is_new:
            filing.article.snapshot = snapshot
        elif present == snapshot or filing.is_late:
            continue
        elif filing.last and filing.last.sha256 in {sha256, filing.sent_sha256} - {None}:
            filing.fields["text"] = "kept"
        else:
            filing.article.snapshot = snapshot
            filing.text_changed = True
            filing.fields["text"] = "updated"
            changed.append(filing.article)
    Snapshot.objects.bulk_create(new)
    keep_documents(filings, new)
    for article in changed:
        article.snapshot = article.snapshot  # copies the id it has just got
    Article.objects.bulk_update(changed, ["snapshot"])


def keep_documents(filings: list[Filing], new: list[Snapshot]) -> None:
    """Keep the documents that new texts were converted from; no query without any."""
    stored = {id(snapshot) for snapshot in new}
    documents = [
        SourceDocument.of(filing.data["document"], filing.snapshot)
        for filing in filings
        if "document" in filing.data and id(filing.snapshot) in stored
    ]
    if documents and settings.ONRECORD_KEEP_DOCUMENTS:
        SourceDocument.objects.bulk_create(documents)


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
    missed = {quote.pk for quote in filing.on_record if quote.anchor == Quote.Anchor.MISSING}
    filing.reanchored = reanchor(filing.on_record, filing.article.snapshot, filing.pages)
    _flag_replaced(filing.reanchored, missed)
    Quote.objects.bulk_update(filing.reanchored, [*ANCHORED, "flags"], batch_size=500)


def _flag_replaced(quotes: list[Quote], missed: set) -> None:
    """Flag the public quotes that lost their words, if most in the text have.

    Those that had lost them before (`missed`) were flagged then, or are known to be gone.
    """
    public = [q for q in quotes if q.status in STANDS and q.anchored_in == TEXT]
    gone = [quote for quote in public if quote.anchor == Quote.Anchor.MISSING]
    for quote in quotes:
        if quote not in gone:
            drop_flags(quote, Quote.Flag.TEXT_REPLACED)
        elif quote.pk not in missed and 2 * len(gone) > len(public):
            add_flag(quote, Quote.Flag.TEXT_REPLACED)


def place_in_present(filing: Filing, quote: Quote) -> None:
    """Anchor a quote in the article's present text, if its words are there."""
    present = Snapshot.objects.get(pk=filing.article.snapshot_id)
    name = quote.anchored_in
    standing = [other for other in filing.on_record if other.anchored_in == name]
    taken = {tuple(map(tuple, other.spans)) for other in standing}
    page = Pages(present.text, present.headline, filing.budget)[name]
    before = surroundings(quote, filing.pages[name].text)
    set_anchor(quote, present, page, follow(page, quote, taken, before))
