"""Keyset pagination with signed cursors."""

import hashlib
import json
from urllib.parse import urlencode

from django.core import signing
from django.http import HttpResponse
from rest_framework import pagination
from rest_framework.response import Response

from sources.api.orderings import both_ways
from sources.api.responses import link_header
from sources.database.estimates import count_or_estimate
from sources.database.keyset import after_key
from sources.exceptions import BadParameter, nearest_of, true_or_false, whole_number

# Signs cursors without a timestamp: the same page has the same bytes and entity tag.
SIGNER = signing.Signer(salt="cursor")


class KeysetPagination(pagination.BasePagination):
    """Pages by (sort key, id): every row once, at the same cost at any depth.

    A cursor holds a key, the ordering and a digest of the query. It is signed, and refused with any
    other ordering or query. `count=true` adds `{"value", "exact"}`: exact up to `COUNTED` rows, an
    estimate above.

    The view reads the rows of a page (`rows_of`), each with `pk` and its sort key. For an ordering
    in `best_first` it returns consecutive querysets, and the values that the cursor has to keep to
    repeat them (`parts_of`).
    """

    DEFAULT_ROWS, MAX_ROWS = 50, 200
    MAX_EXACT_COUNT = 100_000  # matches; counting more would take longer than the page
    aside = frozenset({"cursor", "limit", "fields", "count"})

    def paginate_queryset(self, queryset, request, view=None) -> list:
        self.read(request, view)
        return self.page(self.rows(queryset, view))

    def read(self, request, view) -> None:
        """Read the parameters of the page. Raises BadParameter."""
        self.request = request
        self.address = request.build_absolute_uri(request.path)
        asked = request.query_params.get("limit")
        self.limit = whole_number("limit", asked, self.DEFAULT_ROWS, most=self.MAX_ROWS)
        self.is_counted = true_or_false("count", request.query_params.get("count"))
        self.counted = None
        self.name = self._ordering(request.query_params.get("ordering"), view)
        self.is_ranked = self.name in view.best_first
        descending = self.is_ranked or self.name.startswith("-")
        self.column = self.name if self.is_ranked else view.orderings[self.name.lstrip("-")]
        self.stamp = [request.path, self.name, self._query(request)]
        self.cursor = self._cursor(request.query_params.get("cursor"))
        self.kept = {}
        self.backwards = self.cursor is not None and self.cursor["back"]
        self.is_descending = descending is not self.backwards

    @property
    def key(self) -> list[str]:
        """Return the key of the row before the page: sort key and id; empty on the first page."""
        return [] if self.cursor is None else self.cursor["key"]

    def shape(self) -> tuple:
        """Return what the statement of the page depends on, besides the values of `key`."""
        return self.column, self.is_descending, self.backwards, self.limit, self.cursor is None

    def rows(self, queryset, view) -> list:
        """Return the rows of the page, plus one if more follow."""
        if self.is_counted:
            value, is_exact = count_or_estimate(queryset, exact_up_to=self.MAX_EXACT_COUNT)
            self.counted = {"value": value, "exact": is_exact}
        parts, rows = [queryset], []
        if self.is_ranked:
            parts, self.kept = view.parts_of(queryset, self.name, self.cursor, self.limit + 1)
        for part in parts:
            rows += view.rows_of(self.ordered(part, self.key)[: self.limit + 1 - len(rows)])
            if len(rows) > self.limit:
                break
        return rows

    def ordered(self, queryset, key):
        """Return the rows after this key, in the order in which the page is read."""
        sign, comparison = ("-", "<") if self.is_descending else ("", ">")
        if key:
            queryset = after_key(queryset, [self.column, "pk"], key, comparison)
        return queryset.order_by(f"{sign}{self.column}", f"{sign}pk")

    def page(self, rows: list) -> list:
        """Return the rows of the page in the order of the list, and set the links."""
        number, rows = len(rows), rows[: self.limit]
        if self.backwards:
            rows.reverse()
        ends = [(row.pk, getattr(row, self.column)) for row in (*rows[:1], *rows[-1:])]
        self.link(*(ends or (None, None)), number)
        return rows

    def link(self, first: tuple | None, last: tuple | None, number: int) -> None:
        """Set `next` and `previous`.

        `first` and `last` are (id, sort key) of the page's end rows. `number` counts the rows read:
        one more than `limit` if more follow.
        """
        more = number > self.limit
        self.next = self.previous = None
        if number:
            if more or self.backwards:
                self.next = self._link(last, back=False)
            if self.cursor is not None and (more or not self.backwards):
                self.previous = self._link(first, back=True)
        elif self.cursor is not None and not self.backwards:
            # Past the end: the previous page ends at this cursor.
            self.previous = self._url({**self.cursor, "back": True})

    def get_paginated_response(self, data) -> Response:
        answer = {"next": self.next, "previous": self.previous, "results": data}
        body = {**answer, "count": self.counted} if self.counted else answer
        return Response(body, headers=self.headers())

    def get_written_response(self, rows: bytes) -> HttpResponse:
        """Return the page's response from rows that are JSON already, separated by commas."""
        links = json.dumps({"next": self.next, "previous": self.previous})[:-1]
        count = f', "count": {json.dumps(self.counted)}' if self.counted else ""
        body = b"".join([links.encode(), b', "results": [', rows, b"]", count.encode(), b"}"])
        return HttpResponse(body, content_type="application/json", headers=self.headers())

    def headers(self) -> dict[str, str]:
        return link_header(next=self.next, prev=self.previous)

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
        if view.action not in ("list", "revisions"):
            return []
        names = both_ways(view.orderings)
        names += view.best_first if view.action == "list" else ()
        parameters = {
            "limit": (
                "Records per page.",
                {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": self.MAX_ROWS,
                    "default": self.DEFAULT_ROWS,
                },
                100,
            ),
            "cursor": (
                "Start of the page. Take it from `next` or `previous`.",
                {"type": "string"},
                "eyJrZXkiOlsiMjAyNi0wMy0xNCJdfQ:5Pq1…",
            ),
            "ordering": (
                "Order of the records; `-` is descending. Unknown dates then come last.",
                {"type": "string", "enum": names, "default": view.default_ordering},
                names[0],
            ),
            "count": (
                "Also count all matches: exactly up to 100,000, an estimate beyond.",
                {"type": "boolean", "default": False},
                True,
            ),
            "fields": (
                "Return only these top-level fields of each record, separated by commas.",
                {"type": "string"},
                "id,updated",
            ),
        }
        return [
            {
                "name": name,
                "in": "query",
                "required": False,
                "description": text,
                "schema": schema,
                "example": example,
            }
            for name, (text, schema, example) in parameters.items()
        ]

    # Reading parameters

    def _ordering(self, value: str | None, view) -> str:
        if value is None:
            return view.default_ordering
        known = [*both_ways(view.orderings), *view.best_first]
        if value not in known:
            raise BadParameter(
                {"ordering": [f"“{value[:60]}” is not an ordering. {nearest_of(value, known)}"]}
            )
        return value

    # Cursors

    def _query(self, request) -> str:
        """Return a digest of the parameters that decide which rows match, and their order."""
        asked = sorted(
            (name, value) for name, value in request.query_params.items() if name not in self.aside
        )
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]

    def _cursor(self, signed: str | None) -> dict | None:
        if signed is None:
            return None
        try:
            cursor = SIGNER.unsign_object(signed)
        except signing.BadSignature:
            raise BadParameter(
                {"cursor": ["Not a cursor of this service. Take it from `next` or `previous`."]}
            ) from None
        if cursor.pop("of") != self.stamp:
            raise BadParameter(
                {"cursor": ["Belongs to another ordering or query. Start without a cursor."]}
            )
        return cursor

    def _link(self, row: tuple, *, back: bool) -> str:
        key, value = row
        return self._url({**self.kept, "key": [str(value), str(key)], "back": back})

    def _url(self, cursor: dict) -> str:
        query = {name: self.request.query_params[name] for name in self.request.query_params}
        query["cursor"] = SIGNER.sign_object({**cursor, "of": self.stamp})
        query.pop("count", None)
        return f"{self.address}?{urlencode(query)}"
