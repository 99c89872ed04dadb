"""The process that owns the server: starts it, and stops it when the last lease is given back.

Run by `lease.py` as `python -m pushaudit.local_database.keeper DIRECTORY REPORT START KEEPER`, the
last three being descriptors: where to report, and the locks handed over (see `state.py`).
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from pushaudit.local_database import binaries, cluster, locks, owner, socket_directory
from pushaudit.local_database.state import LocalDatabaseError, LocalState, local_state

POLL_SECONDS = 0.2
LOG_LIMIT = 10_000_000


class Report:
    """What the starter is told, one JSON object a line; closing it ends the starter's wait."""

    def __init__(self, descriptor: int) -> None:
        self._file = os.fdopen(descriptor, "w", encoding="utf-8")

    def send(self, kind: str, text: str = "") -> None:
        try:
            self._file.write(json.dumps({kind: text}) + "\n")
            self._file.flush()
        except BrokenPipeError:
            return  # the starter was killed; others may already wait for this server

    def close(self) -> None:
        self._file.close()


class Signals:
    """SIGTERM remembered and SIGCHLD waking, without doing anything inside a handler."""

    def __init__(self) -> None:
        self.terminated = False
        self._read, write = os.pipe()
        os.set_blocking(write, False)
        signal.set_wakeup_fd(write)
        signal.signal(signal.SIGTERM, self._terminate)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def wait(self, seconds: float) -> None:
        if select.select([self._read], [], [], seconds)[0]:
            os.read(self._read, 512)

    def _terminate(self, _number: int, _frame: FrameType | None) -> None:
        self.terminated = True


def start(state: LocalState, report: Report) -> subprocess.Popen[bytes]:
    server_lock = cluster.await_predecessor(state)
    _trim(state.server_log)
    user = owner.owner_of(state)
    chosen = binaries.choose(state)
    user.require_way_to(state.directory)
    chosen = binaries.within_reach(chosen, user, state)
    first = "" if state.data.exists() else ", made now"
    report.send(
        "notice",
        f"Starting PostgreSQL {chosen.text} from {chosen.directory}"
        f" as user {user.name} in {state.data}{first}",
    )
    made = cluster.Cluster(state, chosen, user, server_lock)
    if not state.data.exists():
        made.make_data()
    server = made.start()
    os.close(server_lock)  # from now on only the server's processes hold it
    return server


def watch(state: LocalState, server: subprocess.Popen[bytes], signals: Signals) -> str:
    """Return, with the reason, once the server is gone; the lock then held is kept until exit."""
    while True:
        signals.wait(POLL_SECONDS)
        if server.poll() is not None:
            return f"PostgreSQL ended by itself ({server.returncode})"
        if signals.terminated:
            # Keeps newcomers waiting until we are gone; a moment's patience, no more.
            locks.take_within(state.start_lock, locks.EXCLUSIVE, 1.0)
            reason = "asked to stop"
        elif not state.socket.exists():
            reason = "the socket was removed"
        elif locks.try_take(state.lease, locks.EXCLUSIVE) is not None:
            reason = "no command uses the database any more"
        else:
            continue
        cluster.stop(server)
        return reason


def main(arguments: list[str]) -> None:
    if os.fork():
        os._exit(0)  # whoever started us need not reap us
    directory = Path(arguments[0])
    report_fd, start_lock, _keeper_lock = map(int, arguments[1:])
    for descriptor in (report_fd, start_lock, _keeper_lock):
        os.set_inheritable(descriptor, False)
    state = local_state(directory, override=str(directory))
    report = Report(report_fd)
    try:
        server = start(state, report)
    except (LocalDatabaseError, OSError) as error:
        _log(f"could not start: {error}")
        report.send("error", str(error))
        sys.exit(1)
    signals = Signals()
    report.send("ready")
    report.close()
    os.close(start_lock)
    _log(f"keeper {os.getpid()} started PostgreSQL {server.pid}")
    reason = watch(state, server, signals)
    socket_directory.remove(state)
    _log(f"keeper {os.getpid()} ended: {reason}")


def _trim(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        os.truncate(log, 0)


def _log(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
