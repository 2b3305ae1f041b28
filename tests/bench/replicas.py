"""Check that nobody misses their own writes behind replicas: `tests/bench/replicas.py`

Starts a primary, two hot standbys and the server. Clients change a speaker each through the API,
and read it back at once with `X-Read-After`, as a record or in a list; they also read without it. A
follower keeps up with `changes/`. Meanwhile one standby stops replaying for some seconds, the other
is killed and started again, and in the end the primary is killed and a standby promoted.

Exits with 1 if a client did not see its own write, if an acknowledged write is gone after the
failover, or if the follower missed a change or was told of one twice.
"""

import argparse
import os
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.follow_changes import (
    API,
    PATIENCE,
    ROOT,
    Client,
    a_number,
    free_port,
    say,
    serve,
    wait_until_settled,
)

CLIENTS = 4
PAUSE = 5  # seconds in which a standby replays nothing: more than ONRECORD_REPLICA_LAG here
LAG = 2  # seconds


class Reader(threading.Thread):
    """A client that changes a speaker of its own and reads it back."""

    def __init__(self, client: Client, speaker: str):
        super().__init__(daemon=True)
        self.client, self.speaker = client, speaker
        self.turn = self.written = self.stale = self.refused = 0
        self.times: list[float] = []
        self.acknowledged: str | None = None
        self.stops = False

    def run(self) -> None:
        while not self.stops:
            self.turn += 1
            alias = f"Alias {self.turn}"
            answer = self.ask("PATCH", f"speakers/{self.speaker}/", {"aliases": [alias]})
            if answer is None:
                continue
            self.acknowledged = alias
            position = {"X-Read-After": self.client.headers["X-Read-After"]}
            self.written += 1
            if self.turn % 2:
                records = [self.read(f"speakers/{self.speaker}/", position)]
            else:
                records = self.read(f"speakers/?{urlencode({'limit': 200})}", position)["results"]
            (own,) = (record for record in records if record["id"] == self.speaker)
            self.stale += own["aliases"] != [alias]
            self.read(f"speakers/{self.speaker}/", {})

    def ask(self, method: str, path: str, body: dict | None, headers: dict | None = None):
        """The answer; None if there is none, which is noted."""
        try:
            status, answer = self.client(method, f"{API}{path}", body, more=headers)
        except OSError:
            status, answer = 503, None
        if status in (200, 201):
            return answer
        if status != 503:
            raise SystemExit(f"{method} {path}: {status} {answer}")
        self.refused += 1
        time.sleep(0.1)
        return None

    def read(self, path: str, headers: dict) -> dict:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            began = time.monotonic()
            answer = self.ask("GET", path, None, headers)
            self.times.append(time.monotonic() - began)
            if answer is not None:
                return answer
        raise SystemExit(f"GET {path}: no answer in {PATIENCE} s")


class Follower(threading.Thread):
    """Keeps up with the changes of speakers."""

    def __init__(self, client: Client):
        super().__init__(daemon=True)
        self.client, self.told, self.failed = client, Counter(), 0
        self.ends = self.is_complete = False

    def run(self) -> None:
        after = None
        while True:
            ends = self.ends
            asked = {"limit": 200, "wait": 0 if ends else 1, "types": "speaker"}
            query = urlencode(asked | ({"after": after} if after else {}))
            try:
                status, page = self.client("GET", f"{API}changes/?{query}")
            except OSError:
                status, page = 503, {}
            if status == 503:
                self.failed += 1
                time.sleep(0.1)
                continue
            if status != 200:
                say(f"changes/: {status} {page}")
                return
            self.told.update(f"{one['id']} {one['version']}" for one in page["results"])
            after = page["after"]
            if ends and not page["results"] and not page["next"]:
                self.is_complete = True
                return


