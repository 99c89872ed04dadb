"""How far the clock of each source is ahead of the others': times are shown as they were told, and
compared after correction. How that is found out is in `skews`."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from .events import InboxEvent
from .message import FIRST, LAST, Message, later

MATTERS = timedelta(seconds=2)  # a copy is made, and reported, a little after its request
STEADY = timedelta(seconds=20)  # differences that are further apart are no clock's alone
MOST = timedelta(minutes=15)  # that is made up for: beyond, a zone or a clock is to be set right
CARRIED = timedelta(days=2)  # how long an estimate goes on without a later one
NONE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of ``source`` between two moments, as it tells them: so far ``ahead`` of the clock
    of ``against`` (behind, where that is negative), by the median of ``pairs`` of reports, of which
    nine in ten are within ``spread`` of it. Without ``against`` it is what others are measured by.
    """

    source: str
    ahead: timedelta
    since: datetime = FIRST
    until: datetime = LAST
    spread: timedelta = NONE
    pairs: int = 0
    against: str | None = None

    @property
    def is_steady(self) -> bool:
        """The reports differ by the clocks, and by little else."""
        return self.spread <= STEADY

    @property
    def is_beyond(self) -> bool:
        """So far that it is not made up for."""
        return abs(self.ahead) > MOST

    @property
    def matters(self) -> bool:
        return abs(self.ahead) >= MATTERS

    @property
    def correction(self) -> timedelta:
        """What is taken off the times that the source tells."""
        return self.ahead if self.matters and self.is_steady and not self.is_beyond else NONE

    @property
    def length(self) -> timedelta:
        return self.until - self.since


@dataclass(frozen=True, slots=True)
class _Steps:
    """What is taken off before the first of these ``moments``, and from each of them on."""

    moments: tuple[datetime, ...]
    aheads: tuple[timedelta, ...]
    latest: timedelta

    def at(self, moment: datetime) -> timedelta:
        return self.aheads[bisect_right(self.moments, moment)]


@dataclass(frozen=True, slots=True)
class Clocks:
    """What is taken off the times of sources. Of a source without estimates that is nothing."""

    by_source: Mapping[str, _Steps] = field(default_factory=dict)

    @classmethod
    def of(cls, clocks: Iterable[Clock]) -> "Clocks":
        """Of any number for each source: the shortest of those that hold at a moment counts, and
        where none does the last that did, for some time."""
        told: dict[str, list[Clock]] = {}
        for each in clocks:
            told.setdefault(each.source, []).append(each)
        found = {
            source: _steps(of_one)
            for source, of_one in sorted(told.items())
            if any(each.correction for each in of_one)
        }
        return cls(found)

    @property
    def agree(self) -> bool:
        """Nothing is to be taken off anywhere: as nearly always."""
        return not self.by_source

    @property
    def apart(self) -> timedelta:
        """The most by which the told times of one moment may differ."""
        found = [NONE, *(ahead for each in self.by_source.values() for ahead in each.aheads)]
        return max(found) - min(found)

    def ahead(self, source: str | None, at: datetime | None = None) -> timedelta:
        """What is taken off a time that ``source`` told; by default by the latest estimate."""
        steps = self.by_source.get(source or "")
        if steps is None:
            return NONE
        return steps.latest if at is None else steps.at(at)

    def time_of(self, message: Message) -> datetime:
        """When it was emitted, by the clock that all are measured by."""
        ahead = self.ahead(message.source, message.at) if self.by_source else NONE
        return later(message.at, -ahead) if ahead else message.at

    def place(self, message: Message) -> tuple[datetime, UUID]:
        """In order of time."""
        return self.time_of(message), message.id

    def corrected(self, message: Message) -> Message:
        at = self.time_of(message)
        return message if at == message.at else replace(message, at=at)

    def of_event(self, event: InboxEvent) -> InboxEvent:
        """With the time that its source told corrected; when it was observed is by our own."""
        if event.happened_at is None or self.agree:
            return event
        ahead = self.ahead(event.source, event.happened_at)
        return replace(event, happened_at=later(event.happened_at, -ahead))

    def steps(
        self, since: datetime, until: datetime
    ) -> Iterator[tuple[str, datetime, datetime, timedelta]]:
        """Each source's times from one moment on and before another, and what is taken off those,
        where that is anything."""
        for source, each in self.by_source.items():
            bounds = pairwise((FIRST, *each.moments, LAST))
            for (began, ended), ahead in zip(bounds, each.aheads, strict=True):
                if ahead and began < until and ended > since:
                    yield source, began, ended, ahead


NO_CLOCKS = Clocks()


def off_by(ahead: timedelta) -> str:
    """45 s ahead, 4 min 5 s behind, 1 h 0 min ahead."""
    seconds = round(abs(ahead).total_seconds())
    minutes, hours = seconds // 60, seconds // 3600
    told = f"{seconds} s" if not minutes else f"{minutes} min"
    if hours:
        told = f"{hours} h {minutes % 60} min"
    elif minutes and seconds % 60:
        told = f"{minutes} min {seconds % 60} s"
    return f"{told} {'behind' if ahead < NONE else 'ahead'}"


def _steps(clocks: Sequence[Clock]) -> _Steps:
    ends = {each.until for each in clocks}
    carried = {later(each, CARRIED) for each in ends}
    latest = max(clocks, key=lambda each: (each.until, -each.length, each.since))
    moments, aheads = list[datetime](), [_at(FIRST, clocks)]
    for moment in sorted({each.since for each in clocks} | ends | carried):
        if (ahead := _at(moment, clocks)) != aheads[-1]:
            moments.append(moment)
            aheads.append(ahead)
    return _Steps(tuple(moments), tuple(aheads), latest.correction)


def _at(moment: datetime, clocks: Iterable[Clock]) -> timedelta:
    """By the shortest that holds then, else the shortest of those that did last."""
    holding = [each for each in clocks if each.since <= moment < later(each.until, CARRIED)]
    if not holding:
        return NONE
    best = min(holding, key=lambda each: (max(moment, each.until) - each.until, each.length))
    return best.correction
