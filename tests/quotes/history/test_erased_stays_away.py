"""Erased words and names stay away when a later filing holds them, by any route."""

from time import perf_counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from quotes.filing import OPERATOR, file
from quotes.models import Quote
from sources.history.remembered import Remembered, remember, remembered
from sources.models import Article, ErasedWords, Snapshot, Speaker
from tests.conftest import API, make_filing, ok, problem, publish
from tests.quotes.history.test_erasure import REASON, dumped, erased, forms, verified
from tests.quotes.history.test_erasure_finds import FORMS, NAME, WORDS, holding
from tests.records import make_speaker
from tests.sources.admin.test_admin import page_of, save
from tests.sources.spreadsheets.test_importing import confirm, faults, preview

pytestmark = pytest.mark.django_db

TEXT = f"“{WORDS},” said {NAME}. “It rained all day,” said Joan Clerk."
QUOTES = [
    {"text": WORDS, "speaker": NAME, "attribution": {"speaker": NAME, "cue": "said"}},
    {"text": "It rained all day,", "speaker": "Joan Clerk"},
]


@pytest.fixture(autouse=True)
def _new_process():
    """Rolled-back tests use the same numbers again."""
    remembered.__init__()


def filed(client, text: str = TEXT, quotes=QUOTES, status: int = 201, **values) -> dict:
    return ok(
        client.post(f"{API}articles/", make_filing(text=text, quotes=quotes, **values)), status
    )


@pytest.fixture
def gone(curator) -> dict:
    """An article with one quote erased."""
    article = filed(curator)
    erased("quote", article["quotes"][0]["id"])
    return article


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("other", [{}, {"outlet": "The Wire", "url": "https://wire.example/1"}])
def test_a_later_text_is_stored_without_the_words_in_every_form(curator, gone, form, other):
    text = f"New. {FORMS[form](TEXT)} The end."
    quotes = [{"text": FORMS[form](WORDS)}, {"text": FORMS[form]("It rained all day,")}]
    answer = filed(curator, text, quotes, 201 if other else 200, **other)
    first, second = answer["quotes"]
    assert first == {"text": None, "filing": {"outcome": "erased", "reason": REASON}}
    assert second["text"].split() == FORMS[form]("It rained all day,").split()
    assert "blotted out" in " ".join(answer["warnings"])
    held = Snapshot.objects.get(sha256=answer["snapshot"])
    assert len(held.text) == len(text)
    assert held.erased
    assert held.text.endswith("The end.")
    assert holding("burnt the ledger") == []
    verified()
    again = filed(curator, text, quotes, 200, **other)
    assert again["outcome"] == "unchanged"
    assert again["snapshot"] == answer["snapshot"]
    assert [quote["filing"]["outcome"] for quote in again["quotes"]] == ["erased", "unchanged"]


@pytest.mark.parametrize("form", FORMS)
def test_the_words_alone_are_gone(curator, contributor, gone, form):
    body = {"article": gone["id"], "text": FORMS[form](WORDS)}
    for client in (curator, contributor):
        fault = problem(client.post(f"{API}quotes/", body), 410)
        assert fault["reason"] == REASON
    spans = {"article": gone["id"], "spans": [[1, 10]]}
    assert problem(curator.post(f"{API}quotes/", spans), 410)["reason"] == REASON
    assert Quote.objects.count() == 1


def test_words_that_many_say_stay_away_from_their_article_only(curator):
    text, quotes = "“Yes,” said Mara Quill. “No,” said Joan Clerk.", [{"text": "Yes,"}]
    article = filed(curator, text, quotes)
    erased("quote", article["quotes"][0]["id"])
    again = filed(curator, f"New. {text}", quotes, 200)
    assert again["quotes"][0]["filing"]["outcome"] == "erased"
    wire = filed(curator, text, quotes, outlet="The Wire", url="https://wire.example/1")
    assert wire["quotes"][0]["text"] == "Yes,"


