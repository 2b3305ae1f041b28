"""`quotes/export/`: everything that matches, whole, in forms that others read."""

import csv
import hashlib
import io
import json
import time
import zipfile
from contextlib import ExitStack
from copy import deepcopy

import duckdb
import pandas
import polars
import pyarrow
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from quotes.exports.compression import negotiate_coding
from quotes.exports.cursor import database_snapshot, stream_rows
from quotes.exports.export import MAX_EXPORTS_PER_PROCESS, export_slot
from quotes.exports.parquet import JSON_BYTES_PER_GROUP, JSON_BYTES_PER_READ, write_parquet
from quotes.exports.rows import SHAPES, TEXT, cells_of
from quotes.models import Quote
from quotes.representations.json import FIELDS
from sources.spreadsheets.files import BEGINS_FORMULA, escape_formula, unescape_formula
from tests.conftest import API, make_client, ok, problem, sql
from tests.records import (
    hide,
    make_article,
    make_broken_quote,
    make_organisation,
    make_outlet,
    make_quote,
    make_quotes,
    make_speaker,
    make_utterance,
)

pytestmark = pytest.mark.django_db

EXPORT = f"{API}quotes/export/"
FORMS = ["csv", "ndjson", "parquet"]
ORDERINGS = ["-published", "published", "-said", "said", "-created", "created"]


def fetch(client, form: str, headers=None, **query) -> bytes:
    """The body of an export, read to its end."""
    response = client.get(EXPORT, {"format": form, **query}, headers=headers or {})
    assert response.status_code == 200, response.content
    return b"".join(response)


def lines(client, **query) -> list[dict]:
    return [json.loads(line) for line in fetch(client, "ndjson", **query).splitlines()]


def cells(client, **query) -> list[dict]:
    """The rows of a CSV export as a plain reader reads them."""
    text = fetch(client, "csv", **query).decode()
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def typed(client, **query) -> list[dict]:
    """The rows of a Parquet export."""
    return parquet.read_table(io.BytesIO(fetch(client, "parquet", **query))).to_pylist()


@pytest.fixture
def many() -> None:
    """Quotes that together set everything a row may hold."""
    outlet = make_outlet()
    make_broken_quote(flags=["role_conflict"])
    make_quote("Unanchored", anchor="unanchored", reason="=1+1", organisation=make_organisation())
    make_quote("Told", outlet=outlet, published="2026-02", via=[outlet, "Sky"], said="2025")
    corrected = make_quote("Corrected words", utterance=make_utterance(), language="en-GB")
    speaker = make_speaker("@Bo")
    corrected.correct("A fragment.", now=timezone.now(), kind="partial", speaker=speaker)
    make_quote("Taken back").retract("Made up.", replaced_by=corrected)
    altered = make_quote("+Altered", anchor="altered")
    Quote.objects.filter(pk=altered.pk).update(nearest={"text": "Altred", "score": 0.9, "a": [1]})
    make_quote("Hidden", status="proposed")


def flat(row: dict) -> dict[str, str]:
    """A row of `quotes/` as cells, before any is made safe."""
    found = {}
    for name, value in row.items():
        shape = SHAPES[name]
        if isinstance(shape, dict):
            value = value or {}
            members = {f"{name}_{member}": value.get(member) for member in shape}
        else:
            members = {name: value}
        found |= members
    return {
        name: ""
        if value is None
        else value
        if isinstance(value, str)
        else json.dumps(value, sort_keys=True)
        for name, value in found.items()
    }


def unpacked(row: dict[str, str]) -> dict[str, str]:
    """Cells as they were before they were made safe; JSON in one form."""
    unsafe = {name: unescape_formula(value) for name, value in row.items()}
    return {
        name: json.dumps(json.loads(value), sort_keys=True) if value[:1] in ("[", "{") else value
        for name, value in unsafe.items()
    }


