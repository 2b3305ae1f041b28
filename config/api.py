"""What every endpoint shares: strict filters, keyset pages, errors, entity tags.

The settings name these; a resource inherits the rest from `sources.api`. This module is
loaded while Django REST framework defines its first view: it imports no views. Errors are RFC 9457
`application/problem+json`, entity tags and preconditions follow RFC 9110.
"""

import hashlib
import json
import logging
import math
import re
from collections.abc import Iterator
from http import HTTPStatus

from django.core import signing
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.db import IntegrityError, InterfaceError, OperationalError, connection, models
from django.http import Http404, HttpResponse, JsonResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.csrf import csrf_exempt
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import exceptions, pagination, parsers, renderers
from rest_framework.response import Response

from quotes.filing import Refused
from sources.faults import BadParameter, escaped, nearest_of, pointed

log = logging.getLogger(__name__)

API = "/api/"

# Signs cursors without the time, so that the same page is the same bytes and keeps its entity tag.
SIGNER = signing.Signer(salt="cursor")

# What PostgreSQL calls the refusal of a constraint or trigger that says what must hold.
CHECK_VIOLATION = "23514"

# Bodies


class Parser(parsers.JSONParser):
    """JSON, UTF-8, at most 1 MiB, or what the view says."""

    most_bytes = 1024 * 1024

    def parse(self, stream, media_type=None, parser_context=None):
        most = getattr(parser_context["view"], "most_bytes", self.most_bytes)
        # Read one byte more than allowed: a body need not tell its length.
        body = stream.read(most + 1)
        if len(body) > most:
            raise BodyTooLarge(f"The body is larger than {most // 1024:,} KiB.")
        try:
            data = json.loads(
                body.decode("utf-8"),
                object_pairs_hook=_each_once,
                parse_constant=_refuse_constant,
                parse_float=_finite,
            )
            faults = list(_unstorable(data))
        except UnicodeDecodeError as error:
            raise exceptions.ParseError(f"The body is not UTF-8: {error.reason}.") from error
        except RecursionError:
            raise exceptions.ParseError("The body is nested too deeply.") from None
        except ValueError as error:
            raise exceptions.ParseError(f"The body is not JSON: {error}.") from error
        if faults:
            raise UnstorableText(faults)
        return data


def _each_once(members: list[tuple]) -> dict:
    known = {}
    for name, value in members:
        if name in known:
            raise ValueError(f"{name[:60]!r} stands twice in one object")
        known[name] = value
    return known


def _refuse_constant(name: str):
    raise ValueError(f"{name} is not a JSON value")


def _finite(number: str) -> float:
    if math.isinf(value := float(number)):
        raise ValueError(f"{number[:40]} is too large a number")
    return value


def _unstorable(value, pointer: str = "") -> Iterator[dict]:
    """Each string, names of members too, that neither PostgreSQL nor UTF-8 can hold."""
    match value:
        case str():
            if "\0" in value:
                yield {"pointer": pointer, "message": "Null characters are not allowed."}
            try:
                value.encode()
            except UnicodeEncodeError as error:
                lone = f"U+{ord(value[error.start]):X}"
                message = f"Surrogate characters are not allowed: {lone}."
                yield {"pointer": pointer, "message": message}
        case dict():
            for name, inner in value.items():
                at = f"{pointer}/{escaped(name.encode(errors='replace').decode())}"
                yield from _unstorable(name, at)
                yield from _unstorable(inner, at)
        case list():
            for index, inner in enumerate(value):
                yield from _unstorable(inner, f"{pointer}/{index}")


class UnstorableText(exceptions.APIException):
    """Strings of a body that cannot be stored: `faults` is a pointer and a message each."""

    status_code = HTTPStatus.BAD_REQUEST
    default_code = "invalid"

    def __init__(self, faults: list[dict]):
        self.faults = faults
        super().__init__("; ".join(f"{f['pointer']}: {f['message']}" for f in faults))


class BodyTooLarge(exceptions.APIException):
    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_code = "too-large"


class Renderer(renderers.JSONRenderer):
    """JSON as it is: text is plain text, in its own characters."""

    charset = None


# Filters


class StrictFilters(DjangoFilterBackend):
    """Filters that refuse what they cannot use. Unknown names are refused by `Resource`."""

    def filter_queryset(self, request, queryset, view):
        filterset = self.get_filterset(request, queryset, view)
        if not filterset.is_valid():
            raise BadParameter({name: list(faults) for name, faults in filterset.errors.items()})
        return filterset.qs


