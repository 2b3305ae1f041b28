"""Check that a copy kept by `changes/` equals the database: `tests/bench/follow_changes.py`

Starts a database cluster under /tmp, the server, and writers. Writers are processes that file
articles and patch records through the API, and change quotes through the models, in short and long
transactions, some of them rolled back. Two processes follow `changes/` over HTTP meanwhile, one as
a curator and one as a reader. In the end they must have received the ledger, each change once, and
their copies must equal what the API shows.

The same is repeated while PostgreSQL is killed (SIGKILL to the postmaster and its children) and
started again by the next connection. No change that a writer saw acknowledged may be missing. Exits
with 1 if anything differs.
"""

import argparse
import http.client
import json
import multiprocessing
import os
import queue
import random
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

ROOT = Path(__file__).resolve().parents[2]
API = "/api/v1/"
PATIENCE = 120  # seconds for anything to happen that has to
PUBLIC = "published,disputed,retracted"

# The service, as its clients see it


@dataclass
class Client:
    """A client of the API that keeps its connection."""

    port: int
    token: str
    kept: http.client.HTTPConnection | None = None
    headers: http.client.HTTPMessage | None = None

    def __call__(
        self,
        method: str,
        path: str,
        body: dict | None = None,
        retry: str | None = None,
        more: dict | None = None,
    ) -> tuple[int, dict]:
        """The status and body of the answer; raises OSError where there is none.

        `retry` is an Idempotency-Key, and `more` are other headers. `headers` are then those of the
        answer.
        """
        if self.kept is None:
            self.kept = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Authorization": f"Token {self.token}", "Content-Type": "application/json"}
        headers |= more or {}
        if method != "GET":
            headers["If-Match"] = "*"
        if retry:
            headers["Idempotency-Key"] = retry
        try:
            self.kept.request(method, path, body and json.dumps(body), headers)
            answer = self.kept.getresponse()
            self.headers = answer.headers
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException) as error:
            self.kept.close()
            self.kept = None
            raise OSError(str(error)) from error

    def pages(self, path: str) -> Iterator[dict]:
        while path:
            status, page = self("GET", path)
            if status != 200:
                raise OSError(f"{status}: {page}")
            yield from page["results"]
            path = page["next"] and page["next"].partition(f":{self.port}")[2]


# Writers


class Failed(Exception):
    """A change without acknowledgement: the database may hold it or not."""


