"""Who makes the present changes, by which road, for which request and why.

The ledger is told at the start of each transaction, by settings of the database that end with it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from django.db import connection
from psycopg.pq import TransactionStatus


@dataclass(frozen=True)
class Act:
    """What the ledger is told of the changes being made: by which road, by whom, and why."""

    road: str = ""  # api, admin, command:NAME; nothing: sql
    actor: str = ""  # a user's name
    request: str = ""
    reason: str = ""


NOBODY_SAID = Act()

_act: ContextVar[Act] = ContextVar("act", default=NOBODY_SAID)


def announced() -> bool:
    """Whether it was said who acts."""
    return _act.get() != NOBODY_SAID


def present_act() -> Act:
    """What was said of who acts, to be handed on to another process or thread."""
    return _act.get()


def go_on_with(act: Act) -> None:
    """Act as another process or thread does, for good."""
    _act.set(act)


@contextmanager
def acting(**said: str) -> Iterator[None]:
    """Have what is changed meanwhile recorded as this: `road`, `actor`, `request`, `reason`.

    What is not said stays as it was. Costs one statement a transaction (`sign`).
    """
    token = _act.set(replace(_act.get(), **said))
    try:
        _sign_if_open()
        yield
    finally:
        _act.reset(token)
        _sign_if_open()


def known_as(actor: str) -> None:
    """Say who acts, once it is known, until the present `acting` ends."""
    _act.set(replace(_act.get(), actor=actor))
    _sign_if_open()


def because(reason: str | None):
    """Have what is changed meanwhile recorded with this reason."""
    return acting(reason=reason or "")


def _sign_if_open() -> None:
    open_now = connection.connection is not None and connection.in_atomic_block
    if open_now and connection.connection.info.transaction_status in (
        TransactionStatus.IDLE,
        TransactionStatus.INTRANS,
    ):
        sign(connection.connection)


def sign(database) -> None:
    """Tell PostgreSQL who acts, until its present transaction ends; `database` is psycopg's.

    The database engine calls it when a transaction begins.
    """
    act = _act.get()
    database.execute(
        "SELECT set_config('onrecord.road', %s, true), set_config('onrecord.actor', %s, true),"
        " set_config('onrecord.request', %s, true), set_config('onrecord.reason', %s, true)",
        [act.road, act.actor, act.request, act.reason],
    )
