"""A listener beside the server, in each of its processes, for `ONRECORD_MONITOR`.

It has threads of its own: it answers while all those of the server wait for slow clients or slow
statements. The processes share the port, so any of them may answer. It serves `VIEWS` only, to any
host name and without TLS: bind it to an address that the public cannot reach.
"""

import socket
import threading
from socketserver import TCPServer, ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from django.core.handlers.wsgi import WSGIRequest
from django.db import connections
from django.http import Http404, HttpResponseNotFound

from config.monitoring.views import LISTENER, health, metrics, ready

VIEWS = {"/health/": health, "/ready/": ready, "/metrics": metrics}


class Handler(WSGIRequestHandler):
    timeout = 5  # seconds between two reads of a request

    def get_environ(self):
        return super().get_environ() | {LISTENER: True}

    def log_message(self, *args):
        pass


class Listener(ThreadingMixIn, WSGIServer):
    daemon_threads = allow_reuse_port = True

    def __init__(self, address: tuple[str, int]):
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, Handler)
        self.set_app(answer)

    def server_bind(self):
        TCPServer.server_bind(self)  # HTTPServer's asks the name server for our name
        self.server_name, self.server_port = self.server_address[:2]
        self.setup_environ()


def answer(environ, start_response) -> list[bytes]:
    """Answer a request (PEP 3333) without Django's middleware."""
    view = VIEWS.get(environ["PATH_INFO"])
    try:
        response = view(WSGIRequest(environ)) if view else HttpResponseNotFound()
    except Http404:
        response = HttpResponseNotFound()
    finally:
        connections.close_all()  # this thread's, back to the pool
    response["Content-Length"] = str(len(response.content))
    start_response(f"{response.status_code} {response.reason_phrase}", [*response.items()])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [response.content]


def listen(address: tuple[str, int]) -> Listener:
    """Begin to listen. Raises OSError if the address cannot be used."""
    listener = Listener(address)
    threading.Thread(target=listener.serve_forever, name="listener", daemon=True).start()
    return listener
