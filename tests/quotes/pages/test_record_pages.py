"""Pages of speakers, organisations, outlets and articles."""

import json

import pytest
from lxml import html

from quotes.models import Quote
from sources.api.addresses import page_path
from sources.models import Affiliation
from tests.conftest import API, ok, staff
from tests.contexts import SCHEMA, expanded, values
from tests.quotes.pages.trees import all_of, links_of, opened, text_of
from tests.records import (
    make_affiliation,
    make_article,
    make_fact,
    make_organisation,
    make_outlet,
    make_quote,
    make_quotes,
    make_speaker,
    make_utterance,
)

pytestmark = pytest.mark.django_db


def said_on(page) -> list[str]:
    """The words of each quote, in the order of the page."""
    return [link.text for link in page.xpath("//*[@class='quote']/blockquote//a")]


def rows_of(page) -> list[str]:
    """The rows of the table of roles, and of that of facts."""
    rows = page.xpath("//table[contains(@class, 'roles')]/tbody/tr")
    return [" | ".join(cell.text_content() for cell in row) for row in rows]


def block_of(page) -> dict:
    (block,) = page.xpath("//script[@type='application/ld+json']/text()")
    return json.loads(block)


def json_ld_of(page) -> dict:
    return expanded(block_of(page))


def test_a_speakers_page_has_names_roles_numbers_and_statements(visitor):
    speaker = make_speaker("Mara Quill", aliases=["M. Quill"], identifiers={"wikidata": "Q7"})
    board, ministry = make_organisation(), make_organisation("Ministry of Fish")
    make_affiliation(speaker=speaker, organisation=board, start="2004", end="2012-09")
    make_affiliation(speaker=speaker, organisation=ministry, role="minister", start="2012-10")
    utterance = make_utterance()
    for words, day, name in (
        ("One.", "2026-01-03", "The Post"),
        ("One, she said.", "2026-01-04", "Tribune"),
        ("Two.", "2026-03", "The Post"),
    ):
        outlet = make_outlet(name, slug=words[:3].lower() + name[-4:].lower())
        same = utterance if words.startswith("One") else None
        make_quote(words, speaker=speaker, published=day, outlet=outlet, utterance=same)
    make_quote("Three.", speaker=make_speaker("Bo Ek"))
    page = opened(visitor, f"/speakers/{speaker.pk}/")
    assert text_of(page, "h1") == "Mara Quill"
    assert text_of(page, ".about") == (
        "Person Mara Quill Also called M. Quill Wikidata Q7 3 quotes"
    )
    assert rows_of(page) == [
        "minister | Ministry of Fish | October 2012 | –",
        "harbour master | Harbour Board | 2004 | September 2012",
    ]
    titles = [title.text for title in all_of(page, "title")[1:]]
    assert titles == ["January 2026: 2", "February 2026: 0", "March 2026: 1"]
    assert "The Post 1" in text_of(page, ".facet")
    assert said_on(page) == ["Two.", "One."]  # one for each statement
    assert "printed 1 more time" in text_of(page, ".where")
    (feed,) = page.xpath("//link[@type='application/atom+xml']/@href")
    assert visitor.get(feed.removeprefix("http://testserver")).text.count("<entry>") == 3
    search = links_of(page)["3 quotes"]
    assert text_of(opened(visitor, search), "#number") == "3 quotes"
    node = json_ld_of(page)
    assert node["@type"] == [f"{SCHEMA}Person"]
    assert values(node, f"{SCHEMA}alternateName") == ["M. Quill"]
    assert node[f"{SCHEMA}sameAs"] == [{"@id": "http://www.wikidata.org/entity/Q7"}]


def test_a_speakers_page_has_what_is_known_of_them_with_its_source(visitor):
    speaker = make_speaker()
    make_fact(speaker=speaker, start="2024")
    make_fact(speaker=speaker, key="gender", value=None, source="Nothing found")
    assert rows_of(opened(visitor, f"/speakers/{speaker.pk}/")) == [
        "gender | unknown | Nothing found | – | –",
        "party | Harbour Party | Her own page | 2024 | –",
    ]


