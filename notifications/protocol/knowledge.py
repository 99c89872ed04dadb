"""What is known beside the messages that are judged: when sources were recorded and what they send,
what became of devices and operations, and how long operations live."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from .clocks import NO_CLOCKS, Clocks
from .coverage import Covered, Interval
from .episodes import LATE_WITHIN
from .events import OperationEvent
from .gates import NO_GATES, OWED_BY_EVENTS, Gates, Setting
from .message import later
from .reasons import Rule
from .state import UNTOLD, DeviceState, Span, Standing, Told


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
    """Which sources send a message type to an app: what events owe is owed by those only.

    ``by_app`` has those that were seen to (an app of None: to any at all), and ``since`` when each
    first was; one that is not in there, before everything. ``gates`` are what was set instead.
    """

    by_app: Mapping[tuple[str, str | None], tuple[str, ...]] = field(default_factory=dict)
    since: Mapping[tuple[str, str | None, str], datetime] = field(default_factory=dict)
    gates: Gates = NO_GATES

    @property
    def sources(self) -> frozenset[str]:
        """All that may be of any, at any time."""
        seen = {each for of_one in self.by_app.values() for each in of_one}
        set_so = (self.gates.ever_applying(rule) for rule in OWED_BY_EVENTS.values())
        return frozenset(seen | {source for of_one in set_so for source, _ in of_one})

    @property
    def types(self) -> frozenset[str]:
        """Those that any source sends."""
        seen = {message_type for message_type, _ in self.by_app}
        set_so = {
            name for name, rule in OWED_BY_EVENTS.items() if any(self.gates.ever_applying(rule))
        }
        return frozenset(seen | set_so)

    def of(self, message_type: str, apps: Sequence[str], *, at: datetime) -> tuple[str, ...]:
        """To any of these ``apps`` at that moment: from the first that was seen on, or as was set.
        To any app at all, where it is not told to which."""
        found = (each for app in apps or (None,) for each in self._to(message_type, app, at))
        return tuple(dict.fromkeys(found))

    def begun_later(
        self, message_type: str, apps: Sequence[str], *, at: datetime
    ) -> tuple[str, ...]:
        """Those that were seen to only after that moment, of which nothing is set."""
        found = (
            source
            for app in apps or (None,)
            for source in self.by_app.get((message_type, app), ())
            if not self._had_begun(message_type, app, source, at)
            and self.gates.find(OWED_BY_EVENTS[message_type], source, app, at) is None
        )
        return tuple(dict.fromkeys(found))

    def turned_off(self, message_type: str, apps: Sequence[str], *, at: datetime) -> Setting | None:
        """Where one was seen to, and it was set that its rule does not apply: that."""
        rule = OWED_BY_EVENTS[message_type]
        for app in apps or (None,):
            for source in self.by_app.get((message_type, app), ()):
                begun = self._had_begun(message_type, app, source, at)
                if begun and (found := self.gates.off(rule, (source,), app, at)) is not None:
                    return found
        return None

    def is_set(self, message_type: str, apps: Sequence[str], *, at: datetime) -> bool:
        """It was set that one does, whatever was seen."""
        rule = OWED_BY_EVENTS[message_type]
        return any(any(self.gates.applying(rule, app, at)) for app in apps or (None,))

    def by(self, clocks: Clocks) -> "Emitters":
        """Since when, by the clock that all are measured by."""
        if clocks.agree:
            return self
        since = {
            key: later(first, -clocks.ahead(key[2], first)) for key, first in self.since.items()
        }
        return replace(self, since=since)

    def _to(self, message_type: str, app: str | None, at: datetime) -> Iterator[str]:
        rule = OWED_BY_EVENTS[message_type]
        for source in self.by_app.get((message_type, app), ()):
            is_learned = self.gates.find(rule, source, app, at) is None
            if is_learned and self._had_begun(message_type, app, source, at):
                yield source
        yield from self.gates.applying(rule, app, at)

    def _had_begun(self, message_type: str, app: str | None, source: str, at: datetime) -> bool:
        since = self.since.get((message_type, app, source))
        return since is None or since <= at


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What is known beside the messages.

    ``status_changes`` has the times of each device's statusChange messages, in order; ``spans`` the
    states of each device that events tell of, in order of time; ``lives`` the events of each
    operation, under every name that messages may have for it. ``linked`` are the sources of
    operation events whose operations are known to be announced under the same names. ``copiers``
    are the sources that report the copies made in an app (None: in any, as was set), and
    ``copying_since`` has when each was first seen to; of those that read a Push Server,
    ``compared`` has when its registrations were last seen. What is asked of times, and told of
    them, is by the clock that all are measured by; ``heard`` alone is as the sources told it.
    """

    now: datetime
    terms: Terms
    heard: Mapping[str, Heard] = field(default_factory=dict)
    covered: Mapping[str, Covered] = field(default_factory=dict)
    emitters: Emitters = field(default_factory=Emitters)
    linked: frozenset[str] = frozenset()
    copiers: Mapping[str | None, Sequence[str]] = field(default_factory=dict)
    copying_since: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
    compared: Mapping[str, datetime] = field(default_factory=dict)
    status_changes: Mapping[str, Sequence[datetime]] = field(default_factory=dict)
    spans: Mapping[str, Sequence[Span]] = field(default_factory=dict)
    lives: Mapping[str, Sequence[OperationEvent]] = field(default_factory=dict)
    clocks: Clocks = NO_CLOCKS

    def heard_of(self, source: str | None) -> Heard | None:
        heard = self.heard.get(source or "")
        if heard is None or self.clocks.agree:
            return heard
        first, last = (
            later(each, -self.clocks.ahead(source, each)) for each in (heard.first, heard.last)
        )
        return replace(heard, first=first, last=last)

    @property
    def gates(self) -> Gates:
        """What was set of where rules apply."""
        return self.emitters.gates

    def copiers_of(self, app: str | None, at: datetime) -> tuple[str, ...]:
        """The sources that report the copies made in ``app``, at that moment."""
        if app is None:
            return ()
        seen = (
            source
            for source in self.copiers.get(app, ())
            if self.gates.find(Rule.E7, source, app, at) is None
            and self.copying_since.get((app, source), at) <= at
        )
        return tuple(dict.fromkeys((*seen, *self.gates.applying(Rule.E7, app, at))))

    def hole(self, source: str | None, since: datetime, until: datetime) -> Interval | None:
        """The first time between the two in which ``source`` was not recorded, as far as that was
        measured."""
        covered = self.covered.get(source or "")
        return next(iter(covered.holes(since, until)), None) if covered is not None else None

    def missed(self, source: str | None, since: datetime, due: datetime) -> Interval | None:
        """The first time between the two in which ``source`` was not recorded, or in which what was
        ``due`` may have come late. Of that only what has ended: until the next contact, nothing
        tells whether a source is recorded."""
        if (hole := self.hole(source, since, due)) is not None:
            return hole
        covered = self.covered.get(source or "")
        after = covered.holes(due, later(due, LATE_WITHIN)) if covered is not None else ()
        return next((each for each in after if covered and covered.resumes_after(each[0])), None)

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
        return self._undoubted(spans[place].state, moment)

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
                yield self._undoubted(each.state, max(each.since, since))

    @property
    def doubtful(self) -> Mapping[str, datetime]:
        """The sources of what is assumed to keep messages from devices, and since when."""
        found: dict[str, datetime] = {}
        for of_one in self.spans.values():
            for span in of_one:
                for told in (span.state.registered, span.state.push_active):
                    if _may_end(told) and told.source and told.seen:
                        found[told.source] = min(told.seen, found.get(told.source, told.seen))
        return found

    def _undoubted(self, state: DeviceState, moment: datetime) -> DeviceState:
        """Without what is assumed to keep messages from the device and may have ended since: the
        source that told it was not recorded for some time."""
        registered, active = state.registered, state.push_active
        if registered.value is not False and active.value is not False:
            return state
        registered = UNTOLD if self._may_have_ended(registered, moment) else registered
        active = UNTOLD if self._may_have_ended(active, moment) else active
        return replace(state, registered=registered, push_active=active)

    def _may_have_ended(self, told: Told[bool], moment: datetime) -> bool:
        return (
            _may_end(told)
            and told.source is not None
            and told.seen is not None
            and self.hole(told.source, told.seen, moment) is not None
        )


def _may_end(told: Told[bool]) -> bool:
    return told.value is False and told.standing is Standing.ASSUMED
