"""The change feed: no change is skipped or repeated, whatever the order of commits."""

import io
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import OperationalError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quotes.api import changes
from quotes.history.erasure import erase
from quotes.models import Quote, Utterance
from sources.api import long_poll
from sources.history import feed
from sources.identity.merging import merge
from sources.models import Affiliation, Era, Revision, Speaker
from tests.conftest import API, make_filing, ok, problem, publish, settle, sql
from tests.records import (
    hide,
    make_affiliation,
    make_article,
    make_fact,
    make_organisation,
    make_outlet,
    make_quote,
    make_quotes,
    make_speaker,
    make_utterance,
)

pytestmark = pytest.mark.django_db(transaction=True)

CHANGES = f"{API}changes/"

Told = list[tuple[str, int]]


def follow(client, after: str | None = None, **query) -> tuple[list[dict], str]:
    """Return all changes available now, page by page, and the next cursor."""
    results, url = [], CHANGES
    query = query | ({"after": after} if after else {})
    while url:
        body = ok(client.get(url, query))
        results += body["results"]
        url, query, after = body["next"], {}, body["after"]
    return results, after


def all_changes(client, after: str | None = None, **query) -> list[dict]:
    settle()
    return follow(client, after, **query)[0]


def told(results: list[dict]) -> Told:
    return [(one["id"], one["version"]) for one in results]


def ledger(**which) -> Told:
    """Return the revisions of the ledger in the order of the feed."""
    rows = Revision.objects.exclude(subject_type="snapshot").filter(**which)
    rows = rows.order_by("era", "transaction", "id").values_list("subject_id", "version")
    return [(str(key), version) for key, version in rows]


def refused(response) -> dict[str, str]:
    return {e["parameter"]: e["message"] for e in problem(response, 400)["errors"]}


class Session:
    """A second database connection."""

    def __init__(self):
        self.database = connection.copy()
        self.process = self("SELECT pg_backend_pid()")[0][0]

    def __call__(self, sql: str, *parameters) -> list[tuple]:
        with self.database.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []

    def make(self, name: str) -> str:
        made = "INSERT INTO sources_speaker (name, aliases, kind, identifiers)"
        rows = self(f"{made} VALUES (%s, '{{}}', 'person', '{{}}') RETURNING id", name)
        return str(rows[0][0])

    def rename(self, key: str, name: str) -> None:
        self("UPDATE sources_speaker SET name = %s WHERE id = %s", name, key)


@pytest.fixture
def session():
    opened = []

    def make() -> Session:
        opened.append(Session())
        return opened[-1]

    yield make
    for one in opened:
        one.database.close()


# Changes


def test_every_change_is_listed_from_the_start_in_order_with_its_record(curator):
    filed = ok(curator.post(f"{API}articles/", publish(make_filing())), 201)
    ok(
        curator.patch(
            f"{API}quotes/{filed['quotes'][0]['id']}/",
            {"language": "fr", "note": "In French."},
            **ANY,
        )
    )
    make_fact(speaker=make_affiliation().speaker)
    make_utterance()
    results = all_changes(curator)
    assert told(results) == ledger()
    assert {one["type"] for one in results} == set(changes.VIEWS)
    newest = [one for one in results if one["type"] == "quote"][-1]
    shown = ok(curator.get(filed["quotes"][0]["url"]))
    assert newest == {
        "type": "quote",
        "id": shown["id"],
        "url": shown["url"],
        "verb": "corrected",
        "version": 2,
        "time": shown["updated"],
        "gone": False,
        "record": shown,
    }
    for one in results:
        if one["url"] and one["type"] != "utterance":  # whose own URL shows its quotes too
            assert ok(curator.get(one["url"])) == one["record"]


ANY = {"headers": {"If-Match": "*"}}