def as_shown(row: dict) -> dict:
    """A row of Parquet as `quotes/` shows it."""
    row = {**row, "corrections": json.loads(row["corrections"])}
    for name in ("created", "updated"):
        row[name] = row[name].strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    nearest = row["anchor"].pop("nearest")
    if nearest is not None:
        row["anchor"]["nearest"] = json.loads(nearest)
    return row


# What is in it

STATUSES = "published,disputed,retracted,proposed"
QUERIES = [{}, {"status": STATUSES}, {"kind": "partial"}, {"language": "en", "ordering": "said"}]


class TextOf:
    """Equals every text that is this value in JSON."""

    def __init__(self, value):
        self.value = value

    def __eq__(self, other) -> bool:
        return isinstance(other, str) and json.loads(other) == self.value

    __hash__ = None


def listed(client, query: dict) -> list[dict]:
    return ok(client.get(f"{API}quotes/", query))["results"]


def as_in_a_line(quote: dict) -> dict:
    """A quote of a list, with what corrections changed as text: so a member has one type."""
    quote = deepcopy(quote)
    for change in (each for one in quote["corrections"] for each in one["changed"]):
        for side in ("before", "after"):
            value = change[side]
            change[side] = value if value is None or isinstance(value, str) else TextOf(value)
    return quote


@pytest.mark.parametrize("query", QUERIES)
def test_a_line_is_what_the_list_shows_of_the_quote(many, reader, curator, query):
    for client in (reader, curator):
        shown = listed(client, query)
        assert lines(client, **query) == [as_in_a_line(quote) for quote in shown]


def test_every_field_has_a_shape():
    assert tuple(SHAPES) == FIELDS


@pytest.mark.parametrize("query", QUERIES)
def test_csv_and_parquet_hold_what_the_lines_hold(many, reader, curator, query):
    for client in (reader, curator):
        shown = listed(client, query)
        assert [unpacked(row) for row in cells(client, **query)] == [flat(row) for row in shown]
        assert [as_shown(row) for row in typed(client, **query)] == shown


def test_what_a_reader_may_not_see_is_in_no_export(reader, curator):
    hidden = make_quote("Hidden words", status="proposed")
    taken = make_quote("Taken back")
    taken.retract("Made up.")
    for form in FORMS:
        assert b"Hidden" not in fetch(reader, form, status="proposed")
        assert b"Hidden" not in fetch(reader, form)
        assert b"Taken" not in fetch(reader, form)
    assert [row["id"] for row in lines(curator)] == [str(hidden.pk)]
    assert [row["id"] for row in lines(reader, status="retracted")] == [str(taken.pk)]


@pytest.mark.parametrize("form", FORMS)
def test_only_the_fields_that_are_asked_for_go_out(many, reader, form):
    body = fetch(reader, form, fields="status, speaker,id")
    if form == "ndjson":
        names = list(json.loads(body.splitlines()[0]))
        assert names == ["id", "status", "speaker"]
    elif form == "csv":
        header = body.split(b"\r\n")[0]
        assert header == b"id,status,speaker_id,speaker_name,speaker_kind"
    else:
        assert parquet.read_schema(io.BytesIO(body)).names == ["id", "status", "speaker"]


def test_a_row_of_one_unknown_cell_is_a_row_all_the_same(reader):
    make_quote("One")
    make_quote("Two")
    assert cells(reader, fields="role") == [{"role": ""}, {"role": ""}]


@pytest.mark.parametrize("query", [{"kind": "mixed"}, {"outlet": "no-such-slug"}])
@pytest.mark.parametrize("form", FORMS)
def test_nothing_that_matches_is_a_whole_file_without_rows(reader, form, query):
    body = fetch(reader, form, **query)
    if form == "csv":
        assert body.decode() == f"{','.join(cells_of(SHAPES))}\r\n"
    elif form == "ndjson":
        assert body == b""
    else:
        assert parquet.read_table(io.BytesIO(body)).num_rows == 0


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_rows_are_in_the_order_of_the_list(many, reader, ordering):
    shown = ok(reader.get(f"{API}quotes/", {"ordering": ordering}))["results"]
    exported = [row["id"] for row in lines(reader, ordering=ordering, fields="id")]
    assert exported == [row["id"] for row in shown]


