"""A backup made with PostgreSQL's own tools restores to the same records."""

import subprocess

import pytest
from django.db import connection

from config.database import embedded
from tests.conftest import API, make_filing, ok, sql

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def restored():
    """The name of an empty database beside the test database."""
    name = f"{connection.settings_dict['NAME']}_restored"
    sql(f'DROP DATABASE IF EXISTS "{name}"')  # of a run that was killed
    sql(f'CREATE DATABASE "{name}"')
    yield name
    sql(f'DROP DATABASE "{name}" WITH (FORCE)')


def run(tool: str, *arguments: str) -> str:
    place = connection.settings_dict
    server = ["-h", place["HOST"], "-p", str(place["PORT"]), "-U", place["USER"]]
    return subprocess.run(
        [embedded.binaries() / tool, *server, *arguments],
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_a_dump_restores_to_the_same_records(curator, restored, tmp_path):
    if not connection.is_embedded:
        pytest.skip("the tools that come with the embedded server are for the embedded server")
    filed = ok(curator.post(f"{API}articles/", make_filing()), 201)
    name, dump = connection.settings_dict["NAME"], str(tmp_path / "dump")
    run("pg_dump", "--format=custom", f"--file={dump}", name)
    run("pg_restore", "--exit-on-error", f"--dbname={restored}", dump)
    question = (
        "SELECT q.id, q.text, q.contexts, q.search_words, s.names_folded, p.sha256"
        " FROM quotes_quote q JOIN sources_speaker s ON s.id = q.speaker_id"
        " JOIN sources_snapshot p ON p.id = q.snapshot_id"
    )
    before = run("psql", "-At", f"--dbname={name}", f"--command={question}")
    after = run("psql", "-At", f"--dbname={restored}", f"--command={question}")
    assert filed["quotes"][0]["id"] in after
    assert after == before
