"""Responses whose JSON is already rendered."""

import json

from django.http import HttpResponse
from django.utils.functional import cached_property


class RenderedJSON(HttpResponse):
    """A response of JSON that PostgreSQL rendered, or that was stored."""

    def __init__(self, json: str | bytes, **kwargs):
        super().__init__(json, content_type="application/json", **kwargs)

    @cached_property
    def data(self):
        return json.loads(self.content)


def link_header(**links: str | None) -> dict[str, str]:
    """Return the header `Link` (RFC 8288), by relation; empty without any."""
    told = [f'<{url}>; rel="{name}"' for name, url in links.items() if url]
    return {"Link": ", ".join(told)} if told else {}


LINES = "application/x-ndjson"


class RenderedLines(HttpResponse):
    """A response of newline-delimited JSON; it is stored as one JSON string."""

    def __init__(self, lines: str, **kwargs):
        super().__init__(lines, content_type=LINES, **kwargs)


def replayed(body: str, **kwargs) -> HttpResponse:
    """Return the response whose body was stored, as `json_of` gave it."""
    if body.startswith('"'):
        return RenderedLines(json.loads(body), **kwargs)
    response = RenderedJSON(body, **kwargs)
    response.record_version = response.data.get("version")
    return response


def json_of(response: HttpResponse) -> str:
    """Return the body of a response as JSON, without the members that are `not_stored`."""
    if isinstance(response, RenderedLines):
        return json.dumps(response.content.decode(), ensure_ascii=False)
    if isinstance(response, RenderedJSON):
        return response.content.decode()
    secret = getattr(response, "not_stored", ())
    data = {n: v for n, v in response.data.items() if n not in secret} if secret else response.data
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=str)
