"""Cleaning up speakers in a real browser: merge, mark as distinct, move quotes, undo."""

import re

import pytest
from playwright.sync_api import expect

from quotes.models import Quote
from sources.admin.html import address
from tests.browser.test_admin import choose
from tests.conftest import fresh
from tests.records import (
    make_affiliation,
    make_organisation,
    make_outlet,
    make_quote,
    make_speaker,
)
from tests.sources.admin.test_admin import HOSTILE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


def test_two_records_of_one_speaker_are_merged_and_unmerged(log_in):
    one, other = make_speaker("R. Jones"), make_speaker("Rob Jones")
    make_affiliation(speaker=one, role="dean", start="2004", end="2012-05")
    make_quote(speaker=one, published="2026-03", attribution_role="dean")
    page = log_in("Curators")
    page.goto("/admin/sources/speaker/")
    page.click("#result_list a:has-text('R. Jones')")
    expect(page.get_by_role("heading", level=1)).to_have_text("R. Jones")
    page.get_by_role("link", name="Merge…", exact=True).click()
    choose(page, "into", "rob", "Rob Jones")
    page.click("input[value=Compare]")
    expect(page.locator(".lead")).to_contain_text("“R. Jones” will be merged into “Rob Jones”")
    expect(page.locator(".facts")).to_contain_text("1 affiliation, 1 quote")
    page.click("text=Swap")
    expect(page.locator(".lead")).to_contain_text("“Rob Jones” will be merged into “R. Jones”")
    page.click("text=Swap")
    page.fill("#id_reason", "One byline.")
    page.click("text=Merge into “Rob Jones”")

    expect(page.locator(".messagelist .success")).to_contain_text("1 affiliation, 1 quote moved.")
    expect(page.get_by_role("heading", level=1)).to_have_text("Rob Jones")
    expect(page.get_by_role("row", name="dean Harbour Board 2004 2012-05")).to_be_visible()
    assert Quote.objects.get().speaker == other
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.locator(".messagelist .success")).to_contain_text("is a separate record again")
    assert Quote.objects.get().speaker == one
    assert fresh(other).aliases == []


def test_two_speakers_are_marked_as_different_people_and_unmarked(log_in):
    one, other = make_speaker(HOSTILE), make_speaker(HOSTILE)
    page = log_in("Curators")
    page.on("dialog", lambda dialog: page.went_wrong.append(dialog.message))
    page.goto(address(one, "profile"))
    likely = page.get_by_role("region", name="Likely duplicates")
    expect(likely).to_contain_text("Both are called")
    likely.get_by_role("button", name=re.compile("^Different people")).press("Enter")
    expect(page.locator(".messagelist .success")).to_contain_text("marked as different people")
    expect(likely).to_have_count(0)
    assert fresh(one).distinct_from == [other.pk]
    apart = page.get_by_role("region", name="Marked as different")
    apart.get_by_role("button", name=re.compile("^Undo")).press("Enter")
    expect(likely).to_contain_text("Both are called")
    assert fresh(one).distinct_from == []


def test_selected_quotes_are_moved_by_keyboard_and_hostile_words_do_nothing(log_in):
    one, other = make_speaker("Rob Jones"), make_speaker(f"Rachel {HOSTILE}")
    outlet, board = make_outlet(HOSTILE), make_organisation(HOSTILE)
    for words in ("Hers, one", "Hers, two", f"His {HOSTILE}"):
        make_quote(
            words,
            speaker=one,
            organisation=board,
            outlet=outlet,
            attribution_role=HOSTILE,
            published="2026-03-14",
        )
    page = log_in("Curators")
    page.on("dialog", lambda dialog: page.went_wrong.append(dialog.message))
    page.goto(address(one, "profile"))
    page.get_by_role("link", name="Move quotes…").press("Enter")
    page.get_by_label("Words").fill("hers")
    page.get_by_label("Words").press("Enter")
    boxes = page.locator("input[name=quote]")
    expect(boxes).to_have_count(2)
    for number in range(2):
        boxes.nth(number).press("Space")
    choose(page, "to", "rachel", "Rachel")
    page.fill("#id_reason", "Her first name is in the text.")
    page.get_by_role("button", name="Move selected quotes…").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Move 2 quotes?")
    assert not Quote.objects.filter(speaker=other).exists()
    page.get_by_role("button", name="Move 2 quotes").press("Enter")
    expect(page.locator(".messagelist .success")).to_contain_text("2 quotes were moved")
    assert Quote.objects.filter(speaker=other).count() == 2
    for record in (one, outlet, board):
        page.goto(address(record, "profile"))
        expect(page.locator("#content")).to_contain_text("from March 2026.")
