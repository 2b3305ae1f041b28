"""The parser and the renderer of the API: strict JSON."""

import json
import math
from collections.abc import Iterator
from http import HTTPStatus

from rest_framework import exceptions, parsers, renderers

from sources.api.bodies import read_body
from sources.exceptions import escaped


class Parser(parsers.JSONParser):
    """Parses JSON in UTF-8, at most 1 MiB unless the view sets `most_bytes`."""

    most_bytes = 1024 * 1024

    def parse(self, stream, media_type=None, parser_context=None):
        most = getattr(parser_context["view"], "most_bytes", self.most_bytes)
        body = read_body(stream, most)
        try:
            data = json.loads(
                body.decode("utf-8-sig"),  # Windows writes a byte order mark
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
    """Yield an error for each string or member name that PostgreSQL or UTF-8 cannot hold."""
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
    """Strings of a body that cannot be stored. `faults`: a pointer and a message each."""

    status_code = HTTPStatus.BAD_REQUEST
    default_code = "invalid"

    def __init__(self, faults: list[dict]):
        self.faults = faults
        super().__init__("; ".join(f"{f['pointer']}: {f['message']}" for f in faults))


class Renderer(renderers.JSONRenderer):
    """Renders JSON in UTF-8, without escapes."""

    charset = None
