"""Printed means printed: the attribution that a client sends is looked for in the text."""

from django.core.exceptions import ValidationError

from quotes.anchoring import Page, TooMuchWork
from quotes.anchoring.printed import Printed, check_attribution

PREFIX = "attribution_"
"""Of the columns of the printed attribution."""


class NotPrinted(ValidationError):
    """Parts of an attribution that the article does not print; `faults` are for the API."""

    def __init__(self, faults: dict[str, dict]):
        self.faults = [{"pointer": f"/attribution/{part}", **faults[part]} for part in faults]
        super().__init__({f"{PREFIX}{part}": fault["message"] for part, fault in faults.items()})


def check_printed(quote, changes: dict) -> list[str]:
    """Parts of a changed attribution that the article does not print. Raises NotPrinted.

    The text is the one that the quote is anchored in, else the article's. A part that stays as it
    is on record is not refused. Without a text, nothing can be checked.
    """
    sent = {
        name.removeprefix(PREFIX): words
        for name, words in changes.items()
        if name.startswith(PREFIX) and words
    }
    snapshot = quote.snapshot or quote.article.snapshot
    if not sent or snapshot is None:
        return []
    page = Page(snapshot.text)
    headlines = {snapshot.headline, quote.article.headline}
    printed = Printed(page.text, *headlines, budget=page.budget)
    try:
        missing, faults = check_attribution(printed, page, sent, shows_text=quote.shows_text)
    except TooMuchWork as error:
        raise ValidationError({f"{PREFIX}text": error.message}) from error
    changed = {
        part: fault
        for part, fault in faults.items()
        if sent[part] != getattr(quote, f"{PREFIX}{part}")
    }
    if changed:
        raise NotPrinted(changed)
    return [f"attribution.{part}" for part in missing]
