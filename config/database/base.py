"""Django's engine for PostgreSQL 18, which starts the embedded server if that is used."""

import hashlib
from functools import cache
from pathlib import Path

import psycopg_pool
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError
from django.db.backends.postgresql import base
from django.db.backends.postgresql.client import DatabaseClient as PostgreSQLClient
from django.db.backends.postgresql.creation import DatabaseCreation as PostgreSQLCreation
from django.db.backends.postgresql.features import DatabaseFeatures as PostgreSQLFeatures
from django.db.utils import OperationalError

from sources.ledger.actor import apply_context, has_context, write_in_transaction

from . import ConnectionStack, embedded

psycopg_pool.ConnectionPool = ConnectionStack  # Django's engine imports its pool by this name

PROJECT = Path(__file__).resolve().parents[2]


class OutdatedDatabase(ImproperlyConfigured, CommandError):
    """The embedded database has tables of other migrations. Commands print only the message."""


@cache
def fingerprint(project: Path = PROJECT) -> str:
    """Return a fingerprint of the migrations and of the SQL files that they read."""
    files = [*project.glob("*/migrations/*.py")]
    for app in ("sources", "quotes"):
        files += (project / app).rglob("*.sql")
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(str(file.relative_to(project)).encode() + b"\0" + file.read_bytes() + b"\0")
    return f"migrations {digest.hexdigest()[:16]}"


class DatabaseFeatures(PostgreSQLFeatures):
    """The features of PostgreSQL 18, known without asking: `manage.py check` needs no server."""

    minimum_database_version = (18,)
    is_postgresql_16 = is_postgresql_17 = is_postgresql_18 = True


class DatabaseClient(PostgreSQLClient):
    """`manage.py dbshell`; the embedded server brings its own psql."""

    def runshell(self, parameters):
        if self.connection.is_embedded:
            self.executable_name = str(embedded.binaries() / "psql")
            self.connection.ensure_server_is_running()
        super().runshell(parameters)


class DatabaseCreation(PostgreSQLCreation):
    """Test databases, created after closing any pool that leads to the real database."""

    def _create_test_db(self, verbosity, autoclobber, keepdb=False):
        # Django gives the connection the test database's name but keeps an open pool, whose
        # connections go to the real database: the tests would run in it.
        self.connection.close()
        self.connection.close_pool()
        return super()._create_test_db(verbosity, autoclobber, keepdb)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to the server of the settings, or to the one in `EMBEDDED_DIRECTORY`."""

    client_class = DatabaseClient
    creation_class = DatabaseCreation
    features_class = DatabaseFeatures

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.execute_wrappers.append(write_in_transaction)

    @property
    def is_embedded(self) -> bool:
        return "EMBEDDED_DIRECTORY" in self.settings_dict

    def ensure_server_is_running(self) -> None:
        """
        Start the embedded server unless it runs, and keep it running as long as this process lives.

        Costs some 70 microseconds when it runs already. Raises ImproperlyConfigured when it can
        never start the way things are set up, and OperationalError when it did not start this time.
        """
        try:
            embedded.ensure_running(self.settings_dict["EMBEDDED_DIRECTORY"])
        except embedded.SetupError as problem:
            raise ImproperlyConfigured(str(problem)) from problem
        except embedded.ServerStartError as problem:
            raise OperationalError(str(problem)) from problem

    def get_new_connection(self, conn_params):
        # Every connection is made here: pooled or not, and the test runner's to the database
        # `postgres`. Checked each time, so that a server that died is started again.
        if self.is_embedded:
            self.ensure_server_is_running()
        return super().get_new_connection(conn_params)

    def connect(self):
        super().connect()
        database = self.settings_dict["NAME"]
        if self.is_embedded and database not in self._checked:
            self._refuse_other_migrations()
            self._checked.add(database)

    _checked: set[str] = set()

    def prepare_database(self):
        """Mark a new embedded database with the migrations that `migrate` is about to apply."""
        super().prepare_database()
        if self.is_embedded and not self._is_migrated():
            with self.cursor() as cursor:
                name = self.ops.quote_name(self.settings_dict["NAME"])
                cursor.execute(f"COMMENT ON DATABASE {name} IS '{fingerprint()}'")

    def _is_migrated(self) -> bool:
        with self.cursor() as cursor:
            cursor.execute("SELECT to_regclass('django_migrations') IS NOT NULL")
            return cursor.fetchone()[0]

    def _refuse_other_migrations(self) -> None:
        """Raise OutdatedDatabase: until the first release, migrations are rewritten, not added."""
        with self.cursor() as cursor:
            cursor.execute(
                "SELECT shobj_description(oid, 'pg_database') FROM pg_database"
                " WHERE datname = current_database()"
            )
            (mark,) = cursor.fetchone()
        if mark != fingerprint() and self._is_migrated():
            self.close()
            raise OutdatedDatabase(
                f"The database {self.settings_dict['NAME']} was made by migrations that were "
                f"rewritten since: delete the folder {self.settings_dict['EMBEDDED_DIRECTORY']} "
                "to start with a new one."
            )

    def _set_autocommit(self, autocommit):
        super()._set_autocommit(autocommit)
        if not autocommit and has_context():
            # A transaction begins: the ledger has to know whose it is.
            with self.wrap_database_errors:
                apply_context(self.connection)
