"""Paths of every admin page and API response for some records, found from the URLconf.

New URLs are included automatically. A parameter that is not the key of a record needs a line in
`VALUES`.
"""

import re
from collections.abc import Iterator

from django.urls import URLPattern, get_resolver

from tests.conftest import API

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")

VALUES = {
    "version": lambda records: 1,
    "sha256": lambda records: records["snapshot"].sha256,
}
"""Values of parameters that are not keys."""

NAMELESS = ("object_id", "pk", "id", "key")
"""Parameters for the key of the model that is named before them, or of a draft (`bulk`)."""

LEFT_OUT = re.compile(
    r"\(\?P|/r/<|object_id>/$|/delete/|/logout/|/jsi18n/|/password|/reset/|/autocomplete/"
    r"|/export\.|/filings\.csv$|/template\.csv$|/report\.csv$|/import/<|step>/$|key>/undo/$|article>/(add|claim|undo)/$|/answer/<uuid:report>/$"
    r"|<uuid:webhook>/deliveries/$"
    r"|/job/<path:object_id>/history/$|/document/page/$|/picture/$"
    r"|/(cancel|again|unmerge|distinguish|undistinguish|test|replay|rotate)/$"
)
"""Not pages of records: redirects, forbidden pages, scripts, account pages, JSON, downloads, URLs
for POST only, what belongs to one user, and the import preview, which has its own test."""


def routes(resolver, prefix: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from routes(pattern, route)


def admin_pages(records: dict) -> list[str]:
    """Admin pages of these records (one per model, by model name); without any, the list pages.

    Some are forbidden to everybody, such as the page to add an article.
    """
    return _paths("admin/", records)


def api_answers(records: dict) -> list[str]:
    """API paths of these records, including some that do not allow GET."""
    return _paths(API.strip("/"), records)


def _paths(beginning: str, records: dict) -> list[str]:
    found = (
        _path(route, records)
        for route in routes(get_resolver())
        if route.startswith(beginning) and not LEFT_OUT.search(route)
    )
    return list(dict.fromkeys(path for path in found if path))


def _path(route: str, records: dict) -> str | None:
    """The route with its parameters filled in; None if its record is not among these."""
    if any(f"/{name}/<" in route and name not in records for name in ("bulk", "webhook")):
        return None
    values = {name: record.pk for name, record in records.items()}
    if subject := records.get(_subject(route, records)):
        values |= dict.fromkeys(NAMELESS, subject.pk)
    for name in PARAMETER.findall(route):
        if name in VALUES and records:
            values[name] = VALUES[name](records)
        elif name not in values:
            known = not records or name in NAMELESS
            assert known, f"{route}: add a value in tests/walking.py for <{name}>."
            return None
    return "/" + PARAMETER.sub(lambda parameter: str(values[parameter[1]]), route)


def _subject(route: str, records: dict) -> str | None:
    """The model of a route: the last one named before the first parameter."""
    named = route.partition("<")[0].split("/")
    words = (word for part in reversed(named) for word in (part, part.removesuffix("s")))
    return next((word for word in words if word in records), None)