def test_more_rows_than_are_read_at_once_are_all_there_once(reader):
    quotes = make_quotes(2_350, make_article())
    every = {str(quote.pk) for quote in quotes}
    for exported in (lines(reader), cells(reader), typed(reader)):
        assert len(exported) == len(every)
        assert {row["id"] for row in exported} == every


@pytest.mark.parametrize("length", [10, 5_000])
def test_groups_of_parquet_hold_so_many_bytes_however_long_the_rows(length):
    line = json.dumps({"text": "x" * length}).encode()
    blocks = [[line] * 100] * (2 * JSON_BYTES_PER_GROUP // len(line) // 100 + 1)
    file = parquet.ParquetFile(io.BytesIO(b"".join(write_parquet(blocks, {"text": TEXT}, {}))))
    sizes = [
        file.metadata.row_group(group).num_rows * (len(line) + 1)
        for group in range(file.num_row_groups)
    ]
    assert file.metadata.num_rows == 100 * len(blocks)
    assert all(size >= JSON_BYTES_PER_GROUP for size in sizes[:-1])
    assert max(sizes) < JSON_BYTES_PER_GROUP + JSON_BYTES_PER_READ + 100 * (len(line) + 1)


# Any text whatever

TEXTS = st.text(
    st.one_of(
        st.characters(codec="utf-8", exclude_characters="\0"),
        st.sampled_from("\"'\\,;\n\r\t\x01\x0b\x0c\x1c\x1f\x7f\x85\u2028=+-@＝＋－＠{}[]👩‍🔬é"),
    ),
    max_size=40,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts=st.lists(TEXTS, min_size=1, max_size=4))
@example(texts=["=1+1", "'=1", "'", "''@", "-", "＝x", "\r\n=", "\\", '"', '""', "\\N", "\\."])
@example(texts=["", " ", "null", "NULL", "NaN", "a,b\r\nc", "\ufeff", "\u202e", "\\u0000"])
def test_any_text_comes_back_as_it_was(reader, texts):
    hide(Quote.objects.all(), "rejected")
    for text in texts:
        make_quote("Words", attribution_text=text, attribution_cue=text, article=make_article(
            "“Words”", headline=text, byline=[text]))  # fmt: skip
    shown = [row["attribution"]["text"] for row in lines(reader, ordering="created")]
    assert shown == texts
    for row, text in zip(cells(reader, ordering="created"), texts, strict=True):
        assert row["attribution_text"] == row["article_headline"] == escape_formula(text)
        assert unescape_formula(row["attribution_cue"]) == text
        assert json.loads(row["article_byline"]) == [text]
    for row, text in zip(typed(reader, ordering="created"), texts, strict=True):
        assert row["attribution"]["text"] == row["article"]["headline"] == text
        assert row["article"]["byline"] == [text]


def test_no_cell_begins_like_a_formula(reader):
    for start in BEGINS_FORMULA:
        make_quote(
            f"{start}cmd", attribution_speaker=f"'{start}cmd", speaker=make_speaker(f"{start}cmd")
        )
    rows = cells(reader)
    assert len(rows) == len(BEGINS_FORMULA)
    for row in rows:
        for cell in row.values():
            assert cell[:1] not in BEGINS_FORMULA or cell == ""


# Read by others


def test_pandas_reads_each_form(many, reader):
    shown = lines(reader)
    texts = [row["text"] for row in shown]
    table = pandas.read_csv(io.BytesIO(fetch(reader, "csv")))
    assert [unescape_formula(text) for text in table["text"]] == texts
    assert list(table["version"]) == [row["version"] for row in shown]
    table = pandas.read_json(io.BytesIO(fetch(reader, "ndjson")), lines=True, dtype=False)
    assert list(table["text"]) == texts
    table = pandas.read_parquet(io.BytesIO(fetch(reader, "parquet")))
    assert list(table["text"]) == texts
    assert str(table["created"].dt.tz) == "UTC"


def test_polars_reads_each_form(many, reader):
    shown = lines(reader)
    texts = [row["text"] for row in shown]
    table = polars.read_csv(fetch(reader, "csv"))
    assert [unescape_formula(text) for text in table["text"]] == texts
    assert list(table["version"]) == [row["version"] for row in shown]
    assert list(polars.read_ndjson(fetch(reader, "ndjson"))["text"]) == texts
    table = polars.read_parquet(fetch(reader, "parquet"))
    assert list(table["text"]) == texts
    assert list(table["speaker"]) == [row["speaker"] for row in shown]


def test_polars_reads_corrections_of_every_kind_of_field(reader):
    for field, before, after in (
        ("said", None, "2026"),
        ("spans", [[0, 2]], [[0, 3]]),
        ("via", [], [{"kind": "told", "name": "Radio"}]),
    ):
        changed = [{"field": field, "before": before, "after": after}]
        note = {"when": "2026-03-15T08:30:00Z", "note": field, "changed": changed}
        make_quote(corrections=[note])
    make_quote()
    body = fetch(reader, "ndjson", ordering="created")
    table = polars.read_ndjson(body, infer_schema_length=None)
    *corrected, whole = table["corrections"].to_list()
    assert whole == []
    assert [each["changed"][0] for (each,) in corrected] == [
        {"field": "said", "before": None, "after": "2026"},
        {"field": "spans", "before": "[[0, 2]]", "after": "[[0, 3]]"},
        {"field": "via", "before": "[]", "after": '[{"kind": "told", "name": "Radio"}]'},
    ]
    assert [each["note"] for (each,) in corrected] == ["said", "spans", "via"]
    listed = ok(reader.get(f"{API}quotes/", {"ordering": "created"}))["results"]
    rows = [json.loads(line) for line in body.splitlines()]
    assert [row.keys() for row in rows] == [row.keys() for row in listed]
    for row in (*rows, *listed):
        del row["corrections"]
    assert rows == listed


def test_duckdb_reads_each_form(many, reader, tmp_path):
    shown = lines(reader)
    for form, reads in (("csv", "read_csv"), ("ndjson", "read_json"), ("parquet", "read_parquet")):
        file = tmp_path / f"quotes.{form}"
        file.write_bytes(fetch(reader, form))
        names = "text, version" if form == "csv" else "text, version, speaker.name"
        rows = duckdb.sql(f"SELECT {names} FROM {reads}('{file}')").fetchall()
        for row, expected in zip(rows, shown, strict=True):
            text = unescape_formula(row[0]) if form == "csv" else row[0]
            assert (text, row[1]) == (expected["text"], expected["version"])
            if form != "csv":
                assert row[2] == (expected["speaker"] and expected["speaker"]["name"])


# Going on


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_an_export_that_broke_off_anywhere_can_be_resumed_and_has_each_row_once(reader, ordering):
    make_quotes(5, make_article(published="2026-03-14"), said="2026-03")
    make_quotes(4, make_article(published="2026-03"), said="2026-03-01")
    make_quotes(3, make_article())
    whole = [row["id"] for row in lines(reader, ordering=ordering)]
    assert len(set(whole)) == 12
    for place, key in enumerate(whole, 1):
        for rows in (
            lines(reader, ordering=ordering, cursor=key),
            cells(reader, ordering=ordering, cursor=key),
            typed(reader, ordering=ordering, cursor=key),
        ):
            assert [row["id"] for row in rows] == whole[place:]


def test_a_row_that_no_longer_matches_still_says_where_to_go_on(reader):
    quotes = make_quotes(3, make_article())
    whole = [row["id"] for row in lines(reader, kind="direct")]
    Quote.objects.get(pk=whole[0]).correct("So it is.", now=timezone.now(), kind="partial")
    assert [row["id"] for row in lines(reader, kind="direct", cursor=whole[0])] == whole[1:]
    assert len(quotes) == 3


@pytest.mark.parametrize("cursor", ["x", "01a203c9", f"{make_quote.__name__}" * 9, "é" * 36])
def test_a_cursor_that_is_no_id_is_refused(reader, cursor):
    body = problem(reader.get(EXPORT, {"format": "csv", "cursor": cursor}), 400)
    assert body["errors"][0]["parameter"] == "cursor"


def test_a_row_that_may_not_be_seen_says_nothing(reader, curator):
    hidden = make_quote("Hidden", status="proposed")
    absent = make_utterance().pk
    faults = [
        problem(reader.get(EXPORT, {"format": "csv", "cursor": key}), 400)["errors"]
        for key in (hidden.pk, absent)
    ]
    assert faults[0] == faults[1]
    assert "the row before it" in faults[0][0]["message"]
    assert lines(curator, cursor=hidden.pk) == []


# The manifest


@pytest.mark.parametrize("form", FORMS)
def test_a_manifest_says_what_the_file_is(many, reader, form):
    query = {"kind": "direct", "ordering": "said", "fields": "id,text"}
    file = fetch(reader, form, **query)
    manifest = json.loads(fetch(reader, form, manifest="true", **query))
    assert manifest["sha256"] == hashlib.sha256(file).hexdigest()
    assert manifest["bytes"] == len(file)
    assert manifest["rows"] == len(lines(reader, **query))
    assert manifest["format"] == form
    assert manifest["query"] == {**query, "format": form, "status": "disputed,published"}
    assert list(manifest["query"]) == sorted(manifest["query"])
    assert manifest["complete"] is True
    assert manifest["resumed_after"] is None
    assert (manifest["escaped"] is not None) == (form == "csv")
    assert b"".join(reader.get(manifest["url"])) == file


def test_the_answer_and_the_manifest_name_one_place_in_the_ledger(many, reader):
    response = reader.get(EXPORT, {"format": "ndjson"})
    b"".join(response)
    link = response["Link"].partition(">")[0].strip("<")
    assert response["Link"].endswith('rel="describedby"')
    manifest = json.loads(b"".join(reader.get(link)))
    ledger = manifest["ledger"]
    assert response["X-Export-Ledger"] == f"{ledger['after']}; unsettled={ledger['unsettled']}"
    assert response["X-Export-Schema"] == manifest["schema_version"]
    assert response["X-Export-Generated"] <= manifest["generated"]
    assert ok(reader.get(f"{API}changes/", {"after": ledger["after"]}))


def test_a_change_of_anything_moves_the_place_in_the_ledger(many, reader):
    def place():
        return json.loads(fetch(reader, "ndjson", manifest="true"))["ledger"]

    before = place()
    assert place() == before
    make_speaker("Somebody else")
    assert place() != before


def test_the_statuses_that_a_query_did_not_name_are_in_the_manifest(many, reader, curator):
    def seen(client, **query):
        told = json.loads(fetch(client, "ndjson", manifest="true", **query))
        return told["query"]["status"]

    assert seen(reader) == "disputed,published"
    assert seen(reader, status="proposed, retracted") == "retracted"
    assert seen(curator) == "disputed,proposed,published,rejected,withdrawn"


@pytest.mark.parametrize("form", FORMS)
def test_a_bundle_holds_the_file_and_its_manifest(many, reader, form):
    response = reader.get(EXPORT, {"format": form, "manifest": "bundle"})
    assert response["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(b"".join(response))) as archive:
        assert archive.testzip() is None
        name, other = archive.namelist()
        manifest = json.loads(archive.read(other))
        file = archive.read(name)
    assert (name.rpartition(".")[2], other) == (form, "manifest.json")
    assert manifest["sha256"] == hashlib.sha256(file).hexdigest()
    if form == "ndjson":
        assert [json.loads(line) for line in file.splitlines()] == lines(reader)


def test_a_parquet_file_says_itself_what_it_is(many, reader):
    body = fetch(reader, "parquet", kind="direct")
    told = json.loads(parquet.read_schema(io.BytesIO(body)).metadata[b"onrecord"])
    assert told["query"]["kind"] == "direct"
    assert {"schema_version", "ledger", "resumed_after"} <= told.keys()


def test_a_file_is_named_after_its_time_and_kept_by_no_cache(reader):
    response = reader.get(EXPORT, {"format": "csv"})
    b"".join(response)
    assert response["Content-Disposition"].startswith('attachment; filename="quotes-2')
    assert response["Content-Disposition"].endswith('Z.csv"')
    assert response["Cache-Control"] == "private, no-store"
    assert {"Authorization", "Accept-Encoding"} <= set(response["Vary"].split(", "))


# Content codings


@pytest.mark.parametrize("form", ["csv", "ndjson"])
@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_file_is_compressed_for_who_asks_for_it(many, reader, form, coding):
    plainly = fetch(reader, form)
    response = reader.get(EXPORT, {"format": form}, headers={"Accept-Encoding": coding})
    packed = b"".join(response)
    assert response["Content-Encoding"] == coding
    unpacked = pyarrow.CompressedInputStream(pyarrow.BufferReader(packed), coding).read()
    assert unpacked == plainly
    assert len(packed) < len(plainly)


def test_parquet_and_manifests_are_not_compressed_once_more(many, reader):
    for query in ({"format": "parquet"}, {"format": "csv", "manifest": "true"}):
        response = reader.get(EXPORT, query, headers={"Accept-Encoding": "gzip"})
        b"".join(response)
        assert "Content-Encoding" not in response


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", None),
        ("identity", None),
        ("br", None),
        ("*", None),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1, zstd;q=0.5", "gzip"),
        ("gzip;q=0", None),
        ("gzip;q=0.5, identity", None),
        ("gzip;q=x, zstd", "zstd"),
        ("gzip;q=nan", None),
        (",;=,,q", None),
    ],
)
def test_the_coding_is_the_one_that_is_liked_best(accepted, coding):
    assert negotiate_coding(accepted) == coding


