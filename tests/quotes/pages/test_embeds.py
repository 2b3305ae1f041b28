"""Cards for other sites, and oEmbed, by the rules of its specification."""

import re
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import quote as quoted

import pytest
from django.test import Client
from lxml import html
from markdown_it import MarkdownIt
from rest_framework.throttling import SimpleRateThrottle

from quotes.history.erasure import erase
from quotes.models import Quote
from quotes.pages import embed_code
from quotes.pages.results import Shown
from sources.models import Outlet
from tests.conftest import API, fresh, ok, problem, staff
from tests.quotes.pages.trees import all_of, links_of, opened, text_of
from tests.records import make_broken_quote, make_outlet, make_quote, make_speaker

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 15, 8, 30, tzinfo=UTC)
SITE = "http://testserver"
TRICKS = "</style><script>alert(1)</script>\u202e“&'\""


def card_of(quote: Quote) -> str:
    return f"/quotes/{quote.pk}/embed/"


def asked_about(client: Client, quote: Quote, **more):
    return client.get("/oembed/", {"url": f"{SITE}/quotes/{quote.pk}/", **more})


# The card


def test_a_card_says_who_said_what_where_and_leads_to_the_record(visitor):
    quote = make_broken_quote()
    page = opened(visitor, card_of(quote))
    assert text_of(page, "blockquote") == "“We had no choice, none at all.”"
    assert page.xpath("//blockquote/@lang") == ["en"]
    assert text_of(page, ".who") == "Mara Quill, harbour master, Harbour Board"
    assert text_of(page, ".where") == "The Harbour Post · 14 March 2026 · Original article"
    assert links_of(page) == {
        "Original article": "https://harbourpost.example/2026/quay",
        "On Record": f"{SITE}/quotes/{quote.pk}/",
    }
    assert set(page.xpath("//a/@target")) == {"_blank"}
    assert page.xpath("//meta[@name='robots']/@content") == ["noindex"]


def test_anybody_may_frame_a_card_and_it_may_do_nothing_else(visitor):
    answer = visitor.get(card_of(make_quote()))
    assert "X-Frame-Options" not in answer.headers
    (style,) = re.findall("<style>(.*?)</style>", answer.text, re.S)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert answer.headers["Content-Security-Policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors *"
    )
    assert not answer.cookies
    assert not re.search("<(script|link rel=.stylesheet|img)", answer.text)
    page = visitor.get(f"/quotes/{Quote.objects.get().pk}/")
    assert page.headers["X-Frame-Options"] == "DENY"


