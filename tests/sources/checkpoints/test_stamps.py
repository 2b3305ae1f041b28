"""Checkpoints are stamped by an authority of RFC 3161: OpenSSL plays it, and verifies the stamp."""

import io
import shutil
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from sources.checkpoints.notes import Signer
from sources.checkpoints.stamps import NotStamped, stamp
from tests.conftest import settle
from tests.records import make_speaker

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")

CONFIG = """
[req]
distinguished_name = name
[name]
[extensions]
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = authority
[authority]
serial = serial
signer_cert = authority.pem
certs = authority.pem
signer_key = authority.key
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
ess_cert_id_alg = sha256
"""


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Path:
    """The folder of an authority with a key and a certificate of its own."""
    folder = tmp_path_factory.mktemp("authority")
    (folder / "config").write_text(CONFIG)
    (folder / "serial").write_text("01\n")
    openssl(
        folder,
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
        *("-days", "30", "-subj", "/CN=Time"),
        *("-config", "config", "-extensions", "extensions"),
        *("-keyout", "authority.key", "-out", "authority.pem"),
    )
    return folder


@contextmanager
def answering(answer):
    """A server whose answer to a body is `answer(body)`: a status and bytes."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            status, given = answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(given)

        def log_message(self, *arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def stamping(folder: Path):
    def answer(query: bytes) -> tuple[int, bytes]:
        (folder / "query").write_bytes(query)
        openssl(folder, "ts", "-reply", "-config", "config", "-queryfile", "query", "-out", "reply")
        return 200, (folder / "reply").read_bytes()

    return answer


@pytest.mark.django_db(transaction=True)
def test_a_checkpoint_is_stamped_once_and_the_stamp_verifies(authority, settings, tmp_path):
    settings.ONRECORD_LOG_KEYS = [Signer.new("quotes.example/ledger").written]
    make_speaker()
    settle()
    out = io.StringIO()
    with pytest.raises(CommandError, match="does not answer"):
        call_command("checkpoint", str(tmp_path), "--stamp=http://127.0.0.1:1/", stdout=out)
    assert (tmp_path / "checkpoint").exists()
    asked = []
    answer = stamping(authority)
    with answering(lambda query: asked.append(query) or answer(query)) as url:
        for _ in range(2):
            call_command("checkpoint", str(tmp_path), "--stamp", url, stdout=out)
    assert len(asked) == 1
    kept = tmp_path / "checkpoints"
    verified = ("-in", str(kept / "1.tsr"), "-CAfile", "authority.pem")
    openssl(authority, "ts", "-verify", "-data", str(kept / "1"), *verified)
    with pytest.raises(subprocess.CalledProcessError):
        openssl(authority, "ts", "-verify", "-data", "config", *verified)


def test_no_other_answer_is_taken_for_a_stamp(authority):
    with answering(lambda query: (500, b"")) as url, pytest.raises(NotStamped, match="500"):
        stamp(b"words", url)
    with (
        answering(lambda query: (200, b"no")) as url,
        pytest.raises(NotStamped, match="is no time"),
    ):
        stamp(b"words", url)
    with answering(stamping(authority)) as url:
        old = stamp(b"words", url)
    with answering(lambda query: (200, old)) as url:
        for content in (b"words", b"other words"):  # another nonce, and other content
            with pytest.raises(NotStamped, match="something else"):
                stamp(content, url)
    with pytest.raises(NotStamped, match="no web address"):
        stamp(b"words", "file:///etc/passwd")
