"""A replica answers readers, who all see what they wrote, and the primary stands in for it.

The service runs in a process of its own, with a primary and a hot standby that this test pauses,
kills and promotes. A paused standby shows who answered: what is written meanwhile is not in it.
"""

import json
import os
import subprocess
import sys
from itertools import count

import pytest
from django.core.exceptions import ImproperlyConfigured, MiddlewareNotUsed
from django.db import connection

from config.database import WATCH_OPTIONS, replica_settings
from config.database.embedded import DATABASE, SUPERUSER
from config.database.replicas import BEYOND_ALL, Floor, as_number, read_from_replicas
from tests.config.database.test_backup import run
from tests.config.database.test_embedded import PROJECT, a_directory, wait_until
from tests.config.database.test_outage import Service
from tests.conftest import API, make_filing, publish
from tests.standbys import Primary, Standby

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("replicas")]

OUTLETS = f"{API}outlets/?limit=200"
UNKNOWN = "01a201f3-1819-7f60-b922-5b8f8a7c7708"

OF_THIS_CLUSTER = """
SET session_replication_role = replica;
DELETE FROM public.sources_era;
INSERT INTO public.sources_era SELECT 1, system_identifier, now() FROM pg_control_system();
"""


@pytest.fixture(scope="module")
def primary(django_db_setup, place_for_servers):
    if not connection.is_embedded:
        pytest.skip("the tools that come with the embedded server are for the embedded server")
    schema = run("pg_dump", connection.settings_dict["NAME"])
    primary = Primary(place_for_servers / "primary")
    primary.start()
    address = ("-h", primary.socket_directory, "-U", SUPERUSER, "-d", DATABASE)
    typed = schema + OF_THIS_CLUSTER
    filled = primary._run("psql", *address, "-qv", "ON_ERROR_STOP=1", typed=typed)
    assert filled.returncode == 0, filled.stdout
    return primary


@pytest.fixture(scope="module")
def place_for_servers():
    with a_directory() as directory:
        yield directory


@pytest.fixture(scope="module")
def replica(primary):
    replica = Standby(primary.directory.with_name("replica"), primary)
    replica.start()
    return replica


@pytest.fixture(scope="module")
def running(primary, replica):
    service = Service(
        primary.url,
        DATABASE_REPLICA_URLS=replica.url,
        ONRECORD_REPLICA_LAG="60",  # so that a pause does not put it out of use
        ONRECORD_THROTTLE_ANONYMOUS="100000/day",
    )
    yield service
    service.process.communicate(timeout=30)


@pytest.fixture
def service(running, replica):
    """The service, once it uses the replica."""
    running.ask("GET", OUTLETS)
    wait_until(lambda: is_used(running, replica))
    return running


NAMES = (f"Radio {number}" for number in count())


def make_outlet(service) -> tuple[str, dict, dict]:
    """Name and record of a new outlet, and the headers of the answer."""
    name = next(NAMES)
    status, headers, content = service.curate("POST", f"{API}outlets/", {"name": name})
    assert status == 201, content
    return name, json.loads(content), headers


def outlets(service, **headers) -> list[str]:
    status, _, content = service.ask("GET", OUTLETS, **headers)
    assert status == 200, content
    return [record["name"] for record in json.loads(content)["results"]]


def is_used(service, replica) -> bool:
    """Whether the replica answers. It has everything again when this returns."""
    with replica.paused():
        name, *_ = make_outlet(service)
        used = name not in outlets(service)
    wait_until(lambda: name in outlets(service))
    return used


def test_a_replica_answers_and_a_reader_who_names_a_position_sees_what_was_written(
    service, replica
):
    with replica.paused():
        name, _, headers = make_outlet(service)
        assert name not in outlets(service)
        assert name in outlets(service, X_Read_After=headers["X-Read-After"])
        assert name in outlets(service, X_Read_After="what is no position")
        assert name not in outlets(service)
    wait_until(lambda: name in outlets(service))
    assert name in outlets(service, X_Read_After=headers["X-Read-After"])


def test_a_browser_brings_the_position_of_its_last_form_as_a_cookie(service, replica):
    _, headers, _ = service.ask("GET", "/login/")
    token = headers["Set-Cookie"].partition("csrftoken=")[2].partition(";")[0]
    with replica.paused():
        name, *_ = make_outlet(service)
        cookie = {"Cookie": f"csrftoken={token}", "X_CSRFToken": token}
        status, headers, _ = service.ask("POST", "/login/", {}, **cookie)
        assert status == 200  # the form again, as it was empty
        assert "HttpOnly" in headers["Set-Cookie"]
        position = headers["Set-Cookie"].partition("read_after=")[2].partition(";")[0].strip('"')
        assert position == headers["X-Read-After"]
        assert name in outlets(service, Cookie=f'read_after="{position}"')
        assert name not in outlets(service)
    _, headers, _ = service.curate("POST", f"{API}outlets/", {"name": next(NAMES)})
    assert "Set-Cookie" not in headers


def test_a_record_that_the_replica_does_not_have_yet_comes_from_the_primary(service, replica):
    with replica.paused():
        _, outlet, _ = make_outlet(service)
        status, _, content = service.ask("GET", f"{API}outlets/{outlet['id']}/")
        assert (status, json.loads(content)["id"]) == (200, outlet["id"])
    # Two servers were asked for what is nowhere, and one request was counted.
    left = []
    for _ in range(2):
        status, headers, _ = service.ask("GET", f"{API}outlets/{UNKNOWN}/")
        assert status == 404
        left.append(int(headers["RateLimit"].partition("r=")[2].partition(";")[0]))
    assert left[0] - left[1] == 1


