"""A page costs the same at any depth. `page_depth.py` shows it of more quotes."""

import pytest

from tests.bench.page_depth import LISTS, buffers, fill, first_and_deep

pytestmark = pytest.mark.django_db


def test_a_page_1000_deep_reads_no_more_buffers_than_the_first(reader):
    speaker = fill(11_000)
    for label, query in LISTS.items():
        first, deep = first_and_deep(reader, query, speaker, limit=10)
        cost = buffers(reader, first)
        assert 0.5 * cost <= buffers(reader, deep) <= 1.5 * cost, label
