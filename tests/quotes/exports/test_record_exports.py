"""Exports of speakers, articles, affiliations and utterances: what their lists show, as files."""

import csv
import io
import json
import re

import duckdb
import polars
import pytest
from pyarrow import parquet

from quotes.exports import cursor
from quotes.exports.tables import AFFILIATIONS, ARTICLES, SPEAKERS
from quotes.models import Quote
from sources.models import Fact, Speaker
from sources.models.visibility import as_proposed
from tests.conftest import API, make_filing, ok, problem
from tests.past import moment
from tests.records import (
    make_affiliation,
    make_article,
    make_fact,
    make_organisation,
    make_outlet,
    make_quote,
    make_speaker,
    make_utterance,
)

pytestmark = pytest.mark.django_db

RECORDS = {"speakers": SPEAKERS, "articles": ARTICLES, "affiliations": AFFILIATIONS}
ONLY_IN_LISTS = {"distinct_from", "html_url"}
ONLY_IN_EXPORTS = {"facts", "published_from", "published_to"}


def fetch(client, records: str, form: str, **query) -> bytes:
    response = client.get(f"{API}{records}/export/", {"format": form, **query})
    assert response.status_code == 200, response.content
    return b"".join(response)


def lines(client, records: str, **query) -> list[dict]:
    return [json.loads(line) for line in fetch(client, records, "ndjson", **query).splitlines()]


@pytest.fixture
def archive() -> None:
    """Records that together set everything a row may hold."""
    outlet = make_outlet()
    ann, bo = make_speaker("Ann Ek", aliases=["=A", "Ms Ek"]), make_speaker("Bo Ek")
    joint = Speaker.objects.jointly([ann, bo])
    make_speaker("A spokesperson", kind="unnamed", organisation=make_organisation())
    Speaker.objects.filter(pk=ann.pk).update(identifiers={"wikidata": "Q7"}, identifies=["Ann"])
    Fact.objects.create(speaker=ann, key="party", value="Reform", source="Her site", start="2020")
    make_affiliation(speaker=ann, role="mayor", start="2019", end="2021-03")
    article = make_article(
        "Some text.",
        outlet=outlet,
        headline="+A headline",
        byline=["Ada Lund"],
        published="2026-02",
        url="https://a.example/1",
        rights="All rights reserved",
        language="en",
    )
    make_article(published="2026-02-03", published_at="2026-02-03T10:00:00Z")
    make_quote("Some text", article=article, speaker=joint)


@pytest.mark.parametrize("name", RECORDS)
def test_a_line_is_what_the_list_shows_of_the_record(archive, reader, curator, name):
    for client in (reader, curator):
        listed = ok(client.get(f"{API}{name}/"))["results"]
        exported = lines(client, name)
        assert len(listed) > 0
        shown = [{k: v for k, v in row.items() if k not in ONLY_IN_EXPORTS} for row in exported]
        assert shown == [{k: v for k, v in row.items() if k not in ONLY_IN_LISTS} for row in listed]


@pytest.mark.parametrize("name", RECORDS)
def test_every_field_of_the_list_is_in_the_export(archive, reader, name):
    row = ok(reader.get(f"{API}{name}/"))["results"][0]
    assert {*row} - ONLY_IN_LISTS == {*RECORDS[name]} - ONLY_IN_EXPORTS


@pytest.mark.parametrize("name", [*RECORDS, "utterances"])
def test_others_read_each_form(archive, reader, name):
    make_quote(utterance=make_utterance(), speaker=make_speaker("Cy Ek"))
    shown = lines(reader, name)
    ids = [row["id"] for row in shown]
    assert ids
    table = csv.DictReader(io.StringIO(fetch(reader, name, "csv").decode(), newline=""))
    assert [row["id"] for row in table] == ids
    assert list(polars.read_ndjson(fetch(reader, name, "ndjson"))["id"]) == ids
    rows = parquet.read_table(io.BytesIO(fetch(reader, name, "parquet")))
    assert rows["id"].to_pylist() == ids
    assert duckdb.sql("SELECT count(*) FROM rows").fetchall() == [(len(ids),)]


