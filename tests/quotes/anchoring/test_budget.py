"""One budget for a filing bounds the work on its quotes, whatever the text."""

import sys
import time

import pytest

from quotes.anchoring import (
    AnchoringError,
    Budget,
    NotInText,
    Page,
    TooMuchWork,
    normalization,
    typography,
)
from quotes.anchoring.attributions import Speaker
from quotes.anchoring.budget import MAX_STEPS
from quotes.anchoring.printed import Printed
from tests.hostile_texts import FLAG, KINDS

LENGTH = 40_000
STEPS = 10_000
STEPS_PER_SECOND = 800_000
CALLS_PER_STEP = 16  # of functions, each some 0.1 µs


class Calls:
    """Counts the calls of functions, in Python and in C."""

    def __enter__(self):
        self.count = 0
        sys.setprofile(self._event)
        return self

    def __exit__(self, *error):
        sys.setprofile(None)

    def _event(self, frame, event, arg):
        self.count += event in ("call", "c_call")


@pytest.mark.parametrize("name", KINDS)
def test_the_work_for_hostile_quotes_ends_with_the_budget(name):
    unit, quotes = KINDS[name]
    page = Page((unit * LENGTH)[:LENGTH], Budget(STEPS))
    with Calls() as calls:
        for words in quotes:
            try:
                page.find(words)
            except TooMuchWork:
                break
            except AnchoringError:
                continue
    assert calls.count < CALLS_PER_STEP * STEPS


@pytest.mark.parametrize("unit", ["a", "word ", "“aa bb,” said x. ", FLAG, "a.b "])
def test_the_work_of_following_quotes_ends_with_the_budget(unit):
    page = Page((unit * LENGTH)[:LENGTH], Budget(STEPS))

    def follow_all():
        for number in range(1_000):
            words = unit * (number // 10 + 2)
            page.reanchor(words, [(number, number + len(words)), (LENGTH - 2, LENGTH - 1)])

    with Calls() as calls, pytest.raises(TooMuchWork):
        follow_all()
    assert calls.count < CALLS_PER_STEP * STEPS


CROWDED = ["dash dialogue", "dashes and verbs", "attributions", "nested marks", "apostrophes"]


@pytest.mark.parametrize("name", [*CROWDED, "labels", "combining marks", "lines", "Hindi"])
def test_the_work_of_comparing_surroundings_ends_with_the_budget(name):
    unit, _ = KINDS[name]
    page = Page((unit * LENGTH)[:LENGTH], Budget(STEPS))
    speaker = Speaker(["Anna Lund"])

    def compare_all():
        for at in range(0, LENGTH, 7):
            found = page.surroundings([(at, at + 3)], speaker)
            found.is_same(found)
            found.is_changed(found)

    with Calls() as calls, pytest.raises(TooMuchWork):
        compare_all()
    assert calls.count < CALLS_PER_STEP * STEPS


@pytest.mark.parametrize("name", CROWDED)
def test_the_work_of_following_quotes_by_their_surroundings_ends_with_the_budget(name):
    unit, _ = KINDS[name]
    text = (unit * LENGTH)[:LENGTH]
    spans = [(len(unit), 2 * len(unit))]
    before = Page(text).surroundings(spans, Speaker(["Anna Lund"]))
    page = Page("Corrected. " + text, Budget(STEPS))

    def follow_all():
        for _ in range(1_000):
            page.reanchor(unit, spans, "", "", (), before)

    with Calls() as calls, pytest.raises(TooMuchWork):
        follow_all()
    assert calls.count < CALLS_PER_STEP * STEPS


def test_the_pages_of_a_filing_share_one_budget():
    budget = Budget(STEPS)
    Page("Nothing was said that day.", budget).find("said that day")
    used = STEPS - budget.left
    Page("Nothing was said that day.", budget).find("said that day")
    assert budget.left == STEPS - 2 * used
    budget.spend(budget.left)
    with pytest.raises(TooMuchWork, match="Send fewer quotes at a time"):
        Page("Nothing was said that day.", budget).find("said that day")


def test_a_nearest_passage_is_searched_for_while_a_quarter_of_the_budget_is_left():
    page = Page("We close the quay in May, he said. " * 100)
    page.budget.spend(MAX_STEPS * 3 // 4)
    with pytest.raises(NotInText, match="nearest passage was not searched for"):
        page.find("We close the dock in May")


@pytest.mark.parametrize("length", [300, 900, 2_900, 20_000])
def test_nearest_passages_of_long_words_cost_what_they_take(length):
    """Comparing is C code, which no profiler counts: ten times as long would be a fault."""
    text = "\n– Ja, säger Lund, nej" * 2_000
    page = Page(text, Budget(MAX_STEPS // 10))
    began = time.process_time()
    for number in range(100):
        with pytest.raises(AnchoringError):
            page.find(f"{text[: length + number]} zebra {number}")
    assert page.budget.left < MAX_STEPS / 10
    assert time.process_time() - began < 10 * MAX_STEPS / 10 / STEPS_PER_SECOND


def test_entities_are_read_once():
    with pytest.raises(NotInText):
        Page("A text.").find("&" + "amp;" * 20_000)


def test_raised_digits_between_letters_are_normalised_in_linear_time():
    with Calls() as calls:
        assert normalization.NormalisedText("¹a½b²ﬁ" * 1_000).text == "¹a½b²fi" * 1_000
    assert calls.count < 30_000


@pytest.mark.parametrize(
    ("printed", "words", "is_same"),
    [
        ("har-\nbour", "harbour", True),
        ("har-\nbour", "har-bour", True),
        ("har-\nbour wa-\nter", "harbour wa-ter", True),
        ("har-\nbour wa-\nter", "harbour waiter", False),
        ("a-\nb" * 5_000, "ab" * 5_000, True),
    ],
)
def test_a_word_divided_at_a_lines_end_is_read_with_its_hyphen_and_without(printed, words, is_same):
    read = (typography.canonical(normalization.reduce(each)) for each in (words, printed))
    assert typography.same(*read) is is_same


def test_names_that_are_not_printed_are_looked_for_within_the_budget():
    printed = Printed("Anna Lund sade nej till Lund. " * 2_000, budget=Budget(STEPS))

    def look_for_all():
        for number in range(1_000):
            printed.has(f"Lund Anna nej {'nej ' * number}")

    with Calls() as calls, pytest.raises(TooMuchWork):
        look_for_all()
    assert calls.count < CALLS_PER_STEP * STEPS


def test_many_gaps_cost_as_much_as_their_passages():
    text = "we close. Rain fell, said the mayor of the town. " * 1_000
    page = Page(text, Budget(STEPS))
    spans = [(at, at + 8) for at in range(0, len(text), len(text) // 1_000)]

    def decide_all():
        for _ in range(100):
            page.seams(spans[:100], checked=True)

    with Calls() as calls, pytest.raises(TooMuchWork):
        decide_all()
    assert calls.count < CALLS_PER_STEP * STEPS
