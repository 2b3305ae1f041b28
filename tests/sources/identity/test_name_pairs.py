"""200 pairs of names in the languages of the archive: who is joined, and who is proposed."""

from pathlib import Path

import pytest

from sources.identity.agreement import words_of
from sources.identity.likeness import keys_of, likeness
from sources.identity.names import NameKind, parse
from sources.models import Organisation, Speaker

LEAST_FOUND = 0.95

SIGNS = (" = ", " / ", " ? ")


def pairs() -> list[tuple[str, str, str]]:
    lines = (Path(__file__).parent / "name_pairs.txt").read_text("utf-8").splitlines()
    told = [line for line in lines if line.strip() and not line.startswith("#")]
    found = []
    for line in told:
        (sign,) = (sign for sign in SIGNS if sign in line)
        one, other = line.split(sign)
        found.append((one, sign.strip(), other))
    return found


def joined() -> set[tuple[str, str]]:
    """The pairs that filing takes for one in two articles, where nothing contradicts."""
    told = pairs()
    names = {name for one, _, other in told for name in (one, other)}
    speakers, bodies = Speaker.keys_of(names), Organisation.keys_of(names)
    found = set()
    for one, _, other in told:
        read = parse(one), parse(other)
        both_bodies = all(each.kind == NameKind.BODY for each in read)
        keys = bodies if both_bodies else speakers
        if all(each.identifies for each in read) and keys[one] == keys[other]:
            found.add((one, other))
    return found


def proposed(one: str, other: str) -> bool:
    mine, theirs = keys_of(one), keys_of(other)
    surname = {f"s {key[2:]}" for key in theirs | mine if key.startswith("z ")}
    meet = {key for key in mine & theirs if key[0] != "z"} or (mine | theirs) & surname
    return bool(meet) and likeness(one, other) is not None


def test_the_table_has_200_pairs_of_every_sort():
    told = pairs()
    assert len(told) >= 200
    assert {sign for _, sign, _ in told} == {"=", "/", "?"}
    assert len({(one, other) for one, _, other in told}) == len(told)


@pytest.mark.django_db
def test_filing_joins_no_two_people_nor_any_of_whom_nobody_can_tell():
    wrong = joined() & {(one, other) for one, sign, other in pairs() if sign != "="}
    assert wrong == set()


@pytest.mark.django_db
def test_nearly_all_doubles_are_joined_or_proposed_with_a_reason():
    doubles = [(one, other) for one, sign, other in pairs() if sign == "="]
    known = joined()
    missed = [pair for pair in doubles if pair not in known and not proposed(*pair)]
    assert len(missed) <= (1 - LEAST_FOUND) * len(doubles), missed


def test_reasons_are_sentences_that_name_both():
    for one, _, other in pairs():
        if why := likeness(one, other):
            assert why.endswith(".")
            assert f"“{one}”" in why
            assert f"“{other}”" in why


def test_words_of_bodies_leave_out_articles_and_legal_forms():
    assert words_of("The Harbour Works Ltd") == words_of("Harbour Works") == {"harbour", "works"}
