"""What a trace consists of. The admin, the API and the commands render these same objects."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from notifications.protocol.audience import Basis, Certainty, Grade
from notifications.protocol.coverage import SourceCoverage
from notifications.protocol.deliveries import Delivery, is_untaken, last_word
from notifications.protocol.events import ActivationEvent
from notifications.protocol.expectations import Mark
from notifications.protocol.reasons import CountsAs, Reason, Rule
from notifications.protocol.window import Window

_OF_SILENCE = frozenset({Reason.NOT_COVERED, Reason.SOURCE_SILENT, Reason.RECORDING_BEGAN})


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
    ``activation`` is the device and ``recipient`` the user it names, None where it names none, or
    ``is_to_somebody``: it is the copy for a device that is not known;
    ``episode`` the round of its operation. ``due`` is the deadline of a gap or of a finish;
    ``evidence`` the notifications and ``events`` the events that say so. A notification with a
    ``reason`` was emitted and kept from the device. A copy stands for the request it merged with:
    ``evidence`` has both, told by ``sources`` in the same order. ``deliveries`` are what gateways
    answered for the one device, in order of time. ``app`` and ``source`` are those of what a gap is
    owed by, if told."""

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
    is_to_somebody: bool = False
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
    sources: tuple[str | None, ...] = ()
    events: tuple[UUID, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    app: str | None = None
    source: str | None = None
    payload: Payload | None = None

    @property
    def is_emitted(self) -> bool:
        return self.kind is Kind.NOTIFICATION

    @property
    def is_sent(self) -> bool:
        """It was emitted, and nothing is known that kept it from the device."""
        return self.is_emitted and self.reason is None

    @property
    def reports(self) -> tuple[tuple[UUID, str | None], ...]:
        """Of what was emitted: each notification that is evidence of it, and who reported that."""
        return tuple(zip(self.evidence, self.sources, strict=False))

    @property
    def is_failed(self) -> bool:
        """It was emitted, and no gateway took it."""
        return self.is_sent and is_untaken(last_word(self.deliveries))

    @property
    def rests_on_silence(self) -> bool:
        """Whether it is of account who was listening."""
        return self.counts_as is CountsAs.MISSING or self.reason in _OF_SILENCE

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
    ``expected = emitted - duplicate + missing + explained + undecided + pending``. What follows
    these is of emitted ones."""

    expected: int = 0
    emitted: int = 0
    missing: int = 0
    explained: int = 0
    undecided: int = 0
    pending: int = 0
    failed: int = 0
    late: int = 0
    duplicate: int = 0
    disagreeing: int = 0
    nonconforming: int = 0

    def as_json(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in _COUNTED}


_COUNTED = tuple(each.name for each in fields(Counts))


@dataclass(frozen=True, slots=True, kw_only=True)
class SinceThen:
    """What an answer that is given as of an earlier moment is by now: its ``counts``, and of how
    many ``reports`` that it rests on now it could not have known."""

    counts: Counts
    reports: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Of one device. ``entries`` are all of the window, in order of time; ``events`` are all that
    concern the device, of any time. ``coverage`` says of each source that could have told something
    whether it was listening, and ``recorded`` the same in a sentence: both are of the whole answer,
    and not of a device within that of a user. This and the others are by what was known ``as_of`` a
    moment; None: by what is known now."""

    activation: str
    window: Window
    verdict: str
    counts: Counts
    entries: tuple[Entry, ...]
    events: tuple[ActivationEvent, ...] = ()
    coverage: tuple[SourceCoverage, ...] = ()
    recorded: str = ""
    as_of: datetime | None = None
    since_then: SinceThen | None = None

    @property
    def counted(self) -> tuple[Entry, ...]:
        return self.entries


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One entry of a user's trace, as each of the devices that it concerns has it; and its copies
    for devices that are ``unknown``."""

    entry: Entry
    devices: Mapping[str, Entry] = field(default_factory=dict)
    unknown: tuple[Entry, ...] = ()

    @property
    def place(self) -> tuple[datetime, int, str]:
        return self.entry.place

    @property
    def counted(self) -> Iterator[Entry]:
        """What counts for the user: the message once, and each device that got no copy of it."""
        yield self.entry
        for each in self.devices.values():
            if each.rule is Rule.E7 and each is not self.entry:
                yield each


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
    coverage: tuple[SourceCoverage, ...] = ()
    recorded: str = ""
    as_of: datetime | None = None
    since_then: SinceThen | None = None

    @property
    def counted(self) -> tuple[Entry, ...]:
        return tuple(entry for row in self.rows for entry in row.counted)


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
    names no device. ``coverage`` is of the time from one life before its first message or event
    until its last one, or deadline."""

    operation: str
    operation_name: str | None
    verdict: str
    counts: Counts
    lanes: tuple[str | None, ...]
    episodes: tuple[EpisodeView, ...]
    entries: tuple[Entry, ...]
    coverage: tuple[SourceCoverage, ...] = ()
    recorded: str = ""
    as_of: datetime | None = None
    since_then: SinceThen | None = None

    @property
    def counted(self) -> tuple[Entry, ...]:
        return self.entries


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
        failed=sum(each.is_failed for each in given),
        late=sum(Mark.LATE in each.marks for each in given),
        duplicate=duplicate,
        disagreeing=sum(Mark.DISAGREEING in each.marks for each in given),
        nonconforming=sum(each.nonconforming for each in given),
    )


def reasons(entries: Iterable[Entry]) -> list[Reason]:
    return [each.reason for each in entries if each.reason is not None]
