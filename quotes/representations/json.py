"""The API's JSON of quotes, written by PostgreSQL and passed on unchanged.

The view `quotes_public` has a row for each quote and a column for each field. This module selects
the columns that a request asked for. `quotes.api.serializers.QuoteSerializer` documents the same
form and renders quotes that are not read from the view; a test keeps the two equal.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.urls import reverse

from quotes.models import Quote
from sources.api.addresses import service_url
from sources.database.prepared import prepared_cursor

FIELDS = (
    "id",
    "url",
    "html_url",
    "text",
    "kind",
    "language",
    "translated_from",
    "translates",
    "status",
    "version",
    "speaker",
    "role",
    "organisation",
    "outlet",
    "said",
    "published",
    "attribution",
    "article",
    "via",
    "media",
    "anchor",
    "utterance",
    "flags",
    "origin",
    "reason",
    "replaced_by",
    "corrections",
    "created",
    "updated",
)
"""All fields, in the order of the answer."""


class QuoteJson:
    """A quote as JSON text, with its id and the value of its sort column."""

    def __init__(self, pk: UUID, json: str, column: str, value: str):
        self.pk, self.json = pk, json
        setattr(self, column, value)


class QuoteUrls(NamedTuple):
    """Absolute URLs above all quotes and above their pages; a quote's adds its id and a slash."""

    api: str
    pages: str


def quotes_url(request) -> QuoteUrls:
    return _quotes_url(request.build_absolute_uri("/")[:-1], service_url(request))


@lru_cache(maxsize=100)  # hosts: reversing two paths takes as long as parsing all filters
def _quotes_url(host: str, pages_host: str) -> QuoteUrls:
    return QuoteUrls(f"{host}{reverse('quote-list')}", f"{pages_host}{reverse('pages:quotes')}")


def columns(fields: Collection[str], url: QuoteUrls) -> tuple[str, list[str]]:
    """SQL and parameters that select these fields from `quotes_public p`."""
    by_url = {name: f"%s || p.id || '/' AS {name}" for name in ("url", "html_url")} | {
        name: f"CASE WHEN p.{name}_id IS NOT NULL THEN json_build_object("
        f"'id', p.{name}_id, 'url', %s || p.{name}_id || '/') END AS {name}"
        for name in ("translates", "replaced_by")
    }
    wanted = [name for name in FIELDS if name in fields]
    listed = ", ".join(by_url.get(name, f"p.{name}") for name in wanted)
    asked = (url.pages if name == "html_url" else url.api for name in wanted if name in by_url)
    return listed, [*asked]


PAGE = "WITH page (id, key) AS MATERIALIZED ({page})"
"""The page's ids are selected before any join; see `Endpoint.rows_of`."""

QUOTES_JSON = """
SELECT quote.id, quote.key, quote.json
FROM (SELECT array_agg(id) AS ids, array_agg(key::text) AS keys FROM page) page
CROSS JOIN LATERAL unnest(page.ids, page.keys, ARRAY(SELECT {written}))
    AS quote (id, key, json)
"""

PAGE_JSON = """
SELECT number, ids[{first}], keys[{first}], ids[{last}], keys[{last}],
    (SELECT string_agg(json, ',') FROM {written} json)
FROM (
    SELECT count(*) AS number, array_agg(id) AS ids, array_agg(key::text) AS keys FROM page
) page
"""


def render_call(
    ids: str, url: QuoteUrls, fields: Collection[str], *, reviews: bool = True
) -> tuple[str, list]:
    """SQL and parameters that render these fields of the given quotes as JSON.

    Without `reviews`, why a quote was rejected is null.
    """
    if not reviews:
        return f"quotes_json({ids}, %s, %s, %s, false)", [*url, list(fields)]
    if len(fields) == len(FIELDS):
        return f"quotes_json({ids}, %s, %s)", [*url]
    return f"quotes_json({ids}, %s, %s, %s)", [*url, list(fields)]


@dataclass(frozen=True)
class PageJson:
    """One page as a JSON array, with the keys of its first and last row for the cursors.

    `number` counts the rows that matched, which may be one more than `json` holds. A key is an id
    and the value of the sort column, as text.
    """

    number: int
    first: tuple[str, str]
    last: tuple[str, str]
    json: bytes


def page_statement(
    page: models.QuerySet[Quote],
    url: QuoteUrls,
    fields: Collection[str],
    *,
    most: int,
    reverse: bool,
) -> tuple[str, list]:
    """SQL and parameters that render at most `most` quotes of a page, as one row (`PageJson`).

    Raises EmptyResultSet if the filters can match nothing.
    """
    found, values = key_query(page)
    shown, ends = f"ids[:{most}]", ["1", f"least(number, {most})"]
    if reverse:
        shown, ends = f"array_reverse({shown})", ends[::-1]
    call, asked = render_call(shown, url, fields)
    at_once = PAGE_JSON.format(first=ends[0], last=ends[1], written=call)
    return PAGE.format(page=found) + at_once, [*values, *asked]


def key_query(page: models.QuerySet[Quote]) -> tuple[str, list]:
    """SQL and parameters that select a page's ids and sort keys."""
    column = page.query.order_by[0].lstrip("-")
    return page.values("pk", sort_key=models.F(column)).query.sql_with_params()


def fetch_page(sql: str, params: list) -> PageJson:
    with prepared_cursor() as cursor:
        cursor.execute(sql, params)
        # The raw UTF-8 bytes: decoding and encoding again would only cost time.
        number, *ends, json = (cursor.pgresult.get_value(0, column) or b"" for column in range(6))
        first, first_key, last, last_key = (end.decode() for end in ends)
        return PageJson(int(number), (first, first_key), (last, last_key), json)


def fetch_quotes(
    page: models.QuerySet[Quote],
    url: QuoteUrls,
    fields: Collection[str] = FIELDS,
    *,
    reviews: bool = True,
) -> list[QuoteJson]:
    """The quotes of a page, in its order (a column, then the id); one statement."""
    column = page.query.order_by[0].lstrip("-")
    try:
        found, values = key_query(page)
    except EmptyResultSet:  # a filter that nothing can match
        return []
    call, asked = render_call("page.ids", url, fields, reviews=reviews)
    with connection.cursor() as cursor:
        cursor.execute(
            PAGE.format(page=found) + QUOTES_JSON.format(written=call), [*values, *asked]
        )
        return [QuoteJson(key, json, column, value) for key, value, json in cursor.fetchall()]
