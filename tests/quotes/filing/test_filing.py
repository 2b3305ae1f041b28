"""Filing an article with its quotes: `POST /api/v1/articles/`."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quotes.models import Quote
from sources.models import Article, Outlet, Snapshot, Speaker, functions
from tests.conftest import API, make_client, make_filing, ok, problem

pytestmark = pytest.mark.django_db


def file(client, status=201, **overrides):
    return ok(client.post(f"{API}articles/", make_filing(**overrides)), status)


# What is stored


def test_a_filed_quote_is_stored_with_every_field(curator):
    filed = file(curator)
    quote = ok(curator.get(f"{API}quotes/{filed['quotes'][0]['id']}/"))
    assert quote["text"] == "We had no choice,"
    assert quote["speaker"]["name"] == "Mara Quill"
    assert quote["speaker"]["kind"] == "person"
    assert quote["role"] == "harbour master"
    assert quote["outlet"]["slug"] == "the-harbour-post"
    assert quote["published"] == "2026-03-14"
    assert quote["article"]["headline"] == "Quay to close"
    assert quote["anchor"]["state"] == "exact"
    (span,) = quote["anchor"]["spans"]
    text = make_filing()["text"]
    assert text[span["start"] : span["end"]] == quote["text"]
    assert span["prefix"] == text[: span["start"]][-32:]
    assert span["suffix"] == text[span["end"] :][:32]


def test_a_contributors_quotes_are_proposed_and_a_curators_may_be_published(contributor, curator):
    assert file(contributor)["quotes"][0]["status"] == "proposed"
    quotes = [{"text": "We had no choice,", "status": "published"}]
    filed = file(curator, url="https://a.example/2", quotes=quotes)
    assert filed["quotes"][0]["status"] == "published"


def test_filing_the_same_thing_again_changes_nothing_and_answers_200(contributor):
    first = file(contributor)
    again = file(contributor, 200)
    assert again["outcome"] == "unchanged"
    assert [q["filing"]["outcome"] for q in again["quotes"]] == ["unchanged"]
    assert {**again["quotes"][0], "filing": None} == {**first["quotes"][0], "filing": None}
    assert again["version"] == first["version"]


def test_the_response_lists_what_was_created_and_matched(curator):
    filed = file(
        curator, quotes=[{"text": "We had no choice,", "speaker": "A B", "organisation": "C"}]
    )
    assert filed["outcome"] == "made"
    assert filed["quotes"][0]["filing"] == {
        "outcome": "made", "speaker": "made", "organisation": "made", "differs": [],
        "fields": {"speaker": "made", "organisation": "made"}, "candidates": [],
        "not_printed": [],
    }  # fmt: skip
    quotes = [{"text": "The quay will close.", "speaker": "A B", "organisation": "C"}]
    again = file(curator, 200, quotes=quotes)
    assert again["quotes"][0]["filing"] == {
        "outcome": "made", "speaker": "matched", "organisation": "matched", "differs": [],
        "fields": {"speaker": "matched", "organisation": "matched"}, "candidates": [],
        "not_printed": [],
    }  # fmt: skip


def test_the_response_links_to_the_article(curator):
    response = curator.post(f"{API}articles/", make_filing())
    filed = ok(response, 201)
    assert response.headers["Location"].endswith(f"{API}articles/{filed['id']}/")
    assert ok(curator.get(response.headers["Location"]))["id"] == filed["id"]


def test_a_quote_attributed_to_nobody_has_no_speaker(curator):
    filed = file(curator, quotes=[{"text": "We had no choice,", "speaker": None}])
    assert filed["quotes"][0]["speaker"] is None
    assert filed["quotes"][0]["filing"]["speaker"] is None
    assert filed["quotes"][0]["flags"] == []


def test_typography_may_differ_and_that_of_the_article_is_stored(curator):
    text = "“It’s a 10–year\u00a0plan,” she said."
    filed = file(curator, text=text, quotes=[{"text": "It's a 10-year plan,"}])
    assert filed["quotes"][0]["text"] == "It’s a 10–year\u00a0plan,"


def test_a_quote_broken_by_its_attribution_has_two_spans(curator):
    text = "“We had no choice,” she said, “and no money.”"
    filed = file(curator, text=text, quotes=[{"text": "We had no choice, and no money."}])
    (quote,) = filed["quotes"]
    assert [text[s["start"] : s["end"]] for s in quote["anchor"]["spans"]] == [
        "We had no choice,",
        "and no money.",
    ]
    assert quote["text"] == "We had no choice, and no money."


def test_a_quote_over_two_paragraphs_is_joined_by_a_newline(curator):
    text = "She said: “One.\n\n“Two.”"
    filed = file(curator, text=text, quotes=[{"spans": [[11, 15], [18, 22]]}])
    assert filed["quotes"][0]["text"] == "One.\nTwo."


def test_spans_alone_are_enough(curator):
    text = make_filing()["text"]
    start = text.index("We had")
    filed = file(curator, quotes=[{"spans": [[start, start + 17]]}])
    assert filed["quotes"][0]["text"] == "We had no choice,"


def test_spans_decide_which_of_several_matches_is_meant(curator):
    text = "“Yes,” said Quill. “Yes,” said Berg."
    quotes = [{"text": "Yes,", "spans": [[20, 24]], "speaker": "Ivo Berg"}]
    filed = file(curator, text=text, quotes=quotes)
    assert filed["quotes"][0]["anchor"]["spans"][0]["start"] == 20


@pytest.mark.parametrize(
    "text",
    [
        "One.\r\n“We had no choice,” said Quill.\r\n",
        "\ufeff“We had no choice,” said Quill.",
        "\ufeff\r\r\n\n\t“We had no choice,” said Quill.  \n\n",
        "👩‍👩‍👧🇳🇴 “We had no choice,” said Quill. e\u0301",
        "שלום “We had no choice,” ש\u05b8אמר",
        "\u2028“We had no choice,”\u2029",
    ],
    ids=["CRLF", "byte order mark", "all kinds of blanks", "emoji", "right to left", "separators"],
)
def test_a_text_is_kept_to_the_last_code_point_and_its_quotes_anchored_in_it(curator, text):
    filed = file(curator, text=text, quotes=[{"text": "We had no choice,"}])
    held = ok(curator.get(f"{API}snapshots/{filed['snapshot']}/"))
    assert held["text"] == text
    assert held["characters"] == len(text)
    (span,) = filed["quotes"][0]["anchor"]["spans"]
    assert text[span["start"] : span["end"]] == "We had no choice,"


@given(
    before=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60),
    after=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60),
)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_database_and_the_anchoring_agree_on_every_text(curator, before, after):
    """What Python finds in a text, PostgreSQL accepts; contexts are the text's own."""
    text = f"{before}\n“We had no choice, QZX,” she said.\n{after}"
    filing = make_filing(text=text, url=None, quotes=[{"text": "We had no choice, QZX,"}])
    (quote,) = curator.post(f"{API}articles/", filing).json()["quotes"]
    (span,) = quote["anchor"]["spans"]
    assert text[span["start"] : span["end"]] == quote["text"] == "We had no choice, QZX,"
    assert span["prefix"] == text[max(0, span["start"] - 32) : span["start"]]
    assert span["suffix"] == text[span["end"] : span["end"] + 32]


