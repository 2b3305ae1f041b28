"""The measurement of facets and timelines runs, and counts the same by each."""

import pytest

from quotes.management.synthetic.archive import generate
from tests.bench.facets import measure

pytestmark = pytest.mark.django_db


def test_facets_and_timelines_of_an_archive_count_the_same(reader):
    generate(1_000)
    told = measure(reader, rounds=1)
    assert len(told) > 40
    whole = {name.partition(", ")[2]: counted for name, (_, _, counted) in told.items()}
    for name, (_, _, counted) in told.items():
        assert counted == whole[name.partition(", ")[2]] > 0, name
