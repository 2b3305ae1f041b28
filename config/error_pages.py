"""Answers to what fails outside the API's views: pages for people, problems for programs.

Below /api/, and to a client that prefers JSON, an error is a problem (RFC 9457). Otherwise it is
a page: below /admin/ with the admin's header and menu, elsewhere like the guides.
"""

import logging
from collections.abc import Iterable
from http import HTTPStatus

from django.contrib import admin
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import is_valid_path, reverse
from django.views.decorators.csrf import csrf_exempt

from config.api.problems import API, answer_plainly
from sources.admin.html import visible_bidi
from sources.exceptions import BadFilter, MissingRecord

log = logging.getLogger(__name__)

ADMIN = "/admin/"
HTML, JSON, PROBLEM = "text/html", "application/json", "application/problem+json"


def wants_problem(request: HttpRequest) -> bool:
    if request.path.startswith(API):
        return True
    return request.get_preferred_type([HTML, PROBLEM, JSON]) in (PROBLEM, JSON)


def answer(
    request: HttpRequest,
    status: HTTPStatus,
    text: str,
    title: str,
    links: Iterable[tuple[str, str]] = (),
) -> HttpResponse:
    """Answer with a problem, a page of the admin, or a page of the site."""
    if wants_problem(request):
        return answer_plainly(status, text)
    if not request.path.startswith(ADMIN) or not hasattr(request, "user"):
        return site_page(status, text, title, links)
    ways = [*links, ("Dashboard", reverse("admin:index")), ("Guides", reverse("guides"))]
    context = {"title": title, "text": visible_bidi(text), "links": ways}
    context = {**admin.site.each_context(request), **context}
    return render(request, "admin/error.html", context, status=status)


def site_page(status: HTTPStatus, text: str, title: str, links=()) -> HttpResponse:
    """A page that needs neither the database nor a session."""
    context = {"title": title, "text": visible_bidi(text), "links": links}
    body = render_to_string("error.html", context)
    return HttpResponse(body, status=status)


# Handlers of `config.urls` and of the settings


def bad_request(request, exception=None) -> HttpResponse:
    """Answer 400 before any view is called, or for a filter that a list of the admin lacks."""
    status, title = HTTPStatus.BAD_REQUEST, "The server cannot read this"
    if request.path.startswith(API):
        return answer_plainly(status, "The request was refused.")
    if isinstance(exception, BadFilter):
        whole = [("Show the whole list", request.path)]
        return answer(request, status, str(exception), "Filter not understood", whole)
    text = "The server refused the address or the form: it is damaged or too large."
    return answer(request, status, text, title)


def forbidden(request, exception=None) -> HttpResponse:
    """Answer 403: a permission is missing."""
    text = "You do not have the permission for this page."
    if (user := getattr(request, "user", None)) and user.is_authenticated:
        text += f" You are logged in as {user.get_username()}."
    text += " Ask an administrator if you need it."
    return answer(request, HTTPStatus.FORBIDDEN, text, "You may not do this")


def form_refused(request, reason="") -> HttpResponse:
    """Answer 403 to a form without a valid CSRF token."""
    text = (
        "The form was not sent by a page of this server, or is older than your last login, or your "
        "browser keeps no cookies. Go back, reload the page, and send the form again."
    )
    return answer(request, HTTPStatus.FORBIDDEN, text, "The form was not accepted")


@csrf_exempt
def not_found(request, exception=None) -> HttpResponse:
    """Answer 404 for an unknown path, or for a record that the admin does not have.

    A path that lacks only its final slash is redirected, if the request only reads.
    """
    path = request.path_info
    lacks_slash = path[-1] != "/" and not is_valid_path(path) and is_valid_path(f"{path}/")
    if request.method in ("GET", "HEAD") and lacks_slash:
        return HttpResponsePermanentRedirect(request.get_full_path(force_append_slash=True))
    if request.path.startswith(API):
        hint = "" if request.path.endswith("/") else " Paths end with a slash."
        return answer_plainly(HTTPStatus.NOT_FOUND, f"There is no such path.{hint}")
    text, links = "There is no page at this address. It may be mistyped, or out of date.", []
    if isinstance(exception, MissingRecord):
        text, links = str(exception), [("Search the list", exception.search)]
    return answer(request, HTTPStatus.NOT_FOUND, text, "Page not found", links)


def server_error(request) -> HttpResponse:
    """Answer 500, without the database. The error is in the log."""
    text = "The server failed. Nothing was changed, and the error was logged."
    if wants_problem(request):
        return answer_plainly(HTTPStatus.INTERNAL_SERVER_ERROR, text)
    return site_page(HTTPStatus.INTERNAL_SERVER_ERROR, text, "Something went wrong")


# Middleware


def when_the_database_fails(get_response):
    """Answer 503 if the database fails outside API views, in sessions or the admin."""

    def middleware(request):
        return get_response(request)

    def process_exception(request, error):
        if not isinstance(error, OperationalError | InterfaceError):
            return None
        log.error("database unavailable: %s", type(error).__name__)
        text = "The database cannot be reached. Try again shortly."
        if wants_problem(request):
            response = answer_plainly(HTTPStatus.SERVICE_UNAVAILABLE, text)
        else:
            response = site_page(HTTPStatus.SERVICE_UNAVAILABLE, text, "Not available just now")
        response["Retry-After"] = "5"
        return response

    middleware.process_exception = process_exception
    return middleware


def when_a_method_is_refused(get_response):
    """Give Django's empty 405 a page: somebody opened an address that only takes a form."""

    def middleware(request):
        response = get_response(request)
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED or response.content:
            return response
        text = (
            f"This address does not take {request.method}. It belongs to a form, or the form has "
            "moved. Go back to the page that you came from."
        )
        page = answer(request, HTTPStatus.METHOD_NOT_ALLOWED, text, "This is not a page")
        page["Allow"] = response["Allow"]
        return page

    return middleware
