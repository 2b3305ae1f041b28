"""One POST to a receiver that nobody vouches for: only to public addresses, within 15 seconds.

The name is resolved once, every address it has is checked, and the connection is made to one of
those. Redirects are not followed. The time includes all of it, however slowly the receiver answers.
"""

import http.client
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Network, ip_address
from time import monotonic
from urllib.parse import SplitResult, quote, urlsplit

from django.conf import settings

MAX_SECONDS = 15
MAX_ANSWER_BYTES = 64 * 1024
MAX_KEPT_CHARACTERS = 500  # of an answer, for the log

KEPT_IN_URLS = "/?%:@!$&'()*+,;=~[]"

GLOBAL_UNICAST = IPv6Network("2000::/3")
NAT64 = IPv6Network("64:ff9b::/96")  # the last 32 bits are an IPv4 address


class Undeliverable(Exception):
    """A message was not delivered; the text says why, in our words."""


@dataclass(frozen=True)
class Answer:
    """What came of a POST: the HTTP status if there was an answer, and the problem if it failed."""

    status: int | None
    problem: str | None
    text: str | None
    milliseconds: int

    @property
    def is_gone(self) -> bool:
        return self.status == http.client.GONE


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet, also in what tunnels to IPv4."""
    ip = ip_address(address.partition("%")[0])
    if ip.version == 6:
        if ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        elif ip in NAT64:
            ip = IPv4Address(int(ip) & 0xFFFF_FFFF)
        elif ip not in GLOBAL_UNICAST or ip.sixtofour or ip.teredo:
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved)


def is_trusted(host: str | None) -> bool:
    """Whether the operator allows this host whatever its address."""
    return host in settings.ONRECORD_WEBHOOK_PRIVATE_HOSTS


def check_url(url: str) -> None:
    """Raise ValueError for a URL to which nothing is sent; asks no name server."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("Not a web address.") from None
    if not host or any(character.isspace() for character in url):
        raise ValueError("Not a web address.")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_trusted(host)):
        raise ValueError("Give an address that begins with https://.")
    if parts.username is not None or parts.fragment:
        raise ValueError("Leave out user, password and fragment: the signature proves who sends.")
    try:
        found = socket.getaddrinfo(host, port or 443, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return  # a name
    if not is_trusted(host) and not all(is_public(address[4][0]) for address in found):
        raise ValueError("Not a public address.")


def post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    """Send a message. Never raises for what the receiver or the network does."""
    began, status, text, problem = monotonic(), None, None, None
    try:
        status, text = _post(urlsplit(url), body, headers, began + MAX_SECONDS)
    except Undeliverable as error:
        problem = str(error)
    except ssl.SSLCertVerificationError as error:
        problem = f"The certificate was not accepted: {error.verify_message}."
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        problem = _problem(error)
    if monotonic() - began >= MAX_SECONDS and status is None:
        problem = f"No answer within {MAX_SECONDS} seconds."
    if status is not None and not 200 <= status < 300:
        redirects = " Redirects are not followed." if 300 <= status < 400 else ""
        problem = f"The receiver answered {status}.{redirects}"
    refused = text if problem else None
    return Answer(status, problem, refused, round((monotonic() - began) * 1000))


def _problem(error: Exception) -> str:
    match error:
        case socket.gaierror():
            return "The name of the host was not found."
        case ConnectionRefusedError():
            return "The connection was refused."
        case TimeoutError():
            return f"No answer within {MAX_SECONDS} seconds."
        case ssl.SSLError():
            return "No secure connection could be made."
        case http.client.HTTPException() | UnicodeError():
            return "The answer was not HTTP."
    return "The connection was lost."


def _post(
    url: SplitResult, body: bytes, headers: dict[str, str], deadline: float
) -> tuple[int, str]:
    host = url.hostname.encode("idna").decode() if not url.hostname.isascii() else url.hostname
    port = url.port or (443 if url.scheme == "https" else 80)
    with _connect(_addresses(host, port, deadline), deadline) as plain:
        connected = plain
        if url.scheme == "https":
            context = ssl.create_default_context()
            connected = context.wrap_socket(
                plain, server_hostname=host, do_handshake_on_connect=False
            )
        # A receiver that sends a byte now and then would outlast any timeout of the socket.
        end = threading.Timer(max(deadline - monotonic(), 0), _cut, [connected])
        end.daemon = True
        end.start()
        try:
            if connected is not plain:
                connected.do_handshake()
            exchange = http.client.HTTPConnection(host, port)
            exchange.sock = connected
            target = (url.path or "/") + (f"?{url.query}" if url.query else "")
            place = f"[{host}]" if ":" in host else host
            place += f":{url.port}" if url.port else ""
            sent = {**headers, "Host": place, "Connection": "close"}
            exchange.request("POST", quote(target, safe=KEPT_IN_URLS), body, sent)
            answer = exchange.getresponse()
            if monotonic() >= deadline:
                raise TimeoutError  # what was cut off may look like a whole answer
            return answer.status, _text_of(answer)
        finally:
            end.cancel()
            connected.close()


def _addresses(host: str, port: int, deadline: float) -> list[tuple]:
    """The host's addresses, all of them public. Raises Undeliverable and OSError."""
    # A name server may take its time, and nothing else ends the wait for it.
    lookup = ThreadPoolExecutor(1)
    asked = lookup.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    lookup.shutdown(wait=False)
    found = asked.result(max(deadline - monotonic(), 0))
    if not is_trusted(host):
        for *_, address in found:
            if not is_public(address[0]):
                raise Undeliverable("The host has an address that is not public.")
    return found


def _connect(addresses: list[tuple], deadline: float) -> socket.socket:
    """Connect to the first of these addresses that accepts. Raises OSError."""
    failure: OSError = TimeoutError()
    for family, kind, protocol, _name, address in addresses:
        if (left := deadline - monotonic()) <= 0:
            raise TimeoutError
        tried = socket.socket(family, kind, protocol)
        tried.settimeout(left)
        try:
            tried.connect(address)
        except OSError as error:
            tried.close()
            failure = error
        else:
            return tried
    raise failure


def _cut(connected: socket.socket) -> None:
    with suppress(OSError):
        socket.socket.shutdown(connected, socket.SHUT_RDWR)


def _text_of(answer: http.client.HTTPResponse) -> str:
    """The beginning of an answer. The status counts, so it may break off, or never end."""
    read = b""
    with suppress(OSError, http.client.HTTPException):
        while len(read) < MAX_ANSWER_BYTES and (more := answer.read1(4096)):
            read += more
    return read.decode("utf-8", "replace").replace("\0", "")[:MAX_KEPT_CHARACTERS]
