"""When a source was demonstrably recorded: intervals of coverage, and the holes between them.

Nothing that a source did not tell is missing where it was not covered. A source that was never
measured has no holes, and neither has one before its first interval: nothing is known of either.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from .window import Window

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

    def beside(self, other: "Covered | None") -> "Covered":
        """With what was read of the same source for another time, both up to now."""
        told = {*self.intervals, *(other.intervals if other is not None else ())}
        return Covered(tuple(sorted(told)))

    def resumes_after(self, moment: datetime) -> bool:
        """Whether it was covered again later on."""
        return bool(self.intervals) and moment < self.intervals[-1][0]

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


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredWindow:
    """What of ``window`` a source was covered in: ``holes`` as far as it is decided (``settled``).

    The window is made of five parts that do not overlap: what was not measured, what was covered,
    what was not, what is not decided, and what lies ahead of ``now``.
    """

    window: Window
    covered: Covered
    now: datetime
    settled: datetime
    holes: tuple[Interval, ...]

    @property
    def intervals(self) -> tuple[Interval, ...]:
        """Within the window."""
        since, until = self.window.since, self.window.until
        return tuple(
            (max(began, since), min(ended, until))
            for began, ended in self.covered.intervals
            if began <= until and ended >= since
        )

    @property
    def decided_until(self) -> datetime:
        return max(self.settled, self.window.since)

    @property
    def measured_from(self) -> datetime:
        """Where in the window measuring begins; the end of what is decided, if it does not."""
        first = self.covered.measured_since
        if first is None:
            return self.decided_until
        return min(max(first, self.window.since), self.decided_until)

    @property
    def unmeasured(self) -> timedelta:
        return self.measured_from - self.window.since

    @property
    def uncovered(self) -> timedelta:
        return sum((until - since for since, until in self.holes), timedelta())

    @property
    def lasting(self) -> timedelta:
        """For how long it was covered."""
        return self.decided_until - self.measured_from - self.uncovered

    @property
    def undecided(self) -> timedelta:
        return self.window.until - self.ahead - self.decided_until

    @property
    def ahead(self) -> timedelta:
        return self.window.until - max(min(self.window.until, self.now), self.decided_until)

    @property
    def is_measured(self) -> bool:
        """Any of the time that is decided."""
        return self.measured_from < self.decided_until

    @property
    def is_whole(self) -> bool:
        """All that is decided of the window was measured and is covered."""
        return self.is_measured and not self.unmeasured and not self.holes

    @property
    def share(self) -> float | None:
        """Of the time that was measured and is decided, the part that is covered."""
        measured = self.decided_until - self.measured_from
        return self.lasting / measured if measured else None


def in_window(
    covered: Covered, window: Window, *, now: datetime, silence: timedelta
) -> CoveredWindow:
    """As it stands ``now``, where contacts at most ``silence`` apart cover what is between."""
    settled = covered.settled_until(window.until, now=now, silence=silence)
    holes = covered.holes(window.since, settled) if settled > window.since else ()
    return CoveredWindow(window=window, covered=covered, now=now, settled=settled, holes=holes)


class Tells(StrEnum):
    """What a source can tell of a device, a user or an operation."""

    NOTIFICATIONS = "notifications"  # what was sent
    COPIES = "copies"  # for which device a copy of it was made
    REGISTRATIONS = "registrations"  # what became of devices
    OPERATIONS = "operations"  # what became of operations
    INBOX = "inbox"  # what was posted to it


OF_MESSAGES = frozenset({Tells.NOTIFICATIONS, Tells.COPIES})
OF_EVENTS = (Tells.REGISTRATIONS, Tells.OPERATIONS, Tells.INBOX)
_KINDS = ("heartbeat", "probe", "poll", "report")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCoverage:
    """Whether ``source`` was listening in a window, and how that is known: by ``kinds`` of contact,
    as far as it was measured there (``shown``). Where it was not, it counts as recorded from its
    first report (any from before the window, if there is one) to its last.

    Of a Push Server: when all of its registrations were last ``compared``, and since when it is
    known to store no messages, so that polls of it prove nothing.
    """

    source: str
    tells: tuple[Tells, ...]
    shown: CoveredWindow
    kinds: tuple[str, ...] = ()
    first_report: datetime | None = None
    last_report: datetime | None = None
    compared: datetime | None = None
    stores_nothing_since: datetime | None = None

    @property
    def tells_of_messages(self) -> bool:
        return not OF_MESSAGES.isdisjoint(self.tells)

    @property
    def began_after(self) -> bool:
        """What is known of it begins behind the window."""
        told = (self.first_report, self.shown.covered.measured_since)
        begun = min((each for each in told if each is not None), default=None)
        return begun is not None and begun >= self.shown.window.until

    @property
    def contact_before(self) -> datetime | None:
        """The last contact before a window that does not begin covered."""
        since = self.shown.window.since
        intervals = self.shown.covered.intervals
        if any(began <= since <= ended for began, ended in intervals):
            return None
        return max((ended for _, ended in intervals if ended < since), default=None)

    @property
    def contact_after(self) -> datetime | None:
        """The first contact after a window that does not end covered."""
        until = self.shown.window.until
        intervals = self.shown.covered.intervals
        if any(began <= until <= ended for began, ended in intervals):
            return None
        return min((began for began, _ in intervals if began > until), default=None)

    def longest_holes(self, most: int) -> tuple[Interval, ...]:
        """So many of the longest, in order of time."""
        longest = sorted(self.shown.holes, key=lambda each: each[0] - each[1])[:most]
        return tuple(sorted(longest))


def kinds_in(window: Window, told: Iterable[tuple[Interval, Sequence[str]]]) -> tuple[str, ...]:
    """By what the intervals that reach into ``window`` were made, the strongest proof first."""
    found = {
        kind
        for (began, ended), kinds in told
        if began <= window.until and ended >= window.since
        for kind in kinds
    }
    return tuple(each for each in _KINDS if each in found)


def in_order_of_telling(coverage: Iterable[SourceCoverage]) -> tuple[SourceCoverage, ...]:
    """Those that tell of messages first."""
    order = list(Tells)
    return tuple(
        sorted(coverage, key=lambda each: (min(map(order.index, each.tells)), each.source))
    )
