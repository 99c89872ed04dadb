"""`manage.py work` as a process: it ends when it is asked to, and with its parent."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pushaudit.local_database import locks
from pushaudit.local_database.state import LocalState
from tests.local_database.command import ROOT, environment_for
from tests.local_database.conftest import Start, wait_for, wait_until_gone

WORK = f'"{sys.executable}" manage.py work'


def started(state: LocalState, printed: Path, command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A shell that runs a worker, once that is working."""
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env=environment_for(state.directory),
        check=True,
    )
    with printed.open("wb") as file:
        shell = subprocess.Popen(  # noqa: S603
            ["/bin/sh", "-c", command],
            cwd=ROOT,
            env=environment_for(state.directory),
            stdout=file,
            stderr=file,
        )
    try:
        wait_for(lambda: "working: settings, partitions" in printed.read_text(), "the worker")
        yield shell
    finally:
        shell.kill()
        shell.wait()


@pytest.fixture
def worker(state: LocalState, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    yield from started(state, tmp_path / "printed", f"exec {WORK}")


@pytest.fixture
def shell(state: LocalState, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    yield from started(state, tmp_path / "printed", f"{WORK} --parent $$ & wait")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_when_asked(
    worker: subprocess.Popen[bytes], state: LocalState, tmp_path: Path, number: signal.Signals
) -> None:
    worker.send_signal(number)
    assert worker.wait(30) == 0
    wait_until_gone(state)
    assert "Traceback" not in (tmp_path / "printed").read_text()


def test_it_ends_with_its_killed_parent(shell: subprocess.Popen[bytes], state: LocalState) -> None:
    assert locks.is_owned(state.keeper_lock)
    shell.kill()
    wait_until_gone(state)


def test_it_ends_at_once_where_its_parent_is_gone(state: LocalState) -> None:
    said = subprocess.run(
        [sys.executable, "manage.py", "work", "--parent", "1"],
        cwd=ROOT,
        env=environment_for(state.directory),
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 1
    assert "the parent process 1 has ended" in said.stderr


def test_it_goes_on_when_the_server_is_killed(
    worker: subprocess.Popen[bytes], start: Start, state: LocalState, tmp_path: Path
) -> None:
    os.kill(start().postmaster(), signal.SIGKILL)
    printed = tmp_path / "printed"
    wait_for(lambda: "well again" in printed.read_text(), "the worker's next turn")
    assert "again in 5 s" in printed.read_text()
    assert worker.poll() is None
