"""The past of a quote: each change to it, and the quote as it was."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from quotes.models import Quote
from sources.ledger.actor import audit_context
from sources.models import Revision, Speaker
from sources.models.ids import digest
from tests.conftest import API, make_filing, ok, problem, publish, sql
from tests.records import (
    hide,
    make_affiliation,
    make_article,
    make_organisation,
    make_outlet,
    make_quote,
    make_speaker,
    make_utterance,
)

pytestmark = pytest.mark.django_db

QUOTES = f"{API}quotes/"


@pytest.fixture
def quote() -> Quote:
    """Proposed, published, disputed, corrected and retracted, by two people."""
    with audit_context(channel="api", actor="ada", request="r-1"):
        quote = make_quote("We had no choice", status="proposed", speaker=make_speaker())
        quote.revise(language="en")
        quote.publish("Looks right.")
    with audit_context(channel="admin", actor="bo"):
        quote.dispute("She denies it.")
        quote.correct("It was in French.", now=timezone.now(), language="fr")
        quote.retract("She never said it.")
    return quote


def revisions(client, quote, **query) -> list[dict]:
    return ok(client.get(f"{QUOTES}{quote.pk}/revisions/", query))["results"]


def then(client, quote, at, **query):
    return client.get(f"{QUOTES}{quote.pk}/", {"as_of": str(at).replace(" ", "T"), **query})


# Its revisions


def test_a_curator_sees_who_changed_what_when_how_and_why(curator, quote):
    told = revisions(curator, quote)
    assert [(one["version"], one["verb"], one["actor"], one["channel"]) for one in told] == [
        (6, "retracted", "bo", "admin"),
        (5, "corrected", "bo", "admin"),
        (4, "disputed", "bo", "admin"),
        (3, "published", "ada", "api"),
        (2, "updated", "ada", "api"),
        (1, "created", "ada", "api"),
    ]
    assert told[0]["reason"] == "She never said it."
    assert told[3]["reason"] == "Looks right."
    assert told[3]["request"] == "r-1"
    assert told[0]["time"] == ok(curator.get(f"{QUOTES}{quote.pk}/"))["updated"]
    assert told[3]["changes"] == [{"field": "status", "before": "proposed", "after": "published"}]
    assert told[4]["changes"] == [{"field": "language", "before": None, "after": "en"}]
    assert told[5]["changes"] == []


def test_a_reader_sees_public_changes_without_their_actor(reader, quote):
    told = revisions(reader, quote)
    assert [one["verb"] for one in told] == ["retracted", "corrected", "disputed", "published"]
    assert {one["actor"] for one in told} == {None}
    assert {one["channel"] for one in told} == {None}
    assert {one["request"] for one in told} == {None}
    assert [one["reason"] for one in told] == [
        "She never said it.",
        "It was in French.",
        "She denies it.",
        None,
    ]
    fields = [[change["field"] for change in one["changes"]] for one in told]
    assert fields == [["reason", "status"], ["corrections", "language"], ["reason", "status"], []]


def test_a_reader_sees_the_history_of_a_quote_that_was_filed_as_published(reader):
    assert [one["verb"] for one in revisions(reader, make_quote())] == ["created"]


def test_a_silent_change_is_hidden_from_readers(reader, curator):
    quote = make_quote()
    quote.revise(utterance=make_utterance())
    assert len(revisions(curator, quote)) == 2
    assert len(revisions(reader, quote)) == 1


def test_with_public_reading_anyone_sees_what_readers_see(nobody, settings, quote):
    settings.ONRECORD_PUBLIC_READ = True
    assert [one["actor"] for one in revisions(nobody, quote)] == [None] * 4


@pytest.mark.parametrize("status", ["proposed", "rejected"])
def test_a_hidden_quote_has_no_history(reader, status):
    quote = make_quote(status=status)
    problem(reader.get(f"{QUOTES}{quote.pk}/revisions/"), 404)


def test_a_change_names_fields_like_the_api(curator):
    outlet = make_outlet("Agency")
    held = make_affiliation(role="minister", speaker=make_speaker("Ann Ek"))
    quote = make_quote("Two words", article=make_article("Two words. Two words"), status="proposed")
    quote.revise(
        affiliation=held,
        speaker=held.speaker,
        attribution_role="the minister",
        said=Quote._meta.get_field("said").to_python("2026-02"),
    )
    with transaction.atomic():
        quote.via.create(position=0, kind="cited", name="Agency", outlet=outlet)
    step, resolved, _ = revisions(curator, quote)
    assert step["changes"] == [
        {
            "field": "via",
            "before": [],
            "after": [
                {
                    "kind": "cited",
                    "name": "Agency",
                    "outlet": {"id": str(outlet.pk), "name": "Agency"},
                    "media": None,
                }
            ],
        }
    ]
    board = {"id": str(held.organisation_id), "name": "Harbour Board"}
    assert {change["field"]: change["after"] for change in resolved["changes"]} == {
        "affiliation": {"id": str(held.pk), "name": "minister"},
        "attribution.role": "the minister",
        "organisation": board,
        "said": "2026-02",
        "speaker": {"id": str(held.speaker_id), "name": "Ann Ek"},
    }


def test_new_words_are_shown_with_their_spans_and_text(curator):
    article = make_article("One thing. Another thing.")
    quote = make_quote("One thing", article=article)
    quote.correct("Wrong one.", now=timezone.now(), text="Another thing")
    changes = {
        c["field"]: (c["before"], c["after"]) for c in revisions(curator, quote)[0]["changes"]
    }
    assert changes["spans"] == ([[0, 9]], [[11, 24]])
    assert changes["text"] == ("One thing", "Another thing")


def test_a_new_text_of_the_article_is_shown_by_digests_and_anchor_state(curator):
    first = "The quay will close. “We had no choice,” said Mara Quill, harbour master."
    filed = ok(curator.post(f"{API}articles/", publish(make_filing(text=first))), 201)
    changed = f"Now: {first}"
    ok(curator.post(f"{API}articles/", publish(make_filing(text=changed))))
    quote = Quote.objects.get(pk=filed["quotes"][0]["id"])
    changes = {
        c["field"]: (c["before"], c["after"]) for c in revisions(curator, quote)[0]["changes"]
    }
    assert changes["anchor.snapshot"] == (digest(first), digest(changed))
    article = f"{API}articles/{filed['id']}/revisions/"
    newest = ok(curator.get(article))["results"][0]
    assert {"field": "snapshot", "before": digest(first), "after": digest(changed)} in newest[
        "changes"
    ]


def test_related_records_have_the_names_of_that_time(curator):
    ann, bo = make_speaker("Ann"), make_speaker("Bo")
    quote = make_quote(speaker=ann, status="proposed")
    quote.revise(speaker=bo)
    Speaker.objects.filter(pk=ann.pk).update(name="Ann Ek")
    Speaker.objects.filter(pk=bo.pk).update(name="Bo Ek")
    (change,) = revisions(curator, quote)[0]["changes"]
    assert change["before"] == {"id": str(ann.pk), "name": "Ann"}
    assert change["after"] == {"id": str(bo.pk), "name": "Bo"}


def test_a_change_by_plain_sql_is_marked_as_such(curator):
    quote = make_quote(status="proposed")
    sql("SELECT set_config('onrecord.channel', '', true)")
    sql("UPDATE quotes_quote SET language = 'de' WHERE id = %s", [quote.pk])
    told = revisions(curator, quote)[0]
    assert (told["channel"], told["verb"]) == ("sql", "updated")
    assert told["actor"]


def test_the_history_comes_in_pages_in_either_order(curator, quote):
    path = f"{QUOTES}{quote.pk}/revisions/?ordering=version&limit=4&count=true&fields=version,verb"
    first = ok(curator.get(path))
    assert [one["version"] for one in first["results"]] == [1, 2, 3, 4]
    assert first["results"][0].keys() == {"version", "verb"}
    assert first["count"] == {"value": 6, "exact": True}
    assert first["previous"] is None
    second = ok(curator.get(first["next"]))
    assert [one["version"] for one in second["results"]] == [5, 6]
    assert second["next"] is None
    assert [one["version"] for one in ok(curator.get(second["previous"]))["results"]] == [
        1,
        2,
        3,
        4,
    ]


def test_a_cursor_of_one_history_is_refused_by_another(curator, quote):
    answer = ok(curator.get(f"{QUOTES}{quote.pk}/revisions/?limit=1"))
    query = answer["next"].partition("?")[2]
    problem(curator.get(f"{QUOTES}{make_quote().pk}/revisions/?{query}"), 400)


@pytest.mark.parametrize("query", [{"ordering": "time"}, {"verb": "created"}, {"limit": "0"}])
def test_invalid_parameters_of_the_history_are_refused(curator, quote, query):
    problem(curator.get(f"{QUOTES}{quote.pk}/revisions/", query), 400)


def test_a_history_takes_the_same_queries_whatever_its_length(curator):
    def with_speakers(number: int) -> Quote:
        quote = make_quote(f"{number} speakers", status="proposed")
        for index in range(number):
            quote.revise(speaker=make_speaker(f"Speaker {index}"))
        return quote

    short, long = with_speakers(1), with_speakers(40)
    ok(curator.get(QUOTES))
    for quote in (short, long):
        with CaptureQueriesContext(connection) as captured:
            revisions(curator, quote)
        assert len(captured) == 5


# As it was


def test_as_of_shows_the_quote_and_its_embedded_records_as_they_were(reader):
    ministry = make_organisation("Ministry of Fish")
    held = make_affiliation(organisation=ministry, role="minister")
    outlet, agency = make_outlet("Post"), make_outlet("Agency")
    article = make_article(
        "Before “We had no choice” after. Then more.",
        outlet=outlet,
        published="2026-02-11",
        headline="Fish",
        byline=["Ada Lund"],
    )
    quote = make_quote(
        article=article,
        speaker=held.speaker,
        organisation=ministry,
        affiliation=held,
        said="2026-02",
        language="en",
        attribution_role="fish minister",
        utterance=make_utterance(),
        via=[agency, "the audit"],
    )
    before = ok(reader.get(f"{QUOTES}{quote.pk}/"))

    at = timezone.now()
    for record, name in (
        (held.speaker, "M. Quill"),
        (ministry, "Fisheries"),
        (outlet, "Daily Post"),
    ):
        type(record).objects.filter(pk=record.pk).update(name=name)
    type(agency).objects.filter(pk=agency.pk).update(name="The Agency", slug="the-agency")
    type(held).objects.filter(pk=held.pk).update(role="former minister")
    type(article).objects.filter(pk=article.pk).update(headline="Fish!", published=None)
    quote.refresh_from_db()
    quote.correct("Shorter.", now=timezone.now(), text="no choice", speaker=None, via=[])
    now = ok(reader.get(f"{QUOTES}{quote.pk}/"))
    assert now["text"] == "no choice"

    assert ok(then(reader, quote, at)) == before
    assert ok(then(reader, quote, before["updated"])) == before
    assert ok(then(reader, quote, now["updated"])) == now
    assert ok(then(reader, quote, timezone.now())) == now


def test_as_of_repeats_each_earlier_response(curator, quote):
    seen = {}
    for revision in Revision.objects.of(quote):
        shown = ok(then(curator, quote, revision.time))
        assert shown["version"] == revision.version
        seen[shown["version"]] = shown
        if revision.version > 1:
            assert ok(then(curator, quote, shown["updated"])) == shown
            earlier = revision.time - timedelta(microseconds=1)
            assert ok(then(curator, quote, earlier)) == seen[revision.version - 1]
    assert [seen[version]["status"] for version in range(1, 7)] == [
        "proposed",
        "proposed",
        "published",
        "disputed",
        "disputed",
        "retracted",
    ]


def test_as_of_never_shows_half_a_filing(curator):
    filed = ok(curator.post(f"{API}articles/", publish(make_filing())), 201)["quotes"][0]
    shown = ok(curator.get(filed["url"]))
    assert ok(curator.get(filed["url"], {"as_of": filed["created"]})) == shown
    first = Revision.objects.get(subject_id=filed["id"], version=1).time
    earliest = ok(curator.get(filed["url"], {"as_of": first.isoformat()}))
    assert earliest["speaker"]["name"] == "Mara Quill"


def test_a_reader_sees_only_public_states_of_a_quote(reader, quote):
    times = {one.version: one.time for one in Revision.objects.of(quote)}
    for version in (1, 2):
        problem(then(reader, quote, times[version]), 404)
    for version in (3, 4, 5, 6):
        assert ok(then(reader, quote, times[version]))["version"] == version


def test_a_quote_hidden_from_readers_now_has_no_past_for_them(reader):
    quote = make_quote()
    at = timezone.now()
    hide(Quote.objects.filter(pk=quote.pk))
    problem(then(reader, quote, at), 404)


def test_before_it_existed_a_quote_is_not_found(curator, quote):
    first = Revision.objects.of(quote).first().time
    problem(then(curator, quote, first - timedelta(microseconds=1)), 404)
    problem(then(curator, quote, "1999"), 400)
    problem(then(curator, quote, "1999-12-31"), 404)


def test_a_day_means_its_first_moment(curator, quote):
    today = datetime.now(UTC).date()
    problem(then(curator, quote, today), 404)
    problem(then(curator, quote, today + timedelta(days=1)), 400)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("yesterday", "is not a time"),
        ("2026-13-01", "Months go to 12"),
        ("2026-02-30", "days to the last of the month"),
        ("2026-02-11T24:00:00Z", "Write midnight as 00:00."),
        ("2026-02-11T09:30:00+25:00", "offsets to 23:59"),
        ("2026-02-11 09:30:00 01:00", "%2B"),
        ("9999-12-31T23:59:59-12:00", "future"),
        ("", "Empty"),
    ],
)
def test_an_invalid_time_is_refused_and_named(curator, quote, value, said):
    (fault,) = problem(curator.get(f"{QUOTES}{quote.pk}/", {"as_of": value}), 400)["errors"]
    assert fault["parameter"] == "as_of"
    assert said in fault["message"]


@pytest.mark.parametrize("value", ["0001-01-01", "0001-01-01T00:00:00+14:00", "1000-01-01"])
def test_the_earliest_possible_times_are_accepted(curator, quote, value):
    problem(curator.get(f"{QUOTES}{quote.pk}/", {"as_of": value}), 404)


def test_a_past_quote_states_its_time_and_links_to_the_present(curator, quote):
    times = {one.version: one.time for one in Revision.objects.of(quote)}
    answer = then(curator, quote, times[3])
    assert answer.headers["Memento-Datetime"] == times[3].strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert answer.headers["Link"] == f'<http://testserver{QUOTES}{quote.pk}/>; rel="original"'
    assert answer.headers["ETag"].startswith('"3-')
    assert "Memento-Datetime" not in curator.get(f"{QUOTES}{quote.pk}/").headers


def test_a_past_quote_supports_entity_tags_and_fields(curator, quote):
    at = Revision.objects.get(subject_id=quote.pk, version=3).time
    answer = then(curator, quote, at, fields="text,status")
    assert ok(answer) == {"text": "We had no choice", "status": "published"}
    query = {"as_of": at.isoformat(), "fields": "text,status"}
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert curator.get(f"{QUOTES}{quote.pk}/", query, headers=tag).status_code == 304


def test_a_change_based_on_a_past_version_is_refused(curator, quote):
    at = Revision.objects.get(subject_id=quote.pk, version=3).time
    tag = {"If-Match": then(curator, quote, at).headers["ETag"]}
    problem(curator.patch(f"{QUOTES}{quote.pk}/", {"language": "de"}, headers=tag), 412)


def test_a_quote_without_a_text_or_a_speaker_has_a_past(reader):
    quote = make_quote(anchor="unanchored")
    shown = ok(reader.get(f"{QUOTES}{quote.pk}/"))
    assert ok(then(reader, quote, timezone.now())) == shown


def test_as_of_takes_the_same_queries_whatever_has_happened_since(reader):
    held = make_affiliation()
    quote = make_quote(
        speaker=held.speaker,
        organisation=held.organisation,
        affiliation=held,
        outlet=make_outlet(),
        utterance=make_utterance(),
        via=[make_outlet("Agency"), make_outlet("Wire")],
    )
    at = timezone.now()

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            ok(then(reader, quote, at))
        return len(captured)

    ok(then(reader, quote, at))
    assert cost() == 14
    for index in range(20):
        Quote.objects.get(pk=quote.pk).revise(note="Mistaken.", language=f"x{index}")
        Speaker.objects.filter(pk=held.speaker_id).update(name=f"Name {index}")
    assert cost() == 14
