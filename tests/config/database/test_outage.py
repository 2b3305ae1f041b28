"""The database goes down and comes back: 503 meanwhile, then normal service without a restart.

The service runs in a process of its own, with a server of its own that this test stops and starts.
"""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection

from config.database.embedded import DATABASE, PORT, SUPERUSER, Cluster, ensure_running
from quotes.models import Quote
from tests.config.database.test_embedded import (
    PROJECT,
    a_directory,
    is_stopped,
    postmaster,
    wait_until,
)
from tests.conftest import API, problem
from tests.records import make_quote

pytestmark = pytest.mark.xdist_group("outage")  # one worker starts the server

SERVICE = """
import json, sys
from config.wsgi import application
from django.core.management import call_command
from django.test import RequestFactory
call_command("migrate", verbosity=0)
call_command("issue_token", "wire", group="Curators")
sys.stdout.flush()
for line in sys.stdin:
    method, path, headers, body = json.loads(line)
    # Called as by a server: Django's test client would keep a broken connection.
    request = RequestFactory(headers=headers).generic(method, path, body, "application/json")
    told = []
    answer = application(request.environ, lambda status, headers: told.extend((status, headers)))
    content = b"".join(answer).decode()
    if hasattr(answer, "close"):
        answer.close()
    got = {}
    for name, value in told[1]:
        got[name] = f"{got[name]}, {value}" if name in got else value
    print(json.dumps([int(told[0].split()[0]), got, content]), flush=True)
"""


class Service:
    """The service in a process of its own, asked one request at a time."""

    def __init__(self, url: str, **settings: str):
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVICE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=PROJECT,
            env={
                **os.environ,
                "PYTHONPATH": str(PROJECT),
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "DATABASE_URL": url,
                "SECRET_KEY": "for this test only" * 3,
                "ALLOWED_HOSTS": "testserver",
                "ONRECORD_PUBLIC_READ": "true",
                **settings,
            },
        )
        self.token = self.process.stdout.readline().strip()

    def ask(self, method: str, path: str, body: dict | None = None, **headers):
        self.send(method, path, body, **headers)
        return self.answer()

    def send(self, method: str, path: str, body: dict | None = None, **headers):
        written = "" if body is None else json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.process.stdin.write(json.dumps([method, path, named, written]) + "\n")
        self.process.stdin.flush()

    def answer(self) -> tuple[int, dict[str, str], str]:
        status, headers, content = json.loads(self.process.stdout.readline())
        return status, headers, content

    def curate(self, method: str, path: str, body: dict | None = None, **headers):
        return self.ask(method, path, body, Authorization=f"Token {self.token}", **headers)


@pytest.fixture(scope="module")
def directory():
    with a_directory() as directory:
        ensure_running(directory)
        yield directory


@pytest.fixture(scope="module")
def service(directory):
    sockets = Cluster(directory).socket_directory
    service = Service(f"postgres://onrecord@/onrecord?host={sockets}")
    yield service
    service.process.communicate(timeout=30)


@contextmanager
def outage(directory):
    """No server within, and the same server with the same data after."""
    os.kill(postmaster(directory), signal.SIGINT)
    wait_until(lambda: is_stopped(directory))
    try:
        yield
    finally:
        ensure_running(directory)


def test_requests_are_503_while_the_database_is_down_and_work_again_afterwards(directory, service):
    status, _, content = service.curate("POST", f"{API}outlets/", {"name": "Radio"})
    assert status == 201
    outlet = f"{API}outlets/{json.loads(content)['id']}/"
    assert service.ask("GET", outlet)[0] == 200

    with outage(directory):
        for status, headers, content in (
            service.ask("GET", outlet),
            service.curate("POST", f"{API}outlets/", {"name": "Other"}),
        ):
            assert status == 503
            assert headers["Content-Type"] == "application/problem+json"
            assert int(headers["Retry-After"]) > 0
            body = json.loads(content)
            assert body["status"] == 503
            assert body["title"] == "Service Unavailable"
            for secret in (service.token, "onrecord@", "psycopg", "Traceback", str(directory)):
                assert secret not in content
        # Requests that need no database still work.
        assert service.ask("GET", "/health/")[0] == 200
        status, _, content = service.ask("GET", "/ready/")
        assert (status, json.loads(content)["status"]) == (503, "fail")
        assert service.ask("GET", f"{API}schema/")[0] == 200
        assert service.ask("GET", f"{API}nowhere/")[0] == 404

    began = time.monotonic()
    wait_until(lambda: service.ask("GET", outlet)[0] == 200)
    wait_until(lambda: service.ask("GET", "/ready/")[0] == 200)
    assert time.monotonic() - began < 5
    status, _, content = service.curate("GET", f"{API}outlets/")
    assert [row["name"] for row in json.loads(content)["results"]] == ["Radio"]
    assert service.curate("POST", f"{API}outlets/", {"name": "Other"})[0] == 201


