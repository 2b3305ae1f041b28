"""Lists of quotes by a prepared statement.

Most lists need one statement, which depends on the names of the filters and not on their values.
`sources.database.prepared` keeps it.
"""

from django.core.exceptions import EmptyResultSet

from quotes.models import Quote
from quotes.models.querysets import sees_all
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

statements = Statements(most=2_000)


def prepared_page(view, filters, page) -> PageJson | None:
    """Fetch a page with these filters by a prepared statement.

    None if the page needs the planner, or a value has to be looked up first, such as the id of a
    merged record. None also if the user has quotes of their own that readers do not see.
    """
    shape, user = filters.shape(), view.request.user
    own = Quote.objects.hidden_of(user)
    if shape is None or (own is not None and own.exists()) or page.is_counted or page.is_ranked:
        return None
    fields = view.requested_fields(FIELDS)
    values = [*filters.parameters(), *page.key, *quotes_url(view.request)]
    known = statements.get(
        (sees_all(user), shape, page.shape(), tuple(fields)),
        lambda: prepare(view, filters, page, fields, len(values)),
    )
    if known is None:
        return None
    shown = fetch_page(*known.with_values(values))
    return shown if shown.number or filters.hold() else None


def prepare(view, filters, page, fields, number: int) -> Statement | None:
    """The statement of a page with `number` parameters, if one serves all values."""
    quotes = Quote.objects.all() if sees_all(view.request.user) else Quote.objects.public()
    *places, api, pages = map(Parameter, range(number))
    key = places[len(places) - len(page.key) :]
    quotes = page.ordered(filters.filter_queryset(quotes, places), key)
    end = page.limit + 1
    if not is_one_statement(quotes[:end]):
        return None
    quotes = quotes.filter(filters.condition(places))[:end]
    how = {"most": page.limit, "reverse": page.backwards}
    try:
        return Statement(*page_statement(quotes, QuoteUrls(api, pages), fields, **how))
    except EmptyResultSet:  # a filter that nothing can match
        return None