def test_after_now_only_later_changes_are_listed(reader):
    make_speaker("Before")
    settle()
    results, after = follow(reader, "now")
    assert results == []
    for name in ("After", "Later"):
        speaker = make_speaker(name)
        settle()
        results, after = follow(reader, after)
        assert told(results) == [(str(speaker.pk), 1)]
        assert results[0]["record"]["name"] == name


def test_an_empty_page_has_a_cursor_and_no_next(reader):
    for query in ({}, {"after": "now"}, {"types": "utterance"}):
        body = ok(reader.get(CHANGES, query))
        assert body["results"] == []
        assert body["next"] is body["previous"] is None
        assert ok(reader.get(CHANGES, {"after": body["after"]}))["after"] == body["after"]


def test_changes_of_other_types_are_skipped_once(reader):
    make_speaker()
    make_outlet()
    settle()
    results, after = follow(reader, types="outlet")
    assert [one["type"] for one in results] == ["outlet"]
    assert follow(reader, after) == ([], after)


def test_every_change_of_a_record_shows_the_current_record(reader):
    speaker = make_speaker("Ann")
    Speaker.objects.update(name="Ann Ek")
    results = all_changes(reader)
    assert told(results) == [(str(speaker.pk), 1), (str(speaker.pk), 2)]
    assert [one["record"]["name"] for one in results] == ["Ann Ek", "Ann Ek"]
    assert [one["verb"] for one in results] == ["created", "updated"]


def test_a_merged_record_is_gone_and_names_the_surviving_one(reader):
    one, other = make_speaker("Mr Ek"), make_speaker("Bo Ek")
    Speaker.objects.filter(pk=one.pk).update(merged_into=other)
    merged = all_changes(reader)[-1]
    assert merged["verb"] == "merged"
    assert merged["gone"] is True
    assert merged["record"] is None
    assert merged["merged_into"] == str(other.pk)


def test_a_reader_sees_changes_of_records_ever_public_and_a_curator_all(reader, curator):
    quote = make_quote(status="proposed")
    settle()
    results, after = follow(reader, types="quote")
    assert results == []

    quote.publish()
    settle()
    (published,), after = follow(reader, after, types="quote")
    assert (published["verb"], published["gone"]) == ("published", False)
    assert published["record"]["status"] == "published"

    hide(Quote.objects.all())
    settle()
    (hidden,), after = follow(reader, after, types="quote")
    assert (hidden["gone"], hidden["record"]) == (True, None)

    Quote.objects.update(status="rejected")
    settle()
    assert follow(reader, after, types="quote")[0] == []
    rows = all_changes(curator, types="quote")
    assert [row["version"] for row in rows] == [1, 2, 3, 4]
    assert {row["record"]["status"] for row in rows} == {"rejected"}


def test_an_erased_record_is_gone(reader):
    make_quote()
    settle()
    _, after = follow(reader)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL onrecord.erasing = 'on'")
        cursor.execute("DELETE FROM quotes_quote")
    (erased,) = all_changes(reader, after)
    assert (erased["verb"], erased["gone"], erased["record"]) == ("erased", True, None)


def test_anybody_may_follow_where_reading_is_public(nobody, settings):
    settings.ONRECORD_PUBLIC_READ = True
    make_quote("Hidden words", status="proposed")
    shown = make_quote("Shown words")
    quotes = all_changes(nobody, types="quote")
    assert [one["id"] for one in quotes] == [str(shown.pk)]


def test_a_type_that_the_user_may_not_list_is_forbidden(reader):
    views = Permission.objects.filter(codename__in=["view_quote", "view_outlet"])
    reader.user.user_permissions.set(views)
    reader.user.groups.clear()
    problem(reader.get(CHANGES, {"types": "speaker"}), 403)
    problem(reader.get(CHANGES), 403)
    ok(reader.get(CHANGES, {"types": "quote,outlet"}))


