"""What PowerAuth and the Push Server tell of the life of a device, an operation or an inbox
message, as the rules read it.

An event has the time its source told (``happened_at``), or none: then all that is known is that it
had happened when it was observed. Statuses are kept as told; the words here are those that are
understood. Source: PowerAuth Server's activation and operation states, and the Push Server's
registration of devices.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from uuid import UUID


class ActivationStatus(StrEnum):
    """PowerAuth's, in the order of a life; blocked and active may follow each other again and
    again, and removed is the end."""

    CREATED = "CREATED"
    PENDING_COMMIT = "PENDING_COMMIT"
    ACTIVE = "ACTIVE"
    BLOCKED = "BLOCKED"
    REMOVED = "REMOVED"


BEGINNING = frozenset({ActivationStatus.CREATED, ActivationStatus.PENDING_COMMIT})


class OperationStatus(StrEnum):
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    FAILED = "FAILED"


FINAL = frozenset(OperationStatus) - {OperationStatus.PENDING}


class ActivationEventKind(StrEnum):
    """What an activation event tells of: PowerAuth's status of the activation, or its registration
    for push with the Push Server."""

    STATUS = "status"
    REGISTERED = "registered"  # a push token was registered
    UNREGISTERED = "unregistered"  # a push token was deleted
    PUSH_STATUS = "push_status"  # the Push Server was told whether the device is push-active


def fingerprint(token: str) -> str:
    """What is kept of a push token: enough to know it again, of no use to send to it."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """``happened_at`` is None where the source told no time; ``is_request`` is True where a request
    was seen and not what came of it."""

    id: UUID
    source: str | None
    observed_at: datetime
    recorded_at: datetime
    happened_at: datetime | None = None
    recipient: int | None = None

    @property
    def at(self) -> datetime:
        """When it happened, as told; else by when."""
        return self.happened_at or self.observed_at


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationEvent(_Event):
    """``token`` is the fingerprint of a push token; a deletion names that and no activation.

    ``status`` is PowerAuth's in its own words, for a status or a push status. It happened after
    ``not_before``, where that was seen: two readings of a table have what changed between them.
    ``compared_at`` is when the table that it was read from was last compared as a whole, with
    whatever had changed by then among the events."""

    kind: ActivationEventKind
    activation: str | None = None
    status: str | None = None
    reason: str | None = None
    app: str | None = None
    platform: str | None = None
    push_active: bool | None = None
    token: str | None = None
    is_request: bool = False
    not_before: datetime | None = None
    compared_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationEvent(_Event):
    """``external`` is the name that another system has for the operation: where Next Step runs,
    messages carry that and not PowerAuth's own id."""

    operation: str
    status: str | None = None
    name: str | None = None
    external: str | None = None
    apps: tuple[str, ...] = ()
    activation: str | None = None
    created_at: datetime | None = None
    expires_at: datetime | None = None

    @property
    def is_final(self) -> bool:
        return self.status in FINAL


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxEvent(_Event):
    """An inbox message was posted. ``silent``: no push was wanted; None where that is not told.
    The request does not name the message: its id is made by whoever answers."""

    inbox_message: str | None = None
    apps: tuple[str, ...] = ()
    silent: bool | None = None
