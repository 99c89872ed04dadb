"""The trace of devices: what each should have been told in a window, and what it was told."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from notifications.models.querysets import Apps, Extent
from notifications.models.statements import Answer, together
from notifications.protocol.audience import Basis, Certainty, Device
from notifications.protocol.coverage import SourceCoverage, Tells
from notifications.protocol.deliveries import Delivery
from notifications.protocol.episodes import in_order as in_time_order
from notifications.protocol.events import ActivationEvent
from notifications.protocol.expectations import Gap, Judgement, repeated
from notifications.protocol.knowledge import Knowledge
from notifications.protocol.merging import Merged
from notifications.protocol.message import Message
from notifications.protocol.state import DeviceState
from notifications.protocol.whole import Events, Whole, judge_whole
from notifications.protocol.window import Window

from . import entries, evidence, owed, sentences, silence
from .around import Around, read_around
from .deliveries import ask_deliveries, to_device
from .entries import Entry, Trace
from .entry_of import entry_of_gap, entry_of_message
from .listeners import apps_told, ask_who_listened, told_by
from .nearest import nearest_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What some devices' traces rest on: messages by id, what their gateways answered, the events
    of the devices, what is known beside all that, and what the rules say of it; of ``extent`` only.
    ``coverage`` says which sources could have told something of the devices, or of their user, and
    when each was recorded in the window."""

    extent: Extent
    messages: Mapping[UUID, Message]
    whole: Whole
    deliveries: Mapping[UUID, tuple[Delivery, ...]]
    inbox_repeats: frozenset[UUID]
    events: Mapping[str, Sequence[ActivationEvent]]
    known: Knowledge
    coverage: tuple[SourceCoverage, ...]

    @property
    def merged(self) -> Merged:
        return self.whole.merged

    @property
    def judgements(self) -> Mapping[str, Judgement]:
        return self.whole.judgements

    @property
    def gaps(self) -> Iterator[Gap]:
        return self.whole.gaps

    def device(self, activation: str) -> Device:
        events = self.events.get(activation, ())
        return Device.from_messages(activation, self.messages.values(), events)


def trace_device(
    activation: str,
    window: Window,
    *,
    now: datetime,
    apps: Apps = None,
    as_of: datetime | None = None,
) -> Trace:
    """Of a device that may have no notification at all; with ``as_of`` as it would have been given
    at that moment, which is then ``now``. Raises ``TooMuch``."""
    extent = Extent(apps, as_of=as_of)
    gathered = gather({activation}, window, now=as_of or now, extent=extent)
    (trace,) = with_verdicts([trace_of(activation, gathered, window)], gathered)
    return replace(
        trace,
        verdict=sentences.as_known(trace.verdict, as_of),
        coverage=gathered.coverage,
        recorded=silence.in_words(gathered.coverage),
        as_of=as_of,
    )


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
    with together():
        told = read_around(devices, recipients, window, now=now, extent=extent)
        messages = told.messages
        listening = _ask_who_listened(told, devices, recipients, window, now, extent)
        answering = ask_deliveries(_answered(messages.values(), window), extent=extent)
        known = evidence.knowledge(
            messages.values(),
            told.named,
            now,
            extent,
            reporting=told.reporting,
            beside=evidence.beside(
                told.lived,
                told.posted,
                owed.spans_of(told.events, window),
                extent,
                reporting=told.reporting,
                copying=told.copying,
            ),
            owed_at=window.days,
        )
        coverage, deliveries = listening(), answering()
    events = Events(operations=told.lived, inbox=told.posted)
    inbox = [each for each in messages.values() if each.inbox_message is not None]
    return Gathered(
        extent=extent,
        messages=messages,
        whole=judge_whole(messages.values(), told.of_operations, events, devices, known),
        deliveries=deliveries,
        inbox_repeats=frozenset(repeated(in_time_order(inbox))),
        events=told.events,
        known=known,
        coverage=coverage,
    )


def _ask_who_listened(
    told: Around,
    devices: Collection[str],
    recipients: Collection[int],
    window: Window,
    now: datetime,
    extent: Extent,
) -> Answer[tuple[SourceCoverage, ...]]:
    about = [
        each
        for each in told.messages.values()
        if each.activation in devices or each.recipient in recipients
    ]
    events = [each for of_one in told.events.values() for each in of_one]
    return ask_who_listened(
        window,
        now=now,
        reporting=told.reporting,
        as_of=extent.as_of,
        apps=apps_told(about, events),
        named=told_by(about, {Tells.REGISTRATIONS: events}),
    )


def _answered(messages: Collection[Message], window: Window) -> set[UUID]:
    """Those whose deliveries the entries of ``window`` may have: what merges with one of these was
    told at another time, and by another source."""
    may_merge = len({each.source for each in messages}) > 1
    return {
        each.id for each in messages if each.is_to_one_device and (may_merge or each.at in window)
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
    nearest = nearest_of(empty.keys(), next(iter(empty.values())), gathered.extent)
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
    reports = gathered.merged.reports(message)
    twins = gathered.merged.twins(message)
    return entry_of_message(
        gathered.merged.whole(message),
        *reached,
        gathered.judgements.get(message.operation or ""),
        is_repeat=any(each.id in gathered.inbox_repeats for each in (message, *twins)),
        state=state,
        beside=reports[1:],
        deliveries=to_device(reports, gathered.deliveries),
        clocks=gathered.known.clocks,
    )


def _emitted(
    device: Device, gathered: Gathered, window: Window, recipient: int | None
) -> Iterator[Entry]:
    mine = (
        each
        for each in gathered.messages.values()
        if each.at in window and not _is_to_another(each, recipient)
    )
    for message, reached in gathered.whole.told_to(device, mine):
        moment = gathered.merged.time_of(message)
        state = gathered.known.state_at(device.activation, moment)
        yield emitted_entry(message, reached, gathered, state=state)


def _owed(
    device: Device, gathered: Gathered, window: Window, recipient: int | None
) -> Iterator[Entry]:
    for gap, certainty in gathered.whole.owed_to(device, gathered.known):
        if gap.at in window and not _is_to_another(gap.anchor, recipient):
            yield entry_of_gap(gap, certainty)


def _is_to_another(message: Message, recipient: int | None) -> bool:
    return None not in (recipient, message.recipient) and message.recipient != recipient
