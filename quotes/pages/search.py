"""`/`: a search box, the quotes it finds in their context, and ways to narrow and to take them."""

from http import HTTPStatus
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect

from quotes.api.views import Quotes
from quotes.exports import QuoteExport
from quotes.models import Quote
from quotes.pages.answers import Unanswered, ask, call, page
from quotes.pages.counts import facets, timeline
from quotes.pages.frame import Alternate, Page, show
from quotes.pages.names import named_like
from quotes.pages.query import Query
from quotes.pages.results import Shown
from sources.api.addresses import service_url
from sources.database.estimates import estimate

RESULTS = "20"
"""Quotes on a page: with facets and timeline, some 40 KB."""

COUNTED_AT_ONCE = 20_000
"""Quotes of an archive in which every search is counted with its page, in some 30 ms. In a larger
one the counts are another request."""

DESCRIPTION = (
    "Search quotes with their speaker, role, organisation, outlet and date, and with proof of "
    "where the words were printed."
)

ORDERS = {
    "-published": "Newest first",
    "published": "Oldest first",
    "relevance": "Best match first",
    "-said": "Most recently said",
}

EXPORTS = {"csv": "CSV", "ndjson": "NDJSON", "parquet": "Parquet"}


@page
def home(request: HttpRequest) -> HttpResponse:
    """The search page. What the filters refuse is said above the results, with status 400."""
    query = Query.of(request)
    if len(query.asked) < len(request.GET):  # such as empty fields of the form
        return redirect(query.url())
    context = {"query": query, "asked": query.asked, "orders": orders(query)}
    context |= {"kinds": Quote.Kind.choices, "kept": kept(query)}
    faults = [
        f"{name}: given more than once. Separate values with commas."
        for name, values in request.GET.lists()
        if len(values) > 1
    ]
    try:
        context |= {} if faults else found(request, query)
    except Unanswered as refusal:
        if refusal.status != HTTPStatus.BAD_REQUEST:
            raise
        faults = refusal.faults
    context["faults"] = faults
    status = HTTPStatus.BAD_REQUEST if faults else HTTPStatus.OK
    return show(request, "pages/search.html", head(request, query), context, status=status)


def found(request: HttpRequest, query: Query) -> dict:
    """The results of a search, its active filters, and its counts if they are cheap or wanted."""
    asked = {"limit": RESULTS, **query.searched}
    is_counted = query.is_first_page and ("counts" in query.asked or is_small())
    if is_counted:
        asked["count"] = "true"
    answer = ask(request, Quotes, "list", asked)
    quotes, count = answer["results"], answer.get("count")
    if query.is_first_page and not answer["next"]:
        is_counted, count = True, {"value": len(quotes), "exact": True}
    context = {
        "quotes": [Shown(quote) for quote in quotes],
        "count": count,
        "chips": [*query.chips(request)],
        "next": turned(query, answer["next"]),
        "previous": turned(query, answer["previous"]),
        "exports": [
            *((label, query.url_of("pages:export", format=of)) for of, label in EXPORTS.items()),
            ("Feed", query.url_of("pages:feed")),
        ],
    }
    if is_counted and "q" in query.asked:
        context["named"] = named_like(request, query.asked["q"])
    if is_counted and len(quotes) > 1:
        context |= {"facets": facets(request, query), "timeline": timeline(request, query)}
    elif query.is_first_page and quotes and not is_counted:
        context["counts_url"] = query.url(counts="shown")
    return context


def turned(query: Query, link: str | None) -> str | None:
    """The address of the page of results that a link of the API leads to."""
    return link and query.url(cursor=QueryDict(urlsplit(link).query)["cursor"])


def is_small() -> bool:
    """Whether all quotes of the archive are few, as PostgreSQL expects."""
    return estimate(Quote.objects.all()) <= COUNTED_AT_ONCE


def orders(query: Query) -> list[tuple[str, str, bool]]:
    """Label, address and whether it is the present one, of each order that the search has."""
    now = query.asked.get("ordering", Quotes.default_ordering)
    return [
        (label, query.url(ordering=None if name == Quotes.default_ordering else name), name == now)
        for name, label in ORDERS.items()
        if name != "relevance" or query.is_ranked
    ]


FIELDS = (
    *("q", "phrase", "like", "speaker_name", "organisation_name", "role", "outlet_name"),
    *("published_after", "published_before", "kind", "language", "one_per_utterance"),
)
"""Parameters that have a field in the form."""


def kept(query: Query) -> dict[str, str]:
    """Parameters without a field, which the form sends on unseen."""
    return {
        k: v for k, v in query.asked.items() if k not in FIELDS and k not in ("cursor", "counts")
    }


def head(request: HttpRequest, query: Query) -> Page:
    words = query.words()
    title = f"“{words[:80]}”" if words else "On Record"
    alternates = [
        Alternate("application/json", query.url_of("quote-list", format="json")),
        Alternate("application/atom+xml", query.url_of("pages:feed"), "Quotes of this search"),
    ]
    return Page(
        title,
        DESCRIPTION,
        path=query.url(),
        alternates=alternates,
        json_ld=None if query.asked else website(request),
        is_indexed=not query.asked,  # results of searches are no pages to find
    )


def website(request: HttpRequest) -> dict:
    """The service, and how to search it, for search engines (schema.org)."""
    site = service_url(request)
    return {
        "@context": "https://schema.org",
        "@type": "WebSite",
        "name": "On Record",
        "url": f"{site}/",
        "description": DESCRIPTION,
        "potentialAction": {
            "@type": "SearchAction",
            "target": {"@type": "EntryPoint", "urlTemplate": f"{site}/?q={{search_term_string}}"},
            "query-input": "required name=search_term_string",
        },
    }


@page
def export(request: HttpRequest) -> HttpResponse:
    """The API's export of a search, for the user of the session."""
    answer = call(request, QuoteExport, "list", request.GET)
    if answer.status_code != HTTPStatus.OK:
        raise Unanswered(QuoteExport, answer)
    return answer
