"""Errors as problems (RFC 9457), whatever raised them."""

import logging
import math
from http import HTTPStatus

from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpResponse, JsonResponse, UnreadablePostError
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error

from config.api.parsers import Renderer, UnstorableText
from quotes.filing import Refused
from quotes.models.attribution import NotPrinted
from quotes.models.workflow import NoteNeeded, NotOpen
from sources.exceptions import (
    MAX_FAULTS,
    BadParameter,
    Conflict,
    flatten_errors,
    refusal_of,
)

log = logging.getLogger(__name__)

API = "/api/"

# SQLSTATE of a violated check constraint, also raised by triggers.
CHECK_VIOLATION = "23514"


def problem(error: Exception, context: dict) -> Response | None:
    """Return the problem (RFC 9457) for an error of a view; None: Django answers 500."""
    # A problem is JSON, whatever the client accepts.
    context["request"].accepted_renderer = Renderer()
    context["request"].accepted_media_type = Renderer.media_type
    headers, faults, kind = {}, [], None
    match error:
        case Refused():
            status, detail, faults = HTTPStatus(error.status), error.summary, error.faults
            kind = "refused"
        case BadParameter():
            status = HTTPStatus.BAD_REQUEST
            detail = "The query was refused. Correct or remove the parameters named."
            faults = [
                {"pointer": f"/{name}", "parameter": name, "message": message}
                for name, messages in error.faults.items()
                for message in messages
            ]
        case NotOpen():
            status, detail, kind = HTTPStatus.CONFLICT, str(error), "step-not-open"
        case NoteNeeded():
            status, detail, kind = HTTPStatus.CONFLICT, error.detail, "note-needed"
            faults = list(flatten_errors(as_serializer_error(error)))
        case NotPrinted():
            status, detail = HTTPStatus.BAD_REQUEST, "The request was refused as a whole."
            faults = error.faults
        case exceptions.ValidationError():
            status = HTTPStatus.BAD_REQUEST
            detail = "The request was refused as a whole; nothing was changed."
            faults = list(flatten_errors(error.detail))
        case UnstorableText():
            status = HTTPStatus.BAD_REQUEST
            detail = "The request was refused as a whole; nothing was changed."
            faults = error.faults
        case Conflict():
            status, detail, faults = HTTPStatus.CONFLICT, str(error.detail), error.faults
        case exceptions.APIException():
            status, detail = HTTPStatus(error.status_code), str(error.detail)
            if wait := getattr(error, "wait", None):
                headers["Retry-After"] = str(math.ceil(wait))
            if scheme := getattr(error, "auth_header", None):
                headers["WWW-Authenticate"] = scheme
        case ValidationError():
            status, detail = HTTPStatus.BAD_REQUEST, "The request was refused as a whole."
            faults = list(flatten_errors(as_serializer_error(error)))
        case Http404():
            status, detail = HTTPStatus.NOT_FOUND, "There is no such record, or you may not see it."
        case PermissionDenied():
            status, detail = HTTPStatus.FORBIDDEN, "You do not have the permission for this."
        case UnreadablePostError():
            status = HTTPStatus.SERVICE_UNAVAILABLE
            detail = "The server waits for the bodies of other requests. Try again shortly."
            headers["Retry-After"] = "5"
        case RequestDataTooBig():
            status, detail = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large."
        case SuspiciousOperation():
            status, detail = HTTPStatus.BAD_REQUEST, "The request was refused."
        case IntegrityError() if getattr(error.__cause__, "sqlstate", "") == CHECK_VIOLATION:
            status, detail = HTTPStatus.BAD_REQUEST, "The request was refused as a whole."
            faults = [{"pointer": "", "message": refusal_of(error)}]
        case IntegrityError():
            status = HTTPStatus.CONFLICT
            detail = f"{refusal_of(error)} Nothing was kept: read what is there, then try again."
        case OperationalError() | InterfaceError():
            return unavailable(error)
        case _:
            return None
    body = as_problem(status, detail, faults, kind or getattr(error, "default_code", None))
    body |= getattr(error, "members", {})  # further members of this type of problem
    return Response(body, status=status, headers=headers, content_type="application/problem+json")


def as_problem(status: HTTPStatus, detail: str, faults=(), kind: str | None = None) -> dict:
    """Return the members of RFC 9457; `errors` has a JSON pointer and a message each.

    `more_errors` says how many are not listed.
    """
    faults = list(faults)
    kind = (kind or status.phrase).lower().replace(" ", "-").replace("_", "-")
    body = {
        "type": f"urn:on-record:problem:{kind}",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
    }
    if faults:
        body["errors"] = faults[:MAX_FAULTS]
    if (more := len(faults) - MAX_FAULTS) > 0:
        body["more_errors"] = more
    return body


def unavailable(error: Exception) -> Response:
    """Answer 503: the database cannot be reached, or a statement took too long."""
    log.error("database unavailable: %s", type(error).__name__)
    body = as_problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The database cannot be reached or took too long. Nothing was changed. Try again shortly.",
    )
    return Response(
        body,
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        headers={"Retry-After": "5"},
        content_type="application/problem+json",
    )


def answer_plainly(status: HTTPStatus, detail: str) -> HttpResponse:
    return JsonResponse(
        as_problem(status, detail), status=status, content_type="application/problem+json"
    )
