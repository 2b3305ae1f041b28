"""axe-core finds nothing on any page of the admin, light or dark, wide or on a tablet.

At a zoom of 200 % a page of 1,280 pixels has the room of 640: none is to be scrolled sideways.
"""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth import get_user_model
from django.utils import timezone
from playwright.sync_api import expect

from quotes.models import Quote
from tests.browser.test_hostile import REFUSED
from tests.conftest import make_client
from tests.quotes.admin.test_admin import make_one_of_each
from tests.quotes.api.test_hostile import make_all, make_jobs
from tests.records import make_webhook
from tests.sources.admin.test_admin import changelist, page_of
from tests.sources.admin.test_history import history_of
from tests.sources.history.test_reverting import way_back_of
from tests.walking import admin_pages

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("walk")]

EVERYTHING = {"resultTypes": ["violations"], "preload": False}
"""All rules. Those that need style sheets or films read beforehand are off or find none here."""

COLOURS = {**EVERYTHING, "runOnly": ["color-contrast"]}

AT_ONCE = """() => {
    const still = new CSSStyleSheet();
    still.replaceSync("* { transition: none !important; animation: none !important; }");
    document.adoptedStyleSheets = [still];
}"""
"""A style sheet made by script, which the policy of the pages allows."""


OUT_OF_REACH = """() => {
    const reached = "a[href], button, summary, label, input, select, [tabindex='0']";
    const beside = ".printed mark, .chart svg"; // a list or a table there has the links
    const isReached = (one) => one.closest(reached)?.tabIndex >= 0;
    return Array.from(document.body.querySelectorAll("*"))
        .filter((one) => getComputedStyle(one).cursor === "pointer" && one.checkVisibility())
        .filter((one) => !isReached(one) && !one.closest("label") && !one.closest(beside))
        .map((one) => one.outerHTML.slice(0, 150));
}"""


def faults(page, options: dict = EVERYTHING, *, outside: str = "") -> list[str]:
    """What axe finds on a page, but for what lies within the selector `outside`."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    looked_at = {"exclude": [outside]} if outside else {"include": ["html"]}
    run = "([looked_at, options]) => axe.run(looked_at, options)"
    found = page.evaluate(run, [looked_at, options])["violations"]
    return [
        f"{page.url} {fault['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
        for fault in found
        for node in fault["nodes"]
    ]


def out_of_reach(page) -> list[str]:
    """Elements that look as if one could click them and that no Tab reaches."""
    found = page.evaluate(OUT_OF_REACH)
    return [f"{page.url} no Tab reaches {html}" for html in found]


def too_wide(page) -> list[str]:
    """Widths at which the page has to be scrolled sideways: at a zoom of 200 %, and on a phone."""
    found = []
    for width in (640, 390):
        page.set_viewport_size({"width": width, "height": 800})
        if (needed := page.evaluate("document.documentElement.scrollWidth")) > width:
            found.append(f"{page.url} needs {needed} of {width} pixels")
    page.set_viewport_size({"width": 1280, "height": 800})
    return found


def paint(page, colours: str) -> None:
    """Switch to light or dark, without the transitions."""
    page.evaluate(AT_ONCE)
    page.emulate_media(color_scheme=colours)


def test_no_page_has_a_fault_light_or_dark(log_in):
    records = make_all(make_client("Curators"), "One quay, two quays", 1)
    page = log_in()
    page.set_viewport_size({"width": 1280, "height": 800})
    mara = get_user_model().objects.get(username="mara")
    records |= make_jobs("One quay", records["quote"], mara)
    records["webhook"] = make_webhook(mara, filters={"q": "quay"})
    sent = records["webhook"].send_test()
    sent.status, sent.problem, sent.answer = 400, "The receiver answered 400.", "“Who are you?”" * 9
    sent.end(sent.State.FAILED, timezone.now())
    found = []
    for path in admin_pages(records):
        if page.goto(path).status == 200:
            paint(page, "light")
            found += faults(page)
            paint(page, "dark")
            found += [f"dark: {fault}" for fault in faults(page, COLOURS)]
            found += out_of_reach(page) + too_wide(page)
    page.went_wrong[:] = [said for said in page.went_wrong if not REFUSED.search(said)]
    assert not found, "\n".join(found)


def test_a_login_that_asks_for_a_code_has_no_fault(page, settings):
    settings.ONRECORD_REQUIRE_TOTP = True
    found = []
    for path in ("/admin/login/", "/login/"):
        page.goto(path)
        for name, typed in {"username": "mara", "password": "wrong", "code": "123 456"}.items():
            page.fill(f"[name={name}]", typed)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("alert")).to_contain_text("correct username and password")
        paint(page, "light")
        found += faults(page) + out_of_reach(page) + too_wide(page)
        paint(page, "dark")
        found += faults(page, COLOURS)
        page.emulate_media(color_scheme="light")
    assert not found, "\n".join(found)


def test_no_page_that_curators_use_has_a_fault_on_a_tablet(log_in):
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
