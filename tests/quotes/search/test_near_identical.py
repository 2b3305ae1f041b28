"""Near-identical quotes, found by the words they share and compared word by word."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from hypothesis import given
from hypothesis import strategies as st

from quotes.search.near_identical import MIN_SIMILARITY, near_identical, similarity
from quotes.search.word_frequencies import memory
from tests.records import make_quote, make_speaker

SAID = "We had no choice but to close the quay before the winter storms came back"

words = st.lists(st.sampled_from(["we", "had", "no", "choice", "but", "to", "close", "quay"]))


def make_user(group: str):
    user = get_user_model().objects.create_user(group)
    user.groups.add(Group.objects.get(name=group))
    return user


@pytest.fixture
def curator(db):
    return make_user("Curators")


def found(quote, reader, **asked) -> list[str]:
    return [other.text for other, _ in near_identical(quote, reader, **asked)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "other",
    [
        SAID,
        SAID.upper(),
        "“We had no choice – but to close the quay, before the winter storms came back!”",
        "We had no choice but to close the harbour before the winter storms came back",
        "But to close the quay before the winter storms",
        "the winter storms",
        f"In the end, as everybody knew, {SAID}, and nobody was glad of it.",
    ],
)
def test_quotes_with_nearly_the_same_words_find_each_other(curator, other):
    one, two = make_quote(SAID), make_quote(other, speaker=make_speaker())
    make_quote("The ferry will run again before the winter, and nobody will close the bridge")
    assert found(one, curator) == [other]
    assert found(two, curator) == [SAID]


@pytest.mark.django_db
def test_the_most_similar_comes_first_and_the_same_words_score_one(curator):
    quote = make_quote(SAID)
    near = make_quote(SAID.replace("winter", "autumn"))
    same = make_quote(SAID.lower())
    (first, one), (second, less) = near_identical(quote, curator)
    assert (first, second) == (same, near)
    assert one == 1 > less >= MIN_SIMILARITY
    assert found(quote, curator, limit=1) == [same.text]


@pytest.mark.django_db
def test_a_short_quote_finds_the_same_words_only(curator):
    quote = make_quote("No comment")
    make_quote("no comment!")
    make_quote("No choice")
    assert found(quote, curator) == ["no comment!"]


@pytest.mark.django_db
def test_a_reader_is_shown_no_quote_under_review(db, curator):
    quote = make_quote(SAID)
    make_quote(SAID.upper(), status="proposed")
    assert found(quote, make_user("Readers")) == []
    assert found(quote, curator) == [SAID.upper()]


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["…!", "😀", "日本語の引用です"])
def test_a_text_without_words_is_no_error(curator, text):
    quote = make_quote(text)
    make_quote(f"{text} {text}")
    near_identical(quote, curator)


@pytest.mark.django_db
@pytest.mark.parametrize("number", [1, 10])
def test_finding_more_takes_no_more_queries(curator, number, django_assert_num_queries):
    quote = make_quote(SAID)
    for index in range(number):
        make_quote(f"{SAID} {index}")
    memory.known.clear()  # else it may become too old between the two
    near_identical(quote, curator)  # which asks for the weights of these words
    with django_assert_num_queries(5):
        assert len(near_identical(quote, curator, limit=20)) == number


@given(words, words)
def test_similarity_is_between_0_and_1_and_symmetric(one, other):
    assert similarity(one, other) == pytest.approx(similarity(other, one))
    assert 0 <= similarity(one, other) <= 1


@given(words)
def test_the_same_words_have_similarity_1(one):
    assert similarity(one, one) == 1
