"""What became of a notification at its gateway, as a source told it.

A gateway's acceptance is the most that can be known: nobody knows whether a phone showed anything.
Source: the Push Server's column ``push_message.status``, and the answers of APNs, FCM and HMS.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Outcome(StrEnum):
    ACCEPTED = "accepted"  # the gateway took it
    FAILED = "failed"  # the gateway, or the Push Server before it, refused it
    PENDING = "pending"  # neither is known, and may never be


class Cause(StrEnum):
    """Why a message most likely stays pending for ever."""

    INACTIVE_PERSONAL = "inactive_personal"  # personal, and the device was not push-active
    GATEWAY_NOT_CONFIGURED = "gateway_not_configured"  # nothing of its gateway ever came to an end
    TRANSPORT_ERROR = "transport_error"  # the gateway did not answer, or not so that it was read
    NO_FLAG = "no_flag"  # the registration's is_active is NULL, at which the Push Server breaks off
    UNKNOWN = "unknown"


class DeviceBy(StrEnum):
    """How the device of a copy is known."""

    REQUEST = "request"  # the request named it
    REGISTRATION = "registration"  # its registration was this device's all the while
    NOBODY = "nobody"  # it is not: which device the registration was then was not observed


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One report of one notification. ``code`` is the gateway's or source's own word for the
    ``outcome``; ``is_final`` says that it will not change: with ``pending`` that it stays so for
    ever, most likely for this ``cause``."""

    id: UUID
    notification: UUID
    source: str | None
    outcome: Outcome
    code: str | None = None
    is_final: bool = False
    cause: Cause | None = None
    observed_at: datetime
    recorded_at: datetime
    happened_at: datetime | None = None

    @property
    def at(self) -> datetime:
        """When it was so, as told; else by when."""
        return self.happened_at or self.observed_at

    @property
    def is_unexplained(self) -> bool:
        """It failed, and its code is the Push Server's number for whatever fails."""
        return self.outcome is Outcome.FAILED and self.code == "-1"


def is_untaken(word: Delivery | None) -> bool:
    """No gateway took it, and none will: refused, or pending for ever. What is personal and stays
    pending for a device that was not push-active was rightly not sent, and is no failure."""
    if word is None or word.outcome is Outcome.ACCEPTED:
        return False
    stays = word.is_final and word.cause is not Cause.INACTIVE_PERSONAL
    return word.outcome is Outcome.FAILED or stays


def last_word(deliveries: Iterable[Delivery]) -> Delivery | None:
    """What is known in the end of one notification: an answer counts more than none, that nothing
    more will come more than that nothing has come yet; else the latest. Their order does not
    matter."""
    return max(deliveries, key=_weight, default=None)


def _weight(each: Delivery) -> tuple[bool, bool, datetime, UUID]:
    return each.outcome is not Outcome.PENDING, each.is_final, each.at, each.id
