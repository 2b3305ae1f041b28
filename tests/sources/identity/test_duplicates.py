"""Which speakers, and which organisations, may be one."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sources.identity import duplicates, merging, tasks
from sources.identity.duplicates import (
    count_pairs,
    possible_duplicates_of,
    possible_pairs,
    renew_keys,
    stored_count,
)
from sources.identity.merging import mark_distinct
from sources.identity.surnames import meant_by, surnames_only
from sources.models import Organisation, OrganisationKey, Speaker, SpeakerKey
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


def test_an_alias_that_says_nobody_in_particular_makes_no_pair():
    rob = make_speaker("Rob Jones", aliases=["Mr Jones", "Jones"])
    make_speaker("Ann Jones", aliases=["Jones"])
    assert possible_duplicates_of(rob) == []
    pen = make_speaker("Ann Orr", aliases=["Quill"], identifies=["Quill"])
    other = make_speaker("Bo Ek", aliases=["Quill"], identifies=["Quill"])
    assert possible_duplicates_of(pen) == [other]


def test_a_name_that_is_written_without_spaces_is_not_only_a_surname():
    make_speaker("陈明")
    surname = make_speaker("Jones")
    renew_keys()
    assert set(surnames_only()) == {surname}


def test_a_surname_may_mean_any_full_name_that_has_it_and_is_not_marked_as_distinct():
    rob, ann = make_speaker("Rob Jones"), make_speaker("Ann Jones")
    make_speaker("Jones Quill Ltd", kind="organisation")
    make_speaker("Bo Ek")
    own = make_speaker("Mr Jones", article=make_article())
    known = make_speaker("Jones")
    renew_keys()
    assert set(surnames_only()) == {own, known}
    meant = meant_by([own, known], {})
    assert meant[own.pk] == [rob]
    assert meant[known.pk] == [rob, ann]
    assert meant[own.pk][0].why == "“Mr Jones” has no given name; “Rob Jones” has this surname."
    mark_distinct(own, rob)
    assert meant_by([own], {})[own.pk] == []
    (last,) = meant_by([known], {known.pk: {ann.pk}}, most=1)[known.pk]
    assert (last, last.why.endswith("Both are in one article.")) == (ann, True)
    Speaker.objects.filter(pk=known.pk).update(identifies=["Jones"])
    assert set(surnames_only()) == {own}


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
    with django_assert_num_queries(4):
        possible_duplicates_of(short, limit=50)
    with django_assert_num_queries(6):
        possible_pairs(limit=500)


# Organisations


def bodies() -> list[tuple[str, str]]:
    return [(p.one.name, p.other.name) for p in possible_pairs(limit=99, model=Organisation)]


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("National Quay Agency", "NQA", "“NQA” may be the acronym of “National Quay Agency”."),
        ("Harbour Works Ltd", "Harbour Works", "but for articles, order or legal form."),
        ("Pell University", "University of Pell", "but for articles, order or legal form."),
        ("Quay Werft GmbH", "Die Quay Werft", "but for articles, order or legal form."),
        ("The Harbour Board", "Harbour Board", "Both are called “Harbour Board”."),
        ("National Quay Agency (NQA)", "NQA", "Both are called “NQA”."),
    ],
)
def test_organisations_are_alike_with_a_reason(one, other, why):
    first, second = make_organisation(one), make_organisation(other)
    (found,) = possible_duplicates_of(first)
    assert found == second
    assert why in found.why
    assert bodies() == [(one, other)]
    assert count_pairs(up_to=5, model=Organisation)[0] == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("Harbour Board", "Port Board"), ("National Quay Agency", "NQB"), ("Pell", "Pell University")],
)
def test_other_organisations_are_not_alike(one, other):
    first = make_organisation(one)
    make_organisation(other)
    assert possible_duplicates_of(first) == bodies() == []


def test_an_alias_of_an_organisation_counts():
    one = make_organisation("Quayland Works", aliases=["National Quay Agency"])
    two = make_organisation("NQA")
    assert possible_duplicates_of(two) == [one]


def test_a_part_of_an_organisation_is_no_duplicate_of_it():
    whole = make_organisation("Harbour Works")
    make_organisation("Harbour Works Ltd", parent=whole)
    assert possible_duplicates_of(whole) == bodies() == []


def test_distinct_organisations_are_no_duplicates():
    one, two = make_organisation("Harbour Works Ltd"), make_organisation("Harbour Works")
    merging.mark_distinct(one, two)
    assert possible_duplicates_of(one) == bodies() == []


# Stored keys


def test_lists_only_read():
    one, _ = make_speaker("Rob Jones"), make_speaker("R. Jones")
    with CaptureQueriesContext(connection) as asked:
        assert len(pairs()) == len(others(one)) == 1
    assert not [each["sql"] for each in asked if re.match("INSERT|DELETE|UPDATE", each["sql"])]
    assert not SpeakerKey.objects.exists()


def test_pairs_are_the_same_with_stored_keys_and_without():
    for name in ("A. Quill", "Ada Quill", "R. Jones", "Rob Jones", "Robert Jones", "Ms Quill"):
        make_speaker(name)
    before = pairs()
    renew_keys()
    assert len(before) > 4
    assert pairs() == before
    make_speaker("Bob Jones")
    both = pairs()
    renew_keys()
    assert pairs() == both
    assert len(both) > len(before)


def test_older_records_are_compared_once_their_keys_are_stored(monkeypatch):
    monkeypatch.setattr(duplicates, "MAX_UNKEYED", 1)
    make_speaker("Rob Jones")
    make_speaker("R. Jones")
    assert pairs() == []
    renew_keys()
    assert len(pairs()) == 1


def test_all_keys_are_renewed_in_parts(monkeypatch):
    monkeypatch.setattr(duplicates, "MAX_RENEWED", 2)
    speakers = [make_speaker(f"Rob{'e' * number} Jones") for number in range(5)]
    make_organisation()
    tasks.renew_keys(timestamp=0)
    assert set(SpeakerKey.objects.values_list("record_id", flat=True)) == {s.pk for s in speakers}
    assert OrganisationKey.objects.exists()
    stored = SpeakerKey.objects.values_list("pk", flat=True)
    before = set(stored)
    renew_keys()
    assert set(stored.all()) == before
    speakers[0].name = "Ivo Lund"
    speakers[0].save()
    renew_keys()
    assert not SpeakerKey.objects.filter(record_id=speakers[0].pk, version=1).exists()


# The stored count


def test_the_dashboard_has_the_count_of_the_worker():
    assert stored_count(Speaker) == (0, None)
    make_speaker("Rob Jones")
    two = make_speaker("R. Jones")
    assert stored_count(Speaker) == (1, two.created)  # nobody has counted yet
    tasks.find_pairs(timestamp=0)
    make_speaker("Robert Jones")
    assert stored_count(Speaker) == (1, two.created)
    tasks.find_pairs(timestamp=0)
    assert stored_count(Speaker) == (3, two.created)
    assert stored_count(Organisation) == (0, None)


def test_a_list_reads_the_pairs_that_the_worker_found_and_that_may_still_be_the_same(monkeypatch):
    jones = [make_speaker(name) for name in ("Rob Jones", "R. Jones", "Robert Jones")]
    _, two = make_speaker("Ada Quill"), make_speaker("A. Quill")
    found = possible_pairs(10)
    assert len(found) == 4
    tasks.find_pairs(timestamp=0)
    monkeypatch.setattr("sources.identity.duplicates.READ_AT_A_TIME", 2)
    assert possible_pairs(10) == found
    walked, after = [], None
    while page := possible_pairs(1, after):
        walked += page
        after = page[-1].place
    assert walked == found
    make_speaker("Robbie Jones")
    merging.merge(jones[1], jones[0])
    two.name = "Bo Lund"
    two.save()
    assert [{pair.one, pair.other} for pair in possible_pairs(10)] == [{jones[0], jones[2]}]
    mark_distinct(jones[0], jones[2])
    assert possible_pairs(10) == []
