"""What is wrong with the surroundings is said clearly, and nothing that is not ours is changed."""

import os
import stat
from pathlib import Path

import pytest

from pushaudit.local_database import binaries, clean, locks
from pushaudit.local_database.state import LocalDatabaseError, LocalState, local_state
from tests.local_database.command import ROOT
from tests.local_database.conftest import Launch, Start

AS_ROOT = os.geteuid() == 0


@pytest.mark.parametrize("kind", ["open to others", "a link", "a file"])
def test_a_socket_directory_that_is_not_ours_is_refused(
    start: Start, state: LocalState, area: Path, kind: str
) -> None:
    place, elsewhere = state.socket_directory, area / "elsewhere"
    elsewhere.mkdir(mode=0o700, exist_ok=True)
    match kind:
        case "open to others":
            place.mkdir()
            place.chmod(0o755)
        case "a link":
            place.symlink_to(elsewhere)
        case "a file":
            place.touch()
    before = place.lstat()
    command = start()
    try:
        command.tell("SELECT 1")
        said = command.end()
        assert f"{place} is not the private directory" in said
        assert "Traceback" not in said
        assert place.lstat().st_mode == before.st_mode
        assert list(elsewhere.iterdir()) == []
    finally:
        place.rmdir() if kind == "open to others" else place.unlink()


@pytest.mark.skipif(not AS_ROOT, reason="only root can make a directory of another user")
def test_a_socket_directory_of_another_user_is_refused(start: Start, state: LocalState) -> None:
    state.socket_directory.mkdir(mode=0o700)
    os.chown(state.socket_directory, 12345, 12345)
    command = start()
    command.tell("SELECT 1")
    assert "is not the private directory" in command.end()
    state.socket_directory.rmdir()


def test_directories_that_exist_keep_their_permissions(
    start: Start, state: LocalState, area: Path
) -> None:
    state.directory.chmod(0o751)
    before = {path: path.stat().st_mode for path in (area, *area.parents, state.directory)}
    command = start()
    assert command.ask("SELECT 1") == "1"
    command.end()
    assert {path: path.stat().st_mode for path in before} == before


def test_the_data_is_private(state: LocalState) -> None:
    found = state.data.stat()
    assert stat.S_IMODE(found.st_mode) == 0o700
    assert found.st_uid == os.geteuid() or AS_ROOT
    assert found.st_uid != 0


@pytest.mark.skipif(not AS_ROOT, reason="else the server runs as the user who made the directory")
def test_a_directory_that_the_servers_user_cannot_enter_is_named(
    area: Path, launch: Launch
) -> None:
    private = area / "private"
    private.mkdir(mode=0o700)
    command = launch(local_state(ROOT, str(private / "state")))
    command.tell("SELECT 1")
    said = command.end()
    assert f"who cannot enter {private};" in said
    assert "PUSHAUDIT_LOCAL_DIR" in said
    assert stat.S_IMODE(private.stat().st_mode) == 0o700


def test_a_state_directory_that_everyone_can_write_is_refused(area: Path) -> None:
    open_to_all = area / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    with pytest.raises(LocalDatabaseError, match="can be written by everyone"):
        local_state(ROOT, str(open_to_all)).make_directory()


@pytest.mark.skipif(not AS_ROOT, reason="only root can make a directory of another user")
def test_a_state_directory_of_another_user_is_refused(area: Path) -> None:
    foreign = area / "foreign"
    foreign.mkdir()
    os.chown(foreign, 12345, 12345)
    with pytest.raises(LocalDatabaseError, match="belongs to another user"):
        local_state(ROOT, str(foreign)).make_directory()


def test_data_of_a_version_that_is_not_here_names_directory_and_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(binaries.VARIABLE, raising=False)
    state = local_state(ROOT, str(tmp_path))
    state.data.mkdir()
    (state.data / "PG_VERSION").write_text("14\n")
    with pytest.raises(LocalDatabaseError) as raised:
        binaries.choose(state)
    assert f"{state.data} was made by PostgreSQL 14" in str(raised.value)
    assert "make clean" in str(raised.value)


def test_clean_refuses_while_a_command_uses_the_database(start: Start, state: LocalState) -> None:
    command = start()
    command.postmaster()
    with pytest.raises(LocalDatabaseError, match="is in use"):
        clean.remove(state)
    assert command.ask("SELECT 1") == "1"


def test_clean_waits_for_the_keeper_and_removes_what_is_ours(empty: LocalState) -> None:
    empty.secret_key()
    empty.data.mkdir()
    (empty.data / "file").touch()
    (empty.directory / "not-ours").touch()
    os.close(locks.take(empty.lease, locks.SHARED))
    assert clean.remove(empty)
    assert [path.name for path in empty.directory.iterdir()] == ["not-ours"]
    (empty.directory / "not-ours").unlink()
    assert clean.remove(empty)
    assert not empty.directory.exists()
    assert not clean.remove(empty)
