"""Pages of quotes, speakers, organisations, outlets and articles."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from quotes.api.filing_views import Articles
from quotes.api.views import QuotedSpeakers, Quotes
from quotes.pages.answers import ask, page
from quotes.pages.frame import Page, show
from quotes.pages.results import Shown
from sources.api.addresses import path_of
from sources.api.endpoints import Endpoint
from sources.api.views import Organisations, Outlets
from sources.models import Outlet
from sources.models.ids import as_uuid


@page
def quote(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = Shown(ask(request, Quotes, "retrieve", pk=pk))
    about = Page(f"“{shown.text[:80]}”", path=path_of("quote", pk), og_type="article")
    return show(request, "pages/quote.html", about, {"quote": shown})


@page
def speaker(request: HttpRequest, pk: UUID) -> HttpResponse:
    return record_page(request, QuotedSpeakers, "speaker", pk)


@page
def organisation(request: HttpRequest, pk: UUID) -> HttpResponse:
    return record_page(request, Organisations, "organisation", pk)


@page
def outlet(request: HttpRequest, slug: str) -> HttpResponse:
    """An outlet by its slug; its id, as the API has it, leads there."""
    if key := as_uuid(slug):
        return redirect(path_of("outlet", ask(request, Outlets, "retrieve", pk=key)["slug"]))
    found = get_object_or_404(Outlet, slug=slug)
    return record_page(request, Outlets, "outlet", found.pk, path_of("outlet", slug))


@page
def article(request: HttpRequest, pk: UUID) -> HttpResponse:
    return record_page(request, Articles, "article", pk)


def record_page(
    request: HttpRequest, view: type[Endpoint], kind: str, pk: UUID, path: str = ""
) -> HttpResponse:
    """The name of a record, and its latest quotes."""
    record = ask(request, view, "retrieve", pk=pk)
    name = record.get("name") or record.get("headline") or "Untitled article"
    asked = {kind: str(pk), "limit": "20"}
    quotes = ask(request, Quotes, "list", asked, is_first=False)["results"]
    about = Page(name, path=path or path_of(kind, pk), og_type="article")
    context = {"kind": kind, "record": record, "quotes": [Shown(each) for each in quotes]}
    return show(request, "pages/record.html", about, context)
