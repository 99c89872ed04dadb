"""The push registrations of a device, as the Push Server keeps them: one token for an activation,
and, but for its multiple form, one activation for a token. It deletes none when PowerAuth blocks or
removes the activation."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from .events import ActivationEvent, ActivationEventKind
from .statuses import moment_of, removed_at, statuses_of
from .tables import Table, is_of_table, tables_of
from .told import Line, Standing

_ORDER = {ActivationEventKind.UNREGISTERED: 0, ActivationEventKind.REGISTERED: 1}


class Ending(StrEnum):
    RE_REGISTERED = "re_registered"  # the device registered another token
    RE_BOUND = "re_bound"  # another activation registered this token
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A push token was registered for the device from ``since`` to ``until``, as far as was
    observed; None: until now. ``token`` is its fingerprint."""

    token: str | None
    since: datetime
    until: datetime | None = None
    ended_by: Ending | None = None
    app: str | None = None
    platform: str | None = None
    recipient: int | None = None
    standing: Standing
    evidence: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """From ``moment`` on the device is registered or not, by this event."""

    moment: datetime
    is_registered: bool
    event: ActivationEvent


@dataclass(slots=True)
class _Open:
    """A registration that has not ended."""

    token: str | None
    app: str | None
    since: datetime
    events: list[ActivationEvent] = field(default_factory=list)
    reports: set[tuple[str | None, datetime]] = field(default_factory=set)
    tables: set[str | None] = field(default_factory=set)

    def add(self, event: ActivationEvent) -> None:
        self.token, self.app = self.token or event.token, self.app or event.app
        self.events.append(event)
        self.reports.add((event.source, event.observed_at))
        if is_of_table(event):
            self.tables.add(event.source)

    def is_of_another_token(self, event: ActivationEvent) -> bool:
        """Both are told, and differ."""
        return None not in (event.token, self.token) and event.token != self.token

    def has(self, event: ActivationEvent) -> bool:
        """``event`` names its token, and no other app than its own."""
        same_app = self.app is None or event.app is None or self.app == event.app
        return self.token is not None and self.token == event.token and same_app