# Invalid parameters


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("after", "nonsense", "Not a cursor"),
        ("after", "WzEsMSwxXQ:AAAA", "Not a cursor"),
        ("types", "speker", "Did you mean “speaker”?"),
        ("types", "quote,snapshot", "snapshot"),
        ("types", "quote,", "no type"),
        ("limit", "0", "1 to 200"),
        ("limit", "201", "1 to 200"),
        ("wait", "31", "0 to 30"),
        ("wait", "-1", "0 to 30"),
        ("wait", "0.5", "0 to 30"),
        ("cursor", "x", "Unknown parameter"),
        ("since", "x", "Unknown parameter"),
    ],
)
def test_an_invalid_parameter_is_refused_by_name(reader, name, value, said):
    assert said in refused(reader.get(CHANGES, {name: value}))[name]


def test_a_cursor_of_a_list_is_refused(reader):
    make_speaker("Ann")
    make_speaker("Bo")
    url = ok(reader.get(f"{API}speakers/?limit=1"))["next"]
    cursor = url.partition("cursor=")[2]
    assert "after" in refused(reader.get(f"{CHANGES}?after={cursor}"))


def test_a_cursor_ahead_of_the_ledger_is_refused(reader):
    place = feed.LedgerPosition(1, 10**15, 1)
    fault = refused(reader.get(CHANGES, {"after": changes.cursor_at(place)}))["after"]
    assert "restored" in fault


# Order of commits


def test_a_change_written_first_and_committed_last_is_listed_once(curator, session):
    long, short = session(), session()
    long("BEGIN")
    first = long.make("Long")
    before = follow(curator, "now")[1]
    second = short.make("Short")
    results, after = follow(curator, before)
    assert results == []  # the short one is committed, but the long one is older and open
    third = short.make("Shorter")
    results, after = follow(curator, after)
    assert results == []
    fourth = long.make("Long again")
    long("COMMIT")
    settle()
    results, after = follow(curator, after)
    assert told(results) == [(key, 1) for key in (first, fourth, second, third)]
    assert follow(curator, after)[0] == []


def test_changes_to_one_record_may_come_in_either_order_and_show_it_as_it_is(curator, session):
    key = str(make_speaker("Ann").pk)
    settle()
    after = follow(curator)[1]
    early, late = session(), session()
    early("BEGIN")
    other = early.make("Bo")
    late.rename(key, "Ann Ek")
    early.rename(key, "Ann Ek-Bo")
    early("COMMIT")
    settle()
    results = follow(curator, after)[0]
    assert told(results) == [(other, 1), (key, 3), (key, 2)]
    assert {one["record"]["name"] for one in results if one["id"] == key} == {"Ann Ek-Bo"}


def test_a_change_rolled_back_is_never_listed(curator, session):
    one = session()
    one("BEGIN")
    kept = one.make("Kept")
    one("SAVEPOINT a")
    one.make("Dropped")
    one.rename(kept, "Never")
    one("ROLLBACK TO a")
    one("SAVEPOINT b")
    also = one.make("In a savepoint")
    one("RELEASE b")
    one("COMMIT")
    one("BEGIN")
    one.make("All dropped")
    one("ROLLBACK")
    results = all_changes(curator)
    assert told(results) == [(kept, 1), (also, 1)]
    assert results[0]["record"]["name"] == "Kept"


def test_a_writer_whose_connection_is_ended_by_the_administrator_leaves_nothing(curator, session):
    doomed, other = session(), session()
    doomed("BEGIN")
    doomed.make("Doomed")
    kept = other.make("Kept")
    assert follow(curator)[0] == []
    other("SELECT pg_terminate_backend(%s, 10000)", doomed.process)
    with pytest.raises(OperationalError):
        doomed("COMMIT")
    assert told(all_changes(curator)) == [(kept, 1)]


WRITER = """
import sys
import time
import psycopg
with psycopg.connect(sys.argv[1]) as database:
    number = 0
    while True:
        with database.transaction():
            for _ in range(3):
                number += 1
                database.execute(
                    "INSERT INTO sources_speaker (name, aliases, kind, identifiers)"
                    " VALUES (%s, '{}', 'person', '{}')", [f"{sys.argv[2]} {number}"])
        print(number, flush=True)
        time.sleep(0.005)
"""


