"""Checkpoints of the ledger: the sequencer, signing, static files, and what they reveal later."""

import io
import subprocess
import sys
from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from quotes.history.erasure import erase
from sources.checkpoints import proofs
from sources.checkpoints.notes import Signer, TreeHead
from sources.checkpoints.proofs import proof_of
from sources.checkpoints.sequencer import Contradiction, leaves, run, sequence
from sources.checkpoints.signing import sign
from sources.checkpoints.tiles import kept_leaves, tile_path
from sources.checkpoints.tree import root_of
from sources.exceptions import EraNotBegun
from sources.models import Checkpoint, Leaf, Revision, Speaker
from tests.config.guides.documents import blocks
from tests.conftest import settle, sql
from tests.records import make_article, make_quote, make_speaker
from tests.sources.checkpoints.paths import leaf_hash, root_from

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def signer(settings) -> Signer:
    key = Signer.new("quotes.example/ledger")
    settings.ONRECORD_LOG_KEYS = [key.written]
    return key


def in_feed_order() -> list[tuple]:
    rows = Revision.objects.order_by("era", "transaction", "id")
    return list(rows.values_list("subject_id", "version"))


def in_the_tree() -> list[tuple]:
    return list(Leaf.objects.order_by("position").values_list("subject_id", "version"))


