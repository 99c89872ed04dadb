"""Being asked to end, noticed between two pieces of work and never within one."""

import os
import select
import signal
from types import FrameType


class Ending:
    """Remembers SIGTERM and SIGINT and wakes whoever sleeps here. A second one ends at once."""

    def __init__(self) -> None:
        self.is_asked = False
        self._read, write = os.pipe()
        os.set_blocking(write, False)
        signal.set_wakeup_fd(write)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def sleep(self, seconds: float) -> None:
        """At most so long; not at all once asked to end."""
        if not self.is_asked and select.select([self._read], [], [], seconds)[0]:
            os.read(self._read, 512)

    def _ask(self, number: int, _frame: FrameType | None) -> None:
        self.is_asked = True
        signal.signal(number, signal.SIG_DFL)
