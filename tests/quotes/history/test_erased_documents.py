"""Erasure deletes the documents of the texts that it redacts, and tells which others hold words."""

import io
import json

import pytest
from django.core.management import call_command

from sources.models import Article, Snapshot, SourceDocument
from tests.conftest import API, ok
from tests.sources.intake.stories import STORIES
from tests.sources.intake.test_ninjs import ninjs_3

pytestmark = pytest.mark.django_db

WORDS = "We had no choice"
PAGE = (
    "<article><figure><figcaption>The quay. “We had <b>no</b> choice,” it says.</figcaption>"
    "</figure><p>The quay will close. “We had no&nbsp;choice,” said Mara Quill, its master.</p>"
    "</article>"
)
CAPTION = PAGE.replace("“We had no&nbsp;choice,” said", "So said")


def file(client, html: str, url: str, quotes=()) -> dict:
    sent = {"url": url, "html": html, "quotes": list(quotes)}
    return ok(client.post(f"{API}articles/", sent), 201)


def erased(kind: str, key: str) -> str:
    out = io.StringIO()
    arguments = ("--reason", "By law.", "--yes")
    call_command("erase", kind, key, *arguments, stdout=out, verbosity=0)
    return out.getvalue()


@pytest.fixture
def filed(curator):
    quote = {"text": WORDS, "speaker": "Mara Quill", "status": "published"}
    return file(curator, PAGE, "https://post.example/1", [quote])


def test_the_document_goes_with_the_words_of_a_quote(curator, filed):
    other = file(curator, "<p>Nothing of that kind.</p>", "https://post.example/2")
    said = erased("quote", filed["quotes"][0]["id"])
    assert "1 documents that the texts were converted from" in said
    assert "were not found anywhere else" in said
    (kept,) = SourceDocument.objects.select_related("snapshot")
    assert str(kept.snapshot.article_id) == other["id"]
    assert WORDS not in Snapshot.objects.get(article=filed["id"]).text


def test_the_document_goes_with_its_article_and_with_its_speaker(curator, filed):
    erased("speaker", filed["quotes"][0]["speaker"]["id"])
    assert not SourceDocument.objects.exists()
    again = file(curator, "<p>Another text.</p>", "https://post.example/3")
    erased("article", again["id"])
    assert not SourceDocument.objects.exists()
    assert Article.objects.count() == 1


def test_a_document_of_another_article_that_holds_the_words_is_named(curator, filed):
    file(curator, CAPTION, "https://post.example/2")
    item = ninjs_3(STORIES[3]) | {"descriptions": [{"value": f"„Ä“ {WORDS}"}]}
    kind = {"content_type": "application/ninjs+json"}
    ok(curator.post(f"{API}articles/", json.dumps(item).encode(), **kind), 201)
    said = erased("quote", filed["quotes"][0]["id"])
    assert said.count("sources_sourcedocument.body of ") == 2
    assert SourceDocument.objects.count() == 2


def test_a_page_sent_again_after_an_erasure_is_not_kept(curator, filed):
    erased("quote", filed["quotes"][0]["id"])
    sent = {"url": "https://post.example/1", "html": PAGE}
    again = ok(curator.post(f"{API}articles/", sent))
    assert "blotted out" in again["warnings"][0]
    assert not SourceDocument.objects.exists()
