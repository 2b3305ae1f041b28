"""The review page in a real browser: a queue cleared by keyboard, words selected in the text."""

import re

import pytest
from playwright.sync_api import expect

from quotes.models import Quote
from sources.models import Revision, Speaker
from tests.conftest import API, fresh, make_client, make_filing, ok
from tests.records import make_affiliation, make_article, make_outlet, make_quote, make_speaker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

QUEUE = "/admin/quotes/review/"
PARTS = ["gate", "lock", "quay", "pier", "dock", "slip", "weir", "mole", "hard", "pool"]
SAYINGS = [f"The {part} was closed at {hour}." for hour, part in enumerate(PARTS, 1)]


def file_ten(**overrides) -> list[Quote]:
    """File an article with ten quotes, as a newsroom does."""
    text = "\n\n".join(f"“{said}” Mr Jones said. Nobody else spoke." for said in SAYINGS)
    quotes = [
        {"text": said, "kind": "direct", "attribution": {"speaker": "Mr Jones", "cue": "said"}}
        for said in SAYINGS
    ]
    filing = make_filing(text=text, quotes=quotes, **overrides)
    ok(make_client("Contributors").post(f"{API}articles/", filing), 201)
    return list(Quote.objects.order_by("pk"))


def expect_message(page, words: str) -> None:
    expect(page.locator("#toasts")).to_contain_text(words)


def expect_ready(page) -> None:
    """Wait until the page takes keys."""
    expect(page.locator("#review[data-ready]:not([data-settling])")).to_be_attached()


def expect_chosen(page, words: str) -> None:
    expect(page.locator(".chosen-quote blockquote").first).to_have_text(words)
    expect(page.locator("#chosen")).to_be_focused()
    expect_ready(page)


def test_ten_quotes_are_reviewed_by_keyboard_alone(log_in):
    file_ten()
    make_affiliation(speaker=make_speaker("Rob Jones"))
    page = log_in("Curators")
    page.goto(QUEUE)
    page.get_by_text("Start reviewing").focus()
    page.keyboard.press("Enter")
    expect_chosen(page, SAYINGS[0])
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Next or previous quote")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()

    page.keyboard.press("1")  # the first suggestion: Rob Jones, by the surname
    expect_message(page, "Reassigned")
    expect_chosen(page, SAYINGS[0])
    page.keyboard.press("p")
    expect_message(page, "Published")
    expect_chosen(page, SAYINGS[1])
    page.keyboard.press("r")
    page.keyboard.type("He did not say so.")
    page.keyboard.press("Control+Enter")
    expect_chosen(page, SAYINGS[2])
    page.keyboard.press("j")
    expect_chosen(page, SAYINGS[3])
    page.keyboard.press("k")
    expect_chosen(page, SAYINGS[2])
    page.keyboard.press("p")
    expect_chosen(page, SAYINGS[3])
    page.keyboard.press("u")  # published by mistake
    expect_message(page, "Undone")
    expect_chosen(page, SAYINGS[2])
    for number in range(2, 10):
        expect_chosen(page, SAYINGS[number])
        page.keyboard.press("p")
    page.wait_for_url(f"**{QUEUE}")
    expect(page.locator("#content")).to_contain_text("Nothing is waiting for review.")

    statuses = list(Quote.objects.order_by("pk").values_list("status", flat=True))
    assert statuses == ["published", "rejected", *["published"] * 8]
    first, second, *_ = Quote.objects.order_by("pk")
    assert first.speaker.name == "Rob Jones"
    assert second.reason == "He did not say so."
    assert set(Revision.objects.filter(version__gt=1).values_list("actor", "channel")) == {
        ("mara", "admin")
    }


def hold(page, key: str) -> None:
    """Hold a key: every press after the first is a repeat, as many as in two seconds."""
    for _ in range(60):
        page.keyboard.down(key)
        page.wait_for_timeout(8)
    page.keyboard.up(key)


def test_holding_a_key_decides_one_quote_and_stops_at_the_next_article(log_in):
    article = make_article("It was late. It was dark.")
    for words in ("It was late.", "It was dark."):
        make_quote(words, article=article, status="proposed")
    make_quote("It was cold.", article=make_article("It was cold."), status="proposed")
    page = log_in("Curators")
    page.goto(f"{QUEUE}{article.pk}/")
    expect_chosen(page, "It was late.")
    hold(page, "p")
    expect_chosen(page, "It was dark.")
    assert Quote.objects.filter(status="published").count() == 1
    hold(page, "p")
    expect_chosen(page, "It was cold.")
    assert Quote.objects.filter(status="published").count() == 2


