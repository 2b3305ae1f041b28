"""Pages of speakers, organisations, outlets and articles: who and what, and their quotes."""

from typing import NamedTuple
from uuid import UUID

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from quotes.anchoring import HEADLINE, TEXT
from quotes.api.filing_views import Articles
from quotes.api.views import QuotedSpeakers, Quotes
from quotes.pages.answers import Unanswered, ask, page
from quotes.pages.counts import facets, timeline
from quotes.pages.dates import in_words
from quotes.pages.feeds import feed_of
from quotes.pages.frame import Alternate, Page, show
from quotes.pages.query import Query
from quotes.pages.results import Shown
from quotes.pages.rights import rights_of
from quotes.pages.search import COUNTED_AT_ONCE
from quotes.representations.jsonld import described
from quotes.representations.wording import UrlOf
from sources.api.addresses import html_url, page_path, path_of
from sources.api.endpoints import Endpoint
from sources.api.views import Affiliations, Facts, Organisations, Outlets, Snapshots
from sources.models import Article, Organisation, Outlet, Speaker
from sources.models.ids import as_uuid

LATEST = "10"
"""Quotes on the page of a record, each statement once."""

MAX_ROLES = "50"
"""Roles on the page of a speaker or an organisation, the latest first; and facts of a speaker."""

MAX_PARTS = "50"
"""Organisations that are listed as parts of another."""

LATEST_ARTICLES = "10"

MOST_YEARS = 5
"""Years whose quotes are drawn by month: the drawing has room for 60 bars."""

MAX_QUOTES = 40
"""Quotes on the page of an article: some 35 KB."""

MAX_PLACED = 200
"""Quotes of an article that are put in its order, the first filed: as many as the API lists at a
time."""

KINDS = {
    Speaker.Kind.PERSON: "Person",
    Speaker.Kind.ORGANISATION: "Organisation",
    Speaker.Kind.UNNAMED: "Unnamed speaker",
    Speaker.Kind.COLLECTIVE: "Group of speakers",
    Speaker.Kind.UNKNOWN: "Speaker",
}
"""What a page calls each kind of speaker."""

FEED = "Its quotes, as they come and as they change"


@page
def speaker(request: HttpRequest, pk: UUID) -> HttpResponse:
    record = ask(request, QuotedSpeakers, "retrieve", pk=pk)
    roles = listed(request, Affiliations, {"speaker": str(pk), "limit": MAX_ROLES})
    facts = listed(request, Facts, {"speaker": str(pk), "limit": MAX_ROLES})
    context = {"kind": KINDS[record["kind"]], "roles": roles, "by_speaker": True}
    context["facts_known"] = facts
    return record_page(request, Speaker.objects.get(pk=pk), record, context)


@page
def organisation(request: HttpRequest, pk: UUID) -> HttpResponse:
    record = ask(request, Organisations, "retrieve", pk=pk)
    people = listed(request, Affiliations, {"organisation": str(pk), "limit": MAX_ROLES})
    parts = listed(request, Organisations, {"parent": str(pk), "limit": MAX_PARTS})
    context = {"kind": "Organisation", "roles": people, "parts": parts}
    return record_page(request, Organisation.objects.get(pk=pk), record, context)


@page
def outlet(request: HttpRequest, slug: str) -> HttpResponse:
    """An outlet by its slug; its id, as the API has it, leads there."""
    if key := as_uuid(slug):
        return redirect(path_of("outlet", ask(request, Outlets, "retrieve", pk=key)["slug"]))
    found = get_object_or_404(Outlet, slug=slug)
    record = ask(request, Outlets, "retrieve", pk=found.pk)
    asked = {"outlet": str(found.pk), "limit": LATEST_ARTICLES}
    context = {"kind": "Outlet", "articles": listed(request, Articles, asked)}
    context |= rights_of(record)
    return record_page(request, found, record, context, not record["refuses_robots"])


