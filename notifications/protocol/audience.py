"""Which messages go to a device, as far as the messages themselves tell.

Where a state would have to be known (registered? push-active?) the answer is *assumed*, never
guessed silently.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from .deliveries import Cause, Delivery, Outcome
from .events import ActivationEvent
from .extras import MessageType
from .message import Message


class Basis(StrEnum):
    """Why an entry belongs to a device."""

    ADDRESSED = "addressed"  # the message names it
    USER_WIDE = "user_wide"  # the message names its user and no device
    OPERATION = "operation"  # the message names nobody; its operation is this device's
    OWED = "owed"  # a life cycle owes it


class Certainty(StrEnum):
    KNOWN = "known"
    ASSUMED = "assumed"


class Grade(StrEnum):
    """How far a message is known to have come. Never "delivered": nobody can know."""

    ADDRESSED = "addressed"
    ELIGIBLE = "eligible"
    ATTEMPTED = "attempted"
    ACCEPTED = "accepted"  # by the gateway
    FAILED = "failed"
    NOT_ATTEMPTED = "not_attempted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Binding:
    """From ``at`` on, until another tells otherwise, a device was this user's, in this app."""

    at: datetime
    recipient: int | None
    app: str | None


@dataclass(frozen=True, slots=True)
class Device:
    """A device with what messages that name it, and its events, told of its user and app, in order
    of time, and the operations that are its own because a message about them named it."""

    activation: str
    bindings: tuple[Binding, ...] = ()
    operations: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def from_messages(
        cls,
        activation: str,
        messages: Iterable[Message],
        events: Iterable[ActivationEvent] = (),
    ) -> "Device":
        named = sorted(
            (each for each in messages if each.activation == activation),
            key=lambda each: (each.at, each.id),
        )
        told = [Binding(each.at, each.recipient, each.app) for each in named]
        told += [
            Binding(each.at, each.recipient, each.app)
            for each in events
            if each.activation == activation
        ]
        bound = (each for each in told if each.recipient is not None)
        return cls(
            activation,
            bindings=tuple(sorted(bound, key=lambda each: each.at)),
            operations=frozenset(each.operation for each in named if each.operation is not None),
        )

    def binding_at(self, moment: datetime) -> Binding | None:
        """The latest told by ``moment``, else the first told later: a device may change hands, and
        may first be named after it was there."""
        if not self.bindings:
            return None
        passed = bisect_right(self.bindings, moment, key=lambda each: each.at)
        return self.bindings[max(passed - 1, 0)]


def reaches(message: Message, device: Device) -> tuple[Basis, Certainty] | None:
    """Why ``message`` belongs to ``device``, or None when it does not.

    ``silent`` is irrelevant. A personal message goes to push-active devices only; whether this one
    was is not told by messages, so user-wide ones are assumed. A copy for a device that is not
    known is nobody's.
    """
    if message.is_to_somebody_unknown:
        return None
    if message.activation == device.activation:
        known = message.is_to_named_device
        return Basis.ADDRESSED, Certainty.KNOWN if known else Certainty.ASSUMED
    if message.is_user_wide:
        bound = device.binding_at(message.at)
        if bound is not None:
            mine = bound.recipient == message.recipient and _same_app(bound.app, message.app)
            return (Basis.USER_WIDE, Certainty.ASSUMED) if mine else None
    if message.activation is None and message.operation in device.operations:
        return Basis.OPERATION, Certainty.ASSUMED
    return None


def grade_of(basis: Basis, *, eligible: bool = False, word: Delivery | None = None) -> Grade:
    """Of a message that was emitted: by the last ``word`` of its gateway; without one, by what its
    request says of this device, and whether the device is known to have been ``eligible``."""
    if word is not None:
        return _grade_by(word)
    if eligible:
        return Grade.ELIGIBLE
    return Grade.ADDRESSED if basis is Basis.ADDRESSED else Grade.UNKNOWN


# What stays pending for ever went so far, by the likely cause. That it is pending proves no more
# than that the device was registered.
_STAYED: Mapping[Cause | None, Grade] = {
    Cause.INACTIVE_PERSONAL: Grade.NOT_ATTEMPTED,
    Cause.GATEWAY_NOT_CONFIGURED: Grade.NOT_ATTEMPTED,
    Cause.NO_FLAG: Grade.NOT_ATTEMPTED,
    Cause.TRANSPORT_ERROR: Grade.ATTEMPTED,
    Cause.UNKNOWN: Grade.ELIGIBLE,
    None: Grade.ELIGIBLE,
}


def _grade_by(word: Delivery) -> Grade:
    if word.outcome is Outcome.ACCEPTED:
        return Grade.ACCEPTED
    if word.outcome is Outcome.FAILED:
        return Grade.FAILED
    return _STAYED[word.cause] if word.is_final else Grade.ELIGIBLE


def status_changes(messages: Iterable[Message]) -> Mapping[str, list[datetime]]:
    """When each device was told that its registration's status changed, in order of time."""
    found: dict[str, list[datetime]] = {}
    for each in messages:
        if each.message_type == MessageType.STATUS_CHANGE and each.activation is not None:
            found.setdefault(each.activation, []).append(each.at)
    return {activation: sorted(times) for activation, times in found.items()}


def _same_app(one: str | None, other: str | None) -> bool:
    """Where one is not told: assumed to be the same."""
    return one is None or other is None or one == other
