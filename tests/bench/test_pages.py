"""Every page for people opens in an archive. `pages.py` measures it in a large one."""

import pytest

from quotes.management.synthetic.archive import generate
from tests.bench import pages

pytestmark = pytest.mark.django_db


def test_every_page_of_a_small_archive_opens_and_is_over_a_limit_of_nothing(settings, monkeypatch):
    settings.ONRECORD_PUBLIC_READ = settings.ONRECORD_ROBOTS = True
    generate(200)
    monkeypatch.setattr(pages, "LIMIT", 0)
    lines = []
    over = pages.report(1, lines.append)
    opened = "".join(lines)
    for label in ("search, nothing", "one speaker", "feed, all", "sitemap of quotes"):
        assert label in opened
        assert (label in over) == (label in ("search, nothing", "one speaker", "feed, all"))
