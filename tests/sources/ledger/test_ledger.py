"""The ledger: a change through any channel leaves a revision, and no revision can be changed."""

import csv
import hashlib
import io
import json
import os
import subprocess
import sys
import threading
from uuid import UUID

import pytest
from django.conf import settings
from django.db import IntegrityError, OperationalError, connection, transaction

from config.database import embedded
from quotes.models import Quote, Via
from quotes.models.indexes import DERIVED
from sources.ledger.actor import audit_context, with_reason
from sources.ledger.revisions import Revision
from sources.models import Article, Outlet, Snapshot, Speaker
from sources.models.ids import digest
from tests.conftest import API, make_filing, ok, publish, sql, staff
from tests.records import (
    make_affiliation,
    make_article,
    make_organisation,
    make_outlet,
    make_quote,
    make_speaker,
    make_utterance,
)
from tests.sources.admin.test_admin import page_of, save

pytestmark = pytest.mark.django_db

REFUSED = "23001"


def last_of(record) -> Revision:
    return Revision.objects.of(record).last()


def history(record) -> list[tuple[int, str]]:
    return list(Revision.objects.of(record).values_list("version", "verb"))


def psql(statement: str) -> list[dict]:
    """What psql shows: another process, that knows nothing of Django."""
    if not connection.is_embedded:
        pytest.skip("psql comes with the embedded server and is for the embedded server")
    place = connection.settings_dict
    server = ["-h", place["HOST"], "-p", str(place["PORT"]), "-U", place["USER"]]
    done = subprocess.run(
        [embedded.binaries() / "psql", "-qX", "--csv", "-P", "null=∅", *server, place["NAME"]],
        input=statement,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr
    shown = csv.DictReader(io.StringIO(done.stdout))
    return [{name: None if v == "∅" else v for name, v in row.items()} for row in shown]


def manage(*arguments: str) -> None:
    """`manage.py` in a process of its own, on the test database."""
    place = connection.settings_dict
    url = f"postgres://{place['USER']}@/{place['NAME']}?host={place['HOST']}&port={place['PORT']}"
    subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env={**os.environ, "DATABASE_URL": url, "SECRET_KEY": "k" * 50},
        cwd=settings.BASE_DIR,
        check=True,
        capture_output=True,
    )


# Each channel


def test_a_saved_change_is_recorded_with_its_audit_context():
    with (
        audit_context(channel="command:mend", actor="ada", request="r-7"),
        with_reason("It was misspelt."),
    ):
        speaker = make_speaker("Mara Quil")
        speaker.name = "Mara Quill"
        speaker.save()
    assert history(speaker) == [(1, "created"), (2, "updated")]
    for revision in Revision.objects.of(speaker):
        assert revision.subject_type == "speaker"
        said = (revision.channel, revision.actor, revision.request, revision.reason)
        assert said == ("command:mend", "ada", "r-7", "It was misspelt.")
    speaker.refresh_from_db()
    revision = last_of(speaker)
    assert revision.fields == ["aliases", "name"]
    assert revision.state["name"] == "Mara Quill"
    assert revision.time == speaker.updated
    assert (revision.public, revision.reader_visible) == (True, True)


def test_the_audit_context_ends_with_its_block():
    with audit_context(channel="command:mend", actor="ada"):
        pass
    revision = last_of(make_speaker())
    assert (revision.channel, revision.actor) == ("sql", connection.settings_dict["USER"])


def test_bulk_inserts_and_updates_leave_a_revision_per_row():
    speakers = Speaker.objects.bulk_create(Speaker(name=f"No {n}") for n in range(20))
    Speaker.objects.update(kind="collective")
    for speaker in speakers:
        speaker.name += "!"
    Speaker.objects.bulk_update(speakers, ["name"])
    for speaker in speakers:
        assert history(speaker) == [(1, "created"), (2, "updated"), (3, "updated")]
        fields = Revision.objects.of(speaker).values_list("fields", flat=True)
        assert list(fields) == [[], ["kind"], ["aliases", "name"]]
    one_act = Revision.objects.filter(version=3).values("transaction").distinct()
    assert one_act.count() == 1


def test_an_admin_form_is_recorded_with_its_user():
    speaker = make_speaker()
    desk = staff("Curators")
    assert save(desk, page_of(speaker), name="Mara Quill-Ek").status_code == 302
    revision = last_of(speaker)
    assert (revision.version, revision.channel, revision.actor) == (2, "admin", "curators-at-desk")
    assert UUID(revision.request)


