"""What an emitter like PowerAuth Cloud reports of the truth: envelopes as
``POST /api/v1/notifications/`` takes them, and each with the fact it belongs to and its fault."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from notifications.protocol.extras import MessageType
from notifications.protocol.identity import timestamp

from .chance import seconds, uuid4
from .facts import Fact
from .faults import Corrupter, Corruption, Envelope, Fault, Faults
from .people import Device, Style, User

LAG = (0.04, 1.5)  # seconds from what happened to its message
MAX_LAG = timedelta(seconds=2)
DELAY = (120, 2_400)
REPEATED_AFTER = (1, 90)
OTHERS_ASKED = 20  # users among whom a misdirected message looks for a device


@dataclass(frozen=True, slots=True, kw_only=True)
class Emitted:
    """One message, or one that was owed and dropped: then ``envelope`` is None and ``at`` the
    moment it was owed. Of a duplicated message, the second sending carries the fault."""

    fact: Fact
    at: datetime
    envelope: Envelope | None
    fault: Fault | None = None
    corruption: Corruption | None = None


class Emitter:
    """Emits facts one by one. What goes wrong is drawn from a stream of its own, so that worlds
    with and without faults agree on every message that was spared."""

    def __init__(
        self,
        *,
        rng: Random,
        trouble: Random,
        faults: Faults,
        people: Sequence[User],
        until: datetime,
    ) -> None:
        self._rng, self._trouble = rng, trouble
        self._odds = tuple(faults.odds().items())
        self._people, self._until = people, until
        self._corrupter = Corrupter(trouble)

    def emit(self, fact: Fact) -> list[Emitted]:
        """The one message owed for ``fact``, or what became of it; [] when none is owed."""
        if fact.owes is None:
            return []
        at = fact.at + seconds(self._rng, *LAG)
        envelope = _envelope(fact, fact.user, fact.device, at, uuid4(self._rng))
        sent = Emitted(fact=fact, at=at, envelope=envelope)
        match self._fault():
            case Fault.DROPPED:
                return [replace(sent, at=fact.at, envelope=None, fault=Fault.DROPPED)]
            case Fault.DELAYED:
                return [self._delayed(sent, envelope)]
            case Fault.DUPLICATED:
                return [sent, *self._repeated(sent, envelope)]
            case Fault.MISDIRECTED:
                return [self._misdirected(sent, envelope)]
            case Fault.CORRUPTED:
                envelope, kind = self._corrupter.corrupt(envelope)
                return [replace(sent, envelope=envelope, fault=Fault.CORRUPTED, corruption=kind)]
        return [sent]

    def _fault(self) -> Fault | None:
        roll = self._trouble.random()
        for fault, probability in self._odds:
            if roll < probability:
                return fault
            roll -= probability
        return None

    def _delayed(self, sent: Emitted, envelope: Envelope) -> Emitted:
        at = sent.at + seconds(self._trouble, *DELAY)
        if at >= self._until:
            return sent
        late = {**envelope, "emitted_at": timestamp(at)}
        return replace(sent, at=at, envelope=late, fault=Fault.DELAYED)

    def _repeated(self, sent: Emitted, envelope: Envelope) -> list[Emitted]:
        at = sent.at + seconds(self._trouble, *REPEATED_AFTER)
        message_id = uuid4(self._trouble)
        if at >= self._until:
            return []
        again = {**envelope, "emitted_at": timestamp(at), "message_id": message_id}
        return [replace(sent, at=at, envelope=again, fault=Fault.DUPLICATED)]

    def _misdirected(self, sent: Emitted, envelope: Envelope) -> Emitted:
        fact = sent.fact
        user, device = self._other(fact, sent.at)
        if device is None:
            return sent
        wrong = _envelope(
            fact,
            user,
            device if fact.device else None,
            sent.at,
            envelope["message_id"],
            like=fact.user,
        )
        if wrong == envelope:
            return sent
        return replace(sent, envelope=wrong, fault=Fault.MISDIRECTED)

    def _other(self, fact: Fact, at: datetime) -> tuple[User, Device | None]:
        """Another device registered at the time: of the same user if possible, else of another
        user, as always for what concerns a user as a whole."""
        candidates = self._trouble.choices(self._people, k=OTHERS_ASKED)
        if fact.device is not None:
            candidates.insert(0, fact.user)
        for user in candidates:
            if fact.device is None and user is fact.user:
                continue
            for device in user.devices:
                if device is not fact.device and device.is_registered_at(at):
                    return user, device
        return fact.user, None


def _envelope(
    fact: Fact,
    user: User,
    device: Device | None,
    at: datetime,
    message_id: str,
    *,
    like: User | None = None,
) -> Envelope:
    """The message for ``fact`` to ``device`` of ``user``, or to the user where that is None;
    told in the style of the user it is meant for, ``like`` where that is another."""
    style = like or user
    envelope: Envelope = {"emitted_at": timestamp(at), "message_id": message_id}
    if style.style is Style.FULL:
        envelope["app_id"], envelope["user_id"] = user.app_id, user.user_id
        envelope["addressed_to"] = "activation" if device else "user"
        if device is not None:
            envelope["activation_id"] = device.activation_id
            envelope["platform"] = device.platform.value
        envelope["per_device"] = False
        envelope["silent"] = fact.owes is MessageType.OPERATION_FINISHED
        envelope["personal"] = fact.operation is not None
    envelope["extras"] = _extras(fact, device, style)
    return envelope


def _extras(fact: Fact, device: Device | None, style: User) -> Envelope:
    extras: Envelope = {"messageType": str(fact.owes)}
    if fact.operation is not None:
        extras["operationId"] = fact.operation.operation_id
        extras["operationName"] = fact.operation.name
    if fact.owes is MessageType.OPERATION_FINISHED:
        extras["mtokenOperationResult"] = str(fact.result)
    if fact.inbox_id is not None:
        extras["inboxId"] = fact.inbox_id
    if device is not None and (style.names_activation or fact.operation is None):
        extras["activationId"] = device.activation_id
    return extras