def test_a_key_pressed_as_another_article_appears_does_not_decide_its_quote(log_in):
    for words in ("It was late.", "It was dark."):
        make_quote(words, article=make_article(words), status="proposed")
    page = log_in("Curators")
    page.goto(f"{QUEUE}{Quote.objects.earliest('pk').article_id}/")
    expect_chosen(page, "It was late.")
    page.evaluate(
        """() => new MutationObserver((_, observer) => {
            observer.disconnect();
            const press = new KeyboardEvent("keydown", { key: "p", bubbles: true });
            document.body.dispatchEvent(press);
        }).observe(document.getElementById("review").parentElement, { childList: true })"""
    )
    page.keyboard.press("p")
    expect_chosen(page, "It was dark.")
    page.wait_for_timeout(500)
    expect_chosen(page, "It was dark.")
    assert Quote.objects.filter(status="published").count() == 1


def test_the_selection_is_changed_with_the_arrow_keys(log_in):
    article = make_article("She said: “We had no choice at all.” 🙂 Then she left.")
    quote = make_quote("We had no choice", article=article, status="proposed")
    page = log_in("Curators")
    page.goto(f"{QUEUE}{article.pk}/")
    expect_chosen(page, "We had no choice")
    page.keyboard.press("a")
    expect(page.locator("#selection")).to_have_text("11–27: We had no choice")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#selection")).to_contain_text("We had no choice at all")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("x")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#selection")).to_have_text("14–35: had no choice at all.")
    page.keyboard.press("Enter")
    expect_message(page, "Selection changed")
    assert (fresh(quote).text, quote.spans) == ("had no choice at all.", [[14, 35]])


def test_the_selection_is_changed_with_the_mouse(log_in):
    text = "Intro 🙂🙂 \u202eodd\u202c.\r\n\r\n“We had no choice,” she said, “none at all.”"
    article = make_article(text)
    quote = make_quote("We had", article=article, status="proposed")
    page = log_in("Curators")
    page.goto(f"{QUEUE}{article.pk}/?quote={quote.pk}")
    assert page.evaluate("document.getElementById('text').textContent") != ""
    expect_ready(page)
    drag(page, "no choice,")
    page.click("text=Change the selection")
    expect(page.locator("#step-adjust .parts")).to_have_text("no choice,")
    page.locator("#text").press("Enter")
    expect_message(page, "Selection changed")
    quote.refresh_from_db()
    start = text.index("no choice,")
    assert (quote.text, quote.spans) == ("no choice,", [[start, start + 10]])


def drag(page, words: str, within: str = "text") -> None:
    """Select words of the text with the mouse, from edge to edge."""
    box = page.evaluate(
        """([words, within]) => {
            const text = document.getElementById(within);
            const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
            for (let node; node = walker.nextNode();) {
                const at = node.data.indexOf(words);
                if (at < 0) continue;
                const range = document.createRange();
                range.setStart(node, at);
                range.setEnd(node, at + words.length);
                const { left, right, top, bottom } = range.getBoundingClientRect();
                return { left, right, middle: (top + bottom) / 2 };
            }
        }""",
        [words, within],
    )
    page.mouse.move(box["left"] + 0.5, box["middle"])
    page.mouse.down()
    page.mouse.move(box["right"] - 0.5, box["middle"], steps=5)
    page.mouse.up()


def test_words_are_selected_in_the_headline_by_mouse_and_keyboard(log_in):
    article = make_article("The quay will close.", headline="“No choice at all”: Quill")
    quote = make_quote("The quay", article=article, status="proposed")
    page = log_in("Curators")
    page.goto(f"{QUEUE}{article.pk}/?quote={quote.pk}")
    expect_ready(page)
    drag(page, "No choice", within="headline")
    page.click("text=Change the selection")
    expect(page.locator("#step-adjust .parts")).to_have_text("No choice")
    page.locator("#headline").press("Enter")
    expect_message(page, "Selection changed")
    assert (fresh(quote).text, quote.anchored_in, quote.spans) == (
        "No choice",
        "headline",
        [[1, 10]],
    )
    expect(page.locator("#headline mark.chosen")).to_have_text("No choice")
    page.locator("body").press("a")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#selection")).to_have_text("1–13: No choice at")
    page.keyboard.press("Enter")
    expect(page.locator("#headline mark.chosen")).to_have_text("No choice at")
    assert fresh(quote).text == "No choice at"


def test_a_quote_is_added_by_selecting_its_words_in_two_parts(log_in):
    article = make_article("“We had no choice,” Mara Quill said, “none at all.”")
    make_quote("We had no choice,", article=article, status="proposed")
    page = log_in("Curators")
    page.goto(f"{QUEUE}{article.pk}/")
    expect_ready(page)
    drag(page, "had no choice,")
    page.keyboard.press("n")
    page.keyboard.press("+")
    drag(page, "none at all.")
    expect(page.locator("#add .parts")).to_have_text("had no choice, … none at all.")
    page.locator("#text").press("Enter")
    page.fill("#id_add-speaker", "Mara Quill")
    page.press("#id_add-speaker", "Control+Enter")
    expect_message(page, "Added")
    added = Quote.objects.get(text="had no choice, none at all.")
    assert (added.status, added.speaker.name, len(added.spans)) == ("proposed", "Mara Quill", 2)
    expect(page.locator(".chosen-quote")).to_contain_text("You added this quote")


