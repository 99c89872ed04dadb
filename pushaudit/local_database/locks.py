"""Advisory file locks (flock), which the kernel releases when their last holder ends, however."""

import fcntl
import os
import time
from pathlib import Path

SHARED = fcntl.LOCK_SH
EXCLUSIVE = fcntl.LOCK_EX


def take(path: Path, kind: int) -> int:
    """Wait for the lock; the descriptor returned holds it until closed."""
    while True:
        descriptor = _open(path)
        fcntl.flock(descriptor, kind)
        if _is_current(descriptor, path):
            return descriptor
        os.close(descriptor)  # removed by `make clean` while we waited


def try_take(path: Path, kind: int) -> int | None:
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def take_within(path: Path, kind: int, seconds: float) -> int | None:
    deadline = time.monotonic() + seconds
    while (descriptor := try_take(path, kind)) is None and time.monotonic() < deadline:
        time.sleep(0.02)
    return descriptor


def is_owned(path: Path) -> bool:
    """Whether someone holds the lock exclusively; asking does not disturb others who ask."""
    try:
        # A descriptor of its own for every question: on one shared across a fork, a process
        # killed between lock and unlock would leave the lock behind.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def _is_current(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
