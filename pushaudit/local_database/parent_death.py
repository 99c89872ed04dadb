"""Tie the life of a process to its parent's, so that `kill -9` of the parent leaves nothing."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(number: signal.Signals, parent: int) -> None:
    """Have the kernel send `number` to this process when `parent` ends; does nothing but on Linux.

    To be called after a change of user, which would clear it, and in a process forked by the
    parent's main thread: the signal comes when the forking thread ends.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:  # it ended before the kernel was asked
        os._exit(1)
