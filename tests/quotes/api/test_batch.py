"""`articles/batch/`: many filings in one request, and an outcome for each, in order."""

import gzip
import json

import pytest
from django.db import OperationalError

from quotes.api import batch_views, bulk_filing
from quotes.filing import Filer
from quotes.models import Quote
from sources.models import Article, Outlet, Revision, SourceDocument
from tests.conftest import API, make_filing, ok, problem, publish
from tests.sources.intake.stories import STORIES
from tests.sources.intake.test_feeds import atom, atom_entry, rss, rss_item

pytestmark = pytest.mark.django_db

PATH = f"{API}articles/batch/"
LINES = "application/x-ndjson"


def filings(number: int) -> list[dict]:
    return [make_filing(url=f"https://post.example/{n}") for n in range(number)]


def as_lines(rows: list) -> bytes:
    lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    return "".join(f"{line}\n" for line in lines).encode()


def send(client, body: bytes | list, kind: str = LINES, query: str = "", **headers):
    body = body if isinstance(body, bytes) else as_lines(body)
    return client.post(PATH + query, body, content_type=kind, headers=headers)


def outcomes(response) -> list[dict]:
    assert response.status_code == 200, response.content
    assert response.headers["Content-Type"] == LINES
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return [json.loads(line) for line in body.splitlines()]


def test_each_line_is_filed_or_refused_and_answered_in_order(contributor):
    rows = filings(3)
    bad = make_filing(url="https://post.example/bad", quotes=[{"text": "Never said"}])
    answers = outcomes(send(contributor, [rows[0], "not json", rows[1], bad, rows[0], rows[2]]))
    assert [each["line"] for each in answers] == [1, 2, 3, 4, 5, 6]
    assert [each["status"] for each in answers] == [201, 400, 201, 400, 200, 201]
    assert [each.get("article", {}).get("outcome") for each in answers] == [
        *("made", None, "made", None, "unchanged", "made")
    ]
    assert answers[0]["article"]["id"] == answers[4]["article"]["id"]
    assert "Not JSON" in answers[1]["errors"][0]["message"]
    assert answers[3]["errors"][0]["pointer"] == "/quotes/0/text"
    assert Article.objects.count() == Quote.objects.count() == 3
    assert Outlet.objects.count() == 1


def test_a_batch_is_filed_by_its_sender_for_its_request(contributor):
    outcomes(send(contributor, filings(2), **{"X-Request-ID": "r-17"}))
    said = Revision.objects.filter(subject_type="article")
    assert set(said.values_list("actor", "channel", "request")) == {("contributors", "api", "r-17")}
    assert not Article.objects.filter(is_public=True).exists()


def test_a_contributor_may_not_publish_by_a_batch(contributor):
    (only,) = outcomes(send(contributor, [publish(make_filing())]))
    assert (only["status"], only["errors"][0]["pointer"]) == (403, "/quotes/0/status")


def test_a_reader_may_not_send_a_batch(reader, nobody):
    problem(send(reader, filings(1)), 403)
    problem(send(nobody, filings(1)), 401)


def test_lines_that_were_filed_stay_when_the_client_goes(contributor, monkeypatch):
    monkeypatch.setattr(batch_views, "LINES_AT_ONCE", 2)
    filing = batch_views.BatchFiling(Filer.of(contributor.user), {})
    stream = filing.answers([(line, 0) for line in as_lines(filings(6)).splitlines()])
    next(stream)
    stream.close()
    assert Article.objects.count() == 2


def test_a_failing_database_is_told_for_each_line_and_the_rest_goes_on(contributor, monkeypatch):
    monkeypatch.setattr(batch_views, "LINES_AT_ONCE", 1)
    real = bulk_filing.file_many

    def fail_once(rows, filer):
        if rows[0]["url"].endswith("/1"):
            raise OperationalError("away")
        return real(rows, filer)

    monkeypatch.setattr(bulk_filing, "file_many", fail_once)
    answers = outcomes(send(contributor, filings(3)))
    assert [each["status"] for each in answers] == [201, 503, 201]
    assert "Send this line again" in answers[1]["errors"][0]["message"]


