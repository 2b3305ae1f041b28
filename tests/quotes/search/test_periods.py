"""The stretches of time that the indexes of words know."""

from datetime import date
from uuid import UUID

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from quotes.search.periods import LAST, as_far_as, filed_in, periods, printed_in

ids = st.one_of(st.uuids(), st.integers(0, 2**48 - 1).map(lambda at: UUID(int=at << 80 | 7 << 76)))
# As likely close to each other as far apart, and on the edges of weeks
days = st.one_of(st.dates(), st.dates(date(2026, 1, 1), date(2026, 3, 1)))


def kept(key: UUID, day: date) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT quotes_periods(%s, %s)", [key, day])
        return set(cursor.fetchone()[0])


@given(st.integers(0, LAST), st.integers(0, LAST))
def test_the_weeks_from_one_to_another_are_made_up_of_few_periods(one, other):
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
def test_what_is_before_a_place_in_a_list_is_in_its_periods(key, place, day, day_of_place):
    held = kept(key, day)
    if key >= place:
        assert held & set(as_far_as(place, descending=True))
    if key <= place:
        assert held & set(as_far_as(place, descending=False))
    if day >= day_of_place:
        assert held & set(as_far_as(day_of_place, descending=True))
    if day <= day_of_place:
        assert held & set(as_far_as(day_of_place, descending=False))


@pytest.mark.django_db
@given(ids, days)
def test_postgresql_keeps_the_same_weeks(key, day):
    assert {filed_in(key), 65_536 + printed_in(day)} < kept(key, day)