def test_a_text_of_two_million_characters_is_filed(curator):
    text = "a" * (Snapshot.MAX_CHARACTERS - 30) + " “We had no choice,” she said."
    assert len(text) == Snapshot.MAX_CHARACTERS
    filed = file(curator, text=text, quotes=[{"text": "We had no choice,"}])
    assert filed["quotes"][0]["anchor"]["spans"][0]["start"] == Snapshot.MAX_CHARACTERS - 28


# Unknown is kept as unknown


def test_an_article_without_outlet_url_or_date_is_shown_with_nulls(curator):
    filing = {"text": make_filing()["text"], "quotes": make_filing()["quotes"]}
    filed = ok(curator.post(f"{API}articles/", filing), 201)
    article = ok(curator.get(f"{API}articles/{filed['id']}/"))
    for name in (
        "outlet",
        "external_id",
        "url",
        "headline",
        "published",
        "published_at",
        "language",
    ):
        assert article[name] is None, name
    assert article["byline"] == []
    quote = ok(curator.get(f"{API}quotes/{filed['quotes'][0]['id']}/"))
    assert (quote["outlet"], quote["published"], quote["said"]) == (None, None, None)


def test_a_null_text_leaves_quotes_unanchored(curator):
    filed = file(curator, text=None, quotes=[{"text": "We had no  choice,"}])
    assert filed["snapshot"] is None
    (quote,) = filed["quotes"]
    assert quote["text"] == "We had no  choice,"
    assert quote["anchor"] == {
        "state": "unanchored", "snapshot": None, "in": None, "spans": [], "seams": [],
    }  # fmt: skip
    assert (
        file(curator, 200, text=None, quotes=[{"text": "We had no  choice,"}])["outcome"]
        == "unchanged"
    )