class Writer:
    """A process that changes records: its own, and a few that all writers share."""

    def __init__(self, number: int, client: Client, shared: list[str], log: Path):
        self.chance = random.Random(number)
        self.number, self.client, self.shared = number, client, shared
        self.log = log.open("w")
        self.turn, self.quotes, self.articles = 0, [], []
        self.acknowledged = self.failed = 0

    def write(self, most: int, stop) -> None:
        changes = [
            *[self.file_article] * 3,
            *[self.file_again] * 2,
            *[self.patch_shared_speaker] * 3,
            *[self.patch_own_quote] * 3,
            *[self.take_a_step] * 7,
            *[self.change_much_in_one_transaction] * 1,
            *[self.report_an_utterance] * 1,
            # A merge of speakers, and its undoing, belong here.
        ]
        while self.turn < most and not stop.is_set():
            self.turn += 1
            change = self.chance.choice(changes) if self.quotes else self.file_article
            try:
                self.acknowledge(change())
            except Failed:
                self.failed += 1
                time.sleep(0.1)
        self.log.close()

    def acknowledge(self, made: list[tuple[str, int]]) -> None:
        """Note that these versions were acknowledged, as a client would."""
        for key, version in made:
            self.log.write(f"{key} {version}\n")
        self.log.flush()
        self.acknowledged += 1

    # Through the API

    def ask(self, method: str, path: str, body: dict) -> dict:
        try:
            status, answer = self.client(method, f"{API}{path}", body)
        except OSError as error:
            raise Failed from error
        if status in (409, 503):
            raise Failed
        if status not in (200, 201):
            raise RuntimeError(f"{method} {path}: {status} {answer}")
        return answer

    def file(self, filing: dict) -> list[tuple[str, int]]:
        answer = self.ask("POST", "articles/", filing)
        known = {key for key, _ in self.quotes}
        for one in answer["quotes"]:
            if one["id"] not in known:
                self.quotes.append((one["id"], one["text"]))
        return [(one["id"], one["version"]) for one in (answer, *answer["quotes"])]

    def file_article(self) -> list[tuple[str, int]]:
        name = f"{self.number}-{self.turn}"
        words = [f"We said {name} {part}." for part in ("first", "then")]
        filing = {
            "outlet": f"Paper {self.number % 3}",
            "external_id": name,
            "published": f"2026-{self.turn % 12 + 1:02}",
            "text": " ".join(f"“{each}” Ann Ek said." for each in words),
            "quotes": [
                {
                    "text": each,
                    "speaker": f"Speaker {self.chance.randrange(40)} Ek",
                    "status": self.chance.choice(["proposed", "published"]),
                    "via": [{"kind": "cited", "name": "Agency"}],
                }
                for each in words
            ],
        }
        filed = self.file(filing)
        self.articles.append(filing)
        return filed

    def file_again(self) -> list[tuple[str, int]]:
        filing = self.chance.choice(self.articles)
        filing["text"] = f"Updated {self.turn}. {filing['text']}"
        return self.file({**filing, "quotes": []})

    def patch_shared_speaker(self) -> list[tuple[str, int]]:
        key = self.chance.choice(self.shared)
        changed = {"aliases": [f"Alias {self.number} {self.turn}"]}
        return [(key, self.ask("PATCH", f"speakers/{key}/", changed)["version"])]

    def patch_own_quote(self) -> list[tuple[str, int]]:
        key, _ = self.chance.choice(self.quotes)
        status = self.ask("GET", f"quotes/{key}/", None)["status"]
        if status == "retracted":
            return self.patch_shared_speaker()  # nothing changes a retracted quote
        changed = {"said": "2026", "attribution": {"cue": f"said {self.turn}"}}
        if status in PUBLIC.split(","):
            changed["note"] = f"Note {self.turn}."
        return [(key, self.ask("PATCH", f"quotes/{key}/", changed)["version"])]

    # By the models

    def by_models(self, change: Callable[[], list]) -> list[tuple[str, int]]:
        """Run this in one transaction; it returns the records it changed."""
        from django.db import InterfaceError, OperationalError, connection, transaction

        from sources.ledger.actor import audit_context

        try:
            with audit_context(channel="command:bench", actor=f"writer {self.number}"):
                with transaction.atomic():
                    changed = change()
                    versions = [
                        (str(one.pk), type(one).objects.values_list("version").get(pk=one.pk)[0])
                        for one in changed
                    ]
                return versions
        except (OperationalError, InterfaceError) as error:
            raise Failed from error
        finally:
            connection.close()  # as after a request

    def take_a_step(self) -> list[tuple[str, int]]:
        from quotes.models import Quote
        from quotes.models.workflow import open_steps

        key, words = self.chance.choice(self.quotes)

        def step():
            one = Quote.objects.get(pk=key)
            match self.chance.choice([*open_steps(one.status), "none"]):
                case "none" | "keep":
                    one.revise(utterance=None)
                case "retract" if self.chance.random() < 0.7:
                    one.revise(note=f"Note {self.turn}.", attribution_cue=f"says {self.turn}")
                case "correct":
                    self.correct(one, words)
                case "publish" | "settle" as name:
                    getattr(one, name)()
                case name:
                    getattr(one, name)(f"Because of {self.turn}.")
            return [one]

        return self.by_models(step)

    def correct(self, one, words: str) -> None:
        from django.utils import timezone

        fewer = words.removeprefix("We ") if one.text == words else words
        one.correct(f"Note {self.turn}.", now=timezone.now(), text=fewer)

    def change_much_in_one_transaction(self) -> list[tuple[str, int]]:
        from django.db import transaction

        from quotes.models import Quote
        from sources.models import Affiliation, Organisation, Outlet, Speaker

        def change():
            body = Organisation.objects.create(name=f"Body {self.number} {self.turn}")
            time.sleep(self.chance.choice([0, 0.05, 0.3]))
            with transaction.atomic():
                Organisation.objects.filter(pk=body.pk).update(name="Never to be seen")
                transaction.set_rollback(True)
            speaker = Speaker.objects.create(name=f"Holder {self.number} {self.turn}")
            held = Affiliation.objects.create(speaker=speaker, organisation=body, role="clerk")
            slug = f"outlet-{self.number}-{self.turn}"
            outlet = Outlet.objects.create(name=f"Outlet {self.turn}", slug=slug)
            own = [key for key, _ in self.chance.sample(self.quotes, min(3, len(self.quotes)))]
            Quote.objects.filter(pk__in=own).update(reason=f"text {self.turn}")
            shared = Speaker.objects.filter(pk=self.chance.choice(self.shared))
            shared.update(identifiers={"writer": f"{self.number} {self.turn}"})
            return [body, speaker, held, outlet, *Quote.objects.filter(pk__in=own), shared.get()]

        return self.by_models(change)

    def report_an_utterance(self) -> list[tuple[str, int]]:
        from quotes.models import Quote, Utterance

        key, _ = self.chance.choice(self.quotes)

        def report():
            act, one = Utterance.objects.create(), Quote.objects.get(pk=key)
            one.revise(utterance=act)
            act.refresh_from_db()  # which shows it to readers, if the quote is public
            return [act, one]

        return self.by_models(report)


