"""What a page shows is what the API shows to the same reader."""

import pytest
from django.test import Client
from django.urls import get_resolver

from quotes.history.erasure import erase
from sources.identity import merging
from sources.models import Outlet, Speaker
from tests.config.test_hidden_records import Archive
from tests.conftest import API, make_client, ok
from tests.quotes.pages.trees import all_of, opened, text_of
from tests.records import (
    make_article,
    make_organisation,
    make_outlet,
    make_quote,
    make_speaker,
)

pytestmark = pytest.mark.django_db

RECORD_PAGES = {
    "quote": "/quotes/{0.pk}/",
    "speaker": "/speakers/{0.pk}/",
    "organisation": "/organisations/{0.pk}/",
    "outlet": "/outlets/{0.slug}/",
    "article": "/articles/{0.pk}/",
}
"""The page of a record, by its kind."""

LISTS = [
    "/",
    "/feeds/quotes.atom",
    "/?q=nobody",
    "/?speaker_name=Quillon+Umbra",
    "/?counts=shown",
    "/?phrase=we+do",
]
"""Pages that show whatever matches: they may name nothing hidden."""

LIST_ROUTES = {"", "names/<str:kind>s/", "feeds/quotes.atom"}

OF_A_QUOTE = ["embed", "report"]
"""Pages below that of a quote."""

WITHOUT_RECORDS = {"login/", "logout/", "quotes/", "export/", "oembed/", "robots.txt"}
"""Pages that show no record, or send on."""

SITEMAP = {"sitemap.xml", "sitemap/<slug:kind>s/<uuid:first>.xml"}
"""For crawlers, who are nobody: see `test_sitemap`."""


def browser_of(client) -> Client:
    """A browser in which the user of this API client is logged in, if there is one."""
    browser = Client()
    if user := getattr(client, "user", None):
        browser.force_login(user)
    return browser


@pytest.fixture(params=["reader", "other contributor", "nobody"])
def stranger(request, settings, db):
    """Somebody who neither filed the hidden records nor may change them."""
    settings.ONRECORD_PUBLIC_READ = True
    groups = {"reader": "Readers", "other contributor": "Contributors", "nobody": None}
    return make_client(groups[request.param], request.param)


def test_the_table_has_every_page(db):
    routes = {
        str(pattern.pattern)
        for resolver in get_resolver().url_patterns
        if getattr(resolver, "app_name", None) == "pages"
        for pattern in resolver.url_patterns
    }
    known = {f"{kind}s/<uuid:pk>/" for kind in RECORD_PAGES} - {"outlets/<uuid:pk>/"}
    known |= {"outlets/<str:slug>/", *LIST_ROUTES, *SITEMAP, *WITHOUT_RECORDS}
    known |= {f"quotes/<uuid:pk>/{name}/" for name in OF_A_QUOTE}
    assert routes == known


def test_no_page_shows_a_hidden_record_to_a_stranger(stranger):
    archive, browser = Archive(), browser_of(stranger)
    for kind, path in RECORD_PAGES.items():
        record = archive.records[kind]
        assert stranger.get(f"{API}{kind}s/{record.pk}/").status_code == 404
        answer = browser.get(path.format(record))
        assert answer.status_code == 404, kind
        assert not archive.found_in(answer.text)
    hidden = RECORD_PAGES["quote"].format(archive.records["quote"])
    about = f"/oembed/?url=http://testserver{hidden}"
    for path in (*(f"{hidden}{name}/" for name in OF_A_QUOTE), about):
        answer = browser.get(path)
        assert answer.status_code == 404, path
        assert not archive.found_in(answer.text)
    for path in LISTS:
        answer = browser.get(path)
        assert answer.status_code == 200, path
        before, _, found = answer.text.partition('id="found"')  # the form repeats what was asked
        shown = found or before
        asked = {"Quillon", "Umbra"} if "Umbra" in path else set()
        assert not archive.found_in(shown) - asked, path


@pytest.mark.parametrize("who", ["filer", "curator"])
def test_who_may_see_a_hidden_record_sees_its_page(who):
    archive = Archive()
    client = archive.filer if who == "filer" else make_client("Curators")
    browser = browser_of(client)
    for kind, path in RECORD_PAGES.items():
        record = archive.records[kind]
        ok(client.get(f"{API}{kind}s/{record.pk}/"))
        assert browser.get(path.format(record)).status_code == 200, kind


@pytest.mark.parametrize("group", ["Readers", "Contributors", "Curators"])
def test_a_search_finds_what_the_api_finds(group):
    Archive()
    make_quote("It was retracted.", status="retracted")
    make_quote("It was rejected.", status="rejected")
    client = make_client(group)
    browser = browser_of(client)
    for asked in ({}, {"status": "retracted"}, {"status": "proposed"}, {"q": "nobody"}):
        listed = ok(client.get(f"{API}quotes/", asked))["results"]
        shown = [
            link.get("href").split("/")[2]
            for said in all_of(opened(browser, **asked), "blockquote")
            for link in all_of(said, "a")
        ]
        assert shown == [quote["id"] for quote in listed], asked


def test_a_merged_records_page_leads_to_the_survivors(stranger):
    made = {
        "speaker": make_speaker,
        "organisation": make_organisation,
        "outlet": make_outlet,
        "article": lambda name: make_article(headline=name),
    }
    browser = browser_of(stranger)
    for kind, make in made.items():
        gone, stays = make("Ada Lund"), make("Ada Lunde")
        merging.merge(gone, stays)
        answer = browser.get(RECORD_PAGES[kind].format(gone))
        assert answer.status_code == 301
        assert answer.headers["Cache-Control"] == "private, no-cache"  # a merge can be undone
        assert answer.headers["Location"] == RECORD_PAGES[kind].format(stays)


def test_an_erased_records_page_says_so_and_an_unknown_one_is_missing(visitor):
    quote = make_quote("One.", speaker=make_speaker("Ada Lund"))
    erase("quote", [quote.pk], "A court said so.")
    page = opened(visitor, RECORD_PAGES["quote"].format(quote), 410)
    assert "A court said so." in text_of(page, "main")
    for kind, path in RECORD_PAGES.items():
        unknown = Outlet(slug="none") if kind == "outlet" else Speaker()
        assert visitor.get(path.format(unknown)).status_code == 404, kind
