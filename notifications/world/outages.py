"""When a source of the world was not recorded: what it told then is lost, and known to be."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from .chance import seconds

LASTS = (600, 2_400)  # seconds: longer than a source may be silent


@dataclass(frozen=True, slots=True)
class Outage:
    since: datetime
    until: datetime

    def has(self, moment: datetime) -> bool:
        return self.since <= moment < self.until


def outages(count: int, *, since: datetime, until: datetime, rng: Random) -> tuple[Outage, ...]:
    """``count`` outages within the window, in order of time, none touching another; fewer where the
    window has no room for them."""
    room = (until - since) / max(count, 1)
    found = []
    for number in range(count):
        lasting = seconds(rng, *LASTS)
        free = (room - lasting).total_seconds()
        if free > 2:
            begins = since + number * room + seconds(rng, 1, free - 1)
            found.append(Outage(begins, begins + lasting))
    return tuple(found)


def covered(
    *, since: datetime, until: datetime, missed: Sequence[Outage]
) -> Iterator[tuple[datetime, datetime]]:
    """What is left of the window when the outages are taken out of it."""
    begins = since
    for outage in missed:
        yield begins, outage.since
        begins = outage.until
    yield begins, until


def contacts(
    every: timedelta, *, since: datetime, until: datetime, missed: Sequence[Outage]
) -> Iterator[datetime]:
    """The heartbeats or probes of a source that arrived: from ``since`` on, the last ones just
    before each outage and the end."""
    for begins, ends in covered(since=since, until=until, missed=missed):
        moment = begins
        while moment < ends:
            yield moment
            moment += every
        yield ends
