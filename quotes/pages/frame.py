"""What every page has: title, canonical link, OpenGraph, JSON-LD, alternates and an entity tag."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.cache import get_conditional_response
from django.utils.html import html_safe

from sources.api.addresses import service_url

ESCAPES = {
    ord(sign): f"\\u{ord(sign):04X}"
    for sign in "<>&\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
}
"""Signs that could end a script element or turn its text round, as JSON writes them."""


@html_safe
class JsonLd:
    """A block of JSON-LD. It is data: the Content-Security-Policy does not run or refuse it."""

    def __init__(self, data: dict | list):
        self.data = data

    def __str__(self) -> str:
        written = json.dumps(self.data, ensure_ascii=False, default=str).translate(ESCAPES)
        return f'<script type="application/ld+json">{written}</script>'


class Alternate(NamedTuple):
    """Another form of the page: a media type, its URL, and a title for feeds."""

    type: str
    url: str
    title: str = ""


@dataclass
class Page:
    """What the head of a page says of it. `path` is that of the canonical link, with its query.

    Search engines are told to leave a page out that is not `is_indexed`; ONRECORD_ROBOTS opens the
    others to them.
    """

    title: str
    description: str = ""
    path: str = ""
    og_type: str = "website"
    json_ld: dict | list | None = None
    alternates: Sequence[Alternate] = field(default_factory=tuple)
    is_indexed: bool = True


def show(
    request: HttpRequest,
    template: str,
    page: Page,
    context: dict,
    *,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """Render a page, or answer 304 if the browser has it.

    Templates extend `pages/base.html` and get `page`, `site` (the service's URL) and `user`.
    """
    site = service_url(request)
    more = {
        "page": page,
        "canonical": f"{site}{page.path}" if page.path else "",
        "json_ld": page.json_ld and JsonLd(page.json_ld),
        "is_indexed": page.is_indexed and settings.ONRECORD_ROBOTS,
        "has_public_reading": settings.ONRECORD_PUBLIC_READ,
    }
    body = render_to_string(template, {**context, **more}, request)
    return tagged(request, HttpResponse(body, status=status))


def tagged(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """The answer with its entity tag, or 304 if the client has it (RFC 9110)."""
    answer.headers.setdefault("Cache-Control", "private, no-cache")
    if answer.status_code != HTTPStatus.OK:
        return answer
    answer["ETag"] = f'"{hashlib.sha256(answer.content).hexdigest()[:20]}"'
    return get_conditional_response(request, etag=answer["ETag"], response=answer)
