"""All that the rules say of what is on record, put together: of each operation by its messages, of
what events owe, of copies that are not there; and of each device what of that is its own.

Whoever read the record, from the database or not, is told the same.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from .audience import Basis, Certainty, Device, Grade, grade_of, reaches
from .copies import copies_owed
from .deliveries import Delivery, last_word
from .eligibility import is_known_eligible, kept_back
from .events import InboxEvent, OperationEvent
from .excuses import Owned, excused, excused_of_user
from .expectations import Gap, Judgement, judge
from .extras import MessageType
from .knowledge import Knowledge
from .lives import announcements_owed, inbox_pushes_owed, status_changes_owed
from .merging import Merged, merge
from .message import Message
from .reasons import Reason, Seen
from .state import DeviceState

_OF_OPERATIONS = (MessageType.OPERATION_INIT, MessageType.OPERATION_FINISHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """What was told of the lives of ``operations`` and of what was posted to the ``inbox``."""

    operations: Sequence[OperationEvent] = ()
    inbox: Sequence[InboxEvent] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """Which messages are ``merged``, each operation judged, what events owe and no message met
    (``owed``), and the copies that are not there."""

    merged: Merged = field(default_factory=Merged)
    judgements: Mapping[str, Judgement] = field(default_factory=dict)
    owed: Sequence[Gap] = ()
    uncopied: Sequence[Gap] = ()

    @property
    def gaps(self) -> Iterator[Gap]:
        for judgement in self.judgements.values():
            yield from judgement.gaps
        yield from self.owed
        yield from self.uncopied

    def of_users(self, owned: Mapping[int, Collection[Owned]], known: Knowledge) -> Iterator[Gap]:
        """All gaps as they are of users who ``owned`` these devices."""
        for gap in self.gaps:
            yield excused_of_user(gap, owned.get(gap.anchor.recipient or 0, ()), known)

    def told_to(
        self, device: Device, messages: Iterable[Message]
    ) -> Iterator[tuple[Message, tuple[Basis, Certainty]]]:
        """Those of ``messages`` that are entries of the ``device``. A request is none where its
        copy for the device is one, which stands for both, nor where a copy for it is lacking; and
        of what several sources report alike, one stands for all."""
        mine = (each for each in self.uncopied if each.activation == device.activation)
        missed = {key for each in mine for key in each.evidence}
        for each in messages:
            copies = self.merged.copies.get(each.id, ())
            if each.id in missed or not self.merged.stands_first(each):
                continue
            if any(one.activation == device.activation for one in copies):
                continue
            if (reached := reaches(self.merged.whole(each), device)) is not None:
                yield each, reached

    def owed_to(self, device: Device, known: Knowledge) -> Iterator[tuple[Gap, Certainty]]:
        """The gaps as they are of the ``device``."""
        for gap in self.gaps:
            if gap.activation == device.activation:
                yield excused(gap, device.activation, known), gap.certainty
            elif gap.activation is None and reaches(gap.anchor, device) is not None:
                yield excused(gap, device.activation, known), Certainty.ASSUMED


def judge_whole(
    messages: Collection[Message],
    about: Mapping[str, Sequence[Message]],
    events: Events,
    devices: Collection[str],
    known: Knowledge,
) -> Whole:
    """What is owed to these ``devices``, and to none by name. ``about`` has all messages of each
    operation that is to be judged; what events owe and which copies are lacking is looked for among
    all ``messages``."""
    merged = merge(messages, known.clocks)
    return Whole(
        merged=merged,
        judgements={
            name: judge(told, known, merged=merged, devices=devices) for name, told in about.items()
        },
        owed=tuple(owed_by_events(devices, events, messages, known)),
        uncopied=tuple(copies_owed(messages, merged, known, devices)),
    )


def owed_by_events(
    devices: Iterable[str], events: Events, told: Collection[Message], known: Knowledge
) -> Iterator[Gap]:
    """What is owed by the events of these devices and of their users, beside the ``told``."""
    by_device: dict[str, list[Message]] = {}
    for each in told:
        if each.activation is not None:
            by_device.setdefault(each.activation, []).append(each)
    for device in devices:
        yield from status_changes_owed(device, by_device.get(device, ()), known)
    pushed = by_recipient(told)
    for recipient, posted in by_recipient(events.inbox).items():
        yield from inbox_pushes_owed(posted, pushed.get(recipient, ()), known)
    yield from announcements_owed(events.operations, about_operations(told), known)


def about_operations(told: Iterable[Message]) -> set[str]:
    """The operations that are announced or finished."""
    return {
        each.operation
        for each in told
        if each.operation is not None and each.message_type in _OF_OPERATIONS
    }


T = TypeVar("T", InboxEvent, Message)


def by_recipient(each_of: Iterable[T]) -> dict[int | None, list[T]]:
    found: dict[int | None, list[T]] = {}
    for each in each_of:
        found.setdefault(each.recipient, []).append(each)
    return found


def by_name(events: Iterable[OperationEvent]) -> dict[str, list[OperationEvent]]:
    """The events of each operation, under every name that messages may have for it."""
    found: dict[str, list[OperationEvent]] = {}
    for each in events:
        for name in {each.operation, each.external} - {None}:
            found.setdefault(name or "", []).append(each)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How far a message is known to have come, by the last ``word`` of its gateway and by the state
    of its device, which is known to have been eligible or not; ``kept`` is why it did not go there,
    as far as that is known."""

    grade: Grade
    is_eligible: bool
    word: Delivery | None
    kept: tuple[Reason, Seen] | None


def course_of(
    message: Message, basis: Basis, state: DeviceState | None, deliveries: Iterable[Delivery]
) -> Course:
    """``state`` is that of the device at the time, as far as events tell."""
    word = last_word(deliveries)
    named = basis is Basis.ADDRESSED and not message.per_device and message.is_to_named_device
    kept = kept_back(state, word, personal=message.personal, named=named)
    eligible = state is not None and is_known_eligible(state, personal=message.personal)
    grade = grade_of(basis, eligible=eligible, word=word)
    grade = Grade.NOT_ATTEMPTED if kept else grade
    return Course(grade=grade, is_eligible=eligible, word=word, kept=kept)
