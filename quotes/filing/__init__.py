"""Filing: an article comes in with its quotes, and all of it is stored or none.

`file` takes one filing, `file_many` a batch of them; both take what `FilingSerializer` has read,
and both are safe to repeat and to run at the same time as each other.

The road of a filing: its words are found in its text; the article is recognised or made; changed
text becomes a new snapshot and every quote of the article follows it there; quotes that stand where
one stood before are that quote; the rest are new, and their names are matched to known speakers and
organisations or made; what is new or changed is matched to quotes that report the same words.
Advisory locks, always taken in the order outlets, articles, organisations, speakers, utterances,
keep two filings from making the same thing twice.
"""

from django.db import DatabaseError, DataError, IntegrityError, transaction

from quotes.filing.articles import find_articles, find_outlets, lock_rows, with_text
from quotes.filing.attribution import resolve
from quotes.filing.reconciliation import drafts_of, folded_names, follow_merges, store_quotes
from quotes.filing.snapshots import follow_text, store_texts
from quotes.filing.types import MOST_QUOTES, FiledQuote, Filing, Refused
from quotes.filing.validation import check_words, misplaced
from quotes.utterances.matching import match
from sources.models import Article

__all__ = [
    "MOST_QUOTES",
    "FiledQuote",
    "Filing",
    "Refused",
    "capture",
    "file",
    "file_many",
    "misplaced",
    "propose",
]


def file(data: dict, *, may_publish: bool) -> Filing:
    """File one article with its quotes. `Refused` names every fault; then nothing was changed."""
    filing = Filing(data)
    with transaction.atomic():
        _file([filing], may_publish=may_publish)
    return filing


def file_many(batch: list[dict], *, may_publish: bool) -> list[Filing | Refused]:
    """File a batch in one transaction; those that cannot be filed are refused one by one."""
    try:
        filings = [Filing(data) for data in batch]
        with transaction.atomic():
            _file(filings, may_publish=may_publish)
        return list(filings)
    except (Refused, DatabaseError):
        return [_file_alone(data, may_publish=may_publish) for data in batch]


def _file_alone(data: dict, *, may_publish: bool) -> Filing | Refused:
    try:
        return file(data, may_publish=may_publish)
    except Refused as refusal:
        return refusal
    except (DataError, IntegrityError) as error:
        reason = str(error).partition("\n")[0]
        return Refused([{"pointer": "", "message": f"The database refuses it: {reason}"}])


def propose(article: Article, data: dict, *, may_publish: bool) -> FiledQuote:
    """Add one quote to an article on record, anchored in the text it has now."""
    filing = Filing({"quotes": [data]}, article=article)
    try:
        _file_on_record(filing, may_publish=may_publish)
    except Refused as refusal:
        # What was sent is the quote itself, not a list of quotes.
        faults = [
            {**fault, "pointer": fault["pointer"].removeprefix("/quotes/0")}
            for fault in refusal.faults
        ]
        raise Refused(faults, refusal.status) from refusal
    return filing.quotes[0]


def capture(article: Article, text: str) -> Filing:
    """Take in a new text of an article on record; its quotes follow it there."""
    filing = Filing({"text": text}, article=article)
    _file_on_record(filing, may_publish=False)
    return filing


def _file_on_record(filing: Filing, *, may_publish: bool) -> None:
    """The road of a filing whose article is known: locked, read afresh, and on from there."""
    with transaction.atomic():
        lock_rows(Article.objects.filter(pk=filing.article.pk))
        filing.article = with_text().get(pk=filing.article.pk)
        filing.outlet = filing.article.outlet
        _continue([filing], may_publish=may_publish)


def _file(filings: list[Filing], *, may_publish: bool) -> None:
    written = [filing for filing in filings if filing.data.get("text") is not None]
    check_words(written, may_publish=may_publish)
    find_outlets(filings)
    find_articles(filings)
    _continue(filings, may_publish=may_publish)


def _continue(filings: list[Filing], *, may_publish: bool) -> None:
    """From the article on: text, quotes that stand, new quotes."""
    check_words([filing for filing in filings if not filing.spans], may_publish=may_publish)
    store_texts(filings)
    follow_text(filings)
    follow_merges(filings)
    folded = folded_names(filings)
    drafts = [draft for filing in filings for draft in drafts_of(filing, folded)]
    resolve(drafts)
    match([draft.quote for draft in drafts if draft.filed.outcome in ("made", "updated")])
    store_quotes(drafts)
