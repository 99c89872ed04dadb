"""The server itself: making its data directory, starting it, stopping it. Used by the keeper."""

import functools
import locale
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pushaudit.local_database import locks, socket_directory
from pushaudit.local_database.binaries import Binaries
from pushaudit.local_database.owner import Owner
from pushaudit.local_database.parent_death import die_with_parent
from pushaudit.local_database.state import DATABASE, SUPERUSER, LocalDatabaseError, LocalState

PREDECESSOR_SECONDS = 60.0
START_SECONDS = 300.0  # recovery after a power cut reads the whole log
STOPS = (  # fast, then without a checkpoint, then by force
    (signal.SIGINT, 60.0),
    (signal.SIGQUIT, 10.0),
    (signal.SIGKILL, 10.0),
)
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "fsync": "on",  # an accepted notification is promised to survive a power cut, here too
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
    "logging_collector": "off",
    "lc_messages": "C",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    state: LocalState
    binaries: Binaries
    owner: Owner
    server_lock: int

    def make_data(self) -> None:
        """Make the data directory with its database, aside, so that it is whole or not there."""
        aside = self.state.directory / "data.new"
        shutil.rmtree(aside, ignore_errors=True)  # left by an interrupted start
        aside.mkdir(0o700)
        if os.geteuid() == 0:
            os.chown(aside, self.owner.uid, self.owner.gid)
        data = ["-D", str(aside)]
        self._run(
            "initdb", *data, "--username", SUPERUSER, "--auth", "trust", "--encoding", "UTF8",
            "--locale", _utf8_locale(), "--no-instructions", "--no-sync",
        )  # fmt: skip
        # The server is alone and its files unneeded if this fails: one sync at the end is enough.
        self._run(
            "postgres", "--single", "-j", *data, "-c", "fsync=off", "postgres",
            text=f"CREATE DATABASE {DATABASE};\n\n",
        )  # fmt: skip
        self._run("initdb", "--sync-only", *data)
        aside.rename(self.state.data)

    def start(self) -> subprocess.Popen[bytes]:
        socket_directory.make(self.state, uid=self.owner.uid, gid=self.owner.gid)
        # The lock says that no process of this cluster is left, so these are of a killed one, and
        # their process number may be another program's by now.
        for stale in (self.state.data / "postmaster.pid", Path(f"{self.state.socket}.lock")):
            stale.unlink(missing_ok=True)
        settings = {**SETTINGS, "unix_socket_directories": str(self.state.socket_directory)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        server = self._popen("postgres", "-D", str(self.state.data), *options)
        try:
            self._wait_until_ready(server)
        except LocalDatabaseError:
            stop(server)
            raise
        return server

    def _wait_until_ready(self, server: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not is_ready(self.state, server.pid):
            if server.poll() is not None:
                raise self._failure("PostgreSQL ended at its start")
            if time.monotonic() > deadline:
                raise self._failure(f"PostgreSQL did not start within {START_SECONDS:.0f} s")
            time.sleep(0.01)

    def _run(self, name: str, *arguments: str, text: str = "") -> None:
        process = self._popen(name, *arguments, stdin=subprocess.PIPE)
        process.communicate(text.encode())
        if process.returncode != 0:
            raise self._failure(f"{name} failed")

    def _popen(self, name: str, *arguments: str, **more: Any) -> subprocess.Popen[bytes]:
        """Start a program as the owner, bound to the life of this process and holding the lock."""
        number = signal.SIGINT if name == "postgres" else signal.SIGTERM
        with _open_log(self.state.server_log) as log:
            return subprocess.Popen(  # noqa: S603
                [self.binaries.program(name), *arguments],
                **{"stdin": subprocess.DEVNULL, **more},
                stdout=log,
                stderr=log,
                cwd="/",
                env=_environment(),
                pass_fds=(self.server_lock,),
                preexec_fn=functools.partial(die_with_parent, number, os.getpid()),
                **self.owner.popen_arguments(),
            )

    def _failure(self, what: str) -> LocalDatabaseError:
        log = self.state.server_log
        return LocalDatabaseError(f"{what}; the end of {log} is:\n{last_lines(log)}")


def await_predecessor(state: LocalState) -> int:
    """Wait until no process of an earlier server is left; the descriptor holds the server lock."""
    if (descriptor := locks.try_take(state.server_lock, locks.EXCLUSIVE)) is not None:
        return descriptor
    if sys.platform != "linux":
        _stop_orphan(state)
    descriptor = locks.take_within(state.server_lock, locks.EXCLUSIVE, PREDECESSOR_SECONDS)
    if descriptor is None:
        raise LocalDatabaseError(
            f"processes of an earlier PostgreSQL still run in {state.data}; end them first"
        )
    return descriptor


def is_ready(state: LocalState, pid: int | None = None) -> bool:
    """Whether the server says so in its pid file (as pg_ctl asks), optionally that very process."""
    try:
        lines = (state.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready" and (not pid or lines[0] == str(pid))


def stop(server: subprocess.Popen[bytes]) -> None:
    for number, seconds in STOPS:
        server.send_signal(number)
        try:
            server.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
        return


def last_lines(log: Path, count: int = 10) -> str:
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return "(no log)"
    return "\n".join(text.splitlines()[-count:])


def _utf8_locale() -> str:
    try:
        locale.setlocale(locale.LC_ALL, "C.UTF-8")
    except locale.Error:
        return "C"
    return "C.UTF-8"


def _environment() -> dict[str, str]:
    # Not the caller's: PGPORT, PGDATA and the like are settings to the server's programs.
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _open_log(path: Path) -> Any:
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    return os.fdopen(os.open(path, flags, 0o600), "ab")


def _stop_orphan(state: LocalState) -> None:
    """Where a server does not end with its keeper (macOS), end it, if it is surely ours."""
    try:
        pid = int((state.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return
    asked = ["/bin/ps", "-p", str(pid), "-o", "command="]
    said = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603
    if str(state.data) in said.stdout:
        os.kill(pid, signal.SIGINT)
