"""The server itself: first bytes of exports, clients that go away, and what breaks off."""

import csv
import gzip
import http.client
import io
import json
import os
import select
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from email.message import Message
from typing import NamedTuple

import psutil
import pyarrow
import pytest
from django.db import connection
from pyarrow import parquet

from tests.bench.follow_changes import free_port
from tests.config.database.test_embedded import PROJECT, wait_until
from tests.conftest import API, make_client, sql
from tests.records import make_article, make_quotes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("export_server")]

ROWS = 1_500
LONG = "As it was said. " * 700
"""So long, all of them, that the server has to wait for its client: no buffers hold 15 MB."""

SLOW = """
CREATE OR REPLACE FUNCTION sources_time_text(moment timestamptz) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$ BEGIN PERFORM pg_sleep(1); RETURN ''; END $$
"""

BACKENDS = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
  AND (state = 'active' OR state LIKE 'idle in%%') AND query LIKE '%%exported%%'
"""


class Answer(NamedTuple):
    status: int
    headers: Message
    body: bytes


class Server:
    """The server in a process of its own, on the database of the tests."""

    def __init__(self, *options: str, **environment: str):
        database = connection.settings_dict
        self.port = free_port()
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "granian", "config.wsgi:application"),
                *("--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port)),
                *("--no-ws", "--workers", "1", "--blocking-threads", "4"),
                *("--workers-kill-timeout", "3", "--log-level", "critical"),
                *options,
            ],
            cwd=PROJECT,
            stderr=subprocess.DEVNULL,
            env={
                **os.environ,
                "DATABASE_URL": f"postgres://onrecord@/{database['NAME']}?host={database['HOST']}",
                "SECRET_KEY": "for this test only" * 3,
                "ONRECORD_PUBLIC_READ": "true",
                "ONRECORD_THROTTLE_ANONYMOUS": "100000/s",
                **environment,
            },
        )

    def wait(self) -> None:
        until = time.monotonic() + 120
        while True:
            try:
                return self.ask("/health/")
            except OSError:
                assert self.process.poll() is None, "The server ended."
                assert time.monotonic() < until, "The server did not come up."
                time.sleep(0.1)

    @contextmanager
    def asked(self, path: str, headers: dict[str, str]):
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with closing(client):
            client.request("GET", path, headers=headers)
            yield client.getresponse()

    def ask(self, path: str, **headers: str) -> Answer:
        with self.asked(path, headers) as answer:
            return Answer(answer.status, answer.headers, answer.read())

    def export(self, query: str, **headers: str) -> Answer:
        return self.ask(f"{API}quotes/export/?{query}", **headers)

    def start(self, query: str, **headers: str) -> socket.socket:
        """A client that asks, and has not read anything yet."""
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        client.connect(("127.0.0.1", self.port))
        request = [f"GET {API}quotes/export/?{query} HTTP/1.1", "Host: localhost"]
        request += [f"{name}: {value}" for name, value in headers.items()]
        client.sendall("\r\n".join([*request, "", ""]).encode())
        return client

    def memory(self) -> float:
        """Resident, in MB."""
        (worker,) = psutil.Process(self.process.pid).children()
        return worker.memory_info().rss / 1e6


def backends() -> list[int]:
    """The processes of PostgreSQL that are at an export, or wait to go on with one."""
    return [pid for (pid,) in sql(BACKENDS)]


@pytest.fixture(scope="module")
def one_server(django_db_setup):
    server = Server()
    try:
        server.wait()
        yield server
    finally:
        server.process.terminate()
        server.process.wait(timeout=60)


@pytest.fixture
def server(one_server):
    make_quotes(ROWS, make_article(published="2026-03-14"), attribution_text=LONG)
    return one_server


@pytest.fixture
def slow(server):
    """A database that takes seconds for each row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('sources_time_text'::regproc)")
        (usual,) = cursor.fetchone()
        cursor.execute(SLOW)
        try:
            yield
        finally:
            cursor.execute(usual)


def test_it_is_sent_as_it_is_read_and_takes_no_more_memory_the_longer_it_is(server):
    for form in ("ndjson", "csv"):
        assert server.export(f"format={form}&fields=id").status == 200
        before = server.memory()
        client = server.start(f"format={form}")
        with closing(client):
            assert client.recv(12) == b"HTTP/1.1 200"
            # Much is left to be sent: the cursor is still open.
            wait_until(lambda: len(backends()) == 1)
            assert server.memory() - before < 20
        wait_until(lambda: not backends())
        body = server.export(f"format={form}").body
        assert len(body) > 10_000_000
        assert server.memory() - before < 30


def test_everything_comes_whole_in_every_form_and_coding(server):
    whole = server.export("format=ndjson").body
    ids = [json.loads(line)["id"] for line in whole.splitlines()]
    assert len(set(ids)) == ROWS
    packed = server.export("format=ndjson", **{"Accept-Encoding": "gzip"}).body
    assert gzip.decompress(packed) == whole
    packed = server.export("format=ndjson", **{"Accept-Encoding": "zstd"}).body
    assert pyarrow.CompressedInputStream(pyarrow.BufferReader(packed), "zstd").read() == whole
    rows = csv.DictReader(io.StringIO(server.export("format=csv").body.decode(), newline=""))
    assert [row["id"] for row in rows] == ids
    table = parquet.read_table(io.BytesIO(server.export("format=parquet").body))
    assert table["id"].to_pylist() == ids


