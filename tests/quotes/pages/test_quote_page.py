"""The page of a quote: its words in their place, proof, history, how to cite."""

import json
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from quotes.models import Quote
from sources.models import Article, Outlet
from tests.conftest import API, fresh, ok, staff
from tests.contexts import SCHEMA, expanded, values
from tests.quotes.pages.trees import all_of, links_of, opened, text_of
from tests.records import (
    make_article,
    make_broken_quote,
    make_outlet,
    make_quote,
    make_speaker,
    make_utterance,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 15, 8, 30, tzinfo=UTC)
TRICKS = "</script><script>alert(1)</script>\u202e“&'\""


def page_of(client: Client, quote: Quote):
    return opened(client, f"/quotes/{quote.pk}/")


def facts_of(page) -> dict[str, str]:
    """The list of facts, by their names."""
    (listed,) = all_of(page, ".attribution")
    names, told = (all_of(listed, tag) for tag in ("dt", "dd"))
    text = (" ".join(each.text_content().split()) for each in told)
    return dict(zip((each.text for each in names), text, strict=True))


def test_the_words_stand_in_their_place_with_who_and_where(visitor):
    quote = make_broken_quote()
    page = page_of(visitor, quote)
    assert text_of(page, ".words") == ("The quay will close. “We had no choice, none at all.”")
    assert text_of(page, ".around") == "The quay will close. “ ”"
    assert text_of(page, ".speaker") == "Mara Quill, harbour master, Harbour Board"
    assert text_of(page, ".source") == (
        "The Harbour Post, 14 March 2026 Quay to close · by Ada Lund, Bo Ek · Read the original"
    )
    links = links_of(page)
    assert links["Mara Quill"] == f"/speakers/{quote.speaker_id}/"
    assert links["Harbour Board"] == f"/organisations/{quote.organisation_id}/"
    assert links["The Harbour Post"] == "/outlets/the-harbour-post/"
    assert links["Quay to close"] == f"/articles/{quote.article_id}/"
    assert links["Read the original"] == "https://harbourpost.example/2026/quay"


def test_what_the_article_says_is_told_apart_from_what_is_on_record(visitor):
    agency = make_outlet("Agency")
    original = make_quote("Wir hatten keine Wahl", language="de")
    quote = make_quote(
        via=[agency, "the audit"],
        attribution_text="Ms Quill said",
        attribution_speaker="Ms Quill",
        attribution_role="quay captain",
        attribution_organisation="the board",
        translated_from="de",
        translates=original,
        said="2026-02",
        media="https://audio.example/1.mp3#t=3",
    )
    page = page_of(visitor, quote)
    (listed,) = all_of(page, ".attribution")
    assert facts_of(page) == {
        "Attribution": "Ms Quill said",
        "Speaker": "Ms Quill",
        "Role": "quay captain",
        "Organisation": "the board",
        "Form": "Direct",
        "Said": "February 2026",
        "Translated": "from de The original quote",
        "Cited": "the audit",
        "Recording": "Listen or watch",
    }
    assert links_of(listed)["Agency"] == "/outlets/agency/"
    assert links_of(listed)["The original quote"] == f"/quotes/{original.pk}/"


def test_the_proof_names_the_captured_text_and_the_place_in_it(visitor):
    quote = make_broken_quote()
    start, _ = quote.spans[0]
    page = page_of(visitor, quote)
    proof = text_of(page.xpath("//section[h2/@id='proof']")[0], "p")
    assert f"at characters {start} to {start + 17} and characters" in proof
    assert quote.snapshot.sha256 in proof
    assert f"{quote.snapshot.captured:%-d %B %Y}" in proof
    assert "has changed since" not in proof
    unanchored = make_quote("No text", anchor="unanchored")
    assert "No text of the article is held." in text_of(page_of(visitor, unanchored), "main")


