"""Keyset pages, and the cursors that lead from one to the next."""

import hashlib
import json

from django.core import signing
from django.http import HttpResponse
from rest_framework import pagination
from rest_framework.response import Response

from sources.counting import count_or_estimate
from sources.faults import BadParameter, nearest_of, whole_number
from sources.ordering import ComparesRows

# Signs cursors without the time, so that the same page is the same bytes and keeps its entity tag.
SIGNER = signing.Signer(salt="cursor")


class KeysetPagination(pagination.BasePagination):
    """Pages on (sort key, id): every row once, at the same cost at any depth.

    A cursor is signed and says where it stands, in which ordering and for which query; it is
    refused anywhere else. `count=true` adds `{"value", "exact"}`: exact up to `COUNTED`, an
    estimate beyond.

    The view reads a page by `rows_of`: rows with `pk` and the value that they are ordered by. In an
    ordering of `best_first`, which has no opposite, it gives the rows in parts that follow each
    other, and what the cursor has to remember for them to be the same again (`parts_of`).
    """

    USUAL, MOST, COUNTED = 50, 200, 100_000
    aside = frozenset({"cursor", "limit", "fields", "count"})

    def paginate_queryset(self, queryset, request, view=None) -> list:
        self.request = request
        asked = request.query_params.get("limit")
        self.limit = whole_number("limit", asked, self.USUAL, most=self.MOST)
        self.counted = self._count(request.query_params.get("count"), queryset)
        name = self._ordering(request.query_params.get("ordering"), view)
        is_ranked = name in view.best_first
        descending = is_ranked or name.startswith("-")
        column = name if is_ranked else view.orderings[name.lstrip("-")]
        self.stamp = [request.path, name, self._query(request)]

        place = self._place(request.query_params.get("cursor"))
        backwards = place is not None and place["back"]
        sign, comparison = ("-", "<") if descending is not backwards else ("", ">")
        order = (f"{sign}{column}", f"{sign}pk")
        parts, self.kept, rows = [queryset], {}, []
        if is_ranked:
            parts, self.kept = view.parts_of(queryset, name, place, self.limit + 1)
        for part in parts:
            if place is not None:
                part = part.filter(ComparesRows([column, "pk"], place["at"], comparison))
            rows += view.rows_of(part.order_by(*order)[: self.limit + 1 - len(rows)])
            if len(rows) > self.limit:
                break
        more, rows = len(rows) > self.limit, rows[: self.limit]
        if backwards:
            rows.reverse()
        self.next = self.previous = None
        if rows:
            if more or backwards:
                self.next = self._link(rows[-1], column, back=False)
            if place is not None and (more or not backwards):
                self.previous = self._link(rows[0], column, back=True)
        elif place is not None and not backwards:
            # Past the end: the way back starts from where this page stands.
            self.previous = self._url({**place, "back": True})
        return rows

    def get_paginated_response(self, data) -> Response:
        answer = {"next": self.next, "previous": self.previous, "results": data}
        return Response({**answer, "count": self.counted} if self.counted else answer)

    def get_written_response(self, rows: list[str]) -> HttpResponse:
        """The same, of rows that are JSON already."""
        answer = json.dumps({"next": self.next, "previous": self.previous})[:-1]
        count = f', "count": {json.dumps(self.counted)}' if self.counted else ""
        return HttpResponse(
            f'{answer}, "results": [{",".join(rows)}]{count}}}', content_type="application/json"
        )

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
        names = [f"{sign}{name}" for name in view.orderings for sign in ("-", "")]
        names += view.best_first if view.action == "list" else ()
        parameters = {
            "limit": (
                "Rows a page.",
                {"type": "integer", "minimum": 1, "maximum": self.MOST, "default": self.USUAL},
            ),
            "cursor": ("Where the page begins, from `next` or `previous`.", {"type": "string"}),
            "ordering": (
                "Unknown dates come last in descending order.",
                {"type": "string", "enum": names, "default": view.default_ordering},
            ),
            "count": ("Also count what matches.", {"type": "boolean", "default": False}),
            "fields": ("Only these fields, with commas between.", {"type": "string"}),
        }
        return [
            {"name": name, "in": "query", "required": False, "description": text, "schema": schema}
            for name, (text, schema) in parameters.items()
        ]

    # Reading parameters

    def _count(self, value: str | None, queryset) -> dict | None:
        if value not in (None, "true", "false"):
            raise BadParameter({"count": ["true or false."]})
        if value != "true":
            return None
        value, is_exact = count_or_estimate(queryset, exact_up_to=self.COUNTED)
        return {"value": value, "exact": is_exact}

    def _ordering(self, value: str | None, view) -> str:
        if value is None:
            return view.default_ordering
        known = [f"{sign}{name}" for name in view.orderings for sign in ("", "-")]
        known += view.best_first
        if value not in known:
            raise BadParameter(
                {"ordering": [f"“{value[:60]}” is not an ordering. {nearest_of(value, known)}"]}
            )
        return value

    # Cursors

    def _query(self, request) -> str:
        """What was asked for, as opposed to how much of it and where."""
        asked = sorted(
            (name, value) for name, value in request.query_params.items() if name not in self.aside
        )
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]

    def _place(self, cursor: str | None) -> dict | None:
        if cursor is None:
            return None
        try:
            place = SIGNER.unsign_object(cursor)
        except signing.BadSignature:
            raise BadParameter(
                {"cursor": ["Not a cursor of this service. Take it from `next` or `previous`."]}
            ) from None
        if place.pop("of") != self.stamp:
            raise BadParameter(
                {"cursor": ["Belongs to another ordering or query. Start without a cursor."]}
            )
        return place

    def _link(self, row, column: str, *, back: bool) -> str:
        at = [str(getattr(row, column)), str(row.pk)]
        return self._url({**self.kept, "at": at, "back": back})

    def _url(self, place: dict) -> str:
        query = self.request.query_params.copy()
        query["cursor"] = SIGNER.sign_object({**place, "of": self.stamp})
        query.pop("count", None)
        path = self.request.build_absolute_uri(self.request.path)
        return f"{path}?{query.urlencode()}"
