"""One POST to a receiver that may do anything."""

import socket
import ssl
import subprocess
import threading
import time

import pytest

from quotes.webhooks import sending
from quotes.webhooks.sending import is_public, post
from tests.quotes.webhooks.receivers import HOST, receiving


@pytest.fixture
def receiver(settings):
    settings.ONRECORD_WEBHOOK_PRIVATE_HOSTS = [HOST]
    with receiving() as one:
        yield one


@pytest.fixture
def hurried(monkeypatch):
    """Half a second for everything."""
    monkeypatch.setattr(sending, "MAX_SECONDS", 0.5)


def sent(receiver, url: str | None = None):
    return post(url or receiver.url, b"{}", {"Content-Type": "application/json"})


# Addresses


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.9.9.9"),
        *("169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1"),
        *("192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1"),
        *("239.255.255.250", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:7f00:1"),
        *("64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::a00:1", "100::1"),
        *("2001::1", "2001:db8::1", "2002:7f00:1::1", "2002:808:808::1"),
        *("fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "4000::1"),
    ],
)
def test_an_address_that_is_not_of_the_public_internet_is_known(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("1.1.1.1", "8.8.8.8", "172.32.0.1", "198.20.0.1"),
        *("2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"),
    ],
)
def test_a_public_address_is_known(address):
    assert is_public(address)


def test_a_name_that_leads_to_a_private_address_is_refused_before_any_connection(
    receiver, settings
):
    settings.ONRECORD_WEBHOOK_PRIVATE_HOSTS = []
    for name in ("localhost", "127.0.0.1", "127.1", "2130706433", "0"):
        answer = sent(receiver, receiver.url.replace(HOST, name))
        assert answer.problem == "The host has an address that is not public."
        assert answer.status is None
    assert receiver.messages == []


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch):
    def answer(host, port, **options):
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, (address, port)) for address in ("8.8.8.8", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", answer)  # the name server's part
    assert sent(None, "https://cms.example/").problem == (
        "The host has an address that is not public."
    )


def test_the_connection_is_made_to_the_address_that_was_checked(receiver, monkeypatch, settings):
    """A name that leads elsewhere when it is asked for again is asked for once."""
    asked, real = [], socket.getaddrinfo

    def answer(host, *args, **options):
        asked.append(host)
        return real(HOST if len(asked) == 1 else "10.255.255.1", *args, **options)

    settings.ONRECORD_WEBHOOK_PRIVATE_HOSTS = ["cms.internal"]
    monkeypatch.setattr(socket, "getaddrinfo", answer)
    answer = sent(receiver, receiver.url.replace(HOST, "cms.internal"))
    assert answer.status == 204
    assert asked == ["cms.internal"]
    assert receiver.messages[0][0]["host"].startswith("cms.internal:")


def test_a_name_that_does_not_exist_is_said(settings):
    assert sent(None, "https://nobody.invalid/").problem == "The name of the host was not found."


# Answers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(receiver, status):
    receiver.usual = status
    answer = sent(receiver)
    assert answer.problem == f"The receiver answered {status}. Redirects are not followed."
    assert len(receiver.messages) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 410, 429, 500, 503])
def test_a_status_that_refuses_is_kept_with_the_beginning_of_its_words(receiver, status):
    receiver.usual, receiver.body = status, b"No\0: " + b"x" * 10_000
    answer = sent(receiver)
    assert (answer.status, answer.problem) == (status, f"The receiver answered {status}.")
    assert answer.text.startswith("No: xxx")
    assert len(answer.text) == 500
    assert answer.is_gone == (status == 410)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_of_an_answer_that_accepts_no_word_is_kept(receiver, status):
    receiver.usual, receiver.body = status, b"Thanks"
    answer = sent(receiver)
    assert (answer.status, answer.problem, answer.text) == (status, None, None)


def test_an_endless_answer_is_cut_off_after_64_kib(receiver):
    read = []

    def endless(handler):
        handler.send_response(200)
        handler.end_headers()
        try:
            for _ in range(100_000):
                handler.wfile.write(b"x" * 4096)
                read.append(4096)
        except OSError:
            return

    receiver.usual = endless
    began = time.monotonic()
    answer = sent(receiver)
    assert (answer.status, answer.problem) == (200, None)
    assert time.monotonic() - began < 5
    assert sum(read) < 20_000_000  # what the buffers of the system took


