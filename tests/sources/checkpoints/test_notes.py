"""Signed notes and checkpoints are those of C2SP, and nothing else is taken for one."""

from base64 import b64encode

import pytest

from sources.checkpoints.notes import (
    BadKey,
    BadNote,
    Signer,
    TreeHead,
    Verifier,
    open_note,
    signed_note,
)

# The example of the specification (c2sp.org/signed-note)
KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
TEXT = "This is an example message.\n"
SIGNATURE = (
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuw"
    "HjG1Yu72IneyaQM=\n"
)

HEAD = TreeHead("quotes.example/ledger", 3, bytes(32))


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer.new("quotes.example/ledger")


def test_the_note_of_the_specification_is_opened_with_its_key():
    assert open_note(f"{TEXT}\n{SIGNATURE}", [Verifier.parse(KEY)]) == TEXT


def test_keys_are_read_as_they_are_written_and_the_secret_is_not_shown(signer):
    assert Signer.parse(signer.written).written == signer.written
    assert str(Verifier.parse(str(signer.verifier))) == str(signer.verifier)
    assert signer.written.rpartition("+")[2] not in f"{signer} {signer!r}"


@pytest.mark.parametrize(
    "key",
    [
        "",
        "example.com/foo",
        KEY.replace("530d903a", "530d903b"),
        KEY.replace("example.com/foo", "example.com/bar"),
        KEY[:-2],
        "example.com/foo+530d903a+" + b64encode(b"\4" + bytes(32)).decode(),
        "example.com/foo+530d903a+" + b64encode(b"\1" + bytes(31)).decode(),
    ],
)
def test_a_key_that_is_not_whole_is_refused(key):
    with pytest.raises(BadKey):
        Verifier.parse(key)
    with pytest.raises(BadKey):
        Signer.parse(f"PRIVATE+KEY+{key}")


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a,b"])
def test_a_log_has_a_name_that_a_note_can_hold(name):
    with pytest.raises(BadKey):
        Signer.new(name)


def test_a_checkpoint_says_origin_size_and_root(signer):
    note = signed_note(HEAD.text, [signer])
    assert note.startswith(f"quotes.example/ledger\n3\n{'A' * 43}=\n\n— quotes.example/ledger ")
    assert TreeHead.read(note, [signer.verifier]) == HEAD


def test_while_a_key_is_replaced_both_sign_and_either_opens(signer):
    newer = Signer.new(signer.name)
    note = signed_note(HEAD.text, [newer, signer])
    for each in (signer, newer):
        assert TreeHead.read(note, [each.verifier]) == HEAD


def changed(note: str) -> dict[str, str]:
    text, _, lines = note.partition("\n\n")
    return {
        "another size": note.replace("\n3\n", "\n4\n"),
        "another root": note.replace("AAAA", "AAAB", 1),
        "another origin": note.replace("quotes.example", "quotas.example"),
        "a line more": f"{text}\nmore\n\n{lines}",
        "no signature": f"{text}\n\n",
        "no gap": f"{text}\n{lines}",
        "half a signature": note[:-40] + "\n",
        "something beside": note + "and more\n",
        "not Base64": f"{text}\n\n— {HEAD.origin} A\n",
        "nothing": "",
        "very much": note + lines * 1_000,
    }


@pytest.mark.parametrize("change", changed("\n\n"))
def test_a_changed_checkpoint_is_refused(signer, change):
    note = changed(signed_note(HEAD.text, [signer]))[change]
    with pytest.raises(BadNote):
        TreeHead.read(note, [signer.verifier])


@pytest.mark.parametrize(
    "text",
    ["Hello.\n", HEAD.text.replace("3", "03"), TreeHead("other.example", 3, bytes(32)).text],
)
def test_what_is_signed_and_is_no_checkpoint_of_this_log_is_refused(signer, text):
    with pytest.raises(BadNote):
        TreeHead.read(signed_note(text, [signer]), [signer.verifier])


def test_a_checkpoint_of_a_stranger_is_refused(signer):
    note = signed_note(HEAD.text, [Signer.new(signer.name)])
    with pytest.raises(BadNote, match="not signed by a key that is known"):
        TreeHead.read(note, [signer.verifier])
