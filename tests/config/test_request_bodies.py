"""Bodies that stop arriving hold a few threads: others are refused, and nobody waits for long."""

import io
import threading
import time

import pytest
from django.core.handlers.wsgi import LimitedStream

from config import request_bodies
from config.request_bodies import READ_AT_ONCE, RequestBody
from sources.models import Article
from tests.conftest import API, make_filing, ok, problem

FORM = "application/x-www-form-urlencoded"


class Stalled(io.RawIOBase):
    """A body of which nothing arrives until the client leaves."""

    def __init__(self):
        self.asked, self.left = threading.Event(), threading.Event()

    def read(self, size: int = -1) -> bytes:
        self.asked.set()
        self.left.wait()
        return b""


@pytest.fixture
def stalled(monkeypatch):
    """As many bodies that stop as are read at once."""
    monkeypatch.setattr(request_bodies, "MAX_WAIT_SECONDS", 0.05)
    bodies = [Stalled() for _ in range(READ_AT_ONCE)]
    readers = [threading.Thread(target=RequestBody(one).read, args=(100,)) for one in bodies]
    for reader, body in zip(readers, bodies, strict=True):
        reader.start()
        assert body.asked.wait(10)
    yield bodies
    for reader, body in zip(readers, bodies, strict=True):
        body.left.set()
        reader.join()


@pytest.mark.parametrize("size", [0, 1, 65_536, 300_000])
def test_a_body_is_read_whole_however_it_is_asked_for(size):
    sent = bytes(number % 251 for number in range(size))

    def body() -> LimitedStream:  # as Django reads it
        return LimitedStream(RequestBody(io.BytesIO(sent)), size)

    assert body().read() == sent
    in_parts, parts = body(), []
    while part := in_parts.read(10_000):
        parts.append(part)
    assert b"".join(parts) == sent
    assert RequestBody(io.BytesIO(b"one\ntwo")).readlines() == [b"one\n", b"two"]


def test_a_body_that_is_longer_than_said_is_read_as_far_as_was_said():
    assert LimitedStream(RequestBody(io.BytesIO(b"abcdef")), 4).read() == b"abcd"


def test_while_others_stop_a_body_is_not_read_and_later_it_is(stalled, monkeypatch):
    sent = io.BytesIO(b"honest")
    body, began = RequestBody(sent), time.monotonic()
    for _ in range(2):
        with pytest.raises(TimeoutError):
            body.read(6)
    assert time.monotonic() - began < 5
    assert sent.tell() == 0
    stalled[0].left.set()
    monkeypatch.setattr(request_bodies, "MAX_WAIT_SECONDS", 30)
    assert RequestBody(io.BytesIO(b"honest")).read(6) == b"honest"


def test_a_body_that_breaks_off_with_an_error_makes_room_for_others():
    class Broken(io.RawIOBase):
        def read(self, size=-1):
            raise OSError("broken")

    for _ in range(READ_AT_ONCE + 1):
        with pytest.raises(OSError, match="broken"):
            RequestBody(Broken()).read(1)
    assert RequestBody(io.BytesIO(b"honest")).read(6) == b"honest"


def body_of(sent: bytes) -> dict:
    return {"wsgi.input": RequestBody(io.BytesIO(sent))}


MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("path", "kind", "most"),
    [
        ("outlets/", "application/json", MIB),
        ("articles/", "text/html", 5 * MIB),
        ("articles/batch/", "application/x-ndjson", 64 * MIB),
    ],
)
def test_a_body_that_is_too_large_is_read_on_so_that_its_client_reads_the_refusal(
    curator, path, kind, most
):
    for excess, is_read in ((3 * MIB, True), (40 * MIB, False)):
        sent = b" " * (most + excess)
        body = io.BytesIO(sent)
        given = {"wsgi.input": RequestBody(body)}
        problem(curator.generic("POST", f"{API}{path}", sent, kind, **given), 413)
        assert (body.read(1) == b"") is is_read


def test_while_bodies_stop_a_filing_is_503_and_stores_nothing(contributor, stalled):
    paths = {"articles/": "application/json", "articles/batch/": "application/x-ndjson"}
    for path, kind in paths.items():
        answer = contributor.generic(
            *("POST", f"{API}{path}", b"{" * 1000, kind), **body_of(b"{" * 1000)
        )
        assert problem(answer, 503)["type"] == "urn:on-record:problem:service-unavailable"
        assert int(answer["Retry-After"]) > 0
    assert not Article.objects.exists()
    stalled[0].left.set()
    ok(contributor.post(f"{API}articles/", make_filing()), 201)


def test_while_bodies_stop_a_form_is_refused(client, stalled):
    client.handler.enforce_csrf_checks = True
    client.cookies["csrftoken"] = "a" * 32
    answer = client.generic("POST", "/admin/login/", b"u" * 1000, FORM, **body_of(b"u" * 1000))
    assert answer.status_code == 403