# Refusals


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({}, "format"),
        ({"format": "xlsx"}, "format"),
        ({"format": "NDJSON"}, "format"),
        ({"format": "csv", "manifest": "yes"}, "manifest"),
        ({"format": "csv", "ordering": "relevance"}, "ordering"),
        ({"format": "csv", "ordering": "--published"}, "ordering"),
        ({"format": "csv", "fields": "id,nothing"}, "fields"),
        ({"format": "csv", "limit": "5"}, "limit"),
        ({"format": "csv", "count": "true"}, "count"),
        ({"format": "csv", "spaeker": "x"}, "spaeker"),
        ({"format": "csv", "speaker": "x"}, "speaker"),
        ({"format": "csv", "fields": "'; DROP TABLE quotes_quote; --"}, "fields"),
        ({"format": "c\0v"}, "format"),
        ({"format": "\ud800".encode(errors="surrogatepass")}, "format"),
        ({"format": "x" * 9_000}, "format"),
    ],
)
@pytest.mark.parametrize("method", ["get", "head"])
def test_what_cannot_be_used_is_refused_by_name(reader, query, name, method):
    response = getattr(reader, method)(EXPORT, query)
    assert response.status_code == 400
    if method == "get":
        assert name in [fault["parameter"] for fault in problem(response, 400)["errors"]]


