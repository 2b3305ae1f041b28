"""The review page by keys: quick, forgiving, and never losing a decision or what was typed."""

import pytest
from playwright.sync_api import expect

from quotes.models import Quote
from tests.browser.test_review import (
    QUEUE,
    SAYINGS,
    expect_chosen,
    expect_message,
    expect_ready,
    file_ten,
    hold,
)
from tests.conftest import fresh, staff
from tests.quotes.admin.test_review import take
from tests.records import make_affiliation, make_article, make_quote, make_speaker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

WORDS = ("It was late.", "It was dark.", "It was cold.")

ADD_UP_SHIFTS = """() => {
    window.shifted = [];
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
            const moved = entry.sources.map((each) => each.node?.outerHTML?.slice(0, 80));
            window.shifted.push(`${entry.value}: ${moved}`);
        }
    }).observe({ type: "layout-shift" });
}"""
"""Every shift counts, also one that follows a key."""


def make_three(**values) -> list[Quote]:
    article = make_article(" ".join(WORDS))
    return [make_quote(said, article=article, status="proposed", **values) for said in WORDS]


def open_at(page, quote: Quote) -> None:
    page.goto(f"{QUEUE}{quote.article_id}/?quote={quote.pk}")
    expect_chosen(page, quote.text)


def expect_status(quote: Quote, status: str, page) -> None:
    """Wait until the step is stored, which is sent behind the page."""
    for _ in range(100):
        if fresh(quote).status == status:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"“{quote}” is {quote.status}, not {status}")


def test_ten_clean_quotes_take_ten_keys_shift_nothing_and_are_undone_one_by_one(log_in):
    quotes = file_ten()
    page = log_in("Curators")
    open_at(page, quotes[0])
    page.evaluate(ADD_UP_SHIFTS)
    for number, said in enumerate(SAYINGS):
        expect_chosen(page, said)
        if number == len(SAYINGS) - 1:
            expect(page.locator("#toasts")).to_contain_text(SAYINGS[number - 1])
            expect(page.locator(".decided")).to_contain_text("9 of 10")
            assert page.evaluate("window.shifted") == []
        page.keyboard.press("p")
    page.wait_for_url(f"**{QUEUE}")
    assert Quote.objects.filter(status="published").count() == 10
    last = page.locator("#toasts .toast", has_text=SAYINGS[-1])
    expect(last).to_contain_text("Published:")
    expect(last.get_by_role("button", name="Undo")).to_be_visible()

    page.keyboard.press("u")
    expect_chosen(page, SAYINGS[-1])
    for _ in range(9):
        page.keyboard.press("u")  # without waiting for the one before
    expect_chosen(page, SAYINGS[0])
    expect(page.locator("#toasts")).to_contain_text("Undone: “The gate was closed at 1.”")
    assert Quote.objects.proposed().count() == 10
    page.keyboard.press("u")
    expect_message(page, "There is nothing to undo.")


def test_no_held_key_decides_a_second_quote(log_in):
    make_affiliation(speaker=make_speaker("Rob Jones"))
    page = log_in("Curators")

    def decided(quotes: list[Quote]) -> int:
        return Quote.objects.filter(pk__in=[quote.pk for quote in quotes], version__gt=1).count()

    for key in ("p", "1"):
        quotes = make_three(attribution_speaker="Mr Jones")
        open_at(page, quotes[0])
        hold(page, key)
        assert decided(quotes) == 1, key
    quotes = make_three()
    open_at(page, quotes[0])
    page.locator(".steps button[data-key=p]").focus()
    hold(page, "Enter")
    assert decided(quotes) == 1
    quotes = make_three()
    open_at(page, quotes[0])
    page.keyboard.press("r")
    page.keyboard.type("No.")
    page.keyboard.down("Control")
    hold(page, "Enter")
    page.keyboard.up("Control")
    assert decided(quotes) == 1