@pytest.mark.parametrize("form", ["csv", "ndjson", "parquet"])
def test_when_the_client_goes_the_query_ends_and_there_is_room_again(server, form):
    for _ in range(4):
        client = server.start(f"format={form}")
        client.recv(1_000)
        client.close()
        wait_until(lambda: not backends())
    # The connection that holds the place of the user's export is given back a moment later.
    wait_until(lambda: server.export("format=csv&fields=id").status != 429)
    assert server.export("format=csv&fields=id").body.count(b"\r\n") == ROWS + 1


def test_when_the_client_goes_before_the_first_row_the_query_is_cancelled(server, slow):
    for query in ("format=ndjson", "format=csv&manifest=true"):
        client = server.start(query)
        wait_until(lambda: len(backends()) == 1)
        client.close()
        wait_until(lambda: not backends())


def test_a_file_that_broke_off_is_taken_for_whole_by_nobody_and_can_be_resumed(server):
    received = {}
    whole = server.export("format=ndjson").body
    for query, headers in {
        "format=ndjson": {},
        "format=csv": {},
        "format=parquet": {},
        "format=csv&manifest=bundle": {},
        "format=ndjson&ordering=-published": {"Accept-Encoding": "gzip"},
    }.items():
        with server.asked(f"{API}quotes/export/?{query}", headers) as answer:
            wait_until(lambda: len(backends()) == 1)
            sql("SELECT pg_terminate_backend(pid) FROM unnest(%s) pid", [backends()])
            received[query] = answer.read()
        assert server.ask(f"{API}quotes/").status == 200

    *lines, last = received["format=ndjson"].splitlines()
    assert whole.startswith(b"\n".join(lines))
    with pytest.raises(ValueError, match="Unterminated string"):
        json.loads(last)
    resumed = server.export(f"format=ndjson&cursor={json.loads(lines[-1])['id']}").body
    assert b"\n".join([*lines, resumed]) == whole

    with pytest.raises(csv.Error, match="unexpected end"):
        list(csv.reader(io.StringIO(received["format=csv"].decode(), newline=""), strict=True))
    with pytest.raises(pyarrow.ArrowInvalid):
        parquet.read_table(io.BytesIO(received["format=parquet"]))
    assert b"manifest.json" not in received["format=csv&manifest=bundle"]
    with pytest.raises(EOFError):
        gzip.decompress(received["format=ndjson&ordering=-published"])


def test_a_query_that_fails_at_once_is_a_problem(server):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('sources_time_text'::regproc)")
        (usual,) = cursor.fetchone()
        cursor.execute(SLOW.replace("PERFORM pg_sleep(1)", "RAISE EXCEPTION 'no'"))
        try:
            answer = server.export("format=ndjson")
            assert answer.status == 500
            assert answer.headers["Content-Type"] == "application/problem+json"
        finally:
            cursor.execute(usual)
    assert server.export("format=ndjson").status == 200


def token(name: str) -> dict[str, str]:
    """The headers of a reader of this name."""
    return {"Authorization": make_client("Readers", name)._credentials["HTTP_AUTHORIZATION"]}


def test_a_user_makes_one_export_at_a_time_and_others_theirs(server):
    client, mara = server.start("format=ndjson"), token("mara")
    wait_until(lambda: len(backends()) == 1)
    refused = server.export("format=csv")
    assert refused.status == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert json.loads(refused.body)["type"] == "urn:on-record:problem:export-running"
    assert server.export("format=ndjson&fields=id", **mara).status == 200
    client.close()
    wait_until(lambda: not backends())
    assert server.export("format=ndjson&fields=id").status == 200


def test_pages_are_answered_while_as_many_exports_are_made_as_there_may_be(server):
    clients = [server.start("format=ndjson", **token(name)) for name in ("ada", "bo")]
    wait_until(lambda: len(backends()) == 2)
    refused = server.export("format=ndjson")
    assert refused.status == 503
    assert int(refused.headers["Retry-After"]) > 0
    began = time.monotonic()
    assert server.ask(f"{API}quotes/").status == 200
    assert time.monotonic() - began < 5
    for client in clients:
        client.close()
    wait_until(lambda: not backends())
    assert server.export("format=ndjson&fields=id").status == 200


FORM = """\
POST /admin/login/ HTTP/1.1
Host: localhost
Cookie: csrftoken=oneofthirtytwolettersanddigits32
Content-Type: application/x-www-form-urlencoded
Content-Length: 4000000

us"""
"""A form of which only two bytes arrive. Its token is looked for in the body."""


def test_bodies_that_stop_hold_two_threads(one_server):
    clients = [
        socket.create_connection(("127.0.0.1", one_server.port), timeout=30) for _ in range(6)
    ]
    try:
        for client in clients:
            client.sendall(FORM.replace("\n", "\r\n").encode())
        answered = []
        while len(answered) < 4:  # of the four threads, two are free
            ready, _, _ = select.select([*{*clients} - {*answered}], [], [], 30)
            assert ready
            assert {client.recv(12) for client in ready} == {b"HTTP/1.1 403"}
            answered += ready
        assert one_server.ask("/health/").status == 200
        assert one_server.ask(f"{API}quotes/").status == 200
    finally:
        for client in clients:
            client.close()