def write(
    number: int, client: Client, shared: list[str], log: Path, most: int, stop, ended
) -> None:
    """The body of a writer process."""
    writer = Writer(number, client, shared, log)
    writer.write(most, stop)
    ended.put((writer.acknowledged, writer.failed))


# Followers


def follow(client: Client, stop, found: Path) -> None:
    """The body of a follower process: keep a copy until nothing more comes, then store it."""
    copy, told, after, pages = {}, Counter(), None, 0
    while True:
        ends = stop.is_set()
        query = {"limit": 200, "wait": 0 if ends else 1} | ({"after": after} if after else {})
        try:
            status, page = client("GET", f"{API}changes/?{urlencode(query)}")
        except OSError:
            status = 503
        if status == 503:
            time.sleep(0.1)
            continue
        if status != 200:
            raise RuntimeError(f"changes/: {status} {page}")
        pages += 1
        for change in page["results"]:
            told[f"{change['id']} {change['version']}"] += 1
            copy[f"{change['type']} {change['id']}"] = change["record"]
        after = page["after"]
        if ends and not page["results"] and not page["next"]:
            break
    copy = {key: record for key, record in copy.items() if record is not None}
    found.write_text(json.dumps({"copy": copy, "told": told, "pages": pages}))


def own(record: dict) -> dict:
    """A record in which only the ids of embedded records remain."""
    if "attribution" in record:  # a quote, whose role may be its affiliation's
        record = {name: value for name, value in record.items() if name != "role"}
    return {name: _own(value) for name, value in record.items()}


def _own(value):
    if isinstance(value, dict):
        return {"id": value["id"]} if "id" in value else {k: _own(v) for k, v in value.items()}
    return [_own(each) for each in value] if isinstance(value, list) else value


# The run