def test_an_article_without_a_text_does_not_bring_the_words_back(curator, gone):
    answer = filed(curator, None, QUOTES, outlet="The Wire", url="https://wire.example/1")
    assert [quote["filing"]["outcome"] for quote in answer["quotes"]] == ["erased", "made"]
    assert holding("burnt the ledger") == []


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"url": "http://www.harbourpost.example/2026/quay/?utm_source=x", "text": "Other."},
        {"url": None, "external_id": "cms-1", "text": "Other."},
        {"url": None, "external_id": None, "headline": "Another"},
    ],
)
def test_an_erased_article_is_gone_when_it_is_filed_again(curator, told):
    named = {"external_id": "cms-1"} if told.get("external_id") else {}
    named |= {"url": None} if "url" in told and told["url"] is None else {}
    article = filed(curator, **named)
    erased("article", article["id"])
    body = make_filing(**{"text": TEXT, "quotes": [], **told})
    answer = problem(curator.post(f"{API}articles/", body), 410)
    assert answer["reason"] == REASON
    assert not Article.objects.exists()
    filed(curator, "Another text.", [], url="https://harbourpost.example/2027", headline="New")


def test_an_erased_name_comes_back_in_no_field(curator):
    article = filed(curator)
    erased("speaker", article["quotes"][0]["speaker"]["id"])
    quotes = [
        {"text": "It rained all day,", "speaker": f"Dr {NAME}"},
        {"text": "No more than that,", "attribution": {"speaker": NAME.upper()}},
        {"text": "The quay is closed,", "speaker": "Joan Clerk"},
    ]
    text = f"“It rained all day,” “No more than that,” said {NAME.upper()}. “The quay is closed,”"
    other = {"outlet": "The Wire", "url": "https://wire.example/1", "byline": [NAME, "Ada Lund"]}
    answer = filed(curator, text, quotes, headline=f"{NAME} speaks", **other)
    assert [quote["filing"]["outcome"] for quote in answer["quotes"]] == [
        "erased",
        "erased",
        "made",
    ]
    assert answer["headline"] == "██████████ speaks"
    assert answer["byline"] == ["██████████", "Ada Lund"]
    assert holding("Sonecu") == []
    verified()


def refused(response, pointer: str) -> None:
    (fault,) = problem(response, 400)["errors"]
    assert fault["pointer"] == pointer
    assert fault["message"] == f"These words had to be erased from the record: {REASON}"


@pytest.fixture
def nobody_left(curator) -> dict:
    """An article whose speaker was erased."""
    article = filed(curator)
    erased("speaker", article["quotes"][0]["speaker"]["id"])
    return article


@pytest.mark.parametrize("form", FORMS)
def test_a_curator_cannot_type_an_erased_name_again(curator, nobody_left, form):
    name, other = FORMS[form](NAME), make_speaker("Joan Hall")
    refused(curator.post(f"{API}speakers/", {"name": name}), "/name")
    path, latest = f"{API}speakers/{other.pk}/", {"If-Match": "*"}
    refused(curator.patch(path, {"name": name}, headers=latest), "/name")
    refused(curator.patch(path, {"aliases": ["Jo", name]}, headers=latest), "/aliases")
    ok(curator.patch(path, {"aliases": ["Jo"]}, headers=latest))


def test_a_curator_cannot_type_erased_words_again(curator, gone):
    quote, latest = gone["quotes"][1], {"If-Match": "*"}
    path = f"{API}quotes/{quote['id']}/"
    refused(
        curator.patch(f"{API}articles/{gone['id']}/", {"headline": WORDS}, headers=latest),
        "/headline",
    )
    ok(curator.post(f"{path}publish/", headers=latest))
    for step in ("dispute", "retract"):
        refused(curator.post(f"{path}{step}/", {"reason": WORDS}, headers=latest), "/reason")
    correction = {"note": f"It was: {WORDS}", "kind": "partial"}
    refused(curator.post(f"{path}correct/", correction, headers=latest), "/note")
    assert holding("burnt the ledger") == []


