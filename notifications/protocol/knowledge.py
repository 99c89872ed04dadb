"""What is known beside the messages that are judged: when sources were recorded and what they send,
what became of devices and operations, and how long operations live."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .coverage import Covered, Interval
from .events import OperationEvent
from .state import DeviceState, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How long operations live from their announcement (by name, else ``life``), how much later
    than due still counts as in time, and whether operation ids are UUIDs here."""

    life: timedelta = timedelta(minutes=5)
    lives: Mapping[str, timedelta] = field(default_factory=dict)
    grace: timedelta = timedelta(minutes=2)
    ids_are_uuids: bool = True

    def life_of(self, name: str | None) -> timedelta:
        return self.life if name is None else self.lives.get(name, self.life)

    @property
    def longest(self) -> timedelta:
        """From an announcement to the last moment at which its finish is in time."""
        return max([self.life, *self.lives.values()]) + self.grace


@dataclass(frozen=True, slots=True)
class Heard:
    """Of a source: its first and last report of any of the four types, and which it ever made."""

    first: datetime
    last: datetime
    types: frozenset[str]


@dataclass(frozen=True, slots=True)
class Emitters:
    """Which sources are known to send a message type to an app: a rule applies to those only."""

    by_app: Mapping[tuple[str, str | None], tuple[str, ...]] = field(default_factory=dict)

    @property
    def sources(self) -> frozenset[str]:
        return frozenset(each for of_one in self.by_app.values() for each in of_one)

    def of(self, message_type: str, apps: Sequence[str]) -> tuple[str, ...]:
        """To any of these ``apps``; to any app at all, where it is not told to which."""
        keys: list[tuple[str, str | None]] = [(message_type, app) for app in apps]
        keys = keys or [(message_type, None)]
        return tuple(dict.fromkeys(each for key in keys for each in self.by_app.get(key, ())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What is known beside the messages.

    ``status_changes`` has the times of each device's statusChange messages, in order; ``spans`` the
    states of each device that events tell of, in order of time; ``lives`` the events of each
    operation, under every name that messages may have for it. ``linked`` are the sources of
    operation events whose operations are known to be announced under the same names. ``copiers``
    are the sources that report the copies made in an app; of those that read a Push Server,
    ``compared`` has when its registrations were last seen.
    """

    now: datetime
    terms: Terms
    heard: Mapping[str, Heard] = field(default_factory=dict)
    covered: Mapping[str, Covered] = field(default_factory=dict)
    emitters: Emitters = field(default_factory=Emitters)
    linked: frozenset[str] = frozenset()
    copiers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    compared: Mapping[str, datetime] = field(default_factory=dict)
    status_changes: Mapping[str, Sequence[datetime]] = field(default_factory=dict)
    spans: Mapping[str, Sequence[Span]] = field(default_factory=dict)
    lives: Mapping[str, Sequence[OperationEvent]] = field(default_factory=dict)

    def hole(self, source: str | None, since: datetime, until: datetime) -> Interval | None:
        """The first time between the two in which ``source`` was not recorded, as far as that was
        measured."""
        covered = self.covered.get(source or "")
        return next(iter(covered.holes(since, until)), None) if covered is not None else None

    def is_measured(self, source: str | None, since: datetime) -> bool:
        """Whether all that was not recorded of ``source`` from ``since`` on are its holes."""
        covered = self.covered.get(source or "")
        return covered is not None and covered.is_measured_at(since)

    def state_at(self, device: str | None, moment: datetime) -> DeviceState | None:
        """None where no event tells of the device around then."""
        spans = self.spans.get(device or "", ())
        place = bisect_right(spans, moment, key=lambda each: each.since) - 1
        if place < 0 or moment > spans[place].until:
            return None
        return spans[place].state

    def states_between(
        self, device: str | None, since: datetime, until: datetime
    ) -> Iterator[DeviceState]:
        """One for each span between the two, both included, in order of time."""
        spans = self.spans.get(device or "", ())
        place = max(bisect_right(spans, since, key=lambda each: each.since) - 1, 0)
        for each in spans[place:]:
            if each.since > until:
                return
            if each.until >= since:
                yield each.state