def test_facts_and_days_are_columns_of_their_own(archive, reader):
    (ann,) = lines(reader, "speakers", name="Ann Ek")
    assert ann["identifiers"] == {"wikidata": "Q7"}
    assert ann["facts"] == [
        {"key": "party", "value": "Reform", "source": "Her site", "from": "2020", "to": None}
    ]
    (article,) = lines(reader, "articles", url="https://a.example/1")
    assert (article["published_from"], article["published_to"]) == ("2026-02-01", "2026-02-28")


def test_an_utterance_is_told_by_its_first_report(reader, curator):
    said = make_utterance()
    mara, post = make_speaker(), make_outlet()
    make_quote("We had no choice at all", utterance=said, speaker=mara, published="2026-02-02")
    make_quote(utterance=said, speaker=mara, published="2026-02", outlet=post)
    make_quote(utterance=said, speaker=mara, status="proposed", published="2025")
    make_quote(utterance=make_utterance(), status="proposed")
    (row,) = lines(reader, "utterances")
    assert row == {
        "id": str(said.pk),
        "speaker": {"id": str(mara.pk), "name": "Mara Quill", "kind": "person"},
        "text": "We had no choice",
        "quotes": 2,
        "outlets": 1,
        "first": "2026-02",
        "last": "2026-02-02",
    }
    assert len(lines(curator, "utterances")) == 2
    assert lines(reader, "utterances", outlet=str(post.pk)) == [row]
    assert lines(reader, "utterances", kind="indirect") == []


def test_filters_orderings_and_fields_are_those_of_the_list(archive, reader):
    names = [row["name"] for row in lines(reader, "speakers", ordering="-name", fields="name")]
    assert names == sorted(names, reverse=True)
    assert len(lines(reader, "speakers", kind="unnamed")) == 1
    assert lines(reader, "affiliations", role="mayor", fields="role,from,to") == [
        {"role": "mayor", "from": "2019", "to": "2021-03"}
    ]
    for query, name in (
        ({"fields": "nme"}, "fields"),
        ({"ordering": "published"}, "ordering"),
        ({"knd": "person"}, "knd"),
        ({"as_of": "2999"}, "as_of"),
        ({"as_of": "2026-01-01", "q": "ann"}, "as_of"),
    ):
        refused = reader.get(f"{API}speakers/export/", {"format": "csv", **query})
        (error,) = problem(refused, 400)["errors"]
        assert error["parameter"] == name


def test_a_download_goes_on_after_the_last_row(archive, reader):
    ids = [row["id"] for row in lines(reader, "speakers", ordering="created")]
    rest = lines(reader, "speakers", ordering="created", cursor=ids[1])
    assert [row["id"] for row in rest] == ids[2:]


def test_an_export_shows_the_records_as_of_a_time(archive, reader):
    before, at = lines(reader, "speakers"), moment()
    Speaker.objects.filter(name="Ann Ek").update(name="Ann Berg")
    assert lines(reader, "speakers") != before
    assert lines(reader, "speakers", as_of=at) == before


def test_a_manifest_says_with_whose_rights_and_how_to_cite(archive, reader, curator):
    for client, group, sees_all in ((reader, "Readers", False), (curator, "Curators", True)):
        file = client.get(f"{API}speakers/export/", {"format": "csv"})
        assert re.search(r'filename="speakers-\d{8}T\d{6}Z.csv"', file["Content-Disposition"])
        body = b"".join(file)
        told = json.loads(fetch(client, "speakers", "csv", manifest="true"))
        assert told["access"] == {
            "user": client.user.username,
            "groups": [group],
            "sees_all": sees_all,
        }
        assert told["rows"] == len(body.splitlines()) - 1
        assert told["as_of"] is None
        for part in (
            f"{told['rows']} speakers",
            told["generated"],
            told["url"],
            told["sha256"],
            ", of all records as of" if sees_all else ", of the public records as of",
        ):
            assert part in told["citation"]


def test_a_citation_of_one_record_says_so(archive, reader):
    told = json.loads(fetch(reader, "speakers", "csv", manifest="true", name="Ann Ek"))
    assert told["citation"].startswith("On Record at testserver: 1 speaker (format=csv")


