"""The adapter point for another proposer than our own rules: `ONRECORD_PROPOSER`.

The setting names a callable by its dotted path. What it answers is anchored like a filed quote:
words that the text does not print are dropped, and so are names that it does not print.
"""

from dataclasses import replace
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from quotes.anchoring import AnchoringError, Budget, Page
from quotes.anchoring.printed import Printed
from quotes.extraction import Proposal, propose


class Proposer(Protocol):
    """Proposes the quotes of a text, as `quotes.extraction.propose` does.

    Offsets are code points. A proposal without spans is looked for by its words.
    """

    def __call__(self, text: str, language: str | None = None) -> list[Proposal]: ...


def proposals_in(text: str, language: str | None = None) -> list[Proposal]:
    """The proposals of the proposer in use, in the order of the text, all of them printed there."""
    if not settings.ONRECORD_PROPOSER:
        return propose(text, language)
    proposer: Proposer = import_string(settings.ONRECORD_PROPOSER)
    page, printed = Page(text, Budget()), Printed(text)
    found = (_as_printed(each, page, printed) for each in proposer(text, language))
    return sorted(filter(None, found), key=lambda each: each.spans)


def _as_printed(found: Proposal, page: Page, printed: Printed) -> Proposal | None:
    """A proposal with spans of the text, and without names that it does not print."""
    try:
        spans = page.at(found.spans, found.text) if found.spans else page.find(found.text)
        text = page.text_at(spans)
    except (AnchoringError, TypeError, ValueError):
        return None
    named = {
        name: value if value and printed.has(value) else None
        for name in ("speaker", "role", "organisation")
        for value in [getattr(found, name)]
    }
    parts = {
        name: value
        for name in ("text", "speaker", "role", "organisation", "cue")
        for value in [getattr(found.attribution, name)]
        if value and not printed.has(value)
    }
    attribution = replace(found.attribution, **dict.fromkeys(parts))
    return replace(
        found, spans=[tuple(span) for span in spans], text=text, attribution=attribution, **named
    )
