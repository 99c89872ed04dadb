"""The side of the commands: hold the lease, and have a keeper started when there is none."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from pushaudit.local_database import cluster, locks, socket_directory
from pushaudit.local_database.state import LocalDatabaseError, LocalState

ANSWER_SECONDS = 60.0

# One per state directory, open until this process ends; a fork or an exec carries it on.
_leases: dict[Path, int] = {}


def hold(state: LocalState) -> None:
    """Take the lease once for this process; waits while a keeper is stopping the server."""
    if state.directory in _leases:
        return
    try:
        state.make_directory()
        descriptor = locks.take(state.lease, locks.SHARED)
    except OSError as error:
        raise LocalDatabaseError(
            f"the local database cannot be kept: {error}; set PUSHAUDIT_LOCAL_DIR to a directory"
            " that can be written, or DATABASE_URL"
        ) from None
    os.set_inheritable(descriptor, True)
    if _leases.setdefault(state.directory, descriptor) != descriptor:
        os.close(descriptor)  # another thread was faster


def ensure_running(state: LocalState) -> None:
    """Before a connection: cheap when this process has the lease and the keeper lives."""
    if state.directory not in _leases or not locks.is_owned(state.keeper_lock):
        ensure_answering(state)
    _check_socket_directory(state)


def ensure_answering(state: LocalState) -> None:
    """Start the server unless it answers; waits for a start or a stop under way."""
    hold(state)
    start_lock = locks.take(state.start_lock, locks.EXCLUSIVE)
    try:
        deadline = time.monotonic() + ANSWER_SECONDS
        while (keeper_lock := locks.try_take(state.keeper_lock, locks.EXCLUSIVE)) is None:
            if locks.is_owned(state.keeper_lock) and _answers(state):
                return
            if time.monotonic() > deadline:
                raise LocalDatabaseError(
                    f"the keeper of the local database lives but PostgreSQL does not answer; see"
                    f" {state.server_log}"
                )
            time.sleep(0.02)
        try:
            _start_keeper(state, start_lock, keeper_lock)
        finally:
            os.close(keeper_lock)
    finally:
        os.close(start_lock)


def _answers(state: LocalState) -> bool:
    if not cluster.is_ready(state):
        return False
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(state.socket)) == 0


def _check_socket_directory(state: LocalState) -> None:
    # As root the server runs as another user, the one its data directory belongs to.
    uid = os.geteuid() or state.data.stat().st_uid
    try:
        socket_directory.check(state.socket_directory, uid)
    except FileNotFoundError:
        return  # removed under a running server: connecting will fail, and its keeper notices


def _start_keeper(state: LocalState, start_lock: int, keeper_lock: int) -> None:
    root = Path(__file__).resolve().parent.parent.parent
    read_end, write_end = os.pipe()
    handed = (write_end, start_lock, keeper_lock)  # not the lease: the keeper must see it free
    with os.fdopen(read_end, encoding="utf-8") as answers:
        try:
            _spawn(state, root, handed)
        finally:
            os.close(write_end)
        for line in answers:
            match json.loads(line):
                case {"notice": notice}:
                    sys.stderr.write(f"{notice}\n")
                case {"error": error}:
                    raise LocalDatabaseError(f"the local database did not start: {error}")
                case {"ready": _}:
                    return
    raise LocalDatabaseError(
        f"the keeper of the local database ended at its start; the end of {state.keeper_log} is:\n"
        f"{cluster.last_lines(state.keeper_log)}"
    )


def _spawn(state: LocalState, root: Path, handed: tuple[int, ...]) -> None:
    module = [sys.executable, "-m", "pushaudit.local_database.keeper"]
    path = os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH"))))
    with os.fdopen(os.open(state.keeper_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)) as log:
        subprocess.run(  # noqa: S603
            [*module, str(state.directory), *map(str, handed)],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env={**os.environ, "PYTHONPATH": path},
            pass_fds=handed,
            start_new_session=True,
        )