def test_writers_killed_midway_leave_whole_transactions_and_no_gap(curator):
    place = connection.get_connection_params()
    address = " ".join(
        f"{name}={place[name]}" for name in ("host", "port", "user", "dbname") if place.get(name)
    )
    results, after, acknowledged = [], None, {}
    for turn in range(4):
        writers = {
            name: subprocess.Popen(
                [sys.executable, "-c", WRITER, address, name], stdout=subprocess.PIPE, text=True
            )
            for name in (f"a{turn}", f"b{turn}")
        }
        for writer in writers.values():
            writer.stdout.readline()
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            body = ok(curator.get(CHANGES, _asked(after, limit=7)))
            results += body["results"]
            after = body["after"]
        for name, writer in writers.items():
            with writer:
                os.kill(writer.pid, signal.SIGKILL)
                acknowledged[name] = [int(line) for line in writer.stdout][-1:]
    settle()
    results += follow(curator, after)[0]
    assert told(results) == ledger()
    names = Counter(one["record"]["name"].split()[0] for one in results)
    for name, (number, *_) in ((name, last) for name, last in acknowledged.items() if last):
        assert names[name] >= number
        assert names[name] % 3 == 0


def test_many_writers_of_long_and_short_transactions_are_followed_without_gap_or_repetition(
    curator,
):
    speakers = [make_speaker(f"Speaker {number}") for number in range(5)]

    def write(seed: int) -> None:
        chance = random.Random(seed)
        try:
            for turn in range(25):
                with transaction.atomic():
                    made = make_speaker(f"{seed}-{turn}")
                    time.sleep(chance.choice([0, 0, 0.01, 0.05]))
                    for _ in range(chance.randrange(3)):
                        undo = chance.random() < 0.5
                        with transaction.atomic():
                            Speaker.objects.filter(pk=made.pk).update(name=f"{chance.random()}")
                            if undo:
                                transaction.set_rollback(True)
                    # Last, and in a fixed order: no deadlocks.
                    target = chance.choice(speakers)
                    Speaker.objects.filter(pk=target.pk).update(name=f"{seed} {turn}")
                    if chance.random() < 0.2:
                        transaction.set_rollback(True)
        finally:
            connections.close_all()

    writers = [threading.Thread(target=write, args=[seed]) for seed in range(6)]
    for writer in writers:
        writer.start()
    chance, results, after = random.Random(7), [], None
    while any(writer.is_alive() for writer in writers):
        body = ok(curator.get(CHANGES, _asked(after, limit=chance.randint(1, 30))))
        results += body["results"]
        after = body["after"]
    settle()
    results += follow(curator, after)[0]
    assert told(results) == ledger()
    copy = {one["id"]: one["record"]["name"] for one in results}
    assert copy == {str(one.pk): one.name for one in Speaker.objects.all()}


def _asked(after: str | None, **query) -> dict:
    return query | ({"after": after} if after else {})


