"""The sitemap and robots.txt: search engines list what anyone may see, if the service lets them."""

from urllib.robotparser import RobotFileParser

import pytest
from django.test import Client
from lxml import etree

from quotes.models import Quote
from quotes.pages import sitemap
from tests.config.test_hidden_records import Archive
from tests.quotes.pages.trees import opened
from tests.records import make_article, make_outlet, make_quote, make_speaker

pytestmark = pytest.mark.django_db

SPACE = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


@pytest.fixture
def crawler(visitor, settings) -> Client:
    settings.ONRECORD_ROBOTS = True
    settings.ONRECORD_PUBLIC_URL = "https://quotes.example"
    return visitor


def places(client, path: str) -> list[str]:
    """The addresses in a file of the sitemap."""
    answer = client.get(path)
    assert answer.status_code == 200, path
    assert answer.headers["Content-Type"] == "application/xml"
    content = b"".join(answer)
    return etree.fromstring(content).xpath("//s:loc/text()", namespaces=SPACE)


def all_places(client) -> list[str]:
    """The addresses in all files, without the host."""
    files = [one.removeprefix("https://quotes.example") for one in places(client, "/sitemap.xml")]
    found = [place for file in files for place in places(client, file)]
    return [place.removeprefix("https://quotes.example") for place in found]


def test_every_public_record_is_listed_once_and_its_page_is_there(crawler):
    archive = Archive()
    make_quote("Retracted.", status="retracted")
    found = all_places(crawler)
    assert len(found) == len(set(found))
    kinds = {place.split("/")[1] for place in found}
    assert kinds == {"quotes", "speakers", "outlets", "articles"}
    assert not archive.found_in(" ".join(found))
    for place in found:
        page = opened(crawler, place)
        assert page.xpath("//link[@rel='canonical']/@href") == [f"https://quotes.example{place}"]
        assert not page.xpath("//meta[@name='robots']"), place


def test_files_have_a_limit_and_hold_every_record_once(crawler, monkeypatch):
    monkeypatch.setattr(sitemap, "MOST_ADDRESSES", 3)
    statuses = ["proposed", "published", "published"] * 4
    made = [make_quote(f"Number {n}.", status=status) for n, status in enumerate(statuses[:10])]
    files = [each for each in places(crawler, "/sitemap.xml") if "/quotes/" in each]
    assert len(files) == 4
    held = [places(crawler, each.removeprefix("https://quotes.example")) for each in files]
    assert all(len(each) <= 3 for each in held)
    listed = [f"https://quotes.example/quotes/{q.pk}/" for q in made if q.status == "published"]
    assert [place for each in held for place in each] == listed


def test_an_outlet_that_refuses_search_engines_is_left_out_with_all_it_printed(crawler):
    outlet = make_outlet("The Post", slug="post", refuses_robots=True)
    make_quote("One.", article=make_article("“One.”", outlet=outlet), speaker=make_speaker())
    assert [place.split("/")[1] for place in all_places(crawler)] == ["speakers"]
    assert Quote.objects.count() == 1


def test_robots_are_let_in_only_where_the_service_says_so(visitor, settings):
    make_quote("One.")

    def may_fetch(path: str) -> bool:
        rules = RobotFileParser()
        rules.parse(visitor.get("/robots.txt").text.splitlines())
        return rules.can_fetch("AnyBot", f"http://testserver{path}")

    page = f"/quotes/{Quote.objects.get().pk}/"
    assert not may_fetch("/")
    assert not may_fetch(page)
    assert visitor.get("/sitemap.xml").status_code == 404
    assert opened(visitor, page).xpath("//meta[@name='robots']/@content") == ["noindex"]
    settings.ONRECORD_ROBOTS = True
    assert may_fetch("/")
    assert may_fetch(page)
    assert may_fetch("/guides/")
    for closed in ("/api/v1/quotes/", "/admin/", "/export/?format=csv", "/feeds/x"):
        assert not may_fetch(closed), closed
    assert "Disallow: /*?\n" in visitor.get("/robots.txt").text  # searches
    assert "Sitemap: http://testserver/sitemap.xml" in visitor.get("/robots.txt").text
    settings.ONRECORD_PUBLIC_READ = False
    assert not may_fetch(page)
    assert visitor.get("/sitemap.xml").status_code == 404
    assert visitor.get(f"/sitemap/quotes/{Quote.objects.get().pk}.xml").status_code == 404


def test_an_unknown_file_is_not_there(crawler):
    assert crawler.get(f"/sitemap/nothings/{make_speaker().pk}.xml").status_code == 404