def test_a_batch_may_be_sent_in_gzip(contributor):
    packed = gzip.compress(as_lines(filings(2)))
    answers = outcomes(send(contributor, packed, **{"Content-Encoding": "gzip"}))
    assert [each["status"] for each in answers] == [201, 201]
    refused = send(contributor, packed[:-9], **{"Content-Encoding": "gzip"})
    assert "ends before its gzip does" in problem(refused, 400)["detail"]
    refused = send(contributor, b"plain", **{"Content-Encoding": "gzip"})
    assert "is not gzip" in problem(refused, 400)["detail"]
    problem(send(contributor, packed, **{"Content-Encoding": "br"}), 415)


def test_a_batch_of_too_many_lines_or_bytes_is_413_and_files_nothing(contributor, monkeypatch):
    detail = problem(send(contributor, b"{}\n" * 1_001), 413)["detail"]
    assert detail == "The batch has more than 1,000 lines. Send several batches."
    bomb = gzip.compress(b" " * (64 * 1024 * 1024 + 1))
    assert len(bomb) < 100_000
    refused = send(contributor, bomb, **{"Content-Encoding": "gzip"})
    assert problem(refused, 413)["detail"] == "The batch is larger than 64 MiB, unpacked."
    monkeypatch.setattr(batch_views, "MAX_LINES", 1)
    problem(send(contributor, rss(*(rss_item(0, each) for each in STORIES[:2])).encode(), RSS), 413)
    assert Article.objects.count() == 0


RSS, ATOM = "application/rss+xml", "application/atom+xml"


def test_a_feed_is_filed_entry_by_entry_and_a_bad_one_is_refused(contributor):
    teaser = "<item><title>Teaser</title><description>Only this much.</description></item>"
    feed = rss(rss_item(0, STORIES[0]), teaser, rss_item(1, STORIES[1])).encode()
    answers = outcomes(send(contributor, feed, RSS))
    assert [each["status"] for each in answers] == [201, 400, 201]
    assert "only a teaser" in answers[1]["errors"][0]["message"]
    headlines = set(Article.objects.values_list("headline", flat=True))
    assert headlines == {STORIES[0].headline, STORIES[1].headline}
    assert all(bytes(kept.body).startswith(b"<item") for kept in SourceDocument.objects.all())
    assert SourceDocument.objects.count() == 2


def test_an_atom_feed_takes_what_it_does_not_say_as_parameters(contributor):
    feed = atom(*(atom_entry(n, each) for n, each in enumerate(STORIES[:3]))).encode()
    answers = outcomes(send(contributor, feed, ATOM, "?outlet=Radio+Skerrow&language=sv"))
    assert [each["status"] for each in answers] == [201] * 3
    told = set(Article.objects.values_list("outlet__name", "language"))
    assert told == {("Radio Skerrow", "sv")}
    again = outcomes(send(contributor, feed, ATOM, "?outlet=Radio+Skerrow&language=sv"))
    assert {each["article"]["outcome"] for each in again} == {"unchanged"}


def test_what_is_no_batch_says_so(contributor):
    detail = problem(send(contributor, b"<p>", "text/html"), 415)["detail"]
    assert "Send application/x-ndjson, application/rss+xml, application/atom+xml." in detail
    problem(send(contributor, b"<html/>", RSS), 400)
    refused = problem(send(contributor, filings(1), query="?outlet=x"), 400)
    assert refused["errors"][0]["message"] == "Write it in each line."
    assert outcomes(send(contributor, b"")) == []
    deep = outcomes(send(contributor, b"[" * 100_000))
    assert "nested too deeply" in deep[0]["errors"][0]["message"]


def test_a_key_replays_the_answer_to_a_batch(contributor):
    rows = [*filings(2), "not json"]
    headers = {"Idempotency-Key": "b-1"}
    first = send(contributor, rows, **headers)
    again = send(contributor, rows, **headers)
    assert outcomes(first) == outcomes(again)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert [each["status"] for each in outcomes(first)] == [201, 201, 400]
    problem(send(contributor, filings(1), **headers), 422)


def test_articles_on_lines_by_a_curator_are_public(curator, reader):
    assert [each["status"] for each in outcomes(send(curator, filings(2)))] == [201, 201]
    assert len(ok(reader.get(f"{API}articles/"))["results"]) == 2
