"""Every page of the admin opens in an archive. `admin_lists.py` measures it in a large one."""

import pytest

from quotes.management.synthetic.archive import generate
from quotes.models import Quote
from tests.bench.admin_lists import report

pytestmark = pytest.mark.django_db


def test_every_list_search_and_filter_of_a_small_archive_opens():
    generate(200)
    assert Quote.objects.count() == 200
    lines = []
    report(1, lines.append)
    opened = "".join(lines)
    for label in ("first page", "quotes “the”", "completing speaker", "possible duplicates"):
        assert label in opened
    assert len(lines) > 100
