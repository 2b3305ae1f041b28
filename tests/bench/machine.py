"""A machine as the guides to operations set it up: their files and commands, in one directory.

`Guides` hands out the blocks marked `production` and the SQL, and knows which nobody asked for.
`Machine` has a directory in place of `/`, ports of its own and one password, and writes files and
runs commands of the guides with these. `Unit` runs a systemd unit as systemd would.
"""

import os
import pwd
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from config.database.embedded import binaries  # noqa: E402

PASSWORD = "trial-word"
HOST = "quotes.example"
PATIENCE = 120  # seconds for anything to happen that has to


def wait_until(what: str, condition, seconds: float = PATIENCE) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise SystemExit(f"FAILED: {what}: not within {seconds} s.")
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


# The guides


@dataclass
class Block:
    guide: str
    language: str
    code: str
    path: str  # of the file that it is, if the text before it names one
    taken: bool = False

    def __str__(self) -> str:
        return f"{self.guide}: {self.path or self.code.splitlines()[0]}"


class Guides:
    """The blocks of the guides that an administrator follows."""

    def __init__(self, *names: str):
        self.blocks = [block for name in names for block in self._read(name)]

    def _read(self, name: str) -> Iterator[Block]:
        text = (ROOT / "config" / "guides" / f"{name}.md").read_text()
        for found in re.finditer(r"(?ms)^```(\w+) ?(\w*)\n(.*?)^```", text):
            language, mark, code = found.groups()
            if mark in ("production", "install") or language == "sql":
                # "`/etc/a.conf`:" at the end of the paragraph before the block
                named = re.search(r"`(/[\w./-]+)`[^`\n]*\n\s*$", text[: found.start()])
                yield Block(name, language, code, named[1] if named else "")

    def take(self, words: str, guide: str = "operations") -> Block:
        """The one block of a guide that is this file or these words, or else has them in it."""
        blocks = [block for block in self.blocks if block.guide == guide]
        found = [block for block in blocks if words in (block.path, block.code.strip())]
        found = found or [block for block in blocks if words in block.code]
        if len(found) != 1:
            raise SystemExit(f"FAILED: {len(found)} blocks of {guide} are “{words}”.")
        found[0].taken = True
        return found[0]

    def left(self) -> list[Block]:
        return [block for block in self.blocks if not block.taken]


# The machine