def test_a_refused_step_comes_back_and_what_is_typed_meanwhile_is_kept(log_in):
    first, second, _ = make_three()
    page, held = log_in("Curators"), []
    open_at(page, first)
    expect_ready(page)
    take(staff("Curators", "ada"), first, "reject", reason="Nobody said so.")
    page.route("**/publish/", lambda route: held.append(route))
    page.keyboard.press("p")
    expect_chosen(page, second.text)  # at once
    page.keyboard.press("r")
    page.keyboard.type("Half a rea")
    held[0].continue_()
    expect_chosen(page, first.text)
    expect(page.locator(".chosen-quote [role=alert]")).to_contain_text("somebody else made changes")
    expect_message(page, "Not saved. Publish “It was late.”")
    assert (fresh(first).status, fresh(second).status) == ("rejected", "proposed")
    page.keyboard.press("j")
    expect_chosen(page, second.text)
    expect(page.locator("#id_reject-reason")).to_have_value("Half a rea")


def test_a_lost_session_keeps_what_was_typed_and_comes_back_to_the_quote(log_in):
    _, second, third = make_three()
    page = log_in("Curators")
    open_at(page, second)
    page.keyboard.press("r")
    page.keyboard.type("She was abroad.")
    page.context.clear_cookies(name="sessionid")
    page.keyboard.press("Control+Enter")
    page.fill("#id_username", "mara")
    page.fill("#id_password", "a long trial password")
    page.click("input[type=submit]")
    expect_chosen(page, second.text)
    expect_message(page, "You were logged out before this was saved: Reject “It was dark.”")
    expect(page.locator("#id_reject-reason")).to_have_value("She was abroad.")
    assert fresh(second).status == "proposed"
    page.locator("#id_reject-reason").press("Control+Enter")
    expect_chosen(page, third.text)
    expect_status(second, "rejected", page)
    assert second.reason == "She was abroad."


def test_steps_without_a_connection_are_sent_when_it_is_back(log_in):
    first, second, third = make_three()
    page = log_in("Curators")
    with page.expect_response(lambda answer: str(second.pk) in answer.url) as read_ahead:
        open_at(page, first)
    read_ahead.value.finished()
    page.context.set_offline(True)
    page.keyboard.press("p")
    expect_chosen(page, second.text)
    expect_message(page, "No connection. Publish “It was late.” will be sent again.")
    page.keyboard.press("p")  # the next page was not read ahead
    page.keyboard.press("u")  # taken back before it was sent
    expect_message(page, "Not sent, as you took it back. Publish “It was dark.”")
    assert fresh(first).status == "proposed"
    page.context.set_offline(False)
    expect_message(page, "Published: “It was late.”")
    expect(page.locator("#toasts")).not_to_contain_text("No connection")
    assert (fresh(first).status, fresh(second).status) == ("published", "proposed")
    assert all("ERR_INTERNET_DISCONNECTED" in wrong for wrong in page.went_wrong)
    page.went_wrong.clear()
    assert fresh(third).status == "proposed"


def test_keys_wait_for_parts_of_the_page_that_are_read_afterwards(log_in):
    first, second, third = make_three()
    Quote.objects.filter(pk=second.pk).update(attribution_speaker="Bo Ek")
    speaker = make_speaker("Bo Ek")
    page, held, is_held = log_in("Curators"), [], ["return=representation"]

    def hold(route):
        if route.request.headers.get("prefer") in is_held:
            held.append(route)
        else:
            route.continue_()

    page.route("**/review/**", hold)
    open_at(page, first)
    page.keyboard.press("j")
    expect_chosen(page, second.text)
    expect(page.locator("#speakers")).to_have_text("Looking for possible speakers…")
    page.keyboard.press("1")
    page.keyboard.press("p")
    expect(page.locator("#review[aria-busy=true]")).to_be_attached()
    assert fresh(second).speaker_id != speaker.pk
    is_held.clear()
    for route in held:
        route.continue_()
    expect_chosen(page, third.text)
    expect_status(second, "published", page)
    assert fresh(second).speaker_id == speaker.pk

    page.keyboard.press("c")
    expect(page.get_by_label("Attribution cue")).to_be_visible()

    is_held.append("return=representation")
    held.clear()
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    expect_chosen(page, second.text)
    page.keyboard.press("k")
    expect_chosen(page, first.text)
    page.keyboard.press("c")
    expect(page.locator("#review[aria-busy=true]")).to_be_attached()
    page.context.clear_cookies(name="sessionid")
    is_held.clear()
    for route in held:
        route.continue_()
    expect_message(page, "The rest of the page could not be read. Reload it.")
    expect(page.locator("#review[aria-busy=true]")).not_to_be_attached()


