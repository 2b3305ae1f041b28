"""Articles in a real browser: two that are one are merged, and a replaced text is compared."""

import pytest
from playwright.sync_api import expect

from quotes.models import Quote
from sources.models import Article
from tests.browser.test_admin import choose
from tests.conftest import API, make_client, make_filing, ok, publish
from tests.sources.admin.test_admin import page_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


def file(**article) -> dict:
    filing = publish(make_filing(**article))
    return ok(make_client("Curators").post(f"{API}articles/", filing), 201)


def statuses() -> list[str]:
    return sorted(Quote.objects.values_list("status", flat=True))


def test_two_articles_are_merged_and_the_merge_says_what_it_closes(log_in):
    kept = file()
    merged = file(url="https://harbourpost.example/amp/quay", headline="Quay to close (amp)")
    page = log_in("Curators")
    page.goto("/admin/sources/article/")
    page.click("#result_list a:has-text('(amp)')")
    page.get_by_role("link", name="Merge…", exact=True).click()
    choose(page, "into", kept["id"], "Quay to close")
    page.click("input[value=Compare]")
    expect(page.locator(".facts")).to_contain_text(
        "Closed, since the one that is kept has the same"
    )
    expect(page.locator(".facts")).to_contain_text("1 quote")
    page.click("text=Merge into “Quay to close”")
    told = page.locator(".messagelist .success")
    expect(told).to_contain_text("1 quote closed: “Quay to close” has the same.")
    assert statuses() == ["published", "retracted"]
    page.goto(page_of(Article.objects.get(pk=merged["id"])))
    page.get_by_role("link", name="Undo merge…", exact=True).click()
    page.get_by_role("button", name="Undo the merge").click()
    expect(page.locator(".messagelist .success")).to_contain_text("is a separate record again")
    assert statuses() == ["published", "published"]


def test_a_replaced_text_is_compared_and_its_quotes_are_kept(log_in):
    file()
    wall = "Please enable cookies.\n\nSubscribe now."
    ok(make_client("Curators").post(f"{API}articles/", make_filing(text=wall, quotes=[])))
    page = log_in("Curators")
    page.goto(page_of(Quote.objects.get()))
    page.get_by_role("link", name="Review this quote").click()
    page.get_by_role("link", name="Compare the two texts").click()
    row = page.get_by_role("row").filter(has_text="We had no choice")
    expect(row).to_contain_text("Please enable cookies.")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator(".messagelist")).to_contain_text("1 quote kept on record.")
    assert Quote.objects.get().flags == []
