"""What quotes add to the search over everything: their words, the queues, and pages of tools."""

from collections.abc import Iterator

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from quotes.admin.dashboard import queue_links
from quotes.admin.status import status_badge
from quotes.models import Quote
from sources.admin.html import in_a_line, isolated
from sources.admin.site_search import (
    Found,
    FoundGroup,
    find_pages,
    first_found,
    page_of,
    searches,
)


def _queues(request: HttpRequest, term: str) -> Iterator[FoundGroup]:
    yield from find_pages(term, queue_links(request.user), "Queues")


def _tools(request: HttpRequest, term: str) -> Iterator[FoundGroup]:
    may = request.user.has_perm
    pages = [("Guides", reverse("guides"))]
    if may("quotes.view_quote"):
        pages.append(("Check a draft", reverse("admin:quotes_quote_check")))
    if may("quotes.review_quote"):
        pages.append(("How good are proposals?", reverse("admin:quotes_quote_extraction")))
    if may("sources.add_article"):
        pages.append(("Add article", reverse("admin:sources_article_document")))
    yield from find_pages(term, pages, "Tools")


def _quotes(request: HttpRequest, term: str) -> Iterator[FoundGroup]:
    def with_speakers(quotes):
        return [Found(page_of(one), isolated(str(one)), _about(one)) for one in quotes]

    yield from first_found(request, Quote, term, with_speakers)


def _about(quote: Quote) -> str:
    speaker = quote.speaker or quote.attribution_speaker
    printed = in_a_line(speaker, quote.outlet, quote.published)
    return format_html("{} {}", status_badge(quote.status), printed)


searches[:0] = [_queues, _tools]
searches.append(_quotes)
