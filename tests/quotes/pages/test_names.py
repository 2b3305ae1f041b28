"""Names that fit what somebody typed: below the fields of the form, and beside a search."""

import pytest
from django.test import Client

from tests.conftest import make_client, ok
from tests.quotes.pages.trees import all_of, links_of, opened, text_of
from tests.records import make_organisation, make_outlet, make_quote, make_speaker

pytestmark = pytest.mark.django_db


def test_names_are_suggested_from_a_few_letters(visitor):
    make_speaker("Ingrid Pellow")
    make_speaker("Ingmar Pell")
    make_speaker("Bo Ek")
    make_organisation("Harbour Board")
    assert set(ok(visitor.get("/names/speakers/?q=pell"))["names"]) == {
        "Ingrid Pellow",
        "Ingmar Pell",
    }
    assert ok(visitor.get("/names/organisations/?q=harb"))["names"] == ["Harbour Board"]
    assert ok(visitor.get("/names/outlets/?q=harb"))["names"] == []
    for number in range(12):
        make_outlet(f"Harbour Post {number}")
    assert len(ok(visitor.get("/names/outlets/?q=harb"))["names"]) == 8
    assert visitor.get("/names/quotes/?q=harb").status_code == 404
    assert visitor.get("/names/speakers/?q=").status_code == 400


def test_a_search_leads_to_the_pages_of_whom_its_words_name(visitor):
    pellow = make_speaker("Ingrid Pellow")
    post = make_outlet("Pellow Post", slug="pellow-post")
    make_quote("It was Pellow.")
    page = opened(visitor, q="pellow")
    named = links_of(all_of(page, ".named")[0])
    assert named == {
        "Ingrid Pellow": f"/speakers/{pellow.pk}/",
        "Pellow Post": f"/outlets/{post.slug}/",
    }
    assert len(all_of(page, ".quote")) == 1
    assert text_of(opened(visitor, q="nobody heard of it"), ".named") == ""
    assert text_of(opened(visitor, q="pellow " * 30), ".named") == ""


def test_names_are_for_who_may_read(db):
    make_speaker("Ingrid Pellow")
    assert Client().get("/names/speakers/?q=pell").status_code == 302
    browser = Client()
    browser.force_login(make_client("Readers").user)
    assert ok(browser.get("/names/speakers/?q=pell"))["names"] == ["Ingrid Pellow"]
