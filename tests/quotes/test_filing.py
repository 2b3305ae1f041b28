"""Filing an article with its quotes: `POST /api/v1/articles/`."""

import json

import pytest

from tests.conftest import API, make_filing, ok, problem, publish

pytestmark = pytest.mark.django_db


def file(client, status=201, **overrides):
    return ok(client.post(f"{API}articles/", make_filing(**overrides)), status)


def test_a_filed_quote_is_stored_with_all_that_was_said_of_it(curator):
    filed = file(curator)
    quote = ok(curator.get(f"{API}quotes/{filed['quotes'][0]['id']}/"))
    assert quote["text"] == "We had no choice,"
    assert quote["speaker"]["name"] == "Mara Quill"
    assert quote["speaker"]["kind"] == "person"
    assert quote["role"] == "harbour master"
    assert quote["outlet"]["slug"] == "the-harbour-post"
    assert quote["published"] == "2026-03-14"
    assert quote["article"]["headline"] == "Quay to close"
    assert quote["anchor"]["state"] == "exact"
    (span,) = quote["anchor"]["spans"]
    text = make_filing()["text"]
    assert text[span["start"] : span["end"]] == quote["text"]
    assert span["prefix"] == text[:span["start"]][-32:]
    assert span["suffix"] == text[span["end"] :][:32]


def test_filing_the_same_thing_again_changes_nothing_and_answers_200(contributor):
    first = file(contributor)
    again = file(contributor, 200)
    assert again["outcome"] == "unchanged"
    assert [q["filing"]["outcome"] for q in again["quotes"]] == ["unchanged"]
    strip = lambda body: {**body["quotes"][0], "filing": None}
    assert strip(again) == strip(first)
    assert again["version"] == first["version"]
