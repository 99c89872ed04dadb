"""Which PostgreSQL is used, by whom, and that Django's ways to reach it lead nowhere else."""

import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pushaudit.local_database import binaries
from pushaudit.local_database.owner import owner_of
from pushaudit.local_database.state import LocalDatabaseError, LocalState, local_state
from tests.local_database.command import ROOT, Command, Nursery
from tests.local_database.conftest import Start, wait_until_gone

PACKAGE = Path(importlib.util.find_spec(binaries.WHEEL).origin).parent  # type: ignore[union-attr, arg-type]


def test_the_wheel_serves_where_nothing_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(binaries.VARIABLE, raising=False)
    monkeypatch.setattr(binaries, "INSTALLED", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    chosen = binaries.choose(local_state(ROOT, str(tmp_path)))
    assert PACKAGE in chosen.directory.parents
    assert chosen.version[0] == 18


def test_a_directory_of_programs_can_be_given_and_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = local_state(ROOT, str(tmp_path / "state"))
    monkeypatch.setenv(binaries.VARIABLE, str(tmp_path))
    with pytest.raises(LocalDatabaseError, match=f"{binaries.VARIABLE} must name a directory"):
        binaries.choose(state)
    given = PACKAGE / "pginstall" / "bin"
    monkeypatch.setenv(binaries.VARIABLE, str(given))
    assert binaries.choose(state).directory == given
    state.data.mkdir(parents=True)
    (state.data / "PG_VERSION").write_text("15\n")
    with pytest.raises(LocalDatabaseError, match=r"but .* was made by 15"):
        binaries.choose(state)


def test_a_cluster_keeps_its_major_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(binaries.VARIABLE, raising=False)
    monkeypatch.setattr(binaries, "INSTALLED", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    state = local_state(ROOT, str(tmp_path))
    state.data.mkdir()
    (state.data / "PG_VERSION").write_text("16\n")
    assert binaries.choose(state).version[0] == 16


def test_the_wheels_server_runs_from_a_private_venv_too(empty: LocalState, area: Path) -> None:
    private = area / "venv"
    private.mkdir(mode=0o700)
    for path in (PACKAGE, PACKAGE.with_name(f"{PACKAGE.name}.libs")):
        subprocess.run(["cp", "-a", path, private], check=True)  # noqa: S603, S607
    copy = private / PACKAGE.name / "pginstall18" / "bin"
    environment = {binaries.VARIABLE: str(copy), "PYTHONPATH": str(private)}
    with Nursery(env=environment) as nursery:
        command = Command(nursery, empty.directory)
        assert command.ask("SHOW server_version").startswith("18.")
        assert command.ask("SHOW fsync") == "on"
        assert command.ask("SHOW listen_addresses") == ""
        said = command.end()
    assert said.startswith("Starting PostgreSQL 18.")
    if os.geteuid() == 0:
        assert str(empty.directory / "postgresql-18.") in said
    wait_until_gone(empty)
    shutil.rmtree(private)


def test_an_ordinary_user_runs_the_server_as_himself(area: Path) -> None:
    """As root: as nobody, with a Python that nobody can run."""
    if os.geteuid() != 0:
        assert owner_of(local_state(ROOT, str(area))).popen_arguments() == {}
        return
    nobody = pwd.getpwnam("nobody")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    how = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    python = next((p for p in (sys.executable, f"/usr/bin/{version}") if _runs(p, how)), None)
    if python is None:
        pytest.skip(f"no {version} that another user can run, or this checkout is private")
    home = area / "nobody"
    home.mkdir(mode=0o700)
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with Nursery(python, env=environment, **how) as nursery:
        command = Command(nursery, home / "state")
        assert command.ask("SELECT current_database()") == "pushaudit"
        assert f"as user {nobody.pw_name} " in command.end()
    state = local_state(ROOT, str(home / "state"))
    wait_until_gone(state)
    assert {path.stat().st_uid for path in (state.directory, state.data)} == {nobody.pw_uid}
    assert state.directory.stat().st_mode & 0o077 == 0


def test_the_environment_leads_nobody_astray(state: LocalState) -> None:
    environment = {"PGHOSTADDR": "192.0.2.1", "PGPORT": "1", "PGDATABASE": "none", "PGUSER": "none"}
    who = "SELECT current_database() || current_user || current_setting('listen_addresses')"
    with Nursery(env=environment) as nursery:
        command = Command(nursery, state.directory)
        assert command.ask(who) == "pushauditpostgres"
        assert command.ask(f"psql {who}") == "pushauditpostgres"
        command.end()


def test_django_can_make_its_test_database(start: Start) -> None:
    command = start()
    assert command.ask("create_test_db") == "test_pushaudit"
    assert command.ask("SELECT current_database()") == "test_pushaudit"


def _runs(python: str, how: dict[str, object]) -> bool:
    try:
        asked = [python, "-c", f"import ssl, ctypes; open({str(ROOT / 'manage.py')!r})"]
        return subprocess.run(asked, check=False, cwd="/", **how).returncode == 0  # type: ignore[call-overload, no-any-return]  # noqa: S603
    except PermissionError:
        return False
