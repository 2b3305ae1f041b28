"""Time stamps of checkpoints by an authority that others trust (RFC 3161).

The authority is sent a hash. Whoever relies on a stamp verifies the authority's certificate, such
as with `openssl ts -verify`.
"""

from hashlib import sha256
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, decode_timestamp_response
from rfc3161_client.tsp import PKIStatus

MAX_SECONDS = 30
MAX_ANSWER_BYTES = 100_000  # a stamp with a chain of certificates has some 6,000


class NotStamped(Exception):
    """The authority gave no stamp; the text says why."""


def stamp(content: bytes, authority: str) -> bytes:
    """Ask for a stamp of this content; return the answer, which `openssl` reads.

    Raises NotStamped, also if the stamp is of something else.
    """
    if not authority.startswith(("https://", "http://")):
        raise NotStamped(f"Not stamped: {authority} is no web address.")
    builder = TimestampRequestBuilder().data(content).hash_algorithm(HashAlgorithm.SHA256)
    request = builder.build()
    asked = Request(  # noqa: S310 (the scheme is checked)
        authority, request.as_bytes(), {"Content-Type": "application/timestamp-query"}
    )
    try:
        with urlopen(asked, timeout=MAX_SECONDS) as answer:  # noqa: S310 (the same)
            given = answer.read(MAX_ANSWER_BYTES)
        response = decode_timestamp_response(given)
        if response.status != PKIStatus.GRANTED:
            raise NotStamped("Not stamped: the authority refused.")
        info = response.tst_info
    except HTTPError as error:
        raise NotStamped(f"Not stamped: the authority answered {error.code}.") from error
    except (OSError, HTTPException) as error:
        raise NotStamped("Not stamped: the authority does not answer.") from error
    except ValueError as error:
        raise NotStamped("Not stamped: the answer is no time stamp.") from error
    of = info.message_imprint.message, info.nonce
    if of != (sha256(content).digest(), request.nonce):
        raise NotStamped("Not stamped: the answer is about something else.")
    return given
