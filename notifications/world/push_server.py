"""The Push Server of the world: how phones register their push tokens with it, what it makes of
that, and the requests as a proxy in front of it sees them.

It follows the real one: a registration is looked for by activation and token, then by activation,
then by app and token, in which case the row is bound to the new activation and lost to the old.
What it makes of messages is in ``push_messages``.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from notifications.protocol.clients import Platform
from notifications.protocol.events import ActivationStatus

from .chance import seconds, stream
from .lives import Life, Row, turns_of
from .people import Device, User
from .phones import Habits, Phone, phones_of

CREATE, UPDATE, DELETE = (
    "/push/device/create",
    "/push/device/status/update",
    "/push/device/delete",
)
SOON = (0.1, 3.0)  # seconds from what happened to the request about it
OLD_NAMES = {Platform.APNS: "ios", Platform.FCM: "android", Platform.HMS: "huawei"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as a proxy saw it, under the proxy's own id. Whether the Push Server did as asked
    is the truth, and no mirror sees it."""

    at: datetime
    path: str
    body: Mapping[str, Any]
    request_id: str
    is_done: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A row of its table of registrations as it was in [since, until): under one ``number`` it may
    be bound to other devices one after the other. ``until`` is None where it is so in the end."""

    number: int
    device: Device
    token: str
    is_active: bool
    registered_at: datetime
    since: datetime
    until: datetime | None = None

    def has(self, moment: datetime) -> bool:
        return self.since <= moment and (self.until is None or moment < self.until)


@dataclass(frozen=True, slots=True)
class Registry:
    """The lives of all devices by activation, every request in order of time, also those from
    before the window, and the registrations in order of ``since``."""

    lives: Mapping[str, Life]
    requests: Sequence[Request]
    registrations: Sequence[Registration] = ()


def registry(
    people: Sequence[User],
    *,
    seed: int,
    since: datetime,
    until: datetime,
    habits: Habits = Habits(),  # noqa: B008 - frozen
) -> Registry:
    """What becomes of the devices of ``people`` in [since, until); the same for the same seed."""
    lives, intents = plans(people, seed=seed, since=since, until=until, habits=habits)
    server = PushServer(lives)
    requests = [each for intent in intents if (each := server.take(intent)) is not None]
    return server.registry(requests)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """Something that is about to happen to the Push Server. ``path`` is None for what a gateway
    told it, which is no request."""

    at: datetime
    device: Device
    path: str | None
    token: str = ""
    status: ActivationStatus | None = None
    request_id: str
    fails: bool
    platform: str


def plans(
    people: Sequence[User], *, seed: int, since: datetime, until: datetime, habits: Habits
) -> tuple[dict[str, Life], list[Intent]]:
    """The lives of all devices as PowerAuth has them, and what they let happen to the Push Server,
    in order of time."""
    devices = [device for user in people for device in user.devices]
    lives = {
        each.activation_id: Life(
            device=each, turns=turns_of(each, seed=seed, since=since, until=until)
        )
        for each in devices
    }
    shared = stream("phones", seed, since, until)
    phones = phones_of(people, shared, habits, since, until)
    intents: list[Intent] = []
    for device in devices:
        rng = stream("push-server", seed, since, until, device.activation_id)
        life, phone = lives[device.activation_id], phones[device.activation_id]
        intents += _intents(life, phone, rng, habits, since, until)
    return lives, sorted(intents, key=lambda each: each.at)


def _intents(
    life: Life, phone: Phone, rng: Random, habits: Habits, since: datetime, until: datetime
) -> Iterator[Intent]:
    """All that one device lets happen to the Push Server, in no order."""
    device = life.device
    name = OLD_NAMES[device.platform] if rng.random() < 0.2 else device.platform.value

    def intent(at: datetime, path: str | None, **about: Any) -> Iterator[Intent]:
        """What would come after the window has not happened."""
        request_id, fails = f"{rng.getrandbits(128):032x}", rng.random() < habits.failed
        more = {"request_id": request_id, "fails": fails, "platform": name, **about}
        if at < until:
            yield Intent(at=at, device=device, path=path, **more)

    for at in _starts(life, phone, rng, habits, since, until):
        yield from intent(at, CREATE, token=phone.token_at(at))
    active = next(n for n, turn in enumerate(life.turns) if turn.at == life.activated_at)
    for before, turn in zip(life.turns[active:], life.turns[active + 1 :], strict=False):
        told = None if rng.random() < 0.2 else turn.status  # without, PowerAuth is asked
        if turn.status is not before.status and rng.random() >= habits.forgotten:
            yield from intent(turn.at + seconds(rng, *SOON), UPDATE, status=told)
    if device.unregistered_at is not None and rng.random() < habits.deleted:
        ended = device.unregistered_at
        yield from intent(ended, DELETE, token=phone.token_at(ended))
    if rng.random() < habits.erased:
        at = since + seconds(rng, 0, (until - since).total_seconds())
        yield from intent(at, None, token=phone.token_at(at))


def _starts(
    life: Life, phone: Phone, rng: Random, habits: Habits, since: datetime, until: datetime
) -> Iterator[datetime]:
    """When the app registers: once activated, whenever it is started, and with each new token."""
    device = life.device
    activated = max(device.registered_at, life.activated_at)
    first, ended = activated + seconds(rng, *SOON), device.unregistered_at or until
    yield first
    at = max(first, since)
    while habits.starts_a_day:
        at += timedelta(seconds=rng.expovariate(habits.starts_a_day / 86_400))
        if at >= ended:
            break
        yield at.replace(microsecond=at.microsecond // 1000 * 1000)
    for changed, _ in phone.tokens[1:]:
        at = changed + seconds(rng, *SOON)
        if first < at < ended:
            yield at
    if device.unregistered_at is not None and rng.random() < habits.tried_again:
        yield device.unregistered_at + seconds(rng, 60, 3600)


@dataclass(slots=True)
class PushServer:
    """Its table of registrations (``bound``, by activation), and what that held before."""

    lives: Mapping[str, Life]
    bound: dict[str, Registration] = field(default_factory=dict)
    ended: list[Registration] = field(default_factory=list)
    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    last_number: int = 0

    def take(self, intent: Intent) -> Request | None:
        """The request as a proxy saw it; None for what was none."""
        if intent.path is None:
            self._delete(intent)
            return None
        is_done = not intent.fails and self._do(intent)
        return Request(
            at=intent.at,
            path=intent.path,
            body=_body(intent),
            request_id=intent.request_id,
            is_done=is_done,
        )

    def drop(self, number: int, at: datetime) -> None:
        """The registration of that number is gone, whatever it has become."""
        for activation, each in self.bound.items():
            if each.number == number:
                self._end(activation, at)
                self.rows[activation].append(Row(at, None, is_active=False))
                return

    def of_user(self, user_id: str) -> list[Registration]:
        found = [each for each in self.bound.values() if each.device.user_id == user_id]
        return sorted(found, key=lambda each: each.number)

    def registry(self, requests: Sequence[Request]) -> Registry:
        kept = {
            name: replace(life, rows=tuple(self.rows[name])) for name, life in self.lives.items()
        }
        registrations = sorted([*self.ended, *self.bound.values()], key=lambda each: each.since)
        return Registry(kept, requests, registrations)

    def _do(self, intent: Intent) -> bool:
        if intent.path == CREATE:
            return self._create(intent)
        if intent.path == UPDATE:
            return self._update(intent)
        return self._delete(intent)

    def _create(self, intent: Intent) -> bool:
        device, at = intent.device, intent.at
        status = self.lives[device.activation_id].status_at(at)
        if status is None or status is ActivationStatus.REMOVED:
            return False
        same = self.bound.get(device.activation_id)
        found = self._with(intent) if same is None else [same]
        if len(found) > 1:  # the Push Server cannot say which of them is meant
            return False
        if same is None and found:
            self.drop(found[0].number, at)
        if not found:
            self.last_number += 1
        registration = Registration(
            number=found[0].number if found else self.last_number,
            device=device,
            token=intent.token,
            is_active=status is ActivationStatus.ACTIVE,
            registered_at=at,
            since=at,
        )
        self._put(registration)
        return True

    def _update(self, intent: Intent) -> bool:
        activation, at = intent.device.activation_id, intent.at
        before = self.bound.get(activation)
        status = intent.status or self.lives[activation].status_at(at)
        if before is None:
            return False
        self._put(replace(before, is_active=status is ActivationStatus.ACTIVE, since=at))
        return True

    def _delete(self, intent: Intent) -> bool:
        found = self._with(intent)
        for each in found:
            self.drop(each.number, intent.at)
        return bool(found)

    def _with(self, intent: Intent) -> list[Registration]:
        """Those that have its token in its app."""
        app, token = intent.device.app_id, intent.token
        return [
            each
            for each in self.bound.values()
            if each.token == token and each.device.app_id == app
        ]

    def _put(self, registration: Registration) -> None:
        activation, at = registration.device.activation_id, registration.since
        if activation in self.bound:
            self._end(activation, at)
        self.bound[activation] = registration
        self.rows[activation].append(Row(at, registration.token, registration.is_active))

    def _end(self, activation: str, at: datetime) -> None:
        self.ended.append(replace(self.bound.pop(activation), until=at))


def _body(intent: Intent) -> dict[str, Any]:
    device = intent.device
    if intent.path == UPDATE:
        body: dict[str, Any] = {"activationId": device.activation_id}
        return body if intent.status is None else body | {"activationStatus": str(intent.status)}
    asked = {"appId": device.app_id, "token": intent.token}
    if intent.path == CREATE:
        asked |= {"platform": intent.platform, "activationId": device.activation_id}
        if device.platform is Platform.APNS:
            asked["environment"] = "production"
    return {"requestObject": asked}
