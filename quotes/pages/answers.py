"""Answers of the API, asked in this process for the user of a page.

The API's own view runs, with its filters, permissions and rate limits, so a page shows exactly what
the API shows to the same user. What it refuses becomes a page: `Unanswered.response`.
"""

import json
from collections.abc import Callable
from copy import copy
from functools import wraps
from http import HTTPStatus
from urllib.parse import urlencode

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe
from rest_framework.authentication import BaseAuthentication
from rest_framework.views import APIView

from quotes.pages.frame import Page, show
from sources.api.addresses import page_path
from sources.api.endpoints import Endpoint


class SessionUser(BaseAuthentication):
    """The user who is logged in by a session. Only for GET: no CSRF token is checked."""

    def authenticate(self, request):
        user = getattr(request._request, "user", None)
        return (user, None) if user and user.is_active else None


class Unanswered(Exception):
    """The API did not answer 200. `data` is its problem (RFC 9457), or where a record went."""

    def __init__(self, view: type[Endpoint], answer: HttpResponse):
        self.view, self.status, self.data = view, answer.status_code, data_of(answer)
        self.wait = answer.get("Retry-After")
        super().__init__(self.status)

    @property
    def faults(self) -> list[str]:
        """What is wrong with the parameters, in sentences."""
        return [fault["message"] for fault in self.data.get("errors", ())] or [self.data["detail"]]

    def response(self, request: HttpRequest) -> HttpResponse:
        """The page that says so. Raises Http404 or PermissionDenied, which have pages already."""
        match self.status:
            case HTTPStatus.MOVED_PERMANENTLY:
                model = self.view.queryset.model
                survivor = model.objects.get(pk=self.data["merged_into"])
                moved = redirect(page_path(survivor), permanent=True)
                moved["Cache-Control"] = "private, no-cache"  # a merge can be undone
                return moved
            case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
                if request.user.is_authenticated:
                    raise PermissionDenied
                return redirect_to_login(request.get_full_path(), reverse("pages:login"))
            case HTTPStatus.NOT_FOUND:
                raise Http404
            case HTTPStatus.GONE:
                title, said = "This record was erased", [self.data["detail"]]
            case HTTPStatus.TOO_MANY_REQUESTS:
                title, said = "Too many requests", ["Wait a moment, then try again."]
            case HTTPStatus.BAD_REQUEST:
                title, said = "This address asks for something unknown", self.faults
            case _:
                title, said = "Not available just now", [self.data["detail"]]
        page = Page(title, is_indexed=False)
        answer = show(request, "pages/message.html", page, {"said": said}, status=self.status)
        if self.wait:
            answer["Retry-After"] = self.wait
        return answer


def call(
    request: HttpRequest,
    view: type[Endpoint],
    action: str = "list",
    asked: QueryDict | dict[str, str] | None = None,
    *,
    is_first: bool = True,
    **key,
) -> HttpResponse:
    """The response of a view of the API to GET with these parameters.

    The rate limits count a page once: pass `is_first=False` for every further call.
    """
    inner = copy(request)
    inner.method = "HEAD" if request.method == "HEAD" else "GET"
    inner.GET = asked if isinstance(asked, QueryDict) else QueryDict(urlencode(asked or {}))
    inner.resolver_match = None  # the names of the API's URLs are in no namespace
    inner.META = request.META | {
        "REQUEST_METHOD": inner.method,
        "HTTP_ACCEPT": "application/json",
        "QUERY_STRING": inner.GET.urlencode(),
    }
    given = {
        "authentication_classes": [*APIView.authentication_classes, SessionUser],
        "basename": view.queryset.model._meta.model_name,  # for the URLs of records
    }
    given |= getattr(getattr(view, action), "kwargs", {})  # of a further action, as a router does
    if not is_first:
        given["throttle_classes"] = []
    return view.as_view({"get": action}, **given)(inner, **key)


def ask(request: HttpRequest, view: type[Endpoint], action: str = "list", *args, **kwargs):
    """The JSON that a view answers; see `call`. Raises Unanswered."""
    answer = call(request, view, action, *args, **kwargs)
    if answer.status_code != HTTPStatus.OK:
        raise Unanswered(view, answer)
    return data_of(answer)


def data_of(answer: HttpResponse):
    """The JSON of a response, which the framework or PostgreSQL wrote."""
    return answer.data if hasattr(answer, "data") else json.loads(answer.content)


def page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page that only reads: what the API refuses is a redirect to log in, 404, 410 or a message.

    ::

        @page
        def speaker(request, pk):
            record = ask(request, QuotedSpeakers, "retrieve", pk=pk)
            return show(request, "pages/record.html", Page(record["name"]), {"record": record})
    """

    @require_safe
    @wraps(view)
    def shown(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Unanswered as refusal:
            return refusal.response(request)

    return shown
