"""Resolve who said a quote, for whom and in what role: take over what a filing says of it."""

from quotes.filing.matching import match_names
from quotes.filing.types import PLAIN_FIELDS, Candidate, QuoteChange, drop_flags, names_in
from quotes.models import Quote
from sources.identity.matching import Register
from sources.models import Speaker
from sources.models.ids import as_uuid


def resolve_attributions(changes: list[QuoteChange]) -> None:
    """Set the fields of each changed quote, and match its names to records or create them."""
    _name_candidates([c for c in changes if c.filed.fields.get("speaker") == "differs"])
    changes = [change for change in changes if change.is_new or change.taken]
    for change in changes:
        if not change.is_new:
            change.quote.status = change.proposal.get("status", change.quote.status)
            _drop_conclusions(change)
        for name, attribute in PLAIN_FIELDS.items():
            if name in change.proposal:
                setattr(change.quote, attribute, change.proposal[name])
        for name, value in (change.proposal.get("attribution") or {}).items():
            setattr(change.quote, f"attribution_{name}", value)
    match_names(changes)


def _name_candidates(changes: list[QuoteChange]) -> None:
    """Name those whom a filing means by a speaker that the record contradicts."""
    known = Register(
        Speaker.objects.shared(), [n for c in changes for n in names_in(c.filed.said["speaker"])]
    )
    why = "The filing names this speaker, and the record another."
    for change in changes:
        for name in names_in(change.filed.said["speaker"]):
            found = [known.by_id(key)] if (key := as_uuid(name)) else known.called(name)
            sees = change.filing.filer.sees
            change.filed.candidates += [Candidate(one, why) for one in found if one and sees(one)]


def _drop_conclusions(change: QuoteChange) -> None:
    """Clear what was resolved from fields that the filing changes."""
    quote, taken = change.quote, change.taken
    if "speaker" in taken:
        drop_flags(quote, *Quote.DOUBTS["speaker"])
        quote.utterance = None
        tie = quote.speaker and quote.speaker.organisation_id
        if quote.affiliation or quote.organisation_id == tie:
            quote.organisation = None
    if "organisation" in taken:
        drop_flags(quote, *Quote.DOUBTS["organisation"])
    if taken & {"speaker", "organisation", "role", "attribution.role", "said"}:
        quote.affiliation = None
