"""Every page of the admin and every answer of the API for some records, found from the URLconf.

What is added is walked by itself. A path that holds something else than the key of a record, or a
record's name, needs a line in `VALUES`.
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
"""What stands for a parameter that names no record."""

NAMELESS = ("object_id", "pk", "id", "key")
"""Parameters that stand for the record whose model is named before them, or `bulk`, a draft."""

LEFT_OUT = re.compile(
    r"\(\?P|/r/<|object_id>/$|/delete/|/logout/|/jsi18n/|/password|/autocomplete/"
    r"|/export\.|/report\.csv$|/import/<|step>/$|article>/(add|claim|undo)/$"
    r"|/job/<path:object_id>/history/$|/(cancel|again|unmerge|distinguish|undistinguish)/$"
)
"""No pages of records: redirects, what nobody may open, a script, the user's own, JSON, files, what
is only sent to, and the preview of an import, which has a test of its own."""


def routes(resolver, prefix: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from routes(pattern, route)


def admin_pages(records: dict) -> list[str]:
    """The pages of the admin for these records, one of each kind, by the name of its model.

    Without records those that are of none, such as lists.

    Some of them may not be open to everybody, such as those to make what is only filed.
    """
    return _paths("admin/", records)


def api_answers(records: dict) -> list[str]:
    """Whatever the API may answer of these records to GET, be it that GET is not allowed."""
    return _paths(API.strip("/"), records)


def _paths(beginning: str, records: dict) -> list[str]:
    found = (
        _path(route, records)
        for route in routes(get_resolver())
        if route.startswith(beginning) and not LEFT_OUT.search(route)
    )
    return list(dict.fromkeys(path for path in found if path))


def _path(route: str, records: dict) -> str | None:
    """The route with its parameters filled; None for one of a record that is not among these."""
    if "/bulk/" in route and "bulk" not in records:
        return None
    values = {name: record.pk for name, record in records.items()}
    if subject := records.get(_subject(route, records)):
        values |= dict.fromkeys(NAMELESS, subject.pk)
    for name in PARAMETER.findall(route):
        if name in VALUES and records:
            values[name] = VALUES[name](records)
        elif name not in values:
            known = not records or name in NAMELESS
            assert known, f"{route}: say in tests/walking.py what stands for <{name}>."
            return None
    return "/" + PARAMETER.sub(lambda parameter: str(values[parameter[1]]), route)


def _subject(route: str, records: dict) -> str | None:
    """The model whose record a path is of: the last that is named before the first parameter."""
    named = route.partition("<")[0].split("/")
    words = (word for part in reversed(named) for word in (part, part.removesuffix("s")))
    return next((word for word in words if word in records), None)
