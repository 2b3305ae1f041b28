"""Lists of quotes, and single quotes, by a prepared statement.

Most lists need one statement, which depends on the names of the filters and not on their values.
`sources.database.prepared` keeps it.
"""

from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db.models import F
from django.db.models.lookups import In

from quotes.models import Quote
from quotes.models.querysets import may_file, sees_all
from quotes.representations.json import (
    FIELDS,
    PageJson,
    QuoteUrls,
    fetch_page,
    page_statement,
    quotes_url,
)
from quotes.search.pages import is_one_statement
from sources.database.prepared import Parameter, Statement, Statements
from sources.history.past_tables import tables_are_of

statements = Statements(most=2_000)

OF_THEN = " -- as of then"
"""Makes another text of it: PostgreSQL would plan the same one anew for other tables."""


def prepared_page(view, filters, page) -> PageJson | None:
    """Fetch a page with these filters by a prepared statement, if there is one."""
    found = prepared_list(view, filters, page)
    return found and fetch(*found, filters)


def fetch(sql: str, params: list, filters) -> PageJson | None:
    """Fetch a page by its statement.

    None if a value has to be looked up first, such as the id of a merged record.
    """
    shown = fetch_page(sql, params)
    return shown if shown.number or filters.hold() else None


def prepared_list(view, filters, page) -> tuple[str, list] | None:
    """Return the statement of a page with these filters, and its parameters.

    None if the page needs the planner, or if the user has quotes of their own that readers do not
    see.
    """
    shape, user = filters.shape(), view.request.user
    if shape is None or page.is_counted or page.is_ranked:
        return None
    if (reads_all := reads_all_or_public(user)) is None:
        return None
    fields = view.requested_fields(FIELDS)
    values = [*filters.parameters(), *page.key, *quotes_url(view.request)]
    known = statements.get(
        (reads_all, shape, page.shape(), tuple(fields)),
        lambda: prepare(filters, page, fields, len(values), reads_all=reads_all),
    )
    return known and known.with_values(values)


def prepared_quote(view, pk: UUID) -> PageJson | None:
    """Fetch a page with this quote by a prepared statement; an empty one if nobody sees it.

    None if the user has quotes of their own that readers do not see.
    """
    if (reads_all := reads_all_or_public(view.request.user)) is None:
        return None
    fields = view.requested_fields(FIELDS)
    known = statements.get(
        ("quote", reads_all, tuple(fields)), lambda: prepare_quote(fields, reads_all=reads_all)
    )
    return fetch_page(*known.with_values([pk, *quotes_url(view.request)]))


def reads_all_or_public(user) -> bool | None:
    """Whether the user sees all quotes, or public ones; None if also quotes of their own."""
    if sees_all(user):
        return True
    has_own = may_file(user) and Quote.objects.hidden_of(user).exists()
    return None if has_own else False


def prepare(filters, page, fields, number: int, *, reads_all: bool) -> Statement | None:
    """The statement of a page with `number` parameters, if one serves all values."""
    quotes = Quote.objects.all() if reads_all else Quote.objects.public()
    *places, api, pages = map(Parameter, range(number))
    key = places[len(places) - len(page.key) :]
    quotes = page.ordered(filters.filter_queryset(quotes, places), key)
    end = page.limit + 1
    if not is_one_statement(quotes[:end]):
        return None
    quotes = quotes.filter(filters.condition(places))[:end]
    how = {"most": page.limit, "reverse": page.backwards}
    try:
        sql, params = page_statement(quotes, QuoteUrls(api, pages), fields, **how)
    except EmptyResultSet:  # a filter that nothing can match
        return None
    return Statement(sql + OF_THEN if tables_are_of() else sql, params)


def prepare_quote(fields, *, reads_all: bool) -> Statement:
    """The statement of one quote: its parameters are the id and the addresses."""
    key, *urls = map(Parameter, range(3))
    quotes = Quote.objects.all() if reads_all else Quote.objects.public()
    page = quotes.filter(In(F("pk"), [key])).order_by("version")
    return Statement(*page_statement(page, QuoteUrls(*urls), fields, most=1, reverse=False))
