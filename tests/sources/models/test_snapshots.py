"""Snapshots are kept exactly as they were captured."""

import hashlib

import pytest
from django.db import IntegrityError, connection, transaction

from sources.models import Article, Snapshot
from sources.models.ids import digest
from tests.conftest import API, make_filing, ok, problem, sql

pytestmark = pytest.mark.django_db


@pytest.fixture
def snapshot(curator) -> Snapshot:
    ok(curator.post(f"{API}articles/", make_filing()), 201)
    return Snapshot.objects.get()


def refused(sql: str, state: str, values=()) -> str:
    with (
        pytest.raises(IntegrityError) as caught,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql, values)
    assert caught.value.__cause__.sqlstate == state
    return str(caught.value)


RESTRICTED, CHECK, DUPLICATE = "23001", "23514", "23505"


@pytest.mark.parametrize(
    "change",
    [
        "text = 'other'",
        "sha256 = sha256",
        "captured = now()",
        "article_id = article_id",
        "id = uuidv7()",
    ],
)
def test_no_snapshot_is_changed(snapshot, change):
    assert "UPDATE is refused" in refused(f"UPDATE sources_snapshot SET {change}", RESTRICTED)
    assert Snapshot.objects.get().text == make_filing()["text"]


def test_no_snapshot_is_deleted(snapshot):
    assert "DELETE is refused" in refused("DELETE FROM sources_snapshot", RESTRICTED)


@pytest.mark.parametrize("table", ["sources_snapshot", "sources_article", "sources_outlet"])
def test_the_table_is_not_truncated_on_its_own_or_with_what_it_refers_to(snapshot, table):
    sql("SET CONSTRAINTS ALL IMMEDIATE")  # with checks pending, none is truncated
    assert "TRUNCATE is refused" in refused(f"TRUNCATE {table} CASCADE", RESTRICTED)


INSERT = "INSERT INTO sources_snapshot (article_id, sha256, text) VALUES (%s, %s, %s)"


@pytest.mark.parametrize(
    "wrong", ["0" * 64, digest("other"), digest("text").upper(), digest("text")[:63], ""]
)
def test_a_digest_that_is_not_the_texts_is_refused(snapshot, wrong):
    assert "sha256" in refused(INSERT, CHECK, [snapshot.article_id, wrong, "text"])


def test_a_text_is_kept_once_for_each_article(snapshot):
    refused(INSERT, DUPLICATE, [snapshot.article_id, snapshot.sha256, snapshot.text])
    other = Article.objects.create()
    sql(INSERT, [other.pk, snapshot.sha256, snapshot.text])
    assert Snapshot.objects.filter(sha256=snapshot.sha256).count() == 2


@pytest.mark.parametrize("text", ["a", "e\u0301", "é", "\ufeff\r\n", "👩‍👩‍👧", "שלום"])
def test_a_digest_is_that_of_the_texts_utf8_bytes(text):
    assert digest(text) == hashlib.sha256(text.encode("utf-8")).hexdigest()
    article = Article.objects.create()
    Snapshot.objects.create(article=article, text=text, sha256=digest(text))
    assert Snapshot.objects.get().text == text


def test_a_snapshot_is_read_by_its_digest_with_its_exact_text(curator, snapshot):
    shown = ok(curator.get(f"{API}snapshots/{snapshot.sha256}/"))
    assert shown["text"] == make_filing()["text"]
    assert shown["characters"] == len(make_filing()["text"])
    assert shown["articles"] == [str(snapshot.article_id)]


@pytest.mark.parametrize("key", ["0" * 64, "x", "0" * 63])
def test_an_unknown_digest_is_not_found(curator, key):
    problem(curator.get(f"{API}snapshots/{key}/"), 404)


def test_full_text_needs_its_own_permission(contributor, reader, nobody, snapshot):
    path = f"{API}snapshots/{snapshot.sha256}/"
    problem(reader.get(path), 403)
    problem(nobody.get(path), 401)
