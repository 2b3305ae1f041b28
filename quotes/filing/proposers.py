"""The adapter point for another proposer than our own rules: `ONRECORD_PROPOSER`.

The setting names a callable by its dotted path. Its answers are anchored like filed quotes: words
that the text does not print are dropped, and so are names that it does not print.
"""

import logging
from dataclasses import replace
from http import HTTPStatus
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string
from rest_framework.exceptions import APIException

from quotes.anchoring import AnchoringError, Budget, Page
from quotes.anchoring.printed import Printed
from quotes.extraction import PrintedAttribution, Proposal, propose
from quotes.models import Proposal as Stored
from quotes.models import Quote, Via
from sources.models import Speaker

MAX_NAME_CHARACTERS = 500
"""Of a name or a role that can be stored; a longer one is dropped."""

MAX_LABEL_CHARACTERS = 60
"""Of a rule, and of what a passage led to."""

log = logging.getLogger(__name__)


class Proposer(Protocol):
    """Proposes the quotes of a text, as `quotes.extraction.propose` does.

    Offsets are code points. A proposal without spans is looked for by its words. It must end by
    itself, within seconds: a filing waits for it. It may raise any error.
    """

    def __call__(
        self, text: str, language: str | None = None, *, indirect: bool = False
    ) -> list[Proposal]: ...


class ProposerFailed(APIException):
    status_code = HTTPStatus.BAD_GATEWAY
    default_detail = "The proposer of quotes in use failed. Nothing was stored. Try again later."
    default_code = "proposer-failed"


def proposals_in(
    text: str, language: str | None = None, *, indirect: bool = False
) -> list[Proposal]:
    """The proposals of the proposer in use, in the order of the text, all of them printed there.

    Reported speech is proposed only if `indirect`. Raises ProposerFailed, but never for our own
    rules.
    """
    use = _of_another if settings.ONRECORD_PROPOSER else propose
    found = use(text, language, indirect=indirect)
    return [_with_short_names(each) for each in found]


def _of_another(text: str, language: str | None, *, indirect: bool) -> list[Proposal]:
    try:
        proposer: Proposer = import_string(settings.ONRECORD_PROPOSER)
        asked = {"indirect": True} if indirect else {}
        answered = list(proposer(text, language, **asked))
    except Exception as error:  # whatever the code of others stumbles over
        # Its message may have words of the text
        log.error("%s raised %s", settings.ONRECORD_PROPOSER, type(error).__name__)
        raise ProposerFailed from None
    page, printed = Page(text, Budget()), Printed(text)
    found = (_as_printed(each, page, printed) for each in answered)
    return sorted(filter(None, found), key=lambda each: each.spans)


def _with_short_names(found: Proposal) -> Proposal:
    """A proposal without names that are too long to be any."""
    printed = found.attribution
    parts = {"speaker": printed.speaker, "role": printed.role, "organisation": printed.organisation}
    long = {name for name, value in parts.items() if len(value or "") > MAX_NAME_CHARACTERS}
    named = {name for name in parts if len(getattr(found, name) or "") > MAX_NAME_CHARACTERS}
    if not (long or named):
        return found
    attribution = replace(printed, **dict.fromkeys(long))
    return replace(found, attribution=attribution, **dict.fromkeys(named))


def _is_sound(found: Proposal, text: str) -> bool:
    """Whether a proposal has the values that a proposal may have."""
    return (
        isinstance(found, Proposal)
        and isinstance(found.attribution, PrintedAttribution)
        and found.kind in Quote.Kind.values
        and found.speaker_kind in Speaker.Kind.values
        and found.band in Stored.Band.values
        and 0 < len(found.rule) <= MAX_LABEL_CHARACTERS
        and all(0 <= share <= 1 for share in found.confidence.values())
        and all(0 <= each.start < each.end <= len(text) for each in found.because)
        and all(len(each.what) <= MAX_LABEL_CHARACTERS for each in found.because)
    )


def _as_printed(found: Proposal, page: Page, printed: Printed) -> Proposal | None:
    """A proposal with spans of the text, and without names that it does not print.

    None if its words are not there, or if it is no proposal.
    """
    try:
        if not _is_sound(found, page.text):
            return None
        spans = page.at(found.spans, found.text) if found.spans else page.find(found.text)
        text = page.text_at(spans)
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
        via = [
            {"kind": step["kind"], "name": step["name"]}
            for step in found.via
            if step["kind"] in Via.Kind.values and printed.has(step["name"])
        ]
    except (AnchoringError, AttributeError, KeyError, TypeError, ValueError):
        return None
    attribution = replace(found.attribution, **dict.fromkeys(parts))
    spans = [tuple(span) for span in spans]
    return replace(found, spans=spans, text=text, attribution=attribution, via=via, **named)