def test_a_follower_of_the_feed_misses_nothing_whoever_answers(service, replica):
    def changes(after: str) -> tuple[list[str], str]:
        status, _, content = service.ask("GET", f"{API}changes/?types=outlet&after={after}")
        assert status == 200, content
        page = json.loads(content)
        return [change["record"]["name"] for change in page["results"]], page["after"]

    told, after = [], changes("now")[1]
    with replica.paused():
        first, *_, headers = make_outlet(service)
        _, ahead, content = service.ask(
            "GET", f"{API}changes/?after=now", X_Read_After=headers["X-Read-After"]
        )
        ahead = json.loads(content)["after"]
        assert changes(after)[0] == []  # the replica's answer
        assert changes(ahead) == ([], ahead)  # the primary's
    second, *_ = make_outlet(service)

    def follow() -> bool:
        nonlocal after
        new, after = changes(after)
        told.extend(new)
        return second in told

    wait_until(follow)
    assert told == [first, second]


def test_an_export_comes_from_the_replica_and_the_next_change_goes_to_the_primary(service, replica):
    def exported(**headers) -> list[str]:
        path = f"{API}quotes/export/?format=ndjson&fields=text"
        status, _, content = service.ask("GET", path, **headers)
        assert status == 200, content
        return content.splitlines()

    before = exported()
    with replica.paused():
        filing = publish(make_filing(outlet=next(NAMES)))
        status, headers, content = service.curate("POST", f"{API}articles/", filing)
        assert status == 201, content
        assert exported() == before
        assert len(exported(X_Read_After=headers["X-Read-After"])) == len(before) + 1
        make_outlet(service)


def test_a_query_that_the_replica_cancels_is_answered_by_the_primary(service, primary, replica):
    service.curate("GET", f"{API}quotes/")  # its token is known
    with primary.connect() as holder, primary.connect() as other:
        holder.execute("LOCK TABLE sources_outlet IN ACCESS EXCLUSIVE MODE")
        primary.ask("SELECT pg_switch_wal()")  # else the log is sent with the next commit
        replica.wait_for("SELECT count(*) > 0 FROM pg_locks WHERE mode = 'AccessExclusiveLock'")
        service.send("GET", f"{API}quotes/")
        replica.wait_for(
            "SELECT count(*) > 0 FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND backend_type = 'client backend'"
        )
        # The replica cannot replay this while the query reads the table.
        other.execute("LOCK TABLE quotes_quote IN ACCESS EXCLUSIVE MODE")
        other.commit()
        wait_until(lambda: "conflict with recovery" in replica.log.read_text())
        holder.rollback()
        status, _, content = service.answer()
    assert status == 200, content


def test_the_primary_answers_while_the_replica_is_dead(service, replica):
    replica.kill()
    for _ in range(3):
        assert make_outlet(service)[0] in outlets(service)
    replica.start()
    wait_until(lambda: is_used(service, replica))


def test_a_replica_that_was_promoted_is_not_read_from(service, replica):
    replica.ask("SELECT pg_promote()")
    try:
        name, *_ = make_outlet(service)
        wait_until(lambda: name in outlets(service))
        assert all(make_outlet(service)[0] in outlets(service) for _ in range(3))
    finally:
        replica.copy_again()


# Without servers


def test_a_position_is_a_number_of_bytes():
    assert as_number("0/0") == 0
    assert as_number("1/a") == (1 << 32) + 10
    assert as_number("16/B374D848") < as_number("17/0")


@pytest.mark.parametrize("words", ["", "1", "1/2/3", "x/1", "123456789/0", "1/2 ", "-1/2"])
def test_what_is_no_position_is_beyond_all(words):
    assert as_number(words) == as_number(BEYOND_ALL)


def test_a_replica_must_have_replayed_what_the_primary_had_so_many_seconds_ago():
    floor = Floor(lag=10)
    assert floor.position is None
    for second in range(30):
        floor.note(1000 + second, now=second)
        assert floor.position == 1000 + max(second - 10, 0)
    floor.note(2000, now=100)  # the primary was away, and nobody knows where it was 10 seconds ago
    assert floor.position == 1029


def test_replicas_need_a_url_of_postgresql_and_notice_a_server_that_has_vanished():
    with pytest.raises(ImproperlyConfigured, match="DATABASE_REPLICA_URLS") as refusal:
        replica_settings("mysql://u:secret@h/d")
    assert "secret" not in str(refusal.value)
    replica = replica_settings("postgres://u@h/d?connect_timeout=7", statement_timeout="15s")
    assert replica["OPTIONS"]["connect_timeout"] == 7
    assert replica["OPTIONS"]["tcp_user_timeout"] == WATCH_OPTIONS["tcp_user_timeout"]
    assert replica["OPTIONS"]["options"].endswith("statement_timeout=15s")


def test_replicas_without_a_primary_are_refused():
    variables = {"PATH": os.environ["PATH"], "DATABASE_REPLICA_URLS": "postgres://u@h/d"}
    refused = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=PROJECT,
        env=variables,
        capture_output=True,
        text=True,
    )
    assert refused.returncode == 1
    assert "DATABASE_REPLICA_URLS: set DATABASE_URL" in refused.stderr


def test_without_replicas_requests_do_without_the_middleware():
    with pytest.raises(MiddlewareNotUsed):
        read_from_replicas(lambda request: None)
