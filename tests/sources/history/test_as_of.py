"""The past of speakers, organisations, outlets, articles and affiliations."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sources.dates import PartialDate
from sources.identity import merging
from sources.ledger.actor import audit_context
from sources.models import Affiliation, Article, Fact, Organisation, Outlet, Revision, Speaker
from sources.models.visibility import as_proposed
from tests.conftest import API, fresh, ok, problem, sql
from tests.records import (
    make_affiliation,
    make_article,
    make_organisation,
    make_outlet,
    make_speaker,
)

pytestmark = pytest.mark.django_db


def make_each() -> dict:
    """A record of each kind, with all that it refers to."""
    board = make_organisation(parent=make_organisation("Ministry"))
    crew = make_speaker("Harbour crew", kind="collective", organisation=board)
    held = make_affiliation(organisation=board, start=PartialDate(2020), end=PartialDate(2024, 2))
    article = make_article("Words.", outlet=make_outlet(), published="2026-02", headline="Quay")
    return {
        "organisations": board,
        "speakers": crew,
        "affiliations": held,
        "outlets": article.outlet,
        "articles": article,
    }


def rename(*records) -> None:
    for record in records:
        type(record).objects.filter(pk=record.pk).update(name=f"New {record.name}")


def test_each_record_is_shown_as_of_a_time_with_its_references(reader):
    records = make_each()
    paths = {name: f"{API}{name}/{record.pk}/" for name, record in records.items()}
    before = {name: ok(reader.get(path)) for name, path in paths.items()}
    at = timezone.now().isoformat()
    rename(
        *(records[name] for name in ("organisations", "speakers", "outlets")),
        records["organisations"].parent,
        records["affiliations"].speaker,
    )
    Affiliation.objects.update(role="clerk", end=None)
    Article.objects.update(headline="Pier", published=None, snapshot=None)
    for name, path in paths.items():
        assert ok(reader.get(path)) != before[name]
        assert ok(reader.get(path, {"as_of": at})) == before[name]
        assert ok(reader.get(path, {"as_of": before[name]["updated"]})) == before[name]


def test_each_list_is_shown_as_of_a_time(reader):
    records, at_first = make_each(), timezone.now() - timedelta(days=1)
    records["facts"] = Fact.objects.create(
        speaker=records["affiliations"].speaker, key="party", value="Reform", source="Her site"
    )
    before = {name: ok(reader.get(f"{API}{name}/"))["results"] for name in records}
    at = timezone.now().isoformat()
    rename(
        *(records[name] for name in ("organisations", "speakers", "outlets")),
        records["organisations"].parent,
        records["affiliations"].speaker,
    )
    Affiliation.objects.update(role="clerk", end=None)
    Article.objects.update(headline="Pier", published=None, snapshot=None)
    Fact.objects.update(value="Union")
    merging.merge(make_outlet("Quay Post"), records["outlets"])
    for name in records:
        path = f"{API}{name}/"
        assert ok(reader.get(path))["results"] != before[name]
        assert ok(reader.get(path, {"as_of": at}))["results"] == before[name] != []
        assert ok(reader.get(path, {"as_of": at_first.isoformat()}))["results"] == []


def test_a_list_of_the_past_shows_readers_what_they_saw_then(reader, curator):
    with as_proposed():
        speaker = make_speaker("Umbra")
    at = timezone.now().isoformat()
    Speaker.objects.filter(pk=speaker.pk).update(name="Quillon Umbra")
    assert len(ok(reader.get(f"{API}speakers/"))["results"]) == 1
    assert ok(reader.get(f"{API}speakers/", {"as_of": at}))["results"] == []
    (then,) = ok(curator.get(f"{API}speakers/", {"as_of": at}))["results"]
    assert then["name"] == "Umbra"


@pytest.mark.parametrize("name", ["speakers", "organisations", "outlets"])
def test_names_are_not_searched_in_the_past(reader, name):
    refused = problem(reader.get(f"{API}{name}/", {"as_of": "2026-01-01", "q": "quay"}), 400)
    (error,) = refused["errors"]
    assert error["parameter"] == "as_of"
    assert error["message"] == "Cannot be combined with q: names are searched as they are now."
    (error,) = problem(reader.get(f"{API}{name}/", {"as_of": "2999"}), 400)["errors"]
    assert error["parameter"] == "as_of"


def test_curators_see_who_changed_a_record_and_readers_only_what(curator, reader):
    with audit_context(channel="api", actor="ada", request="r-1", reason="Married."):
        speaker = make_speaker("Ann")
        Speaker.objects.filter(pk=speaker.pk).update(name="Ann Ek")
    path = f"{API}speakers/{speaker.pk}/revisions/"
    known = ok(curator.get(path))["results"]
    public = ok(reader.get(path))["results"]
    assert [one["actor"] for one in known] == ["ada", "ada"]
    assert known[0]["reason"] == "Married."
    secret = {"actor": None, "channel": None, "request": None, "reason": None}
    assert public == [one | secret for one in known]
    assert public[0]["verb"] == "updated"
    assert public[0]["changes"] == [
        {"field": "aliases", "before": [], "after": ["Ann"]},
        {"field": "name", "before": "Ann", "after": "Ann Ek"},
    ]


def test_changes_name_fields_as_the_api_does(curator):
    records = make_each()
    other = make_organisation("Port Authority")
    Organisation.objects.filter(pk=records["organisations"].pk).update(
        merged_into=other, distinct_from=[other.pk], identifiers={"wikidata": "Q1"}
    )
    Affiliation.objects.update(start=PartialDate(2021, 3, 4), end=None)
    day, time = PartialDate(2026, 2, 11), "2026-02-11T09:30:00+01:00"
    Article.objects.update(outlet=None, published=day, published_at=time)

    def changes(name: str) -> dict:
        newest = ok(curator.get(f"{API}{name}/{records[name].pk}/revisions/"))["results"][0]
        return {c["field"]: (c["before"], c["after"]) for c in newest["changes"]}

    merged = {"id": str(other.pk), "name": "Port Authority"}
    assert changes("organisations") == {
        "distinct_from": ([], [str(other.pk)]),
        "identifiers": ({}, {"wikidata": "Q1"}),
        "merged_into": (None, merged),
    }
    assert changes("affiliations") == {"from": ("2020", "2021-03-04"), "to": ("2024-02", None)}
    outlet = {"id": str(records["outlets"].pk), "name": "The Harbour Post"}
    assert changes("articles") == {
        "outlet": (outlet, None),
        "published": ("2026-02", "2026-02-11"),
        "published_at": (None, "2026-02-11T08:30:00Z"),
    }


def test_a_merged_record_is_shown_as_of_before_the_merge(reader):
    one, other = make_outlet("Post"), make_outlet("The Post")
    at = timezone.now()
    Outlet.objects.filter(pk=one.pk).update(merged_into=other, name="Post (old)")
    shown = ok(reader.get(f"{API}outlets/{one.pk}/", {"as_of": at.isoformat()}))
    assert shown["name"] == "Post"


def test_a_reference_created_later_is_embedded_as_first_created(reader):
    organisation = make_organisation("Board")
    speaker = make_speaker("Crew", kind="collective")
    at = Revision.objects.get(subject_id=speaker.pk).time
    # The ledger of the organisation begins later, as it does of one that is older than the ledger.
    sql("SET LOCAL session_replication_role = replica")  # no triggers
    sql(
        "UPDATE sources_revision SET time = time + interval '1 s' WHERE subject_id = %s",
        [organisation.pk],
    )
    sql(
        "UPDATE sources_revision SET state = state || jsonb_build_object('organisation_id', %s)"
        " WHERE subject_id = %s",
        [str(organisation.pk), speaker.pk],
    )
    sql("SET LOCAL session_replication_role = origin")
    shown = ok(reader.get(f"{API}speakers/{speaker.pk}/", {"as_of": at.isoformat()}))
    assert shown["organisation"] == {"id": str(organisation.pk), "name": "Board"}
    problem(reader.get(f"{API}organisations/{organisation.pk}/", {"as_of": at.isoformat()}), 404)


def test_an_unknown_record_has_no_history(reader):
    absent = f"{API}speakers/00000000-0000-7000-8000-000000000000/"
    problem(reader.get(absent, {"as_of": "2020-01-01"}), 404)
    problem(reader.get(f"{absent}revisions/"), 404)
    outlet = make_outlet()
    problem(reader.get(f"{API}speakers/{outlet.pk}/revisions/"), 404)


def test_a_change_counts_from_its_exact_time(reader):
    speaker = make_speaker("Ann")
    rename(speaker)
    path, changed = f"{API}speakers/{speaker.pk}/", Revision.objects.get(version=2).time
    before = (changed - timedelta(microseconds=1)).isoformat()
    assert ok(reader.get(path, {"as_of": before}))["name"] == "Ann"
    assert ok(reader.get(path, {"as_of": changed.isoformat()}))["name"] == "New Ann"


def test_a_past_state_costs_the_same_queries_however_long_the_history(reader):
    records, at = make_each(), timezone.now().isoformat()
    expected = {"organisations": 4, "speakers": 4, "affiliations": 4, "outlets": 3, "articles": 4}

    def costs() -> dict[str, int]:
        found = {}
        for name, record in records.items():
            with CaptureQueriesContext(connection) as captured:
                ok(reader.get(f"{API}{name}/{record.pk}/", {"as_of": at}))
            found[name] = len(captured)
        return found

    ok(reader.get(f"{API}outlets/"))
    assert costs() == expected
    for index in range(10):
        Speaker.objects.update(kind="collective", identifiers={"a": str(index)})
        Article.objects.update(headline=f"Headline {index}")
        Affiliation.objects.update(role=f"role {index}")
    assert costs() == expected


def test_a_merged_id_leads_as_of_a_time_to_the_record_it_was_merged_into_then(reader):
    one, other = make_speaker("Ann"), make_speaker("Ann Ek")
    merging.merge(one, other)
    one.refresh_from_db()
    between = one.updated
    third = make_speaker("Anna Ek")
    other.refresh_from_db()
    merging.merge(other, third)
    path = f"{API}speakers/{one.pk}/"
    now = reader.get(path)
    then = reader.get(path, {"as_of": between.isoformat()})
    assert [answer.status_code for answer in (now, then)] == [301, 301]
    assert [answer.json()["merged_into"] for answer in (now, then)] == [
        str(third.pk),
        str(other.pk),
    ]
    assert ok(reader.get(then["Location"]))["id"] == str(other.pk)


def test_marks_of_merged_records_count_as_of_a_time(reader):
    """Also through two merges, and one of them was undone since."""
    one, other, third, apart = (make_speaker(f"Ann {n}") for n in range(4))
    merging.mark_distinct(one, apart)
    merging.merge(fresh(one), other)
    merging.merge(fresh(other), third)
    seen = []

    def apart_from(record, at=None) -> list:
        query = {"as_of": at.isoformat()} if at else {}
        return ok(reader.get(f"{API}speakers/{record.pk}/", query))["distinct_from"]

    for verb in (None, merging.unmerge):
        if verb:
            verb(fresh(other))
        seen.append((timezone.now(), apart_from(third)))
    assert [marked for _, marked in seen] == [[str(apart.pk)], []]
    assert [apart_from(third, at) for at, _ in seen] == [[str(apart.pk)], []]
