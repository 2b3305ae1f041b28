"""What was erased by law does not come back: a filing is stored without it.

The words are blotted out of its text, a quote of them is left out, and the answer says why.
`sources.history.remembered` knows the words.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from http import HTTPStatus

from quotes.anchoring import PAGES, TEXT, Pages
from quotes.filing.types import Erasure, Filing, Refused, names_in
from sources.exceptions import Gone
from sources.history.erasure import overlap, redacted
from sources.history.remembered import Found, identities_of, ranges_of, remembered
from sources.ledger.revisions import Revision
from sources.models.ids import digest

APART = " […] "
"""Joins fields so that no words are found across two of them."""

NEW_DIGEST = re.compile(r" The text is now sha256:[0-9a-f]{64}\.$")
"""What `erase` adds to the reason of a redaction."""


def leave_out_erased(filings: list[Filing]) -> None:
    """Blot erased words out of texts, headlines and bylines, and leave out the quotes of them.

    Raises Gone for a quote that is sent alone, and Refused for an article that was erased. One
    query if nothing is new.
    """
    if not remembered.refresh():
        return
    for filing in filings:
        if filing.is_new:
            _refuse_erased(filing)
        article = None if filing.is_new else filing.article.pk
        found = {name: remembered.find(filing.data.get(name) or "", article) for name in PAGES}
        _leave_out(filing, _quotes_of(filing, found, article))
        _blot(filing, found, article)


def _refuse_erased(filing: Filing) -> None:
    """Raise `Refused` for an article that was erased."""
    data = filing.data
    sha256 = None if data.get("text") is None else digest(data["text"])
    outlet = filing.outlet and filing.outlet.pk
    known = remembered.article(
        identities_of(outlet, data.get("external_id"), filing.url_key, sha256)
    )
    if known:
        message = f"This article had to be erased from the record: {known.reason}"
        refusal = Refused([{"pointer": "", "message": message}], HTTPStatus.GONE)
        refusal.members = Gone(known.reason, known.erased).members
        raise refusal


def erased_quotes(filing: Filing) -> set[int]:
    """Indexes of the quotes of a filing that must not be stored: see `_quotes_of`.

    For quotes that are found in a text on record, which may still have the words elsewhere.
    """
    article = filing.article.pk
    found = {page.name: remembered.find(page.text or "", article) for page in filing.pages}
    return set(_quotes_of(filing, found, article))


def leave_out_redacted(filings: list[Filing]) -> None:
    """Leave out quotes in passages that were erased from this very text."""
    for filing in filings:
        if not (erased := filing.snapshot and filing.snapshot.erased):
            continue
        if filing.data.get("text") is not None:
            filing.pages = Pages(filing.snapshot.text, filing.snapshot.headline, filing.budget)
        places = enumerate(filing.places)
        if gone := [i for i, (spans, page) in places if page == TEXT and overlap(spans, erased)]:
            _leave_out(filing, dict.fromkeys(gone, _why_redacted(filing)))


def _quotes_of(filing: Filing, erased: dict[str, list[Found]], article) -> dict[int, Erasure]:
    """Why quotes have to be left out, by index: for their place, their words or a name.

    `erased` says where the text and the headline that were sent have erased words.
    """
    gone = {}
    for index, (spans, page) in enumerate(filing.places):
        for found in erased[page]:
            if overlap(spans, ranges_of([found])):
                gone.setdefault(index, Erasure(found.known.reason, found.known.erased))
    said = [(i, words) for i, each in enumerate(filing.proposals) for words in _said(each)]
    starts, at = [], 0
    for _, words in said:
        starts.append(at)
        at += len(words) + len(APART)
    for found in remembered.find(APART.join(words for _, words in said), article):
        index, _ = said[bisect_right(starts, found.start) - 1]
        gone.setdefault(index, Erasure(found.known.reason, found.known.erased))
    return gone


def _said(proposal: dict) -> Iterator[str]:
    """The words and names of a filed quote."""
    steps = [step.get("name") for step in proposal.get("via") or ()]
    printed = (proposal.get("attribution") or {}).values()
    fields = [proposal.get(name) for name in ("text", "role", "note")]
    named = [*names_in(proposal.get("speaker")), *names_in(proposal.get("organisation"))]
    yield from (words for words in (*fields, *named, *printed, *steps) if isinstance(words, str))


def _leave_out(filing: Filing, gone: dict[int, Erasure]) -> None:
    if not gone:
        return
    if not filing.is_whole:
        raise Gone(*next(iter(gone.values())))
    quotes = filing.data["quotes"]
    sent = [i for i in range(len(quotes) + len(filing.erased)) if i not in filing.erased]
    filing.erased |= {sent[index]: why for index, why in gone.items()}
    kept = [index for index in range(len(quotes)) if index not in gone]
    filing.data = {**filing.data, "quotes": [quotes[index] for index in kept]}
    filing.places = [filing.places[index] for index in kept] if filing.places else []
    filing.not_printed = {new: filing.not_printed.get(i, []) for new, i in enumerate(kept)}


def _blot(filing: Filing, erased: dict[str, list[Found]], article) -> None:
    data = filing.data
    blotted = {n: redacted(data[n], ranges_of(found)) for n, found in erased.items() if found}
    if TEXT in blotted:
        filing.blotted, filing.sent_sha256 = ranges_of(erased[TEXT]), digest(data["text"])
    if data.get("byline"):
        blotted["byline"] = [_without(line, article) for line in data["byline"]]
    filing.data = {**data, **blotted}
    if filing.data != data:
        filing.data.pop("document", None)  # it has the words, too
    if filing.data.get("text") is not None and erased.keys() & blotted.keys():
        filing.pages = Pages(filing.data["text"], filing.data.get("headline"), filing.budget)


def _without(words: str, article) -> str:
    return redacted(words, ranges_of(remembered.find(words, article)))


def _why_redacted(filing: Filing) -> Erasure:
    made = Revision.objects.filter(subject_id=filing.snapshot.pk).order_by("-version")
    last = made.filter(verb=Revision.Verb.REDACTED).first() or made.first()
    return Erasure(NEW_DIGEST.sub("", last.reason or "") or None, last.time)