def test_words_that_many_say_are_refused_in_their_article_only(curator):
    text, quotes = "“Yes,” said Mara Quill. “No,” said Joan Clerk.", [{"text": "Yes,"}]
    article = filed(curator, text, quotes)
    erased("quote", article["quotes"][0]["id"])
    path, latest = f"{API}articles/{article['id']}/", {"If-Match": "*"}
    refused(curator.patch(path, {"headline": "Quill: Yes"}, headers=latest), "/headline")
    ok(curator.post(f"{API}speakers/", {"name": "Yes"}), 201)


def test_a_spreadsheet_does_not_bring_an_erased_name_back(curator_at_desk, nobody_left):
    page = preview(curator_at_desk, f"name\n{NAME}\nJoan Hall\n".encode())
    why = f"These words had to be erased from the record: {REASON}"
    assert faults(page) == [(2, "name", why)]
    confirm(curator_at_desk, page, skip_faulty="on")
    assert Speaker.objects.filter(name="Joan Hall").exists()
    assert not Speaker.objects.filter(name=NAME).exists()


def test_the_admin_does_not_bring_an_erased_name_or_words_back(curator_at_desk, nobody_left):
    speaker = make_speaker("Joan Hall")
    answer = save(curator_at_desk, page_of(speaker), name=NAME)
    assert f"These words had to be erased from the record: {REASON}" in answer.content.decode()
    speaker.refresh_from_db()
    assert speaker.name == "Joan Hall"
    assert save(curator_at_desk, page_of(speaker), name="Joan Hill").status_code == 302


def test_a_name_that_somebody_else_has_is_not_kept_away(curator):
    article = filed(curator)
    make_speaker(NAME)
    erased("speaker", article["quotes"][0]["speaker"]["id"])
    other = {"outlet": "The Wire", "url": "https://wire.example/1"}
    answer = filed(
        curator, f"“It rained,” said {NAME}.", [{"text": "It rained,", "speaker": NAME}], **other
    )
    assert answer["quotes"][0]["speaker"]["name"] == NAME


def test_the_hashes_are_keyed_and_older_keys_still_know_the_words(curator, gone, settings):
    settings.ONRECORD_ERASURE_KEYS = ["new", settings.SECRET_KEY]
    remembered.__init__()
    again = filed(curator, f"New. {TEXT}", QUOTES, 200)
    assert again["quotes"][0]["filing"]["outcome"] == "erased"
    settings.ONRECORD_ERASURE_KEYS = ["new"]
    remembered.__init__()
    assert remembered.refresh() is False


@pytest.mark.django_db(transaction=True)
def test_a_dump_holds_no_words_and_no_key_after_all_came_again(curator, settings):
    article = filed(curator)
    erased("speaker", article["quotes"][0]["speaker"]["id"])
    keyed = {"Idempotency-Key": "again"}
    sent = publish(make_filing(text=f"New. {TEXT}", quotes=QUOTES))
    assert curator.post(f"{API}articles/", sent, headers=keyed).status_code in (200, 201)
    dump = dumped()
    for form in FORMS.values():
        for words in (WORDS, NAME):
            assert not [each for each in forms(form(words)) if each in dump]
    assert settings.SECRET_KEY not in dump


def test_a_filing_takes_one_query_more_whether_or_not_anything_was_erased(curator):
    def queries(number: int) -> int:
        data = make_filing(text=TEXT, quotes=[], url=f"https://wire.example/{number}")
        with CaptureQueriesContext(
            connection,
        ) as caught:
            file(data, OPERATOR)
        return len([each for each in caught if "erasedwords" in each["sql"]])

    assert queries(1) == 1
    article = filed(curator)
    erased("quote", article["quotes"][0]["id"])
    assert queries(2) == 2
    assert queries(3) == 1


def test_looking_through_a_text_takes_little_longer_however_much_was_erased():
    known = Remembered()
    assert known.refresh() is False
    text = "The harbour master said that nobody had any choice in this. " * 200
    ErasedWords.objects.all().delete()
    remember([f"word{n} and the other words that were said" for n in range(500)], [], [], "Why.")
    assert known.refresh()
    known.find(text)
    start = perf_counter()
    assert known.find(text) == []
    assert perf_counter() - start < 0.1
