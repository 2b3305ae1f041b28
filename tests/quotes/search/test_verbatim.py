"""Words of a draft are verbatim only if nothing that they leave out changes what they say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotes.search.verbatim import likeness

words_of_speech = st.lists(
    st.sampled_from(["we", "close", "the", "quay", "boats", "ferry", "today", "ask", "them"]),
    min_size=6,
    max_size=14,
)


@pytest.mark.parametrize(
    ("on_record", "words"),
    [
        ("We will not close the quay.", "We will not close the quay,"),
        ("We will not close the quay.", "we will not close the quay"),
        ("We will not close the quay.", "WE WILL NOT CLOSE THE QUAY"),
        ("We will not close the quay this year.", "We will not close the quay …"),
        ("We will not close the quay this year.", "[…] not close the quay this year"),
        ("We will surely close the quay.", "We will … close the quay"),
        ("We will […] close the quay.", "We will ... close the quay"),
        ("Nobody asked us. The ferry runs.", "The ferry runs"),
        ("No, we will keep the ferry.", "we will keep the ferry"),
        ("We will not close the quay and the ferry runs.", "the ferry runs"),
        ("We wil close the quay.", "We wil [sic] close the quay"),
        ("[W]e close the quay.", "We close the quay"),
        ("Will we close the quay?", "Will we close the quay?"),
        ("We saw 12 boats – 5 of them ours.", "5 of them ours"),
        ("We paid 5, then 6.", "We paid 5"),
        ("C’est l’injustice de la loi.", "injustice de la loi"),
        ("We close the quay.\nThe ferry runs.", "We close the quay. The ferry runs."),
        ("我们不会关闭码头。渡轮照常运行。", "渡轮照常运行"),
    ],
)
def test_words_and_parts_of_what_was_said_are_verbatim(on_record, words):
    assert likeness(words, on_record).is_verbatim


@pytest.mark.parametrize(
    ("on_record", "words"),
    [
        ("She was able to do it alone.", "he was able to do it alone"),
        ("It was unsafe to close the quay.", "safe to close the quay"),
        ("A non-violent protest is fine.", "violent protest is fine"),
        ("我们不会关闭码头", "会关闭码头"),
        ("港は安全ではありませんでした", "港は安全で"),
    ],
    ids=["a pronoun", "a prefix", "a hyphen", "Chinese", "Japanese"],
)
def test_words_are_not_cut_in_two(on_record, words):
    assert not likeness(words, on_record).is_verbatim


@pytest.mark.parametrize(
    ("on_record", "words"),
    [
        ("We are 1.5 million pounds short.", "5 million pounds short"),
        ("We are 1,500 pounds short.", "500 pounds short"),
        ("We are 12 000 pounds short.", "000 pounds short"),
        ("It was -5 degrees on the quay.", "5 degrees on the quay"),
        ("We sold 3-4 boats last year.", "4 boats last year"),
        ("It cost $500 to build the quay.", "500 to build the quay"),
        ("We lost 12 million boats.", "We lost 12"),
        ("We pay 5 % of it.", "We pay 5"),
        ("We pay £5m of it.", "We pay £5"),
        ("We pay 5 € of it.", "We pay 5"),
    ],
)
def test_a_part_of_a_number_is_another_number(on_record, words):
    assert not likeness(words, on_record).is_verbatim


@pytest.mark.parametrize(
    ("on_record", "words", "left_out"),
    [
        (
            "Nobody in this government has ever once said the harbour was safe.",
            "the harbour was safe",
            "Nobody in this government has ever once said",
        ),
        (
            "I do not believe, to be frank, that the harbour was safe.",
            "the harbour was safe",
            "not believe, to be frank, that",
        ),
        ("I deny that the harbour was safe.", "the harbour was safe", "deny that"),
        (
            "Ich glaube nicht, dass der Hafen sicher war.",
            "der Hafen sicher war",
            "nicht, dass",
        ),
        (
            "Wir schließen den Kai in diesem Jahr nicht.",
            "Wir schließen den Kai",
            "in diesem Jahr nicht",
        ),
        ("We close the quay only if nobody objects.", "We close the quay", "only if"),
        ("We will not close the quay.", "We will … close the quay", "not"),
        (
            "We will not close it. We will never close it.",
            "We will … close it",
            "not",
        ),
        ("We close the quay ... not!", "We close the quay", "not"),
        ("Unless they pay, we close the quay.", "we close the quay", "Unless they pay,"),
        ("Je n’ai pas fermé le quai.", "ai pas fermé le quai", "n’"),
        ("You will close the quay?", "You will close the quay", "?"),
    ],
)
def test_what_changes_the_meaning_may_not_be_left_out(on_record, words, left_out):
    found = likeness(words, on_record)
    assert not found.is_verbatim
    assert found.difference == [{"op": "insert", "expected": "", "found": left_out}]
    assert 0.75 <= found.score < 1


def test_words_of_several_quotations_inside_are_not_joined():
    on_record = "They said “we will”, but not “close the quay in the harbour”."
    assert not likeness("we will close the quay in the harbour", on_record).is_verbatim


@given(said=words_of_speech, at=st.integers(1, 5), word=st.sampled_from(["not", "never", "12"]))
def test_a_word_that_changes_the_meaning_is_never_overlooked(said, at, word):
    changed = " ".join([*said[:at], word, *said[at:]])
    assert likeness(" ".join(said), " ".join(said)).is_verbatim
    assert not likeness(" ".join(said), changed).is_verbatim
    assert not likeness(changed, " ".join(said)).is_verbatim


@given(said=words_of_speech, start=st.integers(0, 8), length=st.integers(3, 9))
def test_words_that_follow_each_other_are_verbatim(said, start, length):
    part = " ".join(said[start : start + length] or said)
    assert likeness(part, " ".join(said)).is_verbatim
