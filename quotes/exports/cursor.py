"""Streams the rows of one database snapshot, for as long as the client reads.

A server-side cursor is fetched in chunks, so some hundred rows are in memory at a time. While
PostgreSQL prepares the first row, empty blocks are yielded: the caller must keep sending to notice
that the client has gone. psycopg's `Cursor.stream` cannot do this, because it blocks.
"""

import select
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connection, transaction
from psycopg.pq import ExecStatus, TransactionStatus

ROWS_PER_FETCH = 1_000
ROWS_PER_BLOCK = 100
POLL_MILLISECONDS = 1_000
"""How long to wait for rows before an empty block is yielded."""

MAX_CLIENT_PAUSE = "5min"
"""A client that reads nothing for this long loses its transaction."""

TIMEOUTS = """
    SELECT set_config('statement_timeout', '0', true),
           set_config('idle_in_transaction_session_timeout', %s, true)
"""

Block = list[bytes]


@contextmanager
def rolling_back() -> Iterator[None]:
    """A transaction or savepoint that is always rolled back, with its cursors and settings."""
    with transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)


@contextmanager
def database_snapshot() -> Iterator[None]:
    """A read-only transaction that sees one snapshot (REPEATABLE READ).

    Inside another transaction it is a savepoint, and sees what that transaction sees.
    """
    if connection.in_atomic_block:
        with rolling_back():
            yield
        return
    connection.ensure_connection()
    database = connection.connection
    database.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    database.read_only = True
    try:
        with rolling_back():
            yield
    finally:
        if database.closed:
            connection.close()
        else:
            database.isolation_level = database.read_only = None


@contextmanager
def stream_rows(statement: str, values: list, *, pauses: bool = False) -> Iterator[Iterator[Block]]:
    """Yield the only column of each row of a statement, in blocks, without a time limit.

    Leaving early cancels the statement. Needs an open transaction. If it pauses after each block,
    the connection is free for other statements then.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"DECLARE exported NO SCROLL CURSOR FOR {statement}", values)
        cursor.execute(TIMEOUTS, [MAX_CLIENT_PAUSE])
        database = connection.connection
        try:
            yield _blocks(database.pgconn, pauses=pauses)
        finally:
            if not database.closed and database.info.transaction_status == TransactionStatus.ACTIVE:
                database.cancel_safe()
                _drain(database.pgconn)


def _blocks(server: psycopg.pq.abc.PGconn, *, pauses: bool) -> Iterator[Block]:
    most = rows = ROWS_PER_BLOCK if pauses else ROWS_PER_FETCH
    while rows == most:
        server.send_query(f"FETCH {most} FROM exported".encode())
        server.set_chunked_rows_mode(ROWS_PER_BLOCK)
        rows, held = 0, []
        while True:
            while not _is_ready(server):
                yield []
            if (result := server.get_result()) is None:
                break
            if result.status == ExecStatus.FATAL_ERROR:
                raise psycopg.errors.error_from_result(result)
            if result.ntuples:
                rows += result.ntuples
                held.append([result.get_value(row, 0) for row in range(result.ntuples)])
            if held and not pauses:
                yield held.pop()
        yield from held


def _is_ready(server: psycopg.pq.abc.PGconn) -> bool:
    """Whether the next result has arrived; waits `POLL_MILLISECONDS` at most."""
    sends = server.flush()
    socket_poll = select.poll()
    socket_poll.register(server.socket, select.POLLIN | (select.POLLOUT if sends else 0))
    while server.is_busy():
        if not socket_poll.poll(POLL_MILLISECONDS):
            return False
        server.flush()
        server.consume_input()
    return True


def _drain(server: psycopg.pq.abc.PGconn) -> None:
    socket_poll = select.poll()
    socket_poll.register(server.socket, select.POLLIN)
    while True:
        while server.is_busy():
            socket_poll.poll()
            server.consume_input()
        if server.get_result() is None:
            return
