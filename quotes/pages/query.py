"""The parameters of the search page, and links that change one of them."""

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from quotes.api.views import QuotedSpeakers
from quotes.models import Quote
from quotes.pages.answers import Unanswered, ask
from sources.api.endpoints import Endpoint
from sources.api.views import Organisations, Outlets
from sources.models import Speaker
from sources.models.ids import as_uuid

SHOWN_BY = ("cursor", "ordering", "counts")
"""Parameters that change how results are shown, and not which match."""

RECORDS = {"speaker": QuotedSpeakers, "organisation": Organisations, "outlet": Outlets}
"""Filters by record: the view that knows its name."""

LABELS = {
    "q": "Words",
    "phrase": "Exact phrase",
    "like": "Similar wording",
    "speaker": "Speaker",
    "speaker_name": "Speaker",
    "speaker_kind": "Kind of speaker",
    "speaker_fact": "Fact about the speaker",
    "as_of": "As of",
    "organisation": "Organisation",
    "organisation_name": "Organisation",
    "role": "Role",
    "outlet": "Outlet",
    "outlet_name": "Outlet",
    "published_after": "Published from",
    "published_before": "Published to",
    "said_after": "Said from",
    "said_before": "Said to",
    "kind": "Kind of quote",
    "language": "Language",
    "one_per_utterance": "Each statement once",
}
"""Filters in the words of a reader; others are shown by their parameter's name."""


NOT_OF_PAGES = ("fields", "count", "limit", "format")
"""Parameters of the API's list that a page does not have: it leaves them out."""


WORDS = {
    "kind": dict(Quote.Kind.choices),
    "status": dict(Quote.Status.choices),
    "speaker_kind": dict(Speaker.Kind.choices),
    "one_per_utterance": {"true": "yes", "false": "no"},
}
"""Words for the values of these filters."""


class Chip(NamedTuple):
    """An active filter, and the address of the page without it."""

    label: str
    value: str
    without: str


class Query:
    """The parameters of the page, without those that are empty or only for programs."""

    def __init__(self, asked: dict[str, str]):
        self.asked = asked

    @classmethod
    def of(cls, request: HttpRequest) -> "Query":
        asked = {k: v for k, v in request.GET.items() if v.strip() and k not in NOT_OF_PAGES}
        if asked.get("ordering") == "relevance" and not cls(asked).is_ranked:
            del asked["ordering"]  # somebody took the words out of the form
        return cls(asked)

    @property
    def filters(self) -> dict[str, str]:
        """Parameters that decide which quotes match: those of facets, feeds and exports."""
        return {k: v for k, v in self.asked.items() if k not in SHOWN_BY}

    @property
    def searched(self) -> dict[str, str]:
        """Parameters of the API's list."""
        return {k: v for k, v in self.asked.items() if k != "counts"}

    @property
    def is_first_page(self) -> bool:
        return "cursor" not in self.asked

    @property
    def is_ranked(self) -> bool:
        """Whether matches can be sorted by relevance."""
        return bool({"q", "like"} & self.asked.keys())

    def url(self, **changes: str | None) -> str:
        """The page with these parameters instead, from its first result; None leaves one out."""
        kept = {k: v for k, v in self.asked.items() if k not in ("cursor", "counts")}
        query = urlencode({k: v for k, v in (kept | changes).items() if v is not None})
        return f"{reverse('pages:home')}{f'?{query}' if query else ''}"

    def words(self) -> str:
        """What was searched for, if it was words."""
        return next((self.asked[k] for k in ("q", "phrase", "like") if k in self.asked), "")

    def url_of(self, name: str, **more: str) -> str:
        """The address of another view for the same filters."""
        query = urlencode(self.filters | more)
        return f"{reverse(name)}{f'?{query}' if query else ''}"

    def chips(self, request: HttpRequest) -> Iterator[Chip]:
        """The active filters, but for the words in the box; a query or two for each record."""
        for name, value in self.filters.items():
            if name == "q":
                continue
            if name in RECORDS:
                shown = named(request, name, value)
            else:
                shown = ", ".join(WORDS.get(name, {}).get(one, one) for one in value.split(","))
            yield Chip(LABELS.get(name, name.replace("_", " ")), shown, self.url(**{name: None}))


def named(request: HttpRequest, kind: str, values: str) -> str:
    """The names of records, given as ids or slugs; a value that names none for the user stays."""
    return ", ".join(_name(request, RECORDS[kind], value.strip()) for value in values.split(","))


def _name(request: HttpRequest, view: type[Endpoint], value: str) -> str:
    only = {"fields": "name"}
    try:
        if as_uuid(value):
            return ask(request, view, "retrieve", only, is_first=False, pk=value)["name"]
        if view is Outlets:
            found = ask(request, view, "list", only | {"slug": value}, is_first=False)["results"]
            return found[0]["name"] if found else value
    except Unanswered as refusal:
        if survivor := refusal.data.get("merged_into"):
            return _name(request, view, str(survivor))
    return value
