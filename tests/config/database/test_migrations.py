"""Migrations make the database that models and `.sql` files describe, and take it away again."""

import os
import re
import subprocess
import sys
from itertools import chain
from pathlib import Path
from textwrap import dedent

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from sources.database.definitions import ReplaceSql, definitions
from tests.conftest import make_filing, ok, sql

APPS = ("sources", "quotes")

pytestmark = pytest.mark.django_db


@pytest.fixture
def manage(transactional_db):
    """Run commands of manage.py, in one process, on a migrated database of its own."""
    if not connection.is_embedded:
        pytest.skip("a database is made beside the test database on the embedded server only")
    server = connection.settings_dict
    name = f"{server['NAME']}_migrated"
    sql(f'DROP DATABASE IF EXISTS "{name}"')  # of a run that was killed
    connection.close()
    connection.close_pool()  # nobody may use what is copied
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{server["NAME"]}"')
    url = f"postgres:///{name}?host={server['HOST']}&port={server['PORT']}&user={server['USER']}"

    def run(program: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", "shell", "--no-imports", "-c", dedent(program)],
            cwd=settings.BASE_DIR,
            env={**os.environ, "DATABASE_URL": url, "SECRET_KEY": "for a test only"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    yield run
    sql(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_migrations_run_back_to_nothing_and_forwards_again(manage):
    printed = manage("""
        from functools import partial
        from django.core.management import call_command
        from django.db import connection
        migrate = partial(call_command, "migrate", verbosity=0)
        migrate("quotes", "zero")
        migrate("sources", "zero")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT relname FROM pg_class WHERE relname ~ '^(quotes|sources)_'"
                " UNION SELECT proname FROM pg_proc WHERE proname ~ '^(quotes|sources)_'"
                " UNION SELECT cfgname FROM pg_ts_config WHERE cfgname ~ '^quotes_'"
            )
            print(cursor.fetchall())
        migrate()
    """)
    assert printed == "[]\n"


def test_migrations_make_what_the_models_say():
    """Before the first release a change to models rewrites `0002_initial`.

    Move 0003 aside, delete 0002 and run `makemigrations APP --name initial`, `sources` first.
    """
    call_command("makemigrations", "--check", "--dry-run", "-v0")


@pytest.mark.parametrize("app", APPS)
def test_only_the_last_migration_of_an_app_reads_sql_files(app):
    graph = MigrationLoader(None).graph
    reading = {
        key
        for key, migration in graph.nodes.items()
        if key[0] == app and any(isinstance(each, ReplaceSql) for each in migration.operations)
    }
    assert reading == set(graph.leaf_nodes(app))


@pytest.mark.parametrize("app", APPS)
def test_a_file_defines_what_it_is_named_after(app):
    for name, text in definitions(app).items():
        assert re.findall(r"^CREATE OR REPLACE (?:FUNCTION|VIEW) (\w+)", text, re.M) == [name]


DEFINED = """
    SELECT proname, pg_get_functiondef(p.oid), obj_description(p.oid, 'pg_proc')
    FROM pg_proc p
    WHERE pronamespace = %(schema)s::regnamespace AND proname ~ %(names)s AND prokind <> 'a'
    UNION ALL
    SELECT relname, pg_get_viewdef(c.oid), obj_description(c.oid, 'pg_class')
    FROM pg_class c
    WHERE relnamespace = %(schema)s::regnamespace AND relname ~ %(names)s AND relkind IN ('v', 'm')
"""


def defined_in(cursor, schema: str) -> dict[str, list[str]]:
    """Functions and views of our apps in a schema, by name, as PostgreSQL spells them."""
    cursor.execute("SET LOCAL search_path = pg_catalog")  # all names are qualified
    cursor.execute(DEFINED, {"schema": schema, "names": f"^({'|'.join(APPS)})_"})
    found = {}
    for name, *texts in cursor.fetchall():
        found.setdefault(name, []).extend(str(text).replace(f"{schema}.", "") for text in texts)
    return found


def test_the_database_has_what_the_sql_files_define_and_nothing_else():
    files = dict(chain.from_iterable(definitions(app).items() for app in APPS))
    with connection.cursor() as cursor:
        present = defined_in(cursor, "public")
        cursor.execute("CREATE SCHEMA scratch")
        cursor.execute("SET LOCAL search_path = scratch, public")
        for text in files.values():
            cursor.execute(text)
        expected = defined_in(cursor, "scratch")
    assert {name: text for name, text in present.items() if name in files} == {
        name: [text.replace("public.", "") for text in texts] for name, texts in expected.items()
    }
    written_out = set()
    for app in APPS:
        for migration in (Path(settings.BASE_DIR) / app / "migrations").glob("*.py"):
            written_out |= set(re.findall(r"CREATE FUNCTION (\w+)", migration.read_text()))
    assert present.keys() == files.keys() | written_out
    assert not files.keys() & written_out


def test_indexes_can_be_made_again_over_rows(curator):
    """PostgreSQL makes indexes with a bare search path: functions in them must find each other."""
    ok(curator.post("/api/v1/articles/", make_filing(), "json"), 201)
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    for (table,) in sql(
        "SELECT DISTINCT indrelid::regclass::text FROM pg_index"
        " JOIN pg_class ON pg_class.oid = indrelid"
        " WHERE indexprs IS NOT NULL AND relnamespace = 'public'::regnamespace"
    ):
        sql(f"REINDEX TABLE {table}")
        sql(f"ANALYZE {table}")
