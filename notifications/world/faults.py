"""The trouble an emitter can have, with known odds, and what it makes of a message.

Every fault is labelled where it is made, so that whoever scores an answer knows what was wrong.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Any, Self

from notifications.protocol.extras import MessageType

from .chance import uuid4

Envelope = dict[str, Any]


class Fault(StrEnum):
    DROPPED = "dropped"  # owed and never sent
    DELAYED = "delayed"  # sent minutes late
    DUPLICATED = "duplicated"  # the second sending of the same content, under its own message id
    MISDIRECTED = "misdirected"  # sent to another device, or to another user
    CORRUPTED = "corrupted"  # sent with other content than the truth has; `Corruption` says how


class Corruption(StrEnum):
    UNKNOWN_RESULT = "unknown_result"
    MISSING_NAME = "missing_name"
    NOT_UUID = "not_uuid"
    NUMBER = "number"  # where a string belongs
    UNEXPECTED_KEY = "unexpected_key"
    UNKNOWN_TYPE = "unknown_type"
    UPPER_CASE = "upper_case"  # conforms, and names the same operation
    OTHER_ACTIVATION = "other_activation"  # the extras name another one than the envelope


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """The probability of each fault, per message owed; a message has one at most.

    A fault that a message cannot show (a misdirected message that names nobody, a delay past the
    end of the window) does not happen to it, and is not labelled.
    """

    drop: float = 0.0
    delay: float = 0.0
    duplicate: float = 0.0
    misdirect: float = 0.0
    corrupt: float = 0.0

    def __post_init__(self) -> None:
        odds = list(self.odds().values())
        if min(odds) < 0 or sum(odds) > 1:
            raise ValueError("The probabilities of faults must be at least 0 and 1 at most in sum.")

    @classmethod
    def none(cls) -> Self:
        return cls()

    @classmethod
    def believable(cls) -> Self:
        """A well-run emitter on an ordinary day: about three messages of a hundred are troubled."""
        return cls(drop=0.004, delay=0.006, duplicate=0.005, misdirect=0.003, corrupt=0.014)

    def odds(self) -> Mapping[Fault, float]:
        return {
            Fault.DROPPED: self.drop,
            Fault.DELAYED: self.delay,
            Fault.DUPLICATED: self.duplicate,
            Fault.MISDIRECTED: self.misdirect,
            Fault.CORRUPTED: self.corrupt,
        }


class Corrupter:
    """Corrupts messages in turn, so that even a small world sees every kind of corruption."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._turns = deque(Corruption)

    def corrupt(self, envelope: Envelope) -> tuple[Envelope, Corruption]:
        """A corrupted copy, and how: the kind longest unused of those the message can show."""
        kind = next(turn for turn in self._turns if _can_show(turn, envelope))
        self._turns.remove(kind)
        self._turns.append(kind)
        copy = {**envelope, "extras": dict(envelope["extras"])}
        _CORRUPT[kind](copy["extras"], self._rng)
        return copy, kind


def _can_show(kind: Corruption, envelope: Envelope) -> bool:
    extras = envelope["extras"]
    if kind is Corruption.UNKNOWN_RESULT:
        return "mtokenOperationResult" in extras
    if kind in (Corruption.MISSING_NAME, Corruption.NOT_UUID, Corruption.UPPER_CASE):
        return "operationId" in extras
    if kind is Corruption.OTHER_ACTIVATION:
        return "activation_id" in envelope
    return True


def _unknown_result(extras: Envelope, rng: Random) -> None:
    extras["mtokenOperationResult"] = rng.choice(("operation.alreadyFailed", "error.unknown"))


def _missing_name(extras: Envelope, rng: Random) -> None:
    del extras["operationName"]


def _not_uuid(extras: Envelope, rng: Random) -> None:
    extras["operationId"] = f"OP-{rng.randrange(10**9):09d}"


def _number(extras: Envelope, rng: Random) -> None:
    key = {
        MessageType.STATUS_CHANGE: "activationId",
        MessageType.INBOX_MESSAGE_NEW: "inboxId",
    }.get(extras["messageType"], "operationId")
    extras[key] = rng.randrange(10**9)


def _unexpected_key(extras: Envelope, rng: Random) -> None:
    extras["campaign"] = rng.choice(("spring", "autumn"))


def _unknown_type(extras: Envelope, rng: Random) -> None:
    extras["messageType"] = rng.choice(("mtoken.operationUpdate", "bank.campaign"))


def _upper_case(extras: Envelope, rng: Random) -> None:
    extras["operationId"] = extras["operationId"].upper()


def _other_activation(extras: Envelope, rng: Random) -> None:
    extras["activationId"] = uuid4(rng)


_CORRUPT: Mapping[Corruption, Callable[[Envelope, Random], None]] = {
    Corruption.UNKNOWN_RESULT: _unknown_result,
    Corruption.MISSING_NAME: _missing_name,
    Corruption.NOT_UUID: _not_uuid,
    Corruption.NUMBER: _number,
    Corruption.UNEXPECTED_KEY: _unexpected_key,
    Corruption.UNKNOWN_TYPE: _unknown_type,
    Corruption.UPPER_CASE: _upper_case,
    Corruption.OTHER_ACTIVATION: _other_activation,
}
