"""The trace of devices: what each should have been told in a window, and what it was told."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from notifications.models import Notification
from notifications.models.querysets import Apps, Extent
from notifications.protocol.audience import Basis, Certainty, Device, reaches
from notifications.protocol.episodes import in_order as in_time_order
from notifications.protocol.expectations import Judgement, judge, repeated
from notifications.protocol.message import Message
from notifications.protocol.window import Window

from . import entries, evidence, sentences
from .entries import Entry, Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What some devices' traces rest on: messages by id, and each operation among them judged;
    both of ``extent`` only."""

    extent: Extent
    messages: Mapping[UUID, Message]
    judgements: Mapping[str, Judgement]
    inbox_repeats: frozenset[UUID]


def trace_device(activation: str, window: Window, *, now: datetime, apps: Apps = None) -> Trace:
    """Of a device that may have no notification at all. Raises ``TooMuch``."""
    return trace_of(activation, gather({activation}, window, now=now, extent=Extent(apps)), window)


def gather(
    devices: Collection[str],
    window: Window,
    *,
    now: datetime,
    extent: Extent,
    recipients: Collection[int] = frozenset(),
) -> Gathered:
    """All that concerns these ``devices``, the users they are known to belong to, and these
    ``recipients``, around ``window``; in eight queries at most."""
    named = evidence.naming(devices, window, extent)
    people = {each.recipient for each in named if each.recipient is not None} | set(recipients)
    wide = evidence.to_users(people, window, extent)
    operations = {each.operation for each in (*named, *wide) if each.operation is not None}
    told = evidence.about_operations(operations, extent)
    of_operations = [each for messages in told.values() for each in messages]
    messages = {each.id: each for each in (*named, *wide, *of_operations)}
    known = evidence.knowledge(messages.values(), named, now, extent)
    inbox = [each for each in messages.values() if each.inbox_message is not None]
    return Gathered(
        extent=extent,
        messages=messages,
        judgements={key: judge(each, known) for key, each in told.items()},
        inbox_repeats=frozenset(repeated(in_time_order(inbox))),
    )


def trace_of(
    activation: str, gathered: Gathered, window: Window, *, recipient: int | None = None
) -> Trace:
    """With a ``recipient``, without what names another user: a device may have changed hands."""
    device = Device.from_messages(activation, gathered.messages.values())
    found = entries.in_order(
        (
            *_emitted(device, gathered, window, recipient),
            *_owed(device, gathered.judgements.values(), window, recipient),
        )
    )
    counts = entries.count(found)
    about = Notification.objects.within(gathered.extent).about_device(activation)
    return Trace(
        activation=activation,
        window=window,
        verdict=sentences.verdict(counts.as_json(), entries.reasons(found))
        if found
        else evidence.why_nothing(about, window, "named this device"),
        counts=counts,
        entries=found,
    )


def emitted_entry(message: Message, reached: tuple[Basis, Certainty], gathered: Gathered) -> Entry:
    return entries.entry_of_message(
        message,
        *reached,
        gathered.judgements.get(message.operation or ""),
        is_repeat=message.id in gathered.inbox_repeats,
    )


def _emitted(
    device: Device, gathered: Gathered, window: Window, recipient: int | None
) -> Iterator[Entry]:
    for each in gathered.messages.values():
        if each.at not in window or _is_to_another(each, recipient):
            continue
        if (reached := reaches(each, device)) is not None:
            yield emitted_entry(each, reached, gathered)


def _owed(
    device: Device, judgements: Iterable[Judgement], window: Window, recipient: int | None
) -> Iterator[Entry]:
    for judgement in judgements:
        for gap in judgement.gaps:
            if gap.at not in window or _is_to_another(gap.anchor, recipient):
                continue
            if gap.activation == device.activation:
                yield entries.entry_of_gap(gap, gap.certainty)
            elif gap.activation is None and reaches(gap.anchor, device) is not None:
                yield entries.entry_of_gap(gap, Certainty.ASSUMED)


def _is_to_another(message: Message, recipient: int | None) -> bool:
    return None not in (recipient, message.recipient) and message.recipient != recipient
