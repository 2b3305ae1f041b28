"""The review page always shows the quote: measured on four screens, light and dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from quotes.models import Quote
from tests.browser.test_review import PARTS, QUEUE
from tests.conftest import API, make_client, make_filing, ok
from tests.records import make_affiliation, make_speaker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

FILLER = "Nobody else spoke of it that evening, though the benches were full until the end. " * 3
SAYINGS = [
    f"The {part} has crumbled for {number} years, and nobody in this town ever mended it."
    for number, part in enumerate(PARTS, 1)
]
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


def violations(page) -> list[str]:
    """Everything that axe finds, minor or not."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
    return [f"{fault['id']}: {node['html'][:150]}" for fault in found for node in fault["nodes"]]


def show(page, screen, path: str) -> None:
    width, height, colours = screen
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=colours)
    page.goto(path)
    expect(page.locator("#review[data-ready]")).to_be_attached()


def test_the_chosen_words_and_every_step_are_in_sight_on_every_screen(log_in):
    first = file_long_article()[0]
    page = log_in("Curators")
    for screen in SCREENS:
        show(page, screen, f"{QUEUE}{first.article_id}/")
        for number, quote in enumerate(Quote.objects.order_by("pk")):
            chosen = page.locator(f".chosen-quote[data-quote='{quote.pk}']")
            expect(chosen).to_be_attached()
            expect(page.locator("#review[data-ready]")).to_be_attached()
            seen = page.evaluate(SEEN)
            assert all(seen.values()), (screen, number, seen)
            assert page.evaluate(REACHED), (screen, number)
            page.locator("body").press("j")
        assert not page.evaluate(IS_CUT), screen
        if screen in (SCREENS[0], SCREENS[-1]):
            assert not violations(page), screen
    assert Quote.objects.filter(status="proposed").count() == 10
