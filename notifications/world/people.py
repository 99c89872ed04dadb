"""Who lives in the world: users, their devices, and the life of each device in the window."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random

from notifications.protocol.clients import Platform

from .chance import seconds, stream, uuid4

APP, BUSINESS_APP = "mobile-token", "mobile-token-business"
DEVICES_OF_A_USER = ((1, 2, 3), (70, 24, 6))  # how many, and how often of a hundred users
PLATFORMS = ((Platform.APNS, Platform.FCM, Platform.HMS), (46, 49, 5))
DAYS_BETWEEN_EVENTS = 25.0  # of one device, on average: a block or a removal
SHARE_REMOVED = 0.3
SHARE_NEW = 0.04  # of devices: activated only within the window
UNREGISTERED_AFTER = timedelta(minutes=1)  # a removed device can still be told of its removal


class Status(StrEnum):
    """PowerAuth's states of an activation, as far as a device registered for push has them."""

    ACTIVE = "ACTIVE"
    BLOCKED = "BLOCKED"
    REMOVED = "REMOVED"


class Style(StrEnum):
    """How much the emitter tells beside the extras of messages to a user."""

    FULL = "full"
    BARE = "bare"


@dataclass(frozen=True, slots=True)
class StatusChange:
    at: datetime
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One activation. ``changes`` begins with its activation and holds what happened until the
    end of the window; it is registered for push in [registered_at, unregistered_at)."""

    activation_id: str
    user_id: str
    app_id: str
    platform: Platform
    changes: tuple[StatusChange, ...]
    unregistered_at: datetime | None

    @property
    def registered_at(self) -> datetime:
        return self.changes[0].at

    def status_at(self, moment: datetime) -> Status | None:
        """None while the device is not activated yet."""
        passed = bisect_right(self.changes, moment, key=lambda change: change.at)
        return self.changes[passed - 1].status if passed else None

    def is_registered_at(self, moment: datetime) -> bool:
        ended = self.unregistered_at is not None and self.unregistered_at <= moment
        return self.registered_at <= moment and not ended

    def is_push_active_at(self, moment: datetime) -> bool:
        """The Push Server's flag: personal messages go to such devices only."""
        return self.is_registered_at(moment) and self.status_at(moment) is Status.ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A customer; ``names_activation`` says whether the extras of operations name the device."""

    user_id: str
    app_id: str
    style: Style
    names_activation: bool
    devices: tuple[Device, ...]

    def push_active_at(self, moment: datetime) -> Device | None:
        """The device that operations are approved on: the first that can be asked."""
        return next((d for d in self.devices if d.is_push_active_at(moment)), None)

    def is_reachable_at(self, moment: datetime) -> bool:
        return any(device.is_registered_at(moment) for device in self.devices)

    def in_app(self, app_id: str) -> "User":
        """The same user as if all devices had that app."""
        devices = tuple(replace(device, app_id=app_id) for device in self.devices)
        return replace(self, app_id=app_id, devices=devices)


def populate(
    *, seed: int, count: int, since: datetime, until: datetime, style: Style | None = None
) -> tuple[User, ...]:
    """``count`` users with the lives of their devices in [since, until).

    A user, and every device with nothing to tell, is the same in every window of one seed: two
    demos of two days are two days of the same people. ``style`` is for all instead of each one's.
    """
    return tuple(_user(seed, number, since, until, style) for number in range(1, count + 1))


def _user(seed: int, number: int, since: datetime, until: datetime, style: Style | None) -> User:
    rng = stream("person", seed, number)
    user_id = f"user-{number:06d}"
    app_id = BUSINESS_APP if rng.random() < 0.12 else APP
    own = Style.BARE if rng.random() < 0.15 else Style.FULL
    return User(
        user_id=user_id,
        app_id=app_id,
        style=style or own,
        names_activation=rng.random() < 0.6,
        devices=tuple(_devices(seed, rng, user_id, app_id, since, until)),
    )


def _devices(
    seed: int, person: Random, user_id: str, app_id: str, since: datetime, until: datetime
) -> Iterator[Device]:
    """One to three devices at any moment; a removed one is replaced by a new phone after a while.

    Devices with a dated event in the window get an identifier of that window: in another window
    they would have lived another life.
    """
    window = stream("lives", seed, user_id, since, until)
    for _ in range(person.choices(*DEVICES_OF_A_USER)[0]):
        activation_id, platform = uuid4(person), person.choices(*PLATFORMS)[0]
        start = since - timedelta(days=window.randint(1, 700))
        if window.random() < SHARE_NEW:
            start = since + (until - since) * window.random()
        while start < until:
            changes = tuple(_life(window, start, since, until))
            if start >= since or len(changes) > 1:
                activation_id = uuid4(window)
            removed = changes[-1].status is Status.REMOVED
            end = changes[-1].at + UNREGISTERED_AFTER if removed else None
            yield Device(
                activation_id=activation_id,
                user_id=user_id,
                app_id=app_id,
                platform=platform,
                changes=changes,
                unregistered_at=end,
            )
            if end is None:
                break
            start = end + seconds(window, 300, 10_800)


def _life(rng: Random, start: datetime, since: datetime, until: datetime) -> Iterator[StatusChange]:
    start = _whole(start)
    yield StatusChange(start, Status.ACTIVE)
    moment = max(start, since)
    while True:
        moment = _whole(moment + timedelta(days=rng.expovariate(1 / DAYS_BETWEEN_EVENTS)))
        if moment >= until:
            return
        if rng.random() < SHARE_REMOVED:
            yield StatusChange(moment, Status.REMOVED)
            return
        yield StatusChange(moment, Status.BLOCKED)
        moment += seconds(rng, 120, 14_400)
        if moment >= until:
            return
        yield StatusChange(moment, Status.ACTIVE)


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
