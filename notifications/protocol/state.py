"""What is known of a device at a moment, folded from its events. Nothing is stored: a fact that
comes late changes the answer, and leaving it out gives what could be known before it came.

`docs/trace.md` has the rules, under "What is known of a device".
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, TypeVar

from .events import BEGINNING, ActivationEvent, ActivationEventKind, ActivationStatus
from .message import FIRST, later
from .registrations import Change, Ending, Registration, Walk, fold_registrations, registered_line
from .statuses import TOLERANCE, moment_of, status_line, statuses_of
from .tables import is_of_table
from .told import UNTOLD, Line, Standing, Told
from .window import DAY, Window

__all__ = (
    "UNTOLD",
    "DeviceState",
    "Ending",
    "Registration",
    "Span",
    "Standing",
    "Told",
    "fold_days",
    "fold_registrations",
    "fold_spans",
    "fold_state",
)

V = TypeVar("V")
CONFIRMED_BY = 2 * DAY  # from the beginning of a day: what was seen by then confirms what it was


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceState:
    """``status`` is PowerAuth's; ``registered`` for push and ``push_active`` are the Push Server's,
    which may differ from what PowerAuth says."""

    activation: str
    at: datetime
    recipient: Told[int]
    app: Told[str]
    platform: Told[str]
    status: Told[str]
    registered: Told[bool]
    push_active: Told[bool]

    @property
    def sense(self) -> tuple[tuple[Any, Standing], ...]:
        """What it says, apart from how well that is supported."""
        return (
            self.recipient.sense,
            self.app.sense,
            self.platform.sense,
            self.status.sense,
            self.registered.sense,
            self.push_active.sense,
        )


@dataclass(frozen=True, slots=True)
class Span:
    """From ``since`` on and before ``until`` nothing changes in what ``state`` says. It is that of
    the end, with all that was seen by then."""

    since: datetime
    until: datetime
    state: DeviceState


def fold_state(activation: str, events: Iterable[ActivationEvent], at: datetime) -> DeviceState:
    """``events`` in any order: all that name the device, and all about tokens it ever had, also
    of after ``at`` (the user and the app are for life, and a history is told later)."""
    return _Lines.of(activation, list(events)).at(activation, at)


def fold_spans(
    activation: str, events: Iterable[ActivationEvent], window: Window
) -> tuple[Span, ...]:
    """All of ``window``, cut where anything changes."""
    return tuple(_Lines.of(activation, list(events)).spans(activation, window))


def fold_days(
    activation: str, events: Iterable[ActivationEvent], window: Window
) -> tuple[Span, ...]:
    """The same, cut between days (UTC) as well: what is said of a moment rests on what was seen up
    to the end of the next day, whichever window that is asked for in."""
    lines, found = _Lines.of(activation, list(events)), list[Span]()
    day = window.since.replace(hour=0, minute=0, second=0, microsecond=0)
    while day < window.until:
        seen_by, since = later(day, CONFIRMED_BY), max(day, window.since)
        # Of the rest at once, where nothing was seen later on.
        day = later(day, DAY) if lines.last >= seen_by else window.until
        until = min(day, window.until)
        for span in lines.spans(activation, Window(since, max(seen_by, until))):
            if span.since < until:
                found.append(replace(span, until=min(span.until, until)))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lines:
    recipient: Line[int]
    app: Line[str]
    platform: Line[str]
    status: Line[str]
    registered: Line[bool]
    push_active: Line[bool]

    @classmethod
    def of(cls, activation: str, events: Sequence[ActivationEvent]) -> "_Lines":
        named = [each for each in events if each.activation == activation]
        named.sort(key=lambda each: (moment_of(each), each.id))
        status = status_line(statuses_of(activation, named))
        walk = Walk(activation, events)
        registered = registered_line(walk)
        return cls(
            recipient=_for_life(named, lambda each: each.recipient),
            app=_for_life(named, lambda each: each.app),
            platform=_platform(named, walk),
            status=status,
            registered=registered,
            push_active=_push_active(status, registered, _flag(walk, status)),
        )

    def spans(self, activation: str, window: Window) -> Iterable[Span]:
        cuts = [window.since, *self.moments_within(window)]
        found: list[Span] = []
        for since, until in zip(cuts, [*cuts[1:], window.until], strict=True):
            state = self.at(activation, since)
            if found and found[-1].state.sense == state.sense:
                since = found.pop().since
            found.append(Span(since, until, state))
        return found

    def at(self, activation: str, moment: datetime) -> DeviceState:
        return DeviceState(
            activation=activation,
            at=moment,
            recipient=self.recipient.at(moment),
            app=self.app.at(moment),
            platform=self.platform.at(moment),
            status=self.status.at(moment),
            registered=self.registered.at(moment),
            push_active=self.push_active.at(moment),
        )

    @property
    def last(self) -> datetime:
        """When anything changed, or was seen, last."""
        lines = (getattr(self, each.name) for each in fields(self))
        return max((line.moments[-1] for line in lines if line.moments), default=FIRST)

    def moments_within(self, window: Window) -> list[datetime]:
        """After its beginning, each once, in order."""
        lines = (getattr(self, each.name) for each in fields(self))
        moments = {moment for line in lines for moment in line.moments}
        return sorted(each for each in moments if window.since < each < window.until)


def _for_life(
    named: Sequence[ActivationEvent], read: Callable[[ActivationEvent], V | None]
) -> Line[V]:
    """An activation belongs to one user and one app for life, so what an event tells of them holds
    before it as well. Where events disagree the later one is assumed."""
    told = [(each, value) for each in named if (value := read(each)) is not None]
    if not told:
        return Line()
    standing = Standing.KNOWN if len({value for _, value in told}) == 1 else Standing.ASSUMED
    first, value = told[0]
    line = Line(Told(value, standing, evidence=(first.id,)))
    for each, value in told:
        line.tell(moment_of(each), value, standing, each.id)
    return line


def _platform(named: Iterable[ActivationEvent], walk: Walk) -> Line[str]:
    """The gateway that the last registration told. PowerAuth tells the operating system, from which
    the gateway is assumed where no registration tells any: a phone of Huawei runs Android."""
    told = [each for each in named if each.platform is not None]
    registrations = [each for each in told if each.kind is not ActivationEventKind.STATUS]
    points: list[tuple[datetime, ActivationEvent | None]] = [
        (moment_of(each), each) for each in registrations or told
    ]
    points += [(at, None) for table in walk.tables for at in table.doubts(of_flag=False)]
    line: Line[str] = Line()
    for moment, event in sorted(points, key=lambda point: (point[0], point[1] is None)):
        if event is None:
            line.doubt(moment)
        else:
            standing = _standing(event, walk) if registrations else Standing.ASSUMED
            line.tell(moment, event.platform or "", standing, event.id)
    return line


def _flag(walk: Walk, status: Line[str]) -> Line[bool]:
    """Whether the Push Server has it as push-active: it asks PowerAuth when a token is registered,
    and afterwards is told by whoever calls it, if anybody does."""
    told: list[tuple[datetime, int, ActivationEvent | None, bool | None, Standing]] = [
        point
        for each in walk.changes
        if each.is_registered
        for point in _when_registered(each, status, walk)
    ]
    for each in walk.events:
        active = _flag_of(each)
        is_own = (each.kind, each.activation) == (ActivationEventKind.PUSH_STATUS, walk.activation)
        if is_own and active is not None:
            told.append((moment_of(each), 1, each, active, _standing(each, walk)))
        elif is_own and each.is_request:
            told.append((moment_of(each), 1, each, _as_asked(each, status), Standing.ASSUMED))
    for table in walk.tables:
        told += [(at, 2, None, False, Standing.ASSUMED) for at in table.doubts(of_flag=True)]
    line: Line[bool] = Line()
    told.sort(key=lambda point: (point[0], point[1], "" if point[2] is None else str(point[2].id)))
    for moment, _, event, active, standing in told:
        if event is None:
            line.doubt(moment)
        elif active is None:
            line.leave_open(moment, event.id)
        else:
            line.tell(moment, active, standing, event.id, source=event.source)
    return line


def _as_asked(event: ActivationEvent, status: Line[str]) -> bool | None:
    """An update that names no status lets the Push Server ask PowerAuth for it. Whether anything
    came of that is not told: it is open where the status is."""
    then = status.at(moment_of(event)).value
    return None if then is None else then == ActivationStatus.ACTIVE


def _when_registered(
    change: Change, status: Line[str], walk: Walk
) -> Iterator[tuple[datetime, int, ActivationEvent, bool, Standing]]:
    """What a table has in its row was so when it was read: registered earlier, the flag may have
    been another until then. A status that is another within the tolerance may have been that
    already: callbacks overtake each other, and PowerAuth's clock is another than the mirror's. An
    app registers once its activation is over: one that is assumed to go on has ended."""
    event, at = change.event, change.moment
    if event.push_active is not None:
        standing = _standing(event, walk)
        if is_of_table(event) and at < event.observed_at:
            yield at, 0, event, event.push_active, Standing.ASSUMED
            at = event.observed_at
        yield at, 0, event, event.push_active, standing
        return
    then, soon = status.at(at), status.at(later(at, TOLERANCE))
    is_settled = then.value is not None and then.value == soon.value
    is_settled &= then.value not in BEGINNING or then.standing is Standing.KNOWN
    active = not is_settled or then.value == ActivationStatus.ACTIVE
    yield at, 0, event, active, Standing.ASSUMED


def _push_active(status: Line[str], registered: Line[bool], told: Line[bool]) -> Line[bool]:
    """A device that is not registered is not push-active either. Where nothing of the Push Server
    is known, it is assumed to follow PowerAuth."""
    line: Line[bool] = Line()
    for moment in sorted({*status.moments, *registered.moments, *told.moments}):
        registration, flag, state = registered.at(moment), told.at(moment), status.at(moment)
        if registration.value is False:
            line.put(moment, registration)
        elif flag.value is not None:
            line.put(moment, flag)
        elif state.value is None:
            line.put(moment, UNTOLD)
        else:
            active = state.value == ActivationStatus.ACTIVE
            line.put(
                moment,
                Told(active, Standing.ASSUMED, state.since, state.seen, state.evidence),
            )
    return line


def _flag_of(event: ActivationEvent) -> bool | None:
    if event.push_active is not None:
        return event.push_active
    return None if event.status is None else event.status == ActivationStatus.ACTIVE


def _standing(event: ActivationEvent, walk: Walk) -> Standing:
    """Where two tables have the device, neither tells all."""
    is_sure = not event.is_request and len(walk.tables) < 2
    return Standing.KNOWN if is_sure else Standing.ASSUMED