def test_pages_of_any_size_and_types_hold_what_one_great_page_holds(curator, reader):
    article = make_article("Words.", outlet=make_outlet())
    make_quotes(8, article, status="proposed")
    make_quotes(8, make_article("More."), speaker=make_speaker())
    Quote.objects.update(flags=["filing_differs"])
    make_affiliation()
    Affiliation.objects.update(role="clerk")
    settle()
    kinds = st.lists(st.sampled_from(sorted(changes.VIEWS)), min_size=1, unique=True)

    @settings(
        max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(limit=st.integers(1, 200), asked=st.none() | kinds, scanned=st.integers(3, 100))
    def holds(limit: int, asked: list[str] | None, scanned: int):
        feed.MAX_SCANNED = scanned
        which = {"subject_type__in": asked} if asked else {}
        query = {"types": ",".join(asked)} if asked else {}
        for client, seen in ((curator, {}), (reader, {"reader_visible": True})):
            results, after = follow(client, limit=limit, **query)
            assert told(results) == ledger(**which, **seen)
            assert follow(client, after, limit=limit, **query)[0] == []

    before = feed.MAX_SCANNED
    try:
        holds()
    finally:
        feed.MAX_SCANNED = before


def test_a_page_of_a_rare_type_may_be_empty_and_have_a_next(curator, monkeypatch):
    monkeypatch.setattr(feed, "MAX_SCANNED", 10)
    make_quotes(30, make_article())
    rare = make_utterance()
    settle()
    first = ok(curator.get(CHANGES, {"types": "utterance"}))
    assert first["results"] == []
    assert first["next"]
    assert told(follow(curator, types="utterance")[0]) == [(str(rare.pk), 1)]


# Eras


def test_a_new_era_follows_the_former_even_if_its_transaction_ids_are_smaller(curator):
    old = make_speaker("Old")
    settle()
    after = follow(curator)[1]
    # As after a restore from another cluster with higher transaction ids.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # no triggers
        cursor.execute("UPDATE sources_revision SET transaction = '900000000000'")
    Era.objects.update(cluster="1")
    fault = problem(curator.get(CHANGES, {"after": after}), 503)
    assert fault["type"].endswith(":era-not-begun")
    assert "manage.py begin_era" in fault["detail"]

    call_command("begin_era", stdout=io.StringIO())
    place = feed.LedgerPosition(1, 900_000_000_000, Revision.objects.get().pk)
    results, after = follow(curator, changes.cursor_at(place))
    assert results == []
    new = make_speaker("New")
    Speaker.objects.filter(pk=old.pk).update(name="Older")
    settle()
    results, after = follow(curator, after)
    assert told(results) == [(str(new.pk), 1), (str(old.pk), 2)]
    assert told(all_changes(curator)) == [(str(old.pk), 1), (str(new.pk), 1), (str(old.pk), 2)]
    assert list(Revision.objects.order_by("id").values_list("era", flat=True)) == [1, 2, 2]


def test_an_era_begins_once_per_cluster_unless_forced():
    def begin(**options) -> str:
        out = io.StringIO()
        call_command("begin_era", stdout=out, **options)
        return out.getvalue()

    assert "Nothing to do" in begin()
    assert Era.objects.count() == 1
    assert begin(anyway=True).startswith("Era 2 began in cluster ")
    Era.objects.filter(pk=2).update(cluster="77")
    assert "after era 2, of cluster 77" in begin()
    assert "Nothing to do" in begin()
    assert list(Era.objects.order_by("pk").values_list("pk", flat=True)) == [1, 2, 3]


def test_a_new_era_waits_for_open_transactions(curator, session):
    early, late = session(), session()
    early("BEGIN")
    first = early.make("Early")
    opening = threading.Thread(target=_begin_anyway)
    opening.start()
    time.sleep(0.3)
    assert opening.is_alive()
    early("COMMIT")
    opening.join(30)
    second = late.make("Late")
    assert told(all_changes(curator)) == [(first, 1), (second, 1)]
    assert list(Revision.objects.order_by("id").values_list("era", flat=True)) == [1, 2]


def _begin_anyway() -> None:
    try:
        call_command("begin_era", anyway=True, stdout=io.StringIO())
    finally:
        connections.close_all()


# Waiting


def test_a_waiting_request_is_answered_at_the_first_change(reader):
    settle()
    after = follow(reader, "now")[1]
    maker = threading.Timer(0.5, _make_and_close)
    maker.start()
    results = []
    while not results:  # other tests' transactions may hold it back for longer than one wait
        body = ok(reader.get(CHANGES, {"after": after, "wait": 30}))
        results, after = body["results"], body["after"]
    assert [one["record"]["name"] for one in results] == ["Waited for"]
    maker.join()


def _make_and_close() -> None:
    try:
        make_speaker("Waited for")
    finally:
        connections.close_all()


def test_a_waiting_request_is_answered_when_its_time_is_up(reader):
    settle()
    began = time.monotonic()
    body = ok(reader.get(CHANGES, {"after": "now", "wait": 1}))
    assert body["results"] == []
    assert 1 <= time.monotonic() - began < 10


def test_a_request_is_answered_at_once_if_too_many_others_wait(reader):
    settle()
    for _ in range(changes.MAX_WAITING_REQUESTS):
        assert changes._waiting.acquire(blocking=False)
    try:
        began = time.monotonic()
        assert ok(reader.get(CHANGES, {"after": "now", "wait": 30}))["results"] == []
        assert time.monotonic() - began < 10
    finally:
        for _ in range(changes.MAX_WAITING_REQUESTS):
            changes._waiting.release()


def test_a_waiting_request_holds_no_connection(reader, monkeypatch):
    settle()
    held = []
    sleep = long_poll.sleep

    def note(seconds: float) -> bool:
        held.append(connection.connection)
        return sleep(seconds)

    monkeypatch.setattr(long_poll, "sleep", note)
    ok(reader.get(CHANGES, {"after": "now", "wait": 1}))
    assert len(held) > 2
    assert set(held) == {None}


def test_a_request_does_not_wait_if_there_is_a_change(reader):
    make_speaker()
    settle()
    began = time.monotonic()
    assert ok(reader.get(CHANGES, {"wait": 30}))["results"]
    assert time.monotonic() - began < 10


# Cost


def test_a_page_takes_the_same_number_of_queries_whatever_is_on_it(curator):
    @transaction.atomic
    def one_of_each() -> None:
        held = make_affiliation(speaker=make_speaker(), organisation=make_organisation())
        make_fact(speaker=held.speaker)
        make_quote(
            speaker=held.speaker,
            organisation=held.organisation,
            affiliation=held,
            outlet=make_outlet(),
            utterance=make_utterance(),
            via=[make_outlet("Agency")],
        )

    ok(curator.get(CHANGES))
    for number in (1, 20):
        for _ in range(number):
            one_of_each()
        settle()
        with CaptureQueriesContext(connection) as captured:
            body = ok(curator.get(CHANGES, {"limit": 200}))
        assert len({one["type"] for one in body["results"]}) == len(changes.VIEWS)
        # The end of the settled ledger, the page, and one query per type. The token is cached.
        assert len(captured) == 2 + len(changes.VIEWS)
    with CaptureQueriesContext(connection) as captured:
        ok(curator.get(CHANGES, {"after": "now"}))
    assert len(captured) == 1


def test_a_page_deep_in_the_ledger_reads_no_more_than_the_first():
    make_quotes(1500, make_article())
    for flags in (["filing_differs"], [], ["filing_differs"]):
        Quote.objects.update(flags=flags)
    settle()
    sql("VACUUM ANALYZE sources_revision")
    rows = Revision.objects.order_by("era", "transaction", "id")
    last = feed.last_settled()

    def plan_of(sql: str, parameters=None) -> dict:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", parameters)
            return cursor.fetchone()[0][0]["Plan"]

    def page_after(place: feed.LedgerPosition) -> dict:
        with CaptureQueriesContext(connection) as captured:
            feed.settled_after(place, last, ["quote"], whole=[], most=50)
        return plan_of(captured.captured_queries[0]["sql"])

    def buffers(plan: dict) -> int:
        return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]

    deep = rows[5_000]
    first = page_after(feed.LedgerPosition())
    deeper = page_after(feed.LedgerPosition(deep.era, deep.transaction, deep.id))
    for plan in (first, deeper):
        assert "revision_by_transaction" in str(plan)
        assert "Sort" not in {node["Node Type"] for node in nodes(plan)}
        assert buffers(plan) < 60
    assert buffers(plan_of(feed.LAST_SETTLED)) < 20


