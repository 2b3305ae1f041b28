"""Kill everything under load, and find all of it whole: `tests/bench/kill_everything.py`

Starts what `follow_webhooks.py` starts: a database cluster under /tmp, the server, a background
worker, a receiver of webhooks, and writers; and a sequencer that never rests. Two processes follow
`changes/` meanwhile, and two more make speakers: they send each request with an `Idempotency-Key`
until it is acknowledged.

Then PostgreSQL, the server, the worker, the sequencer and the receiver are killed at once (SIGKILL)
and started again, 20 times. In the end no acknowledged change may be missing, no speaker may be
there twice, the copies of both followers and of both webhooks must equal what the API shows, every
record must verify, the tree must have each revision once, and a checkpoint of it must continue the
one before. Exits with 1 if anything differs.
"""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench.follow_changes import API, PATIENCE, Client, say  # noqa: E402
from tests.bench.follow_webhooks import WebhookBench, run  # noqa: E402

RETRIERS = 2
"""Processes that repeat what was not acknowledged."""


def make_once(name: str, client: Client, stop, log: Path) -> None:
    """The body of a process that makes speakers, each by one request, sent until it is answered."""
    made, repeated = [], 0
    while not stop.is_set():
        speaker = f"{name}, {len(made) + 1}"
        while True:
            try:
                status, answer = client("POST", f"{API}speakers/", {"name": speaker}, speaker)
            except OSError:
                status, answer = 503, {}
            if status == 201:
                break
            if status != 503:
                raise RuntimeError(f"{speaker}: {status} {answer}")
            repeated += 1
            time.sleep(0.1)
        made.append((speaker, answer["id"]))
    log.write_text(json.dumps({"made": made, "repeated": repeated}))


KEEP_SEQUENCING = """
import time
import django
django.setup()
from django.db import DatabaseError, InterfaceError, connection
from sources.checkpoints.sequencer import sequence
while True:
    try:
        sequence()
    except (DatabaseError, InterfaceError):
        pass
    connection.close()
    time.sleep(0.05)
"""


class KillBench(WebhookBench):
    def start(self) -> None:
        super().start()
        sequencer = subprocess.Popen([sys.executable, "-c", KEEP_SEQUENCING], cwd=ROOT)
        self.processes_of_service.append(sequencer)

    def phase(self, name: str, most: int, kills: int) -> None:
        with self.followed(name) as found:
            with self.retried(name) as made:
                logs = self.work(name, most, kills)
            self.wait_until_delivered()  # also what the worker still had to do
        for group, path in found.items():
            self.compare(name, group, json.loads(path.read_text()))
        self.compare_acknowledged(name, logs)
        self.compare_made(name, [json.loads(path.read_text()) for path in made])
        for group in self.tokens:
            self.compare_messages(name, group)
        self.verify(name)
        self.sign(name)

    @contextmanager
    def retried(self, name: str) -> Iterator[list[Path]]:
        """Make speakers meanwhile: see `make_once`."""
        stop = self.processes.Event()
        logs = [self.directory / f"{name}-once-{number}.json" for number in range(RETRIERS)]
        makers = [
            self.begin(make_once, f"{name} by {number}", self.client("Curators"), stop, log)
            for number, log in enumerate(logs)
        ]
        yield logs
        stop.set()
        for maker in makers:
            maker.join(PATIENCE)
            if maker.exitcode != 0:
                raise SystemExit("A process that makes speakers failed.")

    def compare_made(self, name: str, logs: list[dict]) -> None:
        from sources.models import Speaker

        told = {speaker: key for log in logs for speaker, key in log["made"]}
        there = Speaker.objects.filter(name__startswith=f"{name} by ").values_list("name", "pk")
        times = Counter(speaker for speaker, _ in there)
        self.check(name, "Made twice:", {one for one, number in times.items() if number > 1})
        self.check(name, "Acknowledged and lost:", told.keys() - times.keys())
        self.check(name, "Made, never acknowledged:", times.keys() - told.keys())
        others = {one for one, key in there if told.get(one) != str(key)}
        self.check(name, "Acknowledged by another id:", others)
        if not self.faults:
            repeated = sum(log["repeated"] for log in logs)
            say(f"  {len(told):,} speakers are there once, by {repeated:,} repeated requests")

    def verify(self, name: str) -> None:
        from django.core.management import CommandError, call_command

        said = StringIO()
        try:
            call_command("verify", all=True, stdout=said, stderr=said, verbosity=0)
        except CommandError as error:
            said.write(str(error))
            self.check(name, "Records do not verify:", said.getvalue().splitlines())
        say(f"  {said.getvalue().strip().splitlines()[-1]}")

    def sign(self, name: str) -> None:
        """Sign the tree, which raises Contradiction unless it continues the one signed before."""
        from sources.checkpoints.notes import Signer
        from sources.checkpoints.sequencer import leaves
        from sources.checkpoints.signing import sign
        from sources.models import Revision

        self.key = getattr(self, "key", None) or Signer.new("bench.example/ledger")
        signed = sign([self.key])
        self.check(name, "The tree:", {str(one) for batch in leaves() for one in batch.faults})
        number = Revision.objects.count()
        if signed.size != number:
            self.check(name, "The tree has", {f"{signed.size:,} revisions of {number:,}"})
        if not self.faults:
            say(f"  {signed.size:,} revisions are in the tree once each, and signed")


if __name__ == "__main__":
    run(KillBench, __doc__)
