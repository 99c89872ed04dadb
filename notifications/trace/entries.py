"""What a trace consists of. The admin, the API and the commands render these same objects."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from notifications.protocol.audience import Basis, Certainty, Grade, grade_of
from notifications.protocol.eligibility import is_known_eligible, kept_from
from notifications.protocol.events import ActivationEvent
from notifications.protocol.expectations import Gap, Judgement, Mark
from notifications.protocol.message import Message
from notifications.protocol.reasons import CountsAs, Reason, Rule, Seen, counts_as
from notifications.protocol.state import DeviceState
from notifications.protocol.window import Window

from . import sentences


class Kind(StrEnum):
    NOTIFICATION = "notification"
    GAP = "gap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What is read of a notification only when a page shows it."""

    extras: Mapping[str, Any]
    findings: Sequence[Mapping[str, str]]
    clients: Mapping[str, Mapping[str, str | None]]
    platform: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A notification, or a gap where one is owed. ``key`` is unique in a trace and stays the same;
    ``activation`` is the device and ``recipient`` the user it names, None where it names none;
    ``episode`` the round of its operation. ``due`` is the deadline of a gap or of a finish;
    ``evidence`` the notifications and ``events`` the events that say so. A notification with a
    ``reason`` was emitted and kept from the device."""

    key: str
    at: datetime
    due: datetime | None
    kind: Kind
    message_type: str | None
    result: str | None
    operation: str | None
    operation_name: str | None
    episode: int | None
    inbox_message: str | None
    activation: str | None
    recipient: int | None = None
    basis: Basis
    certainty: Certainty
    grade: Grade
    rule: Rule | None = None
    reason: Reason | None = None
    counts_as: CountsAs | None = None
    marks: tuple[Mark, ...] = ()
    nonconforming: bool = False
    sentence: str
    evidence: tuple[UUID, ...]
    events: tuple[UUID, ...] = ()
    payload: Payload | None = None

    @property
    def is_sent(self) -> bool:
        """It was emitted, and nothing is known that kept it from the device."""
        return self.kind is Kind.NOTIFICATION and self.reason is None

    @property
    def place(self) -> tuple[datetime, int, str]:
        """Its place in the order of time. What was owed before its anchor stands before it, what is
        owed from it on stands after it."""
        if self.kind is Kind.NOTIFICATION:
            return self.at, 1, self.key
        return self.at, 0 if self.rule is Rule.E2 else 2, self.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Of a whole window. What is expected was emitted (repeats aside) or is a gap, or was emitted
    and kept from the device, which counts as explained alone:
    ``expected = emitted - duplicate + missing + explained + undecided + pending``."""

    expected: int = 0
    emitted: int = 0
    missing: int = 0
    explained: int = 0
    undecided: int = 0
    pending: int = 0
    late: int = 0
    duplicate: int = 0
    disagreeing: int = 0
    nonconforming: int = 0

    def as_json(self) -> dict[str, int]:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Of one device. ``entries`` are all of the window, in order of time; ``events`` are all that
    concern the device, of any time."""

    activation: str
    window: Window
    verdict: str
    counts: Counts
    entries: tuple[Entry, ...]
    events: tuple[ActivationEvent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One entry of a user's trace, as each of the devices that it concerns has it."""

    entry: Entry
    devices: Mapping[str, Entry] = field(default_factory=dict)

    @property
    def place(self) -> tuple[datetime, int, str]:
        return self.entry.place


