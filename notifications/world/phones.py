"""Phones and their push tokens: which activations are on one phone, and what token it has when."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from notifications.protocol.clients import Platform

from .chance import seconds
from .people import Device, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How phones and banks behave. Shares are of devices, where nothing else is said."""

    starts_a_day: float = 0.5  # of an app, at which it registers again
    new_token: float = 0.15
    lent: float = 0.15  # of new devices: on a phone on which another user has the app too
    same_phone: float = 0.5  # of devices that replace one: activated anew on the same phone
    deleted: float = 0.6  # of removed devices: the app deletes its registration
    tried_again: float = 0.2  # of removed devices: the app registers all the same, and is refused
    erased: float = 0.05  # a gateway says that the token is dead
    forgotten: float = 0.05  # of changes of status: the Push Server is not told
    failed: float = 0.02  # of requests: the Push Server fails, and nothing comes of it


@dataclass(frozen=True, slots=True)
class Phone:
    """The push tokens that one installation of an app has had, each from its moment on."""

    tokens: tuple[tuple[datetime, str], ...]

    def token_at(self, moment: datetime) -> str:
        return next(token for since, token in reversed(self.tokens) if since <= moment)


def phones_of(
    people: Sequence[User], rng: Random, habits: Habits, since: datetime, until: datetime
) -> dict[str, Phone]:
    """The phone of each activation. A new activation may be on the phone of the one it replaces, or
    on that of another user."""
    found: dict[str, Phone] = {}
    of_kind: dict[tuple[str, Platform], list[Device]] = defaultdict(list)
    for user in people:
        before: Device | None = None
        for device in user.devices:
            others = of_kind[device.app_id, device.platform]
            phone = None
            if before is not None and _replaces(device, before):
                phone = found[before.activation_id] if rng.random() < habits.same_phone else None
            elif device.registered_at >= since and others and rng.random() < habits.lent:
                phone = found[rng.choice(others).activation_id]
            found[device.activation_id] = phone or _new_phone(device, rng, habits, since, until)
            before = device
        for device in user.devices:
            of_kind[device.app_id, device.platform].append(device)
    return found


def _replaces(device: Device, before: Device) -> bool:
    ended = before.unregistered_at
    return (
        ended is not None
        and device.platform is before.platform
        and timedelta(0) < device.registered_at - ended < timedelta(hours=4)
    )


def _new_phone(
    device: Device, rng: Random, habits: Habits, since: datetime, until: datetime
) -> Phone:
    tokens = [(datetime.min.replace(tzinfo=since.tzinfo), _token(device.platform, rng))]
    if rng.random() < habits.new_token:
        at = since + seconds(rng, 0, (until - since).total_seconds())
        tokens.append((at, _token(device.platform, rng)))
    return Phone(tuple(tokens))


def _token(platform: Platform, rng: Random) -> str:
    digits = f"{rng.getrandbits(256):064x}"
    return digits if platform is Platform.APNS else f"{digits[:22]}:APA91b{digits[22:]}"
