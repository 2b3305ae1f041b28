"""Wording that several representations share."""

from collections.abc import Callable
from datetime import UTC, datetime

from quotes.anchoring.seams import pieces_of
from quotes.models import Quote
from quotes.representations.status_history import StatusHistory

UrlOf = Callable[[str, object], str]
"""`url_of("snapshot", sha256)` is an absolute URL."""

MARKED = (Quote.Kind.DIRECT, Quote.Kind.PARTIAL)  # kinds printed inside quote marks


def without_empty(members: dict) -> dict:
    """Leave out members that are None or empty."""
    return {name: value for name, value in members.items() if value not in (None, "", [], {})}


def rfc3339(time: datetime) -> str:
    """A time as RFC 3339, in UTC."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def passages(quote: Quote) -> list[str]:
    """The words of each span."""
    return pieces_of(quote.text, quote.spans, quote.seams)


def attributed_to(quote: Quote) -> str | None:
    """Name, role and organisation: resolved if known, else printed. None for nobody."""
    name = quote.speaker.name if quote.speaker else quote.attribution_speaker
    place = quote.organisation.name if quote.organisation else quote.attribution_organisation
    parts = dict.fromkeys(part for part in (name, quote.shown_role, place) if part)
    return ", ".join(parts) or None


def citation_key(quote: Quote) -> str:
    """A key that never changes, because it is made from the id alone."""
    return f"onrecord-{quote.pk}"


def note(quote: Quote, history: StatusHistory, url_of: UrlOf) -> str:
    """The words, the attribution, the reporting chain, curators' remarks and the quote's URL.

    One line that holds no `{:` and does not begin with `label:`. Programs that read CSL-JSON take
    both for fields of their own, and the words are somebody else's.
    """
    who = attributed_to(quote)
    if quote.kind in MARKED:
        said = f"“{quote.text}”" + (f" ({who})" if who else "")
    else:
        said = (
            f"Reported speech ({who}): {quote.text}" if who else f"(Reported speech) {quote.text}"
        )
    by_way_of = [f"by way of {step.name}" for step in quote.via.all()]
    parts = [said, *by_way_of, *history.remarks(quote.status), url_of("quote", quote.pk)]
    return " ".join("; ".join(parts).split()).replace("{:", "{ :")
