"""The measurement of the fast lane runs. `review_steps.py` does it in a large archive."""

import pytest

from quotes.management.synthetic.archive import generate
from quotes.models import Quote
from tests.bench.review_steps import measure

pytestmark = pytest.mark.django_db


def test_each_step_publishes_one_quote_and_leads_to_the_next():
    generate(1_000)
    before = Quote.objects.proposed().count()
    spent = measure(3)
    assert {name: len(took) for name, took in spent.items()} == {
        "step": 3,
        "next quote": 3,
        "both": 3,
        "rest": 3,
        "bare UPDATE": 3,
    }
    assert Quote.objects.proposed().count() == before - 6
