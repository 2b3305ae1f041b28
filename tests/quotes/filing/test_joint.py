"""Joint statements: only a list of speakers is one, and each of them is found by it."""

import pytest

from sources.models import Speaker
from tests.conftest import API, make_filing, ok, problem

pytestmark = pytest.mark.django_db

WORDS = "We had no choice,"
BOTH = ["Ada Lund", "Ben Orr"]


def file(client, *quotes, status=201, **article) -> list[dict]:
    filed = [{"text": WORDS, "status": "published", **quote} for quote in quotes]
    answer = client.post(f"{API}articles/", make_filing(quotes=filed, **article))
    return ok(answer, status)["quotes"]


def found(client, **asked) -> list[str]:
    return [quote["id"] for quote in ok(client.get(f"{API}quotes/", asked))["results"]]


def test_a_list_of_speakers_is_their_collective_and_found_by_each(curator):
    (quote,) = file(curator, {"speaker": BOTH})
    assert quote["speaker"]["name"] == "Ada Lund and Ben Orr"
    assert quote["speaker"]["kind"] == "collective"
    assert quote["filing"]["speaker"] == "made"
    collective = ok(curator.get(f"{API}speakers/{quote['speaker']['id']}/"))
    assert [member["name"] for member in collective["members"]] == BOTH
    for member in collective["members"]:
        assert found(curator, speaker=member["id"]) == [quote["id"]]
        assert found(curator, speaker_name=member["name"]) == [quote["id"]]
        assert found(curator, speaker=member["id"]) == [quote["id"]]  # by the prepared list
    counted = ok(curator.get(f"{API}quotes/facets/", {"by": "speaker"}))
    assert [v["count"] for v in counted["facets"]["speaker"]["values"]] == [1]


def test_the_same_list_again_is_the_same_collective_in_any_order(curator):
    (first,) = file(curator, {"speaker": BOTH})
    (again,) = file(curator, {"speaker": BOTH}, status=200)
    assert again["filing"]["outcome"] == "unchanged"
    (other,) = file(curator, {"speaker": BOTH[::-1]}, url="https://a.example/2")
    assert other["speaker"]["id"] == first["speaker"]["id"]
    assert other["filing"]["speaker"] == "matched"
    assert Speaker.objects.count() == 3


def test_a_joint_statement_without_a_text_is_recognised_again(curator):
    (first,) = file(curator, {"speaker": BOTH}, text=None)
    (again,) = file(curator, {"speaker": BOTH}, text=None, status=200)
    assert (again["id"], again["filing"]["outcome"]) == (first["id"], "unchanged")


def test_members_are_known_speakers_by_id_and_name(curator):
    known = ok(curator.post(f"{API}speakers/", {"name": "Ada Lund", "kind": "person"}), 201)
    (quote,) = file(curator, {"speaker": [known["id"], "Ben Orr"]})
    collective = ok(curator.get(f"{API}speakers/{quote['speaker']['id']}/"))
    assert collective["members"][0]["id"] == known["id"]
    (again,) = file(curator, {"speaker": BOTH}, url="https://a.example/2")
    assert again["speaker"]["id"] == collective["id"]


def test_merging_a_member_keeps_the_collective(curator):
    (quote,) = file(curator, {"speaker": BOTH})
    ada = Speaker.objects.get(name="Ada Lund")
    full = ok(curator.post(f"{API}speakers/", {"name": "Ada K. Lund", "kind": "person"}), 201)
    merge = {"into": full["id"]}
    ok(curator.post(f"{API}speakers/{ada.pk}/merge/", merge, headers={"If-Match": "*"}))
    collective = ok(curator.get(f"{API}speakers/{quote['speaker']['id']}/"))
    assert collective["members"][0]["id"] == full["id"]
    assert found(curator, speaker=full["id"]) == [quote["id"]]
    (again,) = file(curator, {"speaker": [full["id"], "Ben Orr"]}, url="https://a.example/2")
    assert again["speaker"]["id"] == collective["id"]


def test_two_speakers_filed_one_by_one_at_one_place_are_refused_with_advice(curator):
    quotes = [{"text": WORDS, "speaker": name} for name in BOTH]
    refused = problem(curator.post(f"{API}articles/", make_filing(quotes=quotes)), 400)
    assert "send one quote with a list of speakers" in refused["errors"][0]["message"]


def test_a_name_with_and_stays_a_name(curator):
    (joint,) = file(curator, {"speaker": BOTH})
    (named,) = file(curator, {"speaker": "Ada Lund and Ben Orr"}, url="https://a.example/2")
    assert named["speaker"]["id"] != joint["speaker"]["id"]
    single = ok(curator.get(f"{API}speakers/{named['speaker']['id']}/"))
    assert single["members"] == []


@pytest.mark.parametrize("speaker", [[], ["Ada Lund"], ["Ada Lund", "Ada Lund"], ["A", ""], [1, 2]])
def test_a_list_that_is_no_joint_statement_is_refused(curator, speaker):
    quotes = [{"text": WORDS, "speaker": speaker}]
    problem(curator.post(f"{API}articles/", make_filing(quotes=quotes)), 400)