def test_an_article_that_changed_is_said_to_have(visitor, curator):
    article = make_article("“We had no choice” she said. One.", outlet=make_outlet())
    quote = make_quote(article=article)
    path = f"{API}articles/{article.pk}/snapshots/"
    ok(curator.post(path, {"text": "She had no words. Two. Three."}))
    page = page_of(visitor, quote)
    assert "The article has changed since." in text_of(page, "main")
    assert text_of(page, ".notice") == "The article no longer has these words."


def test_the_history_tells_each_correction_and_why_it_was_disputed(visitor):
    quote = make_quote("It is so.", speaker=make_speaker("Ada Lund"))
    other = make_quote("It is not so.")
    quote.correct("It was Bo.", now=NOW, speaker=make_speaker("Bo Ek"), said=None)
    quote.correct("A fragment.", now=NOW, kind="partial")
    quote.dispute("She denies it.")
    quote.settle("It is on tape.")
    quote.retract("Made up.", replaced_by=other)
    page = page_of(visitor, quote)
    events = [
        " ".join(each.text_content().split()) for each in page.xpath("//ol[@class='events']/li")
    ]
    labels = [event.split(" ", 3)[3] for event in events]
    assert {*labels[:4]} == {
        "Retracted Made up.",
        "Dispute resolved",
        "Marked as disputed She denies it.",
        "Put on record",
    }
    assert {*labels[4:]} == {
        "Corrected A fragment. Kind of quotedirect partial",
        "Corrected It was Bo. SpeakerAda Lund Bo Ek",
    }
    assert text_of(page, ".notice-retracted") == "Retracted: Made up. Use this quote instead"
    assert links_of(page)["Use this quote instead"] == f"/quotes/{other.pk}/"
    assert [each.text_content() for each in all_of(page, ".words")[0].xpath(".//s")] == [
        "It is so."
    ]


def test_the_same_statement_in_other_articles_is_listed(visitor):
    utterance = make_utterance()
    quote, other = (
        make_quote(words, utterance=utterance, outlet=make_outlet(name), published="2026-03")
        for words, name in (("We had no choice", "The Post"), ("no choice at all", "Tribune"))
    )
    page = page_of(visitor, quote)
    (section,) = page.xpath("//section[h2/@id='others']")
    assert text_of(section, "li") == "no choice at all Tribune, March 2026"
    assert links_of(section)["no choice at all"] == f"/quotes/{other.pk}/"


def test_a_citation_names_the_quote_the_article_and_the_record(visitor, settings):
    settings.ONRECORD_PUBLIC_URL = "https://quotes.example"
    quote = make_broken_quote()
    url = f"https://quotes.example/quotes/{quote.pk}/"
    page = page_of(visitor, quote)
    assert text_of(page, "#citation") == (
        "“We had no choice, none at all.” (Mara Quill, harbour master, Harbour Board, March 2026). "
        "In: Ada Lund, Bo Ek, “Quay to close”, The Harbour Post, 14 March 2026, "
        f"https://harbourpost.example/2026/quay. On Record, version 1, {url}"
    )
    bibtex = visitor.get(f"{API}quotes/{quote.pk}/", {"format": "bibtex"}).text
    assert all_of(page, "#bibtex")[0].text == bibtex
    links = links_of(page)
    for name, form in (("CSL-JSON", "csl"), ("JSON-LD", "jsonld"), ("PROV", "prov")):
        assert visitor.get(links[name]).status_code == 200
        assert links[name].endswith(f"?format={form}")
    quote.retract("Made up.")
    assert "On Record, version 2, retracted, " in text_of(page_of(visitor, quote), "#citation")


def test_rights_and_licence_are_the_articles_else_its_outlets(visitor):
    quote = make_broken_quote()
    Outlet.objects.update(rights="© Harbour Post", license="All rights kept")
    assert text_of(page_of(visitor, quote), ".rights") == (
        "© Harbour Post Licence: All rights kept"
    )
    deed = "https://creativecommons.org/licenses/by/4.0/"
    Article.objects.update(rights="© Ada Lund", license=deed)
    page = page_of(visitor, quote)
    assert text_of(page, ".rights") == f"© Ada Lund Licence: {deed}"
    assert page.xpath("//a[contains(@rel, 'license')]/@href") == [deed]
    Article.objects.update(license="javascript:alert(1)")
    assert not page_of(visitor, quote).xpath("//a[contains(@rel, 'license')]")


