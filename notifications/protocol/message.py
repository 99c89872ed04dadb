"""What the rules read of one notification."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One notification without its payload. ``at`` is its time of emission (UTC); ``activation``
    is the device that the request named, whose copy it is, or that the extras name."""

    id: UUID
    at: datetime
    source: str | None
    message_type: str | None
    result: str | None = None
    operation: str | None = None
    operation_name: str | None = None
    inbox_message: str | None = None
    activation: str | None = None
    recipient: int | None = None
    addressed_to: str = "unknown"
    per_device: bool = False
    app: str | None = None
    platform: str | None = None
    personal: bool | None = None
    nonconforming: bool = False

    def of_source(self, source: str) -> "Message":
        return replace(self, source=source)

    @property
    def is_to_named_device(self) -> bool:
        """The request named the device, or this is its copy; the extras alone may be mistaken."""
        return self.activation is not None and (
            self.per_device or self.addressed_to == "activation"
        )

    @property
    def is_to_somebody_unknown(self) -> bool:
        """The copy for a device of which only that there is one is known."""
        return self.per_device and self.activation is None

    @property
    def is_to_one_device(self) -> bool:
        """What a gateway answered it, it answered for one device."""
        named = self.activation is not None and self.addressed_to != "user"
        return self.per_device or named

    @property
    def is_user_wide(self) -> bool:
        """Its request named a user and no device."""
        return (
            self.recipient is not None
            and not self.per_device
            and (self.addressed_to == "user" or self.activation is None)
        )


def later(moment: datetime, length: timedelta) -> datetime:
    """``moment + length`` (earlier, when that is negative) as far as time goes: clocks may be
    astray by millennia, and their messages are evidence like others."""
    if length >= timedelta(0):
        return moment + length if moment <= LAST - length else LAST
    return moment + length if moment >= FIRST - length else FIRST
