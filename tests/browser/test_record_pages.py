"""Pages of quotes and records in a real browser, and a card in a page of another site."""

import re
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from playwright.sync_api import expect

from quotes.models import MistakeReport, Quote
from tests.browser.test_accessibility import COLOURS, faults, out_of_reach, paint, too_wide
from tests.conftest import ok
from tests.records import make_affiliation, make_broken_quote, make_quote, make_utterance

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 3, 15, 8, 30, tzinfo=UTC)


@pytest.fixture
def quote(settings) -> Quote:
    """A quote with all that its page can show, where anyone may read."""
    settings.ONRECORD_PUBLIC_READ = True
    utterance = make_utterance()
    quote = make_broken_quote(utterance=utterance)
    make_quote("no choice", utterance=utterance, speaker=quote.speaker, published="2026-04")
    make_affiliation(speaker=quote.speaker, role="deputy", start="2004", end="2012-09")
    quote.correct("It was a fragment.", now=NOW, kind="partial", attribution_cue=None)
    return quote


@pytest.fixture
def other_site():
    """Serve one page at an origin of its own; the function sets its HTML and returns its URL."""
    pages = {}

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            body = pages.get(self.path, "").encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def serve(html: str) -> str:
        pages["/"] = f"<!doctype html><title>Elsewhere</title><h1>An article</h1>{html}"
        return f"http://127.0.0.1:{server.server_port}/"

    yield serve
    server.shutdown()
    server.server_close()


def test_a_card_in_a_page_of_another_site_follows_the_quote(
    chromium, live_server, other_site, quote, nobody
):
    """What oEmbed answers is put into a page elsewhere, before and after a retraction."""
    asked = {"url": f"{live_server.url}/quotes/{quote.pk}/"}
    host = live_server.url.removeprefix("http://")
    place = other_site(ok(nobody.get("/oembed/", asked, headers={"host": host}))["html"])
    wrong = []
    context = chromium.new_context(viewport={"width": 800, "height": 600})
    page = context.new_page()
    page.on("console", lambda said: "favicon" in said.location["url"] or wrong.append(said.text))
    page.goto(place)
    card = page.frame_locator("iframe")
    expect(card.locator("blockquote")).to_have_text("“We had no choice, none at all.”")
    expect(card.locator(".notice")).to_have_text("Corrected on 15 March 2026: It was a fragment.")
    frame = page.frames[1]
    fits = "() => document.documentElement.scrollHeight <= innerHeight"
    assert frame.evaluate(fits)
    assert not frame.evaluate("() => [...document.scripts].length")
    quote.refresh_from_db()
    quote.retract("She never said so.")
    page.reload()
    expect(card.locator(".retracted")).to_have_text("Retracted: She never said so.")
    expect(card.locator("s")).to_have_text("“We had no choice, none at all.”")
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    with context.expect_page() as opened:
        card.get_by_role("link", name="On Record").click()
    expect(opened.value).to_have_url(f"{live_server.url}/quotes/{quote.pk}/")
    expect(opened.value.locator(".notice-retracted")).to_be_visible()
    context.close()
    assert wrong == []


def test_no_other_page_can_be_framed(chromium, live_server, other_site, quote):
    place = other_site(f'<iframe src="{live_server.url}/quotes/{quote.pk}/"></iframe>')
    context = chromium.new_context()
    page, refused = context.new_page(), []
    page.on("console", lambda said: refused.append(said.text))
    page.goto(place)
    page.wait_for_load_state("networkidle")
    assert any("frame" in text.lower() for text in refused)
    assert "no choice" not in page.frames[1].content()
    context.close()


def test_a_reader_copies_the_citation_and_the_code(page, live_server, quote):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=live_server.url)
    page.goto(f"/quotes/{quote.pk}/")
    page.locator("#cite").get_by_role("button", name="Copy").first.click()
    expect(page.locator("#cite").get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied == page.locator("#citation").inner_text()
    page.get_by_text("WordPress", exact=True).click()
    page.locator("#embed").get_by_role("button", name="Copy").locator("visible=true").click()
    expect(page.locator("#embed").get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied.startswith("<!-- wp:html -->\n<iframe ")


def test_a_mistake_is_reported_without_script(chromium, live_server, quote):
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/quotes/{quote.pk}/")
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    page.get_by_role("link", name="Report a mistake").click()
    page.get_by_label("What is wrong?").fill("That was his brother.")
    page.get_by_label("Your email address").fill("rosa")
    page.evaluate("() => document.querySelector('form.report').noValidate = true")
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_role("alert")).to_have_text("Enter a valid email address.")
    expect(page.get_by_label("What is wrong?")).to_have_value("That was his brother.")
    page.get_by_label("Your email address").fill("rosa@reader.example")
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    page.get_by_role("link", name="Back to the quote").click()
    expect(page).to_have_url(re.compile(f"/quotes/{quote.pk}/$"))
    context.close()
    assert MistakeReport.objects.get().email == "rosa@reader.example"


def test_the_pages_of_records_are_for_everybody(page, quote):
    """axe finds nothing, light or dark; a keyboard reaches all; a phone shows the whole width."""
    disputed = make_quote("It is disputed by " + "a" * 90, role="b" * 90)
    disputed.dispute("She denies it.")
    wrong = []
    for path in (
        f"/quotes/{quote.pk}/",
        f"/quotes/{disputed.pk}/",
        f"/quotes/{disputed.pk}/embed/",
        f"/quotes/{quote.pk}/report/",
        f"/speakers/{quote.speaker_id}/",
        f"/organisations/{quote.organisation_id}/",
        f"/outlets/{quote.article.outlet.slug}/",
        f"/articles/{quote.article_id}/",
    ):
        page.goto(path)
        paint(page, "light")
        page.evaluate("() => document.querySelectorAll('details').forEach(one => one.open = true)")
        wrong += faults(page) + out_of_reach(page) + too_wide(page)
        paint(page, "dark")
        wrong += faults(page, COLOURS)
        page.emulate_media(color_scheme="light")
    assert wrong == [], "\n".join(wrong)
    page.goto(f"/quotes/{quote.pk}/")
    page.emulate_media(media="print")
    expect(page.locator(".acts")).to_be_hidden()
    expect(page.locator(".citation")).to_be_visible()