def test_unanchored_quotes_of_equal_words_are_distinguished_by_speaker(curator):
    quotes = [{"text": "Yes", "speaker": "Mara Quill"}, {"text": "Yes", "speaker": "Ivo Berg"}]
    first = file(curator, text=None, quotes=quotes)
    again = file(curator, 200, text=None, quotes=quotes)
    assert [q["filing"]["outcome"] for q in again["quotes"]] == ["unchanged", "unchanged"]
    assert [q["id"] for q in again["quotes"]] == [q["id"] for q in first["quotes"]]
    assert [q["speaker"]["name"] for q in again["quotes"]] == ["Mara Quill", "Ivo Berg"]
    turned = file(curator, 200, text=None, quotes=quotes[::-1])
    assert [q["filing"]["outcome"] for q in turned["quotes"]] == ["unchanged", "unchanged"]


def test_a_first_text_anchors_the_quotes_that_had_none(curator):
    quotes = [{"text": "We had no choice,"}, {"text": "Never printed"}]
    first = file(curator, text=None, quotes=quotes)
    again = file(curator, 200, quotes=quotes[:1])
    assert again["quotes"][0]["id"] == first["quotes"][0]["id"]
    assert again["quotes"][0]["anchor"]["state"] == "exact"
    other = ok(curator.get(f"{API}quotes/{first['quotes'][1]['id']}/"))
    assert other["anchor"]["state"] == "unanchored"


def test_a_first_text_anchors_only_one_quote_at_each_position(curator):
    quotes = [{"text": "We had no choice,", "speaker": name} for name in ("A Bee", "C Dee")]
    first = file(curator, text=None, quotes=quotes)
    again = file(curator, 200, quotes=[])
    assert {r["id"]: r["state"] for r in again["reanchored"]} == {
        first["quotes"][0]["id"]: "exact",
        first["quotes"][1]["id"]: "unanchored",
    }


@pytest.mark.parametrize("date", ["2006", "2006-02", "2006-02-23", None])
def test_a_date_is_shown_as_it_was_given(curator, date):
    quotes = [{"text": "We had no choice,", "said": date}]
    filed = file(curator, published=date, quotes=quotes)
    assert filed["published"] == date
    assert filed["quotes"][0]["published"] == date
    assert filed["quotes"][0]["said"] == date


def test_an_exact_time_of_publication_keeps_its_day_on_its_own_clock(curator):
    filed = file(curator, published="2026-03-14T23:30:00-05:00")
    assert filed["published"] == "2026-03-14"
    assert filed["published_at"] == "2026-03-15T04:30:00Z"
    assert file(curator, 200, published="2026-03-14T23:30:00-05:00")["outcome"] == "unchanged"


def test_the_reporting_chain_keeps_its_order_and_links_known_outlets(curator):
    ok(curator.post(f"{API}outlets/", {"name": "Sky News", "aliases": ["Sky"]}), 201)
    via = [
        {"kind": "told", "name": "NationalWorld"},
        {"kind": "cited", "name": "SKY"},
        {"kind": "document", "name": "the audit"},
    ]
    filed = file(curator, quotes=[{"text": "We had no choice,", "via": via}])
    shown = filed["quotes"][0]["via"]
    assert [{"kind": s["kind"], "name": s["name"]} for s in shown] == via
    assert [s["outlet"] and s["outlet"]["name"] for s in shown] == [None, "Sky News", None]


# Which article it is


def test_the_same_external_id_in_the_same_outlet_is_the_same_article(curator):
    first = file(curator, external_id="cms-1")
    again = file(curator, 200, external_id="cms-1", url="https://harbourpost.example/moved")
    assert again["id"] == first["id"]
    assert again["url"] == "https://harbourpost.example/moved"


def test_the_same_external_id_in_another_outlet_is_another_article(curator):
    first = file(curator, external_id="cms-1")
    other = file(curator, external_id="cms-1", outlet="Another", url=None)
    assert other["id"] != first["id"]


def test_the_same_external_id_of_unknown_outlet_is_the_same_article(curator):
    first = file(curator, external_id="cms-1", outlet=None, url=None)
    assert file(curator, 200, external_id="cms-1", outlet=None, url=None)["id"] == first["id"]
    assert file(curator, external_id="cms-1", url=None)["id"] != first["id"]


