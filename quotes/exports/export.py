"""One export: its file in chunks, its manifest, and the stream that is sent."""

import hashlib
import json
import logging
import threading
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from django.utils import timezone
from rest_framework.exceptions import APIException

from quotes.api.changes import cursor_at
from quotes.exports.cursor import Block, database_snapshot, stream_rows
from quotes.exports.formats import Format
from quotes.exports.matches import Matches
from quotes.exports.parquet import ChunkBuffer
from quotes.exports.rows import SCHEMA_VERSION, Fields
from quotes.representations.wording import rfc3339
from sources.database.locks import try_to_lock
from sources.history.feed import last_settled, unsettled_after
from sources.history.past_tables import tables_as_of
from sources.ledger.actor import current_context

log = logging.getLogger(__name__)

MAX_EXPORTS_PER_PROCESS = 2
"""A process has few threads and connections; the rest must stay free for other requests."""

_slots = threading.BoundedSemaphore(MAX_EXPORTS_PER_PROCESS)


class NoExportSlot(APIException):
    """Every export slot of this process is taken."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_code = "no-room"
    default_detail = "Too many exports are running. Try again in half a minute."
    wait = 30


class ExportIsRunning(APIException):
    """An export of the same user is being made, by whichever process."""

    status_code = HTTPStatus.TOO_MANY_REQUESTS
    default_code = "export-running"
    default_detail = "An export of yours is running. Ask again when it has ended."
    wait = 5


@contextmanager
def export_slot() -> Iterator[None]:
    if not _slots.acquire(blocking=False):
        raise NoExportSlot
    try:
        yield
    finally:
        _slots.release()


class Export:
    """One export. Its time and its position in the ledger are known once the file has begun."""

    def __init__(
        self,
        name: str,
        form: Format,
        fields: Fields,
        *,
        query: dict[str, str],
        url: str,
        after: str | None,
        access: dict,
        owner: str,
        at: datetime | None,
        matches: Matches | None = None,
    ):
        self.owner = owner
        self.name, self.form, self.fields, self.query, self.url = name, form, fields, query, url
        self.after, self.access, self.at, self.rows = after, access, at, 0
        self.matches = matches

    def file(self, statement: str, values: list) -> Iterator[bytes]:
        """The file in chunks, some of them empty: see `stream_rows`."""
        with export_slot(), database_snapshot():
            if not try_to_lock(f"export {self.owner}"):
                raise ExportIsRunning
            self.take_position()
            pauses = self.matches is not None
            with tables_as_of(self.at), stream_rows(statement, values, pauses=pauses) as blocks:
                blocks = self.matches.filled(blocks) if self.matches else blocks
                yield from self.form.write(self._counted(blocks), self.fields, self.about())

    def take_position(self) -> None:
        """Note the time and the position in the ledger."""
        self.generated = timezone.now()
        place = last_settled()
        self.ledger = {"after": cursor_at(place), "unsettled": unsettled_after(place)}

    def _counted(self, blocks: Iterator[Block]) -> Iterator[Block]:
        for block in blocks:
            self.rows += len(block)
            yield block

    def about(self) -> dict[str, str]:
        """Metadata for formats that have a place for it."""
        metadata = {
            "query": self.query,
            "schema_version": SCHEMA_VERSION,
            "ledger": self.ledger,
            "resumed_after": self.after,
            "as_of": self.at and rfc3339(self.at),
            "access": self.access,
        }
        return {"onrecord": json.dumps(metadata)}

    def headers(self) -> dict[str, str]:
        return {
            "X-Export-Generated": rfc3339(self.generated),
            "X-Export-Schema": SCHEMA_VERSION,
            "X-Export-Ledger": f"{self.ledger['after']}; unsettled={self.ledger['unsettled']}",
        }

    @property
    def file_name(self) -> str:
        return f"{self.name}-{self.generated:%Y%m%dT%H%M%SZ}.{self.form.name}"

    # Manifest and bundle

    def manifest(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The manifest alone; the chunks are digested and dropped."""
        digest = Digest()
        last_sent = time.monotonic()
        for chunk in chunks:
            digest.take(chunk)
            # White space before JSON means nothing, but keeps a proxy from giving up.
            silent = time.monotonic() - last_sent > MAX_SILENCE_SECONDS
            last_sent = time.monotonic() if silent else last_sent
            yield b"\n" if silent else b""
        yield self._manifest(digest)

    def bundle(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """A zip archive of the file and its manifest."""
        digest, buffer = Digest(), ChunkBuffer()
        packing = zipfile.ZIP_STORED if self.form.is_compressed else zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(buffer, "w", packing) as archive:
            with archive.open(self._entry(self.file_name, packing), "w", force_zip64=True) as entry:
                for chunk in chunks:
                    digest.take(chunk)
                    entry.write(chunk)
                    yield buffer.take()
            archive.writestr(self._entry("manifest.json", packing), self._manifest(digest))
        yield buffer.take()

    def _entry(self, name: str, packing: int) -> zipfile.ZipInfo:
        entry = zipfile.ZipInfo(name, self.generated.timetuple()[:6])
        entry.compress_type = packing
        return entry

    def citation(self, digest: "Digest") -> str:
        """A sentence to cite the export by."""
        asked = ", ".join(f"{name}={value}" for name, value in self.query.items())
        name = self.name.removesuffix("s") if self.rows == 1 else self.name
        records = "all records" if self.access["sees_all"] else "the public records"
        return (
            f"On Record at {urlsplit(self.url).netloc}: {self.rows:,} {name} ({asked}), of "
            f"{records} as of {rfc3339(self.at or self.generated)}, exported "
            f"{rfc3339(self.generated)} from {self.url}, SHA-256 {digest.sha256.hexdigest()}."
        )

    def _manifest(self, digest: "Digest") -> bytes:
        manifest = {
            "citation": self.citation(digest),
            "query": self.query,
            "as_of": self.at and rfc3339(self.at),
            "access": self.access,
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
        return f"{json.dumps(manifest, ensure_ascii=False, indent=1)}\n".encode()


MAX_SILENCE_SECONDS = 10
"""Proxies give up after some 60 s."""


class Digest:
    def __init__(self):
        self.bytes, self.sha256 = 0, hashlib.sha256()

    def take(self, chunk: bytes) -> None:
        self.bytes += len(chunk)
        self.sha256.update(chunk)


# Sending


class ExportBrokeOff(Exception):
    """An export ended before it was complete; the log says why."""


FIRST_CHUNKS = 3
"""Chunks to wait for before the headers are sent: a query that fails at once still gets an error
status."""


class ExportStream:
    """The chunks to send, compressed if asked for. `close` ends the export."""

    def __init__(self, file: Iterator[bytes], broken: bytes, pack: Callable | None):
        self.file, self.broken, self.request = file, broken, current_context().request
        self.first = []
        while len(self.first) < FIRST_CHUNKS and not any(self.first):
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
        """The chunks, and after a failure a marker that makes the file recognisably incomplete.

        The status and the end of the transfer cannot show it: granian ends a broken answer cleanly.
        """
        yield from self.first
        try:
            yield from self.file
        except Exception as error:
            # The type only: the message may hold words of a quote.
            about = {"request_id": self.request}  # the request's audit context has ended
            log.error("an export broke off: %s", type(error).__name__, extra=about)
            yield self.broken
            raise ExportBrokeOff from None
