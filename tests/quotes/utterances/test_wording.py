"""Which wordings report the same words: the rule alone, without a database."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from quotes.utterances.wording import MIN_STATEMENT_WORDS, Wording, are_at_odds, similarity

SAID = "We had no choice but to close the quay before the winter storms came back"


def like(one: str, other: str, **asked) -> float:
    score = similarity(Wording(one), Wording(other), **asked)
    assert score == similarity(Wording(other), Wording(one), **asked)
    return score


VOCABULARY = ["quay", "harbour", "winter", "storms", "closed", "council", "mooring", "timber"]
VOCABULARY += ["pontoon", "not", "12", "the", "of", "we"]
words = st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=20)


@given(words, words)
def test_similarity_is_symmetrical_and_bounded(one, other):
    assert 0 <= like(" ".join(one), " ".join(other)) <= 1
    wordings = Wording(" ".join(one)), Wording(" ".join(other))
    assert are_at_odds(*wordings) == are_at_odds(*reversed(wordings))


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_two_texts_can_be_compared(one, other):
    like(one, other)


@given(words)
def test_words_match_themselves(one):
    assert like(" ".join(one), " ".join(one).upper()) == 1


@given(words, st.data())
def test_words_contained_in_others_match(long, data):
    assume(len(long) >= MIN_STATEMENT_WORDS)
    start = data.draw(st.integers(0, len(long) - MIN_STATEMENT_WORDS))
    end = data.draw(st.integers(start + MIN_STATEMENT_WORDS, len(long)))
    assert like(" ".join(long[start:end]), " ".join(long)) > 0.5


@given(words, st.data())
def test_two_parts_joined_by_an_ellipsis_match_the_whole(long, data):
    assume(len(long) >= 6)
    cut = data.draw(st.integers(3, len(long) - 3))
    mark = data.draw(st.sampled_from([" … ", " ... ", "… ", " [...] ", " . . . "]))
    assert like(" ".join(long[:3]) + mark + " ".join(long[cut:]), " ".join(long)) > 0.5


@given(words, st.data())
def test_a_negation_or_a_number_is_never_ignored(said, data):
    turn = data.draw(
        st.sampled_from(["never", "nobody", "only", "40", "million", "nicht", "jamais"])
    )
    assume(len(said) >= 2)
    at = data.draw(st.integers(1, len(said) - 1))
    assert like(" ".join(said), " ".join([*said[:at], turn, *said[at:]]), whole=True) == 0


@pytest.mark.parametrize(
    "other",
    [
        SAID.upper(),
        "“We had no choice – but to close the quay, before the winter storms came back!”",
        "But to close the quay before the winter storms",
        "We had no choice … before the winter storms came back",
        "[W]e had no choice but to close the quay",
        "We had no choice but to close [the] quay before the winter storms came back",
        "We had no choice but to close the quay [at Corrow] before the winter storms came back",
        "We had no choice but to close the quay before the winter [sic] storms came back",
        "We had no choice but to close the quay before the winter strorms came back",
        "You know, we had no choice but to close the quay before winter storms came back",
        "no choice",
        "the winter storms",
    ],
)
def test_words_that_outlets_print_differently_match(other):
    assert like(SAID, other) > 0.4


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("We will close it next week", "We will not close it next week"),
        ("We will close it next week", "We won't close it next week"),
        ("The plan will cost us 12 jobs here", "The plan will cost us 120 jobs here"),
        ("It costs 40 million a year to run", "It costs 40 billion a year to run"),
        ("We will close the north quay on Monday", "We will close the south quay on Monday"),
        ("We will open the quay before winter", "We will close the quay before winter"),
        ("It is legal to moor there at night", "It is illegal to moor there at night"),
        ("They must pay for the quay by June", "They may pay for the quay by June"),
        ("Nobody has to pay for the quay", "Everybody has to pay for the quay"),
        (SAID, "the"),
        (SAID, "no"),
        (SAID, "We had … back"),
        (SAID, "storms winter the before quay the close to but choice no had We"),
        ("no choice", "choice"),
    ],
)
def test_wordings_that_differ_in_a_significant_word_do_not_match(one, other):
    assert like(one, other) == 0


def test_contractions_match_their_full_form():
    assert (
        like("We can't go on, and they won't help", "we cannot go on and they will not help") == 1
    )


def test_numbers_match_with_and_without_thousands_separators():
    assert like("It cost us 1,200 crowns a day", "It cost us 1200 crowns a day") == 1


def test_scripts_without_spaces_are_compared_by_character():
    assert like("我们别无选择只能关闭码头", "别无选择只能关闭") > 0.5
    assert like("我们别无选择只能关闭码头", "我们可以重新开放港口了") == 0


def test_indirect_speech_is_compared_from_end_to_end():
    assert like(SAID, "We had no choice but to close the quay", whole=True) == 0
    assert like(SAID, SAID.replace("the winter", "winter"), whole=True) > 0.4
    assert like(SAID, "no choice", whole=True) == 0


def test_without_near_matching_the_words_must_be_equal():
    misspelt = SAID.replace("storms", "strorms")
    assert like(SAID, misspelt) > 0.4
    assert like(SAID, misspelt, nearly=False) == 0


def test_statements_that_differ_in_a_significant_word_are_at_odds():
    assert are_at_odds(Wording(SAID), Wording(SAID.replace("no choice", "a choice")))
    first, last = "We had no choice but to close the quay", "to close the quay before the winter"
    assert not are_at_odds(Wording(first), Wording(last))
    assert not are_at_odds(Wording(SAID), Wording("We had a good harvest, in spite of the rain"))
