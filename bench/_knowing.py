"""What is known beside the messages of a record of some sources, made as the queries of the product
make it, and what the rules say of it all."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from bench._records import Recorded, about, of
from bench._worlds import APP, UNTIL, Source
from notifications.protocol.audience import Device, status_changes
from notifications.protocol.clocks import Clocks
from notifications.protocol.coverage import Covered
from notifications.protocol.events import ActivationEvent, InboxEvent, OperationEvent
from notifications.protocol.excuses import Owned
from notifications.protocol.extras import MessageType
from notifications.protocol.knowledge import Emitters, Heard, Knowledge, Terms
from notifications.protocol.merging import WITHIN
from notifications.protocol.message import FIRST, Message, later
from notifications.protocol.skews import estimate_day
from notifications.protocol.state import Span, fold_spans
from notifications.protocol.whole import Events, Whole, by_name, judge_whole
from notifications.protocol.window import Window

LIFE, GRACE = timedelta(minutes=5), timedelta(minutes=2)
BEFORE = timedelta(days=1)
TYPES = frozenset(MessageType)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the product knows of a world by these ``sources`` alone, asked at ``now``."""

    recorded: Recorded
    sources: frozenset[Source]
    now: datetime = UNTIL
    is_bare: bool = False  # of the emitter's reports only the extras, their time and their name
    clocks: Clocks | None = None  # None: as they are estimated from the messages

    @cached_property
    def messages(self) -> Sequence[Message]:
        found = named(of(self.recorded.messages, self.sources))
        return [barest(each) for each in found] if self.is_bare else found

    @cached_property
    def events(self) -> Mapping[str, Sequence[ActivationEvent]]:
        """Of each device all that name it, or a token it ever had."""
        return by_device(of(self.recorded.activation_events, self.sources))

    @cached_property
    def operations(self) -> Sequence[OperationEvent]:
        return of(self.recorded.operation_events, self.sources)

    @cached_property
    def inbox(self) -> Sequence[InboxEvent]:
        return of(self.recorded.inbox_events, self.sources)

    @cached_property
    def devices(self) -> Collection[str]:
        named = {each.activation for each in self.messages} - {None}
        return sorted(self.events.keys() | {each for each in named if each is not None})

    @cached_property
    def device(self) -> Mapping[str, Device]:
        named: dict[str, list[Message]] = {}
        for each in self.messages:
            named.setdefault(each.activation or "", []).append(each)
        return {
            each: Device.from_messages(each, named.get(each, ()), self.events.get(each, ()))
            for each in self.devices
        }

    @cached_property
    def owned(self) -> Mapping[int, Collection[Owned]]:
        """The devices of users that events name, and those that messages name."""
        since: dict[tuple[int | None, str | None, str | None], datetime] = {}
        told = [(each, None) for of_one in self.events.values() for each in of_one]
        for each, app in [*told, *((message, message.app) for message in self.messages)]:
            key = each.recipient, each.activation, app
            since[key] = min(each.at, since.get(key, each.at))
        found: dict[int, list[Owned]] = {}
        for (recipient, device, app), first in since.items():
            if recipient is not None and device is not None:
                found.setdefault(recipient, []).append(Owned(device, app, first))
        return found

    @cached_property
    def knowledge(self) -> Knowledge:
        last = self.recorded.played.compared_at
        copiers = copying_since(self.messages)
        clocks = self._clocks()
        return Knowledge(
            now=self.now,
            terms=Terms(life=LIFE, grace=GRACE),
            heard=heard(self.messages),
            covered={
                each: Covered(self.recorded.played.intervals(each))
                for each in self.sources & self.recorded.played.measured
            },
            emitters=emitters(self.messages).by(clocks),
            linked=linked(self.operations, self.messages),
            copiers={APP: tuple(sorted(copiers))} if copiers else {},
            copying_since={
                (APP, source): later(first, -clocks.ahead(source, first))
                for source, first in copying_since(self.messages).items()
            },
            compared=dict.fromkeys(copiers, last or FIRST),
            status_changes=status_changes(clocks.corrected(each) for each in self.messages),
            spans=self.spans,
            lives=by_name(self.operations),
            clocks=clocks,
        )

    def _clocks(self) -> Clocks:
        if self.clocks is not None:
            return self.clocks
        return Clocks.of(estimate_day(self.messages, self.recorded.played.since))

    @cached_property
    def spans(self) -> Mapping[str, Sequence[Span]]:
        """The same for all sources that tell the same events: folded once."""
        sources = self.sources & {
            each for each, told in self.recorded.activation_events.items() if told
        }
        kept = self.recorded.spans
        if sources not in kept:
            since = self.recorded.played.since
            window = Window(since - BEFORE, UNTIL + BEFORE)
            kept[sources] = {
                each: fold_spans(each, told, window) for each, told in self.events.items()
            }
        return kept[sources]

    @cached_property
    def whole(self) -> Whole:
        events = Events(operations=self.operations, inbox=self.inbox)
        told = about(self.messages)
        return judge_whole(self.messages, told, events, self.devices, self.knowledge)


