"""One budget for a filing bounds the work on its quotes, whatever the text."""

import sys

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
from quotes.anchoring.budget import MAX_STEPS
from quotes.anchoring.printed import Printed

LENGTH = 40_000
STEPS = 10_000
CALLS_PER_STEP = 16  # of functions, each some 0.1 µs

FLAG = "\U0001f1e6"


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


def words_times(unit, most=60):
    return [unit * (number + 1) for number in range(most)]


HOSTILE = {
    "flags": (FLAG, [FLAG * (2 * n + 1) for n in range(20)]),
    "the same two words": ("“aa bb,” said x. ", words_times("aa bb ")),
    "marked letters": ('"a" ', words_times("a ")),
    "ligatures of many letters": ("\ufdfa", ["صلى", "لله"]),
    "equal sentences": ("We close the quay in May, he said.\n", ["We close the quay"] * 60),
    "near sentences": ("We close the quay in May, he said.\n", ["We close the dock in June"] * 60),
    "one letter": ("a", words_times("a")),
    "joined emoji": ("\U0001f469\u200d", ["\U0001f469"] * 9),
    "jamo": ("\u1100", ["\u1100"] * 9),
    "conjuncts": ("क्", ["क"] * 9),
    "one word": ("word ", words_times("word ")),
    "opening marks": ("“", ["a b c"] * 60),
    "brackets": ("[", ["a [ b"] * 60),
    "notes": ("(applause) ", ["a (applause) b"] * 60),
    "ampersands": ("&", ["a &amp;amp; b"] * 60),
    "combining marks": ("a" + "\u0301" * 300, words_times("a ")),
    "ellipses": ("a b c ", [" … ".join(["a"] * 20)] * 20),
    "dots": (". ", ["x . . . y"] * 60),
    "blanks": (" \u00a0", ["a b"] * 60),
    "attributions": ("« Ja, sade Lund, och nej - ", ["sade Lund nej"] * 60),
    "divided words": ("ab-\nba ", words_times("abba ")),
    "signs": ("«a» b ", ['"a" ' + "-" * 50 + " b"] * 9),
    "stops": ("a.b ", words_times("a b ")),
    "fractions": ("½", ["1/2", "12 x"] * 9),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_the_work_for_hostile_quotes_ends_with_the_budget(name):
    unit, quotes = HOSTILE[name]
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
