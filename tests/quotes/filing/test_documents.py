"""POST articles/ takes documents as newsrooms have them, and keeps them."""

import hashlib
import json

import pytest
from django.db import IntegrityError, transaction

from sources.models import Article, Snapshot, SourceDocument
from tests.conftest import API, make_filing, ok, problem, publish
from tests.records import make_outlet
from tests.sources.intake import pages
from tests.sources.intake.stories import STORIES
from tests.sources.intake.test_jsonld import article as json_ld
from tests.sources.intake.test_newsml import news_item, of_nitf
from tests.sources.intake.test_ninjs import ninjs_1, ninjs_2, ninjs_3
from tests.sources.intake.test_nitf import nitf

pytestmark = pytest.mark.django_db

HARBOUR = STORIES[0]
PATH = f"{API}articles/"


def send(client, body: str | bytes | dict, kind: str = "text/html", query: str = "", **headers):
    body = json.dumps(body) if isinstance(body, dict | list) else body
    body = body.encode() if isinstance(body, str) else body
    return client.post(PATH + query, body, content_type=kind, headers=headers)


def snapshots(client, article: str) -> list[dict]:
    return ok(client.get(f"{PATH}{article}/snapshots/"))["results"]


DOCUMENTS = {
    "text/html": pages.arc_like,
    "application/xhtml+xml": pages.plain_cms,
    "application/ninjs+json": ninjs_3,
    "application/ninjs+json; charset=utf-8": ninjs_2,
    "application/ld+json": json_ld,
    "application/nitf+xml": nitf,
    "application/vnd.iptc.g2.newsitem+xml": lambda story: news_item(story, of_nitf),
    "application/xml": nitf,
    "text/xml": lambda story: news_item(story, of_nitf),
}


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_document_is_filed_by_its_media_type_and_kept(contributor, kind):
    document = DOCUMENTS[kind](HARBOUR)
    filed = ok(send(contributor, document, kind), 201)
    assert filed["headline"] == HARBOUR.headline
    assert filed["byline"] == list(HARBOUR.byline)
    assert filed["outlet"]["name"] == HARBOUR.outlet
    assert (filed["published"], filed["language"]) == ("2026-03-10", "en-GB")
    assert filed["published_at"] == "2026-03-10T14:05:00Z"
    assert filed["outcome"] == "made"
    assert filed["warnings"] == []
    held = Snapshot.objects.select_related("document").get()
    assert held.text == HARBOUR.text
    body = json.dumps(document) if isinstance(document, dict) else document
    assert bytes(held.document.body) == body.encode()
    (shown,) = snapshots(contributor, filed["id"])
    assert shown["document"]["sha256"] == hashlib.sha256(body.encode()).hexdigest()
    assert shown["document"]["media_type"] == kind.partition(";")[0]
    assert shown["document"]["converter"].startswith("On Record 1")
    assert filed["rights"] in (HARBOUR.rights, None)


@pytest.mark.parametrize(
    ("name", "kind", "document"),
    [
        ("ninjs", "application/json", ninjs_1),
        ("jsonld", "application/json", json_ld),
        ("nitf", "application/xml", nitf),
        ("html", "application/json", pages.blog_like),
    ],
)
def test_a_general_media_type_is_told_by_format(contributor, name, kind, document):
    sent = send(contributor, document(HARBOUR), kind, f"?format={name}")
    assert ok(sent, 201)["headline"] == HARBOUR.headline


def test_an_unknown_media_type_is_refused_with_those_known(contributor):
    refused = problem(send(contributor, "x", "application/msword"), 415)
    assert "application/json, text/html" in refused["detail"]
    assert "application/nitf+xml" in refused["detail"]
    refused = problem(send(contributor, "<other/>", "application/xml"), 415)
    assert "Known are nitf, newsItem" in refused["detail"]
    refused = problem(send(contributor, {}, "application/json", "?format=nijs"), 400)
    assert refused["errors"][0]["message"] == "There is no format “nijs”. Did you mean “ninjs”?"


