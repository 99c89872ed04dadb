"""The whole truth of a device as PowerAuth and the Push Server have it: what their reports are made
of, and what a statement about the device is measured by."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from notifications.protocol.events import ActivationStatus

from .chance import seconds, stream
from .people import Device

SHARE_RENAMED = 0.1  # of devices: their history gains a row that changes no status
RENAMED = "ACTIVATION_NAME_UPDATED"
BLOCKED_BY = ("MAX_FAILED_ATTEMPTS", "NOT_SPECIFIED", "LOST_PHONE")


@dataclass(frozen=True, slots=True)
class Turn:
    """PowerAuth's status from ``at`` on; also where only something else changed."""

    at: datetime
    status: ActivationStatus
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """What the Push Server has of a device from ``at`` on: its token, None without a registration,
    and its own flag, which may be behind PowerAuth's status."""

    at: datetime
    token: str | None
    is_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """``turns`` and ``rows`` are in order of time; before the first of them there was nothing."""

    device: Device
    turns: tuple[Turn, ...]
    rows: tuple[Row, ...] = ()

    @property
    def activated_at(self) -> datetime:
        return next(turn.at for turn in self.turns if turn.status is ActivationStatus.ACTIVE)

    def status_at(self, moment: datetime) -> ActivationStatus | None:
        """None before PowerAuth knew of the activation."""
        passed = bisect_right(self.turns, moment, key=lambda turn: turn.at)
        return self.turns[passed - 1].status if passed else None

    def token_at(self, moment: datetime) -> str | None:
        row = self._row_at(moment)
        return row.token if row else None

    def is_registered_at(self, moment: datetime) -> bool:
        return self.token_at(moment) is not None

    def is_push_active_at(self, moment: datetime) -> bool:
        """Personal messages are sent to it."""
        row = self._row_at(moment)
        return row is not None and row.token is not None and row.is_active

    def _row_at(self, moment: datetime) -> Row | None:
        passed = bisect_right(self.rows, moment, key=lambda row: row.at)
        return self.rows[passed - 1] if passed else None


def turns_of(device: Device, *, seed: int, since: datetime, until: datetime) -> tuple[Turn, ...]:
    """The statuses of ``device`` in PowerAuth, from before it was activated."""
    rng = stream("turns", seed, since, until, device.activation_id)
    start = _activated_at(device, since)
    before = (
        Turn(start - seconds(rng, 60, 900), ActivationStatus.CREATED),
        Turn(start - seconds(rng, 3, 30), ActivationStatus.PENDING_COMMIT),
    )
    changes = list(_changes(device, rng.choice(BLOCKED_BY)))
    turns = [*before, replace(changes[0], at=start), *changes[1:]]
    if rng.random() < SHARE_RENAMED:
        earliest = max(start, since)
        at = earliest + seconds(rng, 0, (until - earliest).total_seconds())
        of = turns[bisect_right(turns, at, key=lambda turn: turn.at) - 1]
        if of.status is not ActivationStatus.REMOVED and of.at < at:
            turns.append(Turn(at, of.status, RENAMED))
    return tuple(sorted(turns, key=lambda turn: turn.at))


def _activated_at(device: Device, since: datetime) -> datetime:
    """A device with nothing to tell is the same in every window; its history must be too, at least
    in those of one year."""
    if device.registered_at >= since or len(device.changes) > 1:
        return device.registered_at
    rng = stream("activated", device.activation_id, since.year)
    last_year = since.replace(
        year=since.year - 1, month=1, day=2, hour=0, minute=0, second=0, microsecond=0
    )
    return last_year + seconds(rng, 0, 360 * 86_400)


def _changes(device: Device, blocked_by: str) -> Iterator[Turn]:
    for change in device.changes:
        status = ActivationStatus(change.status)
        yield Turn(change.at, status, blocked_by if status is ActivationStatus.BLOCKED else None)
