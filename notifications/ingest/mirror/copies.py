"""One mirrored request: its body, and what the proxy says of it in headers."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifications.protocol.identity import EPOCH

# What nginx's $msec and Envoy's %START_TIME(%s.%3f)% write.
_STARTED = re.compile(r"(?:t=)?([0-9]{1,10})\.([0-9]{3})[0-9]{0,6}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """``request_id`` and ``started_at`` are None where the proxy told none; ``now`` is when the
    copy came. Both told, a repeat of the request is known again."""

    body: bytes
    request_id: str | None
    started_at: datetime | None
    now: datetime

    @property
    def at(self) -> datetime:
        return self.started_at or self.now

    @property
    def emitted_at(self) -> datetime | None:
        """The moment of emission, where that names an emission along with the request id: else two
        of the same content in one millisecond would be taken for one."""
        return None if self.request_id is None else self.started_at

    def name(self, index: int) -> str | None:
        """Of the message or event at this place in the request."""
        return None if self.request_id is None else f"{self.request_id}/{index}"


def moment_of(header: str) -> datetime | None:
    """The time that X-Request-Start tells; None for what is none."""
    match = _STARTED.fullmatch(header.strip())
    if match is None:
        return None
    return EPOCH + timedelta(seconds=int(match[1]), milliseconds=int(match[2]))
