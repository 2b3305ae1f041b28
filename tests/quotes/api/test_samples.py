"""Samples, and the parts of organisations: `sample`, `seed` and `include_parts`."""

import json

import pytest

from tests.conftest import API, ok, problem
from tests.records import make_article, make_organisation, make_quote, make_quotes, make_speaker

pytestmark = pytest.mark.django_db

QUOTES = f"{API}quotes/"


def texts(client, **asked) -> list[str]:
    return [one["text"] for one in ok(client.get(QUOTES, asked))["results"]]


def refused(client, path: str = "", **asked) -> dict[str, str]:
    errors = problem(client.get(f"{QUOTES}{path}", asked), 400)["errors"]
    return {error["parameter"]: error["message"] for error in errors}


# Samples


def test_a_seed_draws_the_same_quotes_again_and_another_seed_others(reader):
    make_quotes(60, make_article())
    drawn = texts(reader, sample=10, seed=7)
    assert len({*drawn}) == 10
    assert texts(reader, sample=10, seed=7) == drawn
    others = [texts(reader, sample=10, seed=seed) for seed in (0, 1, 2)]
    assert all(other != drawn for other in others)
    assert texts(reader, sample=10) == others[0]
    assert ok(reader.get(QUOTES, {"sample": 10}))["next"] is None


def test_a_sample_is_of_what_matches_and_in_the_order_of_the_list(reader):
    make_quotes(20, make_article())
    for number in range(5):
        make_quote(f"Of her {number}", speaker=make_speaker("Mara Quill"), published="2026")
    drawn = texts(reader, sample=3, speaker_name="Mara Quill", ordering="created")
    assert len(drawn) == 3
    assert drawn == sorted(drawn)
    assert all(text.startswith("Of her") for text in drawn)
    assert len(texts(reader, sample=200, limit=200)) == 25
    assert texts(reader, sample=3, kind="indirect") == []
    assert len(texts(reader, sample=2, q="her")) == 2


def test_counts_and_exports_are_of_the_same_sample(reader):
    make_quotes(30, make_article())
    query = {"sample": 12, "seed": 3}
    export = reader.get(f"{QUOTES}export/", {"format": "ndjson", **query})
    exported = [json.loads(line)["text"] for line in b"".join(export).splitlines()]
    assert sorted(exported) == sorted(texts(reader, **query))
    assert ok(reader.get(f"{QUOTES}facets/", {"by": "kind", **query}))["total"] == 12
    assert ok(reader.get(f"{QUOTES}timeline/", query))["total"] == 12
    manifest = reader.get(f"{QUOTES}export/", {"format": "csv", "sample": 12, "manifest": "true"})
    assert json.loads(b"".join(manifest))["query"]["seed"] == "0"


def test_a_sample_that_cannot_be_drawn_is_refused(reader):
    assert set(refused(reader, sample="1" * 5_000)) == {"sample"}
    assert refused(reader, seed=1) == {"seed": "Needs sample."}
    assert set(refused(reader, sample=0)) == {"sample"}
    assert set(refused(reader, sample="1_0")) == {"sample"}
    assert set(refused(reader, sample=5, seed=-1)) == {"seed"}
    assert "use export/" in refused(reader, sample=51)["sample"]


# The parts of organisations


def test_the_parts_of_an_organisation_are_included_however_deep(reader):
    ministry = make_organisation("Ministry")
    police = make_organisation("Police", parent=ministry)
    harbour = make_organisation("Harbour Police", parent=police)
    for body in (ministry, police, harbour, make_organisation("Bank")):
        make_quote(f"For {body}", organisation=body)
    assert texts(reader, organisation=ministry.pk) == ["For Ministry"]
    parts = {"For Ministry", "For Police", "For Harbour Police"}
    assert {*texts(reader, organisation=ministry.pk, include_parts="true")} == parts
    assert {*texts(reader, organisation_name="ministry", include_parts="true")} == parts
    assert texts(reader, organisation=harbour.pk, include_parts="true") == ["For Harbour Police"]
    assert texts(reader, organisation=ministry.pk, include_parts="false") == ["For Ministry"]
    total = {"by": "kind", "organisation": ministry.pk, "include_parts": "true"}
    assert ok(reader.get(f"{QUOTES}facets/", total))["total"] == 3


def test_parts_of_nothing_are_refused(reader):
    assert refused(reader, include_parts="true") == {
        "include_parts": "Needs organisation or organisation_name."
    }
    assert set(refused(reader, include_parts="yes")) == {"include_parts"}
