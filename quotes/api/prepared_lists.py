"""Lists of quotes by a statement that an earlier request left prepared.

Most lists are answered by one statement, which depends on the names of the filters, not on their
values. It is made once; see `sources.database.prepared`.
"""

from django.core.exceptions import EmptyResultSet

from quotes.models.querysets import sees_all
from quotes.representations.json import FIELDS, PageJson, fetch_page, page_statement
from quotes.search.planner import is_found_at_once
from sources.database.prepared import Parameter, Statement, Statements

statements = Statements(most=2_000)


def prepared_page(view, filters, page) -> PageJson | None:
    """What a page shows that was asked for with these filters, by a prepared statement.

    None where the page needs more than that, or where some value has to be looked up first, as the
    id of a record that was merged has.
    """
    shape = filters.shape()
    if shape is None or page.is_counted or page.is_ranked:
        return None
    fields = view.requested_fields(FIELDS)
    values = [*filters.parameters(), *page.at, page.address]
    known = statements.get(
        (sees_all(view.request.user), shape, page.shape(), tuple(fields)),
        lambda: prepare(view, filters, page, fields, len(values)),
    )
    if known is None:
        return None
    shown = fetch_page(*known.with_values(values))
    return shown if shown.number or filters.hold() else None


def prepare(view, filters, page, fields, number: int) -> Statement | None:
    """The statement of a page, with places for so many values, if there is one for all values."""
    *places, place_of_address = map(Parameter, range(number))
    at = places[len(places) - len(page.at) :]
    quotes = page.ordered(filters.filter_queryset(view.get_listed(), places), at)
    end = page.limit + 1
    if not is_found_at_once(quotes[:end]):
        return None
    quotes = quotes.filter(filters.condition(places))[:end]
    how = {"most": page.limit, "reverse": page.backwards}
    try:
        return Statement(*page_statement(quotes, place_of_address, fields, **how))
    except EmptyResultSet:  # a filter that nothing can match
        return None
