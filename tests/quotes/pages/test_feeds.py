"""Feeds, as an independent reader takes them in."""

import time
from datetime import datetime
from uuid import UUID

import feedparser
import pytest
from django.test import Client
from lxml import etree

from tests.conftest import API, fresh, make_client, make_filing, ok, problem, publish
from tests.quotes.pages.trees import opened
from tests.records import make_outlet, make_quote, make_quotes, make_speaker, make_utterance

pytestmark = pytest.mark.django_db

FEED = "/feeds/quotes.atom"
NOW = datetime.fromisoformat("2026-03-20T12:00:00Z")


def feed_of(client, **asked):
    """The feed, read. It must be well-formed and conform to RFC 4287 as far as these rules say."""
    answer = client.get(FEED, asked)
    assert answer.status_code == 200, answer.content
    assert answer.headers["Content-Type"].startswith("application/atom+xml")
    check(answer.content)
    read = feedparser.parse(answer.content)
    assert not read.bozo, read.get("bozo_exception")
    assert read.version == "atom10"
    return read


def check(written: bytes) -> None:
    """Rules of a validator: what a feed and each entry must have, once, and absolute IRIs."""
    atom = "{http://www.w3.org/2005/Atom}"
    feed = etree.fromstring(written)
    for part in (feed, *feed.iter(f"{atom}entry")):
        for name in ("id", "title", "updated"):
            assert len(part.findall(f"{atom}{name}")) == 1, name
        rels = {link.get("rel", "alternate"): link.get("href") for link in part.iter(f"{atom}link")}
        assert rels["alternate"].startswith("http")
        UUID(part.findtext(f"{atom}id").removeprefix("urn:uuid:")) if part is not feed else None
        assert time.strptime(part.findtext(f"{atom}updated")[:19], "%Y-%m-%dT%H:%M:%S")
    ids = [entry.findtext(f"{atom}id") for entry in feed.iter(f"{atom}entry")]
    assert len(ids) == len(set(ids))
    assert feed.findall(f"{atom}author") or all(
        entry.findall(f"{atom}author") for entry in feed.iter(f"{atom}entry")
    )


def titles(read) -> list[str]:
    return [entry.title for entry in read.entries]


def test_a_quote_is_an_entry_with_its_words_and_where_they_were_printed(visitor, curator):
    ok(curator.post(f"{API}articles/", publish(make_filing())), 201)
    (entry,) = feed_of(visitor).entries
    assert entry.title == "Mara Quill: “We had no choice,”"
    assert entry.author == "Mara Quill"
    assert visitor.get(entry.link.removeprefix("http://testserver")).status_code == 200
    assert "We had no choice," in entry.summary
    assert 'href="https://harbourpost.example/2026/quay"' in entry.summary
    assert "14 March 2026" in entry.summary


def test_a_correction_and_a_retraction_are_entries_of_their_own(visitor):
    quote = make_quote("It is so.", speaker=make_speaker())
    (before,) = feed_of(visitor).entries
    quote.correct("It was said a day earlier.", now=NOW, said="2026-03-13")
    read = feed_of(visitor)
    assert titles(read) == ["Mara Quill: “It is so.”", "Corrected: Mara Quill: “It is so.”"]
    assert "Correction: It was said a day earlier." in read.entries[1].summary
    assert read.entries[1].updated == "2026-03-20T12:00:00+00:00"
    fresh(quote).retract("Made up.")
    read = feed_of(visitor)
    assert set(titles(read)) == {
        "[Retracted] Mara Quill: “It is so.”",
        "Retracted: Mara Quill: “It is so.”",
        "Corrected: Mara Quill: “It is so.”",
    }
    (own,) = [entry for entry in read.entries if entry.id == before.id]
    assert own.title.startswith("[Retracted]")
    (said,) = [entry for entry in read.entries if entry.title.startswith("Retracted:")]
    assert "Retracted: Made up." in said.summary


def test_old_quotes_are_there_again_when_something_is_said_of_them(visitor):
    old = make_quote("It is old.")
    make_quotes(60, old.article)
    assert "“It is old.”" not in titles(feed_of(visitor))
    assert len(feed_of(visitor).entries) == 50
    old.retract("Made up.")
    assert "Retracted: “It is old.”" in titles(feed_of(visitor))
    late = make_quote("It waited.", status="proposed")
    make_quotes(60, late.article)
    late.publish()
    assert "“It waited.”" in titles(feed_of(visitor))


