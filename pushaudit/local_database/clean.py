"""`python -m pushaudit.local_database.clean`: remove the checkout's local database, if unused."""

import os
import shutil
import sys
import time
from pathlib import Path

from pushaudit.local_database import locks
from pushaudit.local_database.state import LocalDatabaseError, LocalState, checkout_state

KEEPER_SECONDS = 30.0
OURS = (
    *("data", "data.new", "postgresql-*", "*.log", "secret_key*", "*.lock", "lease"),
    "exports",  # the files of exports, where a local service keeps them
)


def remove(state: LocalState) -> bool:
    """Remove what this package made in the state directory; False when there is nothing.

    Raises LocalDatabaseError while a command uses the database.
    """
    if not state.directory.exists():
        return False
    held = _take_unused(state)
    try:
        for pattern in OURS:
            for path in state.directory.glob(pattern):
                _delete(path)
        if not any(state.directory.iterdir()):
            state.directory.rmdir()
    finally:
        for descriptor in held:
            os.close(descriptor)
    return True


def _take_unused(state: LocalState) -> tuple[int, int]:
    """The lease and the keeper's lock, once a keeper without users has stopped its server."""
    deadline = time.monotonic() + KEEPER_SECONDS
    while time.monotonic() < deadline:
        lease = locks.try_take(state.lease, locks.EXCLUSIVE)
        if lease is not None:
            keeper = locks.try_take(state.keeper_lock, locks.EXCLUSIVE)
            if keeper is not None:
                return lease, keeper
            os.close(lease)  # the keeper needs it to see that it may stop
        elif not locks.is_owned(state.lease):
            break
        time.sleep(0.05)
    raise LocalDatabaseError(
        f"the local database in {state.directory} is in use; end the commands that use it first"
    )


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def main() -> None:
    state = checkout_state()
    try:
        removed = remove(state)
    except (LocalDatabaseError, OSError) as error:
        sys.exit(f"nothing removed: {error}")
    if removed:
        sys.stderr.write(f"removed the local database in {state.directory}\n")


if __name__ == "__main__":
    main()
