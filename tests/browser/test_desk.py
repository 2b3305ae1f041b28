"""The review page always shows the quote: measured on four screens, light and dark."""

import pytest
from playwright.sync_api import expect

from quotes.models import Quote
from tests.browser.test_accessibility import AT_ONCE, faults
from tests.browser.test_review import PARTS, QUEUE
from tests.conftest import API, make_client, make_filing, ok
from tests.records import make_affiliation, make_article, make_quote, make_speaker
from tests.sources.admin.test_documents import HOSTILE, keep

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

FILLER = "Nobody else spoke of it that evening, though the benches were full until the end. " * 3
SAYINGS = [
    f"The {part} has crumbled for {number} years, and nobody in this town ever mended it."
    for number, part in enumerate(PARTS, 1)
]
LOW = (640, 400, "light")  # as 1,280 × 800 at a zoom of 200 %: the page scrolls as a whole
SCREENS = [(1280, 800, "light"), (1440, 900, "dark"), (820, 1180, "light"), (390, 844, "dark")]

SEEN = """() => {
    const column = document.querySelector(".printed");
    const seen = column.getBoundingClientRect();
    const marks = Array.from(column.querySelectorAll("mark.chosen"));
    const lines = marks.flatMap((mark) => Array.from(mark.getClientRects()));
    const top = Math.min(...lines.map((line) => line.top));
    const bottom = Math.max(...lines.map((line) => line.bottom));
    const isOnTop = (line) => marks.includes(document.elementFromPoint(
        (line.left + line.right) / 2, (line.top + line.bottom) / 2).closest("mark"));
    const below = column.scrollHeight - column.scrollTop - column.clientHeight;
    const isAtAnEnd = column.scrollTop <= 0 || below < 1;
    return {
        inside: top >= seen.top && bottom <= seen.bottom && bottom <= innerHeight,
        uncovered: lines.length > 0 && lines.every(isOnTop),
        middle: isAtAnEnd || Math.abs((top + bottom) - (seen.top + seen.bottom)) < 20,
    };
}"""

REACHED = """() => Array.from(document.querySelectorAll(".steps button, .steps summary")).filter(
    (each) => each.checkVisibility()).every((each) => {
        const box = each.getBoundingClientRect();
        const there = document.elementFromPoint(box.left + 8, (box.top + box.bottom) / 2);
        return box.bottom <= innerHeight && box.height >= 24 && each.contains(there);
    })"""

IS_CUT = """() => document.documentElement.scrollWidth > innerWidth
    || Array.from(document.querySelectorAll("#review, .columns > *, .scroller, .desk-bar, .steps"))
        .some((each) => each.scrollWidth > each.clientWidth + 1)"""


def file_long_article() -> list[Quote]:
    """File an article of ten screens with ten quotes, the second of them in two parts."""
    said = [f"“{words}” Mr Jones said. {FILLER}" for words in SAYINGS]
    said[1] = said[1].replace("years, and", "years,” Mr Jones said, “and")
    quotes = [
        {"text": words, "kind": "direct", "attribution": {"speaker": "Mr Jones"}}
        for words in SAYINGS
    ]
    filing = make_filing(text="\n\n".join(said), quotes=quotes)
    ok(make_client("Contributors").post(f"{API}articles/", filing), 201)
    make_affiliation(speaker=make_speaker("Rob Jones"))
    return list(Quote.objects.order_by("pk"))


def paint(page, screen: tuple[int, int, str]) -> None:
    width, height, colours = screen
    page.evaluate(AT_ONCE)
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=colours)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def show(page, screen: tuple[int, int, str], path: str) -> None:
    paint(page, screen)
    page.goto(path)
    expect(page.locator("#review[data-ready]")).to_be_attached()


def test_the_chosen_words_and_every_step_are_in_sight_on_every_screen(log_in):
    first = file_long_article()[0]
    page = log_in("Curators")
    show(page, SCREENS[0], f"{QUEUE}{first.article_id}/")
    for quote in Quote.objects.order_by("pk"):
        expect(page.locator(f".chosen-quote[data-quote='{quote.pk}']")).to_be_attached()
        expect(page.locator("#review[data-ready]")).to_be_attached()
        for screen in SCREENS:
            paint(page, screen)
            seen = page.evaluate(SEEN)
            assert all(seen.values()), (screen, quote.text, seen)
            assert page.evaluate(REACHED), (screen, quote.text)
            assert not page.evaluate(IS_CUT), screen
        paint(page, LOW)
        seen = page.evaluate(SEEN)
        assert seen["inside"], quote.text
        assert seen["uncovered"], quote.text
        assert page.evaluate(REACHED), quote.text
        assert not page.evaluate(IS_CUT)
        page.locator("body").press("j")
    for screen in (SCREENS[0], SCREENS[-1]):
        paint(page, screen)
        assert not faults(page), screen
    assert Quote.objects.filter(status="proposed").count() == 10


