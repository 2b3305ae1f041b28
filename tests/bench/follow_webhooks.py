"""Check that a copy kept by webhooks alone equals the database: `tests/bench/follow_webhooks.py`

Starts a database cluster under /tmp, the server, a background worker, a receiver, and writers as
in `follow_changes.py`. A curator and a reader have a webhook each. The receiver checks every
signature, appends each message to a file and now and then answers 503. In the end it must have been
told of every change that its user may see, of no other, and the copies must equal what the API
shows.

The same is repeated while everything is killed (SIGKILL to PostgreSQL, the server, the worker and
the receiver at once) and started again. Exits with 1 if anything differs.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench.follow_changes import (  # noqa: E402
    PATIENCE,
    Bench,
    a_number,
    free_port,
    kill_postgresql,
    own,
    say,
    serve,
    wait_until_settled,
)

HOST = "127.0.0.1"
PORT = free_port()  # of the server: a message has links to it
KEEP_WORKING = 'while true; do "$0" manage.py work; sleep 1; done'
"""As systemd does: a worker that was killed is followed by another."""

REFUSED = 0.01
"""Share of messages that the receiver refuses at first."""


def receive(port: int, secrets: dict[str, str], directory: Path) -> None:
    """The body of the receiver process: each group has a path and a file."""
    from standardwebhooks import Webhook

    files = {group: (directory / f"{group}.ndjson").open("ab") for group in secrets}
    chance = random.Random()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            group = self.path.strip("/")
            headers = {name.lower(): value for name, value in self.headers.items()}
            Webhook(secrets[group]).verify(body, headers)
            refuses = chance.random() < REFUSED
            if not refuses:
                files[group].write(body + b"\n")  # in one piece; the file is read when all is over
                files[group].flush()
            self.send_response(503 if refuses else 204)
            self.end_headers()

        def log_message(self, *said):
            pass

    ThreadingHTTPServer((HOST, port), Handler).serve_forever()


class WebhookBench(Bench):
    def prepare(self) -> None:
        super().prepare()
        self.port = PORT
        from django.contrib.auth import get_user_model
        from django.utils import timezone

        from quotes.api.changes import VIEWS
        from quotes.models import Webhook

        self.receiver_port = free_port()
        self.secrets = {}
        for group in self.tokens:
            url = f"http://{HOST}:{self.receiver_port}/{group}"
            user = get_user_model().objects.get(username=group)
            hook = Webhook.objects.create(user=user, url=url, types=[*VIEWS])
            hook.replay(timezone.now().replace(year=2000))  # also what `prepare` made
            self.secrets[group] = hook.secret
        self.processes_of_service = []

    # The service and its receiver

    def start(self) -> None:
        receiver = self.begin(receive, self.receiver_port, self.secrets, self.directory)
        server = serve(self.port, self.directory / "server.log", workers=1)
        with (self.directory / "worker.log").open("a") as output:
            worker = subprocess.Popen(
                ["sh", "-c", KEEP_WORKING, sys.executable],
                cwd=ROOT,
                stdout=output,
                stderr=output,
            )
        self.processes_of_service = [receiver, server, worker]

    def kill(self) -> None:
        import psutil

        kill_postgresql(self.directory)
        for process in self.processes_of_service:
            try:
                top = psutil.Process(process.pid)
                below = top.children(recursive=True)
                for each in (top, *below):  # first what would start others
                    each.kill()
            except psutil.NoSuchProcess:
                continue
        for process in self.processes_of_service:
            getattr(process, "wait", getattr(process, "join", None))()

    def disturb(self) -> None:
        self.kill()
        self.start()

    # A phase

    def phase(self, name: str, most: int, kills: int) -> None:
        logs = self.work(name, most, kills)
        self.wait_until_delivered()
        for group in self.tokens:
            self.compare_messages(name, group)
        self.compare_acknowledged(name, logs)

    def wait_until_delivered(self) -> None:
        """Wait until nothing waits; the wait for the next attempt is cut short."""
        from django.utils import timezone

        from quotes.models import Delivery, Webhook
        from sources.history.feed import last_settled

        wait_until_settled()
        began = time.monotonic()
        until, before = began + PATIENCE, None
        while True:
            waiting = Delivery.objects.pending()
            waiting.filter(attempts__gt=0).update(due=timezone.now())
            Webhook.objects.update(rests_until=None)
            last = last_settled()
            if not waiting.exists() and all(h.place >= last for h in Webhook.objects.all()):
                break
            now = Delivery.objects.exclude(ended=None).count()
            if now != before:
                until, before = time.monotonic() + PATIENCE, now
            if time.monotonic() > until:
                raise SystemExit("The deliveries got no further.")
            time.sleep(1)
        say(f"  everything was delivered {time.monotonic() - began:.0f} s later")

    # What must hold

    def compare_messages(self, name: str, group: str) -> None:
        from sources.models import Revision

        lines = (self.directory / f"{group}.ndjson").read_bytes().splitlines()
        copy, told, newest, late = {}, Counter(), {}, 0
        for line in lines:
            change = json.loads(line)["data"]
            key, version = change["id"], change["version"]
            if not told[f"{key} {version}"]:
                late += newest.get(key, 0) > version
                newest[key] = max(newest.get(key, 0), version)
            told[f"{key} {version}"] += 1
            copy[f"{change['type']} {key}"] = change["record"]
        rows = Revision.objects.exclude(subject_type="snapshot")
        rows = rows if group == "Curators" else rows.filter(reader_visible=True)
        ledger = {f"{key} {version}" for key, version in rows.values_list("subject_id", "version")}
        self.check(name, f"{group} were not told of", ledger - told.keys())
        self.check(name, f"{group} were told of what is not so:", told.keys() - ledger)

        present = self.present(group)
        kept = {key: own(record) for key, record in copy.items() if record is not None}
        self.check(name, f"{group} lack", present.keys() - kept.keys())
        self.check(name, f"{group} still have", kept.keys() - present.keys())
        both = present.keys() & kept.keys()
        self.check(name, f"{group} have otherwise", {k for k in both if present[k] != kept[k]})
        if not self.faults:
            say(
                f"  {group}: {len(lines):,} messages told of {len(ledger):,} changes, {late:,} of "
                f"them after a later one; {len(kept):,} records are as the API shows them"
            )


def run(bench_class: type[WebhookBench], doc: str) -> None:
    """The program of a bench: it reads the arguments, and exits with 1 if anything differs."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, usual, least, most, text in (
        ("writers", 2, 1, 32, "processes that write"),
        ("changes", 200, 0, 1_000_000, "changes by each of them before any kill"),
        ("rounds", 20, 0, 1000, "times that everything is killed; 0: never"),
    ):
        kind = a_number(least, most)
        parser.add_argument(
            f"--{name}", type=kind, default=usual, help=f"{text} (default: {usual:,})"
        )
    asked = parser.parse_args()
    if not asked.changes and not asked.rounds:
        parser.error("--changes 0 and --rounds 0: there is nothing to do.")

    os.environ["PYTHONPATH"] = str(ROOT)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.own_cluster"
    os.environ["ONRECORD_THROTTLE_TOKEN"] = "1000000/s"
    os.environ["ONRECORD_WEBHOOK_PRIVATE_HOSTS"] = HOST
    os.environ["ONRECORD_PUBLIC_URL"] = f"http://{HOST}:{PORT}"
    from tests.config.database.test_embedded import a_directory

    with a_directory() as directory:
        os.environ["BENCH_CLUSTER"] = str(directory / "pg")
        import django

        django.setup()
        from django.db import connection

        bench = bench_class(directory, asked.writers)
        bench.prepare()
        bench.start()
        try:
            if asked.changes:
                bench.phase("undisturbed", asked.changes, kills=0)
            if asked.rounds:
                bench.phase(f"killed {asked.rounds} times", sys.maxsize, kills=asked.rounds)
        finally:
            bench.kill()
            connection.close()
            connection.close_pool()
    for fault in bench.faults:
        say(f"DIFFERS {fault}")
    sys.exit(1 if bench.faults else 0)


if __name__ == "__main__":
    run(WebhookBench, __doc__)