# Pages


class Before(models.Func):
    """`(a, b) < (c, d)`: one comparison of rows, which an index on (a, b) answers."""

    template = "((%(left)s) %(comparison)s (%(right)s))"
    output_field = models.BooleanField()

    def __init__(self, columns: list[str], values: list, *, descending: bool):
        self.comparison = "<" if descending else ">"
        fields = [models.Value(value) for value in values]
        super().__init__(*(models.F(column) for column in columns), *fields)

    def as_sql(self, compiler, connection, **context):
        sides, params = [], []
        for expression in self.source_expressions:
            sql, part = compiler.compile(expression)
            sides.append(sql)
            params.extend(part)
        half = len(sides) // 2
        left, right = ", ".join(sides[:half]), ", ".join(sides[half:])
        return f"(({left}) {self.comparison} ({right}))", tuple(params)


class KeysetPagination(pagination.BasePagination):
    """Pages on (sort key, id): every row once, at the same cost at any depth.

    A cursor is signed and says where it stands, in which ordering and for which query; it is
    refused anywhere else. `count=true` adds `{"value", "exact"}`: exact up to `COUNTED`, an
    estimate beyond.
    """

    USUAL, MOST, COUNTED = 50, 200, 100_000
    aside = frozenset({"cursor", "limit", "fields", "count"})

    def paginate_queryset(self, queryset, request, view=None) -> list:
        self.request = request
        self.limit = self._limit(request.query_params.get("limit"))
        self.counted = self._count(request.query_params.get("count"), queryset)
        name = self._ordering(request.query_params.get("ordering"), view)
        descending, column = name.startswith("-"), view.orderings[name.lstrip("-")]
        self.stamp = [request.path, name, self._query(request)]

        place = self._place(request.query_params.get("cursor"))
        backwards = place is not None and place["back"]
        if place is not None:
            queryset = queryset.filter(
                Before([column, "pk"], place["at"], descending=descending is not backwards)
            )
        sign = "-" if descending is not backwards else ""
        order = (f"{sign}{column}", f"{sign}pk")
        # The page is found before anything is joined to it. Where many rows share a sort key,
        # PostgreSQL thinks that few are left, and would join and sort all of them.
        page = queryset.order_by(*order).values("pk")[: self.limit + 1]
        rows = list(view.get_queryset().filter(pk__in=page).order_by(*order))
        more, rows = len(rows) > self.limit, rows[: self.limit]
        if backwards:
            rows.reverse()
        self.next = self.previous = None
        if rows:
            if more or backwards:
                self.next = self._link(rows[-1], column, back=False)
            if place is not None and (more or not backwards):
                self.previous = self._link(rows[0], column, back=True)
        elif place is not None and not backwards:
            # Past the end: the way back starts from where this page stands.
            self.previous = self._url({**place, "back": True})
        return rows

    def get_paginated_response(self, data) -> Response:
        answer = {"next": self.next, "previous": self.previous, "results": data}
        return Response({**answer, "count": self.counted} if self.counted else answer)

    def get_paginated_response_schema(self, schema):
        link = {"type": ["string", "null"], "format": "uri"}
        count = {
            "type": "object",
            "description": "With `count=true`.",
            "properties": {"value": {"type": "integer"}, "exact": {"type": "boolean"}},
            "required": ["value", "exact"],
        }
        return {
            "type": "object",
            "properties": {"next": link, "previous": link, "results": schema, "count": count},
            "required": ["next", "previous", "results"],
        }

    def get_schema_operation_parameters(self, view):
        if view.action != "list":
            return []
        names = [f"{sign}{name}" for name in view.orderings for sign in ("-", "")]
        parameters = {
            "limit": (
                "Rows a page.",
                {"type": "integer", "minimum": 1, "maximum": self.MOST, "default": self.USUAL},
            ),
            "cursor": ("Where the page begins, from `next` or `previous`.", {"type": "string"}),
            "ordering": (
                "Unknown dates come last in descending order.",
                {"type": "string", "enum": names, "default": view.default_ordering},
            ),
            "count": ("Also count what matches.", {"type": "boolean", "default": False}),
            "fields": ("Only these fields, with commas between.", {"type": "string"}),
        }
        return [
            {"name": name, "in": "query", "required": False, "description": text, "schema": schema}
            for name, (text, schema) in parameters.items()
        ]

    # Reading parameters

    def _limit(self, value: str | None) -> int:
        if value is None:
            return self.USUAL
        if not (re.fullmatch("[0-9]{1,3}", value) and 1 <= int(value) <= self.MOST):
            raise BadParameter({"limit": [f"A whole number from 1 to {self.MOST}."]})
        return int(value)

    def _count(self, value: str | None, queryset) -> dict | None:
        if value not in (None, "true", "false"):
            raise BadParameter({"count": ["true or false."]})
        if value != "true":
            return None
        rows = queryset.order_by()
        found = rows.values("pk")[: self.COUNTED + 1].count()
        if found <= self.COUNTED:
            return {"value": found, "exact": True}
        with connection.cursor() as cursor:
            sql, params = rows.values("pk").query.sql_with_params()
            cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
            (plan,) = cursor.fetchone()[0]
        return {"value": max(math.ceil(plan["Plan"]["Plan Rows"]), found), "exact": False}

    def _ordering(self, value: str | None, view) -> str:
        if value is None:
            return view.default_ordering
        if value.removeprefix("-") not in view.orderings:
            known = [f"{sign}{name}" for name in view.orderings for sign in ("", "-")]
            raise BadParameter(
                {"ordering": [f"“{value[:60]}” is not an ordering. {nearest_of(value, known)}"]}
            )
        return value

    # Cursors

    def _query(self, request) -> str:
        """What was asked for, as opposed to how much of it and where."""
        asked = sorted(
            (name, value) for name, value in request.query_params.items() if name not in self.aside
        )
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]

    def _place(self, cursor: str | None) -> dict | None:
        if cursor is None:
            return None
        try:
            place = SIGNER.unsign_object(cursor)
        except signing.BadSignature:
            raise BadParameter(
                {"cursor": ["Not a cursor of this service. Take it from `next` or `previous`."]}
            ) from None
        if place.pop("of") != self.stamp:
            raise BadParameter(
                {"cursor": ["Belongs to another ordering or query. Start without a cursor."]}
            )
        return place

    def _link(self, row, column: str, *, back: bool) -> str:
        return self._url({"at": [str(getattr(row, column)), str(row.pk)], "back": back})

    def _url(self, place: dict) -> str:
        query = self.request.query_params.copy()
        query["cursor"] = SIGNER.sign_object({**place, "of": self.stamp})
        query.pop("count", None)
        path = self.request.build_absolute_uri(self.request.path)
        return f"{path}?{query.urlencode()}"


