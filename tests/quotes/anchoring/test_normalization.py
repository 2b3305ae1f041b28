"""The forms in which words are compared: white space, pieces, how far two texts agree."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quotes.anchoring.normalization import reduce, same_pieces
from quotes.anchoring.split_quotes import _agreement


@pytest.mark.parametrize(
    ("text", "reduced"),
    [
        ("a \t b", "a b"),
        ("a \n b", "a\nb"),
        ("a\r\nb", "a\nb"),
        ("a \n \n b", "a\u2029b"),
        ("a \u2029\n b", "a\u2029b"),
    ],
)
def test_of_white_space_a_lines_end_or_an_empty_line_is_kept(text, reduced):
    assert reduce(text) == reduced


WHOLE_PIECES = st.sampled_from(["We act", "we act,", "now –", "It’s 10⁶", "no", "So. No."])


@settings(max_examples=200, deadline=None)
@given(st.lists(WHOLE_PIECES, min_size=2, max_size=4), st.data())
def test_words_are_pieces_joined_by_a_blank_or_an_ellipsis_and_by_no_words(pieces, data):
    words = pieces[0]
    for piece in pieces[1:]:
        words += data.draw(st.sampled_from([" ", "\n", " … ", " [...] ", "… "])) + piece
    assert same_pieces(words, pieces)
    at = data.draw(st.integers(1, len(pieces) - 1))
    other = [*pieces[:at], "perhaps", *pieces[at:]]
    assert not same_pieces(words, other)
    assert not same_pieces(" ".join(other), pieces)
    assert not same_pieces("".join(pieces), pieces)


def test_punctuation_before_a_joint_makes_no_difference_and_any_other_does():
    assert same_pieces("We act; today", ["We act,", "today"])
    assert same_pieces("We act … today", ["We act.", "today"])
    assert same_pieces("We act today", ["We act –", "today"])
    assert not same_pieces("We act? today", ["We act,", "today"])
    assert not same_pieces("We act, today.", ["We act,", "today"])


@settings(max_examples=200, deadline=None)
@given(st.text("ab", max_size=8), st.integers(0, 40), st.data())
def test_texts_agree_as_far_as_their_characters_do(unit, times, data):
    one = unit * times + data.draw(st.text("abc", max_size=9))
    other = unit * data.draw(st.integers(0, times)) + data.draw(st.text("abc", max_size=9))
    agreed = _agreement(f"-{one}", 1, other, 0)
    assert one[:agreed] == other[:agreed]
    assert agreed in (len(one), len(other)) or one[agreed] != other[agreed]
