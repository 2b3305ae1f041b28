"""Records whose name fits what somebody typed: beside a search, and below the fields for names."""

from typing import NamedTuple

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

from quotes.pages.answers import Unanswered, ask, page
from quotes.pages.query import RECORDS
from sources.api.addresses import path_of

MOST_NAMES = "8"  # below a field
MOST_BESIDE = "3"  # of each kind, beside a search

MOST_LETTERS = 60
"""Longer words are no name."""


class Named(NamedTuple):
    """A record's name, and the path of its page."""

    name: str
    path: str


@page
def names(request: HttpRequest, kind: str) -> HttpResponse:
    """Names of speakers, organisations or outlets that fit, as JSON."""
    if kind not in RECORDS:
        raise Http404
    asked = {"q": request.GET.get("q", ""), "limit": MOST_NAMES, "fields": "name"}
    found = ask(request, RECORDS[kind], "list", asked)["results"]
    return JsonResponse({"names": [*dict.fromkeys(record["name"] for record in found)]})


def named_like(request: HttpRequest, words: str) -> list[Named]:
    """Speakers, organisations and outlets that these words may name, the best of each kind."""
    if len(words) > MOST_LETTERS:
        return []
    found = []
    for kind, view in RECORDS.items():
        asked = {"q": words, "limit": MOST_BESIDE}
        try:
            records = ask(request, view, "list", asked, is_first=False)["results"]
        except Unanswered:  # such as for a single letter
            continue
        keys = ((each["name"], each.get("slug") or each["id"]) for each in records)
        found += [Named(name, path_of(kind, key)) for name, key in keys]
    return found
