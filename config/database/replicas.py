"""Reading from replicas: a GET is answered by a hot standby that is near enough to the primary.

The whole request is routed, not each query set as by Django's database routers: many statements are
plain SQL, and one answer must come from one server. While a replica answers, it is the `default`
connection of the thread. Whatever it refuses or fails at, the primary is asked instead.

Readers see what they wrote: an answer to a write has the position of the primary in its write-ahead
log, as the header `X-Read-After`, and outside the API as a cookie. A request that brings one is
answered by a replica that has replayed the log up to there, or by the primary.
"""

import logging
import re
import threading
import time
from collections import deque
from collections.abc import Iterable
from zlib import crc32

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.core.signals import request_finished
from django.db import (
    DEFAULT_DB_ALIAS,
    DatabaseError,
    InterfaceError,
    InternalError,
    OperationalError,
    connections,
)
from django.http import HttpRequest, HttpResponse
from psycopg.errors import QueryCanceled

from config.api.problems import API
from config.database import WATCH_OPTIONS

log = logging.getLogger(__name__)

HEADER, COOKIE = "X-Read-After", "read_after"

COOKIE_SECONDS = 600
"""Longer than any replica in use may lag (ONRECORD_REPLICA_LAG is at most 300)."""

LOOK_EVERY = 1  # seconds between two looks at all servers

SEEN_WITHIN = 10  # seconds after which a replica that was not looked at is not used

READS, WRITES_NOTHING = {"GET", "HEAD"}, {"OPTIONS", "TRACE"}

OF_THE_PRIMARY = {"/ready/", "/metrics"}
"""Paths that tell of the primary."""

# Positions in the write-ahead log

POSITION = re.compile(r"([0-9A-F]{1,8})/([0-9A-F]{1,8})", re.IGNORECASE)

BEYOND_ALL = "FFFFFFFF/FFFFFFFF"
"""A position that no server reaches: what is read after it comes from the primary."""

WRITTEN = "SELECT pg_current_wal_insert_lsn()::text"
REPLAYED = "SELECT pg_last_wal_replay_lsn()::text WHERE pg_is_in_recovery()"
"""No row from a replica that was promoted: it has a history of its own."""


def as_number(position: str) -> int:
    """The bytes of log before a position (`16/B374D848`). What is none is beyond all others."""
    match = POSITION.fullmatch(position) or POSITION.fullmatch(BEYOND_ALL)
    high, low = (int(digits, 16) for digits in match.groups())
    return high << 32 | low