def record_page(
    request: HttpRequest,
    named: Speaker | Organisation | Outlet,
    record: dict,
    context: dict,
    is_indexed: bool = True,
) -> HttpResponse:
    """The page of a record with a name: its quotes over time, by whom and where, and the latest.

    `record` is what the API answers of it.
    """
    kind = named._meta.model_name
    of = {kind: record["id"]}
    query = Query(of)
    asked = of | {"limit": LATEST, "one_per_utterance": "true"}
    found = listed(request, Quotes, asked)
    about = Page(
        record["name"],
        description=f"What is on record of {record['name']}: quotes, dates and outlets.",
        path=page_path(named),
        og_type="profile",
        json_ld=json_ld_of(request, named),
        alternates=[api_of(request, named), feed_of(request, query, FEED)],
        is_indexed=is_indexed,
    )
    context |= {
        "record": record,
        "of": kind,
        "wikidata": record.get("identifiers", {}).get("wikidata"),
        "quotes": [Shown(each) for each in found],
        "search": query.url(),
    }
    if found:
        counted = {**of, "limit": "1", "fields": "id", "count": "true"}
        count = ask(request, Quotes, "list", counted, is_first=False)["count"]
        context["count"] = count
        if count["value"] <= COUNTED_AT_ONCE or "counts" in request.GET:
            context["facets"] = facets(request, query)
            context["timeline"] = timeline(request, query, MOST_YEARS)
    return show(request, "pages/record.html", about, context)


def listed(request: HttpRequest, view: type[Endpoint], asked: dict[str, str]) -> list[dict]:
    return ask(request, view, "list", asked, is_first=False)["results"]


def address_in_api(request: HttpRequest) -> UrlOf:
    """Addresses as the answers of the API have them: they identify records in JSON-LD too."""
    return lambda kind, key: request.build_absolute_uri(reverse(f"{kind}-detail", args=[key]))


def api_of(request: HttpRequest, record: Model) -> Alternate:
    url = address_in_api(request)(record._meta.model_name, record.pk)
    return Alternate("application/json", url)


def json_ld_of(request: HttpRequest, record: Model) -> dict:
    return described(record, address_in_api(request), html_url(record, request))


# Articles


@page
def article(request: HttpRequest, pk: UUID) -> HttpResponse:
    record = ask(request, Articles, "retrieve", pk=pk)
    query = Query({"article": str(pk)})
    asked = query.asked | {"ordering": "published", "limit": str(MAX_PLACED)}
    answer = ask(request, Quotes, "list", asked, is_first=False)
    found = answer["results"]
    quotes = sorted((Shown(each) for each in found), key=where)[:MAX_QUOTES]
    held = Article.objects.select_related("outlet").get(pk=pk)
    title = record["headline"] or "Article without a headline"
    outlet, published = record["outlet"], record["published"]
    printed = [outlet and outlet["name"], published and in_words(published)]
    about = Page(
        title,
        description=f"Quotes in “{title}”. {', '.join(filter(None, printed))}".strip(),
        path=page_path(held),
        og_type="article",
        json_ld=json_ld_of(request, held),
        alternates=[api_of(request, held), feed_of(request, query, FEED)],
        is_indexed=not (held.outlet and held.outlet.refuses_robots),
    )
    context = {
        "record": record,
        "quotes": quotes,
        "number": len(found),
        "is_cut": len(found) > MAX_QUOTES,
        "has_more": answer["next"] is not None,
        "search": query.url(ordering="published"),
        "text": full_text(request, record, quotes),
        **rights_of({name: held.shown(name) for name in ("rights", "license")}),
    }
    return show(request, "pages/article.html", about, context)


def where(quote: Shown) -> tuple[bool, int]:
    """The place of a quote in its article: the headline first, then the text."""
    spans = quote.anchor["spans"]
    return quote.anchor["in"] != HEADLINE, spans[0]["start"] if spans else 0


class Passage(NamedTuple):
    """A stretch of an article's text, and the quote that stands there, if one does."""

    text: str
    quote: str | None


def full_text(request: HttpRequest, record: dict, quotes: list[Shown]) -> list[Passage] | None:
    """The article's present text, cut at its quotes, for who may read it."""
    if not record["snapshot"]:
        return None
    try:
        held = ask(request, Snapshots, "retrieve", is_first=False, sha256=record["snapshot"])
    except Unanswered:
        return None
    text, at, passages = held["text"], 0, []
    for quote in quotes:
        if (quote.anchor["snapshot"], quote.anchor["in"]) != (record["snapshot"], TEXT):
            continue
        for span in quote.anchor["spans"]:
            start, end = span["start"], span["end"]
            if start >= at:  # quotes may overlap: the first is marked
                passages += [Passage(text[at:start], None), Passage(text[start:end], quote.id)]
                at = end
    return [*passages, Passage(text[at:], None)]
