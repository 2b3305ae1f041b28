"""Whoever changes the database past its triggers is told of by `manage.py verify`, by name."""

import io
import json
from string import Template

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from quotes.models import Quote
from tests.quotes.history.test_verification import (
    make_quote_with_history,
    make_retracted_quote,
    tamper,
    verify,
)

REVISION_2 = "WHERE subject_id = '$quote' AND version = 2"

LAST_REVISION = "WHERE subject_id = '$other' AND version = $last"

ROW_AS_BEFORE = """
    UPDATE quotes_quote q SET (status, reason, version, updated) =
        ROW(was.status, was.reason, was.version, was.updated)
    FROM (
        SELECT (jsonb_populate_record(NULL::quotes_quote, state)).* FROM sources_revision
        WHERE subject_id = '$other' AND version = $last - 1
    ) was WHERE q.id = was.id
"""

NO_ROW = "DELETE FROM quotes_quote WHERE id = '$other'"
NO_HISTORY = "DELETE FROM sources_revision WHERE subject_id = '$other'"
NO_PAST = "DELETE FROM quotes_pastversion WHERE quote_id = '$other'"
NO_PAYLOAD = """
    UPDATE sources_revision SET state = NULL, salt = NULL, reason = NULL
    WHERE subject_id = '$other'
"""
ERASED = r"""
    INSERT INTO sources_revision (era, transaction, subject_type, subject_id, version, verb, public,
        reader_visible, fields, actor, channel, reason, time, salt, reason_hash, link)
    SELECT n.*, sources_link(p.link, NULL, n.reason_hash, n.era, n.transaction, 'quote', '$other',
        n.version, 'erased', false, true, '{}', 'root', 'command:erase', NULL, n.time)
    FROM sources_revision p CROSS JOIN LATERAL (
        SELECT p.era, pg_current_xact_id() AS transaction, p.subject_type, p.subject_id,
            p.version + 1 AS version, 'erased', false, true, '{}'::text[], 'root', 'command:erase',
            'Court.', clock_timestamp() AS time, '\x01'::bytea,
            sources_state_hash('\x01', '"Court."') AS reason_hash
    ) n
    WHERE p.subject_id = '$other' AND p.version = $last
"""

TAMPERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "the words of a quote": (
        "present_state",
        ("UPDATE quotes_quote SET text = 'We had a choice,' WHERE id = '$quote'",),
    ),
    "the words of a quote, and in its text": (
        "snapshot_digest",
        (
            "UPDATE quotes_quote SET text = replace(text, 'no', 'a') WHERE id = '$quote'",
            "UPDATE sources_snapshot SET text = replace(text, 'no', 'a') WHERE id = '$snapshot'",
        ),
    ),
    "where a quote stands": (
        "anchor",
        ("UPDATE quotes_quote SET spans = '{{2,18}}' WHERE id = '$quote'",),
    ),
    "the words around a quote": (
        "contexts",
        ("""UPDATE quotes_quote SET contexts = '{{"He said ","!"}}' WHERE id = '$quote'""",),
    ),
    "the outlet of a quote": (
        "printed",
        ("UPDATE quotes_quote SET outlet_id = NULL WHERE id = '$quote'",),
    ),
    "the name of an outlet": (
        "present_state",
        ("UPDATE sources_outlet SET name = 'Another'",),
    ),
    "a step of the reporting chain": (
        "present_state",
        (
            "INSERT INTO quotes_via (quote_id, position, kind, name)"
            " VALUES ('$quote', 9, 'told', 'Nobody')",
        ),
    ),
    "an old state": (
        "state_hash",
        (f"""UPDATE sources_revision SET state = state || '{{"text": "Other"}}' {REVISION_2}""",),
    ),
    "the salt of a state": (
        "state_hash",
        (f"UPDATE sources_revision SET salt = sources_salt() {REVISION_2}",),
    ),
    "a payload, as if it was erased": (
        "payload",
        (f"UPDATE sources_revision SET state = NULL, salt = NULL, reason = NULL {REVISION_2}",),
    ),
    "the states of two revisions, swapped": (
        "state_identity",
        (
            """
            UPDATE sources_revision r SET (state, salt, hash) =
                (SELECT state, salt, hash FROM sources_revision o
                 WHERE o.subject_id = r.subject_id AND o.version = 5 - r.version)
            WHERE subject_id = '$quote' AND version IN (2, 3)
            """,
        ),
    ),
    "the actor of a revision": (
        "link",
        (f"UPDATE sources_revision SET actor = 'nobody' {REVISION_2}",),
    ),
    "the reason of a revision": (
        "reason_hash",
        ("UPDATE sources_revision SET reason = 'Another.' WHERE reason IS NOT NULL",),
    ),
    "a revision, dated back": (
        "time",
        (f"UPDATE sources_revision SET time = time - interval '1 year' {REVISION_2}",),
    ),
    "a revision in the middle, deleted": (
        "version_chain",
        (f"DELETE FROM sources_revision {REVISION_2}",),
    ),
    "the last revision, deleted": (
        "present_state",
        (f"DELETE FROM sources_revision {LAST_REVISION}",),
    ),
    "the ledger, emptied": ("present_state", ("DELETE FROM sources_revision",)),
    "the last revision and its change of the row, undone": (
        "past_version",
        (f"DELETE FROM sources_revision {LAST_REVISION}", ROW_AS_BEFORE),
    ),
    "a quote, deleted with its history": ("past_version", (NO_ROW, NO_HISTORY)),
    "an erasure, forged for a quote on record": ("payload", (ERASED,)),
    "an erasure, forged with its payload destroyed": ("past_version", (NO_ROW, NO_PAYLOAD, ERASED)),
    "an erasure, forged whole": ("tombstone", (NO_ROW, NO_PAYLOAD, NO_PAST, ERASED)),
    "the stemmed words of a quote": (
        "derived",
        ("UPDATE quotes_quote SET search_words = '' WHERE id = '$quote'",),
    ),
    "the bare words of a quote": (
        "derived",
        ("UPDATE quotes_quote SET bare = '' WHERE id = '$quote'",),
    ),
    "the key of a role": (
        "derived",
        ("UPDATE quotes_quote SET role_key = quotes_role_key('emperor') WHERE id = '$quote'",),
    ),
    "the names by which a speaker is found": (
        "derived",
        (
            "ALTER TABLE sources_speaker ALTER names_folded DROP EXPRESSION",
            "UPDATE sources_speaker SET names_folded = '{}'",
        ),
    ),
    "a past version of a quote": (
        "past_version",
        ("UPDATE quotes_pastversion SET status = 'rejected' WHERE version = 2",),
    ),
    "a speaker, deleted with the history": (
        "references",
        (
            "DELETE FROM sources_speaker",
            "DELETE FROM sources_revision WHERE subject_type = 'speaker'",
        ),
    ),
    "the beginning of an era": (
        "era",
        (
            "UPDATE sources_era SET began = '2001-01-01'"
            " WHERE id = (SELECT max(id) FROM sources_era)",
        ),
    ),
    "a trigger, switched off": ("trigger", ("ALTER TABLE quotes_quote DISABLE TRIGGER $trigger",)),
}


