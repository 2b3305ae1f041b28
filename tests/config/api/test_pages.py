"""A browser that asks the API for HTML is sent to the page for people."""

import pytest

from tests.conftest import API, ok, problem
from tests.quotes.pages.trees import all_of, opened
from tests.records import (
    make_article,
    make_organisation,
    make_outlet,
    make_quote,
    make_speaker,
)

pytestmark = pytest.mark.django_db

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def sent_to(client, path: str, accept: str = BROWSER) -> str | None:
    """Where a GET of this path is sent; None if it is answered."""
    answer = client.get(f"{API}{path}", headers={"accept": accept})
    assert answer.status_code in (200, 303), answer.content
    assert "Accept" in answer.headers["Vary"]
    return answer.headers.get("Location")


def test_each_record_is_sent_to_its_page(reader, visitor):
    outlet = make_outlet("The Post", slug="post")
    article = make_article("“One.”", outlet=outlet)
    records = {
        "quotes": make_quote("One.", article=article),
        "speakers": make_speaker(),
        "organisations": make_organisation(),
        "articles": article,
        "outlets": outlet,
    }
    for name, record in records.items():
        place = sent_to(reader, f"{name}/{record.pk}/")
        assert place == f"/{name}/{record.pk}/"
        assert visitor.get(place, follow=True).status_code == 200
        assert (
            visitor.head(f"{API}{name}/{record.pk}/", headers={"accept": BROWSER}).status_code
            == 303
        )


def test_a_list_of_quotes_is_the_search_page_with_its_filters(reader, visitor):
    make_quote("One word.")
    place = sent_to(reader, "quotes/?q=one+word&kind=direct&fields=id&limit=5&count=true")
    assert place == "/?q=one+word&kind=direct"
    assert len(all_of(opened(visitor, place), ".quote")) == 1


def test_programs_are_answered_in_json(reader):
    quote = make_quote("One.")
    one = f"quotes/{quote.pk}/"
    for path, accept in [
        (one, "*/*"),
        (one, "application/json, text/html;q=0.9"),
        (one, "application/ld+json, text/html"),  # as specific, and offered first
        (f"{one}?format=json", BROWSER),
        (f"{one}?fields=id", BROWSER),
        ("quotes/?format=json", BROWSER),
        (f"speakers/{make_speaker().pk}/?format=json", BROWSER),
        ("speakers/", BROWSER),  # which has no page
    ]:
        assert sent_to(reader, path, accept) is None, (path, accept)


def test_what_is_hidden_or_unknown_is_sent_on_alike(visitor):
    """The page then answers 404, or asks to log in: the redirect tells nothing."""
    hidden = make_quote("One.", status="proposed")
    for key in (hidden.pk, make_speaker().pk):
        place = sent_to(visitor, f"quotes/{key}/")
        assert visitor.get(place).status_code == 404
    problem(visitor.get(f"{API}nowhere/", headers={"accept": BROWSER}), 404)
    assert ok(visitor.get(f"{API}quotes/", {"format": "json"}))["results"] == []
