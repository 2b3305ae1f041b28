"""`/`: the search page, as the server answers it."""

import json

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.throttling import SimpleRateThrottle

from quotes.pages import search
from sources.models import Speaker
from tests.conftest import API, make_filing, ok, publish
from tests.contexts import SCHEMA, expanded, values
from tests.quotes.pages.trees import all_of, links_of, opened, text_of
from tests.records import (
    make_article,
    make_fact,
    make_organisation,
    make_outlet,
    make_quote,
    make_quotes,
    make_speaker,
)

pytestmark = pytest.mark.django_db


def test_words_are_shown_in_their_context_and_marked(visitor, curator):
    ok(curator.post(f"{API}articles/", publish(make_filing())), 201)
    (quote,) = all_of(opened(visitor, q="choices"), ".quote")
    (said,) = all_of(quote, "blockquote")
    assert (
        said.text_content() == "The quay will close. “We had no choice,” said Mara Quill, harbour…"
    )
    assert [mark.text for mark in all_of(said, "mark")] == ["choice"]
    assert said.get("lang") == "en"
    assert text_of(quote, ".who") == "Mara Quill, harbour master"
    assert "The Harbour Post, 14 March 2026 · Quay to close" in text_of(quote, ".where")


def test_what_is_said_of_a_quote_stands_with_it(visitor):
    make_quote("It is so.", status="disputed", reason="She denies it.")
    page = opened(visitor)
    assert text_of(page, ".state") == "Disputed She denies it."
    assert "Attributed to nobody" in text_of(page, ".who")
    assert "Outlet unknown, date unknown" in text_of(page, ".where")


def test_what_became_of_the_article_stands_with_the_quote(visitor):
    quote = make_quote("It is so.", anchor="unanchored")
    quote.article.withdraw("A hoax.", now=timezone.now())
    notes = "The text of the article is not on record. The outlet withdrew the article: A hoax."
    assert text_of(opened(visitor), ".state") == notes
    make_quote("It was so.", anchor="missing", published="2030")
    assert "The article no longer has these words." in text_of(opened(visitor), ".state")


def test_filters_are_links_and_each_active_one_can_be_removed(visitor):
    post, tribune = make_outlet("The Post", slug="post"), make_outlet("Tribune")
    ada, bo = make_speaker("Ada Lund"), make_speaker("Bo Ek", kind="organisation")
    mill = make_organisation("Mill")
    make_quote("One.", outlet=post, speaker=ada, organisation=mill, published="2025-03-01")
    make_quote("Two.", outlet=post, speaker=bo, published="2026-03")
    make_quote("Three.", outlet=tribune, speaker=ada, published="2021")
    page = opened(visitor)
    assert text_of(page, "#number") == "3 quotes"
    facets = links_of(all_of(page, "#narrow")[0])
    assert "2" in text_of(page, ".facet")
    page = opened(visitor, facets["Ada Lund"])
    assert text_of(page, "#number") == "2 quotes"
    assert text_of(page, ".chips") == "Speaker: Ada Lund ×"
    page = opened(visitor, links_of(all_of(page, "#narrow")[0])["The Post"])
    assert text_of(page, ".chips") == "Speaker: Ada Lund × Outlet: The Post ×"
    assert "“One.”" in text_of(page, "blockquote")
    (chips,) = all_of(page, ".chips")
    without_speaker = all_of(chips, "a")[0].get("href")
    assert text_of(opened(visitor, without_speaker), ".chips") == "Outlet: The Post ×"


def test_facts_about_speakers_are_facets_too(visitor):
    for name, party, gender in (("Ada", "Reform", "female"), ("Bo", "Harbour Party", "male")):
        speaker = make_speaker(name)
        make_fact(speaker=speaker, value=party)
        make_fact(speaker=speaker, key="gender", value=gender)
        make_quote(f"{name} was here.", speaker=speaker, published="2026")
    page = opened(visitor)
    narrowed = links_of(all_of(page, "#narrow")[0])
    page = opened(visitor, narrowed["Reform"])
    assert text_of(page, "#number") == "1 quote"
    assert text_of(page, ".chips") == "Fact about the speaker: party:Reform ×"
    make_quote("Ada was there.", speaker=make_speaker("Cy", kind="person"), published="2026")
    assert "Gender" in text_of(opened(visitor), ".facet")


