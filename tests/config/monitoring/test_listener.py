"""The listener of the server's processes answers while all their threads are busy."""

import re
import socket
from contextlib import ExitStack, closing
from http.client import HTTPConnection

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import address
from tests.bench.follow_changes import free_port
from tests.config.database.test_embedded import wait_until
from tests.conftest import API
from tests.quotes.exports.test_export_server import Server


@pytest.fixture
def served(django_db_setup, tmp_path):
    """Two processes of one thread each, and the port of their listeners."""
    port = free_port()
    server = Server(
        *("--workers", "2", "--blocking-threads", "1"),
        ONRECORD_MONITOR=f"127.0.0.1:{port}",
        PROMETHEUS_MULTIPROC_DIR=str(tmp_path),
    )
    try:
        server.wait()
        yield server, port
    finally:
        server.process.terminate()
        server.process.wait(timeout=60)


def ask(port: int, path: str, method: str = "GET") -> tuple[int, str]:
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as client:
        client.request(method, path, headers={"Host": "not.in.allowed.hosts"})
        answer = client.getresponse()
        return answer.status, answer.read().decode()


def answers(port: int) -> bool:
    with closing(HTTPConnection("127.0.0.1", port, timeout=1)) as client:
        client.request("GET", "/health/")
        try:
            return client.getresponse().status == 200
        except TimeoutError:
            return False


@pytest.mark.django_db
@pytest.mark.xdist_group("export_server")
def test_the_listener_answers_while_every_thread_is_busy_and_adds_up_the_processes(served):
    server, port = served
    place = ("127.0.0.1", server.port)
    for _ in range(6):
        assert server.ask(f"{API}outlets/").status == 200
    with ExitStack() as held:
        for _ in range(30):  # so many that each process has some: they wait for one another
            client = held.enter_context(closing(socket.create_connection(place)))
            wait = f"GET {API}changes/?after=now&wait=30 HTTP/1.1\r\nHost: localhost\r\n\r\n"
            client.sendall(wait.encode())
        wait_until(lambda: not answers(server.port))
        for _ in range(4):  # any of the processes
            assert ask(port, "/health/") == (200, "ok\n")
            status, body = ask(port, "/ready/")
            assert (status, '"database": [{"status": "pass"}]' in body) == (200, True)
            status, body = ask(port, "/metrics")
            made = f'method="GET",route="{API[1:]}outlets/",status="200"'
            (number,) = re.findall(rf"onrecord_requests_total{{{made}}} (\S+)", body)
            assert (status, float(number)) == (200, 6)
        assert ask(port, "/health/", "HEAD") == (200, "")
        assert ask(port, f"{API}quotes/")[0] == 404


@pytest.mark.parametrize("given", ["8001", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:70000", "a b:1"])
def test_a_setting_that_is_no_address_is_refused(monkeypatch, given):
    monkeypatch.setenv("ONRECORD_MONITOR", given)
    with pytest.raises(ImproperlyConfigured, match="write an address and a port"):
        address("ONRECORD_MONITOR")


def test_an_address_may_be_of_either_kind_or_a_name(monkeypatch):
    for given, read in {
        "127.0.0.1:8001": ("127.0.0.1", 8001),
        "[::1]:8001": ("::1", 8001),
        "localhost:80": ("localhost", 80),
        "": None,
    }.items():
        monkeypatch.setenv("ONRECORD_MONITOR", given)
        assert address("ONRECORD_MONITOR") == read
