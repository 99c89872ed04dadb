"""Recording comes first: what can wait gives way to it."""

import os

NICE = 10


def be_nice() -> None:
    """Has the kernel prefer other processes. The database's own part of the work waits for this
    one's, so it gives way as well."""
    if hasattr(os, "nice") and os.nice(0) < NICE:
        os.nice(NICE - os.nice(0))