def test_a_request_is_recorded_with_its_user_and_id(curator):
    speaker = make_speaker()
    path, match = f"{API}speakers/{speaker.pk}/", {"If-Match": "*"}
    answer = curator.patch(path, {"name": "One"}, headers={**match, "X-Request-ID": "edge-42"})
    assert answer.headers["X-Request-ID"] == "edge-42"
    revision = last_of(speaker)
    assert (revision.channel, revision.actor, revision.request) == ("api", "curators", "edge-42")
    answer = curator.patch(path, {"name": "Two"}, headers=match)
    assert last_of(speaker).request == answer.headers["X-Request-ID"]
    assert UUID(answer.headers["X-Request-ID"])


@pytest.mark.parametrize("given", ["", "x" * 201, "a\tb"])
def test_an_unusable_request_id_is_replaced(curator, given):
    answer = curator.post(f"{API}outlets/", {"name": "Radio"}, headers={"X-Request-ID": given})
    ok(answer, 201)
    assert UUID(last_of(Outlet.objects.get()).request)


def test_a_filing_has_one_audit_context_for_all_records_it_creates(contributor):
    ok(contributor.post(f"{API}articles/", make_filing(), headers={"X-Request-ID": "f-1"}), 201)
    made = Revision.objects.all()
    kinds = {"outlet", "article", "snapshot", "speaker", "quote"}
    assert kinds <= set(made.values_list("subject_type", flat=True))
    said = made.values_list("actor", "channel", "request", "transaction")
    ((actor, channel, request, _),) = set(said)
    assert (actor, channel, request) == ("contributors", "api", "f-1")


@pytest.mark.django_db(transaction=True)
def test_a_command_is_recorded_with_its_name(tmp_path):
    wire = tmp_path / "wire.ndjson"
    wire.write_text(json.dumps(make_filing()) + "\n")
    manage("file_articles", str(wire))
    revision = last_of(Quote.objects.get())
    said = (revision.channel, revision.actor, revision.request, revision.reason)
    assert said == ("command:file_articles", None, None, None)


@pytest.mark.django_db(transaction=True)
def test_a_change_in_psql_is_recorded_with_the_database_role():
    outlet = make_outlet()
    psql(f"UPDATE sources_outlet SET name = 'The Post' WHERE id = '{outlet.pk}'")
    psql("\\copy sources_outlet (name, aliases, slug) FROM stdin\nRadio\t{}\tradio\n\\.\n")
    copied = Outlet.objects.get(slug="radio")
    assert history(outlet) == [(1, "created"), (2, "updated")]
    assert history(copied) == [(1, "created")]
    for record in (outlet, copied):
        revision = last_of(record)
        role = connection.settings_dict["USER"]
        assert (revision.channel, revision.actor, revision.request) == ("sql", role, None)
        assert revision.state["name"] in ("The Post", "Radio")


@pytest.mark.django_db(transaction=True)
def test_a_chain_can_be_recomputed_from_psql_output():
    """With nothing but a SHA-256 and the rule in `sources_link`."""
    speaker = make_speaker("Żółć “Émile”\\\n\t\u0001 'x'", identifiers={"née": [1.50, None, "“"]})
    why = "„Why“ – not?\n"
    with (
        audit_context(channel="api", actor='a"b', request="r\\1"),
        with_reason(why),
        transaction.atomic(),
    ):
        speaker.kind = "collective"
        speaker.save()
    psql(f"UPDATE sources_speaker SET aliases = '{{Zo}}' WHERE id = '{speaker.pk}'")
    rows = psql(
        "SET timezone = 'UTC'; SET bytea_output = 'hex';"
        f" SELECT * FROM sources_revision WHERE subject_id = '{speaker.pk}' ORDER BY version"
    )
    assert len(rows) == 3
    previous = b"\0"
    for row in rows:
        hashed = salted(row, row["state"])
        reason = row["reason"] and salted(row, json.dumps(row["reason"], ensure_ascii=False))
        assert hashed == bytea(row["hash"])
        assert (reason or None) == (row["reason_hash"] and bytea(row["reason_hash"]))
        said = [
            int(row["era"]), row["transaction"], row["subject_type"], row["subject_id"],
            int(row["version"]), row["verb"], row["public"] == "t", row["reader_visible"] == "t",
            [name for name in row["fields"].strip("{}").split(",") if name],
            row["actor"], row["channel"], row["request"],
            row["time"].removesuffix("+00").replace(" ", "T"),
        ]  # fmt: skip
        text = json.dumps(said, ensure_ascii=False)
        previous = hashlib.sha256(previous + hashed + (reason or b"\0") + text.encode()).digest()
        assert previous == bytea(row["link"])
    assert rows[1]["reason"] == why


