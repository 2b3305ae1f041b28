"""A primary with hot standbys on the embedded PostgreSQL, for tests and benches of replicas.

Each server has a folder of its own. Nothing watches it: whoever starts it kills it.
"""

import os
import shutil
import signal
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg

from config.database.embedded import DATABASE, PORT, SETTINGS, SUPERUSER, Supervisor, binaries
from tests.config.database.test_embedded import wait_until


class Primary(Supervisor):
    settings = SETTINGS | {
        **{"wal_level": "replica", "max_wal_senders": 10, "shared_buffers": "64MB"},
        **{"autovacuum": "off", "fsync": "off"},
    }

    def __init__(self, directory: Path):
        super().__init__(directory, binaries())

    def start(self) -> None:
        self.prepare()
        with warnings.catch_warnings():
            # It outlives the object that started it.
            warnings.simplefilter("ignore", ResourceWarning)
            super().start()

    def kill(self) -> None:
        """Send SIGKILL to all its processes at once."""
        server = psutil.Process(self.postmaster())
        for process in (server, *server.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        wait_until(lambda: not self.is_held("server"))

    def stop(self) -> None:
        os.kill(self.postmaster(), signal.SIGINT)
        wait_until(lambda: not self.is_held("server"))

    @property
    def url(self) -> str:
        return f"postgres://{SUPERUSER}@/{DATABASE}?host={self.socket_directory}&port={PORT}"

    def connect(self, **options) -> psycopg.Connection:
        address = {"host": str(self.socket_directory), "port": PORT, "user": SUPERUSER}
        return psycopg.connect(dbname=DATABASE, **address, **options)

    def ask(self, statement: str, *values) -> list[tuple]:
        with self.connect(autocommit=True) as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []


class Standby(Primary):
    """A copy of the first of the `primaries` that follows whichever of them takes writes."""

    def __init__(self, directory: Path, *primaries: Primary):
        super().__init__(directory)
        self.source = primaries[0]
        hosts = ",".join(str(one.socket_directory) for one in primaries)
        self.settings = Primary.settings | {
            "primary_conninfo": f"host={hosts} port={PORT} user={SUPERUSER}"
            f" target_session_attrs=read-write application_name={self.directory.name}",
            "max_standby_streaming_delay": "100ms",
            "wal_retrieve_retry_interval": "100ms",
        }

    def _create_cluster(self) -> None:
        new = self.directory / f"data.new-{os.getpid()}"
        source = ("-h", self.source.socket_directory, "-p", str(PORT), "-U", SUPERUSER)
        how = ("--checkpoint=fast", "--no-sync", "--write-recovery-conf")
        copied = self._run("pg_basebackup", *source, *how, "-D", new)
        assert copied.returncode == 0, copied.stdout
        new.rename(self.data)

    def copy_again(self) -> None:
        """Become a standby again after it was promoted."""
        self.kill()
        shutil.rmtree(self.data)
        self.start()

    def ask(self, statement: str, *values) -> list[tuple]:
        while True:
            # Replay goes on after 100 ms, whoever reads.
            with suppress(psycopg.errors.SerializationFailure):
                return super().ask(statement, *values)

    @contextmanager
    def paused(self):
        """Replay nothing of what is written meanwhile."""
        self.ask("SELECT pg_wal_replay_pause()")
        self.wait_for("SELECT pg_get_wal_replay_pause_state() = 'paused'")
        try:
            yield
        finally:
            self.ask("SELECT pg_wal_replay_resume()")

    def wait_for(self, statement: str) -> None:
        wait_until(lambda: self.ask(statement)[0][0])
