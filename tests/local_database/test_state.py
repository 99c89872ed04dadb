"""Where things are, the secret key, and that looking starts nothing."""

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pushaudit.local_database.state import LocalDatabaseError, local_state
from tests.local_database.command import ROOT, environment_for


def test_root_keeps_state_outside_private_homes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    directory = local_state(Path("/srv/checkout"), "").directory
    assert directory.parent == Path("/var/lib/pushaudit")
    assert directory.name.startswith("checkout-")
    assert directory != local_state(Path("/other/checkout"), "").directory


def test_a_user_keeps_state_at_home_or_where_xdg_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("HOME", "/home/ann")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    at_home = local_state(ROOT, "").directory
    assert at_home.parent == Path("/home/ann/.local/state/pushaudit")
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert local_state(ROOT, "").directory.parent == Path("/state/pushaudit")
    monkeypatch.setenv("XDG_STATE_HOME", "relative is ignored")
    assert local_state(ROOT, "").directory == at_home


def test_the_path_of_the_socket_is_short(tmp_path: Path) -> None:
    deep = local_state(ROOT, str(tmp_path / ("deep/" * 40)))
    assert len(str(deep.socket)) < 60
    assert deep.socket != local_state(ROOT, str(tmp_path)).socket


def test_computing_creates_nothing(tmp_path: Path) -> None:
    state = local_state(ROOT, str(tmp_path / "state"))
    assert state.database_settings()["HOST"] == str(state.socket_directory)
    assert list(tmp_path.iterdir()) == []
    assert not state.socket_directory.exists()


def test_the_secret_key_is_made_once_however_many_ask(tmp_path: Path) -> None:
    states = [local_state(ROOT, str(tmp_path / "a" / "state")) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda state: state.secret_key(), states))
    assert len(keys) == 1
    assert len(keys.pop()) >= 50
    (file,) = (tmp_path / "a" / "state").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_damaged_secret_key_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("short")
    with pytest.raises(LocalDatabaseError, match="damaged"):
        local_state(ROOT, str(tmp_path)).secret_key()


def test_a_secret_key_that_cannot_be_kept_names_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LocalDatabaseError, match="PUSHAUDIT_SECRET_KEY"):
        local_state(ROOT, str(tmp_path / "file" / "state")).secret_key()


def test_help_makes_a_key_and_starts_nothing(tmp_path: Path) -> None:
    state = local_state(ROOT, str(tmp_path / "state"))
    subprocess.run(
        [sys.executable, "manage.py", "help", "migrate"],
        check=True,
        capture_output=True,
        cwd=ROOT,
        env=environment_for(state.directory),
    )
    assert [path.name for path in state.directory.iterdir()] == ["secret_key"]
    assert not state.socket_directory.exists()