def nodes(plan: dict):
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes(inner)


def test_a_changed_utterance_has_the_url_of_its_wordings(reader):
    utterance = make_utterance()
    make_quote(utterance=utterance)
    (one,) = all_changes(reader, types="utterance")
    assert one["url"].endswith(f"{API}utterances/{utterance.pk}/")
    assert one["record"]["id"] == str(utterance.pk)
    assert Utterance.objects.count() == 1


def test_a_reader_is_told_that_an_article_was_withdrawn(reader, curator):
    article = make_quote().article
    settle()
    _, after = follow(reader)
    path = f"{API}articles/{article.pk}/withdraw/"
    ok(curator.post(path, {"reason": "A hoax."}, headers={"If-Match": "*"}))
    (change,) = all_changes(reader, after)
    assert (change["type"], change["id"]) == ("article", str(article.pk))
    assert change["record"]["withdrawn"]["reason"] == "A hoax."


def test_a_curator_is_told_when_all_quotes_have_left_an_utterance(curator):
    utterance, other = make_utterance(), make_utterance()
    quotes = [make_quote(words, status="proposed", utterance=utterance) for words in ("Yes", "No")]
    settle()
    copy, after = follow(curator, types="utterance")
    assert [one["gone"] for one in copy if one["id"] == str(utterance.pk)] == [False]
    for quote in quotes:
        Quote.objects.filter(pk=quote.pk).update(utterance=other)
    settle()
    left, after = follow(curator, after, types="utterance")
    assert [(one["id"], one["gone"]) for one in left] == [(str(utterance.pk), True)]
    Quote.objects.filter(pk=quotes[0].pk).update(utterance=utterance)
    settle()
    back, _ = follow(curator, after, types="utterance")
    assert [(one["id"], one["gone"]) for one in back] == [(str(utterance.pk), False)]


