"""The measurement of draft checks runs, and its verdicts are right."""

from random import Random

import pytest

from quotes.management.synthetic.archive import generate
from tests.bench.draft_check import EXPECTED, MIN_RIGHT, Quotations, report_verdicts, timed

pytestmark = pytest.mark.django_db


def test_verdicts_on_drafts_of_every_kind_are_right(reader):
    generate(1_000)
    quotations, lines = Quotations(Random(1)), []
    share, wrong = report_verdicts(reader, quotations, 80, lines.append)
    assert share >= MIN_RIGHT
    assert wrong == 0
    assert len(lines) == len(EXPECTED)
    assert not any(line.endswith("of     0\n") for line in lines)
    assert len(list(timed(reader, quotations, rounds=1))) == 1
