"""The OpenAPI document: what it says beyond what drf-spectacular reads from views and serializers.

Each view's method has a docstring written for clients: its first line is the operation's summary,
the rest its description. In those that several resources share, `{one}` stands for "a speaker" and
`{many}` for "speakers". The examples are real answers, recorded in `examples.json`.
"""

import inspect
import json
import re
from pathlib import Path

from django.utils.text import capfirst
from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiFilterExtension,
    OpenApiSerializerExtension,
)
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import get_lib_doc_excludes

from config.auth import TokenAuthentication
from sources.api.fields import RecordSerializer, StrictSerializer
from sources.exceptions import MAX_FAULTS

EXCHANGES = json.loads((Path(__file__).parent / "examples.json").read_text())
"""The examples: requests and answers, by the name of the operation and the status.

Recorded while a test played `tests/config/story.py`. "Problem" has errors, by their names.
"""

TAGS = {
    "articles": "What outlets published. File an article with its text and its quotes in one call.",
    "snapshots": "The exact texts that were captured of articles. They are never changed.",
    "quotes": "Quotes: search, count, export, review, correct, retract and verify them.",
    "utterances": "One act of speaking, in the wording of each outlet that reported it.",
    "speakers": "Persons, organisations and unnamed speakers to whom quotes are attributed.",
    "organisations": "The organisations that speakers speak for.",
    "outlets": "Publications and broadcasters.",
    "affiliations": "The role of a speaker at an organisation, with its first and last day.",
    "facts": "Facts about speakers, such as gender and party, with source, first and last day.",
    "changes": "The change feed: keep a copy of the archive up to date.",
    "service": "What this service offers, as links.",
    "webhooks": "URLs of yours to which changes are sent, and what became of each message.",
}

# Parameters and headers that operations share

KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A key of your choice that makes a retry safe. The same key with the same "
    "request gets the stored answer, for two days.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "example": "4f6ce0a2-filing-17",
}
IF_MATCH_PARAMETER = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The `ETag` of the record as you last read it. The change is refused with 412 "
    "if the record has changed since. `*` overwrites any version.",
    "schema": {"type": "string"},
    "example": '"3-5f2b1c7de0a94d1c8e77"',
}
FIELDS_PARAMETER = {
    "name": "fields",
    "in": "query",
    "required": False,
    "description": "Return only these top-level fields, separated by commas.",
    "schema": {"type": "string"},
    "example": "id,updated",
}


def _header(description: str, example: str, *, required: bool = False) -> dict:
    schema = {"type": "string"}
    return {
        "description": description,
        "required": required,
        "schema": schema,
        "example": example,
    }


LIMITS = ("RateLimit-Policy", "RateLimit")

HEADERS = {
    "X-Request-ID": _header(
        "Id of this request. The history of what it changed names it, and so do our logs.",
        "e3df4dbe-16c2-4900-b7b6-515fe69b5f5b",
        required=True,
    ),
    "ETag": _header(
        "Version and digest of the answer, for `If-Match` and `If-None-Match`.",
        '"3-5f2b1c7de0a94d1c8e77"',
        required=True,
    ),
    "Location": _header(
        "URL of the record.",
        "https://onrecord.example/api/v1/quotes/01977a2e-6c1f-7a30-b1d4-0c5a3e9f8b21/",
        required=True,
    ),
    "Idempotency-Replayed": _header(
        "`true` if this is the stored answer to an earlier request with the same key.", "true"
    ),
    "Memento-Datetime": _header(
        "With `as_of`: when the version shown was made (RFC 7089).",
        "Wed, 11 Feb 2026 09:30:00 GMT",
    ),
    "Link": _header(
        "Related URLs (RFC 8288): `next` and `prev` of a list; with `as_of`, the record at present "
        "as `original`; of the root, the OpenAPI document as `service-desc`.",
        '<https://onrecord.example/api/v1/quotes/?cursor=eyJrZXk…>; rel="next"',
    ),
    "RateLimit-Policy": _header(
        "The rate limit that applies: `q` requests in `w` seconds. Each server process counts.",
        '"user";q=12000;w=60',
    ),
    "RateLimit": _header(
        "Requests that are left (`r`), and seconds until there are more (`t`).",
        '"user";r=11987;t=42',
    ),
    "X-Read-After": _header(
        "Of a service with replicas, after a change: send it with reads that have to show the "
        "change.",
        "0/16B374D8",
    ),
    "Retry-After": _header("With 429 and 503: seconds to wait before you try again.", "5"),
    "WWW-Authenticate": _header(
        "With 401: the schemes to authenticate with.", 'Bearer realm="On Record"'
    ),
}


def _refer(kind: str, names) -> dict:
    return {name: {"$ref": f"#/components/{kind}/{name}"} for name in names}