# Errors


def problem(error: Exception, context: dict) -> Response | None:
    """Any error of an API view as a problem (RFC 9457); None lets Django answer 500."""
    # Whatever else a view can render, a problem is JSON.
    context["request"].accepted_renderer = Renderer()
    context["request"].accepted_media_type = Renderer.media_type
    headers, faults, kind = {}, [], None
    match error:
        case Refused():
            status, detail, faults = HTTPStatus(error.status), error.summary, error.faults
            kind = "refused"
        case BadParameter():
            status = HTTPStatus.BAD_REQUEST
            detail = "The query was refused. Nothing is ignored: mend or remove what is named."
            faults = [
                {"pointer": f"/{name}", "parameter": name, "message": message}
                for name, messages in error.faults.items()
                for message in messages
            ]
        case exceptions.ValidationError():
            status = HTTPStatus.BAD_REQUEST
            detail = "The request was refused as a whole; nothing was changed."
            faults = list(pointed(error.detail))
        case UnstorableText():
            status = HTTPStatus.BAD_REQUEST
            detail = "The request was refused as a whole; nothing was changed."
            faults = error.faults
        case exceptions.APIException():
            status, detail = HTTPStatus(error.status_code), str(error.detail)
            if wait := getattr(error, "wait", None):
                headers["Retry-After"] = str(math.ceil(wait))
            if scheme := getattr(error, "auth_header", None):
                headers["WWW-Authenticate"] = scheme
        case ValidationError():
            status, detail = HTTPStatus.BAD_REQUEST, "The request was refused as a whole."
            faults = [{"pointer": "", "message": message} for message in error.messages]
        case Http404():
            status, detail = HTTPStatus.NOT_FOUND, "There is nothing here, or nothing for you."
        case PermissionDenied():
            status, detail = HTTPStatus.FORBIDDEN, "You may not do this."
        case RequestDataTooBig():
            status, detail = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large."
        case SuspiciousOperation():
            status, detail = HTTPStatus.BAD_REQUEST, "The request was refused."
        case IntegrityError() if getattr(error.__cause__, "sqlstate", "") == CHECK_VIOLATION:
            status, detail = HTTPStatus.BAD_REQUEST, "The request was refused as a whole."
            faults = [{"pointer": "", "message": error.__cause__.diag.message_primary}]
        case IntegrityError():
            status = HTTPStatus.CONFLICT
            detail = "Something else changed at the same moment. Nothing was kept; send it again."
        case OperationalError() | InterfaceError():
            return unavailable(error)
        case _:
            return None
    body = as_problem(status, detail, faults, kind or getattr(error, "default_code", None))
    return Response(body, status=status, headers=headers, content_type="application/problem+json")


