"""The trace of devices: what each should have been told in a window, and what it was told."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from notifications.models.querysets import Apps, Extent
from notifications.protocol.audience import Basis, Certainty, Device, reaches
from notifications.protocol.copies import copies_owed
from notifications.protocol.deliveries import Delivery
from notifications.protocol.episodes import in_order as in_time_order
from notifications.protocol.events import ActivationEvent
from notifications.protocol.excuses import excused
from notifications.protocol.expectations import Gap, Judgement, judge, repeated
from notifications.protocol.knowledge import Knowledge
from notifications.protocol.merging import Merged, merge
from notifications.protocol.message import Message
from notifications.protocol.state import DeviceState
from notifications.protocol.window import Window

from . import entries, evidence, lives, owed, sentences
from .copiers import copiers
from .deliveries import deliveries_of, to_device
from .entries import Entry, Trace
from .entry_of import entry_of_gap, entry_of_message
from .states import events_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What some devices' traces rest on: messages by id, which of them are ``merged``, what their
    gateways answered, each operation among them judged, the events of the devices, what events owe
    and no message met, the copies that are not there, and what is known beside all that; of
    ``extent`` only."""

    extent: Extent
    messages: Mapping[UUID, Message]
    merged: Merged
    deliveries: Mapping[UUID, tuple[Delivery, ...]]
    judgements: Mapping[str, Judgement]
    inbox_repeats: frozenset[UUID]
    events: Mapping[str, Sequence[ActivationEvent]]
    owed: Sequence[Gap]
    uncopied: Sequence[Gap]
    known: Knowledge

    def device(self, activation: str) -> Device:
        events = self.events.get(activation, ())
        return Device.from_messages(activation, self.messages.values(), events)

    def deliveries_to_device(self, message: Message) -> tuple[Delivery, ...]:
        """What was answered for the one device that ``message`` is to."""
        return to_device((message, *self.merged.requests.get(message.id, ())), self.deliveries)

    @property
    def gaps(self) -> Iterator[Gap]:
        for judgement in self.judgements.values():
            yield from judgement.gaps
        yield from self.owed
        yield from self.uncopied

    def not_copied_for(self, activation: str) -> frozenset[UUID]:
        """What did not go to the device, as far as copies tell."""
        mine = (each for each in self.uncopied if each.activation == activation)
        return frozenset(key for each in mine for key in each.evidence)


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
    copying = copiers(now, extent)
    copies = evidence.copies_to(users, copying.sources, window, extent)
    messages = {each.id: each for each in (*named, *wide, *copies, *of_operations)}
    known = evidence.knowledge(
        messages.values(),
        named,
        now,
        extent,
        beside=evidence.beside(lived, posted, owed.spans_of(events, window), now, extent, copying),
        since=window.since,
    )
    inbox = [each for each in messages.values() if each.inbox_message is not None]
    merged = merge(messages.values())
    return Gathered(
        extent=extent,
        messages=messages,
        merged=merged,
        deliveries=deliveries_of(_answered(messages.values(), merged, window), extent=extent),
        judgements={key: judge(each, known) for key, each in told.items()},
        inbox_repeats=frozenset(repeated(in_time_order(inbox))),
        events=events,
        owed=tuple(owed.of_devices(devices, lived, posted, messages.values(), known)),
        uncopied=tuple(copies_owed(messages.values(), merged, known, devices)),
        known=known,
    )


def _answered(messages: Iterable[Message], merged: Merged, window: Window) -> set[UUID]:
    """Those whose deliveries the entries of ``window`` have."""
    return {
        each.id
        for each in messages
        if each.is_to_one_device and (each.at in window or merged.beside(each))
    }


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
    return entry_of_message(
        message,
        *reached,
        gathered.judgements.get(message.operation or ""),
        is_repeat=message.id in gathered.inbox_repeats,
        state=state,
        requests=gathered.merged.requests.get(message.id, ()),
        deliveries=gathered.deliveries_to_device(message),
    )


def _emitted(
    device: Device, gathered: Gathered, window: Window, recipient: int | None
) -> Iterator[Entry]:
    missed = gathered.not_copied_for(device.activation)
    for each in gathered.messages.values():
        if each.at not in window or each.id in missed or _is_to_another(each, recipient):
            continue
        if (reached := _reached(each, device, gathered)) is not None:
            state = gathered.known.state_at(device.activation, each.at)
            yield emitted_entry(each, reached, gathered, state=state)


def _reached(
    message: Message, device: Device, gathered: Gathered
) -> tuple[Basis, Certainty] | None:
    """Why ``message`` is an entry of the ``device``. A request is none where its copy for the
    device is one, which stands for both."""
    copies = gathered.merged.copies.get(message.id, ())
    if any(each.activation == device.activation for each in copies):
        return None
    return reaches(message, device)


def _owed(
    device: Device, gathered: Gathered, window: Window, recipient: int | None
) -> Iterator[Entry]:
    activation, known = device.activation, gathered.known
    for gap in gathered.gaps:
        if gap.at not in window or _is_to_another(gap.anchor, recipient):
            continue
        if gap.activation == device.activation:
            yield entry_of_gap(excused(gap, activation, known), gap.certainty)
        elif gap.activation is None and reaches(gap.anchor, device) is not None:
            yield entry_of_gap(excused(gap, activation, known), Certainty.ASSUMED)


def _is_to_another(message: Message, recipient: int | None) -> bool:
    return None not in (recipient, message.recipient) and message.recipient != recipient
