"""What PowerAuth tells of the truth: its callbacks, with what can go wrong on their way, and its
history, in which nothing does.

A callback tells no time and no number, is tried once, and has only what it was configured to have.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random
from typing import Any, Self

from notifications.protocol.clients import Platform
from notifications.protocol.events import ActivationStatus, OperationStatus
from notifications.protocol.extras import OperationResult
from notifications.protocol.identity import timestamp

from .chance import seconds, uuid4
from .facts import Fact
from .lives import Life

LAG = (0.05, 1.2)  # seconds from what happened to the arrival of its callback
DELAY = (120, 2_400)
REPEATED_AFTER = (1, 90)
OVERTAKEN, OVERTAKEN_BY = timedelta(seconds=LAG[1]), (0.01, 2)
EXPIRY_FOUND = (0, 5)  # by a periodic job
PLATFORMS = {Platform.APNS: "ios", Platform.FCM: "android", Platform.HMS: "hw"}
ENDS = {
    OperationResult.SUCCESS: OperationStatus.APPROVED,
    OperationResult.FAIL: OperationStatus.REJECTED,
    OperationResult.TIMEOUT: OperationStatus.EXPIRED,
    OperationResult.CANCELED: OperationStatus.CANCELED,
    OperationResult.METHOD_NOT_AVAILABLE: OperationStatus.CANCELED,
}
# What can be asked for beside the type and the id.
OF_ACTIVATIONS = (
    "userId", "activationName", "deviceInfo", "platform", "protocol", "activationFlags",
    "activationStatus", "blockedReason", "applicationId",
)  # fmt: skip
OF_OPERATIONS = (
    "userId", "applications", "operationType", "parameters", "additionalData", "status", "data",
    "failureCount", "maxFailureCount", "signatureType", "externalId", "timestampCreated",
    "timestampExpires", "timestampFinalized",
)  # fmt: skip


class CallbackFault(StrEnum):
    LOST = "lost"
    REPEATED = "repeated"  # the second arrival, under the same key
    DELAYED = "delayed"  # minutes late
    REORDERED = "reordered"  # overtaken by the next one about the same subject


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackFaults:
    """The probability of each fault, per callback; one has one at most. One that a callback cannot
    show (nothing follows, or it would arrive after the window) does not happen to it."""

    lose: float = 0.0
    repeat: float = 0.0
    delay: float = 0.0
    reorder: float = 0.0

    def __post_init__(self) -> None:
        odds = list(self.odds().values())
        if min(odds) < 0 or sum(odds) > 1:
            raise ValueError("The probabilities of faults must be at least 0 and 1 at most in sum.")

    @classmethod
    def believable(cls) -> Self:
        return cls(lose=0.01, repeat=0.01, delay=0.005, reorder=0.01)

    def odds(self) -> Mapping[CallbackFault, float]:
        return {
            CallbackFault.LOST: self.lose,
            CallbackFault.REPEATED: self.repeat,
            CallbackFault.DELAYED: self.delay,
            CallbackFault.REORDERED: self.reorder,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """Which of the optional attributes the callbacks of a bank have."""

    of_activations: Collection[str] = OF_ACTIVATIONS
    of_operations: Collection[str] = OF_OPERATIONS

    @classmethod
    def drawn(cls, rng: Random) -> Self:
        """Each of them more often than not."""
        return cls(
            of_activations={each for each in OF_ACTIVATIONS if rng.random() < 0.8},
            of_operations={each for each in OF_OPERATIONS if rng.random() < 0.8},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One callback about what happened at ``happened_at``; ``arrived_at`` is None if it was lost.
    ``key`` is its Idempotency-Key."""

    happened_at: datetime
    arrived_at: datetime | None
    key: str
    body: Mapping[str, Any]
    fault: CallbackFault | None = None


def activation_callbacks(life: Life, *, configured: Configured) -> Iterator[tuple[datetime, Any]]:
    """The body of every callback about one device, with the time of what it tells of."""
    device = life.device
    for turn in life.turns:
        told: dict[str, Any] = {
            "userId": device.user_id,
            "activationName": f"Phone of {device.user_id}",
            "deviceInfo": f"{PLATFORMS[device.platform]} phone",
            "platform": PLATFORMS[device.platform],
            "protocol": "powerauth",
            "activationFlags": [],
            "activationStatus": str(turn.status),
            "blockedReason": turn.reason if turn.status is ActivationStatus.BLOCKED else None,
            "applicationId": device.app_id,
        }
        chosen = {key: value for key, value in told.items() if key in configured.of_activations}
        body = {"type": "ACTIVATION", "activationId": device.activation_id, **chosen}
        yield turn.at, body


def operation_callbacks(
    facts: Iterable[Fact], *, until: datetime, configured: Configured, rng: Random
) -> Iterator[tuple[datetime, Any]]:
    """The body of every callback about the operations of ``facts``, with the time of what it tells
    of; grouped by operation. PowerAuth's own ids are others than the messages carry: those are
    ``externalId``, as where Next Step runs."""
    by_operation: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        if fact.operation is not None:
            by_operation[fact.operation.operation_id].append(fact)
    for its in by_operation.values():
        own_id = uuid4(rng)
        for at, status, failures in _turns(its, rng):
            if at < until:
                yield at, _operation_body(its[0], own_id, at, status, failures, configured)