@dataclass
class Unit:
    """A systemd unit that was started: its process, and a thread that starts it again."""

    name: str
    machine: "Machine"
    settings: dict[str, list[str]]
    process: subprocess.Popen | None = None
    stopping: threading.Event = field(default_factory=threading.Event)
    started: int = 0

    def start(self) -> None:
        if self.settings.get("Type") == ["oneshot"]:
            for command in self.settings["ExecStart"]:
                self._spawn(command)
                if status := self.process.wait():
                    raise SystemExit(f"FAILED: {self.name} ended with {status}: {command}")
            return
        self.stopping.clear()
        self.thread = threading.Thread(target=self._keep_running, daemon=True)
        self.thread.start()

    def _keep_running(self) -> None:
        while not self.stopping.is_set():
            (command,) = self.settings["ExecStart"]
            self._spawn(command)
            self.process.wait()
            self._end_group()  # systemd ends what a dead process leaves
            if self.settings.get("Restart") != ["always"]:
                return
            self.stopping.wait(float(self.settings["RestartSec"][0]))

    def _spawn(self, command: str) -> None:
        for name in self.settings.get("RuntimeDirectory", []):
            place = self.machine.directory / "run" / name
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
        words = [word.replace("$$", "$").replace("%%", "%") for word in shlex.split(command)]
        variables = {"PATH": self.machine.path, "HOME": str(self.machine.directory)}
        for file in self.settings.get("EnvironmentFile", []):
            lines = Path(file).read_text().splitlines()
            variables |= dict(line.split("=", 1) for line in lines if line.strip())
        for one in self.settings.get("Environment", []):
            variables |= dict([one.split("=", 1)])
        with self.machine.log(self.name).open("ab") as output:
            self.process = subprocess.Popen(
                words,
                cwd=self.settings["WorkingDirectory"][0],
                env=variables,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.started += 1

    def _end_group(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def reload(self) -> None:
        (command,) = self.settings["ExecReload"]
        subprocess.run(shlex.split(command.replace("$MAINPID", str(self.process.pid))), check=True)

    def stop(self) -> None:
        self.stopping.set()
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(float(self.settings.get("TimeoutStopSec", ["90"])[0]))
            except subprocess.TimeoutExpired:
                self._end_group()
                self.process.wait()

    def restart(self) -> None:
        self.stop()
        self.thread.join()
        self.start()


class Machine:
    """The directory that stands for `/`, and what the guides say is elsewhere."""

    def __init__(self, directory: Path):
        self.directory, self.units = directory, {}
        self.database, self.other_database = free_port(), free_port()
        self.server, self.monitor, self.https, self.http = (free_port() for _ in range(4))
        self.path = f"{binaries()}:{os.environ['PATH']}"
        self.replacements = {
            "127.0.0.1:8000": f"127.0.0.1:{self.server}",
            "--port 8000": f"--port {self.server}",
            "127.0.0.1:8001": f"127.0.0.1:{self.monitor}",
            "db.example/": f"127.0.0.1:{self.database}/",
            "db2.example/": f"127.0.0.1:{self.other_database}/",
            "PGHOST=db.example": f"PGHOST=127.0.0.1\nPGPORT={self.database}",
            "-o onrecord ": "",
            "…": PASSWORD,
        }
        for place in ("/srv/", "/etc/", "/run/", "/mnt/", "/var/lib/postgresql/"):
            (directory / place[1:]).mkdir(parents=True)
            self.replacements[place] = f"{directory}{place}"

    def log(self, name: str) -> Path:
        return self.directory / f"{name}.log"

    def here(self, code: str) -> str:
        """A block with the places, ports and passwords of this machine."""
        words = sorted(self.replacements, key=len, reverse=True)
        # A place is not replaced within a longer path, as one of this machine is.
        pattern = "|".join(
            rf"(?<![\w-]){re.escape(w)}" if w[0] == "/" else re.escape(w) for w in words
        )
        return re.sub(pattern, lambda found: self.replacements[found[0]], code)

    def write(self, block: Block, code: str | None = None) -> Path:
        """Write a block that is a file, or what is left of it for this machine."""
        file = Path(self.here(block.path))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.here(block.code if code is None else code))
        settings = settings_of(file.read_text())
        if file.suffix == ".service":
            self.units[file.name] = Unit(file.stem, self, settings)
        elif file.parent.name.endswith(".service.d"):  # more settings of a unit
            unit = self.units[file.parent.stem]
            for name, values in settings.items():
                unit.settings.setdefault(name, []).extend(values)
        return file

    def run(self, code: str, *, check: bool = True, account: str = "", **variables: str) -> str:
        """Run lines of the shell in the checkout, as they are in the guide.

        `systemctl` is for the units here. `account` is whose commands they are: the database's.
        """
        done = []
        for part in re.split(r"(?m)^(systemctl .*\n)", self.here(code)):
            if part.startswith("systemctl "):
                self._control(part.split()[1:])
            elif part.strip():
                done.append(self._shell(part, check, account, variables))
        return "".join(done)

    def _shell(self, code: str, check: bool, account: str, variables: dict[str, str]) -> str:
        known = {"PATH": self.path, "HOME": str(self.directory), "PGPASSWORD": PASSWORD}
        with tempfile.TemporaryFile("w+") as output:  # a pipe would end only with the server
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", code],
                cwd=self.directory / "srv/onrecord",
                env=known | variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                **as_account(account),
            )
            output.seek(0)
            said = output.read()
        if done.returncode and check:
            raise SystemExit(f"FAILED: {code}\n{said[-3000:]}")
        return said

    def _control(self, words: list[str]) -> None:
        verb, *names = [word for word in words if word != "--now"]
        for name in names:
            if name.endswith(".timer"):
                continue  # `systemd-analyze verify` has read it
            unit = self.units[name]
            {"enable": unit.start}.get(verb, getattr(unit, verb, None))()

    def stop(self) -> None:
        for unit in self.units.values():
            unit.stop()


def settings_of(text: str) -> dict[str, list[str]]:
    """The settings of a unit by name; one may be given several times."""
    found = {}
    for line in text.splitlines():
        name, given, value = line.partition("=")
        if given:
            found.setdefault(name, []).append(value)
    return found


def as_account(name: str) -> dict:
    """Options for a process of an account; only root can choose one."""
    if not name or os.geteuid():
        return {}
    account = pwd.getpwnam(name)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def account_of_database() -> str:
    """PostgreSQL refuses to run as root."""
    if os.geteuid():
        return ""
    known = {one.pw_name for one in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def version_of(program: str) -> tuple[int, ...]:
    """The version of a program, as its `version` says it."""
    said = subprocess.run([program, "version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.search(r"(\d+)\.(\d+)", said).groups()))


def found(program: str) -> str | None:
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
