"""The trace of devices: what each should have been told in a window, and what it was told."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from notifications.models.querysets import Apps, Extent
from notifications.protocol.audience import Basis, Certainty, Device, reaches
from notifications.protocol.episodes import in_order as in_time_order
from notifications.protocol.events import ActivationEvent
from notifications.protocol.excuses import excused
from notifications.protocol.expectations import Gap, Judgement, judge, repeated
from notifications.protocol.knowledge import Knowledge
from notifications.protocol.message import Message
from notifications.protocol.state import DeviceState
from notifications.protocol.window import Window

from . import entries, evidence, lives, owed, sentences
from .entries import Entry, Trace
from .states import events_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What some devices' traces rest on: messages by id, each operation among them judged, the
    events of the devices, what events owe and no message met, and what is known beside all that; of
    ``extent`` only."""

    extent: Extent
    messages: Mapping[UUID, Message]
    judgements: Mapping[str, Judgement]
    inbox_repeats: frozenset[UUID]
    events: Mapping[str, Sequence[ActivationEvent]]
    owed: Sequence[Gap]
    known: Knowledge

    def device(self, activation: str) -> Device:
        events = self.events.get(activation, ())
        return Device.from_messages(activation, self.messages.values(), events)

    @property
    def gaps(self) -> Iterator[Gap]:
        for judgement in self.judgements.values():
            yield from judgement.gaps
        yield from self.owed


def trace_device(activation: str, window: Window, *, now: datetime, apps: Apps = None) -> Trace:
    """Of a device that may have no notification at all. Raises ``TooMuch``."""
    gathered = gather({activation}, window, now=now, extent=Extent(apps))
    return with_verdicts([trace_of(activation, gathered, window)], gathered)[0]


def gather(
    devices: Collection[str],
    window: Window,
    *,
    now: datetime,
    extent: Extent,
    recipients: Collection[int] = frozenset(),
) -> Gathered:
    """All that concerns these ``devices``, the users they are known to belong to, and these
    ``recipients``, around ``window``; in a fixed number of queries."""
    named = evidence.naming(devices, window, extent)
    events = events_of(devices, extent=extent)
    people = {each.recipient for each in named} | set(recipients)
    people |= {each.recipient for of_one in events.values() for each in of_one}
    users = {each for each in people if each is not None}
    wide = evidence.to_users(users, window, extent)
    around = owed.around(window)
    begun = lives.by_name(lives.operation_events_of(users, devices, around, extent))
    posted = lives.inbox_events_of(users, around, extent)
    operations = {each.operation for each in (*named, *wide) if each.operation is not None}
    lived = lives.operation_events(operations | begun.keys(), extent)
    told = evidence.about_operations(operations | lives.by_name(lived).keys(), extent)
    of_operations = [each for messages in told.values() for each in messages]
    messages = {each.id: each for each in (*named, *wide, *of_operations)}
    known = evidence.knowledge(
        messages.values(),
        named,
        now,
        extent,
        beside=evidence.beside(lived, posted, owed.spans_of(events, window), now, extent),
        since=window.since,
    )
    inbox = [each for each in messages.values() if each.inbox_message is not None]
    return Gathered(
        extent=extent,
        messages=messages,
        judgements={key: judge(each, known) for key, each in told.items()},
        inbox_repeats=frozenset(repeated(in_time_order(inbox))),
        events=events,
        owed=tuple(owed.of_devices(devices, lived, posted, messages.values(), known)),
        known=known,
    )


def trace_of(
    activation: str, gathered: Gathered, window: Window, *, recipient: int | None = None
) -> Trace:
    """With a ``recipient``, without what names another user: a device may have changed hands. The
    verdict of one without entries is told by ``with_verdicts``."""
    device = gathered.device(activation)
    found = entries.in_order(
        (
            *_emitted(device, gathered, window, recipient),
            *_owed(device, gathered, window, recipient),
        )
    )
    counts = entries.count(found)
    return Trace(
        activation=activation,
        window=window,
        verdict=sentences.verdict(counts.as_json(), entries.reasons(found)),
        counts=counts,
        entries=found,
        events=tuple(gathered.events.get(activation, ())),
    )


def with_verdicts(traces: Sequence[Trace], gathered: Gathered) -> tuple[Trace, ...]:
    """Those without entries say when a notification named the device last and next, found for all
    of them at once."""
    empty = {each.activation: each.window for each in traces if not each.entries}
    if not empty:
        return tuple(traces)
    nearest = evidence.nearest(empty.keys(), next(iter(empty.values())), gathered.extent)
    return tuple(
        replace(each, verdict=sentences.nothing("named this device", *nearest[each.activation]))
        if each.activation in empty
        else each
        for each in traces
    )


def emitted_entry(
    message: Message,
    reached: tuple[Basis, Certainty],
    gathered: Gathered,
    *,
    state: DeviceState | None = None,
) -> Entry:
    """``state`` is that of the device at the time, as far as events tell."""
    return entries.entry_of_message(
        message,
        *reached,
        gathered.judgements.get(message.operation or ""),
        is_repeat=message.id in gathered.inbox_repeats,
        state=state,
    )


def _emitted(
    device: Device, gathered: Gathered, window: Window, recipient: int | None
) -> Iterator[Entry]:
    for each in gathered.messages.values():
        if each.at not in window or _is_to_another(each, recipient):
            continue
        if (reached := reaches(each, device)) is not None:
            state = gathered.known.state_at(device.activation, each.at)
            yield emitted_entry(each, reached, gathered, state=state)


def _owed(
    device: Device, gathered: Gathered, window: Window, recipient: int | None
) -> Iterator[Entry]:
    activation, known = device.activation, gathered.known
    for gap in gathered.gaps:
        if gap.at not in window or _is_to_another(gap.anchor, recipient):
            continue
        if gap.activation == device.activation:
            yield entries.entry_of_gap(excused(gap, activation, known), gap.certainty)
        elif gap.activation is None and reaches(gap.anchor, device) is not None:
            yield entries.entry_of_gap(excused(gap, activation, known), Certainty.ASSUMED)


def _is_to_another(message: Message, recipient: int | None) -> bool:
    return None not in (recipient, message.recipient) and message.recipient != recipient
