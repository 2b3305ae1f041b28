"""Time exports and their memory: `uv run python tests/bench/export.py`

Starts a database cluster under /tmp, fills it with `manage.py generate`, and starts the server with
one process. In each round psql copies the view `quotes_public` to a file (`\\copy`, CSV), and
`quotes/export/` is downloaded in each format. Prints rows a second, the growth of the server's
memory, the time to the first bytes, and the time of a page of `quotes/` during an export and alone.
Parquet and zstd load pyarrow once; its memory is measured separately.
"""

import argparse
import http.client
import json
import os
import subprocess
import sys
import threading
import time
from multiprocessing import get_context
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
API = "/api/v1/"
COPIED = "SELECT * FROM quotes_public WHERE status IN ('published', 'disputed')"

EXPORTS = {
    "NDJSON": {"format": "ndjson"},
    "NDJSON, gzip": {"format": "ndjson", "coding": "gzip"},
    "NDJSON, zstd": {"format": "ndjson", "coding": "zstd"},
    "CSV": {"format": "csv"},
    "Parquet": {"format": "parquet"},
    "manifest of NDJSON": {"format": "ndjson", "manifest": "true"},
}


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def page_times(port: int, token: str, stop, least: int, answers) -> None:
    """Milliseconds of each of many pages of `quotes/`, one after the other."""
    kept = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    spent = []
    while len(spent) < least or not stop.is_set():
        began = time.perf_counter()
        kept.request("GET", f"{API}quotes/", headers={"Authorization": f"Token {token}"})
        answer = kept.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        spent.append((time.perf_counter() - began) * 1000)
        time.sleep(0.01)
    answers.put(spent)


class Memory:
    """The resident memory of a process in MB, watched while it works."""

    def __init__(self, process):
        self.process, self.ended = process, threading.Event()
        self.before = self.most = self.now()

    def now(self) -> float:
        return self.process.memory_info().rss / 1e6

    def watch(self) -> None:
        while not self.ended.wait(0.05):
            self.most = max(self.most, self.now())

    def __enter__(self):
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.ended.set()
        self.thread.join()

    @property
    def grown(self) -> float:
        return self.most - self.before