def salted(row: dict, text: str) -> bytes:
    return hashlib.sha256(bytea(row["salt"]) + text.encode()).digest()


def bytea(shown: str) -> bytes:
    return bytes.fromhex(shown.removeprefix("\\x"))


# What is a change


def test_an_update_without_a_change_leaves_no_revision(curator):
    filing = publish(make_filing())
    ok(curator.post(f"{API}articles/", filing), 201)
    before = Revision.objects.count()
    ok(curator.post(f"{API}articles/", filing))
    for model in (Outlet, Article, Speaker, Quote):
        for record in model.objects.all():
            record.save()
    Quote.objects.update(status="published", contexts=[], nearest={})
    Speaker.objects.update(version=99)
    sql("UPDATE sources_article SET headline = headline, updated = now()")
    assert Revision.objects.count() == before


def test_a_rolled_back_change_leaves_no_revision():
    speaker = make_speaker()
    with transaction.atomic():
        Speaker.objects.update(name="Other")
        assert last_of(speaker).version == 2
        transaction.set_rollback(True)
    assert history(speaker) == [(1, "created")]
    Speaker.objects.update(name="Another")
    assert history(speaker) == [(1, "created"), (2, "updated")]


def test_a_change_to_a_reporting_chain_is_recorded_with_its_quote():
    quote = make_quote(via=["Sky"], status="proposed")
    step = {"kind": "cited", "name": "Sky", "outlet_id": None, "media": None}
    assert last_of(quote).state["via"] == [step]
    Via.objects.create(quote=quote, position=1, kind="document", name="the audit")
    Via.objects.filter(position=0).delete()
    assert [name for _, name in history(quote)] == ["created", "updated", "updated"]
    assert last_of(quote).fields == ["via"]
    assert [step["name"] for step in last_of(quote).state["via"]] == ["the audit"]


def test_changes_by_triggers_are_recorded_with_their_cause(curator):
    quote = make_quote(outlet=make_outlet(), published="2026")
    path = f"{API}articles/{quote.article_id}/"
    headers = {"If-Match": "*", "X-Request-ID": "r-9"}
    ok(curator.patch(path, {"published": "2026-03"}, headers=headers))
    revision = last_of(quote)
    assert (revision.fields, revision.actor, revision.request) == (["published"], "curators", "r-9")
    assert revision.state["published"] == "[2026-03-01,2026-04-01)"


def test_revisions_say_whether_readers_may_see_them():
    quote = make_quote(status="proposed")
    quote.publish()
    quote.retract("Made up.")
    rejected = make_quote("Other", status="proposed")
    rejected.reject("No.")

    def marks(record) -> list:
        return list(Revision.objects.of(record).values_list("verb", "public", "reader_visible"))

    assert marks(quote) == [
        ("created", False, False),
        ("published", True, True),
        ("retracted", True, True),
    ]
    assert marks(rejected) == [("created", False, False), ("rejected", False, False)]
    assert last_of(quote).reason == "Made up."


def test_every_record_equals_its_last_revision():
    """Each state is the row, but for what is computed, and for the words of a snapshot."""
    outlet, organisation = make_outlet(), make_organisation()
    speaker = make_speaker(aliases=["“Q”"], identifiers={"wikidata": "Q1"})
    held = make_affiliation(speaker=speaker, organisation=organisation, start="2020", end="2021-03")
    article = make_article(
        "One two.", outlet=outlet, published="2026-02", byline=["A", "B"], headline="Quay to close"
    )
    quote = make_quote(
        "One", article=article, speaker=speaker, organisation=organisation, affiliation=held,
        utterance=make_utterance(), via=[outlet, "Sky"], flags=["filing_differs"],
    )  # fmt: skip
    snapshot = Snapshot.objects.get()
    for record in (outlet, organisation, speaker, held, article, quote, snapshot, quote.utterance):
        meta = record._meta
        left_out = [field.column for field in meta.local_concrete_fields if field.generated]
        left_out += ["text", "headline"] if record is snapshot else [*DERIVED]
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT to_jsonb(n) - %s::text[] FROM {meta.db_table} n WHERE id = %s",
                [left_out, record.pk],
            )
            row = json.loads(cursor.fetchone()[0])
        state = last_of(record).state
        via, headline = state.pop("via", None), state.pop("headline_sha256", None)
        assert headline == (digest("Quay to close") if record is snapshot else None)
        assert state == row, meta.model_name
        if record is quote:
            assert [step["outlet_id"] for step in via] == [str(outlet.pk), None]


