"""Which speakers may be one."""

import pytest

from sources.identity import merging
from sources.identity.duplicates import count_pairs, possible_duplicates_of, possible_pairs
from tests.records import make_article, make_organisation, make_speaker

pytestmark = pytest.mark.django_db


def others(speaker) -> list[str]:
    return [one.name for one in possible_duplicates_of(speaker)]


def pairs(**asked) -> list[tuple[str, str]]:
    return [(pair.one.name, pair.other.name) for pair in possible_pairs(limit=50, **asked)]


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Rob Jones", "rob JONES"),
        ("R. Jones", "Rob Jones"),
        ("Rob Jones", "Robert Jones"),
        ("Dr Željka Škorić", "Z. Skoric"),
        ("Robert Jones", "Robert F. Jones"),
        ("Rob F. Jones", "Robert Jones"),
        ("Sir Rob Jones MP", "Rob Jones"),
        ("Conan O’Dell", "C. O'Dell"),
        ("Mr Jones", "Rob Jones"),
        ("Ms Nandakumar", "Priya Nandakumar"),
        ("Kovácsy Anna", "Anna Kovácsy"),
        ("Дмитро Фірташук", "Dmitri Firtachuk"),
        ("Groessmann, Ute", "Ute Größmann"),
        ("Bob Frenner", "Robert Frenner"),
        ("Ana de la Vega", "Ana De la Vega Ruiz"),
        ("Mara Lund (née Quill)", "Mara Quill"),
    ],
)
def test_similar_names_are_possible_duplicates(name, other):
    one, two = make_speaker(name), make_speaker(other)
    assert others(one) == [other]
    assert others(two) == [name]
    assert pairs() == [(name, other)]
    assert count_pairs(up_to=10) == (1, two.created)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Rachel Jones", "Rob Jones"),
        ("Mr Jones", "Mara Jones"),
        ("Mr Jones", "Mrs Jones"),
        ("John F. Kennedy", "John R. Kennedy"),
        ("Rob Jones Jr", "Rob Jones Sr"),
        ("R. Jones", "R. Johnson"),
    ],
)
def test_different_names_are_no_duplicates(name, other):
    one, two = make_speaker(name), make_speaker(other)
    assert others(one) == others(two) == pairs() == []
    assert count_pairs(up_to=10) == (0, None)


def test_a_shared_alias_is_named_as_the_reason():
    one = make_speaker("Mara Quill", aliases=["The Quay Queen"])
    two = make_speaker("M. Q. Lund", aliases=["the quay queen"])
    assert possible_duplicates_of(one)[0].why == "Both are called “The Quay Queen”."
    (pair,) = possible_pairs(limit=5)
    assert (pair.one, pair.other) == (one, two)
    assert pair.why == "Both are called “The Quay Queen”."


def test_a_short_name_is_named_as_the_reason():
    make_speaker("Rob Jones")
    short = make_speaker("R. Jones")
    why = "“R. Jones” may stand for “Rob Jones”, by its initial."
    assert possible_duplicates_of(short)[0].why == why
    assert possible_pairs(limit=5)[0].why == why


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("National Quay Agency", "NQA"),
        ("Harbour Works Ltd", "The Harbour Works"),
        ("Pell University", "University of Pell"),
    ],
)
def test_organisations_are_alike_by_acronym_article_and_legal_form(one, other):
    first, second = (make_speaker(name, kind="organisation") for name in (one, other))
    assert others(first) == [other]
    assert others(second) == [one]


def test_a_speaker_of_one_article_alone_is_no_duplicate():
    make_speaker("Rob Jones")
    make_speaker("R. Jones", article=make_article())
    assert pairs() == []


def test_the_keys_of_a_renamed_speaker_are_made_anew():
    one, _ = make_speaker("Mara Quill"), make_speaker("M. Quill")
    assert len(pairs()) == 1
    one.name = "Ivo Lund"
    one.save()
    assert pairs() == []


def test_a_name_of_any_length_and_script_fits_the_index():
    letters = "".join(chr(0x10000 + 7 * number % 9_000) for number in range(500))
    assert others(make_speaker(f"{letters[:249]} {letters[250:]}")) == []
    make_speaker(letters, kind="collective", aliases=[letters[::-1]])


def test_initials_match_only_for_persons():
    make_speaker("Harbour Board", kind="organisation")
    make_speaker("H. Board", kind="organisation")
    make_speaker("Harbour Board", kind="collective")
    assert pairs() == []


def test_spokespersons_of_two_organisations_are_no_duplicates():
    tied = {"kind": "unnamed", "organisation": make_organisation("Port")}
    one = make_speaker("a spokesperson", **tied)
    make_speaker("a spokesperson", kind="unnamed", organisation=make_organisation("Quay"))
    assert others(one) == pairs() == []
    make_speaker("a spokesperson", kind="unnamed")
    assert len(pairs()) == 2


def test_a_merged_speaker_is_no_duplicate():
    one, two = make_speaker("R. Jones"), make_speaker("Rob Jones")
    merging.merge(one, two)
    one.refresh_from_db()
    two.refresh_from_db()
    assert others(one) == others(two) == pairs() == []


def test_distinct_speakers_are_no_duplicates_even_after_a_merge():
    one, two = make_speaker("R. Jones"), make_speaker("Rob Jones")
    merging.mark_distinct(one, two)
    assert others(one) == others(two) == pairs() == []
    three = make_speaker("Robert Jones")
    assert pairs() == [("R. Jones", "Robert Jones"), ("Rob Jones", "Robert Jones")]
    merging.merge(two, three)
    assert others(one) == pairs() == []


def test_pairs_are_listed_page_by_page():
    for name in ("A. Quill", "Ada Quill", "R. Jones", "Rob Jones", "Robert Jones"):
        make_speaker(name)
    listed, after = [], None
    while page := possible_pairs(limit=1, after=after):
        listed += [(pair.one.name, pair.other.name) for pair in page]
        after = page[-1].place
    assert listed == pairs()
    assert len(listed) == 4
    assert count_pairs(up_to=3)[0] == 3


@pytest.mark.parametrize("speakers", [1, 20])
def test_any_number_of_duplicates_costs_the_same_queries(speakers, django_assert_num_queries):
    for number in range(speakers):
        make_speaker(f"Rob{'e' * number} Jones")
    short = make_speaker("R. Jones")
    with django_assert_num_queries(8):  # five of them make the keys of new speakers
        possible_duplicates_of(short, limit=50)
    with django_assert_num_queries(5):
        possible_pairs(limit=500)