class Bench:
    def __init__(self, directory: Path, pages: int, say):
        self.directory, self.pages, self.say = directory, pages, say
        self.processes = get_context("spawn")

    def prepare(self, quotes: int) -> None:
        from django.core.management import call_command
        from django.db import connection

        from quotes.models import Quote
        from tests.bench.follow_changes import free_port

        call_command("migrate", verbosity=0)
        if not Quote.objects.exists():
            call_command("generate", quotes=quotes, verbosity=0)
        token = subprocess.run(
            [sys.executable, "manage.py", "issue_token", "bench", "--group", "Readers"],
            capture_output=True,
            check=True,
            text=True,
            cwd=ROOT,
        )
        self.token, self.port = token.stdout.strip(), free_port()
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM ({COPIED}) copied")
            self.rows = cursor.fetchone()[0]
            cursor.execute("CHECKPOINT")

    def serve(self) -> None:
        import psutil

        command = [
            *(sys.executable, "-m", "granian", "config.wsgi:application", "--interface", "wsgi"),
            *("--host", "127.0.0.1", "--port", str(self.port), "--no-ws", "--log-level", "error"),
            *("--workers", "1", "--blocking-threads", "8"),
        ]
        self.server = subprocess.Popen(command, cwd=ROOT)
        until = time.monotonic() + 60
        while True:
            try:
                self.page()
                break
            except OSError:
                if self.server.poll() is not None or time.monotonic() > until:
                    raise
                time.sleep(0.1)
        for _ in range(self.pages):
            self.page()
        (self.worker,) = psutil.Process(self.server.pid).children()

    def page(self) -> None:
        kept = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        kept.request("GET", f"{API}quotes/", headers={"Authorization": f"Token {self.token}"})
        kept.getresponse().read()
        kept.close()

    def copy(self) -> float:
        """Seconds that psql takes."""
        from config.database.embedded import PORT, SUPERUSER, Cluster, binaries

        cluster = Cluster(Path(os.environ["BENCH_CLUSTER"]))
        target = self.directory / "copied.csv"
        began = time.perf_counter()
        subprocess.run(
            [
                *(binaries() / "psql", "-X", "-q", "-h", cluster.socket_directory),
                *("-p", str(PORT), "-U", SUPERUSER, "-d", "onrecord"),
                *("-c", f"\\copy ({COPIED}) TO '{target}' (FORMAT csv)"),
            ],
            check=True,
        )
        took = time.perf_counter() - began
        self.copied_bytes = target.stat().st_size
        target.unlink()
        return took

    def export(
        self, *, coding: str | None = None, rows: int | None = None, **query
    ) -> tuple[float, float, int]:
        """Seconds to the first and to the last byte, and the number of bytes."""
        headers = {"Authorization": f"Token {self.token}"}
        if coding:
            headers["Accept-Encoding"] = coding
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        kept = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        began = time.perf_counter()
        kept.request("GET", f"{API}quotes/export/?{asked}", headers=headers)
        answer = kept.getresponse()
        assert answer.status == 200, answer.read()
        size, first = 0, None
        with (self.directory / "exported").open("wb") as file:
            while part := answer.read1(1 << 20):
                first = first or time.perf_counter() - began
                size += file.write(part)
        took = time.perf_counter() - began
        if query.get("manifest"):
            told = json.loads((self.directory / "exported").read_bytes())
            assert told["rows"] == (self.rows if rows is None else rows)
        return first, took, size

    def pages_meanwhile(self, work) -> list[float]:
        stop, answers = self.processes.Event(), self.processes.Queue()
        asking = self.processes.Process(
            target=page_times, args=(self.port, self.token, stop, self.pages, answers)
        )
        asking.start()
        time.sleep(1)
        work()
        stop.set()
        spent = answers.get(timeout=120)
        asking.join()
        return spent

    def report(self, rounds: int) -> None:
        say = self.say
        with Memory(self.worker) as loading:
            for query in EXPORTS.values():
                self.export(**query, rows=0, outlet="no-such-outlet")
        copies, exports = [], {name: [] for name in EXPORTS}
        grown = dict.fromkeys(EXPORTS, 0.0)
        idle, meanwhile = [], []
        for _ in range(rounds):
            idle += self.pages_meanwhile(lambda: time.sleep(3))
            copies.append(self.copy())
            for name, query in EXPORTS.items():
                with Memory(self.worker) as memory:
                    exports[name].append(self.export(**query))
                grown[name] = max(grown[name], memory.grown)
            meanwhile += self.pages_meanwhile(lambda: self.export(**EXPORTS["NDJSON"]))
        rate = self.rows / median(copies)
        say(f"{self.rows:,} rows, medians of {rounds} rounds\n\n")
        say(f"{'':22}{'rows/s':>10}{'of psql':>9}{'MB':>8}{'first, ms':>11}{'memory, MB':>12}\n")
        say(f"{'psql \\copy':22}{rate:10,.0f}{1:9.2f}{self.copied_bytes / 1e6:8,.0f}\n")
        for name, spent in exports.items():
            mine = self.rows / median(took for _, took, _ in spent)
            first = median(first for first, _, _ in spent) * 1000
            size = spent[0][2] / 1e6
            say(
                f"{name:22}{mine:10,.0f}{mine / rate:9.2f}{size:8,.0f}{first:11,.0f}"
                f"{grown[name]:+12.0f}\n"
            )
        say(f"{'loading pyarrow':60}{loading.grown:+12.0f}\n")
        say(f"\n{'a page of quotes/':22}{'p50, ms':>10}{'p99, ms':>9}\n")
        for name, spent in (("idle", idle), ("during NDJSON", meanwhile)):
            say(f"{name:22}{percentile(spent, 0.5):10.1f}{percentile(spent, 0.99):9.1f}")
            say(f"   {len(spent):,} pages\n")
        ratio = percentile(meanwhile, 0.99) / percentile(idle, 0.99)
        say(f"p99 during an export: {ratio:.2f} x idle\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("--quotes", type=int, default=1_000_000, help="in the archive (default: %(default)s)")
    add("--rounds", type=int, default=3, help="default: %(default)s")
    add("--pages", type=int, default=200, help="timed at least (default: %(default)s)")
    add("--keep", metavar="DIRECTORY", help="of a cluster that is kept, or was kept")
    given = parser.parse_args()

    sys.path.insert(0, str(ROOT))
    os.environ["PYTHONPATH"] = str(ROOT)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.own_cluster"
    os.environ["ONRECORD_THROTTLE_TOKEN"] = "1000000/s"
    from tests.config.database.test_embedded import a_directory

    with a_directory() as directory:
        os.environ["BENCH_CLUSTER"] = given.keep or str(directory / "pg")
        import django

        django.setup()
        from django.db import connection

        bench = Bench(directory, given.pages, sys.stdout.write)
        try:
            bench.prepare(given.quotes)
            bench.serve()
            try:
                bench.report(given.rounds)
            finally:
                bench.server.terminate()
                bench.server.wait()
        finally:
            connection.close()
            connection.close_pool()


if __name__ == "__main__":
    main()
