"""Wording that several representations share."""

import re
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


def is_url(license_: str | None) -> bool:
    """Whether a licence is given as its URL, and not as its name."""
    return bool(license_ and re.fullmatch(r"https?://\S+", license_))


def passages(quote: Quote) -> list[str]:
    """The words of each span."""
    return pieces_of(quote.text, quote.spans, quote.seams)


def attributed_to(quote: Quote) -> str | None:
    """Name, role and organisation: resolved if known, else printed. None for nobody."""
    name = quote.speaker.name if quote.speaker else quote.attribution_speaker
    place = quote.organisation.name if quote.organisation else quote.attribution_organisation
    parts = dict.fromkeys(part for part in (name, quote.shown_role, place) if part)
    return ", ".join(parts) or None


def shown_original(quote: Quote) -> Quote | None:
    """The quote that this one translates, if readers see it."""
    original = quote.translates
    return original if original and original.status in Quote.PUBLIC else None


def citation_key(quote: Quote) -> str:
    """A key that never changes, because it is made from the id alone."""
    return f"onrecord-{quote.pk}"


def _origins(quote: Quote, url_of: UrlOf) -> list[str]:
    """What is translated, the reporting chain and the recordings, each in words."""
    told = [f"from {quote.translated_from}"] if quote.translated_from else []
    if original := shown_original(quote):
        told.append(url_of("quote", original.pk))
    parts = [" ".join(["translated", *told])] if told else []
    for step in quote.via.all():
        heard = f" ({step.media})" if step.media else ""
        parts.append(f"by way of {step.name}{heard}")
    return [*parts, f"recording {quote.media}"] if quote.media else parts


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
    parts = [
        said,
        *_origins(quote, url_of),
        *history.remarks(quote.status),
        url_of("quote", quote.pk),
    ]
    return " ".join("; ".join(parts).split()).replace("{:", "{ :")
