"""All hostile strings at once in a real browser: no script runs, nothing loads, no page breaks."""

import re

import pytest

from tests.conftest import make_client
from tests.hostile import MARK, STRINGS
from tests.quotes.api.test_hostile import make_all, packed
from tests.sources.admin.test_admin import page_of
from tests.sources.admin.test_history import history_of
from tests.walking import admin_pages

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("walk")]


REFUSED = re.compile(r"^403 |status of 403 ")


def test_no_page_with_hostile_strings_does_anything(log_in):
    page = log_in()
    page.on("dialog", lambda dialog: page.went_wrong.append(dialog.message))
    client = make_client("Curators")
    made = [make_all(client, string, number) for number, string in enumerate(packed(STRINGS[:49]))]
    paths = admin_pages(made[0])
    for records in made[1:]:
        paths += [page_of(records["quote"]), history_of(records["quote"])]
    for path in paths:
        page.goto(path)
        ran = page.evaluate(f"Object.keys(window).filter(name => name.includes('{MARK}'))")
        assert ran == [], path
    # Pages that nobody may open, such as the one to add a quote.
    page.went_wrong[:] = [said for said in page.went_wrong if not REFUSED.search(said)]
