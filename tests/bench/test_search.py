"""The bench of searches runs, at a small size; `search.py` shows it of more quotes."""

import pytest

from quotes.management.synthetic.archive import generate
from tests.bench.search import report, report_mangled

pytestmark = pytest.mark.django_db


def test_searches_are_measured_and_mangled_quotes_found(reader):
    generate(600)
    said = []
    report(reader, rounds=1, say=said.append)
    assert any(line.startswith("like, a quote; by relevance") for line in said)
    assert report_mangled(reader, 40, said.append) >= 0.95
