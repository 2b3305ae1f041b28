"""Content codings (RFC 9110): gzip and zstd, for who asks for them."""

import zlib
from collections.abc import Iterable, Iterator

from django.utils.http import parse_header_parameters

from quotes.exports.parquet import Outbox

AS_GZIP = 31
"""To zlib: the largest window, and gzip's header and end."""


def gzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Each chunk can be read as soon as it is there. What is not whole has no end."""
    packer = zlib.compressobj(level=6, wbits=AS_GZIP)
    for chunk in chunks:
        yield packer.compress(chunk) + packer.flush(zlib.Z_SYNC_FLUSH) if chunk else b""
    yield packer.flush()


def zstd(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Likewise."""
    import pyarrow

    outbox = Outbox()
    packer = pyarrow.CompressedOutputStream(pyarrow.PythonFile(outbox, "w"), "zstd")
    for chunk in chunks:
        if chunk:
            packer.write(chunk)
            packer.flush()
        yield outbox.take()
    packer.close()
    yield outbox.take()


CODINGS = {"zstd": zstd, "gzip": gzip}


def coding_of(accepted: str) -> str | None:
    """The coding that `Accept-Encoding` likes best, of equals the first here; None is none."""
    liked = {}
    for one in accepted.lower().split(","):
        name, parameters = parse_header_parameters(one)
        try:
            liked[name.strip()] = float(parameters.get("q", 1))
        except ValueError:
            continue
    best = max(CODINGS, key=lambda name: liked.get(name, 0))
    quality = liked.get(best, 0)
    return best if quality > 0 and quality >= liked.get("identity", 0) else None