def test_head_reads_nothing_and_has_the_headers(many, reader):
    with CaptureQueriesContext(connection) as captured:
        response = reader.head(EXPORT, {"format": "csv"})
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/csv")
    assert not any("quotes_quote" in query["sql"] for query in captured)


def test_there_is_room_for_few_exports_at_once(many, reader):
    with ExitStack() as others:
        for _ in range(MAX_EXPORTS_PER_PROCESS):
            others.enter_context(export_slot())
        response = reader.get(EXPORT, {"format": "csv"})
        problem(response, 503)
        assert int(response["Retry-After"]) > 0
        assert reader.head(EXPORT, {"format": "csv"}).status_code == 200
        assert ok(reader.get(f"{API}quotes/"))["results"]
    assert fetch(reader, "csv")


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_nobody_reads_to_its_end_gives_its_room_back(many, reader):
    for _ in range(2 * MAX_EXPORTS_PER_PROCESS):
        response = reader.get(EXPORT, {"format": "ndjson"})
        next(iter(response))
        response.close()
    for _ in range(2 * MAX_EXPORTS_PER_PROCESS):
        reader.get(EXPORT, {"format": "ndjson"}).close()
    assert fetch(reader, "ndjson")


# One state of the database


@pytest.mark.django_db(transaction=True)
def test_an_export_is_of_one_state_whatever_is_written_meanwhile(reader):
    make_quotes(1_500, make_article())
    response = reader.get(EXPORT, {"format": "ndjson", "fields": "id,status"})
    chunks = iter(response)
    first = next(chunks)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("UPDATE quotes_quote SET status = 'disputed'")
    finally:
        other.close()
    rows = [json.loads(line) for line in (first + b"".join(chunks)).splitlines()]
    assert len(rows) == 1_500
    assert {row["status"] for row in rows} == {"published"}


