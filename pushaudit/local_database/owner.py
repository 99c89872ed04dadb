"""The system user who runs the server: PostgreSQL refuses to be root."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pushaudit.local_database.state import LocalDatabaseError, LocalState


@dataclass(frozen=True, slots=True)
class Owner:
    uid: int
    gid: int
    name: str

    def popen_arguments(self) -> dict[str, Any]:
        """What makes subprocess run a program as this user; nothing when we are it."""
        if os.geteuid() != 0:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can_enter(self, path: Path) -> bool:
        # Asked of the system in that user's name: modes alone do not tell (ACLs, mount options).
        test = ["/bin/sh", "-c", 'test -x "$0"', str(path)]
        asked = subprocess.run(test, check=False, cwd="/", **self.popen_arguments())  # noqa: S603
        return asked.returncode == 0

    def require_way_to(self, path: Path) -> None:
        """Raise LocalDatabaseError naming the first directory this user cannot enter."""
        if self.can_enter(path):
            return
        blocked = next((p for p in reversed(path.parents) if not self.can_enter(p)), path)
        raise LocalDatabaseError(
            f"the database runs as user {self.name}, who cannot enter {blocked}; set"
            " PUSHAUDIT_LOCAL_DIR to a directory below a path that everyone can enter"
        )


def owner_of(state: LocalState) -> Owner:
    """Who runs, or will run, the server of this state directory."""
    uid = os.geteuid()
    if uid != 0:
        return Owner(uid, os.getegid(), _name(uid))
    if state.data.exists():
        found = state.data.stat()  # once made it stays with its user, whoever is installed later
        if found.st_uid == 0:
            raise LocalDatabaseError(f"{state.data} belongs to root, as whom no PostgreSQL runs")
        return Owner(found.st_uid, found.st_gid, _name(found.st_uid))
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Owner(entry.pw_uid, entry.pw_gid, name)
    raise LocalDatabaseError(
        "PostgreSQL does not run as root, and there is no user postgres or nobody; start as an"
        " ordinary user, or set DATABASE_URL"
    )


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
