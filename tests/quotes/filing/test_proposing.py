"""`"propose": true` files the quotes that extraction finds beside those that the filer marked."""

from uuid import UUID

import pytest

from quotes.filing import OPERATOR, propose_found
from quotes.history.disclosure import disclosed
from quotes.history.erasure import erase
from quotes.models import Proposal, Quote
from sources.history.remembered import remembered
from sources.models import Article, Speaker
from tests.conftest import API, make_filing, ok

pytestmark = pytest.mark.django_db

TEXT = """The quay will close. “We had no choice,” said Mara Quill, harbour master of Torrigan.

Council leader Ben Oaks disagreed. “Nobody asked us about the quay,” he said."""

MARKED = "We had no choice,"
FOUND = "Nobody asked us about the quay,"


def filed(client, code=201, **overrides) -> dict:
    filing = make_filing(**{"text": TEXT, "quotes": [], "propose": True, **overrides})
    return ok(client.post(f"{API}articles/", filing), code)


def origins(answer: dict) -> dict[str, str]:
    return {quote["text"]: quote["origin"] for quote in answer["quotes"]}


def test_quotes_found_in_the_text_are_added_as_proposals(contributor):
    answer = filed(contributor)
    assert origins(answer) == {MARKED: "proposed", FOUND: "proposed"}
    second = answer["quotes"][1]
    assert second["status"] == "proposed"
    assert (second["speaker"]["name"], second["role"]) == ("Ben Oaks", "Council leader")
    assert second["attribution"]["cue"] == "said"
    assert second["filing"]["outcome"] == "made"


def test_without_it_nothing_is_proposed(contributor):
    assert filed(contributor, propose=False)["quotes"] == []
    assert not Proposal.objects.exists()


def test_a_passage_that_the_filer_marked_is_left_alone(contributor):
    marked = {"text": "no choice", "speaker": "Ada Lund", "kind": "partial"}
    answer = filed(contributor, quotes=[marked])
    assert origins(answer) == {"no choice": "filed", FOUND: "proposed"}
    assert answer["quotes"][0]["speaker"]["name"] == "Ada Lund"


def test_what_led_to_a_proposal_is_kept_beside_it(contributor):
    filed(contributor)
    kept = Proposal.objects.get(quote__text=FOUND)
    assert kept.said["speaker"] == "Ben Oaks"
    assert kept.band in Proposal.Band.values
    assert 0 < kept.confidence["quote"] <= 1
    printed = {each["what"]: TEXT[each["start"] : each["end"]] for each in kept.because}
    assert printed["cue"] == "said"


def test_filing_again_proposes_nothing_twice(contributor):
    first = filed(contributor)
    again = filed(contributor, 200)
    assert again["quotes"] == []
    assert Quote.objects.count() == len(first["quotes"]) == Proposal.objects.count()


@pytest.mark.parametrize("step", ["reject", "withdraw"])
def test_a_proposal_that_was_turned_down_never_comes_back(contributor, curator, step):
    quote = filed(contributor)["quotes"][1]
    client = curator if step == "reject" else contributor
    body = {"reason": "Nobody said so."}
    ok(client.post(f"{API}quotes/{quote['id']}/{step}/", body, headers={"If-Match": "*"}))
    for text in (TEXT, f"Updated on Monday.\n\n{TEXT}"):
        assert filed(contributor, 200, text=text)["quotes"] == []
    assert Quote.objects.filter(text=FOUND).count() == 1


def test_what_a_curator_corrected_is_not_proposed_again(contributor, curator):
    quote = filed(contributor)["quotes"][1]
    shorter = {"text": "Nobody asked us", "spans": None}
    stored = Quote.objects.get(pk=quote["id"])
    stored.revise(**shorter)
    assert filed(contributor, 200)["quotes"] == []


def test_a_complete_filing_names_what_is_found_again(contributor):
    proposed = filed(contributor)["quotes"]
    again = filed(contributor, 200, complete=True)
    assert again["withdrawn_quotes"] == []
    alone = filed(contributor, 200, complete=True, propose=False)
    assert set(alone["withdrawn_quotes"]) == {quote["id"] for quote in proposed}


def test_a_complete_filing_withdraws_what_its_text_no_longer_has(contributor):
    first, second = filed(contributor)["quotes"]
    long = "The ferry has gone, " * 12  # where the others stood
    moved = f"“{long}and it stays away,” said Iris Vane.\n\n{TEXT}"
    alone = moved.replace(f"“{FOUND}” he said", "He said nothing")
    assert filed(contributor, 200, text=alone, complete=True)["withdrawn_quotes"] == [second["id"]]
    assert Quote.objects.get(pk=first["id"]).status == "proposed"


