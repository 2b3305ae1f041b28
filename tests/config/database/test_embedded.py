"""
The embedded server, from outside: processes that use it come, go and are killed.

Each test has a cluster of its own under /tmp, and real processes that use it, so nothing here
touches the database of the other tests. The directory is not pytest's tmp_path, whose names are too
long for a socket.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from django.core.exceptions import ImproperlyConfigured

from config.database import POOL, SESSION_SETTINGS, database_settings
from config.database.base import fingerprint
from config.database.embedded import LINGER, Cluster

PROJECT = Path(__file__).parents[3]

SETTINGS = """
import os, sys
from pathlib import Path
import django
from django.conf import settings
from config.database import database_settings
directory = Path(sys.argv[1])
database = database_settings(None, directory, statement_timeout="1500ms")
settings.configure(DATABASES={"default": database}, USE_TZ=True)
django.setup()
from django.core.management import call_command
from django.db import connection, connections
"""

DJANGO = """
def ask(query):
    try:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchone()[0]
    finally:
        connection.close()
"""

# A user of the server that does without Django: it starts five times as fast.
PLAIN = """
import sys
from pathlib import Path
import psycopg
from config.database.embedded import DATABASE, PORT, SUPERUSER, Cluster, ensure_running
directory = Path(sys.argv[1])
address = dict(host=Cluster(directory).socket_directory, port=PORT, user=SUPERUSER)
def ask(query):
    ensure_running(directory)
    with psycopg.connect(dbname=DATABASE, autocommit=True, **address) as connection:
        return connection.execute(query).fetchone()[0]
"""

ANSWER_QUERIES = """
for query in sys.stdin:
    try:
        print(ask(query), flush=True)
    except Exception as problem:
        print(type(problem).__name__, str(problem).replace("\\n", " "), flush=True)
"""


started = []


def start(program, directory, **options):
    """Start a process that runs a program text with the directory as its argument."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, directory],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        **options,
    )
    started.append(process)
    return process


def run(program, directory, settings=SETTINGS):
    """Run a program text with settings to its end, and return what it printed."""
    process = start(settings + program, directory)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return printed.strip()


