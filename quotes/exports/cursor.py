"""Reading rows of one state of the database, for as long as it takes.

They come through a cursor of PostgreSQL's, a part at a time: at any moment some hundred rows are in
memory. PostgreSQL may take long before it has the first; meanwhile empty blocks are handed on, for
only who sends something learns that nobody listens any more.
"""

import select
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connection, transaction
from psycopg.pq import ExecStatus, TransactionStatus

ROWS_ASKED_FOR = 1_000
ROWS_IN_A_BLOCK = 100
A_MOMENT = 1_000
"""Milliseconds after which a block is empty."""

LONGEST_PAUSE = "5min"
"""For so long a client may take nothing; then PostgreSQL ends the transaction."""

NO_LIMIT = """
    SELECT set_config('statement_timeout', '0', true),
           set_config('idle_in_transaction_session_timeout', %s, true)
"""

Block = list[bytes]


@contextmanager
def rolled_back() -> Iterator[None]:
    """A transaction, or a part of one, of which nothing stays: no cursor and no setting either."""
    with transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)


@contextmanager
def one_state() -> Iterator[None]:
    """A read-only transaction that sees one state of the database.

    Within another transaction it is a part of that, and sees what that sees.
    """
    if connection.in_atomic_block:
        with rolled_back():
            yield
        return
    connection.ensure_connection()
    database = connection.connection
    database.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    database.read_only = True
    try:
        with rolled_back():
            yield
    finally:
        if database.closed:
            connection.close()
        else:
            database.isolation_level = database.read_only = None


@contextmanager
def reading(statement: str, values: list) -> Iterator[Iterator[Block]]:
    """The only column of each row of a statement, in blocks, with no limit of time.

    Ended early, it is cancelled. Needs a transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"DECLARE exported NO SCROLL CURSOR FOR {statement}", values)
        cursor.execute(NO_LIMIT, [LONGEST_PAUSE])
        database = connection.connection
        try:
            yield _blocks(database.pgconn)
        finally:
            if not database.closed and database.info.transaction_status == TransactionStatus.ACTIVE:
                database.cancel_safe()
                _drain(database.pgconn)


def _blocks(server: psycopg.pq.abc.PGconn) -> Iterator[Block]:
    rows = ROWS_ASKED_FOR
    while rows == ROWS_ASKED_FOR:
        server.send_query(f"FETCH {ROWS_ASKED_FOR} FROM exported".encode())
        server.set_chunked_rows_mode(ROWS_IN_A_BLOCK)
        rows = 0
        while True:
            while not _has_come(server):
                yield []
            if (result := server.get_result()) is None:
                break
            if result.status == ExecStatus.FATAL_ERROR:
                raise psycopg.errors.error_from_result(result)
            if result.ntuples:
                rows += result.ntuples
                yield [result.get_value(row, 0) for row in range(result.ntuples)]


def _has_come(server: psycopg.pq.abc.PGconn) -> bool:
    """Whether the next result is there, after a moment at most."""
    sends = server.flush()
    heard = select.poll()
    heard.register(server.socket, select.POLLIN | (select.POLLOUT if sends else 0))
    while server.is_busy():
        if not heard.poll(A_MOMENT):
            return False
        server.flush()
        server.consume_input()
    return True


def _drain(server: psycopg.pq.abc.PGconn) -> None:
    heard = select.poll()
    heard.register(server.socket, select.POLLIN)
    while True:
        while server.is_busy():
            heard.poll()
            server.consume_input()
        if server.get_result() is None:
            return