@pytest.mark.parametrize("name", [*RECORDS, "utterances"])
def test_an_export_leaves_out_what_only_its_filer_and_curators_see(contributor, curator, name):
    ann = make_speaker("Ann Ek")
    public = make_quote(utterance=make_utterance(), speaker=ann)
    make_affiliation(speaker=ann)
    ok(contributor.post(f"{API}articles/", make_filing()), 201)
    Quote.objects.proposed().update(utterance=make_utterance())
    with as_proposed():
        make_affiliation(speaker=Speaker.objects.get(is_public=False))
    if name in ("speakers", "articles"):
        assert len(ok(contributor.get(f"{API}{name}/"))["results"]) > len(lines(contributor, name))
    (row,) = lines(contributor, name, fields="id")
    assert row["id"] in {
        *(str(key) for key in (public.speaker_id, public.article_id, public.utterance_id)),
        *(str(each.pk) for each in ann.affiliations.all()),
    }
    told = json.loads(fetch(contributor, name, "csv", manifest="true"))
    assert (told["rows"], told["access"]["sees_all"]) == (1, False)
    assert len(lines(curator, name)) > 1


def test_a_manifest_without_a_token_names_nobody(nobody, settings):
    settings.ONRECORD_PUBLIC_READ = True
    told = json.loads(fetch(nobody, "quotes", "csv", manifest="true"))
    assert told["access"] == {"user": None, "groups": [], "sees_all": False}


def test_more_columns_of_quotes_are_exported_if_asked_for(reader):
    mara = make_speaker(identifiers={"wikidata": "Q7"})
    make_fact(speaker=mara, key="party", value="Harbour", source="A", start="2020")
    make_quote(speaker=mara, published="2026-02")
    more = {
        "published_from": "2026-02-01",
        "published_to": "2026-02-28",
        "speaker_identifiers": {"wikidata": "Q7"},
        "organisation_identifiers": None,
        "speaker_facts": [
            {"key": "party", "value": "Harbour", "source": "A", "from": "2020", "to": None}
        ],
    }
    assert lines(reader, "quotes", fields=",".join(more)) == [more]
    (row,) = lines(reader, "quotes", fields="all")
    assert row == ok(reader.get(f"{API}quotes/"))["results"][0] | more
    table = parquet.read_table(io.BytesIO(fetch(reader, "quotes", "parquet", fields="all")))
    assert table["speaker_identifiers"].to_pylist() == ['{"wikidata": "Q7"}']
    assert table["published_to"].to_pylist() == ["2026-02-28"]


SEARCHES = {"q": "wall", "phrase": "harbour wall", "like": "the old harbour wall will not close"}


@pytest.mark.parametrize("search", SEARCHES)
def test_a_search_exports_where_its_words_stand_as_its_list_shows_them(reader, search, monkeypatch):
    monkeypatch.setattr(cursor, "ROWS_PER_BLOCK", 2)
    for number in range(5):
        make_quote(f'{"Ö" * number} “a”, "b": the old harbour wall, the walls will not close')
    make_quote("Nothing of it.")
    query = {search: SEARCHES[search], "ordering": "created"}
    listed = ok(reader.get(f"{API}quotes/", query))["results"]
    assert len(listed) == 5
    found = {one["id"]: one["matches"] for one in listed}
    asked = query | {"fields": "id,text,matches"}
    rows = lines(reader, "quotes", **asked)
    assert rows == [{name: one[name] for name in rows[0]} for one in listed]
    table = fetch(reader, "quotes", "csv", **asked).decode().splitlines()
    assert {one["id"]: json.loads(one["matches"]) for one in csv.DictReader(table)} == found
    held = parquet.read_table(io.BytesIO(fetch(reader, "quotes", "parquet", **asked)))
    assert {one["id"]: one["matches"] for one in held.to_pylist()} == found
    (only, *_) = lines(reader, "quotes", **query, fields="matches")
    assert only == {"matches": listed[0]["matches"]}
    assert "matches" in lines(reader, "quotes", **query, fields="all")[0]
    assert "matches" not in lines(reader, "quotes", **query)[0]
    body = problem(reader.get(f"{API}quotes/export/", {"format": "csv", "fields": "matches"}), 400)
    assert "There is no field" in body["errors"][0]["message"]