@pytest.mark.parametrize(
    "url",
    [
        "HTTPS://HARBOURPOST.example/2026/quay",
        "https://harbourpost.example:443/2026/quay",
        "https://harbourpost.example/2026/quay#comments",
        "https://harbourpost.example/2026/quay/",
        "http://harbourpost.example/2026/quay",
        "https://www.harbourpost.example/2026/quay",
        "https://harbourpost.example/2026/%71uay?utm_source=rss&fbclid=1",
    ],
)
def test_a_url_spelt_differently_is_the_same_article(curator, url):
    first = file(curator)
    assert file(curator, 200, url=url)["id"] == first["id"]


@pytest.mark.parametrize(
    "url",
    [
        "https://harbourpost.example/2026/Quay",
        "https://harbourpost.example/2026/quay?page=2",
        "https://harbourpost.example:8443/2026/quay",
        "https://amp.harbourpost.example/2026/quay",
    ],
)
def test_a_url_that_may_be_another_page_is_another_article(curator, url):
    first = file(curator)
    assert file(curator, url=url)["id"] != first["id"]


def test_an_article_filed_under_another_external_id_keeps_its_first_one(curator):
    first = file(curator, external_id="cms-1")
    again = file(curator, 200, external_id="cms-2")
    assert (again["id"], again["external_id"]) == (first["id"], "cms-1")
    assert again["filing"]["external_id"] == "differs"
    alone = file(curator, 200, external_id="cms-2", url=None)
    assert alone["id"] == first["id"]


def test_an_article_filed_by_url_without_its_outlet_keeps_the_outlet_on_record(curator):
    first = file(curator)
    again = file(curator, 200, outlet=None)
    assert (again["id"], again["outlet"]) == (first["id"], first["outlet"])
    assert again["outcome"] == "unchanged"


def test_an_article_of_unknown_outlet_gets_the_outlet_that_is_named_later(curator):
    first = file(curator, outlet=None)
    again = file(curator, 200)
    assert (again["id"], again["outlet"]["name"]) == (first["id"], "The Harbour Post")
    assert again["quotes"][0]["outlet"]["name"] == "The Harbour Post"


def test_an_article_without_external_id_and_url_is_recognised_by_outlet_and_text(curator):
    first = file(curator, url=None)
    assert file(curator, 200, url=None)["id"] == first["id"]
    assert file(curator, url=None, outlet="Another")["id"] != first["id"]
    assert file(curator, url=None, outlet=None)["id"] != first["id"]
    assert file(curator, url=None, text=f"{make_filing()['text']} More.")["id"] != first["id"]


def test_an_article_without_a_url_is_not_one_with_a_url_and_the_same_text(curator):
    first = file(curator)
    assert file(curator, url=None)["id"] != first["id"]


def test_the_same_text_in_two_outlets_is_two_articles_and_one_digest(curator):
    first = file(curator)
    other = file(curator, outlet="Another", url="https://another.example/quay")
    assert other["snapshot"] == first["snapshot"]
    held = ok(curator.get(f"{API}snapshots/{first['snapshot']}/"))
    assert held["articles"] == [first["id"], other["id"]]


@pytest.mark.parametrize(
    "named", ["the harbour post", "THE  HARBOUR POST", "the-harbour-post", "id"]
)
def test_an_outlet_may_be_named_by_name_slug_or_id(curator, named):
    first = file(curator)
    named = first["outlet"]["id"] if named == "id" else named
    assert file(curator, 200, outlet=named)["outlet"] == first["outlet"]
    assert Outlet.objects.count() == 1


def test_a_slug_distinguishes_two_outlets_of_one_name(curator):
    for slug in ("herald", "herald-2"):
        ok(curator.post(f"{API}outlets/", {"name": "Herald", "slug": slug}), 201)
    assert file(curator, outlet="herald")["outlet"]["slug"] == "herald"
    other = file(curator, outlet="herald-2", url="https://a.example/2")
    assert other["outlet"]["slug"] == "herald-2"


# One quote, one text


def test_a_quote_may_be_proposed_for_an_article_on_record(contributor):
    filed = file(contributor)
    quote = {"article": filed["id"], "text": "The quay will close.", "kind": "indirect"}
    made = contributor.post(f"{API}quotes/", quote)
    assert ok(made, 201)["anchor"]["state"] == "exact"
    assert ok(contributor.post(f"{API}quotes/", quote), 200)["filing"]["outcome"] == "unchanged"
    assert Quote.objects.count() == 2