class Bench:
    def __init__(self, directory: Path, writers: int):
        self.directory, self.writers = directory, writers
        # Writers are forked from one process that has loaded the service and has no connection.
        self.processes = multiprocessing.get_context("forkserver")
        self.processes.set_forkserver_preload(["config.wsgi", "config.urls"])
        self.faults: list[str] = []

    # The service

    def prepare(self) -> None:
        from django.contrib.auth import get_user_model
        from django.contrib.auth.models import Group
        from django.core.management import call_command
        from knox.models import AuthToken

        from tests.records import make_speaker

        call_command("migrate", verbosity=0)
        self.port = free_port()
        self.tokens = {}
        for group in ("Curators", "Readers"):
            user = get_user_model().objects.create(username=group)
            user.groups.add(Group.objects.get(name=group))
            self.tokens[group] = AuthToken.objects.create(user=user)[1]
        self.shared = [str(make_speaker(f"Shared {number}").pk) for number in range(5)]

    def client(self, group: str) -> Client:
        return Client(self.port, self.tokens[group])

    # A phase: writers at work, followers beside them

    def phase(self, name: str, most: int, kills: int) -> None:
        with self.followed(name) as found:
            logs = self.work(name, most, kills)
        for group, path in found.items():
            self.compare(name, group, json.loads(path.read_text()))
        self.compare_acknowledged(name, logs)

    def work(self, name: str, most: int, kills: int) -> list[Path]:
        """Let writers work, and kill what is to be killed meanwhile; return their logs."""
        began = time.monotonic()
        stop, ended = self.processes.Event(), self.processes.Queue()
        logs = [self.directory / f"{name}-{number}.log" for number in range(self.writers)]
        writers = [
            self.begin(
                write,
                *(number + 100 * kills, self.client("Curators"), self.shared, log),
                *(most, stop, ended),
            )
            for number, log in enumerate(logs)
        ]
        for turn in range(kills):
            self.wait_for_more_of(logs, writers)
            time.sleep(random.Random(turn).uniform(0.1, 1.5))
            self.disturb()
        if kills:
            self.wait_for_more_of(logs, writers)
            stop.set()
        counts = [self.result_of(writers, ended) for _ in writers]
        took = time.monotonic() - began
        acknowledged, failed = (sum(column) for column in zip(*counts, strict=True))
        say(
            f"{name}: {self.writers} writers, {acknowledged:,} changes acknowledged, {failed:,} not"
        )
        say(f"  in {took:.0f} s ({acknowledged / took:.0f} a second)")
        return logs

    @contextmanager
    def followed(self, name: str) -> Iterator[dict[str, Path]]:
        """Follow `changes/` meanwhile, as each group, and then to its end: see `follow`."""
        done = self.processes.Event()
        found = {group: self.directory / f"{name}-{group}.json" for group in self.tokens}
        followers = [
            self.begin(follow, self.client(group), done, path) for group, path in found.items()
        ]
        yield found
        wait_until_settled()
        done.set()
        for process in followers:
            process.join(PATIENCE)
            if process.exitcode != 0:
                raise SystemExit("A follower failed.")

    def disturb(self) -> None:
        kill_postgresql(self.directory)

    def begin(self, body: Callable, *arguments):
        """Start a process."""
        process = self.processes.Process(target=body, args=arguments, daemon=True)
        process.start()
        return process

    def result_of(self, writers: list, ended) -> tuple[int, int]:
        while True:
            try:
                return ended.get(timeout=1)
            except queue.Empty:
                check_alive(writers)

    def wait_for_more_of(self, logs: list[Path], writers: list) -> None:
        """Wait until every writer has had another change acknowledged."""
        before, until = sizes(logs), time.monotonic() + PATIENCE
        while not all(now > then for now, then in zip(sizes(logs), before, strict=True)):
            check_alive(writers)
            if time.monotonic() > until:
                raise SystemExit("The writers got no further.")
            time.sleep(0.05)

    # What must hold

    def compare(self, name: str, group: str, found: dict) -> None:
        from django.db.models import Q

        from sources.models import Revision

        rows = Revision.objects.exclude(subject_type="snapshot")
        rows = rows.filter(Q() if group == "Curators" else Q(reader_visible=True))
        ledger = {f"{key} {version}" for key, version in rows.values_list("subject_id", "version")}
        twice = [key for key, times in found["told"].items() if times > 1]
        self.check(name, f"{group} were told twice of", twice)
        self.check(name, f"{group} were not told of", ledger - found["told"].keys())
        self.check(name, f"{group} were told of what is not so:", found["told"].keys() - ledger)

        present = self.present(group)
        copy = {key: own(record) for key, record in found["copy"].items()}
        self.check(name, f"{group} lack", present.keys() - copy.keys())
        self.check(name, f"{group} still have", copy.keys() - present.keys())
        both = present.keys() & copy.keys()
        self.check(name, f"{group} have otherwise", {k for k in both if present[k] != copy[k]})
        if not self.faults:
            say(
                f"  {group}: told of {len(ledger):,} changes on {found['pages']:,} pages, each "
                f"once; {len(copy):,} records are as the API shows them"
            )

    def present(self, group: str) -> dict[str, dict]:
        """The present records that the API shows, by type and id."""
        from quotes.api.changes import UtteranceRecordSerializer
        from quotes.models import Utterance

        client = self.client(group)
        status = PUBLIC if group == "Readers" else f"{PUBLIC},proposed,rejected,withdrawn"
        shown = {"quote": client.pages(f"{API}quotes/?limit=200&status={quote(status)}")}
        for kind in ("article", "speaker", "organisation", "outlet", "affiliation"):
            shown[kind] = client.pages(f"{API}{kind}s/?limit=200")
        acts = Utterance.objects.filter(quotes__isnull=False).distinct()
        acts = acts.filter(public=True) if group == "Readers" else acts
        shown["utterance"] = UtteranceRecordSerializer(acts, many=True).data
        return {
            f"{kind} {record['id']}": own(record)
            for kind, records in shown.items()
            for record in records
        }

    def compare_acknowledged(self, name: str, logs: list[Path]) -> None:
        from sources.models import Revision

        acknowledged = {line for log in logs for line in log.read_text().splitlines()}
        rows = Revision.objects.values_list("subject_id", "version")
        ledger = {f"{key} {version}" for key, version in rows}
        self.check(name, "Acknowledged and lost:", acknowledged - ledger)
        if not self.faults:
            say(f"  {len(acknowledged):,} acknowledged versions are all in the ledger")

    def check(self, name: str, what: str, differs) -> None:
        if differs:
            some = ", ".join(sorted(differs)[:5])
            self.faults.append(f"{name}: {what} {len(differs):,}: {some}")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def serve(port: int, log: Path, *, workers: int) -> subprocess.Popen:
    """Start the server, and wait until it answers."""
    command = [
        *(sys.executable, "-m", "granian", "config.wsgi:application", "--interface", "wsgi"),
        *("--host", "127.0.0.1", "--port", str(port), "--no-ws", "--log-level", "error"),
        *("--workers", str(workers), "--blocking-threads", "4", "--workers-kill-timeout", "3"),
    ]
    with log.open("w") as output:
        server = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
    until = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return server
        except OSError:
            if server.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.05)


