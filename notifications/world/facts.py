"""The truth: dated facts, each saying which message it owes, if any."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from notifications.protocol.extras import MessageType, OperationResult

from .people import Device, Status, User


class Kind(StrEnum):
    REGISTERED = "registered"  # a device was activated and registered for push
    STATUS_CHANGED = "status_changed"
    CREATED = "created"  # an operation; never announced when no device of the user can be asked
    ANNOUNCED = "announced"
    DECIDED = "decided"  # the user approved or rejected on the device
    FINISHED = "finished"
    POSTED = "posted"  # an inbox message


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    operation_id: str
    name: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened. ``owes`` is the type of the one message owed for it, or None.

    ``device`` is the device concerned, None for what concerns the user. ``episode`` counts the
    authentications of one operation from 1; ``result`` is told of their decision and finish.
    """

    fact_id: str
    kind: Kind
    at: datetime
    user: User
    owes: MessageType | None = None
    device: Device | None = None
    operation: Operation | None = None
    episode: int | None = None
    result: OperationResult | None = None
    status: Status | None = None
    inbox_id: str | None = None
