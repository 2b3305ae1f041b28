"""The pages for people in a real browser: with and without script, by keyboard, on a phone."""

import re

import pytest
from playwright.sync_api import expect

from quotes.pages import search
from tests.browser.test_accessibility import COLOURS, faults, out_of_reach, paint, too_wide
from tests.conftest import API, make_client, make_filing, ok, publish
from tests.records import make_quote

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _archive(settings):
    """Two articles, where anyone may read."""
    settings.ONRECORD_PUBLIC_READ = True
    curator = make_client("Curators")
    ok(curator.post(f"{API}articles/", publish(make_filing())), 201)
    other = make_filing(
        outlet="Tribune",
        url="https://tribune.example/1",
        headline="Ferries to run",
        published="2024-01",
        text="“Every ferry will run,” said Bo Ek, minister of transport.",
        quotes=[{"text": "Every ferry will run,", "speaker": "Bo Ek", "role": "minister"}],
    )
    ok(curator.post(f"{API}articles/", publish(other)), 201)
    make_quote("It is disputed by " + "a" * 90, status="disputed", reason="She denies it.")


def make_large(monkeypatch) -> None:
    """Take the archive for a large one, where counting takes longer than a page."""
    monkeypatch.setattr(search, "COUNTED_AT_ONCE", 0)
    monkeypatch.setattr(search, "RESULTS", "2")


def test_the_search_answers_while_one_types(page):
    page.goto("/")
    box = page.get_by_label("Words of the quote")
    expect(box).to_be_focused()
    expect(page.locator(".quote")).to_have_count(3)
    box.press_sequentially("ferry run")
    expect(page.locator(".quote")).to_have_count(1)
    expect(page.locator("#number")).to_have_text("1 quote")
    expect(page.get_by_role("status")).to_have_text("1 quote")  # for screen readers
    expect(page.locator("mark")).to_have_text(["ferry", "run"])
    expect(page).to_have_url("/?q=ferry+run")
    expect(page).to_have_title("“ferry run” · On Record")
    expect(box).to_be_focused()
    page.reload()
    expect(page.locator(".quote")).to_have_count(1)
    box.fill("")
    expect(page.locator(".quote")).to_have_count(3)


def test_a_name_is_chosen_from_a_few_letters(page):
    page.goto("/")
    page.get_by_text("Search by speaker, outlet, date and more").click()
    field = page.get_by_label("Speaker’s name")
    field.press_sequentially("quil")
    expect(page.locator("#f-speaker-names option")).to_have_attribute("value", "Mara Quill")
    field.fill("Mara Quill")  # as choosing the option does
    field.press("Tab")
    expect(page.locator(".quote")).to_have_count(1)
    expect(page.locator(".chips")).to_contain_text("Speaker: Mara Quill")


def test_counts_of_a_large_archive_come_after_the_page(page, monkeypatch):
    make_large(monkeypatch)
    page.goto("/")
    expect(page.locator("#number")).to_have_text("3 quotes")
    expect(page.locator(".facet").get_by_text("Tribune")).to_be_visible()
    expect(page.locator("svg")).to_be_visible()
    expect(page).to_have_url("/")


def test_everything_works_without_script(chromium, live_server, monkeypatch):
    make_large(monkeypatch)
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("link", name="Count these quotes").click()
    page.locator(".facet").get_by_role("link", name="Tribune").click()
    expect(page.locator(".quote")).to_have_count(1)
    page.get_by_role("link", name="Remove the filter Outlet").click()
    page.get_by_text("Search by speaker, outlet, date and more").click()
    page.get_by_label("Speaker’s name").fill("Bo Ek")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".quote")).to_have_count(1)
    page.locator(".quote blockquote a").click()
    expect(page).to_have_url(re.compile(r"/quotes/[0-9a-f-]{36}/$"))
    context.close()


def test_the_pages_are_for_everybody(page):
    """axe finds nothing, light or dark; a keyboard reaches all; a phone shows the whole width."""
    wrong = []
    for path in ("/", "/?q=ferry&counts=shown", "/?q=nowhere", "/login/"):
        page.goto(path)
        paint(page, "light")
        wrong += faults(page) + out_of_reach(page) + too_wide(page)
        paint(page, "dark")
        wrong += faults(page, COLOURS)
        page.emulate_media(color_scheme="light")
    page.goto("/?q=ferry")
    page.locator("details").first.evaluate("all => all.open = true")
    wrong += faults(page) + too_wide(page)
    assert wrong == [], "\n".join(wrong)
