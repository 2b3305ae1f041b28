"""Filings at the same moment, in threads with connections of their own."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from quotes.models import Quote, Via
from sources.models import (
    Affiliation,
    Article,
    IdempotentResponse,
    Organisation,
    Outlet,
    Snapshot,
    Speaker,
)
from tests.conftest import API, make_client, make_filing, ok
from tests.records import make_organisation, make_speaker

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("commits"),
]


@pytest.fixture
def client(db):
    return make_client("Curators")


def at_once(calls: list, threads: int = 10) -> list:
    """Start these callables together in threads; return their results."""
    barrier = Barrier(min(threads, len(calls)))

    def run(number_and_call):
        number, call = number_and_call
        try:
            if number < barrier.parties:
                barrier.wait(10)
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(min(threads, len(calls))) as pool:
        return list(pool.map(run, enumerate(calls)))


def post(client, path: str, body: dict, **headers):
    """A call that posts as this client's user does, from whatever thread."""

    def call():
        other = type(client)()
        other.default_format = "json"
        other.credentials(**client._credentials)
        return other.post(f"{API}{path}/", body, headers=headers)

    return call


def statuses(responses) -> list[int]:
    return sorted(response.status_code for response in responses)


def is_truthful(quote: Quote) -> bool:
    text = quote.snapshot.text
    return " ".join(text[start:end] for start, end in quote.spans) == quote.text


def test_fifty_identical_filings_make_one_article_and_one_set_of_quotes(client):
    via = [{"kind": "told", "name": "Sky"}]
    filing = make_filing(
        quotes=[{**make_filing()["quotes"][0], "organisation": "Port", "via": via}]
    )
    responses = at_once([post(client, "articles", filing)] * 50)
    assert statuses(responses) == [200] * 49 + [201]
    answers = [response.json() for response in responses]
    for answer in answers:
        del answer["outcome"], answer["filing"]
        for quote in answer["quotes"]:
            quote.pop("filing")
    assert all(answer == answers[0] for answer in answers)
    models = (Article, Snapshot, Quote, Speaker, Organisation, Outlet, Via)
    assert [model.objects.count() for model in models] == [1] * 7
    assert Article.objects.get().version == answers[0]["version"]


@pytest.mark.parametrize("known", [{"url": None}, {"url": None, "external_id": "cms-1"}])
def test_identical_filings_without_a_url_make_one_article(client, known):
    responses = at_once([post(client, "articles", make_filing(**known))] * 10)
    assert statuses(responses) == [200] * 9 + [201]
    assert Article.objects.count() == Quote.objects.count() == 1


def test_different_filings_of_one_url_are_both_answered_and_keep_every_quote_true(client):
    texts = [f"{'New. ' * number}“We had no choice,” said Mara Quill." for number in range(6)]
    calls = [post(client, "articles", make_filing(text=text)) for text in texts]
    responses = at_once(calls * 2)
    assert statuses(responses) == [200] * 11 + [201]
    article = Article.objects.get()
    assert set(article.snapshots.values_list("text", flat=True)) == set(texts)
    quotes = Quote.objects.select_related("snapshot")
    assert all(is_truthful(quote) for quote in quotes)
    present = [quote for quote in quotes if quote.anchor in ("exact", "moved")]
    assert present
    assert all(quote.snapshot_id == article.snapshot_id for quote in present)


def test_a_quote_proposed_while_the_text_changes_is_anchored_in_the_present_text(client):
    filed = ok(client.post(f"{API}articles/", make_filing(quotes=[])), 201)
    text = make_filing()["text"]
    for number in range(8):
        changed = make_filing(text=f"Changed {number}. {text}", quotes=[])
        proposal = {"article": filed["id"], "text": "We had no choice,", "speaker": "Mara Quill"}
        capture = post(
            client, f"articles/{filed['id']}/snapshots", {"text": f"Now {number}. {text}"}
        )
        calls = [
            post(client, "articles", changed),
            post(client, "quotes", proposal),
            capture,
            post(client, "quotes", {**proposal, "text": "The quay will close."}),
        ]
        assert set(statuses(at_once(calls))) <= {200, 201}
        article = Article.objects.get()
        for quote in Quote.objects.select_related("snapshot"):
            assert quote.anchor in ("exact", "moved")
            assert quote.snapshot_id == article.snapshot_id
            assert is_truthful(quote)
    assert Quote.objects.count() == 2


def filings_of(quote: dict, number: int = 10, **overrides) -> list[dict]:
    """Filings of different articles, each with this quote."""
    url = "https://harbourpost.example/{}"
    quote = {"text": "We had no choice,", **quote}
    return [
        make_filing(**{"url": url.format(n), "quotes": [quote], **overrides}) for n in range(number)
    ]


def test_ten_articles_that_name_the_same_new_people_at_once_make_each_once(client):
    filings = filings_of({"speaker": "Mara Quill", "organisation": "Port Authority"})
    responses = at_once([post(client, "articles", filing) for filing in filings])
    assert statuses(responses) == [201] * 10
    assert [m.objects.count() for m in (Outlet, Organisation, Speaker)] == [1, 1, 1]
    assert all(response.json()["quotes"][0]["flags"] == [] for response in responses)