@pytest.mark.django_db(transaction=True)
def test_every_tamper_is_named(tmp_path):
    call_command("begin_era", "--anyway", stdout=io.StringIO())
    quote, other = make_quote_with_history(), make_retracted_quote()
    (records,) = [each for each in Quote._meta.triggers if each.name == "ledger_update"]
    names = {
        "quote": quote.pk,
        "snapshot": quote.snapshot_id,
        "other": other.pk,
        "last": other.version,
        "trigger": records.get_pgid(Quote),
    }
    erased = tmp_path / "tombstones.ndjson"
    erased.write_text("")
    asked = ["--all", "--tombstones", str(erased)]
    assert verify(*asked) == []
    unnamed = {}
    for name, (check, statements) in TAMPERS.items():
        with transaction.atomic():
            tamper(*(Template(each).substitute(names) for each in statements))
            lines = verify(*asked)
            transaction.set_rollback(True)
        if not any(f": {check}: expected " in line for line in lines):
            unnamed[name] = (check, lines)
    assert unnamed == {}
    assert verify(*asked) == []
    with transaction.atomic():
        tamper("UPDATE quotes_quote SET bare = ''")  # for other connections to see
    assert sorted(verify(*asked, "--jobs", "2")) == sorted(verify(*asked)) != []


@pytest.mark.django_db
def test_tombstones_tell_a_forged_erasure_and_a_record_that_is_back(tmp_path):
    quote, other = make_quote_with_history(), make_retracted_quote()
    file = tmp_path / "tombstones.ndjson"
    call_command(
        "erase",
        "quote",
        str(other.pk),
        "--reason",
        "Court.",
        "--yes",
        verbosity=0,
        stdout=io.StringIO(),
    )
    out = io.StringIO()
    call_command("tombstones", stdout=out)
    file.write_text(out.getvalue())
    assert verify("--all", "--tombstones", str(file)) == []
    back = {"kind": "quote", "id": str(quote.pk), "reason": "Court.", "erased": "2026-11-20"}
    file.write_text(json.dumps(back))
    forged, restored = sorted(verify("--all", "--tombstones", str(file)), key=len, reverse=True)
    assert forged.startswith(f"quote {other.pk}: tombstone: expected nothing, found erased 20")
    assert forged.endswith(": Court.")
    assert restored == f"quote {quote.pk}: tombstone: expected erased, found a row"


def test_tombstones_go_with_all_records(tmp_path):
    with pytest.raises(CommandError, match="--all"):
        call_command(
            "verify", "01a201f3-1819-7f60-b922-5b8f8a7c7708", tombstones=tmp_path / "absent"
        )
