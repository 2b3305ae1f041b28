"""Add to a filing the quotes that extraction finds in its text.

They are filed as if the filer had marked them, so that filing again undoes nothing that a curator
did. A passage that the filer marked, or that any quote on record has or had, is left alone: what
was rejected never comes back. Nor does what was erased by law, words or names.
"""

from collections.abc import Iterable

from quotes.anchoring import TEXT
from quotes.extraction import Proposal as Found
from quotes.filing.erased import erased_quotes
from quotes.filing.proposers import ProposerFailed, proposals_in
from quotes.filing.reconciliation import is_withdrawn_as_unnamed
from quotes.filing.types import MAX_QUOTES, OPERATOR, Filing, QuoteChange, Refused
from quotes.filing.validation import validate_quotes
from quotes.models import Proposal, Quote
from sources.history.erasure import overlap

NAMED = ("kind", "speaker", "speaker_kind", "role", "organisation")


def add_proposals(filings: list[Filing]) -> None:
    """Append what extraction finds to the quotes of the filings that ask for it.

    Texts are stored, and quotes on record stand in them, before.
    """
    for filing in filings:
        is_present = filing.snapshot is not None and filing.snapshot == filing.article.snapshot
        if not (filing.data.get("propose") and is_present):
            continue
        try:
            text, language = filing.pages.text.text, filing.article.language
            found = proposals_in(text, language, indirect=filing.data.get("indirect", False))
        except ProposerFailed:
            filing.proposer_failed = True
            filing.found_again = {str(quote.pk) for quote in _in_text(filing)}
            continue
        filing.found_again = _found_again(filing, found)
        filed = [place.spans for place in filing.places if place.page == TEXT]
        taken = [span for spans in filed for span in spans] + _taken_on_record(filing, found)
        taken += [(start, end) for start, end in filing.snapshot.erased or ()]
        free = [each for each in found if not overlap(each.spans, taken)]
        filing.not_proposed = max(0, len(free) + len(filing.places) - MAX_QUOTES)
        _append(filing, free[: max(0, MAX_QUOTES - len(filing.places))])


def _taken_on_record(filing: Filing, found: list[Found]) -> list[tuple[int, int]]:
    """Passages of the present text that quotes on record have, or had before it was edited.

    One that a complete filing withdrew because its text had it no longer may be found again.
    """
    places = [list(map(tuple, each.spans)) for each in found]
    return [
        span
        for quote in _in_text(filing)
        for passages in [_passages(filing, quote)]
        if not (is_withdrawn_as_unnamed(filing, quote) and passages in places)
        for span in passages
    ]


def _passages(filing: Filing, quote: Quote) -> list[tuple[int, int]]:
    """Where a quote on record stands in the present text, or what now stands there instead."""
    stands = quote.snapshot_id == filing.snapshot.pk
    passages = [(start, end) for start, end in quote.spans] if stands else []
    near = quote.nearest
    if near and near["snapshot"] == filing.snapshot.sha256:
        passages.append((near["start"], near["end"]))
    return passages


def _found_again(filing: Filing, found: list[Found]) -> set[str]:
    """Ids of quotes on record that extraction finds, and that a complete filing so names."""
    spans = [span for each in found for span in each.spans]
    on_record = _in_text(filing)
    return {str(each.pk) for each in on_record if overlap(_passages(filing, each), spans)}


def _in_text(filing: Filing) -> list[Quote]:
    return [quote for quote in filing.on_record if quote.anchored_in == TEXT]


def _append(filing: Filing, found: list[Found]) -> None:
    """Append what our own anchoring holds to be in the text; the rest is dropped."""
    while found:
        quotes = [as_filed(each) for each in found]
        trial = Filing(
            {"quotes": quotes, "headline": filing.data.get("headline")},
            OPERATOR,
            article=filing.article,
            pages=filing.pages,
        )
        try:
            validate_quotes([trial])
            wrong = erased_quotes(trial)
        except Refused as refusal:
            pointers = [fault["pointer"] for fault in refusal.faults]
            wrong = {int(pointer.split("/")[2]) for pointer in pointers if pointer}
            wrong = wrong or {*range(len(found))}
        if not wrong:
            break
        found = [each for i, each in enumerate(found) if i not in wrong]
    else:
        return
    first = len(filing.data.get("quotes", []))
    filing.data = {**filing.data, "quotes": [*filing.data.get("quotes", []), *quotes]}
    filing.places += trial.places
    filing.seams |= trial.seams
    for index, each in enumerate(found):
        filing.found[first + index] = each
        filing.not_printed[first + index] = trial.not_printed[index]


def as_filed(found: Found) -> dict:
    """A proposal of extraction as a filing takes it."""
    said = found.to_json()
    printed = {name: part for name, part in said["attribution"].items() if part}
    named = {name: said[name] for name in NAMED if said[name]}
    return {**named, "spans": found.spans, "via": said["via"], "attribution": printed}


def store_proposals(changes: Iterable[QuoteChange]) -> None:
    """Keep what extraction went by beside each quote that it found; quotes are stored before."""
    Proposal.objects.bulk_create(
        Proposal(
            quote=change.quote,
            snapshot=change.quote.snapshot_id,
            rule=found.rule,
            band=found.band,
            confidence=found.confidence,
            because=found.to_json()["because"],
            said=change.filed.said,
        )
        for change in changes
        if change.is_new and (found := change.filed.found)
    )
