"""Lists of quotes for a token, without what only other requests need: half of the time in Python.

A list needs its token, its rate, its parameters, one prepared statement and an entity tag. The same
classes check and make these as for every other request. What is not answered here goes on to the
view, as if it had not been here: an error, a first request with a token or with these filters, a
search, a browser.
"""

from functools import lru_cache

from django.core.exceptions import SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import resolve, reverse
from rest_framework.exceptions import APIException
from rest_framework.response import Response

from config.api import Renderer, TokenRate, entity_tags, rate_limit_headers
from config.api.negotiation import best
from config.api.pages import HTML
from config.api.problems import unavailable
from config.auth import GroupPermissions, RecentTokenAuthentication, request_id_of
from quotes.api.filters import QuoteFilters
from quotes.api.prepared_lists import fetch, prepared_list
from quotes.api.views import Quotes
from quotes.models.querysets import may_file, sees_all
from sources.database.prepared import PreparedFilter

QUICK = {"limit", "cursor", "ordering", "fields"} | {
    name for name, one in QuoteFilters.base_filters.items() if isinstance(one, PreparedFilter)
}
"""Parameters that a prepared statement may answer."""

MAX_ACCEPT = 200  # characters of the header: longer ones come from browsers


def answer_lists(get_response):
    path = reverse("quote-list")
    match = resolve(path)
    methods = {*match.func.actions, "head", "options"}
    allowed = ", ".join(name.upper() for name in Quotes.http_method_names if name in methods)
    tagged = rate_limit_headers(entity_tags(lambda request: request.listed))

    def middleware(request):
        if request.method != "GET" or request.path != path or (listed := list_for(request)) is None:
            return get_response(request)
        request.listed, request.resolver_match = listed, match
        listed["Allow"] = allowed
        response = tagged(request)
        response["Content-Length"] = str(len(response.content))
        response["X-Request-ID"] = request.request_id = request_id_of(request)
        return response

    return middleware


def list_for(request: HttpRequest) -> HttpResponse | None:
    """Return the list, or None if it takes more, or if it is an error."""
    if not (QUICK.issuperset(request.GET) and wants_json(request.META.get("HTTP_ACCEPT", "*/*"))):
        return None
    request.query_params = request.GET
    view = Quotes(action="list", request=request, format_kwarg=None)
    try:
        if (known := RecentTokenAuthentication().authenticate(request)) is None:
            return None
        request.user, _ = known
        if not GroupPermissions().has_permission(request, view):
            return None
        if may_file(request.user) and not sees_all(request.user):
            return None  # whether there are quotes that only this user sees is a query
        view.check_parameters(request.query_params)
        filters, page = view.read_page()
        with view.tables():
            if (found := prepared_list(view, filters, page)) is None:
                return None
            if not TokenRate().allow_request(request, view):
                del request.rate_limit  # it is for the view to refuse
                return None
            shown = fetch(*found, filters)
    except (APIException, SuspiciousOperation):
        return None  # the view says what is wrong
    except (InterfaceError, OperationalError) as error:
        return rendered(unavailable(error))
    return None if shown is None else view.written_response(page, shown)


def rendered(response: Response) -> Response:
    response.accepted_renderer, response.renderer_context = Renderer(), {}
    response.accepted_media_type = Renderer.media_type
    return response.render()


@lru_cache(maxsize=1_000)
def wants_json(accept: str) -> bool:
    if len(accept) > MAX_ACCEPT or HTML in accept:
        return False
    accepted = tuple(each.strip() for each in accept.split(","))
    return best(accepted, ("application/json",)) is not None
