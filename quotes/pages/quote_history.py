"""The public history of a quote: when it became public, each correction, and what became of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from django.http import HttpRequest

from quotes.api.views import Quotes
from quotes.pages.answers import ask
from quotes.pages.results import Shown
from sources.models import Revision

LABELS = {
    Revision.Verb.CREATED: "Put on record",
    Revision.Verb.PUBLISHED: "Published",
    Revision.Verb.DISPUTED: "Marked as disputed",
    Revision.Verb.SETTLED: "Dispute resolved",
    Revision.Verb.RETRACTED: "Retracted",
}
"""Changes that readers are told of; corrections are told with their notes."""

FIELDS = {
    "text": "Words",
    "kind": "Kind of quote",
    "language": "Language",
    "role": "Role",
    "speaker": "Speaker",
    "organisation": "Organisation",
    "affiliation": "Role on record",
    "said": "Day of speaking",
    "attribution.text": "Attribution as printed",
    "attribution.speaker": "Speaker as printed",
    "attribution.role": "Role as printed",
    "attribution.organisation": "Organisation as printed",
    "attribution.cue": "Verb as printed",
    "media": "Recording",
    "translated_from": "Translated from",
    "via": "Through whom the words came",
}
"""Fields that a correction changes, in words; others are where the words stand in the text."""


class Change(NamedTuple):
    """A field before and after a correction, as a reader would say it."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Event:
    """Something that was done with a quote, and why."""

    time: str
    label: str
    reason: str | None
    changes: list[Change]

    @property
    def day(self) -> str:
        return self.time[:10]


def events(request: HttpRequest, quote: Shown) -> list[Event]:
    """What was done with the quote, the last first."""
    told = ask(request, Quotes, "revisions", {"limit": "200"}, is_first=False, pk=quote.id)
    found = [
        Event(revision["time"], LABELS[revision["verb"]], revision["reason"], [])
        for revision in told["results"]
        if revision["verb"] in LABELS
    ]
    for correction in quote.corrections:
        changes = [*_changes(correction["changed"])]
        found.append(Event(correction["when"], "Corrected", correction["note"], changes))
    return sorted(found, key=lambda event: str(event.time), reverse=True)


def _changes(changed: list[dict]) -> Iterator[Change]:
    for each in changed:
        if label := FIELDS.get(each["field"]):
            yield Change(label, _in_words(each["before"]), _in_words(each["after"]))


def _in_words(value) -> str:
    match value:
        case None | [] | "":
            return "unknown"
        case {"name": name}:
            return name
        case list():
            return "; ".join(_in_words(each) for each in value)
        case _:
            return str(value)