class User:
    """A process that keeps the server in use from its first query on, and answers queries."""

    program = PLAIN + ANSWER_QUERIES

    def __init__(self, directory, **options):
        self.process = start(self.program, directory, **options)

    def ask(self, query):
        self.process.stdin.write(query + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def leave(self):
        self.process.communicate(timeout=30)

    def kill(self):
        self.process.kill()
        self.process.wait()


class DjangoUser(User):
    program = SETTINGS + DJANGO + ANSWER_QUERIES


def wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(0.02)


def processes(directory, program=""):
    """The servers and supervisors, not the users, that were started with the directory."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        arguments = process.info["cmdline"] or []
        named = any(str(directory) in argument for argument in arguments)
        if named and "-c" not in arguments and any(program in argument for argument in arguments):
            found.append(process)
    return found


def supervisors(directory):
    return processes(directory, "embedded.py")


def postmaster(directory):
    return Cluster(directory).postmaster()


def is_stopped(directory):
    cluster = Cluster(directory)
    return not cluster.is_held("server") and not cluster.is_held("supervisor")


def kill_servers(directory):
    for process in processes(directory):
        process.kill()
    psutil.wait_procs(processes(directory), timeout=20)


@contextmanager
def a_directory():
    with tempfile.TemporaryDirectory(prefix="onrecord-test-", dir="/tmp") as name:
        yield Path(name).resolve()
        while started:
            with started.pop() as process:  # closes its pipes
                process.kill()
        kill_servers(name)


@pytest.fixture
def place():
    """An empty directory. All processes started with it are killed afterwards."""
    with a_directory() as directory:
        yield directory


@pytest.fixture(scope="module")
def stopped_cluster():
    with a_directory() as directory:
        run("connection.ensure_connection()", directory)
        os.kill(postmaster(directory), signal.SIGINT)
        wait_until(lambda: is_stopped(directory))
        yield directory


@pytest.fixture
def directory(place, stopped_cluster):
    """A cluster that was used before and is stopped."""
    subprocess.run(["cp", "-a", stopped_cluster, place / "pg"], check=True)
    return place / "pg"


# Starting


def test_settings_and_system_checks_start_nothing(place):
    run("call_command('check'); connection.ops; connection.pool", place / "pg")
    assert list(place.iterdir()) == []


def test_the_first_connection_creates_the_cluster_and_its_database(place):
    query = "SELECT concat_ws(' ', current_database(), pg_encoding_to_char(encoding), datlocale, "
    query += "upper('straße'), current_setting('TimeZone'), current_setting('fsync'), "
    query += "current_setting('listen_addresses'), '.') FROM pg_database "
    query += "WHERE datname = current_database()"
    answer = DjangoUser(place / "var" / "postgres").ask(query)
    assert answer == "onrecord UTF8 PG_UNICODE_FAST STRASSE UTC on  ."


def test_the_directory_is_closed_to_other_accounts(directory):
    User(directory).ask("SELECT 1")
    assert directory.stat().st_mode & 0o077 == 0


def test_the_connection_of_the_test_runner_to_the_maintenance_database_starts_it(directory):
    program = """
with connection._nodb_cursor() as cursor:
    cursor.execute("SELECT current_database()")
    print(cursor.fetchone()[0])
"""
    assert run(program, directory) == "postgres"


def test_an_unpooled_connection_starts_it(directory):
    program = """
del connection.settings_dict["OPTIONS"]["pool"]
connection.ensure_connection()
print(connection.is_usable())
"""
    assert run(program, directory) == "True"


def test_tests_run_in_the_test_database_even_if_the_real_one_was_connected_to_before(directory):
    program = """
connection.ensure_connection()
connection.creation.create_test_db(verbosity=0)
with connection.cursor() as cursor:
    cursor.execute("SELECT current_database()")
    print(cursor.fetchone()[0])
"""
    assert run(program, directory) == "test_onrecord"


def test_a_dropped_database_is_created_at_the_next_start(directory):
    program = """
with connection._nodb_cursor() as cursor:
    cursor.execute("DROP DATABASE onrecord")
"""
    run(program, directory)
    os.kill(postmaster(directory), signal.SIGINT)
    wait_until(lambda: is_stopped(directory))
    assert User(directory).ask("SELECT current_database()") == "onrecord"


def test_letters_beyond_ascii_are_letters_to_trigrams_and_to_text_search(directory):
    user = User(directory)
    user.ask("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    assert user.ask("SELECT cardinality(show_trgm('é'))") == "2"
    assert user.ask("SELECT to_tsvector('simple', '“été”')") == "'été':1"


def test_a_path_that_is_too_long_for_a_socket_or_has_a_comma_works(directory):
    long = directory.parent / ("long, " * 20)
    directory.rename(long)
    sockets = Cluster(long).socket_directory
    assert len(str(sockets)) < 40
    try:
        user = User(long)
        assert user.ask("SELECT 1") == "1"
        assert sockets.stat().st_mode & 0o777 == 0o700
        user.kill()
    finally:
        subprocess.run(["rm", "-rf", sockets], check=True)


def test_an_interrupted_creation_does_not_break_the_next_start(place):
    directory = place / "pg"
    interrupted = User(directory)
    interrupted.process.stdin.write("SELECT 1\n")
    interrupted.process.stdin.flush()
    wait_until(lambda: list(directory.glob("data.new-*/PG_VERSION")))
    kill_servers(directory)
    interrupted.kill()
    assert not (directory / "data").exists()
    assert User(directory).ask("SELECT 1") == "1"
    assert not list(directory.glob("data.new-*"))


# Sharing


def test_two_processes_share_one_server(directory):
    one, other = User(directory), DjangoUser(directory)
    one.ask("SELECT 1")
    first = postmaster(directory)
    assert other.ask("SELECT 1") == "1"
    assert postmaster(directory) == first
    assert len(supervisors(directory)) == 1


def test_ten_processes_that_start_at_once_get_one_server(place):
    program = """
import sys
from pathlib import Path
from config.database.embedded import Cluster, ensure_running
sys.stdin.readline()
ensure_running(Path(sys.argv[1]))
print(Cluster(Path(sys.argv[1])).postmaster(), flush=True)
sys.stdin.readline()
"""
    users = [start(program, place / "pg") for _ in range(10)]
    for user in users:
        user.stdin.write("go\n")
        user.stdin.flush()
    assert len({user.stdout.readline() for user in users}) == 1
    assert len(supervisors(place)) == 1


def test_an_interrupt_at_the_terminal_leaves_the_server_to_its_other_users(directory):
    def heeding():  # the tests may run with SIGINT ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    quiet = {"stderr": subprocess.DEVNULL, "preexec_fn": heeding}
    interrupted = User(directory, start_new_session=True, **quiet)
    interrupted.ask("SELECT 1")
    other = User(directory)
    other.ask("SELECT 1")
    first = postmaster(directory)
    os.killpg(interrupted.process.pid, signal.SIGINT)
    interrupted.process.wait(timeout=60)
    assert other.ask("SELECT 1") == "1"
    assert postmaster(directory) == first


# Stopping


def test_the_server_stops_after_its_last_user_even_if_that_one_was_killed(directory):
    one, other, last = User(directory), User(directory), User(directory)
    for user in (one, other, last):
        user.ask("SELECT 1")
    first = postmaster(directory)
    one.leave()
    other.kill()
    time.sleep(LINGER + 0.5)
    assert last.ask("SELECT 1") == "1"
    assert postmaster(directory) == first
    last.kill()
    wait_until(lambda: is_stopped(directory))
    assert not processes(directory)
    assert "database system is shut down" in (directory / "server.log").read_text()


def test_a_forked_child_keeps_the_server_when_its_parent_is_gone(directory):
    program = """
import os, sys, time
from pathlib import Path
from config.database.embedded import ensure_running
ensure_running(Path(sys.argv[1]))
child = os.fork()
if child:
    print(child, flush=True)
    os._exit(0)
time.sleep(60)
"""
    parent = start(program, directory)
    child = int(parent.stdout.readline())
    parent.wait()
    time.sleep(LINGER + 0.5)
    assert Cluster(directory).is_ready()
    os.kill(child, signal.SIGKILL)
    wait_until(lambda: is_stopped(directory))


def test_a_process_that_arrives_while_the_server_stops_gets_a_new_server(directory):
    program = """
import sys
from pathlib import Path
from config.database.embedded import Cluster, ensure_running
print("here", flush=True)
sys.stdin.readline()
ensure_running(Path(sys.argv[1]))
print(Cluster(Path(sys.argv[1])).postmaster(), flush=True)
sys.stdin.readline()
"""
    last, comer = User(directory), start(program, directory)
    last.ask("SELECT 1")
    comer.stdout.readline()
    last.kill()
    # The supervisor holds the lock while it stops the server.
    time.sleep(LINGER / 2)
    wait_until(lambda: Cluster(directory).is_held("users"))
    comer.stdin.write("now\n")
    comer.stdin.flush()
    given = int(comer.stdout.readline())
    time.sleep(LINGER + 1)
    assert Cluster(directory).is_ready()
    assert postmaster(directory) == given
    comer.communicate("\n", timeout=30)


# Being killed


def test_a_killed_server_is_restarted_for_its_users_and_for_new_ones(directory):
    user = DjangoUser(directory)
    user.ask("CREATE TABLE note AS SELECT 'kept' AS text")
    first = postmaster(directory)
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: not Cluster(directory).is_held("server"))
    assert user.ask("SELECT text FROM note") == "kept"
    second = postmaster(directory)
    assert second != first
    os.kill(second, signal.SIGKILL)
    assert DjangoUser(directory).ask("SELECT text FROM note") == "kept"


def test_the_data_survives_killing_server_supervisor_and_users(directory):
    user = User(directory)
    user.ask("CREATE TABLE note AS SELECT 'kept' AS text")
    kill_servers(directory)
    user.kill()
    assert User(directory).ask("SELECT text FROM note") == "kept"


def test_a_new_supervisor_takes_over_a_running_server_and_stops_it(directory):
    user = User(directory)
    user.ask("SELECT 1")
    first = postmaster(directory)
    supervisors(directory)[0].kill()
    user.kill()
    other = User(directory)
    other.ask("SELECT 1")
    assert postmaster(directory) == first
    assert len(supervisors(directory)) == 1
    other.kill()
    wait_until(lambda: is_stopped(directory))


def test_another_process_with_the_process_number_of_a_dead_server_is_left_alone(directory):
    account = {"user": directory.stat().st_uid} if os.geteuid() == 0 else {}
    bystander = subprocess.Popen(["sleep", "60"], cwd="/", **account)
    lines = f"{bystander.pid}\n{directory / 'data'}\n1\n5432\n{directory}\n\n1 1\nready\n"
    (directory / "data" / "postmaster.pid").write_text(lines)
    (directory / ".s.PGSQL.5432.lock").write_text(lines)
    assert User(directory).ask("SELECT 1") == "1"
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_a_directory_deleted_under_a_running_server_is_created_again(directory):
    user = User(directory)
    user.ask("SELECT 1")
    subprocess.run(["rm", "-rf", directory], check=True)
    user.leave()
    other = User(directory)
    assert other.ask("SELECT 1") == "1"
    wait_until(lambda: len(supervisors(directory)) == 1)
    assert other.ask("SELECT 2") == "2"


# Saying what is wrong


def test_a_server_that_cannot_start_shows_its_log(directory):
    with (directory / "data" / "postgresql.conf").open("a") as configuration:
        configuration.write("no_such_setting = 1\n")
    answer = DjangoUser(directory).ask("SELECT 1")
    assert answer.startswith("OperationalError")
    assert 'unrecognized configuration parameter "no_such_setting"' in answer
    assert "DATABASE_URL" in answer
    assert not processes(directory)


def test_data_of_another_major_version_is_refused_with_the_remedy(directory):
    (directory / "data" / "PG_VERSION").write_text("17\n")
    answer = DjangoUser(directory).ask("SELECT 1")
    assert answer.startswith("ImproperlyConfigured")
    assert "made by PostgreSQL 17" in answer
    assert "pg_dump" in answer


# Settings


def test_a_statement_that_takes_too_long_is_cancelled(directory):
    user = DjangoUser(directory)
    assert user.ask("SHOW statement_timeout") == "1500ms"
    assert "statement timeout" in user.ask("SELECT pg_sleep(10)")


def test_shared_buffers_are_256_megabytes_unless_the_environment_says_otherwise(
    directory, monkeypatch
):
    user = User(directory)
    assert user.ask("SHOW shared_buffers") == "256MB"
    user.leave()
    wait_until(lambda: is_stopped(directory))
    monkeypatch.setenv("ONRECORD_EMBEDDED_BUFFERS", "300MB")
    assert User(directory).ask("SHOW shared_buffers") == "300MB"


# Migrations


MIGRATING = SETTINGS.replace("USE_TZ", 'INSTALLED_APPS=["django.contrib.contenttypes"], USE_TZ')
MIGRATE = """
from django.core.management import CommandError
try:
    call_command("migrate", verbosity=0)
    print("migrated")
except CommandError as refusal:
    print(refusal)
"""
CHANGE = """
from config.database import base
base.fingerprint = lambda: "migrations of another day"
"""


def test_a_database_made_by_migrations_since_rewritten_is_refused_with_the_folder_to_delete(
    directory,
):
    assert run(MIGRATE, directory, MIGRATING) == "migrated"
    assert run(MIGRATE, directory, MIGRATING) == "migrated"
    refusal = (
        f"The database onrecord was made by migrations that were rewritten since: delete the "
        f"folder {directory} to start with a new one."
    )
    assert run(CHANGE + MIGRATE, directory, MIGRATING) == refusal
    ask = "\ntry:\n    connection.ensure_connection()\nexcept Exception as error:\n    print(error)"
    assert run(CHANGE + ask, directory, MIGRATING) == refusal
    subprocess.run(["rm", "-rf", directory], check=True)
    assert run(CHANGE + MIGRATE, directory, MIGRATING) == "migrated"


def test_a_migrated_database_without_a_fingerprint_is_refused(directory):
    user = User(directory)
    user.ask("SELECT 1 AS id INTO django_migrations")
    assert "delete the folder" in run(MIGRATE, directory, MIGRATING)


def test_the_fingerprint_follows_each_migration_and_each_sql_file(tmp_path):
    prints = {fingerprint(tmp_path)}
    for path in ("quotes/migrations/0001.py", "sources/migrations/0001.py", "quotes/models/v.sql"):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        for text in ("one", "two"):
            file.write_text(text)
            fingerprint.cache_clear()
            prints.add(fingerprint(tmp_path))
    assert len(prints) == 7


# Addresses


def test_database_url_is_parsed_into_settings():
    database = database_settings(
        "postgres://curator:p%40ss@db.example.org:5433/quotes?sslmode=require",
        Path("/nowhere"),
        statement_timeout="15s",
        lock_timeout="2s",
        idle_timeout="60s",
    )
    assert database == {
        "ENGINE": "config.database",
        "NAME": "quotes",
        "USER": "curator",
        "PASSWORD": "p@ss",
        "HOST": "db.example.org",
        "PORT": 5433,
        "OPTIONS": {
            "sslmode": "require",
            "options": f"{SESSION_SETTINGS} -c statement_timeout=15s -c lock_timeout=2s"
            " -c idle_in_transaction_session_timeout=60s",
            "pool": POOL,
        },
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
    }


def test_options_in_the_url_override_ours_but_not_the_timeout():
    url = "postgres://localhost/quotes?options=-c%20work_mem%3D8MB"
    database = database_settings(url, Path("/nowhere"), statement_timeout="15s")
    *_, last, timeout = database["OPTIONS"]["options"].split("-c ")
    assert (last.strip(), timeout) == ("work_mem=8MB", "statement_timeout=15s")


@pytest.mark.parametrize(
    "url", ["sqlite:///db.sqlite3", "mysql://u:secret@h/d", "postgres://u:s/secret@h", "secret"]
)
def test_a_url_that_is_not_of_a_postgresql_database_is_refused_without_quoting_it(url):
    with pytest.raises(ImproperlyConfigured, match="postgres://user:password@") as refusal:
        database_settings(url, Path("/nowhere"))
    assert "secret" not in str(refusal.value)