def named(messages: Sequence[Message]) -> list[Message]:
    """All about an operation under the one name that it has."""
    names = {each.operation: each.operation_name for each in messages if each.operation_name}
    return [replace(each, operation_name=names.get(each.operation)) for each in messages]


def barest(message: Message) -> Message:
    """What the extras alone tell, with their time and their name."""
    untold = {"recipient": None, "app": None, "platform": None, "personal": None}
    return replace(message, addressed_to="unknown", **untold)


def by_device(events: Iterable[ActivationEvent]) -> dict[str, list[ActivationEvent]]:
    told = list(events)
    owners: dict[str, set[str]] = {}
    for each in told:
        if each.token is not None and each.activation is not None:
            owners.setdefault(each.token, set()).add(each.activation)
    found: dict[str, list[ActivationEvent]] = {}
    for each in told:
        named = set() if each.activation is None else {each.activation}
        for device in named | owners.get(each.token or "", set()):
            found.setdefault(device, []).append(each)
    return found


def heard(messages: Iterable[Message]) -> dict[str, Heard]:
    found: dict[str, Heard] = {}
    for each in messages:
        if each.message_type not in TYPES or each.source is None:
            continue
        types = frozenset({str(each.message_type)})
        known = found.get(each.source)
        found[each.source] = (
            Heard(each.at, each.at, types)
            if known is None
            else Heard(min(known.first, each.at), max(known.last, each.at), known.types | types)
        )
    return found


def emitters(messages: Iterable[Message]) -> Emitters:
    """Who sent each type to the app, or to any at all, and from when on; who names no app, to
    any."""
    told: dict[tuple[str, str], dict[str | None, datetime]] = {}
    for each in messages:
        if each.message_type in TYPES and each.source is not None:
            apps = told.setdefault((str(each.message_type), each.source), {})
            apps[each.app] = min(each.at, apps.get(each.app, each.at))
    found: dict[tuple[str, str | None], tuple[str, ...]] = {}
    since: dict[tuple[str, str | None, str], datetime] = {}
    for (message_type, source), apps in sorted(told.items(), key=lambda each: each[0]):
        for app in (APP, None):
            if app is None or app in apps or apps.keys() == {None}:
                found[message_type, app] = (*found.get((message_type, app), ()), source)
                first = min(apps.values()) if app is None else apps.get(app, apps.get(None))
                since[message_type, app, source] = first or FIRST
    return Emitters(found, since)


def copying_since(messages: Iterable[Message]) -> dict[str, datetime]:
    """Who told of copies made in the app, and from when on, by the clock of a request."""
    found: dict[str, datetime] = {}
    for each in messages:
        if each.per_device and each.app == APP and each.source is not None:
            first = later(each.at, -WITHIN)
            found[each.source] = min(first, found.get(each.source, first))
    return found


def linked(operations: Iterable[OperationEvent], messages: Iterable[Message]) -> frozenset[str]:
    announced: set[Any] = {
        each.operation for each in messages if each.message_type == MessageType.OPERATION_INIT
    }
    return frozenset(
        each.source or ""
        for each in operations
        if not announced.isdisjoint({each.operation, each.external} - {None})
    )