PROBLEM_SCHEMA = {
    "type": "object",
    "description": "What went wrong (RFC 9457). Some types have further members.",
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "Identifies the kind of error."},
        "title": {"type": "string"},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "An explanation for a person."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "JSON pointer into the body (RFC 6901), or `/parameter`.",
                    },
                    "message": {"type": "string"},
                },
                "required": ["pointer", "message"],
                "additionalProperties": True,
            },
            "maxItems": MAX_FAULTS,
        },
        "more_errors": {
            "type": "integer",
            "description": "Errors beyond those listed. Correct these first.",
        },
    },
    "required": ["type", "title", "status", "detail"],
    "additionalProperties": True,
}


def _example(exchange: dict, part: str) -> dict:
    """What was `sent` or `answered`; its summary says what was asked."""
    return {"summary": exchange["asked"], "value": exchange[part]}


PROBLEM_RESPONSE = {
    "description": "An error, as a problem document (RFC 9457).",
    "headers": _refer("headers", ["X-Request-ID", *LIMITS, "Retry-After", "WWW-Authenticate"]),
    "content": {
        "application/problem+json": {
            "schema": {"$ref": "#/components/schemas/Problem"},
            "examples": {
                name: _example(exchange, "answered")
                for name, exchange in EXCHANGES["Problem"].items()
            },
        }
    },
}

# Operations

OPERATION_IDS = {
    "list": "list{Many}",
    "retrieve": "get{One}",
    "create": "add{One}",
    "partial_update": "update{One}",
    "revisions": "list{One}Revisions",
}
"""Names in generated clients; any other action is a verb: `mergeSpeaker`."""


def operation_text(view, action: str) -> str:
    """The docstring of an operation, with the names of its record."""
    model = view.queryset.model._meta
    article = "an" if model.verbose_name[0] in "aeiou" else "a"
    return inspect.getdoc(getattr(view, action)).format(
        one=f"{article} {model.verbose_name}", many=model.verbose_name_plural
    )


def path_name(view) -> str:
    """Name a path by its tag, for OPTIONS."""
    _api, _version, tag, *_ = view.request.resolver_match.route.split("/")
    return capfirst(tag or "service")


def path_description(view, html: bool = False) -> str:
    """Describe the operations at a path, for OPTIONS."""
    actions = dict.fromkeys(view.action_map.values())  # HEAD is GET
    return " ".join(operation_text(view, action).partition("\n")[0] for action in actions)


class OperationSchema(AutoSchema):
    """Adds an operation's name and text, and the parameters, headers and errors of its kind."""

    def get_operation_id(self) -> str:
        action, model = self.view.action, self.view.queryset.model._meta
        if action in self.view.operation_ids:
            return self.view.operation_ids[action]
        one, many = model.verbose_name.title(), model.verbose_name_plural.title()
        return OPERATION_IDS.get(action, action + "{One}").format(One=one, Many=many)

    def get_tags(self) -> list[str]:
        return super().get_tags() or ["service"]

    def get_summary(self) -> str:
        return self._text().partition("\n")[0].rstrip(".")

    def get_description(self) -> str:
        return self._text().partition("\n")[2].strip()

    def _text(self) -> str:
        return operation_text(self.view, self.view.action)

    def get_operation(self, *args) -> dict | None:
        if (operation := super().get_operation(*args)) is None:  # the document itself
            return None
        parameters = operation.setdefault("parameters", [])
        parameters += self._shared_parameters()
        for parameter in parameters:
            if examples := parameter["schema"].pop("examples", None):
                parameter["example"] = examples[0]
        for code, response in operation["responses"].items():
            headers = _refer("headers", self._shared_headers(code))
            response.setdefault("headers", {}).update(headers)
            if code == "200" and self.view.action == "create" and self.view.has_location:
                response["headers"]["Location"] = HEADERS["Location"] | {"required": False}
        operation["responses"]["default"] = {"$ref": "#/components/responses/Problem"}
        return operation

    @property
    def is_idempotent(self) -> bool:
        return getattr(getattr(self.view, self.view.action), "is_idempotent", False)

    def _shared_parameters(self) -> list[dict]:
        shared = [KEY_PARAMETER] if self.is_idempotent else []
        if self.method == "PATCH" or (self.method == "POST" and "{id}" in self.path):
            shared.append(IF_MATCH_PARAMETER)
        if self.view.action == "retrieve":
            shared.append(FIELDS_PARAMETER)
        return [{**parameter, "schema": {**parameter["schema"]}} for parameter in shared]

    def _shared_headers(self, code: str) -> list[str]:
        names = ["X-Request-ID", *LIMITS]
        if not self.view.is_streamed and self.method != "DELETE":
            names.append("ETag")
        if code == "301" or (code == "201" and self.view.has_location):
            names.append("Location")
        if self.method != "GET":
            names.append("X-Read-After")
        if self.is_idempotent:
            names.append("Idempotency-Replayed")
        if "as_of" in self.view.retrieve_parameters and self.view.action == "retrieve":
            names += ["Memento-Datetime", "Link"]
        if self.view.action in ("list", "revisions") and not self.view.is_streamed:
            names += ["Link"] if {"cursor", "after"} & {*self.view.list_parameters} else []
        if self.view.action == "root":
            names.append("Link")
        return names

    def _resolve_path_parameters(self, variables):
        parameters = super()._resolve_path_parameters(variables)
        for parameter in parameters:
            name = parameter["name"]
            what = self.view.queryset.model._meta.verbose_name if name == "id" else name
            parameter["description"] = f"Id of the {what}."
        return parameters


