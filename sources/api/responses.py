"""Responses whose JSON is already rendered."""

import json

from django.http import HttpResponse
from django.utils.functional import cached_property
from rest_framework.response import Response


class RenderedJSON(HttpResponse):
    """A response of JSON that PostgreSQL rendered, or that was stored."""

    def __init__(self, json: str, **kwargs):
        super().__init__(json, content_type="application/json", **kwargs)

    @cached_property
    def data(self):
        return json.loads(self.content)


def json_of(response: Response | RenderedJSON) -> str:
    """Return the body of a response as text."""
    if isinstance(response, RenderedJSON):
        return response.content.decode()
    return json.dumps(response.data, ensure_ascii=False, separators=(",", ":"), default=str)