def check_alive(writers: list) -> None:
    if any(writer.exitcode for writer in writers):
        raise SystemExit("A writer failed.")


def sizes(logs: list[Path]) -> list[int]:
    return [log.stat().st_size if log.exists() else 0 for log in logs]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def kill_postgresql(directory: Path) -> None:
    """Send SIGKILL to the postmaster and all its processes at once."""
    import psutil

    from tests.config.database.test_embedded import postmaster

    server = psutil.Process(postmaster(directory / "pg"))
    for process in (server, *server.children(recursive=True)):
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


def wait_until_settled() -> None:
    """Wait until every transaction that began before the last change has ended."""
    from django.db import OperationalError, connection

    from tests.conftest import settle

    until = time.monotonic() + PATIENCE
    while True:
        try:
            return settle()
        except OperationalError:
            if time.monotonic() > until:
                raise
            connection.close()
            time.sleep(0.1)


def a_number(least: int, most: int) -> Callable[[str], int]:
    def number(value: str) -> int:
        if not (value.isascii() and value.isdigit() and least <= int(value) <= most):
            raise argparse.ArgumentTypeError(f"a number from {least} to {most:,}, not {value!r}")
        return int(value)

    return number


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, usual, least, most, text in (
        ("writers", 8, 1, 32, "processes that write"),
        ("changes", 2000, 1, 1_000_000, "changes by each of them"),
        ("rounds", 20, 0, 1000, "times that PostgreSQL is killed; 0: never"),
    ):
        kind = a_number(least, most)
        parser.add_argument(
            f"--{name}", type=kind, default=usual, help=f"{text} (default: {usual:,})"
        )
    asked = parser.parse_args()

    sys.path.insert(0, str(ROOT))
    os.environ["PYTHONPATH"] = str(ROOT)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.own_cluster"
    os.environ["ONRECORD_THROTTLE_TOKEN"] = "1000000/s"
    from tests.config.database.test_embedded import a_directory

    with a_directory() as directory:
        os.environ["BENCH_CLUSTER"] = str(directory / "pg")
        import django

        django.setup()
        from django.db import connection

        bench = Bench(directory, asked.writers)
        bench.prepare()
        server = serve(bench.port, directory / "server.log", workers=min(asked.writers, 2))
        try:
            bench.phase("undisturbed", asked.changes, kills=0)
            if asked.rounds:
                bench.phase(f"killed {asked.rounds} times", sys.maxsize, kills=asked.rounds)
        finally:
            server.terminate()
            server.wait()
            connection.close()
            connection.close_pool()
    for fault in bench.faults:
        say(f"DIFFERS {fault}")
    sys.exit(1 if bench.faults else 0)


if __name__ == "__main__":
    main()
