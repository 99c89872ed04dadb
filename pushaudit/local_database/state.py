"""Where a checkout keeps its local database, and its secret key.

Settings import this on every start, so nothing is created before a member asks for it.
"""

import hashlib
import os
import secrets
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

DATABASE = "pushaudit"
SUPERUSER = "postgres"
PORT = "5432"  # only a part of the socket's name: there is no TCP
MIN_SECRET_LENGTH = 50


class LocalDatabaseError(ImproperlyConfigured):
    """The local database cannot be used; the text says why and what to do."""


@dataclass(frozen=True)
class LocalState:
    """The paths of one checkout's local database, for the user who runs this process."""

    base_dir: Path
    override: str

    @cached_property
    def directory(self) -> Path:
        if self.override:
            return Path(self.override).expanduser().resolve()
        name = f"{self.base_dir.name}-{_hash8(self.base_dir.resolve())}"
        if os.geteuid() == 0:
            # Not in root's home: the server runs as another user, who could not enter it.
            return Path("/var/lib/pushaudit", name)
        return _state_home() / "pushaudit" / name

    @cached_property
    def data(self) -> Path:
        return self.directory / "data"

    @cached_property
    def lease(self) -> Path:
        """Held shared by every process that uses the database; the keeper stops when none does."""
        return self.directory / "lease"

    @cached_property
    def start_lock(self) -> Path:
        """Held by whoever starts a keeper, and by the keeper until it is ready."""
        return self.directory / "start.lock"

    @cached_property
    def keeper_lock(self) -> Path:
        """Held by the keeper for its life, so it also tells whether there is one."""
        return self.directory / "keeper.lock"

    @cached_property
    def server_lock(self) -> Path:
        """Held by every process of the server, so it tells when the last is gone."""
        return self.directory / "server.lock"

    @cached_property
    def keeper_log(self) -> Path:
        return self.directory / "keeper.log"

    @cached_property
    def server_log(self) -> Path:
        return self.directory / "postgresql.log"

    @cached_property
    def socket_directory(self) -> Path:
        # The path of a socket has at most 107 bytes, so it cannot be inside the state directory.
        name = f"pushaudit-{os.geteuid()}-{_hash8(self.directory)}"
        return Path("/tmp", name)  # noqa: S108 - made and checked by socket_directory.py

    @cached_property
    def socket(self) -> Path:
        return self.socket_directory / f".s.PGSQL.{PORT}"

    def secret_key(self) -> str:
        """The key made on first use; raises LocalDatabaseError when the file is unusable."""
        path = self.directory / "secret_key"
        try:
            if not path.exists():
                self.make_directory()
                _create_secret(path)
            key = path.read_text(encoding="ascii").strip()
        except OSError as error:
            raise LocalDatabaseError(
                f"the local secret key cannot be kept: {error}; set PUSHAUDIT_SECRET_KEY, or"
                " PUSHAUDIT_LOCAL_DIR to a directory that can be written"
            ) from None
        if len(key) < MIN_SECRET_LENGTH:
            raise LocalDatabaseError(f"{path} is damaged; remove it and a new key will be made")
        return key

    def database_settings(self) -> dict[str, Any]:
        return {
            "ENGINE": "pushaudit.local_database",
            "NAME": DATABASE,
            "USER": SUPERUSER,
            "HOST": str(self.socket_directory),
            "PORT": PORT,
            "CONN_MAX_AGE": 600,
            "CONN_HEALTH_CHECKS": True,
            # Given, though empty: libpq would otherwise let PGHOSTADDR lead to another server.
            "OPTIONS": {"hostaddr": ""},
            "STATE_DIRECTORY": str(self.directory),
        }

    def make_directory(self) -> None:
        """Create what is missing of the state directory; what exists is checked, never changed."""
        mode = 0o755 if os.geteuid() == 0 else 0o700
        _make_directories(self.directory, mode)
        found = self.directory.stat()
        if found.st_uid != os.geteuid():
            raise LocalDatabaseError(
                f"{self.directory} belongs to another user (uid {found.st_uid});"
                " set PUSHAUDIT_LOCAL_DIR to a directory of your own"
            )
        if found.st_mode & 0o002:
            raise LocalDatabaseError(
                f"{self.directory} can be written by everyone; remove that permission or set"
                " PUSHAUDIT_LOCAL_DIR to another directory"
            )


def local_state(base_dir: Path, override: str) -> LocalState:
    return LocalState(base_dir=base_dir, override=override)


def checkout_state() -> LocalState:
    """The state of this checkout for programs that run without settings."""
    root = Path(__file__).resolve().parent.parent.parent
    return local_state(root, os.environ.get("PUSHAUDIT_LOCAL_DIR", ""))


def _hash8(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:8]


def _state_home() -> Path:
    given = Path(os.environ.get("XDG_STATE_HOME", ""))
    if given.is_absolute():
        return given
    try:
        return Path.home() / ".local" / "state"
    except RuntimeError:
        raise LocalDatabaseError(
            "this user has no home directory; set PUSHAUDIT_LOCAL_DIR, or DATABASE_URL"
        ) from None


def _make_directories(path: Path, mode: int) -> None:
    missing = [path]
    while not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    for directory in reversed(missing):
        try:
            directory.mkdir(mode)
        except FileExistsError:
            continue
        directory.chmod(mode)  # whatever the umask took away


def _create_secret(path: Path) -> None:
    # Written aside and linked: of two first starts one wins, and neither reads a half-written key.
    aside = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            os.link(aside, path)
        except FileExistsError:
            return
    finally:
        aside.unlink()