@dataclass(frozen=True, slots=True, kw_only=True)
class UserTrace:
    """Of one recipient, under the surrogate key: its devices' traces, and their entries in one
    list, with those that concern no device we know of."""

    recipient: int
    window: Window
    verdict: str
    counts: Counts
    devices: tuple[Trace, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeView:
    """One round of an operation, from its announcement to its finish."""

    number: int
    announced_at: datetime | None
    finished_at: datetime | None
    due: datetime
    results: tuple[str, ...]
    agrees: bool
    owed: int
    sent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Of one operation. ``lanes`` are the devices it concerns in order of appearance, None for what
    names no device."""

    operation: str
    operation_name: str | None
    verdict: str
    counts: Counts
    lanes: tuple[str | None, ...]
    episodes: tuple[EpisodeView, ...]
    entries: tuple[Entry, ...]


def entry_of_message(
    message: Message,
    basis: Basis,
    certainty: Certainty,
    judgement: Judgement | None,
    *,
    is_repeat: bool = False,
    state: DeviceState | None = None,
) -> Entry:
    """``judgement`` is of its operation, if it has one; ``is_repeat`` is told where that tells
    nothing; ``state`` is that of the device at the time, as far as events tell: what kept the
    message from it, or that nothing did."""
    marks: tuple[Mark, ...] = (Mark.DUPLICATE,) if is_repeat else ()
    episode, due = None, None
    if judgement is not None:
        marks = judgement.marks.get(message.id, marks)
        episode, due = judgement.rounds.get(message.id), judgement.dues.get(message.id)
    eligible = state is not None and is_known_eligible(state, personal=message.personal)
    entry = Entry(
        key=str(message.id),
        at=message.at,
        due=due,
        kind=Kind.NOTIFICATION,
        message_type=message.message_type,
        result=message.result,
        operation=message.operation,
        operation_name=message.operation_name,
        episode=episode,
        inbox_message=message.inbox_message,
        activation=message.activation,
        recipient=message.recipient,
        basis=basis,
        certainty=certainty,
        grade=grade_of(basis, eligible=eligible),
        marks=marks,
        nonconforming=message.nonconforming,
        sentence=sentences.of_message(message, basis, marks, due),
        evidence=(message.id,),
    )
    kept = kept_from(state, personal=message.personal) if state is not None else None
    return entry if kept is None else _kept(entry, message, *kept)


def entry_of_gap(gap: Gap, certainty: Certainty) -> Entry:
    unsent = gap.counts_as in (CountsAs.MISSING, CountsAs.EXPLAINED)
    return Entry(
        key=f"{gap.rule}-{gap.anchor.id}-{gap.activation or ''}",
        at=gap.at,
        due=gap.due,
        kind=Kind.GAP,
        message_type=gap.message_type,
        result=None,
        operation=gap.operation,
        operation_name=gap.anchor.operation_name,
        episode=gap.episode,
        inbox_message=gap.anchor.inbox_message if gap.rule is Rule.E5 else None,
        activation=gap.activation,
        recipient=gap.anchor.recipient,
        basis=Basis.OWED,
        certainty=certainty,
        grade=Grade.NOT_ATTEMPTED if unsent else Grade.UNKNOWN,
        rule=gap.rule,
        reason=gap.reason,
        counts_as=gap.counts_as,
        sentence=sentences.of_gap(gap),
        evidence=gap.evidence,
        events=gap.events,
    )


def _kept(entry: Entry, message: Message, reason: Reason, seen: Seen) -> Entry:
    """The ``entry`` of a message that was emitted, as one that did not go to the device."""
    return replace(
        entry,
        grade=Grade.NOT_ATTEMPTED,
        certainty=Certainty.ASSUMED,
        reason=reason,
        counts_as=counts_as(reason),
        sentence=sentences.of_unsent(message, reason, seen),
        events=seen.events,
    )


def in_order(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted(entries, key=lambda each: each.place))


def count(entries: Iterable[Entry]) -> Counts:
    given = list(entries)
    emitted = sum(each.is_sent for each in given)
    gaps = {kind: sum(each.counts_as is kind for each in given) for kind in CountsAs}
    duplicate = sum(each.is_sent and Mark.DUPLICATE in each.marks for each in given)
    return Counts(
        expected=emitted - duplicate + sum(gaps.values()),
        emitted=emitted,
        missing=gaps[CountsAs.MISSING],
        explained=gaps[CountsAs.EXPLAINED],
        undecided=gaps[CountsAs.UNDECIDED],
        pending=gaps[CountsAs.PENDING],
        late=sum(Mark.LATE in each.marks for each in given),
        duplicate=duplicate,
        disagreeing=sum(Mark.DISAGREEING in each.marks for each in given),
        nonconforming=sum(each.nonconforming for each in given),
    )


def reasons(entries: Iterable[Entry]) -> list[Reason]:
    return [each.reason for each in entries if each.reason is not None]
