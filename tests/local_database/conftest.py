"""State directories with a cluster in them. None uses the test database of the other tests."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pushaudit.local_database import locks
from pushaudit.local_database.state import LocalState, local_state
from tests.local_database.command import ROOT, Command, Nursery

Launch = Callable[[LocalState], Command]
Start = Callable[[], Command]
PATIENCE = 30.0


@pytest.fixture(scope="session")
def area() -> Iterator[Path]:
    """A directory that the server's user can enter, which pytest's own are not for root's."""
    path = Path(tempfile.mkdtemp(prefix="pushaudit-tests-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery


@pytest.fixture(scope="session")
def first_starts(area: Path, nursery: Nursery) -> list[tuple[int, str]]:
    """Two commands start at the same moment where nothing is: their servers and messages."""
    commands = [Command(nursery, area / "made") for _ in range(2)]
    for command in commands:
        command.tell("SELECT pg_read_file('postmaster.pid', 0, 20)")
    servers = [int(command.hear().split()[0]) for command in commands]
    messages = [command.end() for command in commands]
    wait_until_gone(local_state(ROOT, str(area / "made")))
    return list(zip(servers, messages, strict=True))


@pytest.fixture
def empty(area: Path, request: pytest.FixtureRequest) -> Iterator[LocalState]:
    """A state directory that does not exist yet; afterwards nothing may be left of its use."""
    state = local_state(ROOT, str(area / request.node.name.split("[")[0]))
    yield state
    if state.directory.exists():
        wait_until_gone(state)
        shutil.rmtree(state.directory)


@pytest.fixture
def state(first_starts: object, area: Path) -> Iterator[LocalState]:
    """The state directory with a cluster, not running: one for all tests, as making it is slow."""
    state = local_state(ROOT, str(area / "made"))
    yield state
    wait_until_gone(state)


@pytest.fixture
def launch(nursery: Nursery) -> Iterator[Launch]:
    """Starts commands on any state; those left at the end are killed."""
    commands: list[Command] = []

    def new(state: LocalState) -> Command:
        commands.append(Command(nursery, state.directory))
        return commands[-1]

    yield new
    for command in commands:
        command.kill()


@pytest.fixture
def start(state: LocalState, launch: Launch) -> Start:
    """Starts commands on `state`."""
    return lambda: launch(state)


def keeper_of(state: LocalState) -> int:
    """The process number of the keeper started last."""
    started = [line for line in state.keeper_log.read_text().splitlines() if "started" in line]
    return int(started[-1].split()[2])


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.01)


def wait_until_gone(state: LocalState) -> None:
    """Keeper, server and socket."""
    wait_for(lambda: not locks.is_owned(state.keeper_lock), "the keeper's end")
    wait_for(lambda: not locks.is_owned(state.server_lock), "the server's end")
    assert not (state.data / "postmaster.pid").exists()


def is_running(pid: int) -> bool:
    """Not counting a zombie, which some init may take a while to collect."""
    state = ["ps", "-o", "stat=", "-p", str(pid)]
    said = subprocess.run(state, capture_output=True, text=True, check=False)  # noqa: S603
    return said.stdout.strip()[:1] not in ("", "Z")
