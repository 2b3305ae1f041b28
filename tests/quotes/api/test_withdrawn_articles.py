"""Articles that their outlet withdrew: the article and its quotes say so."""

import csv
import io
import json

import pytest
from django.db import IntegrityError, connection, transaction

from sources.models import Article
from tests.conftest import API, ok, problem
from tests.records import make_article, make_quote

pytestmark = pytest.mark.django_db

ANY = {"If-Match": "*"}


def post(client, article, verb: str, **body):
    return client.post(f"{API}articles/{article.pk}/{verb}/", body, headers=ANY)


def exported(client, quote, form: str) -> bytes:
    query = {"article": quote.article_id, "format": form}
    return b"".join(client.get(f"{API}quotes/export/", query))


def test_a_withdrawn_article_says_when_and_why_and_so_do_its_quotes(curator, reader):
    quote = make_quote(url="https://a.example/1")
    other = make_quote()
    withdrawn = ok(post(curator, quote.article, "withdraw", reason=" A hoax. "))["withdrawn"]
    assert withdrawn["reason"] == "A hoax."
    assert withdrawn["when"].endswith("Z")
    assert ok(reader.get(f"{API}articles/{quote.article_id}/"))["withdrawn"] == withdrawn
    listed = {q["id"]: q["article"] for q in ok(reader.get(f"{API}quotes/"))["results"]}
    shown = ok(reader.get(f"{API}quotes/{quote.pk}/"))
    assert listed[str(quote.pk)] == shown["article"]
    assert shown["article"]["withdrawn"] == withdrawn
    assert shown["status"] == "published"
    assert listed[str(other.pk)]["withdrawn"] is None
    (line,) = exported(reader, quote, "ndjson").splitlines()
    assert json.loads(line)["article"]["withdrawn"] == withdrawn
    (row,) = csv.DictReader(io.StringIO(exported(reader, quote, "csv").decode("utf-8-sig")))
    assert json.loads(row["article_withdrawn"]) == withdrawn
    (row,) = csv.DictReader(io.StringIO(exported(reader, other, "csv").decode("utf-8-sig")))
    assert row["article_withdrawn"] == ""


def test_a_reinstated_article_is_as_before_and_the_history_keeps_both(curator):
    quote = make_quote()
    ok(post(curator, quote.article, "withdraw", reason="A hoax."))
    ok(post(curator, quote.article, "reinstate", reason="No hoax."))
    assert ok(curator.get(f"{API}quotes/{quote.pk}/"))["article"]["withdrawn"] is None
    back, out = ok(curator.get(f"{API}articles/{quote.article_id}/revisions/"))["results"][:2]
    assert (out["reason"], back["reason"]) == ("A hoax.", "No hoax.")
    (change,) = out["changes"]
    assert (change["field"], change["before"]) == ("withdrawn", None)
    assert change["after"]["reason"] == "A hoax."
    assert back["changes"] == [{**change, "before": change["after"], "after": None}]


def test_a_quote_as_of_a_time_shows_its_article_as_it_was_then(curator):
    quote = make_quote()
    ok(post(curator, quote.article, "withdraw", reason="A hoax."))
    quote.article.refresh_from_db()
    between = quote.article.updated.isoformat()
    ok(post(curator, quote.article, "reinstate", reason="No hoax."))
    was = ok(curator.get(f"{API}quotes/{quote.pk}/", {"as_of": between}))
    assert was["article"]["withdrawn"]["reason"] == "A hoax."


@pytest.mark.parametrize("verb", ["withdraw", "reinstate"])
@pytest.mark.parametrize("body", [{}, {"reason": " "}, {"reason": "So.", "why": "?"}])
def test_both_need_a_reason_and_nothing_else(curator, verb, body):
    problem(post(curator, make_article(), verb, **body), 400)


def test_neither_is_done_twice(curator):
    article = make_article()
    problem(post(curator, article, "reinstate", reason="No hoax."), 400)
    ok(post(curator, article, "withdraw", reason="A hoax."))
    problem(post(curator, article, "withdraw", reason="A hoax."), 400)


@pytest.mark.parametrize("value", ['{"when": "now"}', "[]", '"yes"', "{}"])
def test_postgresql_refuses_a_withdrawal_without_its_time_and_reason(value):
    article = make_article()
    said = "UPDATE sources_article SET withdrawn = %s WHERE id = %s"
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(said, [value, article.pk])
    assert Article.objects.get().withdrawn is None
