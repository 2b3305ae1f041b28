"""One export being made: its file in chunks, and what can be told of it."""

import hashlib
import json
import logging
import threading
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus

from django.utils import timezone
from rest_framework.exceptions import APIException

from quotes.api.changes import cursor_at
from quotes.exports.cursor import Block, one_state, reading
from quotes.exports.formats import Format
from quotes.exports.parquet import Outbox
from quotes.exports.rows import SCHEMA_VERSION
from quotes.representations.wording import rfc3339
from sources.history.feed import last_settled, unsettled_after

log = logging.getLogger(__name__)

MOST_AT_ONCE = 2
"""In one process, which has few threads and connections to answer anybody else with."""

_room = threading.BoundedSemaphore(MOST_AT_ONCE)


class NoRoom(APIException):
    """As many exports are being made as there may be at once."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_code = "no-room"
    default_detail = "As many exports are being made as there is room for. Try again shortly."
    wait = 30


@contextmanager
def room() -> Iterator[None]:
    if not _room.acquire(blocking=False):
        raise NoRoom
    try:
        yield
    finally:
        _room.release()


class Making:
    """One export. What it tells of itself is known once its file has begun."""

    def __init__(
        self, form: Format, fields: list[str], query: dict[str, str], url: str, after: str | None
    ):
        self.form, self.fields, self.query, self.url, self.after = form, fields, query, url, after
        self.rows = 0

    def file(self, statement: str, values: list) -> Iterator[bytes]:
        """The file in chunks, some of which are empty: see `reading`."""
        with room(), one_state():
            self.generated = timezone.now()
            place = last_settled()
            self.ledger = {"after": cursor_at(place), "unsettled": unsettled_after(place)}
            with reading(statement, values) as blocks:
                yield from self.form.write(self._counted(blocks), self.fields, self.about())

    def _counted(self, blocks: Iterator[Block]) -> Iterator[Block]:
        for block in blocks:
            self.rows += len(block)
            yield block

    def about(self) -> dict[str, str]:
        """What a file says of itself, where it has a place for that."""
        told = {
            "query": self.query,
            "schema_version": SCHEMA_VERSION,
            "ledger": self.ledger,
            "resumed_after": self.after,
        }
        return {"onrecord": json.dumps(told)}

    def headers(self) -> dict[str, str]:
        return {
            "X-Export-Generated": rfc3339(self.generated),
            "X-Export-Schema": SCHEMA_VERSION,
            "X-Export-Ledger": f"{self.ledger['after']}; unsettled={self.ledger['unsettled']}",
        }

    @property
    def file_name(self) -> str:
        return f"quotes-{self.generated:%Y%m%dT%H%M%SZ}.{self.form.name}"

    # In other forms than the file alone

    def manifest(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Only what is told of the file; the chunks are counted and thrown away."""
        digest = Digest()
        said = time.monotonic()
        for chunk in chunks:
            digest.take(chunk)
            # White space before JSON is nothing, but keeps who passes it on from giving up.
            silent = time.monotonic() - said > LONGEST_SILENCE
            said = time.monotonic() if silent else said
            yield b"\n" if silent else b""
        yield self._told(digest)

    def bundle(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """A zip archive of the file and of what is told of it."""
        digest, outbox = Digest(), Outbox()
        packing = zipfile.ZIP_STORED if self.form.is_compressed else zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(outbox, "w", packing) as archive:
            with archive.open(self._entry(self.file_name, packing), "w", force_zip64=True) as entry:
                for chunk in chunks:
                    digest.take(chunk)
                    entry.write(chunk)
                    yield outbox.take()
            archive.writestr(self._entry("manifest.json", packing), self._told(digest))
        yield outbox.take()

    def _entry(self, name: str, packing: int) -> zipfile.ZipInfo:
        entry = zipfile.ZipInfo(name, self.generated.timetuple()[:6])
        entry.compress_type = packing
        return entry

    def _told(self, digest: "Digest") -> bytes:
        told = {
            "query": self.query,
            "url": self.url,
            "generated": rfc3339(self.generated),
            "format": self.form.name,
            "rows": self.rows,
            "bytes": digest.bytes,
            "sha256": digest.sha256.hexdigest(),
            "schema_version": SCHEMA_VERSION,
            "ledger": self.ledger,
            "escaped": self.form.escaped,
            "resumed_after": self.after,
            "complete": True,
        }
        return f"{json.dumps(told, ensure_ascii=False, indent=1)}\n".encode()


LONGEST_SILENCE = 10
"""Seconds; proxies give up after some 60."""


class Digest:
    def __init__(self):
        self.bytes, self.sha256 = 0, hashlib.sha256()

    def take(self, chunk: bytes) -> None:
        self.bytes += len(chunk)
        self.sha256.update(chunk)


# Sending


class BrokenOff(Exception):
    """An export ended before it was whole; the log says why."""


MOMENTS = 3
"""So many an answer waits for its first bytes, lest a query that fails at once answer 200."""


class Sent:
    """What is sent of a file that is being made; `close` ends the making."""

    def __init__(self, file: Iterator[bytes], broken: bytes, pack: Callable | None):
        self.file, self.broken = file, broken
        self.first = []
        while len(self.first) < MOMENTS and not any(self.first):
            if (chunk := next(file, None)) is None:
                break
            self.first.append(chunk)
        self.packed = pack(self._chunks()) if pack else self._chunks()

    def __iter__(self):
        return self

    def __next__(self) -> bytes:
        return next(self.packed)

    def close(self) -> None:
        self.packed.close()
        self.file.close()

    def _chunks(self) -> Iterator[bytes]:
        """The chunks; after a fault a mark by which a reader notices that they are not all.

        The server may end the transfer as if all were well: granian does.
        """
        yield from self.first
        try:
            yield from self.file
        except Exception as error:
            # Not what it says: that may hold somebody's words.
            log.error("an export broke off: %s", type(error).__name__)
            yield self.broken
            raise BrokenOff from None
