"""`quotes/export/`: everything that matches, whole, in forms that others read."""

import csv
import io
import json

import pytest

from quotes.models import Quote
from tests.conftest import API, ok, problem
from tests.records import (
    make_article,
    make_broken_quote,
    make_outlet,
    make_quote,
    make_quotes,
    make_speaker,
    make_utterance,
)

pytestmark = pytest.mark.django_db

EXPORT = f"{API}quotes/export/"


def fetch(client, form: str, headers=None, **query) -> bytes:
    """The body of an export, read to its end."""
    response = client.get(EXPORT, {"format": form, **query}, headers=headers or {})
    if not response.streaming:
        pytest.fail(response.content.decode())
    assert response.status_code == 200
    return b"".join(response)


def lines(client, **query) -> list[dict]:
    return [json.loads(line) for line in fetch(client, "ndjson", **query).splitlines()]


def make_many() -> None:
    """Quotes of which everything that a row may hold is set in one at least."""
    outlet = make_outlet()
    make_broken_quote(flags=["role_conflict"])
    make_quote("Unanchored", anchor="unanchored")
    make_quote("Told", outlet=outlet, published="2026-02", via=[outlet, "Sky"], said="2025")
    corrected = make_quote("Corrected words", utterance=make_utterance(), language="en-GB")
    from django.utils import timezone

    corrected.correct("A fragment.", now=timezone.now(), kind="partial", speaker=make_speaker("Bo"))
    taken = make_quote("Taken back")
    taken.retract("Made up.", replaced_by=corrected)
    altered = make_quote("Altered", anchor="altered")
    Quote.objects.filter(pk=altered.pk).update(nearest={"text": "Altred", "score": 0.9, "a": [1]})


def test_lines_are_what_the_list_shows(reader):
    make_many()
    shown = ok(reader.get(f"{API}quotes/"))["results"]
    assert lines(reader) == shown
    print(fetch(reader, "csv").decode())
    import pyarrow.parquet as pq
    print(pq.read_table(io.BytesIO(fetch(reader, "parquet"))).to_pylist()[0])
    r = reader.get(EXPORT, {"format":"csv"}); print(r.headers); b"".join(r)
    print(fetch(reader, "csv", manifest="true").decode())