def drip(handler, begin: bytes):
    """Send a byte every tenth of a second for ever."""
    handler.wfile.write(begin)
    try:
        while not handler.server.stopped.wait(0.1):
            handler.wfile.write(b"x")
    except OSError:
        return


@pytest.mark.parametrize(
    "begin",
    [b"", b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK\r\nX-Slow: "],
    ids=["none", "line", "header"],
)
def test_a_receiver_that_answers_byte_by_byte_is_given_up_in_time(receiver, hurried, begin):
    def slow(handler):
        handler.server.stopped = receiver.wait_for
        drip(handler, begin)

    receiver.usual = slow
    began = time.monotonic()
    answer = sent(receiver)
    assert (answer.status, answer.problem) == (None, "No answer within 0.5 seconds.")
    assert time.monotonic() - began < 2


def test_a_status_counts_even_if_the_words_after_it_never_end(receiver, hurried):
    def slow(handler):
        handler.server.stopped = receiver.wait_for
        drip(handler, b"HTTP/1.1 200 OK\r\n\r\n")

    receiver.usual = slow
    began = time.monotonic()
    assert (sent(receiver).status, sent(receiver).problem) == (200, None)
    assert time.monotonic() - began < 4


def test_a_receiver_that_says_nothing_is_given_up_in_time(receiver, hurried):
    receiver.usual = lambda handler: receiver.wait_for.wait(5)
    assert sent(receiver).problem == "No answer within 0.5 seconds."


def test_a_receiver_that_accepts_no_connection_is_said(settings):
    settings.ONRECORD_WEBHOOK_PRIVATE_HOSTS = [HOST]
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    assert sent(None, f"http://{HOST}:{port}/").problem == "The connection was refused."


@pytest.mark.parametrize(
    "said", [b"", b"\x16\x03\x01", b"SSH-2.0-OpenSSH\r\n", b"HTTP/9.9 what\r\n"]
)
def test_what_is_not_http_is_a_problem_in_our_words(receiver, said):
    def speak(handler):
        handler.wfile.write(said)
        handler.connection.shutdown(socket.SHUT_RDWR)

    receiver.usual = speak
    answer = sent(receiver)
    assert answer.status is None
    assert answer.problem in ("The answer was not HTTP.", "The connection was lost.")


def test_a_url_with_any_characters_is_sent_as_one_line(receiver):
    url = receiver.url.split("?")[0] + "/ä?q=“x”&r=%C3%A4"
    assert sent(receiver, url).status == 204
    (headers, _), *_ = receiver.messages
    assert headers["path"] == "/hook/%C3%A4?q=%E2%80%9Cx%E2%80%9D&r=%C3%A4"


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that nobody has signed but itself, with its key."""
    place = tmp_path_factory.mktemp("tls")
    made = [place / "cert.pem", place / "key.pem"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        + ["-subj", "/CN=receiver", "-addext", f"subjectAltName=IP:{HOST}"]
        + ["-out", made[0], "-keyout", made[1]],
        check=True,
        capture_output=True,
    )
    return made


@pytest.fixture
def secure(certificate, settings):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)

    def wrap(plain):
        return context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)

    settings.ONRECORD_WEBHOOK_PRIVATE_HOSTS = [HOST, "localhost"]
    with receiving(wrap) as one:
        yield one


def test_a_certificate_that_nobody_vouches_for_is_not_accepted(secure):
    answer = sent(secure)
    assert answer.problem.startswith("The certificate was not accepted: self")
    assert secure.messages == []


def test_a_certificate_is_accepted_for_its_own_host_only(secure, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    assert sent(secure).status == 204
    answer = sent(secure, secure.url.replace(HOST, "localhost"))
    assert answer.problem.startswith("The certificate was not accepted: Hostname mismatch")
    assert len(secure.messages) == 1


def test_a_handshake_that_never_ends_is_given_up_in_time(settings, hurried):
    settings.ONRECORD_WEBHOOK_PRIVATE_HOSTS = [HOST]
    with socket.create_server((HOST, 0)) as silent:
        accepted = []
        thread = threading.Thread(target=lambda: accepted.append(silent.accept()))
        thread.start()
        answer = sent(None, f"https://{HOST}:{silent.getsockname()[1]}/")
        thread.join()
        accepted[0][0].close()
    assert answer.problem == "No answer within 0.5 seconds."


def test_a_receiver_without_tls_is_said(receiver):
    answer = sent(receiver, receiver.url.replace("http:", "https:"))
    assert answer.problem in ("No secure connection could be made.", "The connection was lost.")
