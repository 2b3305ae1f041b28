"""Errors for clients, each with its remedy; `config.api.problems` renders them (RFC 9457)."""

import difflib
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from django.apps import apps
from django.core.exceptions import BadRequest, ValidationError
from django.http import Http404
from rest_framework import status
from rest_framework.exceptions import APIException

MAX_FAULTS = 50
"""Faults that an answer lists; a client mends no more at a time."""


def nearest_of(word: str, known: Iterable[str]) -> str:
    """Suggest the closest known word, or list all of them."""
    known = sorted(known)
    if close := difflib.get_close_matches(word, known, n=1, cutoff=0.6):
        return f"Did you mean “{close[0]}”?"
    return f"Known here: {', '.join(known)}." if known else "There are none here."


class BadParameter(APIException):
    """Unknown, malformed or conflicting query parameters, each with its messages."""

    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "parameter"

    def __init__(self, faults: dict[str, list[str]]):
        self.faults = faults
        super().__init__("; ".join(f"{name}: {m}" for name, ms in faults.items() for m in ms))


class BadFilter(BadRequest):
    """Parameters that a list of the admin does not know, or whose values make no sense."""

    def __init__(self, given: dict[str, str]):
        shown = ", ".join(f"{name}={value:.60}" for name, value in given.items())
        super().__init__(
            "The address has a filter that this list does not know, or a value that makes no "
            f"sense: {shown}"
        )


class MissingRecord(Http404):
    """A record that the admin cannot show; `search` is the address of the list to look in."""

    def __init__(self, text: str, search: str):
        self.search = search
        super().__init__(text)


class BodyTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too-large"


class Gone(APIException):
    """An erased record, with reason and time."""

    status_code = status.HTTP_410_GONE
    default_code = "erased"

    def __init__(self, reason: str | None, when: datetime):
        erased = when.astimezone(UTC).isoformat().replace("+00:00", "Z")
        self.members = {"reason": reason, "erased": erased}
        super().__init__(f"This was erased: {reason or 'no reason was given.'}")


def whole_number(name: str, value: str | None, usual: int, *, least: int = 1, most: int) -> int:
    """Parse a query parameter from `least` to `most`; `usual` if it is missing."""
    if value is None:
        return usual
    if not (re.fullmatch("[0-9]{1,3}", value) and least <= int(value) <= most):
        raise BadParameter({name: [f"A whole number from {least} to {most}."]})
    return int(value)


def true_or_false(name: str, value: str | None) -> bool:
    """Parse a query parameter that is `true` or `false`; false if it is missing."""
    if value not in (None, "true", "false"):
        raise BadParameter({name: ["Write true or false."]})
    return value == "true"


class PreconditionRequired(APIException):
    status_code = status.HTTP_428_PRECONDITION_REQUIRED
    default_code = "precondition-required"
    default_detail = "Send If-Match with the ETag of the record as you last read it."


class PreconditionFailed(APIException):
    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_code = "precondition-failed"


def changed_since(version_read: int | None, version: int) -> str:
    """Say that a record is no longer at the version that somebody read (optimistic locking)."""
    if version_read is None:
        return f"It is not known which version you read; the record is now at version {version}."
    return (
        f"This has changed since you read version {version_read}: it is now at version {version}."
    )


class Conflict(APIException):
    """A request that contradicts existing records; `faults` have a pointer and a message each."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"

    def __init__(self, detail: str, faults: Iterable[dict] = ()):
        self.faults = list(faults)
        super().__init__(detail)


class KeyReused(APIException):
    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "idempotency-key-reused"
    default_detail = (
        "This Idempotency-Key was used for another request. Send a new key with a new request."
    )


def flatten_errors(detail, pointer: str = "") -> Iterator[dict]:
    """Flatten DRF's nested messages into JSON pointers (RFC 6901) with one message each."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            whole = name in ("non_field_errors", "__all__")  # as DRF and Django call it
            at = "" if whole else "/" + escaped(str(name))
            yield from flatten_errors(inner, pointer + at)
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            nested = isinstance(inner, dict | list)
            yield from flatten_errors(inner, f"{pointer}/{index}" if nested else pointer)
    else:
        yield {"pointer": pointer, "message": str(detail)}


def escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def refusal_of(error: Exception) -> str:
    """The message of the constraint or trigger that made the database refuse a change."""
    said = getattr(error.__cause__, "diag", None)
    name = said and said.constraint_name
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if constraint.name == name:
                return str(constraint.get_violation_error_message())
    if said and name and not said.table_name:  # a trigger of ours, which speaks for itself
        return said.message_primary
    return f"The database refused this{f' ({name})' if name else ''}."


def messages_of(error: Exception) -> list[str]:
    """The messages of a refusal by a model, a verb or the database, one for each fault."""
    match error:
        case ValidationError():
            return error.messages
        case Conflict():
            return [str(error.detail), *(fault["message"] for fault in error.faults)]
        case _:
            return [refusal_of(error)]


class EraNotBegun(APIException):
    """The database was restored into another cluster, where transaction ids begin again."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "era-not-begun"
    default_detail = (
        "The database was restored into another cluster, where transaction ids start anew. The "
        "change feed is unavailable until an administrator runs `manage.py begin_era`."
    )
