"""Django's engine for PostgreSQL 18, which starts the embedded server when that is used."""

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql import base
from django.db.backends.postgresql.client import DatabaseClient as PostgreSQLClient
from django.db.backends.postgresql.creation import DatabaseCreation as PostgreSQLCreation
from django.db.backends.postgresql.features import DatabaseFeatures as PostgreSQLFeatures
from django.db.utils import OperationalError

from sources.ledger.actor import apply_context, has_context

from . import embedded


class DatabaseFeatures(PostgreSQLFeatures):
    """What PostgreSQL 18 can do, known without asking: `manage.py check` needs no server."""

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
    """Test databases, which a pool that was opened before must not lead away from."""

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

    @property
    def is_embedded(self) -> bool:
        return "EMBEDDED_DIRECTORY" in self.settings_dict

    def ensure_server_is_running(self) -> None:
        """
        Start the embedded server unless it runs, and keep it running as long as this process lives.

        Costs some 10 microseconds when it runs already, where the system watches processes.
        Raises ImproperlyConfigured when it can never start the way things are set up, and
        OperationalError when it did not start this time.
        """
        try:
            embedded.ensure_running(self.settings_dict["EMBEDDED_DIRECTORY"])
        except embedded.SetupError as problem:
            raise ImproperlyConfigured(str(problem)) from problem
        except embedded.ServerStartError as problem:
            raise OperationalError(str(problem)) from problem

    def get_new_connection(self, conn_params):
        # Every road to the server passes here: pooled or not, and the test runner's connection to
        # the `postgres` database. Asked each time, so that a server that died is started again.
        if self.is_embedded:
            self.ensure_server_is_running()
        return super().get_new_connection(conn_params)

    def _set_autocommit(self, autocommit):
        super()._set_autocommit(autocommit)
        if not autocommit and has_context():
            # A transaction begins: the ledger has to know whose it is.
            with self.wrap_database_errors:
                apply_context(self.connection)