def test_what_the_document_does_not_say_comes_as_parameters(contributor):
    make_outlet("Radio Skerrow", slug="radio")
    page = f"<article><p>{HARBOUR.text}</p></article>"
    query = "?outlet=radio&external_id=cms-1&language=fr"
    filed = ok(send(contributor, page, query=query), 201)
    assert filed["outlet"]["name"] == "Radio Skerrow"
    assert (filed["external_id"], filed["language"]) == ("cms-1", "fr")
    for name in ("outlet", "external_id", "language"):
        refused = problem(contributor.post(f"{PATH}?{name}=x", make_filing()), 400)
        assert refused["errors"][0]["parameter"] == name


def test_a_document_filed_again_changes_nothing_and_is_kept_once(contributor):
    page = pages.arc_like(HARBOUR)
    first = ok(send(contributor, page), 201)
    again = ok(send(contributor, page.replace("Save up", "Spend")), 200)
    assert (again["id"], again["outcome"]) == (first["id"], "unchanged")
    assert SourceDocument.objects.count() == 1
    changed = ok(send(contributor, page.replace("forty", "fifty")), 200)
    assert changed["filing"]["text"] == "updated"
    assert [bool(each["document"]) for each in snapshots(contributor, first["id"])] == [True, True]


def test_a_document_with_the_words_of_an_article_on_record_changes_nothing(contributor):
    first = ok(
        contributor.post(
            PATH, {"outlet": HARBOUR.outlet, "url": HARBOUR.address, "text": HARBOUR.text}
        ),
        201,
    )
    again = ok(send(contributor, pages.newsletter_like(HARBOUR)), 200)
    assert again["id"] == first["id"]
    assert again["filing"]["headline"] == "updated"
    (only,) = snapshots(contributor, first["id"])
    assert only["document"] is None


def test_html_in_json_is_converted_and_its_quotes_are_found_in_the_text(contributor):
    markup = "<p>The quay will close.</p><figure><figcaption>The quay</figcaption></figure>"
    markup += "<p>&ldquo;We had <em>no</em> choice,&rdquo; said Mara Quill, harbour master.</p>"
    filing = make_filing(html=markup)
    del filing["text"]
    filed = ok(contributor.post(PATH, filing), 201)
    (quote,) = filed["quotes"]
    assert quote["text"] == "We had no choice,"
    (shown,) = snapshots(contributor, filed["id"])
    text = Snapshot.objects.get().text
    assert (shown["document"]["format"], shown["characters"]) == ("html", len(text))
    assert text == ("The quay will close.\n\n“We had no choice,” said Mara Quill, harbour master.")
    ok(contributor.post(PATH, filing), 200)


def test_a_text_and_html_together_are_refused_and_so_is_neither(contributor):
    refused = problem(contributor.post(PATH, make_filing(html="<p>One.</p>")), 400)
    assert refused["errors"] == [{"pointer": "/html", "message": "Send either text or html."}]
    filing = make_filing(html="<img src='x'>")
    del filing["text"]
    refused = problem(contributor.post(PATH, filing), 400)
    assert "There is no text in this markup" in refused["errors"][0]["message"]


def test_a_new_text_of_an_article_can_be_sent_as_html(contributor):
    filed = ok(contributor.post(PATH, make_filing()), 201)
    path = f"{PATH}{filed['id']}/snapshots/"
    page = "<p>It closed.</p><p>“We had no choice,” said Mara Quill, harbour master.</p>"
    captured = ok(contributor.post(path, {"html": page}))
    assert [each["state"] for each in captured["reanchored"]] == ["moved"]
    newest, first = snapshots(contributor, filed["id"])
    assert (newest["document"]["format"], first["document"]) == ("html", None)


def test_a_page_without_an_article_says_so(contributor):
    refused = problem(send(contributor, "<p>Not found.</p>"), 400)
    assert "No article was found on this page" in refused["errors"][0]["message"]
    assert Article.objects.count() == 0


def test_a_document_that_is_too_large_is_413(contributor):
    problem(send(contributor, b"x" * (5 * 1024 * 1024 + 1)), 413)


def test_a_particular_that_no_filing_takes_is_left_out_with_a_warning(contributor):
    page = pages.arc_like(HARBOUR).replace("https://theharbourpost.example", "http://cms")
    filed = ok(send(contributor, page), 201)
    assert filed["url"] is None
    assert filed["warnings"] == ["The document’s url was left out: Enter a valid URL."]


