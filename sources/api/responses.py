"""Answers whose JSON is already written."""

import json

from django.http import HttpResponse
from django.utils.functional import cached_property
from rest_framework.response import Response


class WrittenResponse(HttpResponse):
    """An answer that is JSON already."""

    def __init__(self, json: str, **kwargs):
        super().__init__(json, content_type="application/json", **kwargs)

    @cached_property
    def data(self):
        return json.loads(self.content)


def text_of(response: Response | WrittenResponse) -> str:
    """The body of an answer, as it is sent."""
    if isinstance(response, WrittenResponse):
        return response.content.decode()
    return json.dumps(response.data, ensure_ascii=False, separators=(",", ":"), default=str)