def shown_panes(page) -> list[str]:
    return page.evaluate(
        """() => ["printed", "quotes", "chosen-quote"].filter((name) => {
            const section = document.querySelector(`.columns > .${name}`);
            const pane = section.querySelector(".scroller") || section;
            return pane.checkVisibility({ visibilityProperty: true });
        })"""
    )


def test_the_panes_of_a_small_screen_are_changed_by_keys_and_kept(log_in):
    first, second, third, *_ = file_long_article()
    page = log_in("Curators")
    show(page, SCREENS[3], f"{QUEUE}{first.article_id}/")
    assert shown_panes(page) == ["printed"]
    expect(page.locator(".in-short")).to_contain_text("1 · Mr Jones")
    page.keyboard.press("m")
    expect(page.get_by_label("Note", exact=False).first).to_be_focused()
    assert shown_panes(page) == ["chosen-quote"]
    page.keyboard.press("Escape")
    page.focus("#pane-text")
    page.keyboard.press("ArrowRight")
    assert shown_panes(page) == ["quotes"]
    page.click(f"#quotes a[data-quote='{second.pk}']")
    expect(page.locator(f".chosen-quote[data-quote='{second.pk}']")).to_be_attached()
    page.get_by_text("Decide", exact=True).click()
    assert shown_panes(page) == ["chosen-quote"]
    expect(page.locator("#chosen")).to_contain_text("2")
    assert not faults(page)
    page.click("#step-reject summary")
    page.fill("#id_reject-reason", "Never said.")
    page.click("#step-reject button")
    expect(page.locator("#chosen")).to_contain_text("3")
    assert shown_panes(page) == ["chosen-quote"]
    expect(page.locator("#toasts")).to_contain_text("Rejected")
    assert Quote.objects.get(pk=second.pk).status == "rejected"
    page.get_by_text("Text", exact=True).click()
    Quote.objects.filter(pk=third.pk).update(attribution_cue="told")
    page.click(".steps .at-once button")
    expect(page.get_by_role("alert")).to_contain_text("somebody else made changes")
    assert shown_panes(page) == ["chosen-quote"]
    expect(page.locator("#review:not([data-settling], [aria-busy])")).to_be_attached()
    page.locator("body").press("a")
    expect(page.locator("#text.selecting")).to_be_attached()
    assert shown_panes(page) == ["printed"]  # where the words are selected
    page.keyboard.press("Escape")
    assert shown_panes(page) == ["chosen-quote"]
    page.locator("body").press("n")
    expect(page.locator("#add")).to_have_attribute("open", "")
    assert shown_panes(page) == ["printed"]


def test_a_new_quote_is_selected_by_two_keys_and_decided_ones_are_hidden_by_one(log_in):
    text = "“It was late,” said Mr Jones. He spoke of “a mess” and of Mara Quill."
    article = make_article(text)
    late = make_quote("It was late,", article=article, status="proposed")
    page = log_in("Curators")
    show(page, SCREENS[0], f"{QUEUE}{article.pk}/")
    expect(page.locator("#selection")).to_be_hidden()
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()
    page.keyboard.press("Escape")
    page.click(".account summary")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    page.click(".account summary")
    page.keyboard.press("n")
    expect(page.locator("#add .parts")).to_have_text("a mess")
    expect(page.locator("#selection")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#id_add-speaker")).to_be_focused()
    assert not faults(page)
    page.keyboard.type("Mara Quill")
    page.keyboard.press("Control+Enter")
    expect(page.locator("mark.chosen")).to_have_text("a mess")
    added = Quote.objects.get(text="a mess")
    assert (added.kind, added.speaker.name) == ("partial", "Mara Quill")

    late.publish()
    page.reload()
    expect(page.locator("#review[data-ready]")).to_be_attached()
    page.keyboard.press("h")
    expect(page.get_by_text("Show decided (1)")).to_be_visible()
    expect(page.locator("#quotes li:visible")).to_have_count(1)
    page.keyboard.press("k")
    expect(page.locator("mark.chosen")).to_have_text("a mess")


def test_a_filed_page_is_shown_without_scripts_or_the_network(log_in):
    snapshot = make_article("The quay will close.").snapshot
    keep(snapshot, HOSTILE.encode())
    page = log_in("Curators")
    page.goto(f"{QUEUE}{snapshot.article_id}/")
    page.get_by_text("As filed (html)").click()
    framed = page.frame_locator("iframe")
    expect(framed.get_by_text("The quay will close.")).to_be_visible()
    expect(page).not_to_have_title("evil")
    assert not faults(page)