def test_the_head_of_the_page_leads_to_its_other_forms(visitor, settings):
    settings.ONRECORD_ROBOTS = True
    quote = make_broken_quote()
    page = page_of(visitor, quote)
    api = f"http://testserver{API}quotes/{quote.pk}/"
    others = {link.get("type"): link.get("href") for link in page.xpath("//link[@rel='alternate']")}
    assert others["application/json"] == api
    assert others["application/ld+json"] == f"{api}?format=jsonld"
    url = f"http://testserver/quotes/{quote.pk}/"
    assert page.xpath("//link[@rel='canonical']/@href") == [url]
    assert page.xpath("//meta[@property='og:type']/@content") == ["article"]
    assert page.xpath("//meta[@property='og:title']/@content") == [
        "Mara Quill: “We had no choice, none at all.”"
    ]
    assert not page.xpath("//meta[@name='robots']")
    (block,) = page.xpath("//script[@type='application/ld+json']/text()")
    node = expanded(json.loads(block))
    assert node["@type"] == [f"{SCHEMA}Quotation"]
    assert values(node, f"{SCHEMA}text") == [quote.text]
    told = ok(visitor.get(f"{API}quotes/{quote.pk}/", {"format": "jsonld"}))
    assert json.loads(block) == told | {"mainEntityOfPage": url}


def test_search_engines_are_kept_from_what_an_outlet_wants_left_out(visitor, settings):
    settings.ONRECORD_ROBOTS = True
    quote = make_broken_quote()
    Outlet.objects.update(refuses_robots=True)
    paths = [
        f"/quotes/{quote.pk}/",
        f"/articles/{quote.article_id}/",
        f"/outlets/{quote.article.outlet.slug}/",
    ]
    for path in paths:
        page = opened(visitor, path)
        assert page.xpath("//meta[@name='robots']/@content") == ["noindex"], path
    assert not opened(visitor, f"/speakers/{quote.speaker_id}/").xpath("//meta[@name='robots']")


def test_a_quote_that_waits_is_told_to_be_seen_by_its_editors_only(db):
    quote = make_quote("Waiting", status="proposed")
    page = page_of(staff("Curators"), quote)
    assert text_of(page, ".notice") == "Proposed Only you and the editors see this quote."
    assert "Report a mistake" not in links_of(page)
    assert not all_of(page, "#embed")
    assert not page.xpath("//link[@type='application/json+oembed']")


def test_words_of_others_are_no_markup(visitor):
    quote = make_quote(
        TRICKS,
        speaker=make_speaker(TRICKS),
        role=TRICKS,
        attribution_speaker=TRICKS,
        outlet=make_outlet(TRICKS),
        via=[TRICKS],
    )
    quote.correct(TRICKS, now=NOW, language="en")
    quote.dispute(TRICKS)
    page = visitor.get(f"/quotes/{fresh(quote).pk}/").text
    assert "<script>alert" not in page
    body = page.partition("<main")[2]
    for code in ("citation", "code-html"):  # are copied as they are
        before, _, rest = body.partition(f'id="{code}"')
        body = before + rest.partition("</")[2]
    assert "\u202e" not in body.partition('id="bibtex"')[0]


def test_a_page_costs_the_same_with_one_other_quote_and_with_twenty(visitor):
    def queries_of(number: int) -> int:
        utterance = make_utterance()
        quotes = [make_quote(f"No. {n}", utterance=utterance) for n in range(number)]
        with CaptureQueriesContext(
            connection,
        ) as made:
            page_of(visitor, quotes[0])
        return len(made)

    page_of(visitor, make_quote())  # what a process remembers
    assert queries_of(2) == queries_of(21) < 40