def as_problem(status: HTTPStatus, detail: str, faults=(), kind: str | None = None) -> dict:
    """The members of RFC 9457; `errors` holds a JSON pointer and a message each."""
    kind = (kind or status.phrase).lower().replace(" ", "-").replace("_", "-")
    body = {
        "type": f"urn:on-record:problem:{kind}",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
    }
    return {**body, "errors": list(faults)} if faults else body


def unavailable(error: Exception) -> Response | JsonResponse:
    """503 while the database cannot be reached; a statement that ran too long is 503 as well."""
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


def problems_for_the_database(get_response):
    """Answer 503 for a database that fails outside any API view, in sessions or the admin."""

    def middleware(request):
        return get_response(request)

    def process_exception(request, error):
        if isinstance(error, OperationalError | InterfaceError):
            log.error("database unavailable: %s", type(error).__name__)
            response = answer_plainly(
                HTTPStatus.SERVICE_UNAVAILABLE, "The database cannot be reached. Try again shortly."
            )
            response["Retry-After"] = "5"
            return response
        return None

    middleware.process_exception = process_exception
    return middleware


@csrf_exempt
def not_found(request, exception=None) -> HttpResponse:
    """404 for a path that does not exist: a problem below /api/, plain text elsewhere."""
    if not request.path.startswith(API):
        return HttpResponse("Not found.\n", status=404, content_type="text/plain; charset=utf-8")
    hint = "" if request.path.endswith("/") else " Paths end with a slash."
    return answer_plainly(HTTPStatus.NOT_FOUND, f"There is no such path.{hint}")


def bad_request(request, exception=None) -> HttpResponse:
    """400 before any view was asked: an unknown host, too many parameters."""
    if request.path.startswith(API):
        return answer_plainly(HTTPStatus.BAD_REQUEST, "The request was refused.")
    return HttpResponse("Bad request.\n", status=400, content_type="text/plain; charset=utf-8")


def server_error(request) -> HttpResponse:
    """500: the fault is ours and is in the log."""
    detail = "Something failed here. Nothing was changed. It has been logged."
    if request.path.startswith(API):
        return answer_plainly(HTTPStatus.INTERNAL_SERVER_ERROR, detail)
    return HttpResponse(f"{detail}\n", status=500, content_type="text/plain; charset=utf-8")


# Entity tags


def entity_tags(get_response):
    """Tag each answer with what it holds; answer 304 when the client holds the same.

    A record's tag is `"version-digest"`: `If-Match` compares the version, `If-None-Match` the
    whole, so a change in what is embedded (a speaker renamed) is noticed too.
    """

    def middleware(request):
        response = get_response(request)
        if (
            not request.path.startswith(API)
            or response.streaming
            or response.status_code not in (200, 201)
            or response.has_header("ETag")
        ):
            return response
        tag = hashlib.sha256(response.content).hexdigest()[:20]
        if (version := getattr(response, "record_version", None)) is not None:
            tag = f"{version}-{tag}"
        response["ETag"] = f'"{tag}"'
        if request.method in ("GET", "HEAD"):
            response.setdefault("Cache-Control", "private, no-cache")
            response.setdefault("Vary", "Authorization, Accept")
            answer = get_conditional_response(request, etag=response["ETag"], response=response)
            if answer.status_code == HTTPStatus.PRECONDITION_FAILED:
                return answer_plainly(
                    HTTPStatus.PRECONDITION_FAILED, "What is here is not what If-Match names."
                )
            return answer
        return response

    return middleware