class Walk:
    """Through the events of a device in order of time, but for requests that its table refutes."""

    def __init__(self, activation: str, events: Iterable[ActivationEvent]) -> None:
        told = list(events)
        self.activation = activation
        self.tables: tuple[Table, ...] = tables_of(activation, told)
        self.events = [each for each in told if not self._is_refuted(each)]
        self.changes: list[Change] = []
        self.registrations: list[Registration] = []
        self._open: _Open | None = None
        self._removed_at = removed_at(statuses_of(activation, told))
        named = [each for each in told if each.activation == activation]
        named.sort(key=lambda each: (moment_of(each), each.id), reverse=True)
        self._recipient = next((e.recipient for e in named if e.recipient is not None), None)
        self._app = next((each.app for each in named if each.app is not None), None)
        ordered = sorted(
            (each for each in self.events if each.kind in _ORDER),
            key=lambda each: (moment_of(each), _ORDER[each.kind], each.id),
        )
        self._takers = {_taking(each): each for each in reversed(ordered) if self._is_taker(each)}
        for each in ordered:
            self._follow(each)
        if self._open is not None:
            self._close(None, None)

    def _follow(self, event: ActivationEvent) -> None:
        if event.kind is ActivationEventKind.UNREGISTERED:
            self._unregister(event)
        elif event.activation == self.activation:
            self._register(event)
        elif event.activation is not None:
            self._register_another(event)

    def _is_refuted(self, event: ActivationEvent) -> bool:
        return event.is_request and any(each.refutes(event) for each in self.tables)

    def _is_taker(self, event: ActivationEvent) -> bool:
        """Another activation by now has a token, as the table has it."""
        another = event.activation not in (None, self.activation)
        is_registered = event.kind is ActivationEventKind.REGISTERED
        return another and is_registered and is_of_table(event) and event.token is not None

    def _register(self, event: ActivationEvent) -> None:
        moment = moment_of(event)
        removed = self._removed_at is not None and moment >= self._removed_at
        if removed and event.is_request:  # the Push Server asks PowerAuth, and refuses
            return
        if self._open is not None and self._open.is_of_another_token(event):
            self._close(moment, Ending.RE_REGISTERED)
        if self._open is None:
            self._open = _Open(event.token, event.app or self._app, moment)
        self._open.add(event)
        self.changes.append(Change(moment, True, event))

    def _register_another(self, event: ActivationEvent) -> None:
        """The token of this device, for another activation: bound anew, unless one report has it
        for both (the multiple form of registering). A table that has this device tells of its end
        itself: two of its rows may have one token."""
        current = self._open
        if current is None or not current.has(event):
            return
        if is_of_table(event) and event.source in current.tables:
            return
        if (event.source, event.observed_at) not in current.reports:
            self._end(event, Ending.RE_BOUND)

    def _unregister(self, event: ActivationEvent) -> None:
        current = self._open
        if event.activation == self.activation:
            if is_of_table(event):  # no row at all is left of it
                self._end_row(event)
            elif current is None or not current.is_of_another_token(event):
                self._end(event, Ending.DELETED)
        elif event.activation is None and current is not None and current.has(event):
            self._end(event, Ending.DELETED)

    def _end_row(self, event: ActivationEvent) -> None:
        taker = self._takers.get(_taking(event))
        if taker is not None and self._open is not None:
            self._open.events.append(event)
            self._close(moment_of(event), Ending.RE_BOUND, taker)
            self.changes.append(Change(moment_of(event), False, event))
        else:
            self._end(event, Ending.DELETED)

    def _end(self, event: ActivationEvent, ending: Ending) -> None:
        moment = moment_of(event)
        if self._open is not None:
            self._open.events.append(event)
            self._close(moment, ending)
        self.changes.append(Change(moment, False, event))

    def _close(
        self,
        until: datetime | None,
        ending: Ending | None,
        by: ActivationEvent | None = None,
    ) -> None:
        current = self._open
        if current is None:
            return
        if by is not None:
            current.events.append(by)
        own = [each for each in reversed(current.events) if self._is_own(each)]
        self.registrations.append(
            Registration(
                token=current.token,
                since=current.since,
                until=until,
                ended_by=ending,
                app=current.app,
                platform=next((each.platform for each in own if each.platform), None),
                recipient=next((e.recipient for e in own if e.recipient), self._recipient),
                standing=_assumed_if(all(each.is_request for each in own)),
                evidence=tuple(each.id for each in current.events),
            )
        )
        self._open = None

    def _is_own(self, event: ActivationEvent) -> bool:
        return (event.kind, event.activation) == (ActivationEventKind.REGISTERED, self.activation)


def fold_registrations(
    activation: str, events: Iterable[ActivationEvent]
) -> tuple[Registration, ...]:
    """In order of time. ``events`` are those that name the device and those about its tokens."""
    return tuple(Walk(activation, events).registrations)


def registered_line(walk: Walk) -> Line[bool]:
    """A mirrored request does not tell whether it was granted: its outcome is assumed, unless it
    was so before. What is told of another activation may be of a token that both have; and where
    two tables have the device, neither tells all."""
    line: Line[bool] = Line()
    for moment, change in in_order(walk.changes, walk.tables, of_flag=False):
        if change is None:
            line.doubt(moment)
            continue
        was_known = line.last.sense == (change.is_registered, Standing.KNOWN)
        is_assumed = change.event.is_request and not was_known
        is_assumed |= change.event.activation not in (None, walk.activation)
        standing = _assumed_if(is_assumed or len(walk.tables) > 1)
        event = change.event
        line.tell(moment, change.is_registered, standing, event.id, source=event.source)
    return line


def in_order(
    changes: Iterable[Change], tables: Iterable[Table], *, of_flag: bool
) -> list[tuple[datetime, Change | None]]:
    """The ``changes`` with the moments at which they come to be doubted, which have none."""
    points: list[tuple[datetime, Change | None]] = [(each.moment, each) for each in changes]
    points += [(at, None) for table in tables for at in table.doubts(of_flag=of_flag)]
    return sorted(points, key=lambda point: (point[0], point[1] is None))


def _taking(event: ActivationEvent) -> tuple[str | None, datetime, str | None]:
    return event.source, event.observed_at, event.token


def _assumed_if(only_requested: bool) -> Standing:
    return Standing.ASSUMED if only_requested else Standing.KNOWN