def test_a_proposed_quote_that_is_not_in_the_article_is_refused(contributor):
    filed = file(contributor)
    body = problem(
        contributor.post(f"{API}quotes/", {"article": filed["id"], "text": "Not so"}), 400
    )
    assert body["errors"]
    assert Quote.objects.count() == 1


def test_a_text_may_be_captured_for_an_article_on_record(contributor):
    filed = file(contributor)
    text = f"Correction. {make_filing()['text']}"
    captured = ok(contributor.post(f"{API}articles/{filed['id']}/snapshots/", {"text": text}))
    assert captured["reanchored"] == [{"id": filed["quotes"][0]["id"], "state": "moved"}]
    assert captured["snapshot"] != filed["snapshot"]
    held = ok(contributor.get(f"{API}articles/{filed['id']}/snapshots/"))["results"]
    assert [s["sha256"] for s in held] == [captured["snapshot"], filed["snapshot"]]


# Cost


def filing_of(number: int, **each) -> dict:
    """A filing of `number` quotes, each with names of its own."""

    def name(n):
        # No words that names of persons or bodies have: "AB" and "SA" are legal forms.
        return f"{number} {chr(65 + n // 26)}{chr(65 + n % 26)}q"

    quotes = [
        {
            "text": f"Sentence number {n} was said.",
            "speaker": f"Speaker {name(n)}",
            "organisation": f"Port {name(n)}",
            "role": "pilot",
            "via": [{"kind": "told", "name": f"Paper {name(n)}"}],
            **each,
        }
        for n in range(number)
    ]
    text = " ".join(quote["text"] for quote in quotes)
    return make_filing(url=f"https://a.example/{number}", text=text, quotes=quotes)


def statements(client, filing) -> int:
    """How many statements a filing takes, in a process that has met none of its names."""
    functions.remembered.clear()
    with CaptureQueriesContext(connection) as context:
        response = client.post(f"{API}articles/", filing)
    assert response.status_code in (200, 201), response.content
    return len(context)


def test_a_filing_of_fifty_quotes_takes_as_many_statements_as_one_of_one(curator):
    file(curator)
    costs = []
    for number in (1, 50):
        costs.append(statements(curator, filing_of(number)))
    assert costs[0] == costs[1] <= 45


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"attribution": {"cue": "adds"}},
        {"organisation": "Elsewhere {}"},
        {"speaker": "Mara Quill {}"},
        {"via": [{"kind": "cited", "name": "Sky"}]},
        {"status": "published"},
    ],
    ids=["nothing", "cue", "organisation", "speaker", "via", "status"],
)
def test_filing_fifty_quotes_again_takes_as_many_statements_as_one(curator, change):
    costs = []
    for number in (1, 50):
        filing = filing_of(number)
        ok(curator.post(f"{API}articles/", filing), 201)
        other = {k: v.format(number) if isinstance(v, str) else v for k, v in change.items()}
        changed = [{**quote, **other} for quote in filing["quotes"]]
        costs.append(statements(curator, {**filing, "quotes": changed}))
    assert costs[0] == costs[1] <= 50


def test_reanchoring_fifty_quotes_takes_as_many_statements_as_one(curator):
    costs = []
    for number in (1, 50):
        filing = filing_of(number)
        ok(curator.post(f"{API}articles/", filing), 201)
        costs.append(statements(curator, {**filing, "text": f"New. {filing['text']}"}))
    assert costs[0] == costs[1] <= 40


# Retries


def test_the_same_key_and_body_replay_the_stored_answer(curator):
    first = curator.post(f"{API}articles/", make_filing(), headers={"Idempotency-Key": "k1"})
    again = curator.post(f"{API}articles/", make_filing(), headers={"Idempotency-Key": "k1"})
    assert ok(again, 201) == ok(first, 201)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["ETag"] == first.headers["ETag"]


def test_member_order_and_white_space_do_not_change_the_body(curator):
    filing = make_filing()
    ok(curator.post(f"{API}articles/", filing, headers={"Idempotency-Key": "k1"}), 201)
    turned = json.dumps(dict(reversed(filing.items())), indent=3)
    again = curator.post(
        f"{API}articles/",
        turned,
        content_type="application/json",
        headers={"Idempotency-Key": "k1"},
    )
    ok(again, 201)
    assert again.headers["Idempotency-Replayed"] == "true"


