"""The measurement of the search for names runs, and asks for every kind of term."""

import pytest

from quotes.management.synthetic.archive import generate
from tests.bench import find_people

pytestmark = pytest.mark.django_db


def test_names_are_searched_for_in_every_way(reader, curator_at_desk):
    generate(400)
    (kinds, *_) = find_people.asked(1)
    lines = []
    find_people.report(reader, curator_at_desk, 1, lines.append)
    printed = "".join(lines)
    for kind in kinds:
        assert f"speakers/?q=, {kind} " in printed
        assert f"picker, {kind} " in printed
