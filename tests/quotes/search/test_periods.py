"""The ranges of time that the indexes of words know."""

from datetime import date
from uuid import UUID

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from quotes.search.periods import LAST_WEEK, periods, periods_until, week_filed, week_printed

ids = st.one_of(st.uuids(), st.integers(0, 2**48 - 1).map(lambda at: UUID(int=at << 80 | 7 << 76)))
# As likely close to each other as far apart, and on the edges of weeks
days = st.one_of(st.dates(), st.dates(date(2026, 1, 1), date(2026, 3, 1)))


def stored_periods(key: UUID, day: date) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT quotes_periods(%s, %s)", [key, day])
        return set(cursor.fetchone()[0])


@given(st.integers(0, LAST_WEEK), st.integers(0, LAST_WEEK))
def test_few_periods_make_up_any_range_of_weeks(one, other):
    first, last = sorted((one, other))
    weeks = []
    for period in periods(first, last):
        level, number = divmod(period, 16_384)
        size = 64**level
        weeks += range(number * size, (number + 1) * size)
    assert weeks == [*range(first, last + 1)]
    assert len(periods(first, last)) <= 2 * 63 + 2 * 63 + 4


@pytest.mark.django_db
@given(ids, ids, days, days)
def test_a_quote_before_a_place_in_a_list_is_in_the_periods_until_there(
    key, place, day, day_of_place
):
    held = stored_periods(key, day)
    if key >= place:
        assert held & set(periods_until("pk", place, descending=True))
    if key <= place:
        assert held & set(periods_until("pk", place, descending=False))
    if day >= day_of_place:
        assert held & set(periods_until("published_day", day_of_place, descending=True))
    if day <= day_of_place:
        assert held & set(periods_until("published_day", day_of_place, descending=False))


@pytest.mark.django_db
@given(ids, days)
def test_postgresql_stores_the_same_weeks(key, day):
    assert {week_filed(key), 65_536 + week_printed(day)} < stored_periods(key, day)


def test_an_order_that_the_indexes_do_not_know_has_no_periods():
    assert periods_until("said_day", date(2026, 1, 1), descending=True) is None
