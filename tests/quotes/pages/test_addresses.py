"""The API's answers lead to the pages of records."""

import pytest

from quotes.models import Quote
from sources.models import Article, Organisation, Outlet, Speaker
from tests.conftest import API, make_filing, ok, publish
from tests.quotes.exports.test_exports import lines

pytestmark = pytest.mark.django_db

KINDS = {
    "quotes": Quote,
    "articles": Article,
    "speakers": Speaker,
    "organisations": Organisation,
    "outlets": Outlet,
}


@pytest.fixture
def filed(curator):
    quote = make_filing()["quotes"][0] | {"organisation": "Harbour Board"}
    ok(curator.post(f"{API}articles/", publish(make_filing(quotes=[quote]))), 201)


def test_every_record_says_where_its_page_is(filed, reader, visitor):
    for name, kind in KINDS.items():
        (record,) = kind.objects.all()
        shown = ok(reader.get(f"{API}{name}/{record.pk}/"))["html_url"]
        assert shown.startswith("http://testserver/")
        assert visitor.get(shown.removeprefix("http://testserver")).status_code == 200
        (listed,) = ok(reader.get(f"{API}{name}/"))["results"]
        assert listed["html_url"] == shown


def test_pages_have_the_services_own_address_if_it_is_set(filed, reader, settings):
    settings.ONRECORD_PUBLIC_URL = "https://quotes.example"
    quote = Quote.objects.get()
    page = f"https://quotes.example/quotes/{quote.pk}/"
    for asked in ({}, {"fields": "html_url"}, {"count": "true"}):
        (listed,) = ok(reader.get(f"{API}quotes/", asked))["results"]
        assert listed["html_url"] == page
    assert ok(reader.get(f"{API}quotes/{quote.pk}/"))["html_url"] == page
    assert [row["html_url"] for row in lines(reader)] == [page]
    outlet = Outlet.objects.get()
    shown = ok(reader.get(f"{API}outlets/{outlet.pk}/"))["html_url"]
    assert shown == f"https://quotes.example/outlets/{outlet.slug}/"