def tamper(*statements: str) -> None:
    """Change the database as its superuser can, no trigger looking."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)


def checkpoint(directory: Path) -> Checkpoint:
    settle()
    call_command("checkpoint", str(directory), stdout=io.StringIO())
    return Checkpoint.objects.last()


def compare(*arguments) -> list[str]:
    """The faults of `verify --against`; it exits non-zero exactly if there are."""
    out, code = io.StringIO(), 0
    try:
        call_command("verify", "--against", *map(str, arguments), stdout=out, verbosity=0)
    except CommandError as error:
        if (code := error.returncode) != 1 or " faults against " not in str(error):
            raise
    lines = out.getvalue().splitlines()
    if not code:
        (line,) = lines
        assert line.startswith("The ledger continues the checkpoint of ")
    return lines if code else []


def offline(*arguments, fails: bool = False) -> str:
    """The verifier that the guide prints, in a process that knows nothing of us."""
    (script,) = [block.code for block in blocks("checkpoints") if block.language == "python"]
    assert script.count("\n") <= 100
    done = subprocess.run(
        [sys.executable, "-I", "-c", script, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert bool(done.returncode) == fails, done.stderr
    return done.stderr if fails else done.stdout


def many(number: int) -> None:
    """So many revisions."""
    Speaker.objects.bulk_create(Speaker(name=f"No {n}") for n in range(number))


# The sequence


def test_each_settled_revision_has_one_place_in_the_order_of_the_feed():
    speaker = make_speaker()
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:  # a slow writer: first to begin, last to commit
            cursor.execute("UPDATE sources_speaker SET name = 'Slow' WHERE id = %s", [speaker.pk])
        make_speaker("Quick")
        run(timestamp=0)
        assert set(in_the_tree()) <= {(speaker.pk, 1)}  # what comes later has to wait
        other.commit()
    finally:
        other.close()
    settle()
    run(timestamp=0)
    assert sequence() == 0
    assert in_the_tree() == in_feed_order()
    assert len(in_the_tree()) == 3
    assert [*Leaf.objects.order_by("position").values_list("position", flat=True)] == [0, 1, 2]
    (batch,) = leaves()
    links = [bytes(link) for (link,) in sql("SELECT link FROM sources_revision ORDER BY id")]
    assert batch.hashes == b"".join(map(leaf_hash, links))
    assert batch.links == b"".join(links)


def test_leaves_and_checkpoints_are_never_changed_or_deleted(signer):
    make_speaker()
    settle()
    sign([signer])
    for statement in (
        "UPDATE sources_leaf SET hash = hash",
        "DELETE FROM sources_leaf",
        "TRUNCATE sources_leaf",
        "UPDATE sources_checkpoint SET note = note",
        "DELETE FROM sources_checkpoint",
        "TRUNCATE sources_checkpoint",
    ):
        with pytest.raises(DatabaseError, match="never changed"):
            sql(statement)


def test_a_copy_of_the_database_sequences_and_signs_nothing_before_its_era_begins(signer, tmp_path):
    make_speaker()
    settle()
    tamper("UPDATE sources_era SET cluster = 'another'")
    run(timestamp=0)
    with pytest.raises(EraNotBegun):
        sequence()
    with pytest.raises(CommandError, match="begin_era"):
        call_command("checkpoint", str(tmp_path))
    assert not Leaf.objects.exists()
    call_command("begin_era", stdout=io.StringIO())
    assert sequence() == 1


def test_the_sequencer_stops_where_the_last_revision_was_taken_away():
    make_speaker("Ada Lund"), make_speaker("Bo Ek")
    settle()
    sequence()
    last = Leaf.objects.order_by("position").last()
    tamper(f"DELETE FROM sources_revision WHERE subject_id = '{last.subject_id}'")
    with pytest.raises(Contradiction, match="The revision of leaf 1 is missing"):
        sequence()


# Signing, and the files


def test_the_files_of_a_log_grow_with_it_and_anybody_can_verify_them(signer, tmp_path):
    log, key = tmp_path / "log", str(signer.verifier)
    kept = []
    for number in (3, 253, 1, 512, 0, 40):  # around the edges of tiles, and once nothing
        many(number)
        signed = checkpoint(log)
        kept.append(log / "checkpoints" / str(signed.size))
        head = TreeHead.read(kept[-1].read_text(), [signer.verifier])
        assert (head.origin, head.size) == ("quotes.example/ledger", Leaf.objects.count())
        (batch,) = leaves()
        assert head.root == root_of(batch.hashes)
        assert b"".join(kept_leaves(log, head.size)) == batch.hashes
    assert Checkpoint.objects.count() == 5
    assert (log / "checkpoint").read_text() == kept[-1].read_text() == signed.note
    assert (log / "key").read_text() == f"{key}\n"
    size = signed.size
    assert size == 809
    there = {str(file.relative_to(log)) for file in log.glob("tile/**/*") if file.is_file()}
    for level, number in (("0", size), ("1", size >> 8), ("entries", size)):
        full, width = divmod(number, 256)
        assert {tile_path(level, index) for index in range(full)} <= there
        assert tile_path(level, full, width) in there
    assert not any("tile/2" in name for name in there)
    first = (log / "tile/entries/000").read_bytes()
    entry = bytes(Revision.objects.order_by("era", "transaction", "id").first().link)
    assert first[:34] == b"\0\x20" + entry
    assert len(first) == 256 * 34
    assert "809 revisions holds, and continues 6 earlier" in offline(key, log, *kept)
    assert compare(log) == []
    assert compare(kept[0], "--key", key) == []

    # Whoever changes a file, or keeps another checkpoint, is noticed
    tile = log / tile_path(0, 1)
    good = tile.read_bytes()
    tile.write_bytes(good[:-1] + b"?")
    assert "contradicted" in offline(key, log, fails=True)
    tile.write_bytes(good)
    other = str(Signer.new(signer.name).verifier)
    assert "unpack" in offline(other, log, fails=True)
    with pytest.raises(CommandError, match="not signed by a key that is known"):
        compare(log, "--key", other)


def test_names_of_tiles_are_those_of_the_specification():
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path("entries", 0, 17) == "tile/entries/000.p/17"
    assert tile_path(1, 1000) == "tile/1/x001/000"


def test_any_revision_is_proved_by_a_file_and_its_link(signer, tmp_path):
    speaker = make_speaker()
    many(6)
    speaker.name = "Mara Quill-Ek"
    speaker.save()
    with pytest.raises(CommandError, match="Nothing was signed"):
        call_command("prove", speaker.pk)
    checkpoint(tmp_path)
    speaker.name = "Too Late"
    speaker.save()
    for arguments, version in (([], 2), (["--revision=1"], 1)):
        out = io.StringIO()
        call_command("prove", str(speaker.pk), *arguments, stdout=out)
        (tmp_path / "proof").write_text(out.getvalue())
        link = bytes(Revision.objects.of(speaker).get(version=version).link)
        proved = offline(signer.verifier, tmp_path / "proof", link.hex())
        assert proved.startswith(f"Number {7 if version == 2 else 0} of 8 signed revisions.")
        wrong = offline(signer.verifier, tmp_path / "proof", bytes(32).hex(), fails=True)
        assert "not in the signed tree" in wrong
        lines = out.getvalue().splitlines()
        assert lines[:2] == ["c2sp.org/tlog-proof@v1", f"index {7 if version == 2 else 0}"]
    with pytest.raises(CommandError, match="no such revision"):
        call_command("prove", str(speaker.pk), "--revision=3")


def test_a_proof_with_the_record_proves_its_words_until_they_are_changed(signer, tmp_path):
    quote = make_quote("It rained, Zoë", article=make_article("It rained, Zoë."), status="proposed")
    quote.publish()
    quote.dispute("“No,” she says.")  # with a reason, after another revision
    checkpoint(tmp_path)
    for version in (1, quote.version):
        out = io.StringIO()
        arguments = ("--with-record", f"--revision={version}")
        call_command("prove", str(quote.pk), *arguments, stdout=out)
        (tmp_path / "proof").write_text(out.getvalue())
        proved = offline(signer.verifier, tmp_path / "proof")
        assert "It rained, Zoë" in proved
        assert f'"version": {version},' in proved
        head, _, note = out.getvalue().partition("\n\n")
        _, extra, *rest = head.splitlines()
        for said, other in (("rained", "snowed"), ("quote", "outlet")):
            record = b64decode(extra.removeprefix("extra ")).decode().replace(said, other)
            changed = f"extra {b64encode(record.encode()).decode()}"
            proof = "\n".join(["c2sp.org/tlog-proof@v1", changed, *rest]) + f"\n\n{note}"
            (tmp_path / "proof").write_text(proof)
            assert "not in the signed tree" in offline(
                signer.verifier, tmp_path / "proof", fails=True
            )
    erase("quote", [quote.pk], "Court of Harrow, order 7/26.")
    with pytest.raises(CommandError, match="was erased"):
        call_command("prove", str(quote.pk), "--with-record")


def test_an_erasure_leaves_all_proofs_whole(signer, tmp_path):
    speaker = make_speaker()
    quote = make_quote("It rained.", article=make_article("It rained."), speaker=speaker)
    checkpoint(tmp_path / "log")
    out = io.StringIO()
    call_command("prove", str(quote.pk), stdout=out)
    link = bytes(Revision.objects.of(quote).last().link)
    erase("quote", [quote.pk], "Court of Harrow, order 7/26.")
    assert compare(tmp_path / "log") == []
    (tmp_path / "proof").write_text(out.getvalue())
    offline(signer.verifier, tmp_path / "proof", link.hex())
    earlier = (tmp_path / "log/checkpoint").read_text()
    assert checkpoint(tmp_path / "log").note != earlier
    assert compare(tmp_path / "log") == []


# What a log refuses to sign


def test_it_signs_nothing_without_a_key_and_says_how_to_make_one(tmp_path):
    with pytest.raises(CommandError, match="--new-key"):
        call_command("checkpoint", str(tmp_path))
    with pytest.raises(CommandError, match="Give a directory"):
        call_command("checkpoint")
    out = io.StringIO()
    call_command("checkpoint", "--new-key", "quotes.example/ledger", stdout=out)
    secret, public = out.getvalue().splitlines()
    made = Signer.parse(secret.removeprefix("ONRECORD_LOG_KEYS="))
    assert public == f"public key: {made.verifier}"
    with pytest.raises(CommandError, match="no spaces"):
        call_command("checkpoint", "--new-key", "two words")


@pytest.mark.parametrize(
    ("statements", "refusal"),
    [
        (["UPDATE sources_revision SET link = sources_salt()"], "its revision is another"),
        (["DELETE FROM sources_revision"], "The revision of leaf 0 is missing"),
    ],
)
def test_it_signs_no_leaf_that_its_revision_contradicts(signer, tmp_path, statements, refusal):
    make_speaker()
    settle()
    sequence()
    tamper(*statements)
    with pytest.raises(CommandError, match=refusal):
        call_command("checkpoint", str(tmp_path))
    assert not Checkpoint.objects.exists()
    assert not (tmp_path / "checkpoint").exists()


def test_it_signs_nothing_that_contradicts_what_it_signed(signer, settings, tmp_path):
    make_speaker("Ada Lund")
    checkpoint(tmp_path / "first")
    make_speaker("Bo Ek")
    make_speaker("Cy Oke")
    checkpoint(tmp_path / "log")

    # A restored backup that knows nothing of the last checkpoint, and goes on otherwise
    last = f"WHERE subject_id = '{Speaker.objects.latest('id').pk}'"
    tamper(
        "DELETE FROM sources_checkpoint WHERE size = 3",
        f"DELETE FROM sources_leaf {last}",
        f"DELETE FROM sources_revision {last}",
    )
    with pytest.raises(CommandError, match="3 revisions was published, and the ledger has 2"):
        call_command("checkpoint", str(tmp_path / "log"))
    make_speaker("Di Moe")
    settle()
    with pytest.raises(CommandError, match="published that contradicts the ledger"):
        call_command("checkpoint", str(tmp_path / "log"))
    assert Checkpoint.objects.count() == 1

    # Somebody who rewrites the checkpoints has no key
    tamper("UPDATE sources_checkpoint SET subtrees = sources_salt()")
    with pytest.raises(Contradiction, match="was changed"):
        sign([signer])
    tamper("UPDATE sources_checkpoint SET note = 'Trust me.'")
    with pytest.raises(CommandError, match="not signed"):
        call_command("checkpoint", str(tmp_path / "other"))
    settings.ONRECORD_LOG_KEYS = [Signer.new(signer.name).written]
    with pytest.raises(CommandError, match="not signed by a key that is known"):
        call_command("checkpoint", str(tmp_path / "first"))


def test_it_signs_nothing_once_the_end_of_what_it_signed_was_cut_off_and_grown_again(
    signer, tmp_path
):
    kept, *cut = [make_speaker(name) for name in ("Ada Lund", "Bo Ek", "Cy Oke")]
    checkpoint(tmp_path / "log")
    tamper(
        f"DELETE FROM sources_revision WHERE subject_id <> '{kept.pk}'",
        f"DELETE FROM sources_leaf WHERE subject_id <> '{kept.pk}'",
        f"DELETE FROM sources_speaker WHERE id <> '{kept.pk}'",
    )
    for more in ("Di Moe", "Ed Poe", "Flo Roe"):  # fewer, as many, and more than were signed
        make_speaker(more)
        settle()
        with pytest.raises(CommandError, match="no longer ends as the checkpoint of 3 revisions"):
            call_command("checkpoint", str(tmp_path / "log"))
    assert Checkpoint.objects.count() == 1
    assert len(cut) == 2


def test_a_ledger_that_differs_everywhere_is_not_named_leaf_by_leaf(signer, tmp_path, monkeypatch):
    monkeypatch.setattr(proofs, "MAX_NAMED", 2)
    many(5)
    checkpoint(tmp_path / "log")
    tamper("UPDATE sources_revision SET link = sources_salt()")
    assert compare(tmp_path / "log")[2:] == ["and 3 more leaves"]


# What a kept checkpoint reveals


def rewrite(key) -> list[str]:
    """Statements that replace the history of a record, with all hashes right, and its leaves."""
    return [
        f"UPDATE sources_speaker SET kind = 'collective' WHERE id = '{key}'",
        "UPDATE sources_revision SET state = jsonb_set(state, '{kind}', '\"collective\"')"
        f" WHERE subject_id = '{key}'",
        "UPDATE sources_revision SET hash = sources_state_hash(salt, state)"
        f" WHERE subject_id = '{key}'",
        "UPDATE sources_revision SET link = sources_link(NULL, hash, reason_hash, era, transaction,"
        " subject_type, subject_id, version, verb, public, reader_visible, fields, actor, channel,"
        f" request, time) WHERE subject_id = '{key}'",
        "UPDATE sources_leaf l SET hash = sha256('\\x00'::bytea || r.link) FROM sources_revision r"
        " WHERE (r.subject_id, r.version) = (l.subject_id, l.version)",
    ]


def test_a_rewritten_history_is_refuted_by_an_earlier_checkpoint_and_named_by_a_copy(
    signer, tmp_path
):
    make_speaker("Ada Lund")
    speaker = make_speaker("Mara Quill")
    checkpoint(tmp_path / "log")
    make_speaker("Later")
    kept = tmp_path / "kept"
    kept.write_text((tmp_path / "log/checkpoint").read_text())
    tamper(*rewrite(speaker.pk))
    out = io.StringIO()
    call_command("verify", "--all", stdout=out, verbosity=0)  # all hashes are right
    (fault,) = compare(kept)
    assert fault.startswith("checkpoint of 2 revisions: expected root ")
    named, root = compare(tmp_path / "log")
    assert named == f"leaf 1: record {speaker.pk} version 1: the kept log has another leaf here"
    assert root == fault


TAMPERS = {
    "a history is deleted": (
        [
            "DELETE FROM sources_revision WHERE subject_id = '{key}'",
            "DELETE FROM sources_speaker WHERE id = '{key}'",
        ],
        "leaf 1: record {key} version 1: its revision is gone",
    ),
    "a history and its leaves are deleted": (
        [
            "DELETE FROM sources_revision WHERE subject_id = '{key}'",
            "DELETE FROM sources_leaf WHERE subject_id = '{key}'",
            "DELETE FROM sources_speaker WHERE id = '{key}'",
        ],
        "leaf 0: leaves up to 3 are not in order",
    ),
    "the end is cut off": (
        [
            "DELETE FROM sources_revision WHERE id > (SELECT min(id) FROM sources_revision)",
            "DELETE FROM sources_leaf WHERE position > 0",
        ],
        "checkpoint of 4 revisions: the tree ends after 1 of them, so its end was cut off",
    ),
    "the last revision is rolled back": (
        ["DELETE FROM sources_revision WHERE id = (SELECT max(id) FROM sources_revision)"],
        "leaf 3: record {last} version 1: its revision is gone",
    ),
    "an erasure is forged among old revisions": (
        [
            "INSERT INTO sources_revision (era, transaction, subject_type, subject_id, version,"
            " verb, public, reader_visible, fields, channel, time, link)"
            " SELECT era, transaction, subject_type, subject_id, 2, 'erased', false, true, '{{}}',"
            " 'command:erase', now(), sources_salt() FROM sources_revision"
            " WHERE subject_id = '{first}'"
        ],
        "speaker {first} version 2: this revision was added before the end of the tree",
    ),
    "the tree is emptied": (
        ["DELETE FROM sources_leaf", "DELETE FROM sources_checkpoint"],
        "checkpoint of 4 revisions: the tree ends after 0 of them, so its end was cut off",
    ),
}


@pytest.mark.parametrize("name", TAMPERS)
def test_what_was_taken_away_or_slipped_in_is_named(signer, tmp_path, name):
    statements, expected = TAMPERS[name]
    speakers = [make_speaker(each) for each in ("Ada Lund", "Mara Quill", "Bo Ek", "Cy Oke")]
    keys = {"first": speakers[0].pk, "key": speakers[1].pk, "last": speakers[3].pk}
    checkpoint(tmp_path)
    tamper(*(each.format(**keys) for each in statements))
    assert expected.format(**keys) in compare(tmp_path)


def test_verify_takes_a_checkpoint_alone_or_beside_records(signer, tmp_path):
    speaker = make_speaker()
    checkpoint(tmp_path)
    out = io.StringIO()
    call_command("verify", "--all", "--against", str(tmp_path), stdout=out, verbosity=0)
    assert "records hold." in out.getvalue()
    assert "continues the checkpoint of 1 revisions" in out.getvalue()
    tamper("UPDATE sources_revision SET link = sources_salt()")
    with pytest.raises(CommandError, match="faults in 1 records"):
        call_command("verify", str(speaker.pk), "--against", str(tmp_path), stdout=io.StringIO())
    with pytest.raises(CommandError, match="Give the ids"):
        call_command("verify")
    for bad in (tmp_path / "nothing", Path(__file__)):
        with pytest.raises(CommandError, match=bad.name):
            call_command("verify", "--against", str(bad))


def test_the_path_of_a_proof_leads_to_the_signed_root(signer, tmp_path):
    many(20)
    signed = checkpoint(tmp_path)
    (batch,) = leaves()
    for position in (0, 7, 19):
        proof = proof_of(Leaf.objects.get(pk=position), signed)
        path = [b64decode(line) for line in proof.partition("\n\n")[0].splitlines()[2:]]
        leaf = batch.hashes[position * 32 : position * 32 + 32]
        assert root_from(leaf, position, 20, path) == root_of(batch.hashes)
