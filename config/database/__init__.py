"""
The database: the PostgreSQL server that `DATABASE_URL` names, or an embedded one.

In: the URL, or the directory of the embedded server. Out: Django's settings, and its engine for
PostgreSQL 18 (`base.py`), which starts the embedded server (`embedded.py`) before it connects.
Requests that only read may be answered by replicas (`replicas.py`). Making the settings must start
nothing and use no network.
"""

import select
from contextlib import suppress
from pathlib import Path
from time import monotonic

import environ
from django.core.exceptions import ImproperlyConfigured
from psycopg import Connection
from psycopg_pool import ConnectionPool

from .embedded import DATABASE, PORT, SUPERUSER, Cluster


def check_unless_quiet(connection: Connection) -> None:
    """
    Check a pooled connection before it is used, unless it was checked within `CHECK_EVERY`.

    A connection with data to read is always checked: a server that stops sends a message or closes
    the socket. Raises psycopg's error for a lost connection.
    """
    now = monotonic()
    checked = getattr(connection, "checked", None)
    readable = select.poll()  # unlike select(), it takes any file number
    readable.register(connection.fileno(), select.POLLIN)
    if readable.poll(0) or checked is None or now - checked > CHECK_EVERY:
        ConnectionPool.check_connection(connection)
        connection.checked = now


CHECK_EVERY = 10  # seconds


class ConnectionStack(ConnectionPool):
    """A pool that gives the connection that was returned last: its server process is warm.

    psycopg's own gives the one that has been idle for longest. Requests that come one by one would
    go to all server processes in turn, each with its plans to fetch into the caches of a core.
    """

    def _get_ready_connection(self, timeout):
        self._pool.rotate(1)
        return super()._get_ready_connection(timeout)


POOL = {
    "min_size": 0,
    "max_size": 20,
    "timeout": 2,
    "reconnect_timeout": 1,
    "check": check_unless_quiet,
}
"""
Connections of one process: opened as needed, at most 20, with 2 seconds to get one.

A failed attempt is retried for 1 second. By default the pool retries for 5 minutes, at growing
intervals and without other attempts, so that requests would fail long after an outage.
"""

WATCH_OPTIONS = {
    "connect_timeout": 2,  # seconds
    "tcp_user_timeout": 5_000,  # milliseconds
    "keepalives_idle": 3,  # seconds
    "keepalives_interval": 2,
}
"""Parameters of libpq that tell a server which has vanished within some 5 seconds."""

SESSION_SETTINGS = "-c work_mem=64MB -c jit=off"
"""
Settings of each connection, unless the URL's `options` say otherwise.

A bitmap of the rows with a common word takes 64 MB, the memory of one step of a statement, in an
archive of millions. With less, it has only pages, and PostgreSQL rechecks every row of them.
Compiling a statement takes longer than running it, and PostgreSQL would do it for lists, too.
"""


def database_settings(
    url: str | None,
    directory: Path,
    *,
    statement_timeout: str | None = None,
    lock_timeout: str | None = None,
    idle_timeout: str | None = None,
) -> dict:
    """
    Return the entry for `DATABASES["default"]`.

    `url` names a PostgreSQL server (`postgres://user:password@host:5432/name?sslmode=require`);
    without it the embedded server is used, which keeps its data in `directory`.
    The timeouts are PostgreSQL durations such as `"15s"`: the server cancels a statement that runs
    longer, or that waits longer for one lock, and ends a connection whose transaction is idle for
    longer. Raises ImproperlyConfigured when the URL is not that of a PostgreSQL database.
    """
    database = _from_url(url) if url else _embedded(directory)
    options = database.setdefault("OPTIONS", {})
    options["pool"] = dict(POOL)
    parameters = [SESSION_SETTINGS, *filter(None, [options.get("options")])]
    if statement_timeout:
        parameters.append(f"-c statement_timeout={statement_timeout}")
    if lock_timeout:
        parameters.append(f"-c lock_timeout={lock_timeout}")
    if idle_timeout:
        parameters.append(f"-c idle_in_transaction_session_timeout={idle_timeout}")
    options["options"] = " ".join(parameters)
    # The pool keeps connections open, so Django must not (CONN_MAX_AGE). They are checked before
    # use, so a restart of the server causes no errors.
    return database | {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True}


def replica_settings(url: str, **timeouts: str | None) -> dict:
    """Return the entry of `DATABASES` for a replica, a hot standby of PostgreSQL at `url`.

    Who gets no connection within a second asks the primary. Raises ImproperlyConfigured.
    """
    replica = database_settings(url, Path(), **timeouts)
    replica["OPTIONS"] = WATCH_OPTIONS | replica["OPTIONS"]
    replica["OPTIONS"]["pool"] |= {"timeout": 1, "reconnect_timeout": 0.5}
    return replica | {"TEST": {"MIRROR": "default"}}


def _from_url(url: str) -> dict:
    # Check the scheme first: the parser's warning about an unknown one quotes the whole URL, with
    # the password. The message below quotes nothing, for the same reason.
    if url.startswith(("postgres://", "postgresql://")):
        with suppress(ValueError):
            database = dict(environ.Env.db_url_config(url))
            if database["NAME"]:
                return database | {"ENGINE": "config.database"}
    raise ImproperlyConfigured(
        "DATABASE_URL, and each of DATABASE_REPLICA_URLS, must name a PostgreSQL database, like "
        "postgres://user:password@host:5432/onrecord. Unset it to use the embedded server."
    )


def _embedded(directory: Path) -> dict:
    cluster = Cluster(directory)
    return {
        "ENGINE": "config.database",
        "NAME": DATABASE,
        "USER": SUPERUSER,
        "HOST": str(cluster.socket_directory),
        "PORT": str(PORT),
        "EMBEDDED_DIRECTORY": cluster.directory,
    }