def test_a_restart_of_the_database_between_two_requests_causes_no_error(directory, service):
    assert service.ask("GET", f"{API}quotes/")[0] == 200
    with outage(directory):
        pass
    assert service.ask("GET", f"{API}quotes/")[0] == 200


@contextmanager
def background_worker(directory):
    sockets = Cluster(directory).socket_directory
    process = subprocess.Popen(
        [sys.executable, "manage.py", "work"],
        cwd=PROJECT,
        stderr=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "DATABASE_URL": f"postgres://onrecord@/onrecord?host={sockets}",
            "SECRET_KEY": "for this test only" * 3,
        },
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_the_background_worker_waits_for_the_database_and_goes_on(directory, service):
    address = {"host": Cluster(directory).socket_directory, "port": PORT, "user": SUPERUSER}

    def asked(statement: str) -> list:
        with psycopg.connect(dbname=DATABASE, **address) as database:
            return database.execute(statement).fetchall()

    workers = "SELECT id FROM procrastinate_workers"
    with background_worker(directory) as process:
        wait_until(lambda: asked(workers))
        ((first,),) = asked(workers)
        with outage(directory):
            time.sleep(1)  # so long that it notices
            assert process.poll() is None
        wait_until(lambda: asked(f"{workers} WHERE id > {first}"), seconds=60)
        asked(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args) VALUES"
            " ('default', 'sources.jobs.tasks.keep_order', '{\"timestamp\": 1}') RETURNING id"
        )
        wait_until(
            lambda: not asked("SELECT FROM procrastinate_jobs WHERE args ->> 'timestamp' = '1'")
        )
        process.terminate()
        _, said = process.communicate(timeout=30)
        assert process.returncode == 0, said
        assert "the database is away" in said


def test_a_request_that_waits_two_seconds_for_a_lock_is_503_and_changes_nothing(directory, service):
    body = service.curate("POST", f"{API}outlets/", {"name": "Locked"})[2]
    key = json.loads(body)["id"]
    outlet = f"{API}outlets/{key}/"
    address = {"host": Cluster(directory).socket_directory, "port": PORT, "user": SUPERUSER}
    change = {"name": "Renamed"}
    with psycopg.connect(dbname=DATABASE, **address) as other:
        other.execute("SELECT FROM sources_outlet WHERE id = %s FOR UPDATE", [key])
        began = time.monotonic()
        status, headers, content = service.curate("PATCH", outlet, change, If_Match="*")
        took = time.monotonic() - began
        assert status == 503
        assert int(headers["Retry-After"]) > 0
        assert json.loads(content)["title"] == "Service Unavailable"
        assert 2 <= took < 10
        # Reading does not wait for the lock.
        assert json.loads(service.ask("GET", outlet)[2])["name"] == "Locked"
    assert service.curate("PATCH", outlet, change, If_Match="*")[0] == 200


@pytest.mark.django_db(transaction=True)
def test_a_connection_lost_during_validation_is_503_and_not_400(curator, monkeypatch):
    quote = make_quote()
    other = connection.copy()

    def lose_the_connection(self):
        server = connection.connection.info.backend_pid
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [server])

    monkeypatch.setattr(Quote, "clean", lose_the_connection)
    path = f"{API}quotes/{quote.pk}/"
    try:
        problem(curator.patch(path, {"language": "en"}, headers={"If-Match": "*"}), 503)
    finally:
        other.close()
        connection.close()