def test_a_feed_takes_the_filters_of_a_search_and_no_others(visitor):
    post = make_outlet("The Post", slug="post")
    make_quote("A quay.", outlet=post)
    other = make_quote("A ferry.")
    assert titles(feed_of(visitor, outlet="post")) == ["“A quay.”"]
    assert titles(feed_of(visitor, q="ferry quay")) == []
    assert titles(feed_of(visitor, q="ferry")) == ["“A ferry.”"]
    other.retract("Made up.")
    assert titles(feed_of(visitor, outlet="post")) == ["“A quay.”"]
    assert len(feed_of(visitor, q="ferry").entries) == 2
    assert feed_of(visitor, q="nowhere").entries == []
    for name in ("speker", "limit", "cursor", "ordering", "fields"):
        fault = problem(visitor.get(FEED, {name: "1"}), 400)["errors"][0]
        assert fault["parameter"] == name


def test_a_feed_chooses_among_all_quotes_of_its_search(visitor):
    """What was remarked on is not the first printed, or drawn, because it was remarked on."""
    same = make_utterance()
    make_quote("It is so.", utterance=same, published="2026-03-01")
    later = make_quote("It is so, she said.", utterance=same, published="2026-03-02")
    make_quotes(5, later.article)
    later.dispute("She denies it.")
    assert "It is so, she said." not in str(titles(feed_of(visitor, one_per_utterance="true")))
    for seed in range(3):
        drawn = {"sample": "2", "seed": seed}
        listed = ok(visitor.get(f"{API}quotes/", drawn))["results"]
        shown = {entry.link for entry in feed_of(visitor, **drawn).entries}
        assert shown == {quote["html_url"] for quote in listed}


def test_a_correction_does_not_repeat_the_dispute(visitor):
    quote = make_quote("It is so.")
    quote.dispute("She denies it.")
    before = {entry.id for entry in feed_of(visitor).entries}
    quote.correct("It was said a day earlier.", now=NOW, said="2026-03-13")
    after = feed_of(visitor)
    (new,) = (entry for entry in after.entries if entry.id not in before)
    assert new.title == "Corrected: “It is so.”"
    assert len(after.entries) == 3


def test_a_page_of_a_quote_leads_to_the_feed_of_what_becomes_of_it(visitor):
    quote, other = make_quote("It is so."), make_quote("Another.")
    (link,) = opened(visitor, f"/quotes/{quote.pk}/").xpath(
        "//link[@type='application/atom+xml']/@href"
    )
    other.retract("Made up.")
    quote.retract("Made up.")
    read = feedparser.parse(visitor.get(link.removeprefix("http://testserver")).content)
    assert set(titles(read)) == {"[Retracted] “It is so.”", "Retracted: “It is so.”"}


def test_a_search_page_leads_to_its_feed(visitor):
    page = opened(visitor, q="quay", kind="direct")
    (link,) = page.xpath("//link[@type='application/atom+xml']/@href")
    assert link == f"{FEED}?q=quay&kind=direct"
    assert feed_of(visitor, q="quay").feed.title == "On Record: quay"


def test_a_feed_that_the_reader_has_is_not_sent_again(visitor):
    for _ in range(2):
        answer = visitor.get(FEED)
        known = {"if-none-match": answer.headers["ETag"]}
        assert visitor.get(FEED, headers=known).status_code == 304
        quote = make_quote("One.")
    quote.retract("Made up.")
    assert visitor.get(FEED, headers=known).status_code == 200


def test_a_feed_shows_what_the_api_shows_to_the_same_reader(visitor, settings):
    make_quote("Hidden words.", status="proposed")
    make_quote("Public words.")
    curator = make_client("Curators")
    at_desk = Client()
    at_desk.force_login(curator.user)
    for asked in ({}, {"status": "proposed"}, {"q": "words"}):
        public = ok(visitor.get(f"{API}quotes/", asked))["results"]
        assert len(feed_of(visitor, **asked).entries) == len(public)
    assert titles(feed_of(visitor)) == ["“Public words.”"]
    assert titles(feed_of(at_desk, status="proposed")) == ["[Proposed] “Hidden words.”"]
    settings.ONRECORD_PUBLIC_READ = False
    problem(visitor.get(FEED), 401)
    token = curator._credentials["HTTP_AUTHORIZATION"]
    assert Client(headers={"Authorization": token}).get(FEED).status_code == 200


def test_hostile_words_neither_break_the_feed_nor_become_markup(visitor):
    hostile = "</summary><script>alert(1)</script> & \x01\ufffe \u202eback ]]>"
    quote = make_quote(hostile, speaker=make_speaker(hostile), outlet=make_outlet(hostile))
    quote.retract(hostile)
    read = feed_of(visitor)
    assert len(read.entries) == 2
    for entry in read.entries:
        assert "<script" not in entry.summary
        assert "\u202e" not in entry.summary + entry.title
