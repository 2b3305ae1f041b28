"""What several representations say in the same words."""

from collections.abc import Callable
from datetime import UTC, datetime

from quotes.models import Quote
from quotes.representations.status_history import Life

Address = Callable[[str, object], str]
"""`address("snapshot", sha256)`: the absolute URL of what has this key."""

MARKED = (Quote.Kind.DIRECT, Quote.Kind.PARTIAL)  # kinds whose words stood in quote marks


def known(members: dict) -> dict:
    """The members that say something."""
    return {name: value for name, value in members.items() if value not in (None, "", [], {})}


def moment(time: datetime) -> str:
    """RFC 3339, in UTC."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def passages(quote: Quote) -> list[str]:
    """The words of each span: they are joined in `text` by one character, a space or a newline."""
    found, at = [], 0
    for start, end in quote.spans:
        found.append(quote.text[at : at + end - start])
        at += end - start + 1
    return found


def attributed_to(quote: Quote) -> str | None:
    """Name, role and organisation, resolved where they are, else as printed; None for nobody."""
    name = quote.speaker.name if quote.speaker else quote.attribution_speaker
    place = quote.organisation.name if quote.organisation else quote.attribution_organisation
    told = dict.fromkeys(part for part in (name, quote.shown_role, place) if part)
    return ", ".join(told) or None


def citation_key(quote: Quote) -> str:
    """The same for good, whatever is corrected: it is made from the id alone."""
    return f"onrecord-{quote.pk}"


def note(quote: Quote, life: Life, address: Address) -> str:
    """The words, who said them, by way of whom, what became of them, and where that is on record.

    One line without `{:`, and a beginning that is no `label:`. Programs that read CSL take lines of
    that kind, and `{:label: value}` anywhere, for fields of their own, and the words are not ours.
    """
    who = attributed_to(quote)
    if quote.kind in MARKED:
        said = f"“{quote.text}”" + (f" ({who})" if who else "")
    else:
        said = (
            f"Reported speech ({who}): {quote.text}" if who else f"(Reported speech) {quote.text}"
        )
    by_way_of = [f"by way of {step.name}" for step in quote.via.all()]
    parts = [said, *by_way_of, *life.remarks(quote.status), address("quote", quote.pk)]
    return " ".join("; ".join(parts).split()).replace("{:", "{ :")