def test_the_same_key_with_another_body_is_refused(curator):
    ok(curator.post(f"{API}articles/", make_filing(), headers={"Idempotency-Key": "k1"}), 201)
    other = make_filing(headline="Another")
    problem(curator.post(f"{API}articles/", other, headers={"Idempotency-Key": "k1"}), 422)
    assert Article.objects.get().headline == "Quay to close"


def test_the_same_key_at_another_path_is_refused(curator):
    ok(curator.post(f"{API}outlets/", {"name": "X"}, headers={"Idempotency-Key": "k1"}), 201)
    response = curator.post(
        f"{API}organisations/", {"name": "X"}, headers={"Idempotency-Key": "k1"}
    )
    problem(response, 422)


def test_a_refused_request_does_not_use_up_its_key(curator):
    bad = make_filing(quotes=[{"text": "Not so"}])
    problem(curator.post(f"{API}articles/", bad, headers={"Idempotency-Key": "k1"}), 400)
    ok(curator.post(f"{API}articles/", make_filing(), headers={"Idempotency-Key": "k1"}), 201)


def test_another_users_same_key_is_another_key(curator, contributor):
    ok(curator.post(f"{API}articles/", make_filing(), headers={"Idempotency-Key": "k1"}), 201)
    other = contributor.post(
        f"{API}articles/", make_filing(url=None), headers={"Idempotency-Key": "k1"}
    )
    assert ok(other, 201)["url"] is None
    colleague = make_client("Curators", "colleague")
    response = colleague.post(f"{API}articles/", make_filing(), headers={"Idempotency-Key": "k1"})
    assert "Idempotency-Replayed" not in response.headers


def test_a_replay_repeats_the_response_even_after_the_article_changed(curator):
    first = curator.post(f"{API}articles/", make_filing(), headers={"Idempotency-Key": "k1"})
    file(curator, 200, headline="Changed since")
    again = curator.post(f"{API}articles/", make_filing(), headers={"Idempotency-Key": "k1"})
    assert ok(again, 201) == first.json()
    assert Article.objects.get().headline == "Changed since"


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_an_invalid_key_is_refused(curator, key):
    response = curator.post(f"{API}articles/", make_filing(), headers={"Idempotency-Key": key})
    problem(response, 400)
    assert not Article.objects.exists()


def test_a_retry_without_a_key_creates_nothing(contributor):
    for status in (201, 200, 200):
        file(contributor, status)
    assert [m.objects.count() for m in (Article, Outlet, Speaker, Quote, Snapshot)] == [1] * 5


# Articles without a stored text


def broadcast(**overrides) -> dict:
    quotes = [{"text": "We had no choice,", "speaker": "Mara Quill"}]
    return make_filing(**{"text": None, "url": None, "quotes": quotes, **overrides})


@pytest.mark.parametrize("headline", ["Quay to close", None])
def test_an_article_without_text_and_url_is_recognised_by_its_details(curator, headline):
    first = ok(curator.post(f"{API}articles/", broadcast(headline=headline)), 201)
    assert first["quotes"][0]["anchor"] == {
        "state": "unanchored",
        "snapshot": None,
        "in": None,
        "spans": [],
        "seams": [],
    }
    again = ok(curator.post(f"{API}articles/", broadcast(headline=headline)))
    assert (again["id"], again["outcome"]) == (first["id"], "unchanged")
    assert again["quotes"][0]["id"] == first["quotes"][0]["id"]


@pytest.mark.parametrize(
    "change",
    [
        {"headline": "Quay to open"},
        {"published": "2026-03"},
        {"outlet": "Another Post"},
        {"outlet": None},
        {"byline": []},
        {"headline": None},
    ],
)
def test_articles_recognised_by_details_differ_if_any_detail_differs(curator, change):
    first = ok(curator.post(f"{API}articles/", broadcast()), 201)
    assert ok(curator.post(f"{API}articles/", broadcast(**change)), 201)["id"] != first["id"]


def test_without_a_headline_other_words_are_another_article(curator):
    first = ok(curator.post(f"{API}articles/", broadcast(headline=None)), 201)
    other = broadcast(headline=None, quotes=[{"text": "We had every choice,"}])
    assert ok(curator.post(f"{API}articles/", other), 201)["id"] != first["id"]
