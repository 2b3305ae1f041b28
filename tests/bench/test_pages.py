"""Every page for people opens in an archive. `pages.py` measures it in a large one."""

import pytest

from quotes.management.synthetic.archive import generate
from tests.bench.pages import report

pytestmark = pytest.mark.django_db


def test_every_page_of_a_small_archive_opens(settings):
    settings.ONRECORD_PUBLIC_READ = settings.ONRECORD_ROBOTS = True
    generate(200)
    lines = []
    report(1, lines.append)
    opened = "".join(lines)
    for label in ("search, nothing", "one speaker", "feed, all", "sitemap of quotes"):
        assert label in opened
