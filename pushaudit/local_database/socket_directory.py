"""The private directory of the server's socket: who can enter it can use the database."""

import os
import stat
from pathlib import Path

from pushaudit.local_database.state import LocalDatabaseError, LocalState


def make(state: LocalState, *, uid: int, gid: int) -> None:
    """Create the directory for the server's user, or check the one that is there."""
    path = state.socket_directory
    try:
        path.mkdir(0o700)
    except FileExistsError:
        check(path, uid)
        return
    path.chmod(0o700)
    if os.geteuid() == 0:
        os.chown(path, uid, gid)


def check(path: Path, uid: int) -> None:
    """Raise LocalDatabaseError unless only `uid` can enter: its parent is open to everyone."""
    found = path.lstat()
    if stat.S_ISDIR(found.st_mode) and found.st_uid == uid and not found.st_mode & 0o077:
        return
    raise LocalDatabaseError(
        f"{path} is not the private directory this program makes there (expected: a directory of"
        f" uid {uid} with mode 0700); someone else may have put it there, so it is not used."
        " Remove it, or set PUSHAUDIT_LOCAL_DIR to another directory"
    )


def remove(state: LocalState) -> None:
    """Remove the directory and what a killed server left in it."""
    for leftover in (state.socket, Path(f"{state.socket}.lock")):
        leftover.unlink(missing_ok=True)
    if state.socket_directory.is_dir():
        state.socket_directory.rmdir()
