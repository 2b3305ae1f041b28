"""Signed notes and the checkpoints in them (C2SP signed-note and tlog-checkpoint), with Ed25519.

Keys are written as Go's `sumdb/note` writes them: `PRIVATE+KEY+NAME+ID+BASE64` to sign, and
`NAME+ID+BASE64` to verify. The name of the key is the origin of the log.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from sources.checkpoints.tree import HASH

ED25519 = b"\1"
PRIVATE = "PRIVATE+KEY+"
KEY = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")
CHECKPOINT = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n(?:[^\n]+\n)*")
MAX_NOTE_CHARACTERS = 100_000  # many cosignatures, and no more


class BadKey(ValueError):
    """A key that cannot be read; the text says what is wrong, and not what the key is."""


class BadNote(ValueError):
    """A note that is not signed by a known key, or is no checkpoint."""


@dataclass(frozen=True)
class Verifier:
    """A public key with its name."""

    name: str
    key: Ed25519PublicKey

    @classmethod
    def parse(cls, text: str) -> "Verifier":
        """Read `NAME+ID+BASE64`. Raises BadKey."""
        name, key = _key_of(text)
        verifier = cls(name, Ed25519PublicKey.from_public_bytes(key))
        if str(verifier) != text:
            raise BadKey("The key does not have the id that it names.")
        return verifier

    @property
    def raw(self) -> bytes:
        return self.key.public_bytes_raw()

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + ED25519 + self.raw).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64encode(ED25519 + self.raw).decode()}"


@dataclass(frozen=True)
class Signer:
    """A private key with its name. Its text is a secret, so `str()` does not have it."""

    name: str
    key: Ed25519PrivateKey

    @classmethod
    def new(cls, name: str) -> "Signer":
        if not re.fullmatch(r"[^\s+,]+", name):
            raise BadKey("The name of a log has no spaces, no plus and no comma.")
        return cls(name, Ed25519PrivateKey.generate())

    @classmethod
    def parse(cls, text: str) -> "Signer":
        """Read `PRIVATE+KEY+NAME+ID+BASE64`. Raises BadKey."""
        if not text.startswith(PRIVATE):
            raise BadKey(f"A key that signs begins with {PRIVATE}")
        name, key = _key_of(text.removeprefix(PRIVATE))
        signer = cls(name, Ed25519PrivateKey.from_private_bytes(key))
        if signer.written != text:
            raise BadKey("The key does not have the id that it names.")
        return signer

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.name, self.key.public_key())

    @property
    def written(self) -> str:
        """The secret itself, for the environment."""
        seed = b64encode(ED25519 + self.key.private_bytes_raw()).decode()
        return f"{PRIVATE}{self.name}+{self.verifier.id.hex()}+{seed}"

    def __str__(self) -> str:
        return f"signer {self.verifier}"

    def line(self, text: str) -> str:
        """The line of a note that has the signature of its text."""
        signature = b64encode(self.verifier.id + self.key.sign(text.encode())).decode()
        return f"— {self.name} {signature}\n"


def _key_of(text: str) -> tuple[str, bytes]:
    parts = KEY.fullmatch(text)
    if not parts:
        raise BadKey("A key is written NAME+ID+BASE64.")
    try:
        key = b64decode(parts[3], validate=True)
    except ValueError:
        raise BadKey("The last part of a key is Base64.") from None
    if key[:1] != ED25519 or len(key) != 33:
        raise BadKey("Only Ed25519 keys are known here.")
    return parts[1], key[1:]


def signed_note(text: str, signers: Iterable[Signer]) -> str:
    return f"{text}\n{''.join(signer.line(text) for signer in signers)}"


def open_note(note: str, verifiers: Sequence[Verifier]) -> str:
    """The text of a note that one of these keys signed. Raises BadNote.

    Signatures by other keys are left aside; a wrong one by a known key refuses the note.
    """
    if len(note) > MAX_NOTE_CHARACTERS:
        raise BadNote("It is too long for a checkpoint.")
    text, gap, lines = note.rpartition("\n\n")
    text += "\n"
    known = {(verifier.name, verifier.id): verifier for verifier in verifiers}
    verified = False
    for line in lines.splitlines() if gap else ():
        parts = re.fullmatch(r"— (\S+) ([A-Za-z0-9+/]+={0,2})", line)
        if not parts:
            raise BadNote("It is no signed note.")
        try:
            signature = b64decode(parts[2], validate=True)
        except ValueError:
            raise BadNote("It is no signed note.") from None
        if verifier := known.get((parts[1], signature[:4])):
            try:
                verifier.key.verify(signature[4:], text.encode())
            except InvalidSignature:
                raise BadNote(f"Its signature by {verifier.name} is wrong.") from None
            verified = True
    if not verified:
        raise BadNote("It is not signed by a key that is known here.")
    return text


@dataclass(frozen=True)
class TreeHead:
    """What a checkpoint says: the origin of the log, the number of leaves, and the root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"

    @classmethod
    def read(cls, note: str, verifiers: Sequence[Verifier]) -> "TreeHead":
        """The tree head of a checkpoint that one of these keys signed. Raises BadNote."""
        lines = CHECKPOINT.fullmatch(open_note(note, verifiers))
        if not lines:
            raise BadNote("It is signed, but it is no checkpoint.")
        head = cls(lines[1], int(lines[2]), b64decode(lines[3]))
        if len(head.root) != HASH or head.origin not in {each.name for each in verifiers}:
            raise BadNote(f"It is a checkpoint of another log, {head.origin}.")
        return head
