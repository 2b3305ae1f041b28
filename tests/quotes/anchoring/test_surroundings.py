"""Quotes are followed to the same words only where these still are the speaker's."""

from random import Random

import pytest

from quotes.anchoring import Page
from quotes.anchoring.attributions import Speaker
from quotes.anchoring.surroundings import Surroundings
from tests.edits import EDITS, Outcome, follow


def test_edited_articles_never_carry_a_quote_to_a_wrong_place():
    random, outcome = Random(3), Outcome()
    for number in range(240):
        follow(random, EDITS[number % len(EDITS)], outcome)
    assert outcome.wrong == []
    assert outcome.unchanged > 800
    assert outcome.kept / outcome.unchanged >= 0.99


def surroundings(text: str, words: str, *names: str) -> Surroundings:
    start = text.index(words)
    return Surroundings(text, [(start, start + len(words))], Speaker(names or ["Ada Lund"]))


@pytest.mark.parametrize(
    ("text", "whose"),
    [
        ("“We act,” said Ada Lund.", "own"),
        ("“We act,” said Ms Lund.", "own"),
        ("“We act,” she said. Lund left.", "own"),
        ("Ada Lund was clear: “We act.”", "own"),
        ("Ada Lund spoke.\n\n“We act.”", "own"),
        ("“We act.”\n\nLund left.", "own"),
        ("“We act,” said Ben Orr.", "other"),
        ("“We wait,” said Ada Lund. Ben Orr replied: “We act.”", "other"),
        ("Ben Orr was clear: “We act.” Ada Lund left.", "other"),
        ("“We act,” said Ben Orr, who succeeded Ada Lund.", "own"),
        ("“We act,” the mayor said.", None),
    ],
)
def test_the_closest_attribution_tells_whose_words_they_are(text, whose):
    assert surroundings(text, "We act").attributed_to == whose


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ("“We act,” said Ada Lund.", "“We act,” said Ada Lund on Monday, in the hall.", False),
        ("“We act,” said Ada Lund.", "“We act,” Lund told us.", False),
        ("“We act,” said Ada Lund.", "“We act,” said Ben Orr.", True),
        ("“We act,” said Ada Lund.", "“We act,” the mayor said.", True),
        ("“We act,” said Ada Lund.", "“We act” is what Ada Lund denies having said.", True),
        ("“We will We act,” said Lund.", "“We will not We act,” said Lund.", True),
        (
            "“We act,” said Ada Lund.",
            "“We act,” said Lund.\n\nCorrection: the day was wrong.",
            False,
        ),
        ("“We act,” the mayor said.", "“We act,” the chair said.", False),
    ],
)
def test_an_edit_changes_an_attribution_or_says_nothing(before, after, changed):
    one, other = surroundings(before, "We act"), surroundings(after, "We act")
    assert other.is_changed(one) == changed


def test_without_surroundings_the_words_alone_are_followed():
    page = Page("Ben Orr said: “We act.”")
    assert page.reanchor("We act", [(1, 7)], "“", ",” said Ada Lund.").state == "moved"


def test_a_lead_in_capitals_is_followed_out_of_them_and_into_them():
    capitals, usual = "“WE WILL CLOSE THE QUAY,” he said.", "“We will close the quay,” he said."
    for text, words in ((usual, "WE WILL CLOSE THE QUAY"), (capitals, "We will close the quay")):
        found = Page(text).reanchor(words, [(1, 23)], "“", "")
        assert (found.state, found.spans) == ("exact", ((1, 23),))
    assert (
        Page("“We Will Close the quay,”").reanchor("We will close the quay", [(1, 23)]).spans
        is None
    )


def test_the_nearest_passage_is_found_whatever_its_capitals():
    nearest = Page("‘WE WILL CLOSE THE QUAY’\n\nThe mayor spoke.").nearest("We will close the quay")
    assert nearest.text == "WE WILL CLOSE THE QUAY"
