"""`manage.py file_articles` and `manage.py demo`."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress

import psutil
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from quotes.api.bulk_filing import article_keys
from quotes.management.commands import file_articles
from quotes.models import Quote
from sources.identity.merging import merge
from sources.ledger.actor import audit_context
from sources.models import Article, Organisation, Outlet, Revision, Speaker
from tests.config.database.test_embedded import wait_until
from tests.conftest import API, make_filing, ok, publish
from tests.records import make_outlet

pytestmark = pytest.mark.django_db


def filings(number: int) -> list[dict]:
    return [make_filing(url=f"https://post.example/{n}", headline=f"No {n}") for n in range(number)]


def write(path, rows: list) -> None:
    lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_text("".join(f"{line}\n" for line in lines))


@pytest.fixture
def wire(tmp_path):
    return tmp_path / "wire.ndjson"


def run(wire, *arguments):
    call_command("file_articles", wire, *arguments, verbosity=0)


def refusals(wire) -> list[dict]:
    path = wire.with_name("wire.ndjson.refused.ndjson")
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_each_line_is_filed_as_the_api_would_file_it(wire, curator):
    write(wire, [make_filing()])
    run(wire)
    (stored,) = ok(curator.get(f"{API}quotes/"))["results"]
    assert stored["text"] == "We had no choice,"
    assert stored["anchor"]["state"] == "exact"
    assert ok(curator.post(f"{API}articles/", make_filing()))["outcome"] == "unchanged"


def test_a_record_shared_by_many_lines_is_created_once(wire):
    write(wire, filings(250))
    run(wire)
    assert Article.objects.count() == Quote.objects.count() == 250
    assert Outlet.objects.count() == Speaker.objects.count() == 1


def test_refused_lines_are_reported_with_their_reasons_and_the_rest_is_filed(wire, tmp_path):
    good, bad = filings(2), make_filing(url="https://post.example/bad")
    bad["quotes"][0]["text"] = "We had every choice,"
    write(wire, [good[0], "not json", bad, {"text": "x", "headlin": "y"}, good[1]])
    with pytest.raises(CommandError, match="2 filed, 3 refused") as stopped:
        run(wire)
    assert stopped.value.returncode == 1
    assert Article.objects.count() == 2
    faults = refusals(wire)
    assert [fault["line"] for fault in faults] == [2, 3, 4]
    assert faults[1]["errors"][0]["pointer"] == "/quotes/0/text"
    assert faults[1]["errors"][0]["nearest"]["text"]
    assert faults[1]["filing"] == bad
    assert "headline" in faults[2]["errors"][0]["message"]


def test_a_line_that_fails_within_a_batch_does_not_affect_the_others(wire):
    other = make_filing(outlet="The Other Post", url="https://post.example/0")
    write(wire, [*filings(1), other, *filings(3)[1:]])
    with pytest.raises(CommandError, match="3 filed, 1 refused"):
        run(wire)
    assert Article.objects.count() == 3
    assert refusals(wire)[0]["line"] == 2


def test_the_same_article_twice_in_a_file_is_filed_and_filed_again(wire):
    later = make_filing(text=make_filing()["text"] + " It was cold.")
    write(wire, [make_filing(), later])
    run(wire)
    article = Article.objects.get()
    assert article.snapshots.count() == 2
    assert Quote.objects.get().snapshot_id == article.snapshot_id


def test_an_interrupted_run_resumes_where_it_stopped(wire, monkeypatch):
    monkeypatch.setattr(file_articles, "BATCH", 10)
    rows = filings(40)
    write(wire, [*rows[:20], "not json", *rows[20:]])
    real = file_articles.Progress.save

    def save_twice(progress, offset, line):
        real(progress, offset, line)
        if line >= 20:
            raise KeyboardInterrupt

    monkeypatch.setattr(file_articles.Progress, "save", save_twice)
    with pytest.raises(KeyboardInterrupt):
        run(wire)
    filed_before = Article.objects.count()
    assert 0 < filed_before < 40
    monkeypatch.setattr(file_articles.Progress, "save", real)
    with pytest.raises(CommandError, match="40 filed, 1 refused"):
        run(wire)
    assert Article.objects.count() == 40
    assert [fault["line"] for fault in refusals(wire)] == [21]
    assert not wire.with_name("wire.ndjson.progress").exists()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"url": "https://a.example/b"}, {"url": " HTTPS://A.example:443/b#top"}),
        ({"url": "https://a.example/ü"}, {"url": "http://www.a.example/%C3%BC/?utm_source=b"}),
        ({"url": "http://a.example"}, {"url": "http://a.example:80/"}),
        ({"url": "http://a.example/1", "external_id": "7"}, {"external_id": "7 "}),
        ({"text": "The same.", "outlet": "Post"}, {"text": "The same.", "outlet": "The Post"}),
        ({"headline": "No text"}, {"headline": "No text", "text": None}),
    ],
)
@pytest.mark.django_db
def test_lines_of_one_article_are_never_filed_at_once(one, other):
    keys = article_keys(json.dumps(line).encode() for line in (one, other))
    assert keys[0] & keys[1]


@pytest.mark.django_db
def test_lines_of_pages_that_only_a_parameter_tells_apart_are_filed_at_once():
    lines = [{"url": f"https://a.example/?id={n}"} for n in (1, 2)]
    one, other = article_keys(json.dumps(line).encode() for line in lines)
    assert not one & other


@pytest.mark.django_db
def test_lines_that_are_not_filings_belong_to_no_article():
    lines = [
        b"not json",
        b"[1]",
        b'{"text": ["odd"], "url": {"odd": 1}}',
        b'{"url": "\\u0000\\ud800"}',
    ]
    nothing, likewise, *odd = article_keys(lines)
    assert nothing == likewise == set()
    assert all(odd)


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("commits")
def test_several_processes_file_a_large_file_like_one(wire, monkeypatch):
    monkeypatch.setattr(file_articles, "MIN_PARALLEL_BYTES", 0)
    monkeypatch.setattr(file_articles, "BATCH", 10)
    first = filings(60)
    later = [make_filing(**row | {"text": f"{row['text']} It was cold."}) for row in first[:20]]
    write(wire, [*first, "not json", *later])
    with (
        audit_context(channel="command:file_articles", actor="ada"),
        pytest.raises(CommandError, match="80 filed, 1 refused"),
    ):
        run(wire)
    told = set(Revision.objects.values_list("channel", "actor"))
    assert told == {("command:file_articles", "ada")}
    assert [fault["line"] for fault in refusals(wire)] == [61]
    assert Article.objects.count() == Quote.objects.count() == 60
    assert Outlet.objects.count() == Speaker.objects.count() == 1
    cold = Article.objects.filter(snapshot__text__endswith="It was cold.")
    assert {article.url for article in cold} == {row["url"] for row in later}


def test_the_progress_of_another_file_is_refused(wire):
    write(wire, filings(1))
    wire.with_name("wire.ndjson.progress").write_text('{"head": "x", "offset": 1, "line": 1}')
    with pytest.raises(CommandError, match="--restart"):
        run(wire)
    run(wire, "--restart")
    assert Article.objects.count() == 1


def test_quotes_filed_as_published_are_refused_on_request(wire):
    write(wire, [publish(make_filing())])
    with pytest.raises(CommandError, match="0 filed, 1 refused"):
        run(wire, "--propose")
    run(wire)
    assert Quote.objects.get().status == "published"


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CommandError, match="nowhere"):
        call_command("file_articles", tmp_path / "nowhere.ndjson")


def test_the_sample_newsroom_has_records_of_every_kind_and_state(db):
    call_command("demo", "--prepare", verbosity=0)
    assert Article.objects.count() >= 12
    assert Outlet.objects.count() >= 5
    assert Quote.objects.count() >= 60
    assert Speaker.objects.count() >= 20
    kinds = set(Speaker.objects.values_list("kind", flat=True))
    assert kinds >= set(Speaker.Kind.values) - {Speaker.Kind.UNKNOWN}
    assert Article.objects.filter(outlet=None).exists()
    assert Article.objects.filter(published=None).exists()
    assert Quote.objects.filter(speaker=None).exists()
    assert set(Quote.objects.values_list("anchor", flat=True)) >= {"exact", "moved", "missing"}
    assert set(Quote.objects.values_list("status", flat=True)) >= set(Quote.PUBLIC)
    assert Quote.objects.exclude(corrections=[]).exists()
    assert max(quote.via.count() for quote in Quote.objects.prefetch_related("via")) >= 2
    assert max(len(quote.spans) for quote in Quote.objects.all()) >= 2
    people = Speaker.objects.filter(kind="person")
    assert sum(person.affiliations.count() >= 2 for person in people) >= 3


def test_preparing_the_demo_again_is_harmless(db):
    call_command("demo", "--prepare", verbosity=0)
    before = list(Quote.objects.order_by("pk").values())
    call_command("demo", "--prepare", verbosity=0)
    assert list(Quote.objects.order_by("pk").values()) == before


def test_preparing_the_demo_again_is_harmless_after_its_records_were_renamed_and_merged(db):
    call_command("demo", "--prepare", verbosity=0)
    for model in (Outlet, Organisation, Speaker):
        record = model.objects.order_by("pk").first()
        record.name = "Renamed since"
        record.save()
    for model in (Outlet, Organisation):
        merge(*model.objects.order_by("pk")[1:3])
    Outlet.objects.filter(name="Renamed since").update(slug="renamed-since")
    Article.objects.update(external_id=None)
    before = Quote.objects.count()
    call_command("demo", "--prepare", verbosity=0)
    assert Quote.objects.count() == before


def test_the_demo_says_so_when_its_newsroom_contradicts_what_is_on_record(db):
    make_outlet("The Harrow Sound Courier", slug="harrow-sound-courier")
    with pytest.raises(CommandError, match=r"slug already exists.*delete the folder var/postgres"):
        call_command("demo", "--prepare", verbosity=0)
    assert not Article.objects.exists()


@pytest.mark.parametrize("port", ["0", "65536", "-1"])
def test_the_demo_refuses_an_invalid_port(port):
    with pytest.raises(CommandError, match="1 to 65535"):
        call_command("demo", f"--port={port}")


def test_the_demo_says_so_when_its_port_is_taken():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match="Choose another"):
            call_command("demo", f"--port={port}")


def test_the_demo_refuses_to_run_on_a_configured_database(monkeypatch):
    monkeypatch.setattr(settings, "DATABASE_URL", "postgres://someone@somewhere/real")
    with pytest.raises(CommandError, match="DATABASE_URL"):
        call_command("demo")


class Demo:
    """The demo as somebody starts it: its process, what it printed, and where it serves."""

    def __init__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url, lines = f"http://127.0.0.1:{port}", []
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "demo", "--port", str(port)],
            cwd=settings.BASE_DIR,
            env={k: v for k, v in os.environ.items() if not k.startswith("PYTEST")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        while "Stop with Ctrl-C" not in (line := self.process.stdout.readline()):
            assert line or self.process.poll() is None, "".join(lines)
            lines.append(line)
        self.printed = "".join(lines)

    def processes(self, argument: str | None = None) -> set[psutil.Process]:
        """The processes of the demo, or those that were started with this argument."""
        found = set()
        for one in psutil.Process(self.process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if argument in (None, *one.cmdline()):
                    found.add(one)
        return found

    def kill_one_of_two(self, argument: str) -> None:
        """Kill the younger process with this argument, and wait until another took its place."""
        wait_until(lambda: len(self.processes(argument)) == 2, 180)
        killed = max(self.processes(argument), key=psutil.Process.create_time)
        killed.kill()
        wait_until(lambda: len(self.processes(argument) - {killed}) == 2, 180)

    def end(self) -> None:
        started = self.processes()
        self.process.terminate()
        _, alive = psutil.wait_procs(started, timeout=60)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate(timeout=30)
        ended = (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)  # init has only to notice these
        assert all(one.status() in ended for one in alive if one.is_running())


def test_the_demo_serves_what_it_prints_replaces_what_is_killed_and_ends_whole():
    # One test: two demos at once would replace each other's tokens.
    demo = Demo()
    try:
        first, second, *_ = demo.printed.splitlines()
        assert first == "Loading On Record."
        assert second.startswith("Starting PostgreSQL")
        assert "Creating the tables ." in demo.printed
        assert "FOR TRIAL ONLY" in demo.printed
        links = re.findall(r"curl '(http[^']*quotes/\?[^']*)'", demo.printed)
        assert len(links) == 2
        for link in links:
            assert fetch(link)["results"]
        token = re.search(r"Contributors\s+(\w+)", demo.printed)[1]
        assert fetch(f"{demo.url}{API}outlets/", token)["results"]

        demo.kill_one_of_two("granian")
        assert fetch(links[0])["results"]
        demo.kill_one_of_two("--work")
    finally:
        demo.end()


SERVER = """
import subprocess, sys
worker = [sys.executable, "-c", "import config.wsgi, os, time; print(os.getpid()); time.sleep(60)"]
subprocess.run(worker)
"""


def test_a_worker_of_the_demo_ends_with_a_server_that_was_killed():
    server = subprocess.Popen(
        [sys.executable, "-uc", SERVER],
        cwd=settings.BASE_DIR,
        env={**os.environ, "ONRECORD_DEMO": "true", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    worker = psutil.Process(int(server.stdout.readline()))
    try:
        server.kill()
        wait_until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE, 30)
    finally:
        server.communicate(timeout=30)


def fetch(url: str, token: str | None = None) -> dict:
    """Return the JSON at a URL of the demo, which may still be starting."""
    request = urllib.request.Request(url)
    if token:
        request.add_header("Authorization", f"Token {token}")
    until = time.monotonic() + 180
    while time.monotonic() < until:
        try:
            return json.load(urllib.request.urlopen(request, timeout=30))
        except (ConnectionRefusedError, ConnectionResetError, http.client.RemoteDisconnected):
            pass
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
        time.sleep(0.1)
    raise AssertionError(f"nobody answers at {url}")