def test_an_article_under_embargo_is_for_nobody_but_curators_and_its_filer(
    contributor, curator, reader
):
    held = {"embargoedUntil": "2999-01-01T06:00:00Z", "pubStatus": "withheld"}
    for client, story in ((contributor, STORIES[0]), (curator, STORIES[1])):
        item = ninjs_3(story) | held
        filed = ok(send(client, item, "application/ninjs+json"), 201)
        assert "Readers do not see this article: it is withheld." in filed["warnings"]
        problem(reader.get(f"{PATH}{filed['id']}/"), 404)
        seen = ok(curator.get(f"{PATH}{filed['id']}/"))
        assert seen["embargo_until"] == "2999-01-01T06:00:00Z"
    past = {"embargoedUntil": "2020-01-01T06:00:00Z", "pubStatus": "withheld"}
    filed = ok(send(curator, ninjs_3(STORIES[2]) | past, "application/ninjs+json"), 201)
    ok(reader.get(f"{PATH}{filed['id']}/"))


def test_no_quote_is_public_before_the_embargo_ends(curator, reader):
    embargo = {"embargo_until": "2999-01-01T07:00:00+01:00", "rights": "© Post", "license": "CC0"}
    filed = ok(curator.post(PATH, make_filing(**embargo)), 201)
    assert filed["embargo_until"] == "2999-01-01T06:00:00Z"
    assert (filed["rights"], filed["license"]) == ("© Post", "CC0")
    path = f"{API}quotes/{filed['quotes'][0]['id']}/publish/"
    refused = problem(curator.post(path, {}, headers={"If-Match": "*"}), 400)
    message = "This article is under embargo until 2999-01-01T06:00:00Z. Publish its quotes after"
    assert message in refused["errors"][0]["message"]
    refused = problem(curator.post(PATH, publish(make_filing(url=None, **embargo))), 400)
    assert message in refused["errors"][0]["message"]
    problem(reader.get(f"{PATH}{filed['id']}/"), 404)
    path = f"{PATH}{filed['id']}/"
    change = {"embargo_until": "2020-01-01T06:00:00Z"}
    ok(curator.patch(path, change, headers={"If-Match": "*"}))
    path = f"{API}quotes/{filed['quotes'][0]['id']}/publish/"
    ok(curator.post(path, {}, headers={"If-Match": "*"}))
    ok(reader.get(f"{PATH}{filed['id']}/"))


def test_a_document_that_cancels_its_article_says_how_to_withdraw_it(curator):
    item = ninjs_3(HARBOUR) | {"pubStatus": "canceled"}
    refused = problem(send(curator, item, "application/ninjs+json"), 409)
    assert "articles/{id}/withdraw/" in refused["errors"][0]["message"]


def test_a_key_replays_a_document_and_refuses_another(contributor):
    headers = {"Idempotency-Key": "k-1"}
    first = send(contributor, pages.arc_like(HARBOUR), **headers)
    again = send(contributor, pages.arc_like(HARBOUR), **headers)
    assert ok(again, 201) == ok(first, 201)
    assert again.headers["Idempotency-Replayed"] == "true"
    problem(send(contributor, pages.arc_like(STORIES[1]), **headers), 422)


def test_documents_need_not_be_kept(contributor, settings):
    settings.ONRECORD_KEEP_DOCUMENTS = False
    filed = ok(send(contributor, pages.arc_like(HARBOUR)), 201)
    assert [each["document"] for each in snapshots(contributor, filed["id"])] == [None]


def test_a_dry_run_shows_what_would_be_filed(contributor):
    filed = ok(send(contributor, pages.arc_like(HARBOUR), query="?dry_run=true"), 201)
    assert filed["headline"] == HARBOUR.headline
    assert not Article.objects.exists()


def test_nobody_changes_or_deletes_a_kept_document(contributor):
    ok(send(contributor, pages.arc_like(HARBOUR)), 201)
    kept = SourceDocument.objects.get()
    for change in (
        lambda: SourceDocument.objects.update(format="nitf"),
        lambda: SourceDocument.objects.all().delete(),
        lambda: SourceDocument.objects.create(
            snapshot=kept.snapshot, sha256="ab" * 32, body=b"x", format="html"
        ),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    assert SourceDocument.objects.get().format == "html"