class Bench:
    def __init__(self, servers: list, writes: int):
        self.servers, self.writes = servers, writes
        self.port = free_port()
        self.faults: list[str] = []

    def prepare(self) -> None:
        from django.contrib.auth import get_user_model
        from django.contrib.auth.models import Group
        from django.core.management import call_command
        from knox.models import AuthToken

        from tests.records import make_speaker

        primary, *standbys = self.servers
        primary.start()
        call_command("migrate", verbosity=0)
        user = get_user_model().objects.create(username="bench")
        user.groups.add(Group.objects.get(name="Curators"))
        self.token = AuthToken.objects.create(user=user)[1]
        self.speakers = [str(make_speaker(f"Speaker {n}").pk) for n in range(CLIENTS)]
        for standby in standbys:
            standby.start()
        # What is acknowledged is on two servers: a failover loses nothing.
        primary.ask("ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)'")
        primary.ask("SELECT pg_reload_conf()")

    def client(self) -> Client:
        return Client(self.port, self.token)

    def run(self) -> None:
        primary, first, second = self.servers
        self.readers = [Reader(self.client(), speaker) for speaker in self.speakers]
        self.follower = Follower(self.client())
        for thread in (*self.readers, self.follower):
            thread.start()
        self.during("nothing happens", 0.3)
        with first.paused():
            began = time.monotonic()
            self.during("a standby does not replay", 0.4)
            time.sleep(max(0, PAUSE - (time.monotonic() - began)))
        second.kill()
        self.during("a standby is dead", 0.6)
        second.start()
        self.during("it is back", 0.7)
        began = time.monotonic()
        primary.kill()
        newest = max((first, second), key=received)
        newest.ask("SELECT pg_promote()")
        self.during("a standby was promoted", 1.0, after=f"{newest.directory.name} for db1")
        for reader in self.readers:
            reader.stops = True
        for reader in self.readers:
            reader.join(PATIENCE)
        self.compare(newest)

    def during(self, event: str, share: float, after: str = "") -> None:
        """Wait for this share of all writes, and say what happened."""
        before, began = self.written(), time.monotonic()
        marks = [len(reader.times) for reader in self.readers]
        refused = sum(reader.refused for reader in self.readers)
        served = self.served()
        until = began + PATIENCE + self.writes
        while self.written() < share * self.writes:
            if time.monotonic() > until or not all(one.is_alive() for one in self.readers):
                raise SystemExit(f"{event}: the clients got no further.")
            time.sleep(0.05)
        took = time.monotonic() - began
        times = [one for r, mark in zip(self.readers, marks, strict=True) for one in r.times[mark:]]
        counts = ", ".join(
            f"{name} {now - served.get(name, 0):,}" for name, now in self.served().items()
        )
        refused = sum(reader.refused for reader in self.readers) - refused
        say(
            f"{event} {after}: {self.written() - before:,} writes in {took:.0f} s, {len(times):,} "
            f"reads (median {1000 * median(times):.0f} ms, slowest {1000 * max(times):,.0f} ms), "
            f"{refused:,} answered 503; transactions: {counts}"
        )

    def written(self) -> int:
        return sum(reader.written for reader in self.readers)

    def served(self) -> dict[str, int]:
        """Transactions of each server that runs."""
        import psycopg

        found = {}
        for server in self.servers:
            try:
                ((number,),) = server.ask(
                    "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
                )
            except psycopg.OperationalError:
                continue
            found[server.directory.name] = number
        return found

    def compare(self, primary) -> None:
        wait_until_settled()
        self.follower.ends = True
        self.follower.join(PATIENCE)
        ledger = {
            f"{key} {version}"
            for key, version in primary.ask(
                "SELECT subject_id, version FROM sources_revision WHERE subject_type = 'speaker'"
            )
        }
        rows = dict(primary.ask("SELECT id::text, aliases FROM sources_speaker"))
        lost = [r.speaker for r in self.readers if rows[r.speaker] != [r.acknowledged]]
        # A write that was not acknowledged may have been made all the same.
        lost = [key for key in lost if not self.is_later(rows[key], key)]
        told = self.follower.told
        stale = sum(reader.stale for reader in self.readers)
        for what, number in {
            "reads did not show the reader's own write": stale,
            "acknowledged writes were lost": len(lost),
            "changes were not told of": len(ledger - told.keys()),
            "changes were told of that are not in the ledger": len(told.keys() - ledger),
            "changes were told of twice": sum(times > 1 for times in told.values()),
            "followers ended early": int(not self.follower.is_complete),
        }.items():
            say(f"{number:,} {what}")
            if number:
                self.faults.append(what)

    def is_later(self, aliases: list[str], speaker: str) -> bool:
        (reader,) = (reader for reader in self.readers if reader.speaker == speaker)
        return int(aliases[0].split()[1]) > int(reader.acknowledged.split()[1])


def received(standby) -> int:
    from config.database.replicas import as_number

    ((position,),) = standby.ask("SELECT pg_last_wal_receive_lsn()::text")
    return as_number(position)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--writes",
        type=a_number(100, 1_000_000),
        default=10_000,
        help="changes, each read back twice (default: 10,000)",
    )
    asked = parser.parse_args()

    from tests.config.database.test_embedded import a_directory
    from tests.standbys import Primary, Standby

    with a_directory() as directory:
        servers = [Primary(directory / "db1")]
        names = [Primary(directory / name) for name in ("db1", "db2", "db3")]
        servers += [Standby(one.directory, *names) for one in names[1:]]
        ports = ",".join(["5432"] * 3)
        hosts = ",".join(str(one.socket_directory) for one in names)
        os.environ |= {
            "PYTHONPATH": str(ROOT),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": f"postgres://onrecord@/onrecord?host={hosts}&port={ports}"
            "&target_session_attrs=read-write",
            "DATABASE_REPLICA_URLS": ",".join(one.url for one in names),
            "ONRECORD_REPLICA_LAG": str(LAG),
            "ONRECORD_THROTTLE_TOKEN": "1000000/s",
            "SECRET_KEY": "for this bench only" * 3,
        }
        import django

        django.setup()
        from django.db import connection

        bench = Bench(servers, asked.writes)
        bench.prepare()
        server = serve(bench.port, directory / "server.log", workers=2)
        try:
            bench.run()
        finally:
            server.terminate()
            server.wait()
            connection.close()
            connection.close_pool()
    sys.exit(1 if bench.faults else 0)


if __name__ == "__main__":
    main()