# The whole document


def complete(result: dict, **kwargs) -> dict:
    """Add the tags, the shared components and the examples."""
    result["tags"] = [{"name": name, "description": text} for name, text in TAGS.items()]
    components = result["components"]
    components["schemas"]["Problem"] = PROBLEM_SCHEMA
    components["responses"] = {"Problem": PROBLEM_RESPONSE}
    components["headers"] = HEADERS
    _drop_unused(result)
    for path, operations in result["paths"].items():
        for operation in operations.values():
            _add_examples(path, operation)
    return result


def _add_examples(path: str, operation: dict) -> None:
    """Add the recorded examples of the path, of the request, and of the answer of each status."""
    name = operation["operationId"]
    exchanges = EXCHANGES.get(name, {})
    bodies = [
        (operation["responses"].get(status), each, "answered") for status, each in exchanges.items()
    ]
    for first in [*exchanges.values()][:1]:
        bodies.append((operation.get("requestBody"), first, "sent"))
        asked = first["asked"].partition(" ")[2].partition("?")[0]
        ids = re.fullmatch(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", path), asked).groupdict()
        for parameter in operation["parameters"]:
            if parameter["in"] == "path":
                parameter["example"] = ids[parameter["name"]]
    for body, exchange, part in bodies:
        if media_type := (body or {}).get("content", {}).get("application/json"):
            media_type["examples"] = {name: _example(exchange, part)}


def _drop_unused(result: dict) -> None:
    """Remove schemas that nothing refers to, such as requests of read-only fields."""
    schemas = result["components"]["schemas"]
    while unused := [
        name for name in schemas if f'"#/components/schemas/{name}"' not in json.dumps(result)
    ]:
        for name in unused:
            del schemas[name]


# Parts of it


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema):
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "`Authorization: Bearer …`, or `Token …`. An operator issues tokens "
            "with `manage.py issue_token`.",
        }


class FilterParameters(OpenApiFilterExtension):
    """Describes the filters of a list (`sources.api.filters.Documented`)."""

    target_class = "config.api.StrictFilters"
    priority = 1  # before the one that guesses from model fields

    def get_schema_operation_parameters(self, auto_schema, *args, **kwargs):
        filterset = auto_schema.view.filterset_class
        if auto_schema.view.action != "list" or filterset is None:
            return []
        return [self.parameter(name, one) for name, one in filterset.base_filters.items()]

    def parameter(self, name: str, one) -> dict:
        is_list = one.schema["type"] == "array"
        return {
            "name": name,
            "in": "query",
            "required": False,
            "description": one.description,
            "schema": one.schema,
            "example": [one.example] if is_list else one.example,
        } | ({"style": "form", "explode": False} if is_list else {})


ANY_SCRIPT = {r"^[-\w]+$": r"^[^\s!-,./:-@\[-^`{-~]+$"}
"""Patterns of Django that mean letters of any script: `\\w` of JSON Schema is ASCII (ECMA-262)."""


class StrictSerializerSchema(OpenApiSerializerExtension):
    """Says that requests have no unknown members, and that answers have all but `sometimes`."""

    target_class = StrictSerializer
    match_subclasses = True

    def map_serializer(self, auto_schema, direction):
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        for each in schema.get("properties", {}).values():
            if each.get("pattern") in ANY_SCRIPT:
                each["pattern"] = ANY_SCRIPT[each["pattern"]]
        if direction == "request":
            return schema | {"additionalProperties": False}
        absent = getattr(self.target, "sometimes", ())
        shown = [name for name in schema["properties"] if name not in absent]
        return schema | {"required": sorted(shown)}


def classes_without_text() -> list[type]:
    """Return the base classes whose docstrings are for developers, not for the document."""
    return [StrictSerializer, RecordSerializer, *get_lib_doc_excludes()]
