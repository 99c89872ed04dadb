"""A world of any size: how many days and people it takes, its truth and its emissions in order."""

import math
from collections.abc import Iterator
from datetime import datetime
from heapq import heappop, heappush
from operator import attrgetter
from random import Random

from notifications.protocol.identity import to_millisecond

from .chance import stream
from .day import DAY, Day
from .emitter import MAX_LAG, Emitted, Emitter
from .facts import Fact
from .faults import Faults
from .people import Style, User, populate

PER_DAY = 20_000  # messages a day; a larger world is a longer one
MOST_DAYS = 365  # and from here on a denser one
PER_USER = 5  # messages a day
FEWEST_USERS = 3


class World:
    """About ``size`` messages of whole days ending at ``until`` (UTC-aware, exclusive).

    The same seed, size and end are the same world, whatever the ``style`` in which all users are
    told of and the ``app_id`` that all of them have (None: each one's own). Facts and emissions
    come in order of time, and at no time is more held than a day of them.
    """

    def __init__(
        self,
        *,
        seed: int,
        size: int,
        until: datetime,
        style: Style | None = None,
        app_id: str | None = None,
    ) -> None:
        if size < 1:
            raise ValueError("The size of a world must be at least 1.")
        if until.utcoffset() is None:
            raise ValueError("The end of a world must have a time zone.")
        self.seed, self.size = seed, size
        self.until = to_millisecond(until)
        self.days = min(math.ceil(size / PER_DAY), MOST_DAYS)
        self.since = self.until - self.days * DAY
        count = max(FEWEST_USERS, round(size / self.days / PER_USER))
        people = populate(seed=seed, count=count, since=self.since, until=self.until, style=style)
        self.people: tuple[User, ...] = (
            people if app_id is None else tuple(user.in_app(app_id) for user in people)
        )

    def facts(self) -> Iterator[Fact]:
        """The truth, in order of time. What would end after the window is still pending in it."""
        # The last facts leave their messages the time to be emitted within the window.
        end = self.until - MAX_LAG
        waiting: list[Fact] = []
        for number in range(self.days):
            day = Day(
                number=number,
                start=self.since + number * DAY,
                rng=self._stream("day", number),
                people=self.people,
            )
            target = self.size * (number + 1) // self.days - self.size * number // self.days
            waiting += day.happen(target=target)
            waiting.sort(key=attrgetter("at"))
            over = min(day.start + DAY, end)
            told = [fact for fact in waiting if fact.at < over]
            waiting = waiting[len(told) :]
            yield from told

    def emissions(self, faults: Faults) -> Iterator[Emitted]:
        """What the emitter made of the truth, in order of time; dropped messages among it."""
        emitter = Emitter(
            rng=self._stream("emitter"),
            trouble=self._stream("trouble"),
            faults=faults,
            people=self.people,
            until=self.until,
        )
        # Nothing is emitted before it happened, so what is due before the next fact is in order.
        due: list[tuple[datetime, int, Emitted]] = []
        count = 0
        for fact in self.facts():
            while due and due[0][0] <= fact.at:
                yield heappop(due)[2]
            for emitted in emitter.emit(fact):
                count += 1
                heappush(due, (emitted.at, count, emitted))
        while due:
            yield heappop(due)[2]

    def _stream(self, *names: object) -> Random:
        return stream("world", self.seed, self.size, self.until, *names)
