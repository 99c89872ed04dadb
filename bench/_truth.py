"""The truth of a played world in the form in which answers are held against it."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TypeVar

from bench._records import Recorded, Told
from bench._worlds import Source
from notifications.protocol.extras import MessageType
from notifications.world import Corruption, Fault
from notifications.world.lives import Life
from notifications.world.push_messages import Attempt, Fate

INIT, FINISHED = MessageType.OPERATION_INIT, MessageType.OPERATION_FINISHED
STATUS_CHANGE, PUSHED = MessageType.STATUS_CHANGE, MessageType.INBOX_MESSAGE_NEW
# Corrupted like this, a message no longer is one of its type that relates to its subject.
LOST_BY = frozenset({Corruption.NOT_UUID, Corruption.NUMBER, Corruption.UNKNOWN_TYPE})
NOT_MADE = frozenset({Fate.ROLLED_BACK, Fate.NOT_REACHED})
CLOCKS = timedelta(seconds=60)  # how far any two clocks are apart
REQUESTS = frozenset({Source.BANK, Source.MIRROR})

V = TypeVar("V")


def is_lost(told: Told) -> bool:
    """Not emitted, or not as what it should have been."""
    label = told.sent.label
    return label.fault is Fault.DROPPED or label.corruption in LOST_BY


def is_astray(told: Told) -> bool:
    """Emitted to another device, or another user."""
    return told.sent.label.fault is Fault.MISDIRECTED


def is_uncopied(told: Told) -> bool:
    """Asked for, and nothing came of it for any device: all that a Push Server can tell."""
    made = (each.fate in (Fate.STORED, Fate.OFF) for each in told.sent.attempts)
    return told.sent.request is not None and not any(made)


def was_lost(told: Told, sources: Collection[Source]) -> bool:
    """As far as these ``sources`` may say: what the Push Server alone tells of is what went to
    devices."""
    return is_lost(told) or (REQUESTS.isdisjoint(sources) and is_uncopied(told))


def owes(told: Told) -> MessageType:
    fact = told.sent.label.fact
    assert fact.owes is not None
    return fact.owes


def operation_of(told: Told) -> str:
    operation = told.sent.label.fact.operation
    return operation.operation_id if operation is not None else ""


def meant_for(told: Told) -> str | None:
    device = told.sent.label.fact.device
    return device.activation_id if device is not None else None


def is_on_record(told: Told, sources: Iterable[Source]) -> bool:
    return any(told.by(source) for source in sources)


@dataclass(frozen=True)
class Truth:
    recorded: Recorded

    @property
    def lives(self) -> Mapping[str, Life]:
        return self.recorded.played.served.registry.lives

    @cached_property
    def by_operation(self) -> Mapping[str, Sequence[Told]]:
        found: dict[str, list[Told]] = defaultdict(list)
        for each in self.recorded.told:
            if name := operation_of(each):
                found[name].append(each)
        return found

    @cached_property
    def of_others(self) -> Sequence[Told]:
        """What is about no operation."""
        return [each for each in self.recorded.told if not operation_of(each)]

    @cached_property
    def external(self) -> Mapping[str, str]:
        """What messages call the operations of PowerAuth, by its own names."""
        bodies = (each.body for each in self.recorded.played.callbacks)
        return {
            body["operationId"]: body["externalId"] for body in bodies if body.get("externalId")
        }

    @cached_property
    def attempts(self) -> Mapping[tuple[str, str], Attempt]:
        """By request and device."""
        return {
            (each.request_id, each.device.activation_id): each
            for each in self.recorded.played.served.attempts
        }

    @cached_property
    def of_message(self) -> Mapping[object, Told]:
        """What each report is of, by its id."""
        return {
            emission.id_at(source): told
            for told in self.recorded.told
            for source in Source
            for emission in told.by(source)
        }

    @cached_property
    def attempt_of(self) -> Mapping[object, Attempt]:
        """What each copy is of, by its id."""
        return {
            emission.id_at(Source.PUSH_SERVER): attempt
            for told in self.recorded.told
            for attempt, emission in told.copies
        }

    def devices_of(self, recipient: int | None) -> list[str]:
        people = self.recorded.played.world.people
        if recipient is None or not 0 < recipient <= len(people):
            return []
        return [each.activation_id for each in people[recipient - 1].devices]

    def registered(self, device: str, since: datetime, until: datetime) -> set[bool]:
        """All that was so at some moment between the two."""
        life = self.lives[device]
        changes = [row.at for row in life.rows]
        return _within(life.is_registered_at, changes, since, until)

    def push_active(self, device: str, since: datetime, until: datetime) -> set[bool]:
        life = self.lives[device]
        changes = [row.at for row in life.rows]
        return _within(life.is_push_active_at, changes, since, until)

    def statuses(self, device: str, since: datetime, until: datetime) -> set[str | None]:
        life = self.lives[device]
        changes = [turn.at for turn in life.turns]
        return _within(life.status_at, changes, since, until)


def _within(
    at: Callable[[datetime], V], changes: Iterable[datetime], since: datetime, until: datetime
) -> set[V]:
    return {at(since), *(at(each) for each in changes if since < each <= until)}
