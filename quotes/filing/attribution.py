"""Resolve who said a quote, for whom and in what role: take over what a filing says of it."""

from quotes.filing.matching import match_names
from quotes.filing.types import PLAIN_FIELDS, QuoteChange, add_flag, drop_flags
from quotes.models import Quote

Flag = Quote.Flag


def resolve_attributions(changes: list[QuoteChange]) -> None:
    """Set the fields of each changed quote, and match its names to records or create them."""
    for change in changes:
        if not change.is_new and change.quote.status != Quote.Status.PROPOSED:
            # A reviewed quote stays as it is: tell the filer, and flag it for curators.
            change.filed.outcome = "differs"
            add_flag(change.quote, Flag.FILING_DIFFERS)
            continue
        if not change.is_new:
            change.filed.outcome = "updated"
            change.quote.status = change.proposal.get("status", change.quote.status)
            _drop_conclusions(change)
        for name in PLAIN_FIELDS:
            if name in change.proposal:
                setattr(change.quote, name, change.proposal[name])
        for name, value in (change.proposal.get("attribution") or {}).items():
            setattr(change.quote, f"attribution_{name}", value)
    match_names([c for c in changes if c.filed.outcome in ("made", "updated")])


def _drop_conclusions(change: QuoteChange) -> None:
    """Clear what was resolved from fields that the filing now states differently."""
    quote, differs = change.quote, set(change.filed.differs)
    if "speaker" in differs:
        drop_flags(quote, *Quote.DOUBTS["speaker"])
        quote.utterance = None
        tie = quote.speaker and quote.speaker.organisation_id
        if quote.affiliation or quote.organisation_id == tie:
            quote.organisation = None
    if "organisation" in differs:
        drop_flags(quote, *Quote.DOUBTS["organisation"])
    if differs & {"speaker", "organisation", "role", "attribution.role", "said"}:
        quote.affiliation = None
