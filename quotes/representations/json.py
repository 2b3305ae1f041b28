"""The public form of quotes, written as JSON by PostgreSQL and passed on as it is.

The view `quotes_public` holds a row a quote and a column a field; here its columns are put together
for whom is asking. `quotes.api.serializers.QuoteSerializer` documents the same form and writes the
quotes that are not read from the database as they stand there: the two are tested to be equal.
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from rest_framework.reverse import reverse

from quotes.models import Quote

FIELDS = (
    "id",
    "url",
    "text",
    "kind",
    "language",
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
    "anchor",
    "utterance",
    "flags",
    "reason",
    "replaced_by",
    "corrections",
    "created",
    "updated",
)
"""All fields, in the order in which they are shown."""


class WrittenQuote:
    """A quote as JSON text, with its id and the value of the column that it was sorted by."""

    def __init__(self, pk: UUID, json: str, column: str, value: str):
        self.pk, self.json = pk, json
        setattr(self, column, value)


def address(request) -> str:
    """Where the quotes of this service are; each is there by its id, with a slash after it."""
    return reverse("quote-list", request=request)


def columns(fields: Collection[str], address: str) -> tuple[str, list[str]]:
    """The columns of `quotes_public p` that make these fields, as SQL with its parameters."""
    by_address = {
        "url": "%s || p.id || '/' AS url",
        "replaced_by": "CASE WHEN p.replaced_by_id IS NOT NULL THEN json_build_object("
        "'id', p.replaced_by_id, 'url', %s || p.replaced_by_id || '/') END AS replaced_by",
    }
    wanted = [name for name in FIELDS if name in fields]
    listed = ", ".join(by_address.get(name, f"p.{name}") for name in wanted)
    return listed, [address for name in wanted if name in by_address]


PAGE = "WITH page (id, key) AS MATERIALIZED ({page})"
"""The page is found before anything is joined to it: see `Endpoint.rows_of`."""

ROWS = """
SELECT quote.id, quote.key, quote.json
FROM (SELECT array_agg(id) AS ids, array_agg(key::text) AS keys FROM page) page
CROSS JOIN LATERAL unnest(page.ids, page.keys, ARRAY(SELECT {written}))
    AS quote (id, key, json)
"""

AT_ONCE = """
SELECT number, ids[{first}], keys[{first}], ids[{last}], keys[{last}],
    (SELECT string_agg(json, ',') FROM {written} json)
FROM (
    SELECT count(*) AS number, array_agg(id) AS ids, array_agg(key::text) AS keys FROM page
) page
"""


def writing(ids: str, address, fields: Collection[str]) -> tuple[str, list]:
    """The call, as SQL with its parameters, that writes these fields of the quotes with the ids."""
    if len(fields) == len(FIELDS):
        return f"quotes_written({ids}, %s)", [address]
    return f"quotes_written({ids}, %s, %s)", [address, list(fields)]


@dataclass(frozen=True)
class WrittenPage:
    """Quotes as the JSON of a list, and between which rows they are.

    `number` counts the quotes that were found, of which `json` has those that fit. The first and
    the last of these are an id and what the list is ordered by, as text.
    """

    number: int
    first: tuple[str, str]
    last: tuple[str, str]
    json: bytes


def statement_of_page(
    page: models.QuerySet[Quote], address, fields: Collection[str], *, most: int, reverse: bool
) -> tuple[str, list]:
    """The statement that writes so many of a page at once, and what it takes.

    It gives one row, for a `WrittenPage`. Raises EmptyResultSet.
    """
    found, values = found_by(page)
    shown, ends = f"ids[:{most}]", ["1", f"least(number, {most})"]
    if reverse:
        shown, ends = f"array_reverse({shown})", ends[::-1]
    written, asked = writing(shown, address, fields)
    at_once = AT_ONCE.format(first=ends[0], last=ends[1], written=written)
    return PAGE.format(page=found) + at_once, [*values, *asked]


def found_by(page: models.QuerySet[Quote]) -> tuple[str, list]:
    """The statement that finds a page: ids, and what they are ordered by."""
    column = page.query.order_by[0].lstrip("-")
    return page.values("pk", sort_key=models.F(column)).query.sql_with_params()


def written_page(sql: str, params: list) -> WrittenPage:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        # As PostgreSQL sends them, in UTF-8: the service would only write again what it had read.
        number, *ends, json = (cursor.pgresult.get_value(0, column) or b"" for column in range(6))
        first, first_key, last, last_key = (end.decode() for end in ends)
        return WrittenPage(int(number), (first, first_key), (last, last_key), json)


def written(
    page: models.QuerySet[Quote], address: str, fields: Collection[str] = FIELDS
) -> list[WrittenQuote]:
    """The quotes of a page in its order (by a column, then by id, alike); one statement."""
    column = page.query.order_by[0].lstrip("-")
    try:
        found, values = found_by(page)
    except EmptyResultSet:  # a filter that nothing can match
        return []
    written, asked = writing("page.ids", address, fields)
    with connection.cursor() as cursor:
        cursor.execute(PAGE.format(page=found) + ROWS.format(written=written), [*values, *asked])
        return [WrittenQuote(key, json, column, value) for key, value, json in cursor.fetchall()]
