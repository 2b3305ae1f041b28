"""What every reader of a quote must see with its words: that they were retracted, disputed, …"""

from collections.abc import Iterator
from typing import NamedTuple

from quotes.models import Quote
from quotes.pages.dates import day_of, in_words
from quotes.pages.results import ANCHOR_NOTES, Shown


class Notice(NamedTuple):
    """A notice about a quote: its kind, what it says in our words, and a curator's words."""

    kind: str
    label: str
    text: str | None = None


def notices(quote: Shown) -> Iterator[Notice]:
    """The notices about a quote, the gravest first, then corrections from the last."""
    if quote.status == Quote.Status.RETRACTED:
        yield Notice("retracted", "Retracted", quote.reason)
    elif quote.status == Quote.Status.DISPUTED:
        yield Notice("disputed", "Disputed", quote.reason)
    if withdrawn := quote.article["withdrawn"]:
        when = in_words(day_of(withdrawn["when"]))
        label = f"The outlet withdrew the article on {when}"
        yield Notice("withdrawn", label, withdrawn["reason"])
    for correction in reversed(quote.corrections):
        when = in_words(day_of(correction["when"]))
        yield Notice("corrected", f"Corrected on {when}", correction["note"])
    if said := ANCHOR_NOTES.get(quote.anchor["state"]):
        yield Notice("changed", said)