def test_a_reader_is_told_of_an_utterance_while_readers_see_a_quote_of_it(reader, curator):
    utterance = make_utterance()
    first, second = (
        make_quote(words, status="proposed", utterance=utterance) for words in ("Yes", "No")
    )

    def newest() -> list[bool]:
        return [one["gone"] for one in all_changes(reader, types="utterance")][-1:]

    assert newest() == []
    assert len(all_changes(curator, types="utterance")) == 1
    first.publish()
    assert newest() == [False]
    second.publish()
    first.retract("Never said.")
    assert len(all_changes(reader, types="utterance")) == 1  # retracted quotes are public
    first.part()
    assert newest() == [False]
    second.part()
    assert newest() == [True]
    assert len(all_changes(reader, types="utterance")) == 2


@pytest.mark.parametrize("who", ["reader", "curator"])
def test_what_the_feed_says_is_gone_is_what_get_does_not_return(who, request, curator):
    client = request.getfixturevalue(who)
    speaker, doubled = make_speaker("Mara Quill"), make_speaker("M. Quill")
    proposed, public, parted, erased_one = (make_utterance() for _ in range(4))
    for number, (utterance, status) in enumerate(
        [
            (proposed, "proposed"),
            (proposed, "rejected"),
            (public, "proposed"),
            (public, "disputed"),
            (parted, "published"),
            (erased_one, "retracted"),
        ]
    ):
        make_quote(f"Words {number}", utterance=utterance, status=status, speaker=speaker)
    Quote.objects.get(utterance=parted).part()
    erase("quote", [Quote.objects.get(utterance=erased_one).pk], "By court order.")
    taken_back = make_quote("Taken back", status="proposed", outlet=make_outlet("Sky"))
    taken_back.publish()
    merge(doubled, speaker)
    results = all_changes(client)
    assert {one["type"] for one in results} >= {"quote", "utterance", "speaker", "outlet"}
    assert str(proposed.pk) in {one["id"] for one in results} or who == "reader"
    for one in results:
        found = client.get(one["url"])
        assert one["gone"] == (found.status_code != 200), (one["type"], found.status_code)
