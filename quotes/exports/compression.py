"""Content codings (RFC 9110) on request: gzip and zstd."""

import zlib
from collections.abc import Iterable, Iterator

from django.utils.http import parse_header_parameters

from quotes.exports.parquet import ChunkBuffer

GZIP_WINDOW_BITS = 31
"""For zlib: the largest window, with gzip's header and trailer."""


def gzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Compress; each chunk can be read at once, and an incomplete file has no trailer."""
    packer = zlib.compressobj(level=6, wbits=GZIP_WINDOW_BITS)
    for chunk in chunks:
        yield packer.compress(chunk) + packer.flush(zlib.Z_SYNC_FLUSH) if chunk else b""
    yield packer.flush()


def zstd(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Compress with Zstandard, on the same terms."""
    import pyarrow

    buffer = ChunkBuffer()
    packer = pyarrow.CompressedOutputStream(pyarrow.PythonFile(buffer, "w"), "zstd")
    for chunk in chunks:
        if chunk:
            packer.write(chunk)
            packer.flush()
        yield buffer.take()
    packer.close()
    yield buffer.take()


CODINGS = {"zstd": zstd, "gzip": gzip}


def negotiate_coding(accepted: str, offered: Iterable[str] = CODINGS) -> str | None:
    """The coding that `Accept-Encoding` prefers, by order of those offered; None if none."""
    liked = {}
    for one in accepted.lower().split(","):
        name, parameters = parse_header_parameters(one)
        try:
            liked[name.strip()] = float(parameters.get("q", 1))
        except ValueError:
            continue
    best = max(offered, key=lambda name: liked.get(name, 0))
    quality = liked.get(best, 0)
    return best if quality > 0 and quality >= liked.get("identity", 0) else None
