"""Whether the service can answer, and what is late, as `application/health+json` has it.

The format is that of `draft-inadarei-api-health-check`: `fail` means that requests fail, `warn`
that they are answered although something behind them is late or has stopped.
"""

import threading
from collections.abc import Callable
from functools import cache
from time import monotonic

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from sources.exceptions import EraNotBegun
from sources.history.feed import feed_lag
from sources.jobs.models import MAX_SILENCE, heartbeat_age, oldest_due_age
from sources.models import Checkpoint, Revision

QUERY_TIMEOUT = "2s"  # of each query here: who asks wants an answer, not the best one
JOB_LATE = 600  # seconds; a bulk change of 100,000 records holds back the next for minutes
CHECKPOINT_LATE = 26 * 3600  # seconds; a timer that signs once a day has two hours
FEED_LATE = 60  # seconds; no transaction of a request takes as long

PASS, WARN, FAIL = "pass", "warn", "fail"  # worst last


def measured(age: float | None, most: float, why: str) -> dict:
    """A check of an age in seconds, which must be known and not above `most`."""
    is_late = age is None or age > most
    check = {"status": WARN if is_late else PASS, "observedUnit": "s"}
    if age is not None:
        check["observedValue"] = round(age, 1)
    return check | ({"output": why} if is_late else {})


@cache
def migrations_of_code() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).graph.nodes)


def of_migrations() -> dict:
    applied = MigrationRecorder(connection).applied_migrations()
    if missing := len(migrations_of_code() - applied.keys()):
        return {"status": FAIL, "observedValue": missing, "output": "Run manage.py migrate."}
    return {"status": PASS}


def of_worker() -> dict:
    return measured(heartbeat_age(), MAX_SILENCE, "No background worker is running.")


def of_jobs() -> dict:
    return measured(oldest_due_age(), JOB_LATE, "Jobs of the background worker are waiting.")


def of_feed() -> dict:
    try:
        return measured(feed_lag(), FEED_LATE, "A transaction stays open and holds back changes/.")
    except EraNotBegun:
        return {"status": WARN, "output": "The database was restored. Run manage.py begin_era."}


def of_checkpoints() -> dict:
    """Whether what was recorded since the last checkpoint waits for long; passes without any."""
    last = Checkpoint.objects.last()
    newest = Revision.objects.order_by("id").last() if last else None
    is_whole = newest is None or newest.time <= last.signed
    age = 0.0 if is_whole else (timezone.now() - last.signed).total_seconds()
    return measured(age, CHECKPOINT_LATE, "New revisions wait for manage.py checkpoint.")


CHECKS: dict[str, Callable[[], dict]] = {
    "migrations": of_migrations,
    "worker:heartbeat": of_worker,
    "jobs:oldest": of_jobs,
    "changes:lag": of_feed,
    "checkpoint:age": of_checkpoints,
}
"""By component and measurement, in order: nothing after one that fails is looked at."""


def look() -> dict:
    """Look at everything now."""
    checks = {}
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [QUERY_TIMEOUT])
            checks["database"] = {"status": PASS}
            for name, check in CHECKS.items():
                checks[name] = check()
                if checks[name]["status"] == FAIL:
                    break
    except (OperationalError, InterfaceError):
        checks = {"database": {"status": FAIL, "output": "It cannot be reached, or is too slow."}}
    worst = max((check["status"] for check in checks.values()), key=[PASS, WARN, FAIL].index)
    return {"status": worst, "checks": {name: [check] for name, check in checks.items()}}


class Readiness:
    """The last look, for `SECONDS`: a process asks the database once, whoever asks how often."""

    SECONDS = 1

    def __init__(self, clock=monotonic):
        self.clock, self.lock = clock, threading.Lock()
        self.forget()

    def forget(self) -> None:
        self.seen, self.state = -self.SECONDS, {}

    def now(self) -> dict:
        with self.lock:
            if not self.state or self.clock() - self.seen >= self.SECONDS:
                self.state = look()
                self.seen = self.clock()
            return self.state


readiness = Readiness()