def test_the_speaker_field_completes_names_after_the_page_was_replaced(log_in):
    first = make_quote("We had no choice", status="proposed")
    make_quote("It was late", article=make_article("It was late"), status="proposed")
    make_speaker("Željka Škorić")
    page = log_in("Curators")
    page.goto(f"{QUEUE}{first.article_id}/")
    expect_ready(page)
    page.keyboard.press("p")
    expect_chosen(page, "It was late")
    page.keyboard.press("s")  # opens the field, and a search in it
    page.locator(".select2-dropdown .select2-search__field").fill("skoric")
    expect(page.locator(".select2-results__option")).to_have_text(["Željka Škorić\n0 quotes"])
    page.locator(".select2-dropdown .select2-search__field").fill("Nobody Known")
    nobody = "Nobody found. Press Enter to add a new speaker."
    expect(page.locator(".select2-results__option")).to_have_text([nobody])
    page.keyboard.press("Enter")
    name = page.get_by_label("Or add a new speaker (full name)")
    expect(name).to_be_focused()
    expect(name).to_have_value("Nobody Known")
    name.fill("")
    page.locator("#step-assign .select2-selection").first.press("Enter")
    page.locator(".select2-dropdown .select2-search__field").fill("skoric")
    expect(page.locator(".select2-results__option")).to_have_text(["Željka Škorić\n0 quotes"])
    page.keyboard.press("Enter")
    expect(page.locator("#step-assign button[type=submit]")).to_be_focused()
    page.keyboard.press("Enter")
    expect_message(page, "Reassigned")
    assert Quote.objects.get(text="It was late").speaker.name == "Željka Škorić"


def test_a_step_after_a_colleagues_change_is_refused_and_explained(log_in, open_page):
    file_ten()
    first, second = log_in("Curators"), log_in("Curators", "ada", open_page())
    for page in (first, second):
        page.goto(QUEUE)
    first.click("text=Start reviewing")
    expect_ready(first)
    second.goto(QUEUE)
    expect(second.locator("table.queue")).to_contain_text("mara, since")
    second.get_by_role("link", name="Quay to close").click()
    expect(second.get_by_role("alert")).to_contain_text("mara has been reviewing this article")
    expect_ready(second)
    second.keyboard.press("p")
    expect_message(second, "Published")
    first.keyboard.press("r")
    first.keyboard.type("Not so.")
    first.keyboard.press("Control+Enter")
    refusal = first.get_by_role("alert")
    expect(refusal).to_contain_text("Not saved: somebody else made changes")
    expect(refusal.get_by_role("row", name="Status")).to_contain_text(
        re.compile("status.*proposed.*published", re.I | re.S)
    )
    assert Quote.objects.filter(status="rejected").count() == 0
    second.get_by_text("Take over review").click()
    expect(second.get_by_role("alert")).to_have_count(0)


def test_the_review_page_works_without_scripts(chromium, live_server, log_in):
    file_ten()
    page = log_in("Curators")
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    context.add_cookies(page.context.cookies())
    plain = context.new_page()
    plain.goto(QUEUE)
    plain.click("text=Start reviewing")
    plain.click("text=Publish p")
    expect(plain.locator("#review .messages")).to_contain_text("Published")
    plain.click(f"#quotes a:has-text('{SAYINGS[4]}')")
    plain.click("text=Reject r")
    plain.fill("#id_reject-reason", "No.")
    plain.click("#step-reject button")
    expect(plain.locator("#review .messages")).to_contain_text("Rejected")
    context.close()
    assert Quote.objects.get(text=SAYINGS[4]).status == "rejected"


def test_single_key_shortcuts_can_be_switched_off(log_in):
    quote = make_quote(status="proposed", outlet=make_outlet())
    page = log_in("Curators")
    page.goto(f"{QUEUE}{quote.article_id}/")
    expect_ready(page)
    page.click("#show-keys")
    page.uncheck("#keys-on")
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    page.wait_for_timeout(300)
    assert fresh(quote).status == "proposed"
    assert not Speaker.objects.exists()


@pytest.mark.parametrize("width", [768, 1024, 1280])
def test_no_button_of_the_review_page_is_cut_off_on_a_small_screen(log_in, width):
    first = file_ten()[0]
    page = log_in("Curators")
    page.set_viewport_size({"width": width, "height": 800})
    for path in ("/admin/", QUEUE, f"{QUEUE}{first.article_id}/"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    for button in page.locator("#review .steps button, #review .steps summary").all():
        button.scroll_into_view_if_needed()
        assert button.bounding_box()["x"] + button.bounding_box()["width"] <= width