def _turns(facts: Sequence[Fact], rng: Random) -> Iterator[tuple[datetime, OperationStatus, int]]:
    """The statuses of one operation. A failed attempt that is tried again changes none, and is
    told all the same; what nobody could be asked about expires."""
    operation = facts[0].operation
    assert operation is not None  # noqa: S101 - it is what the facts were chosen by
    yield operation.created_at, OperationStatus.PENDING, 0
    last = max((fact.episode or 0 for fact in facts), default=0)
    if last == 0:
        expired = operation.expires_at + seconds(rng, *EXPIRY_FOUND)
        yield expired, OperationStatus.EXPIRED, 0
    for episode in range(1, last + 1):
        # A decision on the device is the end in PowerAuth; the browser asks for it later.
        end = next(
            (fact for fact in facts if fact.episode == episode and fact.result is not None), None
        )
        if end is None or end.result is None:
            continue
        if episode < last:
            yield end.at, OperationStatus.PENDING, episode
        else:
            yield end.at, ENDS[end.result], episode - 1


def _operation_body(
    created: Fact,
    own_id: str,
    at: datetime,
    status: OperationStatus,
    failures: int,
    configured: Configured,
) -> dict[str, Any]:
    operation = created.operation
    assert operation is not None  # noqa: S101 - it is what the facts were chosen by
    is_final = status is not OperationStatus.PENDING
    told: dict[str, Any] = {
        "userId": created.user.user_id,
        "applications": [created.user.app_id],
        "operationType": operation.name,
        "parameters": {},
        "additionalData": {},
        "status": str(status),
        "data": "A2",
        "failureCount": failures,
        "maxFailureCount": 5,
        "signatureType": ["possession_knowledge", "possession_biometry"],
        "externalId": operation.operation_id,
        "timestampCreated": timestamp(operation.created_at),
        "timestampExpires": timestamp(operation.expires_at),
        "timestampFinalized": timestamp(at) if is_final else None,
    }
    chosen = {key: value for key, value in told.items() if key in configured.of_operations}
    return {"type": "OPERATION", "operationId": own_id, **chosen}


def sent(
    told: Iterable[tuple[datetime, Any]],
    *,
    since: datetime,
    until: datetime,
    faults: CallbackFaults,
    rng: Random,
) -> list[Callback]:
    """What came of the callbacks about one kind of subject in [since, until), in order of arrival;
    the lost ones in the place of what they were about."""
    by_subject: dict[str, list[tuple[datetime, Any]]] = defaultdict(list)
    for at, body in told:
        if since <= at < until:
            by_subject[body.get("activationId") or body["operationId"]].append((at, body))
    found: list[Callback] = []
    for its in by_subject.values():
        its.sort(key=lambda each: each[0])
        for number, (at, body) in enumerate(its):
            following = its[number + 1][0] if number + 1 < len(its) else None
            found += _send(at, body, following, until, faults, rng)
    return sorted(found, key=lambda each: each.arrived_at or each.happened_at)


def _send(
    at: datetime,
    body: Mapping[str, Any],
    following: datetime | None,
    until: datetime,
    faults: CallbackFaults,
    rng: Random,
) -> Iterator[Callback]:
    """One callback, and the other arrival of a repeated one. ``following`` is when the next one
    about the subject happens."""
    arrived, key, fault = at + seconds(rng, *LAG), uuid4(rng), _fault(faults, rng)
    plain = Callback(happened_at=at, arrived_at=arrived, key=key, body=body)
    if fault is CallbackFault.LOST:
        yield replace(plain, arrived_at=None, fault=fault)
        return
    after = {
        CallbackFault.REPEATED: arrived + seconds(rng, *REPEATED_AFTER),
        CallbackFault.DELAYED: at + seconds(rng, *DELAY),
        CallbackFault.REORDERED: (following or until) + OVERTAKEN + seconds(rng, *OVERTAKEN_BY),
    }
    other = after[fault] if fault else until
    shows = other < until
    if fault is CallbackFault.REPEATED or not shows:
        yield plain
    if shows:
        yield replace(plain, arrived_at=other, fault=fault)


def _fault(faults: CallbackFaults, rng: Random) -> CallbackFault | None:
    roll = rng.random()
    for fault, probability in faults.odds().items():
        if roll < probability:
            return fault
        roll -= probability
    return None


def history(lives: Iterable[Life], *, until: datetime) -> dict[str, list[dict[str, Any]]]:
    """The items that ``/rest/v3/activation/history`` answers for each activation at ``until``,
    oldest first: all there ever was, also from before the window."""
    rows = [(turn.at, life.device, turn) for life in lives for turn in life.turns]
    rows.sort(key=lambda row: (row[0], row[1].activation_id))
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for number, (at, device, turn) in enumerate(rows, start=1):
        if at < until:
            item = {
                "id": number,
                "activationId": device.activation_id,
                "activationStatus": str(turn.status),
                "eventReason": turn.reason,
                "externalUserId": None,
                "activationName": f"Phone of {device.user_id}",
                "timestampCreated": timestamp(at),
                "version": 3,
            }
            found[device.activation_id].append(item)
    return found
