"""Facts about speakers: entered with a source, never guessed, shown as they were."""

import pytest

from sources.identity import merging
from sources.models import Fact, Speaker
from tests.conftest import API, fresh, ok, problem
from tests.records import make_fact, make_speaker

pytestmark = pytest.mark.django_db

FACTS = f"{API}facts/"
ANY = {"headers": {"If-Match": "*"}}


def body(speaker: Speaker, **values) -> dict:
    said = {"key": "party", "value": "Harbour Party", "source": "Her own page"}
    return {"speaker": str(speaker.pk), **said, **values}


def message(response, pointer: str = "") -> str:
    (fault,) = problem(response, 400)["errors"]
    assert fault["pointer"] == pointer
    return fault["message"]


def test_a_fact_has_key_value_source_and_partial_dates(curator, reader):
    speaker = make_speaker()
    made = ok(curator.post(FACTS, body(speaker, **{"from": "2019", "to": "2021-02"})), 201)
    assert made["speaker"] == {"id": str(speaker.pk), "name": "Mara Quill", "kind": "person"}
    assert [made[name] for name in ("key", "value", "from", "to")] == [
        *("party", "Harbour Party"),
        *("2019", "2021-02"),
    ]
    assert ok(reader.get(f"{FACTS}{made['id']}/")) == made


def test_a_value_may_be_known_to_be_unknown(curator, reader):
    speaker = make_speaker()
    made = ok(curator.post(FACTS, body(speaker, key="gender", value=None)), 201)
    assert made["value"] is None
    (found,) = ok(reader.get(FACTS, {"value": "unknown"}))["results"]
    assert found["id"] == made["id"]


@pytest.mark.parametrize(
    ("wrong", "pointer", "said"),
    [
        ({"value": " Unknown "}, "", "leave it empty (null)"),
        ({"value": "\u2003"}, "/value", "blank"),
        ({"source": ""}, "/source", "blank"),
        ({"key": "Party"}, "", "lower-case"),
        ({"key": "a-b"}, "", "lower-case"),
        ({"from": "2021", "to": "2019"}, "", "before it begins"),
        ({"value": 7}, "/value", "valid string"),
    ],
)
def test_a_fact_that_breaks_a_rule_is_refused_with_the_remedy(curator, wrong, pointer, said):
    refused = curator.post(FACTS, body(make_speaker(), **wrong))
    assert said in message(refused, pointer)
    assert not Fact.objects.exists()


def test_a_fact_needs_a_value_or_null_and_a_source(curator):
    said = body(make_speaker())
    for name in ("value", "source", "key", "speaker"):
        less = {key: value for key, value in said.items() if key != name}
        assert "required" in message(curator.post(FACTS, less), f"/{name}")


def test_the_same_fact_is_refused_with_the_id_of_the_first(curator):
    held = make_fact(start="2019")
    again = body(held.speaker, value="HARBOUR  party", **{"from": "2019"})
    assert str(held.pk) in message(curator.post(FACTS, again))
    ok(curator.post(FACTS, body(held.speaker, **{"from": "2020"})), 201)


def test_facts_are_found_by_speaker_key_value_and_day(reader):
    first = make_fact(start="2015", end="2019-06")
    second = make_fact(speaker=first.speaker, value="Reform, Torrigan", start="2019-06")
    other = make_fact(key="gender", value="female")

    def found(**asked) -> set[str]:
        return {row["id"] for row in ok(reader.get(FACTS, asked))["results"]}

    assert found(key="party") == {str(first.pk), str(second.pk)}
    assert found(speaker=str(other.speaker_id)) == {str(other.pk)}
    assert found(value="réform, TORRIGAN") == {str(second.pk)}
    assert found(key="party", on="2018") == {str(first.pk)}
    assert found(key="party", on="2019-06-20") == {str(first.pk), str(second.pk)}
    assert found(on="2010") == {str(other.pk)}


def test_a_changed_fact_is_shown_as_it_was(curator, reader):
    held = make_fact(value="Harbour Party")
    then = held.created.isoformat().replace("+00:00", "Z")
    place = f"{FACTS}{held.pk}/"
    ok(curator.patch(place, {"value": "Reform", "to": "2024"}, **ANY))
    assert ok(reader.get(place))["value"] == "Reform"
    assert ok(reader.get(place, {"as_of": then}))["value"] == "Harbour Party"
    latest = ok(reader.get(f"{place}revisions/"))["results"][0]
    assert {"field": "to", "before": None, "after": "2024"} in latest["changes"]


def test_a_merge_moves_facts_and_its_undo_moves_them_back(curator):
    one, other = make_speaker("M. Quill"), make_speaker("Mara Quill")
    held = make_fact(speaker=one)
    merging.merge(one, other)
    assert fresh(held).speaker_id == other.pk
    later = make_fact(speaker=one, key="gender", value="female")
    assert later.speaker_id == one.pk
    assert fresh(later).speaker_id == other.pk  # a trigger follows the merge
    merging.unmerge(fresh(one))
    assert fresh(held).speaker_id == one.pk
