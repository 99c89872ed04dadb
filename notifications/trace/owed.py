"""What events owe and no message met, for the devices of a trace and for all in a window."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from notifications.models.querysets import Extent
from notifications.protocol import lives as rules
from notifications.protocol.audience import status_changes
from notifications.protocol.clocks import NO_CLOCKS, Clocks
from notifications.protocol.episodes import LATE_WITHIN
from notifications.protocol.events import (
    ActivationEvent,
    InboxEvent,
    OperationEvent,
)
from notifications.protocol.excuses import excused_of_user, is_of_user
from notifications.protocol.expectations import Gap
from notifications.protocol.extras import MessageType
from notifications.protocol.knowledge import Knowledge
from notifications.protocol.message import later
from notifications.protocol.reasons import Rule
from notifications.protocol.state import Span, fold_days
from notifications.protocol.whole import Events, about_operations, by_recipient, owed_by_events
from notifications.protocol.window import Window

from . import evidence, lives, suspects
from .reporting import Reporting
from .states import events_of

TOGETHER = 200  # devices, users or operations that are judged at a time
BEFORE = timedelta(days=1)  # of a window: whether a status is another than it was
AROUND = timedelta(hours=1)  # of a window: an event may be observed after what it owes was owed


def in_window(
    window: Window,
    now: datetime,
    extent: Extent,
    reporting: Reporting,
    clocks: Clocks = NO_CLOCKS,
) -> Iterator[Gap]:
    """All that is owed by events of ``window``, looked for among those that may lack what they owe.
    Raises ``TooMuch``."""
    emitters = reporting.emitters({None})
    sent = emitters.types
    # As the rules have it: one source has nothing to be compared with.
    clocks = clocks if len(emitters.sources) > 1 else NO_CLOCKS
    for message_type, find in (
        (MessageType.STATUS_CHANGE, _changes),
        (MessageType.INBOX_MESSAGE_NEW, _posts),
        (MessageType.OPERATION_INIT, _announcements),
    ):
        if message_type in sent:
            yield from (
                gap for gap in find(window, now, extent, reporting, clocks) if gap.at in window
            )


def around(window: Window) -> Window:
    return Window(later(window.since, -AROUND), later(window.until, AROUND))


def spans_of(
    events: Mapping[str, Sequence[ActivationEvent]], window: Window
) -> dict[str, tuple[Span, ...]]:
    """The states of these devices around ``window``; of those without events, nothing."""
    reach = Window(later(window.since, -BEFORE), later(window.until, BEFORE))
    return {device: fold_days(device, told, reach) for device, told in events.items() if told}


def _changes(
    window: Window, now: datetime, extent: Extent, reporting: Reporting, clocks: Clocks
) -> Iterator[Gap]:
    for devices in _chunks(suspects.changed_in(window, extent)):
        spans = spans_of(events_of(devices, extent=extent), window)
        sent = evidence.status_changes_of(devices, window, extent)
        known = _knowledge((), (), spans, now, extent, reporting, window=window)
        yield from owed_by_events(devices, Events(), sent, known)


def _posts(
    window: Window, now: datetime, extent: Extent, reporting: Reporting, clocks: Clocks
) -> Iterator[Gap]:
    # What is told of one post may be on either side of an end of the window, and so may the one of
    # two posts that a push is for.
    grace, near = evidence.terms().grace, around(window)
    unpushed = suspects.unpushed_in(near, extent, clocks, grace=grace, late=LATE_WITHIN)
    for recipients in _chunks(unpushed):
        events = lives.inbox_events_of(recipients, around(near), extent)
        sent = evidence.inbox_pushes_to(recipients, around(near), extent)
        known = _knowledge((), events, {}, now, extent, reporting, window=around(near))
        posted, pushed = by_recipient(events), by_recipient(sent)
        found = [
            gap
            for recipient, of_one in posted.items()
            for gap in rules.inbox_pushes_owed(of_one, pushed.get(recipient, ()), known)
            if gap.at in window
        ]
        yield from excuse_users(found, known, extent)


K = TypeVar("K", int, str)


def _chunks(keys: Sequence[K]) -> Iterator[Sequence[K]]:
    for start in range(0, len(keys), TOGETHER):
        yield keys[start : start + TOGETHER]


def _announcements(
    window: Window, now: datetime, extent: Extent, reporting: Reporting, clocks: Clocks
) -> Iterator[Gap]:
    whoever = any(reporting.gates.ever_applying(Rule.E0))
    for operations in _chunks(suspects.unannounced_in(around(window), extent, whoever=whoever)):
        events = lives.operation_events(operations, extent)
        told = evidence.about_operations(lives.by_name(events).keys(), extent)
        known = _knowledge(events, (), {}, now, extent, reporting, window=window)
        messages = [each for of_one in told.values() for each in of_one]
        found = list(rules.announcements_owed(events, about_operations(messages), known))
        yield from excuse_users(found, known, extent)


def excuse_users(gaps: Sequence[Gap], known: Knowledge, extent: Extent) -> Iterator[Gap]:
    """These ``gaps``, some of which are owed to users as a whole, in the light of what is known of
    all devices of each."""
    of_users = [gap for gap in gaps if is_of_user(gap) and gap.anchor.recipient is not None]
    if not of_users:
        yield from gaps
        return
    owned = lives.devices_of({gap.anchor.recipient or 0 for gap in of_users}, extent)
    devices = {each.device for of_one in owned.values() for each in of_one}
    moments = [gap.at for gap in of_users]
    window = Window(min(moments), max(moments))
    beside = evidence.with_spans(known, spans_of(events_of(devices, extent=extent), window), extent)
    changes = evidence.status_changes_of(devices, window, extent)
    told = status_changes(known.clocks.corrected(each) for each in changes)
    beside = replace(beside, status_changes={**beside.status_changes, **told})
    for gap in gaps:
        yield excused_of_user(gap, owned.get(gap.anchor.recipient or 0, ()), beside)


def _knowledge(
    operations: Collection[OperationEvent],
    inbox: Collection[InboxEvent],
    spans: Mapping[str, Sequence[Span]],
    now: datetime,
    extent: Extent,
    reporting: Reporting,
    *,
    window: Window,
) -> Knowledge:
    beside = evidence.beside(operations, inbox, spans, extent, reporting=reporting)
    return evidence.knowledge(
        (), (), now, extent, reporting=reporting, beside=beside, owed_at=window.days
    )
