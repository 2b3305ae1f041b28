"""axe-core finds nothing serious on any page of the admin, light or dark, wide or on a tablet.

`KNOWN` lists faults of Django's own admin that we accept, each with its reason.
"""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth import get_user_model

from quotes.models import Quote
from tests.browser.test_hostile import REFUSED
from tests.conftest import make_client
from tests.quotes.admin.test_admin import make_one_of_each
from tests.quotes.api.test_hostile import make_all, make_jobs
from tests.sources.admin.test_admin import changelist, page_of
from tests.sources.admin.test_history import history_of
from tests.sources.history.test_reverting import way_back_of
from tests.walking import admin_pages

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("walk")]

KNOWN = {
    ("label-title-only", "#searchbar"): "Its label is a picture with the text “Search”: named.",
    ("aria-prohibited-attr", ".search-label-icon"): "A hint beside a box that is named.",
}
"""Axe rule and selector of each fault, with the reason why it is accepted."""

SERIOUS = ("serious", "critical")
EVERYTHING = {"resultTypes": ["violations"]}
COLOURS = {**EVERYTHING, "runOnly": ["color-contrast"]}


def is_known(fault: dict, node: dict) -> bool:
    return any(fault["id"] == rule and place in str(node["target"][-1]) for rule, place in KNOWN)


def faults(page, options: dict = EVERYTHING) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    found = page.evaluate("options => axe.run(options)", options)["violations"]
    return [
        f"{page.url} {fault['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
        for fault in found
        if fault["impact"] in SERIOUS
        for node in fault["nodes"]
        if not is_known(fault, node)
    ]


def paint(page, colours: str) -> None:
    """Switch to light or dark, and wait for the transitions."""
    page.emulate_media(color_scheme=colours)
    page.evaluate("Promise.all(document.getAnimations().map(one => one.finished))")


def test_no_page_has_a_serious_fault_light_or_dark(log_in):
    records = make_all(make_client("Curators"), "One quay, two quays", 1)
    page = log_in()
    page.set_viewport_size({"width": 1280, "height": 800})
    records |= make_jobs(
        "One quay", records["quote"], get_user_model().objects.get(username="mara")
    )
    found = []
    for path in admin_pages(records):
        if page.goto(path).status == 200:
            paint(page, "light")
            found += faults(page)
            paint(page, "dark")
            found += [f"dark: {fault}" for fault in faults(page, COLOURS)]
    page.went_wrong[:] = [said for said in page.went_wrong if not REFUSED.search(said)]
    assert not found, "\n".join(found)


def test_no_page_that_curators_use_has_a_serious_fault_on_a_tablet(log_in):
    records = make_one_of_each()
    quote = records["quote"]
    quote.revise(note="In English.", language="en")
    page = log_in("Curators")
    page.set_viewport_size({"width": 1024, "height": 768})
    found = []
    for path in (changelist(Quote), page_of(quote), history_of(quote), way_back_of(quote, 1)):
        page.goto(path)
        found += faults(page)
    assert not found, "\n".join(found)
