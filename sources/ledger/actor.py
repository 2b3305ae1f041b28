"""The audit context: the channel, actor, request and reason that the ledger records with a change.

PostgreSQL is given it at the start of each transaction, as settings that end with the transaction.
A write outside of a transaction is given one of its own.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from django.db import connection, transaction
from psycopg.pq import TransactionStatus


@dataclass(frozen=True)
class AuditContext:
    """Who makes the present changes, through which channel, for which request, and why."""

    channel: str = ""  # api, admin, page or command:NAME; empty: sql
    actor: str = ""  # a user's name
    request: str = ""
    reason: str = ""


NO_CONTEXT = AuditContext()

_context: ContextVar[AuditContext] = ContextVar("audit_context", default=NO_CONTEXT)


def has_context() -> bool:
    return _context.get() != NO_CONTEXT


def current_context() -> AuditContext:
    """Return the audit context, to hand it to another process or thread."""
    return _context.get()


def adopt_context(context: AuditContext) -> None:
    """Adopt the audit context of the process that started this one."""
    _context.set(context)


@contextmanager
def audit_context(**given: str) -> Iterator[None]:
    """Record changes with this `channel`, `actor`, `request` and `reason`; the rest stays.

    Costs one statement per transaction (`apply_context`).
    """
    token = _context.set(replace(_context.get(), **given))
    try:
        _apply_in_transaction()
        yield
    finally:
        _context.reset(token)
        _apply_in_transaction()


WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|MERGE)\b", re.IGNORECASE)


def write_in_transaction(execute, sql, params, many, context):
    """Open a transaction for a write outside of one, so that PostgreSQL knows the audit context.

    An execute wrapper of Django, which the database engine adds to each connection. Statements that
    only read are left as they are: they would cost three round trips more.
    """
    database = context["connection"]
    if not has_context() or database.in_atomic_block or not WRITES.match(str(sql)):
        return execute(sql, params, many, context)
    with transaction.atomic(using=database.alias):
        return execute(sql, params, many, context)


def set_actor(name: str) -> None:
    """Set the actor, once known, until the surrounding `audit_context` ends."""
    _context.set(replace(_context.get(), actor=name))
    _apply_in_transaction()


def with_reason(reason: str | None):
    """Record changes with this reason."""
    return audit_context(reason=reason or "")


def _apply_in_transaction() -> None:
    in_transaction = connection.connection is not None and connection.in_atomic_block
    if in_transaction and connection.connection.info.transaction_status in (
        TransactionStatus.IDLE,
        TransactionStatus.INTRANS,
    ):
        apply_context(connection.connection)


SET_CONTEXT = """
    SELECT set_config('onrecord.channel', %s, true), set_config('onrecord.actor', %s, true),
           set_config('onrecord.request', %s, true), set_config('onrecord.reason', %s, true)
"""


def apply_context(database) -> None:
    """Give PostgreSQL the audit context until the transaction ends; `database` is psycopg's.

    The database engine calls it when a transaction begins.
    """
    context = _context.get()
    with connection.wrap_database_errors:  # a lost connection is Django's OperationalError
        said = [context.channel, context.actor, context.request, context.reason]
        database.execute(SET_CONTEXT, said)
