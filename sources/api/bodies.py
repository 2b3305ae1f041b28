"""The bodies of requests: read as far as an endpoint takes them, and the rest discarded."""

from contextlib import suppress

from sources.exceptions import BodyTooLarge

MAX_DISCARDED_BYTES = 16 * 1024 * 1024
"""Of a body that is too large. A client that sends more may lose the answer."""

CHUNK_BYTES = 256 * 1024


def read_body(stream, most: int) -> bytes:
    """Read a body of at most this many bytes. Raises BodyTooLarge."""
    body = stream.read(most + 1)  # one more than allowed: it may come without Content-Length
    if len(body) > most:
        discard_rest(stream)
        raise BodyTooLarge(f"The body is larger than {most // 1024:,} KiB.")
    return body


def discard_rest(stream) -> None:
    """Read what still arrives of a body that is refused, so that the client can read the answer.

    A server that closes a connection while data arrives resets it (RFC 9112, 9.6). Then a client
    may see only the reset, and a proxy answers 502.
    """
    left = MAX_DISCARDED_BYTES
    with suppress(OSError):  # it breaks off, or others wait
        while left > 0 and (chunk := stream.read(CHUNK_BYTES)):
            left -= len(chunk)