def test_a_passage_that_comes_back_is_proposed_again(contributor, curator):
    second = filed(contributor)["quotes"][1]
    alone = TEXT.replace(f"“{FOUND}” he said", "He said nothing")
    assert filed(contributor, 200, text=alone, complete=True)["withdrawn_quotes"] == [second["id"]]
    again = filed(contributor, 200, complete=True)
    assert [(each["id"], each["status"]) for each in again["quotes"]] == [
        (second["id"], "proposed")
    ]
    assert again["withdrawn_quotes"] == []
    assert Proposal.objects.count() == 2
    body = {"reason": "Nobody said so."}
    path = f"{API}quotes/{second['id']}/reject/"
    ok(curator.post(path, body, headers={"If-Match": "*"}))
    assert filed(contributor, 200, text=alone, complete=True)["withdrawn_quotes"] == []
    assert filed(contributor, 200, complete=True)["quotes"] == []


def test_the_filer_can_say_more_of_a_proposal_later(contributor):
    quote = filed(contributor)["quotes"][1]
    said = {"text": FOUND, "speaker": "Benjamin Oaks", "role": "Council leader"}
    again = filed(contributor, 200, quotes=[said])
    assert [each["id"] for each in again["quotes"]] == [quote["id"]]
    assert again["quotes"][0]["speaker"]["name"] == "Benjamin Oaks"


def test_new_passages_of_a_changed_text_are_proposed(contributor):
    filed(contributor)
    more = f"{TEXT}\n\n“The ferry has gone,” said Iris Vane, a pilot."
    assert origins(filed(contributor, 200, text=more)) == {"The ferry has gone,": "proposed"}


def test_a_document_is_filed_with_what_is_found_in_it(contributor):
    paragraphs = "".join(f"<p>{line}</p>" for line in TEXT.split("\n\n"))
    page = f"<html><body><article><h1>Quay</h1>{paragraphs}</article></body></html>"
    path = f"{API}articles/?propose=true&language=en&outlet=Post&external_id=7"
    answer = ok(contributor.post(path, page, content_type="text/html"), 201)
    assert origins(answer) == {MARKED: "proposed", FOUND: "proposed"}


@pytest.fixture
def _new_process():
    """Rolled-back tests use the same numbers again."""
    remembered.__init__()


@pytest.mark.usefixtures("_new_process")
def test_words_that_were_erased_are_not_proposed(contributor):
    quote = filed(contributor)["quotes"][1]
    erase("quote", [UUID(quote["id"])], "Court order 7.")
    for text in (TEXT, f"Updated on Monday.\n\n{TEXT}"):
        assert filed(contributor, 200, text=text)["quotes"] == []
    assert propose_found(Article.objects.get(), OPERATOR).quotes == []


@pytest.mark.usefixtures("_new_process")
def test_a_name_that_was_erased_is_not_proposed_from_another_text(contributor):
    filed(contributor)
    other = {"text": f"Later. {TEXT}", "external_id": "2", "url": "https://wire.example/2"}
    held = filed(contributor, propose=False, **other)
    erase("speaker", [Speaker.objects.get(name="Ben Oaks").pk], "Court order 7.")
    found = propose_found(Article.objects.get(pk=held["id"]), OPERATOR)
    assert [filed.quote.text for filed in found.quotes] == [MARKED]
    assert not Speaker.objects.filter(name="Ben Oaks").exists()


def test_no_more_quotes_are_proposed_than_may_be_filed(contributor, monkeypatch):
    monkeypatch.setattr("quotes.filing.proposing.MAX_QUOTES", 1)
    first = filed(contributor)
    assert origins(first) == {MARKED: "proposed"}
    assert "1 more quotes were found" in " ".join(first["warnings"])
    again = filed(contributor, 200)
    assert origins(again) == {FOUND: "proposed"}
    assert again["warnings"] == []


def test_what_was_proposed_of_a_person_is_disclosed(contributor):
    filed(contributor)
    (held,) = disclosed(Speaker.objects.get(name="Ben Oaks").pk)["proposals"]
    assert held["said"]["speaker"] == "Ben Oaks"
    assert held["band"] in Proposal.Band.values
