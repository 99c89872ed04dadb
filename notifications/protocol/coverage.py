"""When a source was demonstrably recorded: intervals of coverage, and the holes between them.

Nothing that a source did not tell is missing where it was not covered. A source that was never
measured has no holes, and neither has one before its first interval: nothing is known of either.
"""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime, timedelta

Interval = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Covered:
    """``intervals`` are in order of time and apart from each other; the first is the first ever,
    wherever the window lies that they were read for."""

    intervals: tuple[Interval, ...] = ()

    @property
    def is_measured(self) -> bool:
        """Whether it ever was."""
        return bool(self.intervals)

    @property
    def measured_since(self) -> datetime | None:
        return self.intervals[0][0] if self.intervals else None

    def is_measured_at(self, moment: datetime) -> bool:
        """Whether it was measured from then on, so that its holes are all that is not known."""
        return bool(self.intervals) and self.intervals[0][0] <= moment

    def covers(self, since: datetime, until: datetime) -> bool:
        """Whether there is no hole between the two, both included. Time that was not measured is
        none: ask ``measured_since`` where that makes a difference."""
        if not self.intervals or until < self.intervals[0][0]:
            return True
        since = max(since, self.intervals[0][0])
        place = self._first_ending_from(since)
        if place == len(self.intervals):
            return False
        began, ended = self.intervals[place]
        return began <= since and until <= ended

    def holes(self, since: datetime, until: datetime) -> tuple[Interval, ...]:
        """What between the two no interval covers, in order of time."""
        if not self.intervals:
            return ()
        found, reached = [], max(since, self.intervals[0][0])
        for began, ended in self.intervals[self._first_ending_from(reached) :]:
            if began >= until:
                break
            if began > reached:
                found.append((reached, began))
            reached = ended
        if reached < until:
            found.append((reached, until))
        return tuple(found)

    def settled_until(self, until: datetime, *, now: datetime, silence: timedelta) -> datetime:
        """Up to when it is decided whether there is a hole: what lies since the last contact is
        none as long as the next one may still cover it."""
        if not self.intervals:
            return min(until, now)
        last = self.intervals[-1][1]
        return min(until, last if now - last <= silence else now)

    def _first_ending_from(self, moment: datetime) -> int:
        return bisect_left(self.intervals, moment, key=lambda each: each[1])
