"""Whoever changes the database past its triggers is told of by `manage.py verify`, by name."""

import io
import json
from string import Template

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import transaction

from quotes.models import Quote
from sources.checkpoints.notes import Signer
from sources.ledger.recording import recording_of
from sources.models import Outlet
from tests.conftest import settle
from tests.quotes.history.test_verification import (
    make_quote_with_history,
    make_retracted_quote,
    tamper,
)
from tests.records import make_quote

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

# As a forger would, who knows how links are computed
RELINKED = """
    DO $$$$ DECLARE r record; previous bytea; BEGIN
        FOR r IN SELECT * FROM sources_revision WHERE subject_id = '$quote' ORDER BY version LOOP
            UPDATE sources_revision SET link = sources_link(
                previous, r.hash, r.reason_hash, r.era, r.transaction, r.subject_type, r.subject_id,
                r.version, r.verb, r.public, r.reader_visible, r.fields, r.actor, r.channel,
                r.request, r.time
            ) WHERE id = r.id RETURNING link INTO previous;
        END LOOP;
    END $$$$
"""
REHASHED = """
    UPDATE sources_revision SET hash = sources_state_hash(salt, state) WHERE subject_id = '$quote'
"""
SLIPPED_IN = """
    INSERT INTO sources_revision (era, transaction, subject_type, subject_id, version, verb, public,
        reader_visible, state, fields, actor, channel, time, salt, hash, link)
    SELECT n.*, sources_link(NULL, n.hash, NULL, n.era, n.transaction, n.subject_type, n.subject_id,
        1, n.verb, true, true, n.fields, n.actor, n.channel, NULL, n.time)
    FROM sources_revision r CROSS JOIN LATERAL (
        SELECT r.era, r.transaction, r.subject_type, o.id AS subject_id, 1, r.verb, true, true,
            o.state, r.fields, r.actor, r.channel, r.time, r.salt,
            sources_state_hash(r.salt, o.state) AS hash
        FROM (SELECT id, $state AS state FROM sources_outlet n WHERE slug = 'slipped-in') o
    ) n
    WHERE r.subject_type = 'outlet' AND r.version = 1
"""
TREE_REBUILT = (
    "DELETE FROM sources_checkpoint",
    "DELETE FROM sources_leaf",
    r"""
    INSERT INTO sources_leaf (position, subject_id, version, hash)
    SELECT row_number() OVER (ORDER BY era, transaction, id) - 1, subject_id, version,
        sha256('\x00'::bytea || link)
    FROM sources_revision
    """,
)

OF_THE_TREE: dict[str, tuple[str, ...]] = {
    "the last revision and its change of the row, undone with its past": (
        f"DELETE FROM sources_revision {LAST_REVISION}",
        ROW_AS_BEFORE,
        f"{NO_PAST} AND version = $last - 1",
    ),
    "a quote, deleted with its history and its past": (NO_ROW, NO_HISTORY, NO_PAST),
    "a whole chain, rewritten with the row": (
        'UPDATE sources_revision SET state = state || \'{"language": "fr"}\''
        " WHERE subject_id = '$quote'",
        REHASHED,
        RELINKED,
        "UPDATE quotes_quote SET language = 'fr',"
        " search_words = quotes_search_words(bare, 'fr') WHERE id = '$quote'",
        "UPDATE quotes_pastversion SET language = 'fr' WHERE quote_id = '$quote'",
    ),
    "the actor of a whole chain": (
        "UPDATE sources_revision SET actor = 'nobody' WHERE subject_id = '$quote'",
        RELINKED,
    ),
    "a record, slipped in with a history of long ago": (
        "INSERT INTO sources_outlet (id, version, created, updated, name, aliases, slug, is_public)"
        " SELECT uuidv7(), 1, created, created, 'Slipped in', '{}', 'slipped-in', true"
        " FROM sources_outlet WHERE name = 'The Harbour Post'",
        SLIPPED_IN,
    ),
}
"""What only the tree of checkpoints tells."""

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
        ("UPDATE quotes_quote SET role_key = sources_role_key('emperor') WHERE id = '$quote'",),
    ),
    "a role, unknown to searches": ("role", ("DELETE FROM sources_role",)),
    "the text of a role": ("role", ("UPDATE sources_role SET role = 'emperor'",)),
    "the words of a role": (
        "role",
        (
            "ALTER TABLE sources_role ALTER role_words DROP EXPRESSION",
            "UPDATE sources_role SET role_words = 'emperor'",
        ),
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
    "the era of a whole chain": (
        "era",
        ("UPDATE sources_revision SET era = 1 WHERE subject_id = '$quote'", RELINKED),
    ),
    "a trigger, switched off": ("trigger", ("ALTER TABLE quotes_quote DISABLE TRIGGER $trigger",)),
    "a leaf of the tree": (
        "leaf",
        ("UPDATE sources_leaf SET hash = sha256('other') WHERE position = 3",),
    ),
    "a place in the tree": (
        "leaf",
        ("UPDATE sources_leaf SET position = position + 100 WHERE position > 3",),
    ),
    **{name: ("leaf", statements) for name, statements in OF_THE_TREE.items()},
}


