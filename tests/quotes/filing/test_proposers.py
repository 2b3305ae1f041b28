"""Another proposer by `ONRECORD_PROPOSER`: its answers are anchored, or dropped."""

from dataclasses import replace

import pytest

from quotes.extraction import PrintedAttribution, Proposal
from tests.conftest import API, ok
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