@pytest.mark.django_db(transaction=True)
def test_concurrent_changes_leave_no_gap_in_versions():
    speaker = make_speaker()

    def change(name: str) -> None:
        try:
            for number in range(10):
                with audit_context(channel="sql", actor=name), transaction.atomic():
                    Speaker.objects.filter(pk=speaker.pk).update(name=f"{name} {number}")
                    transaction.set_rollback(number % 3 == 0)
        finally:
            connection.close()

    threads = [threading.Thread(target=change, args=[name]) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    revisions = list(Revision.objects.of(speaker))
    assert [revision.version for revision in revisions] == list(range(1, 26))
    times = [revision.time for revision in revisions]
    assert times == sorted(set(times))
    assert all(r.actor == r.state["name"][0] for r in revisions[1:])
    assert sql("SELECT version FROM sources_speaker") == [(25,)]


# What is refused


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sources_revision SET actor = 'me'",
        "UPDATE sources_revision SET actor = actor",
        "UPDATE sources_revision SET state = NULL, salt = NULL, reason = NULL",
        "DELETE FROM sources_revision",
        "TRUNCATE sources_revision",
    ],
)
@pytest.mark.parametrize("switch", ["nothing.at_all", "pgtrigger.ignore", "onrecord.erasing"])
def test_the_ledger_is_append_only(statement, switch):
    make_speaker()
    before = list(Revision.objects.values())
    value = "{sources_revision:no_change}" if switch == "pgtrigger.ignore" else "on"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # with checks pending, none is truncated
        cursor.execute("SELECT set_config(%s, %s, true)", [switch, value])
        with pytest.raises(IntegrityError) as refused, transaction.atomic():
            cursor.execute(statement)
        assert refused.value.__cause__.sqlstate == REFUSED
        assert list(Revision.objects.values()) == before


@pytest.mark.parametrize("table", ["sources_speaker", "sources_outlet", "quotes_quote"])
def test_no_record_can_be_deleted(table):
    make_quote(speaker=make_speaker(), outlet=make_outlet())
    with pytest.raises(IntegrityError) as refused, connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")
    assert refused.value.__cause__.sqlstate == REFUSED


def test_erasure_can_empty_revisions_of_erased_records_only():
    erased, living = make_speaker(), make_speaker("Ada")
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('onrecord.erasing', 'on', true)")
        cursor.execute("DELETE FROM sources_speaker WHERE id = %s", [erased.pk])
        empty = "UPDATE sources_revision SET state = NULL, salt = NULL, reason = NULL"
        cursor.execute(f"{empty} WHERE subject_id = %s", [erased.pk])
        for change in (
            f"{empty}, actor = 'me' WHERE subject_id = '{erased.pk}'",
            f"{empty}, link = '' WHERE subject_id = '{erased.pk}'",
            f"UPDATE sources_revision SET state = '{{}}' WHERE subject_id = '{erased.pk}'",
            f"{empty} WHERE subject_id = '{living.pk}'",
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                cursor.execute(change)
        cursor.execute("SELECT set_config('onrecord.erasing', 'off', true)")
    assert last_of(living).state["name"] == "Ada"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("write", ["create", "save", "update", "sql", "many"])
def test_a_write_outside_of_a_transaction_is_recorded_with_its_context_too(write):
    speaker = make_speaker()
    with audit_context(channel="command:mend", actor="ada", reason="To see."):
        match write:
            case "create":
                speaker = make_speaker("Another")
            case "save":
                speaker.name = "Another"
                speaker.save()
            case "update":
                Speaker.objects.update(name="Another")
            case "sql":
                with connection.cursor() as cursor:
                    cursor.execute("  update sources_speaker SET name = 'Another'")
            case "many":
                with connection.cursor() as cursor:
                    cursor.executemany("UPDATE sources_speaker SET name = %s", [["Another"]])
        assert not connection.in_atomic_block
    made = last_of(speaker)
    assert (made.channel, made.actor, made.reason) == ("command:mend", "ada", "To see.")
    assert made.state["name"] == "Another"


@pytest.mark.django_db(transaction=True)
def test_reading_in_an_audit_context_opens_no_transaction(django_assert_num_queries):
    with audit_context(channel="api"), django_assert_num_queries(1):
        list(Speaker.objects.all())


@transaction.atomic
def lose_the_connection_and_give_a_reason() -> None:
    ((mine,),) = sql("SELECT pg_backend_pid()")
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [mine])
    other.close()
    with with_reason("Because."):
        pass


@pytest.mark.django_db(transaction=True)
def test_a_lost_connection_is_an_error_of_django_when_the_context_changes():
    """So that a request answers 503, and a worker tries again."""
    with pytest.raises(OperationalError):
        lose_the_connection_and_give_a_reason()
    connection.close()
