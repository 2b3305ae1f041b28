"""Nobody reads more of a text than they sent, without the permission to read full text."""

import json

import pytest
from django.contrib.auth.models import Permission

from quotes.models import Quote
from tests.conftest import API, make_client, make_filing, ok, problem, publish, staff
from tests.walking import admin_pages, api_answers

pytestmark = pytest.mark.django_db

SECRET = "Quixvoth brumzle jentarp wofquil zemdrik plongast vurmtik."
WORDS = "We had no choice at all"
TEXT = f"{SECRET} “{WORDS},” said Mara Quill. “Had it rained?” asked Bo Ek. {SECRET} It rained."
SECRETS = {SECRET[at : at + 5] for at in range(len(SECRET) - 5)}
CLOSE_TO_SECRET = SECRET.replace("wofquil", "wofkwil")
SPLIT = [[TEXT.index(WORDS), TEXT.index(WORDS) + len(WORDS)], [len(TEXT) - 10, len(TEXT)]]


@pytest.fixture
def article(curator) -> dict:
    return ok(curator.post(f"{API}articles/", publish(make_filing(text=TEXT, quotes=[]))), 201)


@pytest.fixture
def corrector(db):
    """Somebody who may change quotes, and not read full text."""
    client = make_client("Contributors", "corrector")
    client.user.user_permissions.set(
        Permission.objects.filter(codename__in=["change_quote", "review_quote", "publish_quote"])
    )
    return client


def shown(response, sent: object) -> set[str]:
    """Parts of the secret that a response shows and the request did not."""
    body = json.dumps(json.loads(response.content), ensure_ascii=False)
    return {part for part in SECRETS if part in body and part not in json.dumps(sent)}


ASKED = [
    {"text": CLOSE_TO_SECRET},
    {"text": "x", "spans": [[0, len(TEXT)]]},
    {"text": "brumzle"},
    {"text": "rained"},
    {"text": "zebra crossing"},
    {"text": f"{WORDS} … It rained.", "spans": SPLIT},
    {"text": WORDS, "attribution": {"speaker": "Quixvot brumzle jentarp"}},
    {"text": WORDS, "attribution": {"text": CLOSE_TO_SECRET}},
    {"text": WORDS},
    {"text": "zemdrik plongast", "kind": "partial"},
]


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("query", ["", "?dry_run=true"])
def test_no_proposal_shows_more_of_the_text_than_was_sent(contributor, article, asked, query):
    body = {"article": article["id"], **asked}
    for again in range(2):
        response = contributor.post(f"{API}quotes/{query}", body)
        assert response.status_code in (200, 201, 400), (again, response.content)
        assert not shown(response, asked)


@pytest.mark.parametrize("asked", ASKED)
def test_no_filing_without_a_text_shows_more_of_that_on_record(contributor, asked):
    filing = make_filing(text=TEXT, quotes=[])
    ok(contributor.post(f"{API}articles/", filing), 201)
    response = contributor.post(f"{API}articles/", {**filing, "text": None, "quotes": [asked]})
    assert response.status_code in (200, 400), response.content
    assert not shown(response, asked)


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("road", ["", "correct/"])
def test_no_change_of_a_quote_shows_more_of_the_text_than_was_sent(
    curator, corrector, article, asked, road
):
    ok(curator.post(f"{API}quotes/", {"article": article["id"], "text": "asked Bo Ek"}), 201)
    quote = Quote.objects.get()
    quote.publish()
    asked = {name: value for name, value in asked.items() if name != "kind"} | {"note": "Misread."}
    send = corrector.post if road else corrector.patch
    response = send(f"{API}quotes/{quote.pk}/{road}", asked, HTTP_IF_MATCH="*")
    assert response.status_code in (200, 400), response.content
    if response.status_code == 400:
        assert not shown(response, asked)


@pytest.mark.parametrize("road", ["", "?dry_run=true"])
def test_a_proposal_by_spans_alone_needs_the_permission_to_read(
    curator, contributor, article, road
):
    body = {"article": article["id"], "spans": [[0, len(TEXT)]]}
    fault = problem(contributor.post(f"{API}quotes/{road}", body), 403)["errors"][0]
    assert fault["pointer"] == "/text"
    assert "Send the words" in fault["message"]
    assert not Quote.objects.exists()
    ok(curator.post(f"{API}quotes/{road}", body), 201)


def test_who_may_read_the_text_is_shown_the_nearest_passage(curator, article):
    body = {"article": article["id"], "text": CLOSE_TO_SECRET}
    fault = problem(curator.post(f"{API}quotes/", body), 400)["errors"][0]
    assert fault["nearest"]["text"] == SECRET


def test_who_sent_the_text_is_shown_the_nearest_passage(contributor):
    filing = make_filing(text=TEXT, quotes=[{"text": CLOSE_TO_SECRET}])
    fault = problem(contributor.post(f"{API}articles/", filing), 400)["errors"][0]
    assert fault["nearest"]["text"] == SECRET


def test_no_page_shows_the_text_to_those_who_may_not_read_it(curator, corrector, article):
    """A quote far from the secret: its own context is public."""
    text = f"{SECRET} {'It rained. ' * 9}“{WORDS},” said Mara Quill. {'It rained. ' * 9}{SECRET}"
    filing = make_filing(text=text, url=None, external_id="far", quotes=[{"text": WORDS}])
    far = ok(curator.post(f"{API}articles/", publish(filing)), 201)
    quote = Quote.objects.get(article=far["id"])
    records = {"article": quote.article, "quote": quote, "snapshot": quote.snapshot}
    desk = staff(permissions=["view_quote", "view_article", "change_quote", "review_quote"])
    for client, paths in ((corrector, api_answers(records)), (desk, admin_pages(records))):
        for path in paths:
            content = client.get(path).content.decode()
            assert not {part for part in SECRETS if part in content}, path


ROADS = ("", "?fields=anchor", "?format=annotation")


def test_a_proposal_that_is_read_again_shows_nothing_beside_its_words(
    contributor, curator, article
):
    body = {"article": article["id"], "text": WORDS}
    made = ok(contributor.post(f"{API}quotes/", body), 201)
    path = f"{API}quotes/{made['id']}/"
    lists = [f"{API}quotes/?status=proposed", f"{API}changes/?types=quote"]
    for road in [*(path + each for each in ROADS), *lists]:
        response = contributor.get(road)
        assert response.status_code == 200, response.content
        assert not shown(response, body), road
    (span,) = ok(contributor.get(path))["anchor"]["spans"]
    assert (span["prefix"], span["suffix"]) == ("", "")
    assert ok(curator.get(path))["anchor"]["spans"][0]["prefix"]
    ok(curator.post(f"{path}publish/", headers={"If-Match": "*"}))
    assert ok(contributor.get(path))["anchor"]["spans"][0]["suffix"].startswith(",” said")
    other = ok(contributor.post(f"{API}quotes/", {**body, "text": "Had it rained?"}), 201)
    response = contributor.post(f"{API}quotes/{other['id']}/withdraw/", headers={"If-Match": "*"})
    assert not shown(response, body)