def test_the_same_new_spokesperson_of_one_body_is_made_once_though_others_have_that_name(client):
    ok(client.post(f"{API}organisations/", {"name": "Port Authority"}), 201)
    other = {"speaker": "a spokesperson", "organisation": "Another Body"}
    for filing in filings_of(other, 1, url="https://a.example/other"):
        ok(client.post(f"{API}articles/", filing), 201)
    filings = filings_of({"speaker": "a spokesperson", "organisation": "Port Authority"})
    responses = at_once([post(client, "articles", filing) for filing in filings])
    assert statuses(responses) == [201] * 10
    assert Speaker.objects.filter(organisation__name="Port Authority").count() == 1


def test_names_in_any_order_do_not_deadlock(client):
    text = " ".join(f"Sentence number {n} was said." for n in range(12))
    quotes = [
        {
            "text": f"Sentence number {n} was said.",
            "speaker": f"Mara Quill{chr(97 + n)}",
            "organisation": f"Body {chr(65 + n)}",
        }
        for n in range(12)
    ]
    filings = [
        make_filing(
            url=f"https://a.example/{number}",
            outlet=f"Outlet {number % 3}",
            text=text,
            quotes=quotes[number:] + quotes[:number],
        )
        for number in range(12)
    ]
    responses = at_once([post(client, "articles", filing) for filing in filings])
    assert statuses(responses) == [201] * 12
    assert [m.objects.count() for m in (Outlet, Organisation, Speaker)] == [3, 12, 12]


def test_publishing_and_filing_again_do_not_deadlock(client):
    curator, contributor = make_client("Curators", "curator"), make_client("Contributors", "filer")
    calls = []
    for number in range(12):
        filing = make_filing(url=f"https://a.example/{number}")
        filed = ok(contributor.post(f"{API}articles/", filing), 201)["quotes"][0]
        again = {**filing, "headline": "Quay closed", "text": filing["text"] + " She left."}
        calls += [
            post(curator, f"quotes/{filed['id']}/publish", {}, **{"If-Match": "*"}),
            post(contributor, "articles", again),
        ]
    assert statuses(at_once(calls)) == [200] * 24


def test_outlets_whose_names_make_the_same_slug_are_made_side_by_side(client):
    names = ["The Post", "The Post!", "The; Post", "The. Post", "The (Post)", "The/Post"]
    filings = [
        make_filing(outlet=name, url=f"https://a.example/{n}") for n, name in enumerate(names)
    ]
    responses = at_once([post(client, "articles", filing) for filing in filings])
    assert statuses(responses) == [201] * 6
    assert Outlet.objects.values("slug").distinct().count() == Outlet.objects.count()


def test_the_same_key_at_once_does_the_work_once(client):
    header = {"Idempotency-Key": "k1"}
    responses = at_once([post(client, "articles", make_filing(), **header)] * 10)
    assert statuses(responses) == [201] * 10
    assert sum(r.headers.get("Idempotency-Replayed") == "true" for r in responses) == 9
    assert len({response.content for response in responses}) == 1
    assert [m.objects.count() for m in (Article, Quote, IdempotentResponse)] == [1, 1, 1]


def test_the_same_key_at_once_with_other_bodies_is_used_by_one_of_them(client):
    filings = [make_filing(headline=f"Headline {n}") for n in range(6)]
    header = {"Idempotency-Key": "k1"}
    responses = at_once([post(client, "articles", filing, **header) for filing in filings])
    assert statuses(responses) == [201] + [422] * 5
    (answered,) = [response for response in responses if response.status_code == 201]
    assert Article.objects.get().headline == answered.json()["headline"]


def test_a_filing_and_a_revision_of_its_quote_at_once_lose_neither(client):
    filed = ok(client.post(f"{API}articles/", make_filing()), 201)
    path = f"{API}quotes/{filed['quotes'][0]['id']}/"

    def revise(said):
        def call():
            other = make_client("Curators")
            read = other.get(path)
            return other.patch(path, {"said": said}, headers={"If-Match": read.headers["ETag"]})

        return call

    for number in range(8):
        said, cue = f"2026-03-{number + 1:02}", f"said {number}"
        before = ok(client.get(path))
        again = make_filing(quotes=[{"text": "We had no choice,", "attribution": {"cue": cue}}])
        revised, filing = at_once([revise(said), post(client, "articles", again)])
        assert filing.status_code == 200
        assert revised.status_code in (200, 412)
        after = ok(client.get(path))
        assert after["attribution"]["cue"] == cue
        assert after["said"] == (said if revised.status_code == 200 else before["said"])


def test_one_affiliation_sent_twice_at_once_is_stored_once(client):
    speaker, board = make_speaker("Mara Quill"), make_organisation()
    held = {"speaker": str(speaker.pk), "organisation": str(board.pk), "from": "2020"}
    roles = ["chair", "Chair"] * 5
    answers = at_once([post(client, "affiliations", {**held, "role": role}) for role in roles])
    assert statuses(answers) == [201] + [400] * 9
    assert Affiliation.objects.count() == 1
