"""Quotes by facts about their speakers, as they were when the words were said."""

import pytest

from sources.admin.identifiers import REGISTRIES
from sources.models.facts import SCHEMES
from tests.conftest import API, ok, problem
from tests.records import make_fact, make_quote, make_speaker

pytestmark = pytest.mark.django_db

QUOTES = f"{API}quotes/"


@pytest.fixture
def member():
    """Was in the Harbour Party until June 2019, and in the Reform League since."""
    speaker = make_speaker("Mara Quill", identifiers={"wikidata": "Q42"})
    make_fact(speaker=speaker, value="Harbour Party", start="2010", end="2019-06")
    make_fact(speaker=speaker, value="Reform League", start="2019-06")
    make_fact(speaker=speaker, key="gender", value="female")
    return speaker


def found(client, fact: str, **more) -> set[str]:
    rows = ok(client.get(QUOTES, {"speaker_fact": fact, **more}))["results"]
    return {row["id"] for row in rows}


def ids(*quotes) -> set[str]:
    return {str(quote.pk) for quote in quotes}


def test_a_fact_has_to_hold_when_the_words_were_said_else_printed(reader, member):
    before = make_quote(speaker=member, said="2015", published="2024")
    after = make_quote(speaker=member, published="2024-03-02")
    between = make_quote(speaker=member, said="2019-06-20")
    undated = make_quote(speaker=member)
    assert found(reader, "party:harbour PARTY") == ids(before, between)
    assert found(reader, "party:Reform League") == ids(after, between)
    assert found(reader, "gender:female") == ids(before, after, between, undated)
    assert found(reader, "party:unknown") == ids(undated)


def test_values_of_one_key_are_alternatives_and_each_key_has_to_match(reader, member):
    hers = make_quote(speaker=member, said="2024")
    other = make_fact(key="gender", value="male").speaker
    make_fact(speaker=other, value="Left, Torrigan")
    his = make_quote(speaker=other, said="2024")
    assert found(reader, "gender:male,gender:female") == ids(hers, his)
    assert found(reader, "gender:male,party:Reform League") == set()
    assert found(reader, "party:Left, Torrigan,gender:male") == ids(his)
    assert found(reader, "party:Reform League, party:Left, Torrigan") == ids(hers, his)


def test_unknown_is_without_a_known_value(reader, member):
    looked = make_fact(key="gender", value=None).speaker
    make_quote(speaker=member)
    quotes = [make_quote(speaker=each) for each in (looked, make_speaker("Bo Ek"), None)]
    assert found(reader, "gender:unknown") == ids(*quotes)
    assert found(reader, "gender:Unknown,gender:female", count="true") >= ids(*quotes)


def test_an_identifier_is_asked_for_as_a_fact(reader, member):
    hers, other = make_quote(speaker=member), make_quote(speaker=make_speaker("Q42"))
    assert found(reader, "wikidata:q42") == ids(hers)
    assert found(reader, "viaf:q42") == set()
    assert found(reader, "wikidata:unknown") == ids(other)
    assert {*SCHEMES} == {*REGISTRIES}


@pytest.mark.parametrize(
    "wrong",
    ["party", "party:", ":x", "Party:x", "party:,gender:x", "party: ,", "a:b," * 20 + "a:b"],
)
def test_what_is_no_fact_is_refused(reader, wrong):
    (fault,) = problem(reader.get(QUOTES, {"speaker_fact": wrong}), 400)["errors"]
    assert fault["parameter"] == "speaker_fact"


def test_a_fact_that_is_an_identifier_is_refused(curator):
    body = {"speaker": str(make_speaker().pk), "key": "wikidata", "value": "Q1", "source": "x"}
    (fault,) = problem(curator.post(f"{API}facts/", body), 400)["errors"]
    assert "identifiers" in fault["message"]


# Counts


def facets(client, by: str, **asked) -> dict:
    return ok(client.get(f"{QUOTES}facets/", {"by": by, **asked}))


def test_quotes_are_counted_by_a_fact_as_a_list_with_the_filter_has_them(reader, member):
    make_fact(speaker=member, value="HARBOUR party", start="2015", end="2018")  # said twice
    for said in ("2016", "2019-06", "2024", None):
        make_quote(speaker=member, said=said, kind="partial")
    make_quote()
    answer = facets(reader, "speaker_fact:party,kind,speaker_fact:gender")
    assert answer["total"] == 5
    counted = answer["facets"]["speaker_fact:party"]
    values = {one["value"]: one["count"] for one in counted["values"]}
    assert values == {"Harbour Party": 2, "Reform League": 2}
    assert (counted["other"], counted["unknown"]) == (0, 2)
    for value, number in [*values.items(), ("unknown", 2)]:
        assert len(found(reader, f"party:{value}")) == number
    gender = answer["facets"]["speaker_fact:gender"]
    assert gender == {"values": [{"value": "female", "count": 4}], "other": 0, "unknown": 1}
    assert sum(one["count"] for one in answer["facets"]["kind"]["values"]) == 5


def test_what_is_not_listed_of_a_fact_is_summed_up(reader, member):
    make_quote(speaker=member, said="2016")
    make_quote(speaker=member, said="2019-06")
    counted = facets(reader, "speaker_fact:party", limit=1)
    assert counted["total"] == 2
    (first,) = counted["facets"]["speaker_fact:party"]["values"]
    assert first == {"value": "Harbour Party", "count": 2}
    assert counted["facets"]["speaker_fact:party"]["other"] == 1
    assert facets(reader, "kind", speaker_fact="party:Reform League")["total"] == 1


@pytest.mark.parametrize(
    "wrong", ["speaker_fact:", "speaker_fact:Party", "speaker_fact:wikidata", "speaker_fact:a'b"]
)
def test_a_dimension_that_is_no_fact_is_refused(reader, wrong):
    (fault,) = problem(reader.get(f"{QUOTES}facets/", {"by": wrong}), 400)["errors"]
    assert fault["parameter"] == "by"


def test_a_timeline_is_filtered_by_a_fact_but_not_split(reader, member):
    make_quote(speaker=member, said="2016", published="2016")
    asked = {"speaker_fact": "party:Harbour Party"}
    assert ok(reader.get(f"{QUOTES}timeline/", asked))["total"] == 1
    problem(reader.get(f"{QUOTES}timeline/", {"by": "speaker_fact:party"}), 400)


def test_a_past_time_has_the_facts_of_then(reader, curator, member):
    quote = make_quote(speaker=member, said="2024")
    fact = member.facts.get(key="gender")
    then = quote.updated.isoformat().replace("+00:00", "Z")
    path, match = f"{API}facts/{fact.pk}/", {"headers": {"If-Match": "*"}}
    ok(curator.patch(path, {"value": None}, **match))
    assert found(reader, "gender:female") == set()
    assert found(reader, "gender:female", as_of=then) == ids(quote)
    before = facets(reader, "speaker_fact:gender", as_of=then)["facets"]["speaker_fact:gender"]
    assert before["values"] == [{"value": "female", "count": 1}]