def told(*asked: str) -> list[str]:
    """The faults of all records."""
    out = io.StringIO()
    try:
        call_command("verify", "--all", *asked, stdout=out, verbosity=0)
    except CommandError as error:
        if error.returncode != 1:
            raise
        return out.getvalue().splitlines()
    return []


@pytest.mark.django_db(transaction=True)
def test_every_tamper_is_named(tmp_path, monkeypatch):
    key = Signer.new("quotes.example/ledger").written
    monkeypatch.setattr(settings, "ONRECORD_LOG_KEYS", [key])
    call_command("begin_era", "--anyway", stdout=io.StringIO())
    quote, other = make_quote_with_history(), make_retracted_quote()
    make_quote(role="a nurse")
    settle()
    kept = tmp_path / "log"
    call_command("checkpoint", str(kept), stdout=io.StringIO())
    (records,) = [each for each in Quote._meta.triggers if each.name == "ledger_update"]
    names = {
        "quote": quote.pk,
        "snapshot": quote.snapshot_id,
        "other": other.pk,
        "last": other.version,
        "trigger": records.get_pgid(Quote),
        "state": recording_of(Outlet).state(Outlet),
    }
    erased = tmp_path / "tombstones.ndjson"
    erased.write_text("")

    def found(statements: tuple[str, ...], *asked: str) -> list[str]:
        """What is told of these changes, which are undone then."""
        with transaction.atomic():
            tamper(*(Template(each).substitute(names) for each in statements))
            lines = told(*asked)
            transaction.set_rollback(True)
        return lines

    tombstones = "--tombstones", str(erased)
    against = "--against", str(kept)
    assert found((), *tombstones, *against) == []
    unnamed = {}
    for name, (check, statements) in TAMPERS.items():
        lines = found(statements, *tombstones)
        if not any(f": {check}: expected " in line for line in lines):
            unnamed[name] = (check, lines)
    for name, statements in OF_THE_TREE.items():
        statements += TREE_REBUILT
        without, lines = found(statements), found(statements, *against)
        if without or not any(line.startswith("checkpoint of ") for line in lines):
            unnamed[f"{name}, and the tree rebuilt"] = (without, lines)
    assert unnamed == {}
    assert found((), *tombstones, *against) == []
    with transaction.atomic():
        tamper("UPDATE quotes_quote SET bare = ''")  # for other connections to see
    assert sorted(told("--jobs", "2")) == sorted(told()) != []


def test_the_guide_says_what_each_check_tells_of():
    guide = (settings.BASE_DIR / "config/guides/design-decisions.md").read_text("utf-8")
    assert {check for check, _ in TAMPERS.values() if f"`{check}`" not in guide} == set()


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
    assert told("--tombstones", str(file)) == []
    back = {"kind": "quote", "id": str(quote.pk), "reason": "Court.", "erased": "2026-11-20"}
    file.write_text(json.dumps(back))
    forged, restored = sorted(told("--tombstones", str(file)), key=len, reverse=True)
    assert forged.startswith(f"quote {other.pk}: tombstone: expected nothing, found erased 20")
    assert forged.endswith(": Court.")
    assert restored == f"quote {quote.pk}: tombstone: expected erased, found a row"


def test_tombstones_go_with_all_records(tmp_path):
    with pytest.raises(CommandError, match="--all"):
        call_command(
            "verify", "01a201f3-1819-7f60-b922-5b8f8a7c7708", tombstones=tmp_path / "absent"
        )