def ask(connection, statement: str) -> str | None:
    """The only value of a statement, None if there is none or the server cannot be asked."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return (cursor.fetchone() or [None])[0]
    except (DatabaseError, InterfaceError):
        connection.close()
        return None


class Floor:
    """Where the primary was some seconds ago: a replica that has not replayed that lags."""

    def __init__(self, lag: int):
        self.lag = lag
        self.noted: deque[tuple[float, int]] = deque()
        self.position: int | None = None
        """None until the primary was seen once. It stays while the primary is away."""

    def note(self, position: int, now: float) -> None:
        self.noted.append((now, position))
        while len(self.noted) > 1 and self.noted[1][0] <= now - self.lag:
            self.noted.popleft()
        self.position = self.noted[0][1]


# Replicas


class Replica:
    """A replica as this process last saw it."""

    def __init__(self, alias: str):
        self.alias = alias
        self.replayed = 0
        self.usable_until = 0.0

    def see(self, replayed: str | None, floor: int | None, now: float) -> None:
        """Note what it answered to `REPLAYED`, and whether it is near enough to the primary."""
        self.replayed = as_number(replayed) if replayed else 0
        is_near = replayed is not None and floor is not None and self.replayed >= floor
        if is_near != self.is_usable(now):
            log.warning("%s is %s", self.alias, "used" if is_near else "away or lags: not used")
        self.usable_until = now + SEEN_WITHIN if is_near else 0.0

    def is_usable(self, now: float) -> bool:
        return now < self.usable_until

    def has(self, position: int) -> bool:
        """Whether it has replayed the log up to here; one statement unless that is known."""
        if self.replayed < position:
            if (replayed := ask(connections[self.alias], REPLAYED)) is None:
                self.usable_until = 0.0  # until it is looked at again
                return False
            self.replayed = as_number(replayed)
        return self.replayed >= position

    # While it answers a request

    def take_over(self) -> None:
        """Make it the `default` connection of this thread."""
        replica = connections[self.alias]
        replica.failure, replica.stands_for = None, connections[DEFAULT_DB_ALIAS]
        if note_failure not in replica.execute_wrappers:
            replica.execute_wrappers.append(note_failure)
        connections[DEFAULT_DB_ALIAS] = replica

    def answered(self, response: HttpResponse) -> bool:
        """Whether its answer stands.

        A 404 may be of a record that it has not yet, a 401 of a token, and a cursor of `changes/`
        may be ahead of it. A statement that took too long would do so on the primary as well.
        """
        replica = connections[self.alias]
        has_failed = replica.failure is not None or response.status_code >= 500
        if has_failed and (replica.connection is None or replica.connection.closed):
            self.usable_until = 0.0
        if isinstance(replica.failure, QueryCanceled) or response.status_code == 429:
            return True
        return not has_failed and response.status_code < 400


def note_failure(execute, sql, params, many, context):
    """Keep the error of a failed statement, whatever becomes of it. A wrapper of Django."""
    try:
        return execute(sql, params, many, context)
    except (InterfaceError, InternalError, OperationalError) as error:
        context["connection"].failure = error.__cause__
        raise


def back_to_primary(**_) -> None:
    """Make the primary the `default` connection of this thread again."""
    primary = getattr(connections[DEFAULT_DB_ALIAS], "stands_for", None)
    if primary is not None:
        connections[DEFAULT_DB_ALIAS] = primary


request_finished.connect(back_to_primary)  # when a streamed answer has been sent


class Replicas:
    """All replicas, looked at every second by a thread that starts with the first request."""

    def __init__(self, aliases: Iterable[str], lag: int):
        self.each = [Replica(alias) for alias in aliases]
        self.floor = Floor(lag)
        self._starting = threading.Lock()
        self._watch: threading.Thread | None = None

    def replica_for(self, request: HttpRequest) -> Replica | None:
        """The reader's replica if it has what the reader has seen; None: ask the primary.

        A reader's requests go to the same replica while it can be used, so that what was once shown
        does not disappear again.
        """
        self._start_watch()
        now, seen = time.monotonic(), position_seen(request)
        if seen == as_number(BEYOND_ALL):
            return None
        first = crc32(reader(request).encode()) % len(self.each)
        in_order = (*self.each[first:], *self.each[:first])
        replica = next((one for one in in_order if one.is_usable(now)), None)
        return replica if replica and replica.has(seen) else None

    def _start_watch(self) -> None:
        if self._watch is None:
            with self._starting:
                if self._watch is None:
                    self._watch = threading.Thread(target=self._look_forever, daemon=True)
                    self._watch.start()

    def _look_forever(self) -> None:
        primary, *others = (
            watching(alias) for alias in (DEFAULT_DB_ALIAS, *(one.alias for one in self.each))
        )
        while True:
            if written := ask(primary, WRITTEN):
                self.floor.note(as_number(written), time.monotonic())
            for replica, connection in zip(self.each, others, strict=True):
                replayed = ask(connection, REPLAYED)
                replica.see(replayed, self.floor.position, time.monotonic())
            time.sleep(LOOK_EVERY)


def watching(alias: str):
    """A connection of this thread's own, without the pool, which logs each failed attempt."""
    connection = connections[alias].copy()
    options = connection.settings_dict["OPTIONS"]
    options.pop("pool")
    options |= WATCH_OPTIONS
    return connection


# Requests


def position_seen(request: HttpRequest) -> int:
    given = (request.META.get("HTTP_X_READ_AFTER"), request.COOKIES.get(COOKIE))
    return max((as_number(each) for each in given if each), default=0)


def reader(request: HttpRequest) -> str:
    names = ("HTTP_AUTHORIZATION", "HTTP_X_FORWARDED_FOR", "REMOTE_ADDR")
    return next((value for name in names if (value := request.META.get(name))), "")


def tell_position(request: HttpRequest, response: HttpResponse) -> None:
    """Tell the client after which position in the log its change can be read."""
    # What a streamed answer writes comes after its headers.
    position = None if response.streaming else ask(connections[DEFAULT_DB_ALIAS], WRITTEN)
    response[HEADER] = position or BEYOND_ALL
    if not request.path.startswith(API):
        response.set_cookie(
            COOKIE,
            response[HEADER],
            max_age=COOKIE_SECONDS,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )


def asked_again(request: HttpRequest) -> HttpRequest:
    """The request as it came, without what the first attempt noted in it but for its rate."""
    again = type(request)(request.environ)
    for name in ("rate_limit", "counted"):  # `config.api.throttling`
        if (noted := getattr(request, name, None)) is not None:
            setattr(again, name, noted)
    return again


def read_from_replicas(get_response):
    """Let replicas answer GET and HEAD, if there are any: DATABASE_REPLICA_URLS."""
    aliases = [alias for alias in settings.DATABASES if alias != DEFAULT_DB_ALIAS]
    if not aliases:
        raise MiddlewareNotUsed
    replicas = Replicas(aliases, settings.ONRECORD_REPLICA_LAG)

    def middleware(request):
        back_to_primary()
        if request.method not in READS:
            response = get_response(request)
            if request.method not in WRITES_NOTHING and response.status_code < 400:
                tell_position(request, response)
            return response
        if request.path in OF_THE_PRIMARY or not (replica := replicas.replica_for(request)):
            return get_response(request)
        replica.take_over()
        response = get_response(request)
        stands = replica.answered(response)
        if stands and response.streaming:
            return response
        back_to_primary()
        return response if stands else get_response(asked_again(request))

    return middleware
