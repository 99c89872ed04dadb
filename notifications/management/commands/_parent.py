"""Ending with the process that started a command, however that one ends."""

import ctypes
import os
import signal
import sys
from argparse import ArgumentParser

from django.core.management.base import CommandError

PR_SET_PDEATHSIG = 1


def add_parent(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--parent", type=int, metavar="PID", help="end with this parent process, even if killed"
    )


def end_with(parent: int) -> None:
    """Have the kernel end this process, and what replaces it by exec, when ``parent`` is gone."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if has_ended(parent):  # before the kernel was asked
        raise CommandError(f"the parent process {parent} has ended")


def has_ended(parent: int) -> bool:
    return os.getppid() != parent