@pytest.mark.django_db(transaction=True)
def test_a_connection_is_left_as_it_was():
    def how() -> list:
        return sql(
            "SELECT current_setting('transaction_isolation'),"
            " current_setting('transaction_read_only'),"
            " current_setting('statement_timeout')"
        )[0]

    numbers = "SELECT n::text FROM generate_series(1, 5000) n"
    before = how()
    with (
        database_snapshot(),
        stream_rows(numbers, []) as blocks,
    ):
        assert sum(len(block) for block in blocks) == 5_000
        inside = how()
    assert inside[:2] == ("repeatable read", "on")
    with (
        database_snapshot(),
        stream_rows(numbers, []) as blocks,
    ):
        assert next(blocks)
    assert how() == before
    with pytest.raises(ZeroDivisionError), database_snapshot():
        raise ZeroDivisionError
    assert how() == before


@pytest.mark.django_db(transaction=True)
def test_who_waits_for_the_first_row_is_heard_of_and_can_go():
    began = time.monotonic()
    with database_snapshot(), stream_rows("SELECT pg_sleep(60)::text", []) as blocks:
        assert next(blocks) == []
        assert next(blocks) == []
    assert time.monotonic() - began < 20
    assert Quote.objects.count() == 0


def test_clients_of_every_group_may_export(many):
    for group in ("Readers", "Contributors", "Curators"):
        assert fetch(make_client(group), "csv")


# With searches


@pytest.mark.parametrize(
    "query",
    [
        {"q": "choice"},
        {"phrase": "no choice"},
        {"like": "We had no choise"},
        {"q": "choice", "speaker_name": "Mara Quill"},
        {"q": "nothing-of-the-kind"},
        {"one_per_utterance": "true"},
        {"one_per_utterance": "true", "q": "choice", "ordering": "created"},
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_a_search_exports_what_it_lists(many, reader, form, query):
    utterance = make_utterance()
    for words in ("We had no choice at all", "We had no choice"):
        make_quote(words, utterance=utterance)
    ordering = {"ordering": "-published", **query}
    shown = ok(reader.get(f"{API}quotes/", {**ordering, "limit": "200"}))["results"]
    rows = {"csv": cells, "ndjson": lines, "parquet": typed}[form](reader, **ordering)
    assert [row["id"] for row in rows] == [row["id"] for row in shown]


def test_an_export_is_not_ordered_by_relevance(reader):
    response = reader.get(EXPORT, {"format": "csv", "q": "choice", "ordering": "relevance"})
    body = problem(response, 400)
    assert body["errors"][0]["parameter"] == "ordering"