def test_the_form_leaves_out_what_is_empty_and_sends_on_what_it_does_not_show(visitor):
    speaker = make_speaker()
    answer = visitor.get("/", {"q": "", "role": " ", "speaker": str(speaker.pk)})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/?speaker={speaker.pk}")
    answer = visitor.get("/", {"q": "", "ordering": "relevance"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    page = opened(visitor, speaker=str(speaker.pk))
    (hidden,) = page.xpath("//form[@id='search']//input[@type='hidden']")
    assert (hidden.get("name"), hidden.get("value")) == ("speaker", str(speaker.pk))


def test_a_filter_that_makes_no_sense_is_explained_not_ignored(visitor):
    make_quote("One.", language="en")
    for asked, said in [
        ({"speker": "x"}, "Unknown parameter. Did you mean “speaker”?"),
        ({"published_after": "soon"}, "“soon” is not a date."),
        ({"q": "the"}, "Use phrase for these very words."),
    ]:
        page = opened(visitor, code=400, **asked)
        assert said in text_of(page, ".fault")
        assert not all_of(page, ".quote")
        assert all_of(page, "#search")


def test_a_filter_that_is_given_twice_is_refused_everywhere(visitor):
    twice = "kind=direct&kind=partial"
    page = opened(visitor, f"/?{twice}", 400)
    assert text_of(page, ".fault") == "kind: given more than once. Separate values with commas."
    assert visitor.get(f"/export/?format=csv&{twice}").status_code == 400
    assert visitor.get(f"/feeds/quotes.atom?{twice}").status_code == 400


def test_a_timeline_has_a_bar_and_a_row_for_each_year(visitor):
    for year, number in (("2021", 1), ("2022", 3), ("2026", 2)):
        for n in range(number):
            make_quote(f"It is {year} or {n}.", published=year)
    page = opened(visitor)
    (drawing,) = all_of(page, "svg")
    titles = [title.text for title in all_of(drawing, "title")]
    assert titles == ["2021: 1", "2022: 3", "2023: 0", "2024: 0", "2025: 0", "2026: 2"]
    rows = [" ".join(cell.text_content() for cell in row) for row in all_of(page, "tbody")[0]]
    assert rows == ["2021 1", "2022 3", "2023 0", "2024 0", "2025 0", "2026 2"]
    within = links_of(all_of(page, ".timeline")[0])["2022"]
    assert text_of(opened(visitor, within), "#number") == "3 quotes"


def test_a_large_archive_is_counted_when_it_is_asked_for(visitor, monkeypatch):
    monkeypatch.setattr(search, "COUNTED_AT_ONCE", 0)
    outlets = make_outlet("The Post"), make_outlet("Tribune")
    for number in range(21):
        make_quote(f"This is number {number}.", outlet=outlets[number % 2], published="2026-03-14")
    page = opened(visitor)
    assert text_of(page, "#number") == "The first 20 quotes"
    assert "Tribune" not in text_of(page, "#narrow")
    (link,) = all_of(page, "#counts")
    page = opened(visitor, link.get("href"))
    assert text_of(page, "#number") == "21 quotes"
    assert "Tribune 10" in text_of(page, "#narrow")
    assert text_of(opened(visitor, published_after="2027"), "#number") == "No quotes found."
    few = opened(visitor, outlet=outlets[1].slug)
    assert text_of(few, "#number") == "10 quotes"
    assert not all_of(few, "#counts")


def test_all_pages_of_results_hold_every_quote_once(visitor):
    for number in range(45):
        make_quote(f"This is number {number}.", published="2026-03-14")
    seen, path = [], "/?ordering=published"
    while path:
        page = opened(visitor, path)
        seen += [said.text_content() for said in all_of(page, "blockquote")]
        path = links_of(page).get("More quotes →")
    assert len(seen) == len(set(seen)) == 45


def test_no_page_of_results_weighs_more_than_50_kb(visitor, curator):
    words = "We had no choice, and none of us on this quay would have done it otherwise. " * 2
    for number in range(25):
        filing = make_filing(
            outlet=f"The Harbour Post of Harrow {number % 8}",
            url=f"https://harbourpost.example/{number}",
            headline=f"Quay to close for the winter, says the harbour board again ({number})",
            published=f"{1960 + number * 2}-03-14",
            text=f"The quay will close {number}. “{words}” said Mara Quill, harbour master.",
            quotes=[
                {
                    "text": words.strip(),
                    "speaker": f"Mara Quill {'ABCDEFGHI'[number % 9]}",
                    "organisation": f"The Harbour Board of Harrow and the Sound {number % 7}",
                    "role": "harbour master and chief executive",
                }
            ],
        )
        ok(curator.post(f"{API}articles/", publish(filing)), 201)
    for asked in ({}, {"q": "choice quay", "published_after": "1950"}):
        assert len(visitor.get("/", asked).content) < 50_000


def test_no_address_makes_a_larger_page(visitor):
    make_quotes(30, make_article())
    answer = visitor.get("/", {"limit": "200", "kind": "direct"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/?kind=direct")
    assert len(all_of(opened(visitor, "/?kind=direct"), ".quote")) == 20


def test_the_head_says_what_the_page_is_and_where_else_it_is(visitor, settings):
    settings.ONRECORD_PUBLIC_URL = "https://quotes.example"
    settings.ONRECORD_ROBOTS = True
    page = opened(visitor)
    assert page.xpath("//link[@rel='canonical']/@href") == ["https://quotes.example/"]
    (data,) = page.xpath("//script[@type='application/ld+json']/text()")
    website = expanded(json.loads(data))
    assert website["@type"] == [f"{SCHEMA}WebSite"]
    assert values(website, f"{SCHEMA}url") == ["https://quotes.example/"]
    (action,) = values(website, f"{SCHEMA}potentialAction")
    (target,) = values(action, f"{SCHEMA}target")
    (template,) = values(target, f"{SCHEMA}urlTemplate")
    assert template == "https://quotes.example/?q={search_term_string}"
    assert page.xpath("//meta[@property='og:title']/@content") == ["On Record"]
    assert not page.xpath("//meta[@name='robots']")
    page = opened(visitor, q="choice")
    assert page.xpath("//meta[@name='robots']/@content") == ["noindex"]
    assert page.xpath("//title/text()") == ["“choice” · On Record"]


def test_a_page_that_the_browser_has_is_not_sent_again(visitor):
    make_quote("One.")
    answer = visitor.get("/")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    again = visitor.get("/", headers={"if-none-match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    make_quote("Two.")
    assert visitor.get("/", headers={"if-none-match": answer.headers["ETag"]}).status_code == 200


def test_words_of_others_are_no_markup(visitor):
    hostile = "</script><script>alert(1)</script>\u202e"
    make_quote(hostile, outlet=make_outlet(hostile), speaker=make_speaker(hostile))
    page = visitor.get("/", {"speaker_name": hostile}).text
    assert "<script>alert" not in page
    assert "\u202e" not in page.partition('id="found"')[2]  # the form repeats what was typed
    spoken = visitor.get(f"/speakers/{Speaker.objects.get().pk}/").text
    assert "\u202e" not in spoken


def test_an_export_is_the_apis_for_who_is_logged_in(visitor):
    make_quote("One.")
    answer = visitor.get("/export/", {"format": "csv", "fields": "text"})
    assert b"".join(answer) == b'text\r\n"One."\r\n'
    assert "attachment" in answer.headers["Content-Disposition"]
    head = visitor.head("/export/", {"format": "csv"})
    assert (head.status_code, b"".join(head)) == (200, b"")
    assert opened(visitor, "/export/", 400, format="csv", colour="red") is not None


def test_without_public_reading_the_pages_ask_to_log_in(db):
    make_quote("One.")
    browser = Client()
    answer = browser.get("/", {"q": "one"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login/?next=/%3Fq%3Done")


def test_a_page_counts_once_in_the_limit_of_requests(visitor, monkeypatch):
    make_quote("One.")
    make_quote("Two.", speaker=make_speaker())
    monkeypatch.setitem(SimpleRateThrottle.THROTTLE_RATES, "anon", "2/min")
    assert visitor.get("/").status_code == 200
    assert visitor.get("/?kind=direct").status_code == 200
    answer = visitor.get("/")
    assert answer.status_code == 429
    assert "Wait a moment" in answer.text
    assert 0 < int(answer.headers["Retry-After"]) <= 60
