"""`quotes/{id}/verify/` and `manage.py verify` reveal every change of what is recorded."""

import io
import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quotes.history.verification import faults_in
from quotes.models import Quote, Via
from quotes.models.indexes import DERIVED
from quotes.models.triggers import COMPUTED
from sources.history.verification import all_subjects
from sources.ledger.revisions import Revision
from sources.models import Article, Era, Snapshot
from tests.conftest import API, make_filing, ok, problem, publish, sql
from tests.records import (
    make_affiliation,
    make_article,
    make_organisation,
    make_outlet,
    make_quote,
    make_speaker,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TEXT = "“We had no choice,” said Mara Quill. “None of us had, in the end.”"


def make_quote_with_history() -> Quote:
    """A published quote that rests on everything a quote can rest on."""
    outlet, organisation = make_outlet(), make_organisation()
    speaker = make_speaker()
    held = make_affiliation(speaker=speaker, organisation=organisation)
    article = make_article(TEXT, outlet=outlet, published="2026-03-14", headline="Quay to close")
    quote = make_quote(
        "We had no choice",
        article=article,
        status="proposed",
        speaker=speaker,
        organisation=organisation,
        affiliation=held,
        via=["NationalWorld", outlet],
    )
    quote.publish()
    quote.dispute("She says it was put to her.")
    quote.settle()
    quote.correct("The end was cut.", now=NOW, text="We had no choice,")
    speaker.aliases = ["Captain Quill"]
    speaker.save()
    quote.refresh_from_db()
    return quote


def make_quote_with_roles() -> Quote:
    """A quote whose role was printed, filed, and then that of an affiliation."""
    quote = make_quote(status="proposed", speaker=make_speaker(), role="harbour master")
    quote.attribution_role = "the harbour master of Torrigan"
    quote.save()
    quote.organisation = make_organisation()
    quote.affiliation = make_affiliation(speaker=quote.speaker, organisation=quote.organisation)
    quote.save()
    quote.publish()
    quote.refresh_from_db()
    return quote


def make_retracted_quote() -> Quote:
    """Another quote with a history as long."""
    quote = make_quote("None of us had", status="proposed")
    quote.publish()
    quote.dispute("Nobody knows.")
    quote.settle()
    quote.retract("It was made up.")
    quote.refresh_from_db()
    return quote


@pytest.fixture
def quote() -> Quote:
    return make_quote_with_history()


@pytest.fixture
def other() -> Quote:
    return make_retracted_quote()


def tamper(*statements: str, values=()) -> None:
    """Change the database as its superuser can, no trigger looking."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement, values)
        cursor.execute("SET LOCAL session_replication_role = origin")


def verify(*arguments) -> list[str]:
    """The lines of the command for what does not hold; it exits non-zero exactly if there are."""
    out, code = io.StringIO(), 0
    try:
        call_command("verify", *arguments, stdout=out, verbosity=0)
    except CommandError as error:
        code = error.returncode
    *faults, last = ["", *out.getvalue().splitlines()]
    lines = [*faults[1:], last] if code else faults[1:]
    assert code == (1 if lines else 0)
    assert code or last.endswith("records hold.")
    return lines


def checked(client, quote: Quote) -> list[dict]:
    """What does not hold of a quote, by the API."""
    body = ok(client.get(f"{API}quotes/{quote.pk}/verify/"))
    faults = [check for check in body["checks"] if not check["ok"]]
    assert body["ok"] == (not faults)
    return faults


def named(faults: list[dict], check: str, version: int | None = None) -> bool:
    return any(
        fault["check"] == check and (version is None or fault["version"] == version)
        for fault in faults
    )


# What holds


def test_a_clean_database_passes(quote, other, reader):
    assert verify("--all") == []
    assert checked(reader, quote) == []


def test_a_quote_whose_role_was_changed_passes():
    assert not faults_in([make_quote_with_roles().pk])


def test_what_was_filed_and_filed_again_passes(curator):
    filing = publish(make_filing())
    ok(curator.post(f"{API}articles/", filing), 201)
    changed = {
        **filing,
        "text": "New. " + filing["text"].replace("We had no choice,", "We had none,"),
    }
    del changed["quotes"]
    answer = ok(curator.post(f"{API}articles/", changed))
    assert answer["reanchored"]
    ok(curator.post(f"{API}articles/", filing))
    assert verify("--all") == []


def test_checks_come_by_record_version_and_name_the_quote_first(quote, reader):
    checks = ok(reader.get(f"{API}quotes/{quote.pk}/verify/"))["checks"]
    places = [
        (each["subject"]["id"] != str(quote.pk), *each["subject"].values())
        + (each["version"] or 0, each["check"])
        for each in checks
        if each["check"] != "seams"  # made apart
    ]
    assert len(places) > 50
    assert places == sorted(places)


def test_each_check_says_what_was_expected_and_found(quote, reader):
    body = ok(reader.get(f"{API}quotes/{quote.pk}/verify/"))
    assert body["ok"]
    first = body["checks"][0]
    assert first["subject"] == {"type": "quote", "id": str(quote.pk)}
    rests_on = {check["subject"]["type"] for check in body["checks"]}
    assert rests_on == {
        "quote", "snapshot", "article", "speaker", "organisation", "affiliation", "outlet",
    }  # fmt: skip
    by_name = {check["check"]: check for check in body["checks"]}
    assert by_name.keys() == {
        "anchor", "contexts", "printed", "role", "snapshot_digest", "present_state",
        "version_chain", "link", "state_hash", "reason_hash", "payload", "state_identity", "time",
        "order", "derived", "references", "past_version",
    }  # fmt: skip
    assert by_name["anchor"]["expected"] == by_name["anchor"]["found"] == "We had no choice,"
    assert by_name["snapshot_digest"]["found"] == quote.snapshot.sha256
    versions = [c["version"] for c in body["checks"] if c["check"] == "link"]
    assert versions[: quote.version] == list(range(1, quote.version + 1))


def test_faults_show_only_digests_and_the_quotes_own_words(quote, reader):
    tamper(
        "UPDATE quotes_quote SET spans = '{{1,60}}'",
        "UPDATE sources_speaker SET name = 'Somebody Else'",
    )
    content = reader.get(f"{API}quotes/{quote.pk}/verify/").content.decode()
    assert "anchor" in content
    for secret in ("None of us", "Mara", "Quill", "Somebody", "put to her", "NationalWorld"):
        assert secret not in content


def test_only_readers_of_a_quote_can_verify_it(quote, reader, curator):
    hidden = make_quote("Hidden", status="proposed")
    problem(reader.get(f"{API}quotes/{hidden.pk}/verify/"), 404)
    assert checked(curator, hidden) == []
    problem(reader.get(f"{API}quotes/{quote.article_id}/verify/"), 404)


def test_verifying_takes_the_same_queries_however_long_the_history(
    quote, reader, django_assert_num_queries
):
    def queries() -> int:
        with django_assert_num_queries(8) as captured:
            checked(reader, quote)
        return len(captured)

    checked(reader, quote)  # who asks is known from now on
    before = queries()
    for number in range(5):
        quote.dispute(f"Again, {number}.")
        quote.settle()
    assert queries() == before


# What does not


def test_the_text_of_a_quote_is_edited(quote, reader):
    tamper("UPDATE quotes_quote SET text = 'We had every choice'")
    faults = checked(reader, quote)
    assert named(faults, "anchor")
    assert named(faults, "present_state", quote.version)
    (state,) = [fault for fault in faults if fault["check"] == "present_state"]
    assert state["differs"] == ["text"]
    assert any("anchor: expected We had every choice" in line for line in verify("--all"))
    assert verify(str(quote.pk))
    assert verify(str(quote.article_id)) == []


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ("""state = jsonb_set(state, '{text}', '"Other"')""", "state_hash"),
        ("state = NULL", "payload"),
        ("state = NULL, salt = NULL", "payload"),
        ("state = NULL, salt = NULL, hash = NULL", "link"),
        ("salt = sources_salt()", "state_hash"),
        ("hash = sources_salt()", "state_hash"),
        ("actor = 'somebody'", "link"),
        ("reason = 'Other'", "reason_hash"),
        ("reason = NULL", "reason_hash"),
        ("reason = NULL, reason_hash = NULL", "link"),
        ("verb = 'updated'", "link"),
        ("channel = 'admin'", "link"),
        ("request = 'r-1'", "link"),
        ("public = NOT public", "link"),
        ("reader_visible = NOT reader_visible", "link"),
        ("fields = '{}'", "link"),
        ("era = 2", "link"),
        ("transaction = '3'", "link"),
        ("subject_type = 'outlet'", "link"),
        ("link = sources_salt()", "link"),
        ("time = time - interval '1 second'", "link"),
        ("time = time - interval '1 year'", "time"),
        ("version = 77", "version_chain"),
    ],
)
def test_a_revision_is_edited(quote, reader, change, check):
    tamper(f"UPDATE sources_revision SET {change} WHERE subject_id = '{quote.pk}' AND version = 3")
    version = None if "version" in change else 3
    assert named(checked(reader, quote), check, version)
    lines = verify("--all")
    assert any(str(quote.pk) in line and f": {check}: expected " in line for line in lines)


def test_a_state_is_edited_with_its_hash_and_its_links(quote, other, reader):
    """A chain recomputed from there on no longer agrees with what it links to."""
    tamper(
        f"""UPDATE sources_revision SET state = jsonb_set(state, '{{text}}', '"Other"')
            WHERE subject_id = '{quote.pk}' AND version = {quote.version}"""
    )
    relink(quote)
    (fault,) = checked(reader, quote)
    assert fault["check"] == "present_state"
    assert fault["differs"] == ["text"]


def relink(quote: Quote) -> None:
    """Recompute the hashes and links of a history, as a forger would."""
    previous = None
    for revision in Revision.objects.of(quote):
        tamper(
            """UPDATE sources_revision SET hash = sources_state_hash(salt, state),
                   reason_hash = sources_state_hash(salt, to_jsonb(reason)) WHERE id = %(id)s""",
            """UPDATE sources_revision SET link = sources_link(%(previous)s, hash, reason_hash, era,
                   transaction, subject_type, subject_id, version, verb, public, reader_visible,
                   fields, actor, channel, request, time) WHERE id = %(id)s""",
            values={"id": revision.pk, "previous": previous},
        )
        previous = bytes(Revision.objects.get(pk=revision.pk).link)


def test_a_middle_revision_is_deleted(quote, reader):
    tamper(f"DELETE FROM sources_revision WHERE subject_id = '{quote.pk}' AND version = 3")
    faults = checked(reader, quote)
    assert named(faults, "version_chain", 4)
    assert named(faults, "link", 4)
    assert any("version 4: version_chain: expected 3, changed" in line for line in verify("--all"))


def test_the_first_revision_is_deleted(quote, reader):
    tamper(f"DELETE FROM sources_revision WHERE subject_id = '{quote.pk}' AND version = 1")
    assert named(checked(reader, quote), "version_chain", 2)
    assert verify("--all")


def test_the_last_revision_is_deleted(quote, reader):
    tamper(
        f"DELETE FROM sources_revision"
        f" WHERE subject_id = '{quote.pk}' AND version = {quote.version}"
    )
    faults = {(fault["check"], fault["version"]) for fault in checked(reader, quote)}
    before = quote.version - 1
    assert faults == {("present_state", before), ("past_version", before)}
    assert len(verify("--all")) == 2


def test_a_whole_history_is_deleted(quote, reader):
    tamper(f"DELETE FROM sources_revision WHERE subject_id = '{quote.pk}'")
    *past, fault = sorted(checked(reader, quote), key=lambda fault: fault["check"])
    assert fault["found"] == "a row without history"
    assert [each["version"] for each in past] == list(range(1, quote.version))
    assert {each["check"] for each in past} == {"past_version"}
    assert len(verify("--all")) == quote.version


WHAT_IT_SAYS = (
    "state, actor, reason, verb, fields, time, public, reader_visible, salt, hash, reason_hash"
)


@pytest.mark.parametrize("columns", ["state", "state, salt, hash", WHAT_IT_SAYS])
def test_two_revisions_of_a_subject_are_swapped(quote, reader, columns):
    swap((quote, 3), (quote, 4), columns)
    faults = checked(reader, quote)
    assert named(faults, "state_hash" if columns == "state" else "link", 3)
    assert named(faults, "state_identity", 3)
    assert verify("--all")


@pytest.mark.parametrize("columns", ["state", "state, salt, hash", WHAT_IT_SAYS])
def test_the_revisions_of_two_subjects_are_swapped(quote, other, reader, columns):
    swap((quote, 4), (other, 4), columns)
    for one in (quote, other):
        assert named(checked(reader, one), "state_identity", 4)
    assert verify("--all")


def test_revisions_swapped_with_their_links_are_detected_by_their_versions(quote, reader):
    where = f"subject_id = '{quote.pk}' AND version"
    tamper(
        f"UPDATE sources_revision SET version = 99 WHERE {where} = 3",
        f"UPDATE sources_revision SET version = 3 WHERE {where} = 4",
        f"UPDATE sources_revision SET version = 4 WHERE {where} = 99",
    )
    faults = checked(reader, quote)
    assert all(named(faults, check, 4) for check in ("link", "time", "order", "state_identity"))


def swap(one: tuple[Quote, int], two: tuple[Quote, int], columns: str) -> None:
    ids = [Revision.objects.of(quote).get(version=version).pk for quote, version in (one, two)]
    tamper(
        f"""UPDATE sources_revision r SET ({columns}) =
            (SELECT {columns} FROM sources_revision o
             WHERE o.id = ANY (%(ids)s) AND o.id <> r.id)
            WHERE r.id = ANY (%(ids)s)""",
        values={"ids": ids},
    )


@pytest.mark.parametrize("with_digest", [False, True])
def test_the_text_of_a_snapshot_is_edited(quote, reader, with_digest):
    text = TEXT.replace("no choice", "a choice")
    tamper("UPDATE sources_snapshot SET text = %(text)s", values={"text": text})
    if with_digest:
        tamper("UPDATE sources_snapshot SET sha256 = encode(sha256(text::bytea), 'hex')")
    faults = checked(reader, quote)
    assert named(faults, "present_state" if with_digest else "snapshot_digest")
    assert named(faults, "anchor")
    assert any(line.startswith("snapshot ") for line in verify("--all"))


def test_the_text_of_a_snapshot_is_edited_outside_its_quotes(quote, reader):
    tamper("UPDATE sources_snapshot SET text = replace(text, 'in the end', 'at the end')")
    (fault,) = checked(reader, quote)
    assert fault["check"] == "snapshot_digest"
    assert fault["subject"] == {"type": "snapshot", "id": str(quote.snapshot_id)}


def test_an_anchor_is_moved(quote, reader):
    tamper("UPDATE quotes_quote SET spans = '{{2,19}}'")
    faults = checked(reader, quote)
    assert named(faults, "anchor")
    assert named(faults, "present_state")
    assert verify("--all")


def test_a_seam_that_hides_words_is_made(curator):
    text = "“We will not, whatever they say, close the quay,” said Mara Quill."
    spans = [[1, 8], [text.index("close"), text.index(",” said")]]
    filing = publish(make_filing(text=text, quotes=[{"spans": spans, "speaker": "Mara Quill"}]))
    filed = ok(curator.post(f"{API}articles/", filing), 201)["quotes"][0]
    assert filed["text"] == "We will […] close the quay"
    hidden = Quote.objects.get(pk=filed["id"])
    assert not checked(curator, hidden)
    tamper("UPDATE quotes_quote SET seams = '{interruption}', text = 'We will close the quay'")
    assert named(checked(curator, hidden), "seams")
    assert any("seams" in line for line in verify("--all"))


@pytest.mark.parametrize("spans", ["{{1,9999}}", "{{9,1}}", "{1,9}", "{{NULL,9}}"])
def test_an_anchor_is_moved_to_nowhere(quote, reader, spans):
    tamper(f"UPDATE quotes_quote SET spans = '{spans}'")
    assert named(checked(reader, quote), "anchor")


def test_the_context_of_an_anchor_is_edited(quote, reader):
    tamper("""UPDATE quotes_quote SET contexts = '{{"He said ","!"}}'""")
    (fault,) = checked(reader, quote)
    assert fault["check"] == "contexts"
    assert len(verify("--all")) == 1


@pytest.mark.parametrize(
    "edit",
    [
        """jsonb_set(nearest, '{text}', '"Other"')""",
        "jsonb_set(nearest, '{start}', '0')",
        "jsonb_set(nearest, '{start}', '\"x\"')",
        "jsonb_set(nearest, '{end}', '1e30')",
        "jsonb_set(nearest, '{snapshot}', '\"abc\"')",
        "'[]'",
    ],
)
def test_the_nearest_passage_is_edited(curator, edit):
    filing = publish(make_filing())
    filed = ok(curator.post(f"{API}articles/", filing), 201)
    filing["text"] = filing["text"].replace("no choice", "no choices")
    del filing["quotes"]
    assert ok(curator.post(f"{API}articles/", filing))["reanchored"][0]["state"] == "altered"
    assert verify("--all") == []
    tamper(f"UPDATE quotes_quote SET nearest = {edit}")
    (fault,) = checked(curator, Quote.objects.get(pk=filed["quotes"][0]["id"]))
    assert fault["check"] == "nearest"


def test_a_quote_is_inserted_without_its_triggers(quote, reader):
    columns = [f.column for f in Quote._meta.concrete_fields if not f.generated]
    copied = ", ".join("uuidv7()" if c == "id" else f'"{c}"' for c in columns)
    names = ", ".join(f'"{c}"' for c in columns)
    tamper(
        "DROP INDEX quote_once_per_place",
        f"INSERT INTO quotes_quote ({names}) SELECT {copied} FROM quotes_quote",
    )
    forged = Quote.objects.exclude(pk=quote.pk).get()
    (fault,) = [f for f in checked(reader, forged) if f["subject"]["id"] == str(forged.pk)]
    assert (fault["check"], fault["found"]) == ("present_state", "a row without history")
    assert any("a row without history" in line for line in verify("--all"))


def test_the_row_of_a_quote_is_deleted(quote, reader, curator):
    tamper("DELETE FROM quotes_via", "DELETE FROM quotes_quote")
    (fault,) = checked(reader, quote)
    assert (fault["check"], fault["found"]) == ("present_state", None)
    assert len(verify("--all")) == 1
    hidden = make_quote("Hidden", status="proposed")
    tamper(f"DELETE FROM quotes_quote WHERE id = '{hidden.pk}'")
    problem(reader.get(f"{API}quotes/{hidden.pk}/verify/"), 404)
    assert checked(curator, hidden)


def test_a_step_of_the_reporting_chain_is_deleted(quote, reader):
    tamper("DELETE FROM quotes_via WHERE position = 0")
    (fault,) = checked(reader, quote)
    assert fault["differs"] == ["via"]


@pytest.mark.parametrize("change", ["outlet_id = NULL", "published = '[2026-03-15,2026-03-16)'"])
def test_a_quote_is_given_another_outlet_or_date_than_its_article(quote, reader, change):
    tamper(f"UPDATE quotes_quote SET {change}")
    assert named(checked(reader, quote), "printed")


def test_a_revision_is_forged(quote, reader):
    """With every hash right, and the row left as it is."""
    forge(quote, f"{quote.version} + 1, 'updated'")
    faults = {(fault["check"], fault["version"]) for fault in checked(reader, quote)}
    assert faults == {("present_state", quote.version + 1), ("past_version", quote.version)}


def test_an_erasure_is_forged(quote, reader):
    forge(quote, f"{quote.version} + 1, 'erased'")
    faults = checked(reader, quote)
    assert named(faults, "present_state")
    assert named(faults, "payload", 1)


def forge(quote: Quote, version_and_verb: str) -> None:
    tamper(
        f"""INSERT INTO sources_revision (era, transaction, subject_type, subject_id, version, verb,
                public, reader_visible, state, fields, actor, channel, time, salt, hash, link)
            SELECT era, pg_current_xact_id(), subject_type, subject_id, {version_and_verb}, public,
                reader_visible, jsonb_set(state, '{{text}}', '"Forged"'), '{{text}}', 'curators',
                'api', clock_timestamp(), salt, hash, link
            FROM sources_revision WHERE subject_id = '{quote.pk}' AND version = {quote.version}"""
    )
    last = Revision.objects.of(quote).last()
    if last.verb == "erased":
        tamper(f"UPDATE sources_revision SET state = NULL, salt = NULL WHERE id = {last.pk}")
    tamper(
        f"""UPDATE sources_revision SET
            state = jsonb_set(state, '{{version}}', to_jsonb(version)) WHERE id = {last.pk}"""
    )
    relink(quote)


@pytest.mark.parametrize(
    ("change", "columns"),
    [
        ("search_words = ''", ["search_words"]),
        ("bare = ''", ["bare", "search_words"]),
        ("bare = ' others ', search_words = quotes_search_words(' others ', language)", ["bare"]),
        ("search_words = quotes_search_words(bare, 'de')", ["search_words"]),
        ("role_key = sources_role_key('emperor')", ["role_key"]),
    ],
)
def test_what_searches_and_filters_read_of_a_quote_is_edited(quote, reader, change, columns):
    tamper(f"UPDATE quotes_quote SET {change}")
    (fault,) = checked(reader, quote)
    assert (fault["check"], fault["differs"]) == ("derived", columns)
    (line,) = verify("--all")
    assert line.startswith(f"quote {quote.pk} version {quote.version}: derived: expected ")


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("quotes_quote", "published_day", "'1999-01-01'"),
        ("quotes_quote", "said_day", "'1999-01-01'"),
        ("sources_speaker", "names_folded", "'{}'"),
        ("sources_organisation", "names_folded", "'{}'"),
        ("sources_outlet", "names_folded", "'{}'"),
        ("sources_affiliation", "start_day", "'1999-01-01'"),
        ("sources_affiliation", "end_last", "'1999-01-01'"),
        ("sources_article", "published_day", "'1999-01-01'"),
        ("sources_article", "url_key", "'elsewhere.example'"),
        ("sources_snapshot", "characters", "9"),
    ],
)
def test_a_generated_column_is_made_an_ordinary_one_and_edited(quote, reader, table, column, value):
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    tamper(
        f"ALTER TABLE {table} ALTER {column} DROP EXPRESSION",
        f"UPDATE {table} SET {column} = {value}",
    )
    faults = [fault for fault in checked(reader, quote) if fault["check"] == "derived"]
    assert [fault["differs"] for fault in faults] == [[column]]
    assert any(": derived: expected " in line and column in line for line in verify("--all"))


def test_all_derived_columns_are_verified():
    """But for those that have a check of their own, and who filed a quote: users come and go."""
    own_check = {"contexts", "nearest", "filed_by_id"}
    assert {*COMPUTED} == {*DERIVED} - own_check


def test_a_record_that_others_refer_to_is_deleted_with_its_history(quote, reader):
    with transaction.atomic():
        tamper(
            "DELETE FROM sources_affiliation",
            "DELETE FROM sources_revision WHERE subject_type = 'affiliation'",
        )
        (fault,) = [each for each in checked(reader, quote) if each["check"] == "references"]
        (line,) = verify("--all")
        transaction.set_rollback(True)
    assert fault["differs"] == ["affiliation_id"]
    assert line.startswith(f"quote {quote.pk} version {quote.version}: references: expected ")


@pytest.mark.parametrize(
    ("change", "columns"),
    [
        ("UPDATE quotes_pastversion SET status = 'retracted' WHERE version = 2", ["status"]),
        ("UPDATE quotes_pastversion SET speaker_id = NULL WHERE version = 2", ["speaker_id"]),
        ("UPDATE quotes_pastversion SET role_key = quote_id WHERE version = 2", ["role_key"]),
        ("UPDATE quotes_pastversion SET until = until + interval '1 day' WHERE version = 2", None),
        ("DELETE FROM quotes_pastversion WHERE version = 2", None),
    ],
)
def test_what_lists_of_the_past_read_is_edited(quote, reader, change, columns):
    tamper(change)
    (fault,) = checked(reader, quote)
    assert (fault["check"], fault["version"]) == ("past_version", 2)
    assert fault["differs"] == columns
    assert len(verify("--all")) == 1


def test_a_quote_is_deleted_with_its_history_but_not_with_its_past(quote, other):
    tamper(
        f"DELETE FROM quotes_quote WHERE id = '{other.pk}'",
        f"DELETE FROM sources_revision WHERE subject_id = '{other.pk}'",
    )
    lines = verify("--all")
    assert len(lines) == other.version
    assert all(str(other.pk) in line for line in lines)


def test_the_records_a_quote_refers_to_are_verified_with_it(quote, reader):
    tamper("UPDATE sources_affiliation SET role = 'emperor'")
    faults = {fault["check"]: fault for fault in checked(reader, quote)}
    assert {*faults} == {"present_state", "role"}
    assert all(fault["subject"]["type"] == "affiliation" for fault in faults.values())
    assert faults["present_state"]["differs"] == ["role"]


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_a_change_to_any_column_of_a_revision_is_detected(quote, other, data):
    """But for `id`, which is the number of the row: only its order says something."""
    revisions = list(Revision.objects.order_by("id"))
    victim = data.draw(st.sampled_from(revisions))
    column = data.draw(
        st.sampled_from([f.column for f in Revision._meta.concrete_fields if f.column != "id"])
    )
    words = st.none() | st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12
    )
    value, cast = {
        "era": (st.integers(0, 30_000), "smallint"),
        "transaction": (st.integers(0, 2**40).map(str), "xid8"),
        "subject_type": (st.sampled_from(["quote", "speaker", "outlet", "nothing", ""]), "text"),
        "subject_id": (st.uuids() | st.sampled_from([quote.pk, victim.subject_id]), "uuid"),
        "version": (st.integers(0, 2**31 - 1), "int"),
        "verb": (st.sampled_from([*Revision.Verb.values, ""]), "text"),
        "public": (st.booleans(), "boolean"),
        "reader_visible": (st.booleans(), "boolean"),
        "state": (
            st.none()
            | st.sampled_from(["null", "{}", "[]", json.dumps(revisions[0].state)])
            | words.map(lambda word: json.dumps({**(victim.state or {}), "text": word})),
            "jsonb",
        ),
        "fields": (st.lists(st.sampled_from(["text", "status", "via"]), max_size=3), "text[]"),
        "actor": (words, "text"),
        "channel": (words.map(lambda word: word or ""), "text"),
        "request": (words, "text"),
        "reason": (words, "text"),
        "time": (st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)), "timestamptz"),  # noqa: DTZ001
        "salt": (st.none() | st.binary(max_size=40), "bytea"),
        "hash": (st.none() | st.binary(max_size=40), "bytea"),
        "reason_hash": (st.none() | st.binary(max_size=40), "bytea"),
        "link": (st.binary(max_size=40), "bytea"),
    }[column]
    new = data.draw(value)
    with transaction.atomic():
        tamper("ALTER TABLE sources_revision DROP CONSTRAINT IF EXISTS revision_once_per_version")
        before = text_of(victim.pk, column)
        tamper(
            f"UPDATE sources_revision SET {column} = %(new)s::{cast} WHERE id = %(id)s",
            values={"new": new, "id": victim.pk},
        )
        changed = text_of(victim.pk, column) != before
        subjects = [key for batch in all_subjects() for key in batch]
        assert bool(faults_in(subjects)) == changed
        transaction.set_rollback(True)


def text_of(pk: int, column: str) -> str | None:
    return sql(f"SELECT {column}::text FROM sources_revision WHERE id = %s", [pk])[0][0]


# What belongs to no record


def test_an_era_is_moved_made_up_or_removed(quote):
    call_command("begin_era", "--anyway", stdout=io.StringIO())
    quote.dispute("In the second era.")
    assert verify("--all") == []
    second = Era.objects.get(id=2)
    for change, fault in (
        ("UPDATE sources_era SET began = '2001-01-01' WHERE id = 2", "expected a beginning after"),
        ("UPDATE sources_era SET id = 3 WHERE id = 2", "expected an era on record"),
        ("INSERT INTO sources_era VALUES (4, 'elsewhere', now())", "expected number 3, found"),
        (f"DELETE FROM sources_era WHERE id = {second.id}", "expected an era on record"),
    ):
        with transaction.atomic():
            tamper(change)
            assert any(f": era: {fault}" in line for line in verify("--all")), change
            transaction.set_rollback(True)


def test_a_revision_is_moved_to_a_later_era(quote, reader):
    call_command("begin_era", "--anyway", stdout=io.StringIO())
    quote.dispute("In the second era.")
    tamper(f"UPDATE sources_revision SET era = 2 WHERE subject_id = '{quote.pk}' AND version = 2")
    relink(quote)
    assert [(f["check"], f["version"]) for f in checked(reader, quote)] == [("order", 3)]


def test_a_trigger_is_switched_off_changed_removed_or_added(quote):
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    (records,) = [each for each in Quote._meta.triggers if each.name == "ledger_update"]
    name = records.get_pgid(Quote)
    for change, found in (
        (f"ALTER TABLE quotes_quote DISABLE TRIGGER {name}", "found off, "),
        (f"DROP TRIGGER {name} ON quotes_quote", "found no trigger"),
        (
            f"""CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql
                AS 'BEGIN RETURN NULL; END'""",
            "found on, ",
        ),
        (f"COMMENT ON TRIGGER {name} ON quotes_quote IS 'another'", "found on, another, "),
    ):
        with transaction.atomic():
            tamper(change)
            (line,) = verify("--all")
            assert line.startswith(f"trigger quotes_quote.{name}: trigger: expected on, ")
            assert found in line
            transaction.set_rollback(True)
    tamper(
        f"CREATE TRIGGER more BEFORE UPDATE ON quotes_quote FOR EACH ROW EXECUTE FUNCTION {name}()"
    )
    (line,) = verify("--all")
    assert line.startswith("trigger quotes_quote.more: trigger: expected no trigger, found on, ")


# The command


def test_the_command_needs_ids_or_all():
    for arguments in ((), ("--all", "01a201f3-1819-7f60-b922-5b8f8a7c7708")):
        with pytest.raises(CommandError, match="--all"):
            call_command("verify", *arguments)


def test_the_command_reports_an_unknown_id(quote):
    nothing = "01a201f3-1819-7f60-b922-5b8f8a7c7708"
    (line,) = verify(nothing, str(quote.pk))
    assert line == (
        f"record {nothing}: present_state: expected nothing, found neither a row nor a history"
    )


def test_each_subject_is_verified_once_whatever_the_size_of_a_batch(quote, other, monkeypatch):
    whole = [key for batch in all_subjects() for key in batch]
    monkeypatch.setattr("sources.history.verification.BATCH", 3)
    small = list(all_subjects())
    assert [key for batch in small for key in batch] == whole
    assert max(map(len, small)) == 3
    assert len(set(whole)) == len(whole)
    assert {quote.pk, other.speaker_id, quote.snapshot_id} - {None} <= set(whole)


def test_a_fault_takes_one_line(quote):
    tamper("UPDATE quotes_quote SET text = %(text)s", values={"text": "line\nbreak " * 500})
    lines = verify(str(quote.pk))
    assert all(line.startswith(f"quote {quote.pk} version {quote.version}: ") for line in lines)
    assert max(map(len, lines)) < 400
    assert UUID(lines[0].split()[1]) == quote.pk
    assert Article.objects.exists()
    assert Snapshot.objects.exists()
    assert Via.objects.exists()
