"""A database that was in use before the ledger was takes it on, and gives it up again."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent.parent

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = [("quotes", "0003_groups"), ("sources", "0002_initial")]

RECORDS = """
INSERT INTO sources_outlet (name, aliases, slug) VALUES ('Post', '{The Post}', 'post');
INSERT INTO sources_organisation (name, aliases, identifiers) VALUES ('Port', '{}', '{}');
INSERT INTO sources_speaker (name, aliases, kind, identifiers)
    VALUES ('Mara Quill', '{}', 'person', '{"wikidata": "Q1"}');
INSERT INTO sources_affiliation (speaker_id, organisation_id, role, start)
    SELECT s.id, o.id, 'master', '[2020-01-01,2021-01-01)'
    FROM sources_speaker s, sources_organisation o;
INSERT INTO sources_article (outlet_id, headline, byline, published)
    SELECT id, 'Quay to close', '{Ada Lund}', '[2026-03-01,2026-04-01)' FROM sources_outlet;
INSERT INTO sources_snapshot (article_id, text, sha256)
    SELECT id, t, encode(sha256(convert_to(t, 'UTF8')), 'hex')
    FROM sources_article, (VALUES ('“No choice,” she said.')) v(t);
UPDATE sources_article SET snapshot_id = (SELECT id FROM sources_snapshot);
INSERT INTO quotes_utterance DEFAULT VALUES;
INSERT INTO quotes_quote (
    article_id, snapshot_id, text, spans, contexts, anchor, kind, status, flags, said, speaker_id
)
    SELECT article_id, id, 'No choice,', '{{1,11}}', '{}', 'exact', 'direct', 'published', '{}',
           '[2026-01-01,2027-01-01)', (SELECT id FROM sources_speaker)
    FROM sources_snapshot;
INSERT INTO quotes_via (quote_id, position, kind, name)
    SELECT id, 0, 'told', 'Radio' FROM quotes_quote;
UPDATE quotes_quote SET language = 'en';
"""


@pytest.fixture
def scratch(tmp_path):
    """An empty database of its own, and a way to run manage.py on it."""
    if not connection.is_embedded:
        pytest.skip("a database is made beside the test database on the embedded server only")
    place = connection.settings_dict
    name = f"{place['NAME']}_migrated"
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    url = f"postgres:///{name}?host={place['HOST']}&port={place['PORT']}&user={place['USER']}"

    def manage(*arguments: str) -> str:
        env = {**os.environ, "DATABASE_URL": url, "SECRET_KEY": "for a test only"}
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    with psycopg.connect(
        host=place["HOST"], port=place["PORT"], user=place["USER"], dbname=name, autocommit=True
    ) as database:
        yield database, manage
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_records_that_are_older_than_the_ledger_begin_their_history_as_they_are(scratch):
    database, manage = scratch
    for app, migration in BEFORE[::-1]:
        manage("migrate", app, migration)
    database.execute(RECORDS)
    manage("migrate")
    assert manage("makemigrations", "--check", "--dry-run") == "No changes detected\n"
    history = database.execute(
        "SELECT subject_type, version, verb, road, public FROM sources_revision"
        " ORDER BY subject_type"
    ).fetchall()
    versions = {"article": 2, "quote": 2}
    kinds = ["affiliation", "article", "organisation", "outlet", "quote", "snapshot", "speaker"]
    assert history == [
        (kind, versions.get(kind, 1), "created", "command:migrate", kind != "snapshot")
        for kind in [*kinds, "utterance"]
    ]
    (state,) = database.execute(
        "SELECT state FROM sources_revision WHERE subject_type = 'quote'"
    ).fetchone()
    assert state["via"] == [{"kind": "told", "name": "Radio", "outlet_id": None}]
    assert (state["text"], state["said"]) == ("No choice,", "[2026-01-01,2027-01-01)")
    database.execute("UPDATE quotes_quote SET status = 'disputed'")
    last = database.execute(
        "SELECT version, verb, fields FROM sources_revision ORDER BY id DESC LIMIT 1"
    ).fetchone()
    assert last == (3, "disputed", ["status"])


def test_a_database_that_has_the_ledger_gives_it_up_and_takes_it_on_again(scratch):
    database, manage = scratch
    manage("migrate")
    database.execute(RECORDS)
    for app, migration in BEFORE:
        manage("migrate", app, migration)
    assert database.execute("SELECT to_regclass('sources_revision')").fetchone() == (None,)
    database.execute("UPDATE quotes_quote SET language = 'nb'")
    manage("migrate")
    (versions,) = database.execute("SELECT array_agg(version) FROM sources_revision").fetchone()
    assert len(versions) == 8


def test_words_to_search_for_are_those_that_the_code_of_the_day_looks_for(scratch):
    database, manage = scratch
    manage("migrate")
    database.execute(RECORDS)

    def words() -> tuple[str, int]:
        return database.execute("SELECT search_words::text, version FROM quotes_quote").fetchone()

    written, version = words()
    assert written == "'en/choic':2"
    manage("migrate", "quotes", "0018")
    assert words() == ("'choic':2", version)
    manage("migrate")
    assert words() == (written, version)
