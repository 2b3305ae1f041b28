"""Words are found where they stand, whether a long text is searched or looked up."""

from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from quotes.anchoring import Budget, Page
from quotes.anchoring.occurrences import GRAM, MIN_INDEXED, Occurrences

_random = Random(1)
WORDS = ["".join(_random.choices("abcdefgh", k=5)) for _ in range(3_000)]
TEXT = " ".join(_random.choices(WORDS, k=MIN_INDEXED // 6 + 1))
AGAIN = "the same words stand here twice, the same words stand here"
TEXT = f"{AGAIN} {TEXT} {AGAIN}"


def indexed(text: str) -> Occurrences:
    found = Occurrences(text, Budget())
    for _ in range(10):
        assert [*found.of("none of these words is in the text")] == []
    return found


INDEXED = indexed(TEXT)


def places(text: str, words: str) -> list[int]:
    return [at for at in range(len(text)) if text.startswith(words, at)]


@settings(max_examples=20)
@given(st.integers(0, len(TEXT)), st.integers(1, 3 * GRAM))
@example(0, len(AGAIN))
@example(len(TEXT) - len(AGAIN), len(AGAIN))
@example(len(TEXT) - 2 * GRAM, 2 * GRAM)
@example(0, 2 * GRAM - 1)
def test_words_are_found_wherever_they_stand(at, length):
    words = TEXT[at : at + length] or " "
    INDEXED.budget = Budget()
    assert INDEXED._is_worth_indexing
    assert [*INDEXED.of(words)] == places(TEXT, words)


def test_words_that_overlap_themselves_are_all_found():
    text = TEXT + "ab" * 40
    assert [*indexed(text).of("ab" * 20)] == places(text, "ab" * 20)


def test_a_text_that_repeats_itself_is_not_indexed():
    text = "We close the quay in May. " * 10_000
    found = indexed(text)
    assert not found._is_worth_indexing
    assert len([*found.of("We close the quay in May.")]) == 10_000


def test_many_quotes_of_a_long_text_cost_little_more_than_a_few():
    page = Page(TEXT, Budget())
    costs = []
    for number in range(100):
        left, at = page.budget.left, 1_000 * number
        page.find(TEXT[at : at + 80])
        costs.append(left - page.budget.left)
    assert max(costs[20:]) < len(TEXT) / 1_000
