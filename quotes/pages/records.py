"""Pages of speakers, organisations, outlets and articles: who and what, and their quotes."""

from typing import NamedTuple
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

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
from quotes.pages.rights import rights_of, wishes_of
from quotes.pages.search import COUNTED_AT_ONCE
from sources.api.addresses import path_of, service_url
from sources.api.endpoints import Endpoint
from sources.api.views import Affiliations, Facts, Organisations, Outlets, Snapshots
from sources.models import Outlet, Speaker
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
    Speaker.Kind.PERSON: ("Person", "Person"),
    Speaker.Kind.ORGANISATION: ("Organisation", "Organization"),
    Speaker.Kind.UNNAMED: ("Unnamed speaker", "Person"),
    Speaker.Kind.COLLECTIVE: ("Group of speakers", None),
    Speaker.Kind.UNKNOWN: ("Speaker", None),
}
"""What a page calls each kind of speaker, and its type in schema.org."""

FEED = "Its quotes, as they come and as they change"

WIKIDATA = "http://www.wikidata.org/entity/"


@page
def speaker(request: HttpRequest, pk: UUID) -> HttpResponse:
    record = ask(request, QuotedSpeakers, "retrieve", pk=pk)
    kind, type_ = KINDS[record["kind"]]
    roles = listed(request, Affiliations, {"speaker": str(pk), "limit": MAX_ROLES})
    facts = listed(request, Facts, {"speaker": str(pk), "limit": MAX_ROLES})
    context = {"kind": kind, "roles": roles, "by_speaker": True, "facts_known": facts}
    return record_page(request, "speaker", record, context, type_)


@page
def organisation(request: HttpRequest, pk: UUID) -> HttpResponse:
    record = ask(request, Organisations, "retrieve", pk=pk)
    people = listed(request, Affiliations, {"organisation": str(pk), "limit": MAX_ROLES})
    parts = listed(request, Organisations, {"parent": str(pk), "limit": MAX_PARTS})
    context = {"kind": "Organisation", "roles": people, "parts": parts}
    return record_page(request, "organisation", record, context, "Organization")


@page
def outlet(request: HttpRequest, slug: str) -> HttpResponse:
    """An outlet by its slug; its id, as the API has it, leads there."""
    if key := as_uuid(slug):
        return redirect(path_of("outlet", ask(request, Outlets, "retrieve", pk=key)["slug"]))
    pk = get_object_or_404(Outlet, slug=slug).pk
    record = ask(request, Outlets, "retrieve", pk=pk)
    asked = {"outlet": str(pk), "limit": LATEST_ARTICLES}
    context = {"kind": "Outlet", "articles": listed(request, Articles, asked)}
    context |= rights_of(record, None)
    is_indexed = not record["refuses_robots"]
    return record_page(request, "outlet", record, context, "NewsMediaOrganization", is_indexed)


def record_page(
    request: HttpRequest,
    kind: str,
    record: dict,
    context: dict,
    type_: str | None,
    is_indexed: bool = True,
) -> HttpResponse:
    """The page of a record with a name: its quotes over time, by whom and where, and the latest."""
    of = {kind: record["id"]}
    query = Query(of)
    asked = of | {"limit": LATEST, "one_per_utterance": "true"}
    found = listed(request, Quotes, asked)
    about = Page(
        record["name"],
        description=f"What is on record of {record['name']}: quotes, dates and outlets.",
        path=path_of(kind, record.get("slug") or record["id"]),
        og_type="profile",
        json_ld=described(request, kind, record, type_),
        alternates=[api_of(request, kind, record["id"]), feed_of(request, query, FEED)],
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


def api_of(request: HttpRequest, kind: str, pk: str) -> Alternate:
    return Alternate("application/json", f"{service_url(request)}/api/v1/{kind}s/{pk}/")


def described(request: HttpRequest, kind: str, record: dict, type_: str | None) -> dict:
    """The record in schema.org, with the identifier that other answers of ours give it."""
    key = record.get("slug") or record["id"]
    wikidata = record.get("identifiers", {}).get("wikidata")
    members = {
        "@context": "https://schema.org",
        "@type": type_ or "Thing",
        "@id": api_of(request, kind, record["id"]).url,
        "name": record["name"],
        "alternateName": record["aliases"],
        "sameAs": wikidata and f"{WIKIDATA}{wikidata}",
        "url": record.get("url"),
        "mainEntityOfPage": f"{service_url(request)}{path_of(kind, key)}",
    }
    return {name: value for name, value in members.items() if value}


# Articles


@page
def article(request: HttpRequest, pk: UUID) -> HttpResponse:
    record = ask(request, Articles, "retrieve", pk=pk)
    query = Query({"article": str(pk)})
    asked = query.asked | {"ordering": "published", "limit": str(MAX_PLACED)}
    answer = ask(request, Quotes, "list", asked, is_first=False)
    found = answer["results"]
    quotes = sorted((Shown(each) for each in found), key=where)[:MAX_QUOTES]
    wishes = wishes_of(record["outlet"])
    title = record["headline"] or "Article without a headline"
    outlet, published = record["outlet"], record["published"]
    printed = [outlet and outlet["name"], published and in_words(published)]
    about = Page(
        title,
        description=f"Quotes in “{title}”. {', '.join(filter(None, printed))}".strip(),
        path=path_of("article", pk),
        og_type="article",
        json_ld=news_article(request, record),
        alternates=[api_of(request, "article", str(pk)), feed_of(request, query, FEED)],
        is_indexed=not wishes.refuses_robots,
    )
    context = {
        "record": record,
        "quotes": quotes,
        "number": len(found),
        "is_cut": len(found) > MAX_QUOTES,
        "has_more": answer["next"] is not None,
        "search": query.url(ordering="published"),
        "text": full_text(request, record, quotes),
        **rights_of(record, found[0]["outlet"] if found else None),
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


def news_article(request: HttpRequest, record: dict) -> dict:
    """The article in schema.org, with the identifier that its quotes give it."""
    outlet, rights = record["outlet"], rights_of(record, None)
    license_ = rights["license"]
    members = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "@id": api_of(request, "article", record["id"]).url,
        "headline": record["headline"],
        "url": record["url"],
        "author": [{"@type": "Person", "name": name} for name in record["byline"] if name.strip()],
        "datePublished": record["published_at"] or record["published"],
        "inLanguage": record["language"],
        "publisher": outlet
        and {
            "@type": "NewsMediaOrganization",
            "@id": api_of(request, "outlet", outlet["id"]).url,
            "name": outlet["name"],
        },
        "copyrightNotice": rights["rights"],
        "license": license_ if rights["is_license_url"] else None,
        "mainEntityOfPage": f"{service_url(request)}{path_of('article', record['id'])}",
    }
    return {name: value for name, value in members.items() if value}
