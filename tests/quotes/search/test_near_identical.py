"""Near-identical quotes, found by what they share and compared word by word."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from hypothesis import given
from hypothesis import strategies as st

from quotes.search.near_identical import LEAST, alike, near_identical
from tests.records import make_quote, make_speaker

SAID = "We had no choice but to close the quay before the winter storms came back"

words = st.lists(st.sampled_from(["we", "had", "no", "choice", "but", "to", "close", "quay"]))


def make_user(group: str):
    user = get_user_model().objects.create_user(group)
    user.groups.add(Group.objects.get(name=group))
    return user


@pytest.fixture
def curator(groups):
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
def test_words_that_are_nearly_the_same_are_found_both_ways(curator, other):
    one, two = make_quote(SAID), make_quote(other, speaker=make_speaker())
    make_quote("The ferry will run again before the winter, and nobody will close the bridge")
    assert found(one, curator) == [other]
    assert found(two, curator) == [SAID]


@pytest.mark.django_db
def test_the_likest_comes_first_and_the_same_words_score_one(curator):
    quote = make_quote(SAID)
    near = make_quote(SAID.replace("winter", "autumn"))
    same = make_quote(SAID.lower())
    (first, one), (second, less) = near_identical(quote, curator)
    assert (first, second) == (same, near)
    assert one == 1 > less >= LEAST
    assert found(quote, curator, limit=1) == [same.text]


@pytest.mark.django_db
def test_short_quotes_are_found_by_their_very_words(curator):
    quote = make_quote("No comment")
    make_quote("no comment!")
    make_quote("No choice")
    assert found(quote, curator) == ["no comment!"]


@pytest.mark.django_db
def test_a_reader_is_shown_no_quote_under_review(groups, curator):
    quote = make_quote(SAID)
    make_quote(SAID.upper(), status="proposed")
    assert found(quote, make_user("Readers")) == []
    assert found(quote, curator) == [SAID.upper()]


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["…!", "😀", "日本語の引用です"])
def test_text_without_words_is_no_error(curator, text):
    quote = make_quote(text)
    make_quote(f"{text} {text}")
    near_identical(quote, curator)


@pytest.mark.django_db
@pytest.mark.parametrize("number", [1, 10])
def test_as_many_queries_however_many_are_found(curator, number, django_assert_num_queries):
    quote = make_quote(SAID)
    for index in range(number):
        make_quote(f"{SAID} {index}")
    curator.has_perm("quotes.review_quote")
    with django_assert_num_queries(4):
        assert len(near_identical(quote, curator, limit=20)) == number


@given(words, words)
def test_likeness_is_a_share_and_the_same_both_ways(one, other):
    assert alike(one, other) == pytest.approx(alike(other, one))
    assert 0 <= alike(one, other) <= 1


@given(words)
def test_the_same_words_are_wholly_alike(one):
    assert alike(one, one) == 1
