"""The load generator of the peers benchmark sends every request and times each answer."""

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.bench.peer import load
from tests.bench.peers import figures, get


class Echo(BaseHTTPRequestHandler):
    """Answers with the path; to /chunked in two chunks."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.path.encode()
        self.send_response(200)
        if self.path == "/chunked?":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"4\r\n/chu\r\n5\r\nnked?\r\n0\r\n\r\n")
        else:
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def port():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("path", ["/a", "/chunked"])
def test_an_answer_is_read_whole_however_it_is_sent(port, path):
    status, body = asyncio.run(load.ask(port, get(port, path, {})))
    assert (status, body) == (200, f"{path}?".encode())


def test_requests_are_sent_over_so_many_connections_until_the_time_is_over(port):
    requests = [get(port, path, {}) for path in ("/a", "/chunked")]
    spent = asyncio.run(load.run(port, 3, 0.3, requests))
    assert len(spent) > 3
    assert 0 < min(spent) <= max(spent) < 5


def test_figures_are_the_medians_of_the_rounds():
    rounds = [[0.001] * 100, [0.002] * 300, [0.003] * 200]
    told = figures(rounds, seconds=2)
    assert (told.rate, told.p50, told.p99) == (100, 2, 2)
