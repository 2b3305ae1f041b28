"""Follow the guides to operations to the letter: `tests/bench/operations.py`

Takes every file and command for production of the guides “Operations”, “Backups” and “Erasure”, and
follows them in a directory under /tmp, with a PostgreSQL server and ports of its own: roles,
migrations, units, users, nginx, Caddy, dump, restore, archived log, restore to a moment, erasure,
upgrade. The units run as systemd would run them. Then it attacks what runs: 40 clients send two
bytes of a body and wait, with each proxy in front and without; processes are killed; the server is
reloaded under load. Exits with 1 if anything does not work, or if the guides have a block that
nothing here follows. What cannot be done here is named, with the reason.
"""

import argparse
import http.client
import json
import os
import re
import select
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import Message
from pathlib import Path
from typing import NamedTuple

import psutil

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench.machine import (  # noqa: E402
    HOST,
    PASSWORD,
    Guides,
    Machine,
    account_of_database,
    found,
    is_open,
    version_of,
    wait_until,
)

API = "/api/v1"
SLOW_BODIES = 40
MAX_SECONDS = 5  # of an answer while bodies are slow, with a proxy in front
MAX_SECONDS_BARE = 30  # the same without one

NOT_FOLLOWED = {
    "changepassword mara": "asks for a password at a terminal",
    "fetch_wikidata": "asks Wikidata",
    "git fetch && git checkout": "fetches a version that is not there yet",
    "uv run pytest": "is the suite itself",
    "bash .ci/run": "is the suite itself",
    "--stamp https://tsa.example/": "asks an authority for time stamps",
    "scrape_configs:": "is for Prometheus",
    "alert: NotReady": "is for Prometheus",
    "verify_log.py": "is run by the tests of checkpoints",
}


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def must(condition, what: str) -> None:
    if not condition:
        raise SystemExit(f"FAILED: {what}")


# The service, as its clients see it


class Answer(NamedTuple):
    status: int
    headers: Message
    body: bytes


class Site:
    """The service at a port of this machine; by TLS, if there is a certificate."""

    def __init__(self, port: int, certificate: Path | None = None):
        self.port = port
        self.tls = certificate and ssl.create_default_context(cafile=str(certificate))
        self.proxy = {} if certificate else {"X-Forwarded-Proto": "https"}  # as one would send

    def connect(self, seconds: float = 60):
        plain = socket.create_connection(("127.0.0.1", self.port), seconds)
        return self.tls.wrap_socket(plain, server_hostname=HOST) if self.tls else plain

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        link = http.client.HTTPConnection(HOST, timeout=60)
        link.sock = self.connect()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            link.request(method, path, body or None, {"Host": HOST, **self.proxy, **named})
            answer = link.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            link.close()

    def file(self, token: str, name: str, words: str = "It holds", more: str = "") -> dict:
        """File an article, and return what it is on record as."""
        filing = {
            "outlet": "The Harrow Sound Courier",
            "external_id": name,
            "text": f"“{words},” said Ada Lund, a mason. {more}",
            "quotes": [{"text": words, "speaker": "Ada Lund", "role": "mason"}],
        }
        sent = json.dumps(filing).encode()
        kind = {"Authorization": f"Token {token}", "Content_Type": "application/json"}
        answer = self.ask("POST", f"{API}/articles/", sent, **kind)
        must(answer.status in (200, 201), f"filing {name}: {answer.status} {answer.body[:500]}")
        return json.loads(answer.body)


@contextmanager
def slow_bodies(site: Site, token: str) -> Iterator[list]:
    """Clients that send two bytes of 4 MB, and wait."""
    head = [
        f"POST {API}/articles/ HTTP/1.1",
        f"Host: {HOST}",
        *(f"{name}: {value}" for name, value in site.proxy.items()),
        f"Authorization: Token {token}",
        "Content-Type: application/json",
        "Content-Length: 4000000",
    ]
    clients = []
    try:
        for _ in range(SLOW_BODIES):
            clients.append(site.connect())
            clients[-1].sendall("\r\n".join([*head, "", '{"']).encode())
        yield clients
    finally:
        for client in clients:
            client.close()


