"""Sends a browser that asks the API for HTML to the page for people."""

from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from config.api.negotiation import best
from config.api.problems import API
from quotes.pages.query import NOT_OF_PAGES
from quotes.representations import REPRESENTATIONS

HTML = "text/html"

RECORDS = ("quote", "speaker", "organisation", "outlet", "article")
"""Records with a page: the name of their model."""

PAGES = {"quote-list": "home", **{f"{kind}-detail": kind for kind in RECORDS}}
"""Name of a path of the API → name of the page."""

FOR_PROGRAMS = (*NOT_OF_PAGES, "cursor")
"""Parameters of a list that mean nothing to a page; its cursors are of another `limit`."""

OFFERED = ("application/json", *(each.media_type for each in REPRESENTATIONS), HTML)


class SeeOther(HttpResponseRedirect):
    status_code = 303


def pages_for_browsers(get_response):
    """Answer 303 where the request prefers HTML (RFC 9110) to what the API offers.

    `format` says that a program asks. So does any parameter of a record, which its page lacks.
    """

    def middleware(request):
        return get_response(request)

    def process_view(request, view, args, kwargs) -> HttpResponse | None:
        accepted = request.headers.get("Accept", "")
        if HTML not in accepted or request.method not in ("GET", "HEAD"):
            return None
        if not request.path.startswith(API) or "format" in request.GET:
            return None
        page = PAGES.get(request.resolver_match.url_name)
        if page is None or (kwargs and request.GET):
            return None
        place, _ = best(tuple(each.strip() for each in accepted.split(",")), OFFERED) or (0, "")
        if OFFERED[place] != HTML:
            return None
        asked = {k: v for k, v in request.GET.items() if k not in FOR_PROGRAMS}
        url = reverse(f"pages:{page}", args=kwargs.values())
        answer = SeeOther(f"{url}?{urlencode(asked)}" if asked else url)
        answer["Vary"] = "Accept"
        return answer

    middleware.process_view = process_view
    return middleware
