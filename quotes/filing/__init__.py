"""File an article with its quotes: recognise what is on record, create the rest, or refuse it all.

In: data that `FilingSerializer` has validated. Out: a `Filing` with the outcome for each quote.
Steps: anchor the words (`validation`) and recognise or create the article (`articles`). Re-anchor
its quotes in a changed text (`snapshots`). Tell known quotes from new (`recognition`), and what
changes (`reconciliation`). Match names to records (`matching`), then match utterances.
`comparison` says what of it the filer may change.
Must never: store a part, store one thing twice, or undo what a curator did.
"""

# Filings may be repeated and may run at the same time. Advisory locks, always taken in the order
# erased words, outlets, articles, organisations, speakers, utterances, keep two from creating the
# same record, and an erasure from missing what is being filed.

from contextlib import contextmanager, nullcontext

from django.db import DatabaseError, DataError, IntegrityError, transaction

from quotes.anchoring import TooMuchWork
from quotes.filing.articles import (
    lock_articles,
    recognise_articles,
    recognise_outlets,
    refuse_other_outlets,
    store_articles,
    with_text,
)
from quotes.filing.attribution import resolve_attributions
from quotes.filing.comparison import (
    follow_left,
    keep_filings,
    load_last_filings,
    refuse_others,
)
from quotes.filing.erased import leave_out_erased, leave_out_redacted
from quotes.filing.proposing import add_proposals, store_proposals
from quotes.filing.reconciliation import (
    folded_names,
    follow_merges,
    reconcile,
    store_quotes,
    withdraw_unnamed,
)
from quotes.filing.snapshots import reanchor_quotes, store_snapshots
from quotes.filing.types import (
    MAX_QUOTES,
    OPERATOR,
    Candidate,
    FiledQuote,
    Filer,
    Filing,
    Refused,
)
from quotes.filing.validation import anchoring_faults, place_in_captured, validate_quotes
from quotes.utterances.matching import match
from sources.database.locks import share_erased_words
from sources.intake import Conversion
from sources.models import Article
from sources.models.visibility import as_proposed

__all__ = [
    "MAX_QUOTES",
    "OPERATOR",
    "Candidate",
    "FiledQuote",
    "Filer",
    "Filing",
    "Refused",
    "anchoring_faults",
    "capture",
    "file",
    "file_many",
    "propose",
    "propose_found",
]


def file(data: dict, filer: Filer) -> Filing:
    """File one article with its quotes, or raise `Refused` with every fault and change nothing."""
    filing = Filing(data, filer)
    with transaction.atomic():
        _file([filing])
    return filing


def file_many(batch: list[dict], filer: Filer) -> list[Filing | Refused]:
    """File a batch in one transaction; if that fails, one by one, each filed or refused."""
    try:
        filings = [Filing(data, filer) for data in batch]
        with transaction.atomic():
            _file(filings)
        return list(filings)
    except (Refused, DatabaseError):
        return [_file_alone(data, filer) for data in batch]


def _file_alone(data: dict, filer: Filer) -> Filing | Refused:
    try:
        return file(data, filer)
    except Refused as refusal:
        return refusal
    except (DataError, IntegrityError) as error:
        reason = str(error).partition("\n")[0]
        return Refused([{"pointer": "", "message": f"The database refused this: {reason}"}])


def propose(article: Article, data: dict, filer: Filer) -> FiledQuote:
    """Add one quote to an article on record, anchored in its present text."""
    filing = Filing({"quotes": [data]}, filer, article=article, is_whole=False)
    try:
        _file_on_record(filing)
    except Refused as refusal:
        # The client sent the quote itself, not a list of quotes.
        faults = [
            {**fault, "pointer": fault["pointer"].removeprefix("/quotes/0")}
            for fault in refusal.faults
        ]
        raise Refused(faults, refusal.status) from refusal
    return filing.quotes[0]


def capture(
    article: Article, text: str, filer: Filer, document: Conversion | None = None
) -> Filing:
    """Store a new text of an article on record, and re-anchor its quotes there.

    `document` is what the text was converted from.
    """
    data = {"text": text} | ({"document": document} if document else {})
    filing = Filing(data, filer, article=article, is_whole=False)
    _file_on_record(filing)
    return filing


def propose_found(article: Article, filer: Filer, *, indirect: bool = False) -> Filing:
    """Propose what extraction finds in the present text of an article on record."""
    data = {"propose": True, "indirect": indirect}
    filing = Filing(data, filer, article=article, is_whole=False)
    _file_on_record(filing)
    return filing


def _file_on_record(filing: Filing) -> None:
    """File for a known article, which is locked and read again."""
    with transaction.atomic(), _made_by(filing.filer), _within_budget():
        share_erased_words()
        led = lock_articles(Article.objects.filter(pk=filing.article.pk))
        filing.article = with_text().get(pk=led[filing.article.pk])
        filing.outlet = filing.article.outlet
        refuse_other_outlets(filing)
        _continue([filing])


def _file(filings: list[Filing]) -> None:
    """File what one filer sends."""
    validate_quotes([filing for filing in filings if filing.data.get("text") is not None])
    with _made_by(filings[0].filer), _within_budget():
        share_erased_words()
        recognise_outlets(filings)
        recognise_articles(filings)
        _continue(filings)


def _made_by(filer: Filer):
    """Keep from readers what is withheld, or filed by somebody who is no curator."""
    return nullcontext() if filer.may_change and not filer.withholds else as_proposed()


@contextmanager
def _within_budget():
    """Refuse a filing whose quotes on record take too much work to follow."""
    try:
        yield
    except TooMuchWork as error:
        raise Refused([{"pointer": "/text", "message": error.message}]) from error


def _continue(filings: list[Filing]) -> None:
    """Store article and text, re-anchor quotes on record, store new ones; articles are locked."""
    load_last_filings(filings)
    follow_left(filings)
    for filing in filings:
        if not filing.is_new and ("text" in filing.data or filing.is_whole):
            refuse_others(filing)
    leave_out_erased(filings)
    store_articles(filings)
    validate_quotes([filing for filing in filings if not filing.places])
    store_snapshots(filings)
    place_in_captured(filings)
    leave_out_redacted(filings)
    reanchor_quotes(filings)
    follow_merges(filings)
    filings = [filing for filing in filings if not filing.is_late]
    add_proposals(filings)
    folded = folded_names(filings)
    changes = [change for filing in filings for change in reconcile(filing, folded)]
    resolve_attributions(changes)
    match([change.quote for change in changes if change.is_new or change.taken])
    store_quotes(changes)
    store_proposals(changes)
    withdraw_unnamed(filings)
    keep_filings(filings)
