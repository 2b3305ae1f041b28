"""Another proposer by `ONRECORD_PROPOSER`: its answers are anchored, or dropped."""

from dataclasses import replace

import pytest

from quotes.extraction import PrintedAttribution, Proposal, Reason
from tests.conftest import API, ok, problem
from tests.quotes.filing.test_proposing import FOUND, TEXT, filed

pytestmark = pytest.mark.django_db

SAID = Proposal(
    spans=[],
    text=FOUND,
    kind="direct",
    speaker="Ben Oaks",
    speaker_kind="person",
    role="Council leader",
    organisation="The Moon Board",
    attribution=PrintedAttribution("he said", "he", None, "Moon Board", "said"),
    via=[],
    confidence={"quote": 0.9, "speaker": 0.9},
    band="likely",
    rule="guess",
)


def guesses(text: str, language: str | None = None) -> list[Proposal]:
    """A proposer that is right once, and invents words, spans and bodies."""
    return [
        SAID,
        replace(SAID, text="The moon is made of cheese,"),
        replace(SAID, spans=[(0, 5)]),
        replace(SAID, spans=[(5, 10**9)]),
    ]


@pytest.fixture(autouse=True)
def _guessing(settings):
    settings.ONRECORD_PROPOSER = f"{__name__}.guesses"


def test_only_what_the_text_prints_is_proposed(contributor):
    answer = ok(contributor.post(f"{API}articles/propose/", {"text": TEXT, "language": "en"}))
    (found,) = answer["quotes"]
    assert [TEXT[start:end] for start, end in found["spans"]] == [FOUND]
    assert (found["speaker"], found["role"]) == ("Ben Oaks", "Council leader")
    assert found["organisation"] is None
    assert found["attribution"]["organisation"] is None


def test_it_is_filed_like_our_own(contributor):
    (quote,) = filed(contributor)["quotes"]
    assert (quote["text"], quote["origin"]) == (FOUND, "proposed")
    assert quote["speaker"]["name"] == "Ben Oaks"


def raises(text: str, language: str | None = None) -> list[Proposal]:
    raise RuntimeError(f"No answer for {text}")


def answers_nothing(text: str, language: str | None = None) -> None:
    return None


NONSENSE = {
    "no proposal": {"text": FOUND},
    "kind": replace(SAID, kind="shouted"),
    "kind of speaker": replace(SAID, speaker_kind="horse"),
    "band": replace(SAID, band="certainly"),
    "rule": replace(SAID, rule="guess " * 99),
    "share": replace(SAID, confidence={"quote": 12}),
    "no attribution": replace(SAID, attribution=None),
    "words": replace(SAID, text=None),
    "name": replace(SAID, speaker=["Ben Oaks"]),
    "step": replace(SAID, via=["a friend"]),
    "reason": replace(SAID, because=[Reason(5, 10**9, "cue")]),
}


def talks_nonsense(text: str, language: str | None = None) -> list:
    return [*NONSENSE.values()]


@pytest.mark.parametrize("proposer", ["raises", "answers_nothing", "is_not_there"])
def test_an_article_is_filed_although_the_proposer_fails(contributor, settings, caplog, proposer):
    (quote,) = filed(contributor)["quotes"]
    settings.ONRECORD_PROPOSER = f"{__name__}.{proposer}"
    answer = filed(contributor, 200, text=f"Later. {TEXT}", complete=True)
    assert "the proposer failed" in " ".join(answer["warnings"])
    assert answer["withdrawn_quotes"] == []
    body = {"text": TEXT, "language": "en"}
    failed = problem(contributor.post(f"{API}articles/propose/", body), 502)
    assert failed["type"].endswith("proposer-failed")
    assert FOUND not in caplog.text
    assert ok(contributor.get(quote["url"]))["status"] == "proposed"


@pytest.mark.parametrize("name", NONSENSE)
def test_what_is_no_proposal_is_dropped(contributor, settings, monkeypatch, name):
    settings.ONRECORD_PROPOSER = f"{__name__}.talks_nonsense"
    monkeypatch.setattr(f"{__name__}.NONSENSE", {name: NONSENSE[name]})
    answer = filed(contributor)
    assert (answer["quotes"], answer["warnings"]) == ([], [])


def test_a_name_of_three_thousand_letters_is_none(contributor, settings):
    settings.ONRECORD_PROPOSER = ""
    name = f"Mara Q{'u' * 3_000}"
    (quote,) = filed(contributor, text=f"“We had no choice,” said {name}.")["quotes"]
    assert (quote["text"], quote["speaker"]) == ("We had no choice,", None)
