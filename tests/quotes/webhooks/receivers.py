"""A receiver of webhooks for tests: a real HTTP server on this machine."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOST = "127.0.0.1"


class Receiver:
    """Keeps the messages it was sent. `answers` are the next statuses, then `usual` for ever.

    A function in their place gets the handler and does as it likes with it.
    """

    def __init__(self, port: int, scheme: str = "http"):
        self.url = f"{scheme}://{HOST}:{port}/hook?key=k-1"
        self.messages: list[tuple[dict, bytes]] = []
        self.answers: list = []
        self.usual = 204
        self.body = b""
        self.wait_for = threading.Event()

    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.messages]


@contextmanager
def receiving(wrap=None):
    """Serve a receiver; `wrap` may put TLS around its socket."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.messages.append((headers | {"path": self.path}, body))
            answer = receiver.answers.pop(0) if receiver.answers else receiver.usual
            if callable(answer):
                return answer(self)
            self.send_response(answer)
            if 300 <= answer < 400:
                self.send_header("Location", receiver.url)
            self.end_headers()
            self.wfile.write(receiver.body)

        def log_message(self, *said):
            pass

    server = ThreadingHTTPServer((HOST, 0), Handler)
    server.daemon_threads = True
    if wrap:
        server.socket = wrap(server.socket)
    receiver = Receiver(server.server_port, "https" if wrap else "http")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield receiver
    finally:
        receiver.wait_for.set()
        server.shutdown()
        server.server_close()
        thread.join()
