"""The Push Servers that are followed, a piece of one at a time: neither they nor what else a worker
does wait for each other."""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from django.utils import timezone

from notifications.ingest.foreign_database import BrokenOff
from notifications.models import PushServerReading

from . import follow

EVERY = 5.0  # seconds, where all is read that there is
RETRY = 30.0  # where it cannot be read
_log = logging.getLogger(__name__)


class Server(Protocol):
    """As ``settings.PUSH_SERVERS`` has it."""

    @property
    def dsn(self) -> str: ...
    @property
    def timezone(self) -> str: ...


class Turns:
    """Follows those that are wanted, and logs which begin to fail and which are well again."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = timezone.now,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock, self._ticks = clock, ticks
        self._due: dict[str, float] = {}
        self._unfinished: set[str] = set()
        self._failing: set[str] = set()

    def take(self, servers: Mapping[str, Server]) -> bool:
        """Reads a piece of the one that is due for the longest; whether one has more, or was not
        looked at yet."""
        if not servers:
            return False
        wanted = PushServerReading.objects.filter(pk__in=servers, is_wanted=True)
        sources = sorted(wanted.values_list("pk", flat=True))
        for stopped in self._due.keys() - set(sources):
            self._forget(stopped)
        now = self._ticks()
        due = [each for each in sources if self._due.get(each, now) <= now]
        if due:
            source = min(due, key=lambda each: (self._due.get(each, 0.0), each))
            self._read(source, servers[source])
        return any(each not in self._due or each in self._unfinished for each in sources)

    def _read(self, source: str, server: Server) -> None:
        zone = ZoneInfo(server.timezone)
        try:
            more = follow.step(source, server.dsn, zone, clock=self._clock).more
        except BrokenOff as problem:
            self._unfinished.discard(source)
            self._due[source] = self._ticks() + RETRY
            if source not in self._failing:
                self._failing.add(source)
                _log.warning("push server %s: %s", source, problem)
            return
        self._due[source] = self._ticks() + (0.0 if more else EVERY)
        if more:
            self._unfinished.add(source)
        else:
            self._unfinished.discard(source)
        if source in self._failing:
            self._failing.remove(source)
            _log.info("push server %s: well again", source)

    def _forget(self, source: str) -> None:
        del self._due[source]
        self._unfinished.discard(source)
        self._failing.discard(source)