def seconds_of(site: Site, path: str, token: str) -> float:
    began = time.monotonic()
    answer = site.ask("GET", path, Authorization=f"Token {token}")
    must(answer.status == 200, f"GET {path}: {answer.status} {answer.body[:300]}")
    return time.monotonic() - began


# The steps


class Operations:
    def __init__(self, directory: Path, *, install: bool):
        self.machine, self.install_anew = Machine(directory), install
        self.guides = Guides(*("operations", "monitoring", "backups", "erasure", "checkpoints"))
        self.account = account_of_database()
        self.clusters: dict[str, Path] = {}
        self.failed: list[str] = []
        self.directory = directory

    def follow(self) -> None:
        self.make_database()
        self.install()
        self.configure_and_migrate()
        self.serve()
        self.make_users()
        for step in (
            self.monitor,
            self.put_nginx_in_front,
            self.put_caddy_in_front,
            self.hold_without_a_proxy,
            self.kill_processes,
            self.verify,
            self.sign,
            self.back_up,
            self.erase,
            self.restore_the_dump,
            self.restore_to_a_moment,
            self.upgrade,
        ):
            try:
                step()
            except (SystemExit, Exception) as error:
                say(f"{error}" if isinstance(error, SystemExit) else traceback.format_exc())
                self.failed.append(step.__name__)
        for words, reason in NOT_FOLLOWED.items():
            for block in self.guides.left():
                if words in block.code:
                    block.taken = True
                    say(f"  not followed: {block}: {reason}")
        left = [str(block) for block in self.guides.left()]
        must(not left, f"nothing follows {left}")
        must(not self.failed, f"what does not work: {', '.join(self.failed)}")

    def take(self, words: str, guide: str = "operations") -> str:
        return self.guides.take(words, guide).code

    def as_service(self, code: str, **variables: str) -> str:
        return self.machine.run(code, **self.variables | variables)

    def as_owner(self, code: str, port: int | None = None) -> str:
        at = f"127.0.0.1:{port or self.machine.database}"
        url = f"postgres://onrecord_owner:{PASSWORD}@{at}/onrecord"
        return self.as_service(code, DATABASE_URL=url)

    def sql(self, code: str, port: int | None = None) -> str:
        """What psql says to the superuser."""
        at = f"-h 127.0.0.1 -p {port or self.machine.database} -U postgres -d postgres"
        psql = f"psql -XAt -v ON_ERROR_STOP=1 {at}"
        return self.machine.run(f"{psql} <<'END'\n{code}\nEND\n").strip()

    def count(self, query: str, port: int | None = None) -> int:
        return int(self.sql(f"\\c onrecord postgres\n{query}", port).splitlines()[-1])

    # 1 to 5

    def make_cluster(self, name: str, port: int, more: str = "") -> None:
        """A PostgreSQL server, as a package of the system would set it up."""
        data = self.directory / "var/lib/postgresql/18" / name
        word = self.directory / "word"
        word.write_text(PASSWORD)
        self.database_run(
            f"initdb --pgdata={data} --username=postgres --pwfile={word} --auth=scram-sha-256"
        )
        settings = {
            "port": port,
            "listen_addresses": "'127.0.0.1'",
            "unix_socket_directories": f"'{data}'",
            "max_connections": 200,
            "shared_buffers": "128MB",
        }
        with (data / "postgresql.conf").open("a") as file:
            file.write("".join(f"{key} = {value}\n" for key, value in settings.items()) + more)
        self.clusters[name] = data
        self.database_run(f"pg_ctl --pgdata={data} --log={data}/log --wait start")

    def stop_cluster(self, name: str, mode: str = "fast") -> None:
        data = self.clusters.pop(name)
        self.database_run(f"pg_ctl --pgdata={data} --mode={mode} --wait stop", check=False)

    def database_run(self, code: str, **options) -> str:
        """Run commands as the account of PostgreSQL."""
        return self.machine.run(code, account=self.account, **options)

    def make_database(self) -> None:
        say("A database, with its roles and an archive of its log")
        places = ["srv/wal", "srv/base", "var/lib/postgresql/18", "srv/onrecord"]
        for place in places:
            (self.directory / place).mkdir(parents=True, exist_ok=True)
        if self.account:
            for place in ("srv/wal", "srv/base", "var/lib/postgresql/18"):
                shutil.chown(self.directory / place, self.account)
        conf = self.machine.here(self.take("archive_command", "backups"))
        self.make_cluster("main", self.machine.database, conf)
        self.roles, self.backup_role = (
            self.take("CREATE ROLE onrecord_owner"),
            self.take("CREATE ROLE onrecord_backup", "backups"),
        )
        self.sql(self.roles)
        self.sql(self.backup_role)

    def install(self) -> None:
        say("The checkout")
        for name in ("config", "quotes", "sources"):
            leave = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, self.directory / "srv/onrecord" / name, ignore=leave)
        shutil.copy(ROOT / "manage.py", self.directory / "srv/onrecord")
        command = self.take("python3 -m venv")
        if self.install_anew:
            self.machine.run(command)
        else:
            say("  not followed: the packages of this checkout are used; see --install")
            (self.directory / "srv/onrecord/.venv").symlink_to(ROOT / ".venv")

    def configure_and_migrate(self) -> None:
        say("Settings, migrations, grants, check")
        text = self.guides.take("SECRET_KEY=…")
        make_key = "python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
        must(make_key in (ROOT / "config/guides/operations.md").read_text(), "a key is made so")
        key = self.machine.run(make_key).strip()
        file = self.machine.write(text, text.code.replace("SECRET_KEY=…", f"SECRET_KEY={key}"))
        self.variables = dict(line.split("=", 1) for line in file.read_text().splitlines())
        self.as_service(self.take("manage.py migrate"))
        self.sql(self.take("GRANT DELETE ON"))
        must(
            "no issues" in self.as_service(self.take("check --deploy")), "check --deploy is silent"
        )

    # 6 and 7

    def serve(self) -> None:
        say("The server and the worker")
        for name in ("onrecord.service", "onrecord-worker.service"):
            self.machine.write(self.guides.take(f"/etc/systemd/system/{name}"))
        self.machine.run(self.take("systemctl enable --now onrecord.service"))
        self.site = Site(self.machine.server)
        wait_until("the server answers", self.answers)
        wait_until("the worker lives", self.works)

    def answers(self) -> bool:
        with suppress(OSError, http.client.HTTPException):
            return self.site.ask("GET", "/health/").status == 200
        return False

    def works(self) -> bool:
        alive = "last_heartbeat > now() - interval '20 seconds'"
        return self.count(f"SELECT count(*) FROM procrastinate_workers WHERE {alive}") > 0

    def make_users(self) -> None:
        say("Users")
        commands = self.take("issue_token cms-torrigan")
        said = self.as_service(
            commands.replace("createsuperuser", "createsuperuser --no-input"),
            DJANGO_SUPERUSER_USERNAME="mara",
            DJANGO_SUPERUSER_EMAIL="mara@quotes.example",
            DJANGO_SUPERUSER_PASSWORD=PASSWORD,
        )
        self.token = re.search(r"\b\w{32,}\b", said)[0]
        self.as_service(self.take("axes_reset_username mara"))
        code = self.take("authenticator mara")
        self.as_service(code)
        self.as_service(code.replace("mara", "mara --remove"))
        self.as_service(self.take("send_digests --dry-run"))
        self.site.file(self.token, "first")

    def monitor(self) -> None:
        say("Monitoring")
        name = "/etc/systemd/system/onrecord.service.d/monitoring.conf"
        self.machine.write(self.guides.take(name, "monitoring"))
        self.machine.run("systemctl restart onrecord.service\n")
        wait_until("the server answers again", self.answers)
        said = self.machine.run(self.take("127.0.0.1:8001/metrics", "monitoring"))
        must("onrecord_requests_total" in said, f"the listener has metrics: {said[:500]}")
        must('"status": "pass"' in said, f"the listener says what is ready: {said[:500]}")

    # 8

    def certificate(self) -> Path:
        pem = self.directory / "etc/ssl" / f"{HOST}.pem"
        pem.parent.mkdir(exist_ok=True)
        self.machine.run(
            "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=own"
            f" -addext subjectAltName=DNS:{HOST} -addext keyUsage=digitalSignature,keyCertSign"
            f" -keyout {pem.with_suffix('.key')} -out {pem}"
        )
        return pem

    def put_nginx_in_front(self) -> None:
        block = self.guides.take("/etc/nginx/conf.d/onrecord.conf")
        if not (nginx := found("nginx")):
            say("nginx: not followed: it is not installed")
            return
        say("nginx in front")
        ports = {"listen 80;": self.machine.http, "listen 443 ": self.machine.https}
        code = block.code
        for listen, port in ports.items():
            code = code.replace(listen, listen.replace(listen.split()[1].strip(";"), str(port)))
        site_file = self.machine.write(block, code)
        places = "".join(
            f"{kind}_temp_path {self.directory}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        whole = self.directory / "nginx.conf"
        whole.write_text(
            f"daemon off; pid {self.directory}/nginx.pid; events {{}}\n"
            f"http {{ access_log off; {places} include {site_file}; }}\n"
        )
        log = self.machine.log("nginx")
        command = [nginx, "-c", str(whole), "-p", str(self.directory), "-e", str(log)]
        self.look_through("nginx", command, self.certificate(), limits_requests=True)

    def put_caddy_in_front(self) -> None:
        block = self.guides.take("/etc/caddy/Caddyfile")
        if not (caddy := found("caddy")):
            say("Caddy: not followed: it is not installed")
            return
        say("Caddy in front")
        pem = self.certificate()
        ports = f"http_port {self.machine.http}\n    https_port {self.machine.https}"
        code = block.code.replace("{\n", f"{{\n    admin off\n    {ports}\n", 1)
        tls = f"tls {pem} {pem.with_suffix('.key')}"
        code = code.replace(f"{HOST} {{\n", f"{HOST} {{\n    {tls}\n", 1)
        if version_of(caddy) < (2, 7):  # as the guide says
            code = re.sub(r"request_buffers \S+", "buffer_requests", code)
        file = self.machine.write(block, code)
        command = [caddy, "run", "--config", str(file), "--adapter", "caddyfile"]
        self.look_through("Caddy", command, pem, limits_requests=False)

    def look_through(
        self, name: str, command: list[str], pem: Path, *, limits_requests: bool
    ) -> None:
        """Start a proxy, and be its clients."""
        home = {"PATH": os.environ["PATH"], "HOME": str(self.directory)}
        with self.machine.log(name).open("ab") as output:
            proxy = subprocess.Popen(command, env=home, stdout=output, stderr=output)
        try:
            wait_until(
                f"{name} listens", lambda: proxy.poll() is not None or is_open(self.machine.https)
            )
            must(
                proxy.poll() is None, f"{name} starts: {self.machine.log(name).read_text()[-2000:]}"
            )
            site = Site(self.machine.https, pem)
            self.check_site(site, name)
            with slow_bodies(site, self.token):
                for path in ("/health/", "/ready/", f"{API}/quotes/"):
                    slowest = max(seconds_of(site, path, self.token) for _ in range(5))
                    say(f"  {SLOW_BODIES} slow bodies: {path} within {slowest:.2f} s")
                    must(slowest < MAX_SECONDS, f"{path} answers within {MAX_SECONDS} s")
            if limits_requests:
                self.check_limit(site)
        finally:
            proxy.terminate()
            proxy.wait()

    def check_site(self, site: Site, name: str) -> None:
        bare = Site(self.machine.http).ask("GET", "/guides/")
        must(bare.status in (301, 308), f"http leads to https: {bare.status}")
        must(bare.headers["Location"].startswith(f"https://{HOST}"), "and to the same host")
        page = site.ask("GET", "/guides/")
        must(page.status == 200 and "Strict-Transport-Security" in page.headers, "https is secure")
        one = site.file(self.token, f"by {name}")
        must(one["quotes"], "a filing has its quote")
        (quote,) = one["quotes"]
        must(quote["url"].startswith(f"https://{HOST}/"), "links have the public address")

        kind = {"Authorization": f"Token {self.token}", "Content_Type": "application/json"}
        large = site.ask("POST", f"{API}/articles/", b" " * 6_500_000, **kind)
        must(large.status == 413, f"6.5 MB are too large: {large.status}")
        lines = [
            {"outlet": "Almanac", "external_id": f"{name} {n}", "text": "A line. " * 125_000}
            for n in range(8)
        ]
        batch = "\n".join(map(json.dumps, lines)).encode()
        kind["Content_Type"] = "application/x-ndjson"
        done = site.ask("POST", f"{API}/articles/batch/", batch, **kind)
        outcomes = [json.loads(line)["status"] for line in done.body.splitlines()]
        must(outcomes == [201] * 8, f"a batch of 8 MB is filed: {done.status} {done.body[:300]}")
        token = {"Authorization": f"Token {self.token}"}
        export = site.ask("GET", f"{API}/quotes/export/?format=ndjson&manifest=true", **token)
        told = json.loads(export.body) if export.status == 200 else {}
        must(told.get("complete"), f"an export: {export.status} {export.body[:300]}")
        self.log_in(site)

    def log_in(self, site: Site) -> None:
        form = site.ask("GET", "/admin/login/")
        cookies = form.headers.get_all("Set-Cookie")
        must(all("Secure" in cookie for cookie in cookies), "cookies are secure")
        (token,) = (re.search(r"csrftoken=(\w+)", c)[1] for c in cookies if "csrftoken=" in c)
        sent = site.ask(
            "POST",
            "/admin/login/",
            f"username=mara&password={PASSWORD}&csrfmiddlewaretoken={token}&next=/admin/".encode(),
            Cookie=f"csrftoken={token}",
            Content_Type="application/x-www-form-urlencoded",
            Origin=f"https://{HOST}",
            Referer=f"https://{HOST}/admin/login/",
        )
        must(sent.status == 302, f"a user logs in to the admin: {sent.status}")

    def check_limit(self, site: Site) -> None:
        """Of 800 requests of one address, one after the other, some are too many."""
        statuses = []

        def ask() -> None:
            link = http.client.HTTPConnection(HOST)
            link.sock = site.connect()
            for _ in range(100):
                link.request("GET", "/health/", headers={"Host": HOST})
                answer = link.getresponse()
                answer.read()
                statuses.append(answer.status)
            link.close()

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        say(f"  {statuses.count(429)} of {len(statuses)} requests were too many at once")
        must({*statuses} == {200, 429}, f"requests are answered or refused: { ({*statuses}) }")

    def hold_without_a_proxy(self) -> None:
        say("No proxy in front")
        with slow_bodies(self.site, self.token) as clients:
            for path in ("/health/", f"{API}/quotes/"):
                took = seconds_of(self.site, path, self.token)
                say(f"  {SLOW_BODIES} slow bodies: {path} within {took:.2f} s")
                must(took < MAX_SECONDS_BARE, f"{path} answers within {MAX_SECONDS_BARE} s")
            took = seconds_of(Site(self.machine.monitor), "/ready/", self.token)
            say(f"  {SLOW_BODIES} slow bodies: the listener within {took:.2f} s")
            must(took < MAX_SECONDS, f"the listener answers within {MAX_SECONDS} s")
            refused, began = [], time.monotonic()
            while time.monotonic() - began < MAX_SECONDS_BARE:
                ready, _, _ = select.select([*{*clients} - {*refused}], [], [], 3)
                refused += [one for one in ready if one.recv(12) == b"HTTP/1.1 503"]
                if not ready:
                    break
            say(f"  {len(refused)} of {SLOW_BODIES} slow bodies were refused")
            must(len(refused) > SLOW_BODIES // 2, "most slow bodies are refused")
        self.site.file(self.token, "after slow bodies")

    # What dies

    def kill_processes(self) -> None:
        say("Processes are killed")
        unit = self.machine.units["onrecord.service"]
        starts = unit.started

        first, *others = self.processes_of_server()
        first.kill()
        wait_until(
            "the server replaces a process",
            lambda: len({*self.processes_of_server()} - {first}) > len(others),
        )
        must(unit.started == starts, "the server itself went on")
        unit.process.kill()
        wait_until("the server is started again", lambda: unit.started > starts and self.answers())
        worker = self.machine.units["onrecord-worker.service"]
        worker.process.kill()
        wait_until("the worker is started again", lambda: worker.started > 1)
        data = self.clusters["main"]
        self.database_run(f"pg_ctl --pgdata={data} --mode=immediate --wait stop")
        time.sleep(3)
        status = self.list_quotes().status
        must(status == 503, f"without the database it is 503: {status}")
        self.database_run(f"pg_ctl --pgdata={data} --log={data}/log --wait start")
        wait_until("lists are answered again", lambda: self.list_quotes().status == 200)
        wait_until("the worker lives again", self.works)

    def list_quotes(self) -> Answer:
        return self.site.ask("GET", f"{API}/quotes/", Authorization=f"Token {self.token}")

    # 9 and 10

    def verify(self) -> None:
        say("All records verify")
        for name in ("onrecord-verify.service", "onrecord-verify.timer"):
            self.machine.write(self.guides.take(f"/etc/systemd/system/{name}"))
        self.machine.run("systemctl start onrecord-verify.service\n")

    def sign(self) -> None:
        say("Checkpoints, kept by somebody else")
        said = self.as_service(self.take("checkpoint --new-key", "checkpoints"))
        (private,) = re.findall("ONRECORD_LOG_KEYS=.*", said)
        (public,) = re.findall("public key: (.*)", said)
        with (self.directory / "etc/onrecord.env").open("a") as file:
            file.write(f"{private}\n")
        self.variables |= dict([private.split("=", 1)])
        for name in ("onrecord-checkpoint.service", "onrecord-checkpoint.timer"):
            self.machine.write(self.guides.take(f"/etc/systemd/system/{name}", "checkpoints"))
        command = ".venv/bin/python manage.py checkpoint /srv/onrecord/log"
        self.as_service(self.take(command, "checkpoints"))
        self.machine.run(self.take("systemctl enable --now onrecord-checkpoint", "checkpoints"))
        self.site.file(self.token, "after a checkpoint")
        self.machine.run("systemctl start onrecord-checkpoint.service\n")
        kept = self.directory / "mnt/archive/log"
        log = self.directory / "srv/onrecord/log"
        shutil.copytree(log, kept)
        (first, *_) = sorted((log / "checkpoints").iterdir(), key=lambda one: int(one.stem))
        against = self.take("verify --all --against", "checkpoints")
        against = against.replace("checkpoint-of-march", str(first))
        self.as_service(re.sub(r"--key '.*'", f"--key '{public}'", against))
        article = self.site.file(self.token, "after a checkpoint")["id"]
        prove = self.take("manage.py prove", "checkpoints").replace("--revision 3", "--revision 1")
        self.as_service(re.sub(r"prove [\w-]+", f"prove {article}", prove))

    def back_up(self) -> None:
        say("A dump, and a base backup")
        self.machine.write(self.guides.take("/etc/onrecord-backup.env", "backups"))
        for name in ("onrecord-backup.service", "onrecord-backup.timer"):
            self.machine.write(self.guides.take(f"/etc/systemd/system/{name}", "backups"))
        self.quotes = self.count("SELECT count(*) FROM quotes_quote")
        self.machine.run(self.take("install -d -m 700", "backups"))
        self.dump = self.directory / "srv/backups" / time.strftime("onrecord-%F.dump")
        must(self.dump.stat().st_size > 10_000, "the dump is there")
        text = (self.directory / "etc/onrecord-backup.env").read_text()
        known = dict(line.split("=", 1) for line in text.splitlines())
        self.database_run(self.take("pg_basebackup", "backups"), **known)

    def erase(self) -> None:
        say("Erasure, and what it leaves for a restore")
        one = self.site.file(self.token, "to be erased", "Nothing of this may stay")
        must(one["quotes"], "what is to be erased is on record")
        first = self.sql(
            "\\c onrecord postgres\n"
            "SELECT q.id, q.speaker_id FROM quotes_quote q ORDER BY q.id LIMIT 1"
        ).splitlines()[-1]
        self.erased, speaker = first.split("|")
        example = "01a201f3-1819-7f60-b922-5b8f8a7c7708"
        command = self.take("erase quote", "erasure").replace(example, self.erased)
        said = self.as_owner(command)
        must(self.erased in said, f"--dry-run names the quote: {said}")
        self.as_owner(command.replace("--dry-run", "--yes"))
        self.as_service(self.take("manage.py tombstones >", "erasure"))
        self.as_service(self.take("disclose speaker", "erasure").replace(example, speaker))
        self.erase_again = self.take("erase_again", "erasure")
        self.as_service(self.take("verify --all --tombstones", "erasure"))

    def restore_the_dump(self) -> None:
        say("A restore from the dump")
        port = self.machine.other_database
        self.make_cluster("other", port)
        self.sql(self.roles, port)
        self.sql(self.backup_role, port)
        command = self.take("pg_restore", "backups")
        self.machine.run(re.sub(r"onrecord-[\d-]+\.dump", self.dump.name, command))
        must(self.count("SELECT count(*) FROM quotes_quote", port) == self.quotes, "all is there")
        erased = f"SELECT count(*) FROM quotes_quote WHERE id = '{self.erased}'"
        must(self.count(erased, port) == 1, "the dump has what was erased later")
        self.after_a_restore = self.take("begin_era --anyway", "backups")
        self.as_owner(self.after_a_restore, port)
        must(self.count(erased, port) == 0, "the tombstones erased it again")
        self.as_owner(self.erase_again, port)
        self.stop_cluster("other")

    def restore_to_a_moment(self) -> None:
        say("A restore to a moment")
        self.site.file(self.token, "before the mistake", "It was right")
        moment = self.sql("SELECT now()")
        time.sleep(1)
        self.site.file(self.token, "the mistake", "It was wrong")
        name = self.sql("SELECT pg_walfile_name(pg_current_wal_lsn())")
        self.sql("SELECT pg_switch_wal()")
        archived = self.directory / "srv/wal" / name
        wait_until("the log is archived", archived.exists)

        port, command = self.machine.other_database, self.take("recovery_target_time", "backups")
        command = re.sub(
            r"recovery_target_time = '.*'", f"recovery_target_time = '{moment}'", command
        )
        command = command.replace("<<'END'\n", f"<<'END'\nport = {port}\n", 1)
        self.clusters["restored"] = self.directory / "var/lib/postgresql/18/restored"
        self.database_run(command)
        recovers = "SELECT CASE WHEN pg_is_in_recovery() THEN 1 ELSE 0 END"
        wait_until("it is at that moment", lambda: self.count(recovers, port) == 0)
        there = "SELECT count(*) FROM sources_article WHERE external_id = '{}'"
        must(self.count(there.format("before the mistake"), port) == 1, "what was right is there")
        must(self.count(there.format("the mistake"), port) == 0, "the mistake is not")
        self.as_owner(self.after_a_restore, port)
        self.stop_cluster("restored")

    # Upgrades

    def upgrade(self) -> None:
        say("An upgrade while lists are asked for")
        ended, statuses = threading.Event(), []

        def ask() -> None:
            while not ended.is_set():
                try:
                    answer = self.site.ask(
                        "GET", f"{API}/quotes/", Authorization=f"Token {self.token}"
                    )
                    statuses.append(answer.status)
                except (OSError, http.client.HTTPException) as error:
                    statuses.append(type(error).__name__)

        client = threading.Thread(target=ask)
        client.start()
        before = {one.pid for one in self.processes_of_server()}
        try:
            self.as_service(self.take("systemctl reload", "backups"))
            wait_until(
                "every process is a new one",
                lambda: not before & {one.pid for one in self.processes_of_server()},
            )
            time.sleep(3)
        finally:
            ended.set()
            client.join()
        say(f"  {len(statuses)} lists were asked for, {statuses.count(200)} answered")
        must({*statuses} == {200}, f"every list is answered: { ({*statuses}) }")

    def processes_of_server(self) -> list[psutil.Process]:
        server, found = psutil.Process(self.machine.units["onrecord.service"].process.pid), []
        for one in server.children():
            with suppress(psutil.NoSuchProcess):  # it has just ended
                found += [one] if "resource_tracker" not in str(one.cmdline()) else []
        return found

    def end(self) -> None:
        self.machine.stop()
        for name in [*self.clusters]:
            self.stop_cluster(name, "immediate")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--install", action="store_true", help="fetch the packages anew, by pip")
    parser.add_argument("--keep", action="store_true", help="keep the directory, with its logs")
    asked = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="onrecord-operations-", dir="/tmp")).resolve()
    directory.chmod(0o755)  # the account of PostgreSQL has to get to its part
    operations = Operations(directory, install=asked.install)
    try:
        operations.follow()
        say("All files and commands of the guides work.")
    finally:
        operations.end()
        if asked.keep:
            say(f"Kept: {directory}")
        else:
            shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