def test_an_organisations_page_has_its_people_parts_and_statements(visitor):
    parent = make_organisation("Ministry")
    board = make_organisation("Harbour Board", parent=parent)
    held = make_affiliation(organisation=board, start="2004")
    make_quote("One.", speaker=held.speaker, organisation=board, affiliation=held)
    page = opened(visitor, f"/organisations/{board.pk}/")
    assert text_of(page, ".about") == "Organisation Harbour Board Part of Ministry 1 quote"
    assert rows_of(page) == ["Mara Quill | harbour master | 2004 | –"]
    assert said_on(page) == ["One."]
    parts = opened(visitor, links_of(page)["Ministry"])
    assert text_of(parts, ".plain") == "Harbour Board"
    assert "No quotes yet." in text_of(parts, "main")
    assert json_ld_of(page)["@type"] == [f"{SCHEMA}Organization"]


def test_an_outlets_page_has_its_rights_articles_and_statements(visitor):
    outlet = make_outlet(url="https://post.example", rights="© Post", license="CC BY")
    article = make_article("“One.”", outlet=outlet, headline="Quay", published="2026-03-14")
    make_quote("One.", article=article)
    page = opened(visitor, f"/outlets/{outlet.slug}/")
    assert text_of(page, ".rights") == "© Post Licence: CC BY"
    assert links_of(page)["Website"] == "https://post.example"
    assert text_of(page, ".articles") == "Quay 14 March 2026"
    assert links_of(page)["Quay"] == f"/articles/{article.pk}/"
    node = json_ld_of(page)
    assert node["@type"] == [f"{SCHEMA}NewsMediaOrganization"]
    assert values(node, f"{SCHEMA}copyrightNotice") == ["© Post"]
    (license_,) = node[f"{SCHEMA}license"]
    assert values(license_, f"{SCHEMA}name") == ["CC BY"]


def test_an_articles_page_has_its_quotes_in_their_order(visitor):
    article = make_article(
        "“Two,” she said. “Three,” he said.",
        headline="“One”: a walk",
        byline=["Ada Lund"],
        url="https://post.example/1",
        published="2026-03-14",
        outlet=make_outlet(rights="© Post"),
    )
    make_quote("Three", article=article)
    make_quote("Two", article=article)
    held = {"article": article, "snapshot": article.snapshot, "anchor": "exact"}
    Quote.objects.create(
        text="One",
        anchored_in="headline",
        spans=[[1, 4]],
        kind="direct",
        status="published",
        **held,
    )
    page = opened(visitor, f"/articles/{article.pk}/")
    assert said_on(page) == ["One", "Two", "Three"]
    about = text_of(page, ".about")
    assert (
        about
        == "The Harbour Post, 14 March 2026 “One”: a walk By Ada Lund Read the original © Post"
    )
    node = json_ld_of(page)
    assert node["@type"] == [f"{SCHEMA}NewsArticle"]
    assert values(node, f"{SCHEMA}headline") == ["“One”: a walk"]


def test_an_article_without_quotes_shows_the_rights_of_its_outlet(visitor):
    outlet = make_outlet(rights="© Post", license="CC BY")
    page = opened(visitor, f"/articles/{make_article(outlet=outlet).pk}/")
    assert text_of(page, ".rights") == "© Post Licence: CC BY"


def test_a_page_describes_its_record_as_the_json_ld_of_a_quote_does(visitor, settings):
    """One identifier, one description; the page adds other names, its address, outlets' rights."""
    settings.ONRECORD_PUBLIC_URL = "https://quotes.example"
    outlet = make_outlet(url="https://post.example", rights="© Post", license="CC BY")
    article = make_article(
        "“One.”", outlet=outlet, headline="Quay", published="2026-03-14", byline=["Ada Lund"]
    )
    speaker = make_speaker("a spokesperson", kind="unnamed", aliases=["a spokeswoman"])
    board = make_organisation(identifiers={"wikidata": "Q7"})
    quote = make_quote("One.", article=article, speaker=speaker, organisation=board)
    told = ok(visitor.get(f"{API}quotes/{quote.pk}/", {"format": "jsonld"}))
    printed = told["isBasedOn"]
    del printed["archivedAt"]
    for record, node in (
        (article, printed),
        (outlet, printed["publisher"]),
        (speaker, {k: v for k, v in told["creator"].items() if k != "affiliation"}),
        (board, told["creator"]["affiliation"]),
    ):
        path = page_path(record)
        shown = block_of(opened(visitor, path))
        assert shown["mainEntityOfPage"] == f"https://quotes.example{path}"
        assert shown | node == shown, path
    assert "name" not in block_of(opened(visitor, page_path(speaker)))