def test_a_card_shows_at_once_what_became_of_the_quote(visitor):
    quote, other = make_quote("It is so."), make_quote("It is not so.")

    def shown():
        return text_of(opened(visitor, card_of(quote)), ".notice")

    answer = visitor.get(card_of(quote))
    assert answer.headers["Cache-Control"] == "public, no-cache"
    tag = {"if-none-match": answer.headers["ETag"]}
    again = visitor.get(card_of(quote), headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    assert shown() == ""
    quote.correct("A fragment.", now=NOW, kind="partial")
    assert shown() == "Corrected on 15 March 2026: A fragment."
    quote.dispute("She denies it.")
    assert shown() == "Disputed: She denies it. Corrected on 15 March 2026: A fragment."
    quote.retract("Made up.", replaced_by=other)
    again = visitor.get(card_of(quote), headers=tag)
    assert again.status_code == 200
    page = html.fromstring(again.content)
    assert text_of(page, ".retracted") == "Retracted: Made up. Use this quote instead"
    assert text_of(page, "s") == "“It is so.”"
    assert links_of(page)["Use this quote instead"] == f"{SITE}/quotes/{other.pk}/"


def test_a_card_says_that_the_outlet_withdrew_the_article(visitor):
    quote = make_quote("It is so.")
    quote.article.withdraw("A hoax.", now=NOW)
    said = text_of(opened(visitor, card_of(quote)), ".notice")
    assert said == "The outlet withdrew the article on 15 March 2026: A hoax."


def test_a_card_shows_what_anybody_may_see_whoever_asks(settings):
    hidden, shown = make_quote("Hidden", status="proposed"), make_quote("Shown")

    curator = staff("Curators")
    settings.ONRECORD_PUBLIC_READ = True
    assert "not public" in text_of(opened(curator, card_of(hidden), 404), "main")
    settings.ONRECORD_PUBLIC_READ = False
    page = opened(curator, card_of(shown), 403)
    assert text_of(page, "main") == (
        "No quote This quote is for users of On Record. Log in there to read it. On Record"
    )


def test_cards_count_in_the_limit_of_requests_and_oembed_counts_once(visitor, monkeypatch):
    quote = make_quote()
    monkeypatch.setitem(SimpleRateThrottle.THROTTLE_RATES, "anon", "3/min")
    ok(asked_about(visitor, quote))
    for _ in range(2):
        assert visitor.get(card_of(quote)).status_code == 200
    answer = staff("Curators").get(card_of(quote))
    assert answer.status_code == 429
    assert "Not available just now." in answer.text
    assert 0 < int(answer.headers["Retry-After"]) <= 60


def test_a_card_of_an_erased_quote_says_so(visitor):
    quote = make_quote("Burnt")
    erase("quote", [quote.pk], "A court said so.")
    answer = visitor.get(card_of(quote))
    assert answer.status_code == 410
    assert "This quote was erased." in answer.text
    assert "X-Frame-Options" not in answer.headers


def test_an_outlet_that_refuses_embeds_is_linked_to_not_shown(visitor):
    quote = make_broken_quote()
    Outlet.objects.update(refuses_embeds=True)
    page = opened(visitor, card_of(quote))
    assert "no choice" not in html.tostring(page, encoding="unicode")
    assert "The Harbour Post does not want its quotes shown" in text_of(page, "main")
    answer = ok(asked_about(visitor, quote))
    assert answer["type"] == "link"
    assert "html" not in answer
    page = visitor.get(f"/quotes/{quote.pk}/")
    assert "You can link to this page." in page.text
    assert "&lt;iframe" not in page.text


@pytest.mark.parametrize("letter", ["a", "\u202e", "'", "ह"])
def test_no_card_weighs_more_than_15_kb(visitor, letter):
    words, name = letter * 20_000, letter * 450
    quote = make_quote(
        words,
        speaker=make_speaker(f"A{name}"),
        role=name,
        attribution_organisation=name,
        outlet=make_outlet(f"B{name}", slug="b"),
        url=f"https://post.example/{'&' * 1_900}",
    )
    for number in range(3):
        quote.correct(f"{letter * 9_000} {number}", now=NOW, language=f"e{'abc'[number]}")
    quote.retract(letter * 9_000)
    assert len(visitor.get(card_of(quote)).content) <= 15_000


def test_words_of_others_are_no_markup_on_a_card(visitor):
    quote = make_quote(
        TRICKS, speaker=make_speaker(TRICKS), outlet=make_outlet(TRICKS), role=TRICKS
    )
    quote.dispute(TRICKS)
    page = visitor.get(card_of(quote)).text
    assert "<script" not in page
    assert "\u202e" not in page
    assert page.count("</style>") == 1


# oEmbed


def test_oembed_answers_with_a_frame_of_the_card(visitor):
    quote = make_broken_quote()
    answer = ok(asked_about(visitor, quote, format="json", dnt="1"))
    assert answer | {"html": "", "height": 0} == {
        "version": "1.0",
        "type": "rich",
        "title": "Quote by Mara Quill in The Harbour Post, 14 March 2026",
        "author_name": "Mara Quill",
        "author_url": f"{SITE}/speakers/{quote.speaker_id}/",
        "provider_name": "On Record",
        "provider_url": f"{SITE}/",
        "cache_age": 3600,
        "width": 600,
        "html": "",
        "height": 0,
    }
    (frame,) = html.fragments_fromstring(answer["html"])
    assert (frame.tag, frame.get("src")) == ("iframe", f"{SITE}{card_of(quote)}")
    assert frame.get("title") == answer["title"]
    assert (frame.get("width"), frame.get("height")) == ("600", str(answer["height"]))
    assert "no choice" not in answer["html"]  # words that are copied would not follow a correction


def test_a_page_says_where_its_oembed_is_and_that_is_it(visitor, settings):
    settings.ONRECORD_PUBLIC_URL = "https://quotes.example"
    quote = make_quote()
    page = opened(visitor, f"/quotes/{quote.pk}/")
    (link,) = page.xpath("//link[@type='application/json+oembed']/@href")
    assert link.startswith("https://quotes.example/oembed/?url=https%3A%2F%2Fquotes.example%2F")
    answer = ok(visitor.get(link.removeprefix("https://quotes.example")))
    assert f'src="https://quotes.example{card_of(quote)}"' in answer["html"]


def test_oembed_keeps_to_the_room_there_is(visitor):
    quote = make_quote(" ".join(["We had no choice."] * 60))
    whole = ok(asked_about(visitor, quote))
    narrow = ok(asked_about(visitor, quote, maxwidth="320"))
    low = ok(asked_about(visitor, quote, maxwidth="2000", maxheight="200"))
    assert (whole["width"], narrow["width"]) == (600, 320)
    assert narrow["height"] > whole["height"] > 200
    assert (low["width"], low["height"]) == (600, 200)
    for size in ("0", "-1", "wide", "½"):
        body = problem(asked_about(visitor, quote, maxwidth=size), 400)
        assert body["errors"][0]["parameter"] == "maxwidth"


def test_oembed_knows_only_addresses_of_quotes_here(visitor):
    quote, speaker = make_quote(), make_speaker()
    path = f"/quotes/{quote.pk}/"
    for url in (
        f"{SITE}{path}",
        f"{SITE}{path[:-1]}",
        f"https://testserver{path}embed/?a=b",
        f"{SITE}{API}{path[1:]}",
    ):
        ok(visitor.get("/oembed/", {"url": url}))
    for url in (
        f"https://elsewhere.example{path}",
        f"https://testserver.elsewhere.example{path}",
        f"https://testserver@elsewhere.example{path}",
        f"{SITE}:8000{path}",
        f"{SITE}/speakers/{speaker.pk}/",
        f"{SITE}/quotes/nobody/",
        f"javascript://testserver{path}",
        f"ftp://testserver{path}",
        path,
        "http://[",
        f"{SITE}/quotes/{speaker.pk}/",
    ):
        problem(visitor.get("/oembed/", {"url": url}), 404)
    assert problem(visitor.get("/oembed/"), 400)["errors"][0]["parameter"] == "url"
    problem(visitor.get("/oembed/", {"url": SITE + path, "format": "xml"}), 501)


def test_oembed_tells_nobody_of_what_is_not_public(visitor, settings):
    hidden, shown = make_quote("Hidden", status="proposed"), make_quote("Shown")
    problem(asked_about(visitor, hidden), 404)
    settings.ONRECORD_PUBLIC_READ = False
    problem(asked_about(Client(), shown), 401)


# What an author copies


def test_the_page_of_a_quote_has_its_codes_to_copy(visitor):
    quote = make_broken_quote()
    page = opened(visitor, f"/quotes/{quote.pk}/")
    codes = {area.get("aria-label"): area.text for area in all_of(page, "textarea")}
    frame = ok(asked_about(visitor, quote))["html"]
    assert codes["HTML"] == frame
    assert codes["WordPress"] == f"<!-- wp:html -->\n{frame}\n<!-- /wp:html -->"
    rendered = html.fragment_fromstring(MarkdownIt("commonmark").render(codes["Markdown"]))
    said, source = (" ".join(p.text_content().split()) for p in all_of(rendered, "p"))
    assert said == "“We had no choice, none at all.”"
    assert source == (
        "— Mara Quill, harbour master, Harbour Board. The Harbour Post, 14 March 2026"
    )
    assert all_of(rendered, "a")[0].get("href") == f"{SITE}/quotes/{quote.pk}/"


@pytest.mark.parametrize(
    "words",
    [
        "*Not* [this](https://evil.example) <b>",
        "1. One\n- two\n# three\n> four",
        "`a` _b_ \\ ~~c~~",
    ],
)
def test_words_mean_nothing_to_markdown(visitor, words):
    quote = make_quote(words, kind="indirect")
    shown = Shown(ok(Client().get(f"{API}quotes/{quote.pk}/")))
    code = embed_code.markdown(shown, f"{SITE}/quotes/{quote.pk}/")
    rendered = html.fragment_fromstring(MarkdownIt("commonmark").render(code))
    assert all_of(rendered, "p")[0].text_content() == words
    assert len(all_of(rendered, "a")) == 1
    assert {each.tag for each in rendered.iter()} == {"blockquote", "p", "a"}


def test_a_copied_quotation_says_that_it_is_disputed(visitor):
    quote = make_quote("It is so.")
    quote.dispute("She denies it.")
    shown = Shown(ok(visitor.get(f"{API}quotes/{fresh(quote).pk}/")))
    assert "(disputed)" in embed_code.markdown(shown, quoted(SITE))
