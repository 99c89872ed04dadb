"""The Push Server of the world: how phones register their push tokens with it, what it makes of
that, and the requests as a proxy in front of it sees them.

It follows the real one: a registration is looked for by activation and token, then by activation,
then by app and token, in which case the row is bound to the new activation and lost to the old.
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


@dataclass(frozen=True, slots=True)
class Registry:
    """The lives of all devices by activation, and every request in order of time, also those from
    before the window."""

    lives: Mapping[str, Life]
    requests: Sequence[Request]


def registry(
    people: Sequence[User],
    *,
    seed: int,
    since: datetime,
    until: datetime,
    habits: Habits = Habits(),  # noqa: B008 - frozen
) -> Registry:
    """What becomes of the devices of ``people`` in [since, until); the same for the same seed."""
    devices = [device for user in people for device in user.devices]
    lives = {
        each.activation_id: Life(
            device=each, turns=turns_of(each, seed=seed, since=since, until=until)
        )
        for each in devices
    }
    shared = stream("phones", seed, since, until)
    phones = phones_of(people, shared, habits, since, until)
    intents: list[_Intent] = []
    for device in devices:
        rng = stream("push-server", seed, since, until, device.activation_id)
        life, phone = lives[device.activation_id], phones[device.activation_id]
        intents += _intents(life, phone, rng, habits, since, until)
    server = _PushServer(lives)
    intents.sort(key=lambda each: each.at)
    requests = [each for intent in intents if (each := server.take(intent)) is not None]
    kept = {name: replace(life, rows=tuple(server.rows[name])) for name, life in lives.items()}
    return Registry(kept, requests)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Intent:
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


def _intents(
    life: Life, phone: Phone, rng: Random, habits: Habits, since: datetime, until: datetime
) -> Iterator[_Intent]:
    """All that one device lets happen to the Push Server, in no order."""
    device = life.device
    name = OLD_NAMES[device.platform] if rng.random() < 0.2 else device.platform.value

    def intent(at: datetime, path: str | None, **about: Any) -> Iterator[_Intent]:
        """What would come after the window has not happened."""
        request_id, fails = f"{rng.getrandbits(128):032x}", rng.random() < habits.failed
        more = {"request_id": request_id, "fails": fails, "platform": name, **about}
        if at < until:
            yield _Intent(at=at, device=device, path=path, **more)

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
class _PushServer:
    """Its table of registrations, one row an activation, and what that held before."""

    lives: Mapping[str, Life]
    tokens: dict[str, str] = field(default_factory=dict)  # the token of each activation
    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))

    def take(self, intent: _Intent) -> Request | None:
        """The request as a proxy saw it; None for what was none."""
        if intent.path is None:
            self._drop(intent)
            return None
        is_done = not intent.fails and self._do(intent)
        return Request(
            at=intent.at,
            path=intent.path,
            body=_body(intent),
            request_id=intent.request_id,
            is_done=is_done,
        )

    def _do(self, intent: _Intent) -> bool:
        if intent.path == CREATE:
            return self._create(intent)
        if intent.path == UPDATE:
            return self._update(intent)
        return self._drop(intent)

    def _create(self, intent: _Intent) -> bool:
        activation = intent.device.activation_id
        status = self.lives[activation].status_at(intent.at)
        if status is None or status is ActivationStatus.REMOVED:
            return False
        if activation not in self.tokens:
            bound = self._with(intent)
            if len(bound) > 1:  # the Push Server cannot say which of them is meant
                return False
            for other in bound:
                self._set(other, Row(intent.at, None, is_active=False))
        is_active = status is ActivationStatus.ACTIVE
        self._set(activation, Row(intent.at, intent.token, is_active))
        return True

    def _update(self, intent: _Intent) -> bool:
        activation = intent.device.activation_id
        token = self.tokens.get(activation)
        status = intent.status or self.lives[activation].status_at(intent.at)
        if token is None:
            return False
        self._set(activation, Row(intent.at, token, status is ActivationStatus.ACTIVE))
        return True

    def _drop(self, intent: _Intent) -> bool:
        bound = self._with(intent)
        for activation in bound:
            self._set(activation, Row(intent.at, None, is_active=False))
        return bool(bound)

    def _with(self, intent: _Intent) -> list[str]:
        """The activations that have its token in its app."""
        app, token = intent.device.app_id, intent.token
        return [
            name
            for name, its in self.tokens.items()
            if its == token and self.lives[name].device.app_id == app
        ]

    def _set(self, activation: str, row: Row) -> None:
        self.rows[activation].append(row)
        if row.token is None:
            del self.tokens[activation]
        else:
            self.tokens[activation] = row.token


def _body(intent: _Intent) -> dict[str, Any]:
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