@pytest.mark.parametrize(
    ("number", "told"),
    [(40, "40 quotes"), (57, "The first 40 of 57 quotes"), (201, "The first 40 of more than 200")],
)
def test_an_article_shows_its_first_quotes_and_leads_to_all(visitor, number, told):
    article = make_article(headline="Minutes", published="2026-03-14")
    quotes = make_quotes(number, article)
    answer = visitor.get(f"/articles/{article.pk}/")
    assert len(answer.content) < 50_000
    page = html.fromstring(answer.content)
    assert text_of(page, "#quotes").startswith(told)
    assert said_on(page) == [quote.text for quote in quotes[:40]]
    (search,) = page.xpath("//a[@rel='next']/@href")
    assert text_of(opened(visitor, search), "#number") == f"{number} quotes"


def test_the_full_text_is_for_who_may_read_it(visitor):
    kept = "Nobody may copy this sentence, which stands too far from both quotes to be context."
    text = (
        f"“We had no choice,” said Quill. It rained. {kept} So be it. “No choice at all,” she said."
    )
    article = make_article(text)
    whole = make_quote("We had no choice,", article=article)
    make_quote("no choice,", article=article)  # overlaps
    last = make_quote("No choice at all,", article=article)
    for client in (visitor, staff("Readers"), staff("Contributors")):
        assert "copy this sentence" not in client.get(f"/articles/{article.pk}/").text
    page = opened(staff("Curators"), f"/articles/{article.pk}/")
    assert text_of(page, ".text") == text
    marked = {each.get("href"): each.text for each in page.xpath("//div[@class='text']//a")}
    assert marked == {
        f"#q-{whole.pk}": "We had no choice,",
        f"#q-{last.pk}": "No choice at all,",
    }


def test_a_withdrawn_article_says_so(visitor):
    quote = make_quote()
    quote.article.withdraw("A hoax.", now=quote.created)
    page = opened(visitor, f"/articles/{quote.article_id}/")
    assert text_of(page, ".notice") == "The outlet withdrew this article: A hoax."


def test_a_joint_statement_leads_to_its_members(visitor):
    ada, bo = make_speaker("Ada Lund"), make_speaker("Bo Ek")
    together = make_speaker("Ada Lund and Bo Ek", kind="collective", members=[ada.pk, bo.pk])
    make_quote("One.", speaker=together)
    page = opened(visitor, f"/speakers/{together.pk}/")
    assert links_of(page)["Bo Ek"] == f"/speakers/{bo.pk}/"
    assert said_on(opened(visitor, f"/speakers/{ada.pk}/")) == ["One."]


def test_a_record_without_quotes_says_so(visitor):
    assert "No quotes yet." in text_of(opened(visitor, f"/speakers/{make_speaker().pk}/"), "main")


def test_no_page_of_a_record_weighs_more_than_50_kb(visitor):
    outlet, speaker = make_outlet(), make_speaker(aliases=[f"Quill {n}" for n in range(20)])
    board = make_organisation()
    Affiliation.objects.bulk_create(
        Affiliation(speaker=speaker, organisation=board, role=f"captain of quay {n}", start="2004")
        for n in range(60)
    )
    for year in range(2010, 2026):
        article = make_article(outlet=outlet, headline="Quay to close", published=f"{year}-03-14")
        make_quotes(5, article, speaker=speaker, organisation=board)
    for path in (
        f"/speakers/{speaker.pk}/",
        f"/organisations/{board.pk}/",
        f"/outlets/{outlet.slug}/",
    ):
        assert len(visitor.get(path).content) < 50_000, path