def test_a_slow_key_and_one_without_effect_say_so(log_in):
    article = make_article("It was late. It was dark.")
    done = make_quote("It was late.", article=article, status="published")
    last = make_quote("It was dark.", article=article, status="proposed")
    page, held = log_in("Curators"), []
    open_at(page, done)
    page.keyboard.press("p")
    expect_message(page, "This quote is published already.")
    page.keyboard.press("4")
    expect_message(page, "No suggestion 4.")
    page.keyboard.press("o")
    expect_message(page, "Reopen: not possible here, the quote is published.")
    page.keyboard.press("k")
    expect_message(page, "This is the first quote.")
    page.keyboard.press("j")
    expect_chosen(page, last.text)
    page.keyboard.press("j")
    expect_message(page, "This is the last quote.")
    page.route("**/publish/", lambda route: held.append(route))
    with page.expect_request("**/publish/"):
        page.keyboard.press("p")
    expect(page.locator("#review[aria-busy=true]")).to_be_attached()
    assert (
        page.evaluate("getComputedStyle(document.getElementById('review'), '::before').height")
        == "3px"
    )
    page.keyboard.press("u")  # before the step is answered
    held[0].continue_()
    expect_message(page, "Undone: “It was dark.”")
    expect_chosen(page, last.text)
    assert fresh(last).status == "proposed"


def test_a_key_pressed_while_a_step_of_the_same_quote_is_sent_counts_after_it(log_in):
    make_affiliation(speaker=make_speaker("Rob Jones"))
    first, second, _ = make_three(attribution_speaker="Mr Jones")
    page = log_in("Curators")
    open_at(page, first)
    page.keyboard.press("1")
    page.keyboard.press("p")
    expect_chosen(page, second.text)
    expect_status(first, "published", page)
    assert first.speaker.name == "Rob Jones"
    page.keyboard.press("s")
    page.fill("#id_assign-name", "Ann Jones")
    page.press("#id_assign-name", "Control+Enter")
    expect_message(page, "Reassigned: “It was dark.”")
    expect(page.locator("#step-assign")).not_to_have_attribute("open", "")  # it was sent


def test_three_reviewers_of_one_queue_decide_each_quote_once(log_in, open_page):
    for number in range(3):
        article = make_article(f"Late {number}. Dark {number}.")
        for word in ("Late", "Dark"):
            make_quote(f"{word} {number}.", article=article, status="proposed")
    pages = [log_in("Curators")]
    pages += [log_in("Curators", name, open_page()) for name in ("ada", "ben")]
    for page in pages:
        page.goto(QUEUE)
        page.click("text=Start reviewing")
        expect_ready(page)
    shown = {page.locator("h1[title]").inner_text() for page in pages}
    assert len(shown) == 3
    for _ in ("Late", "Dark"):
        for page in pages:
            expect_ready(page)
            page.keyboard.press("p")
        for page in pages:
            expect(page.locator("#toasts .success").last).to_be_visible()
    for page in pages:
        page.wait_for_url(f"**{QUEUE}")
    assert Quote.objects.filter(status="published", version=2).count() == 6
