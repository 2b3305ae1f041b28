"""
Which PostgreSQL the service talks to: the one `DATABASE_URL` names, or a private one of its own.

The engine is this package: Django's own for PostgreSQL 18, which without a URL makes sure that the
embedded server (`embedded.py`) runs before it connects. Making the settings starts nothing and
touches no network.
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
    Try a connection before it is handed out, unless that was done lately and it is quiet since.

    A server that stops says so, or the socket is closed: either is heard. Raises what psycopg
    raises for a connection that is lost.
    """
    now = monotonic()
    tried = getattr(connection, "tried", None)
    listening = select.poll()  # which takes any number of open files, as select() does not
    listening.register(connection.fileno(), select.POLLIN)
    if listening.poll(0) or tried is None or now - tried > TRIED_EVERY:
        ConnectionPool.check_connection(connection)
        connection.tried = now


TRIED_EVERY = 10  # seconds

POOL = {
    "min_size": 0,
    "max_size": 20,
    "timeout": 2,
    "reconnect_timeout": 1,
    "check": check_unless_quiet,
}
"""
Connections of one process: opened as they are needed, at most 20, and 2 seconds to get one.

A failed attempt is repeated for 1 second, not for the pool's usual 5 minutes at growing intervals,
during which it would make no other: so after an outage the next request connects.
"""

WORK_MEM = "64MB"
"""
What one step of a statement may take, unless the URL's `options` say otherwise.

In which rows a common word is takes as much in an archive of millions. With less PostgreSQL notes
only in which pages, and then looks through every row of these.
"""


def database_settings(
    url: str | None,
    directory: Path,
    *,
    statement_timeout: str | None = None,
    lock_timeout: str | None = None,
) -> dict:
    """
    Return the entry for `DATABASES["default"]`.

    `url` names a PostgreSQL server (`postgres://user:password@host:5432/name?sslmode=require`);
    without it the embedded server is used, which keeps its data in `directory`.
    The timeouts are PostgreSQL durations such as `"15s"`: the server cancels a statement that runs
    longer, or that waits longer for one lock. Raises ImproperlyConfigured when the URL is not that
    of a PostgreSQL database.
    """
    database = _from_url(url) if url else _embedded(directory)
    options = database.setdefault("OPTIONS", {})
    options["pool"] = dict(POOL)
    set_first = [f"-c work_mem={WORK_MEM}", *filter(None, [options.get("options")])]
    if statement_timeout:
        set_first.append(f"-c statement_timeout={statement_timeout}")
    if lock_timeout:
        set_first.append(f"-c lock_timeout={lock_timeout}")
    options["options"] = " ".join(set_first)
    # The pool keeps connections, so Django must not (CONN_MAX_AGE), and the pool tries a
    # connection before it hands it out, so that a restarted server costs nobody an error.
    return database | {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True}


def _from_url(url: str) -> dict:
    # The scheme is looked at first, because of a URL it does not know the parser complains aloud,
    # quoting it, and with it the password. For the same reason the message quotes nothing.
    if url.startswith(("postgres://", "postgresql://")):
        with suppress(ValueError):
            database = dict(environ.Env.db_url_config(url))
            if database["NAME"]:
                return database | {"ENGINE": "config.database"}
    raise ImproperlyConfigured(
        "DATABASE_URL must name a PostgreSQL database, like "
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
