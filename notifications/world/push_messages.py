"""The messages of the world's Push Server: whom each request went to, what the gateways answered,
and the rows that it stored of that, if it did.

It follows the real one: every device of the user in the app, or the one that the request names,
gets a row of its own before it is asked whether it may be sent to; nothing is sent again.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from heapq import heapify, heappop, heappush
from random import Random
from typing import Any

from notifications.protocol.clients import Platform
from notifications.protocol.deliveries import Cause, Outcome

from .bodies import message_body
from .chance import seconds, stream
from .outages import Outage
from .people import Device, User
from .phones import Habits
from .push_server import Intent, PushServer, Registration, Registry, Request, plans

ROW_AFTER = (0.002, 0.05)  # seconds from the request, or from the row of the device before
ANSWERED_AFTER = (0.03, 0.9)
CONNECTIONS, BLOCK = 4, 20  # of the pool, each with a block of ids of its own
RETIRED_AFTER = timedelta(minutes=30)  # as a pool closes a connection, and its block is lost
STATUSES = {Outcome.PENDING: 0, Outcome.ACCEPTED: 1, Outcome.FAILED: -1}


class Fate(StrEnum):
    """Of the row that an attempt is due."""

    STORED = "stored"
    OFF = "off"  # messages were not stored at the time; it was sent all the same
    ROLLED_BACK = "rolled_back"  # its id is used up; the Push Server broke off here
    NOT_REACHED = "not_reached"  # it had broken off at a device before


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateways:
    """How the gateways and the database behave. Shares are of attempts; ``absent`` are those of an
    app that are not configured, ``off`` is when messages are not stored."""

    failed: float = 0.01
    dead: float = 0.003  # the token is, as far as is known now; the registration is deleted
    unanswered: float = 0.01
    rolled_back: float = 0.001
    absent: Collection[tuple[str, Platform]] = frozenset()
    off: Sequence[Outage] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One request to one device that it goes to, in truth. ``number`` is the id of its row, None
    where none is used; ``named`` the activation that the request names."""

    request_id: str
    at: datetime
    number: int | None
    registration: Registration
    named: str | None
    silent: bool
    personal: bool
    body: str
    fate: Fate
    outcome: Outcome = Outcome.PENDING
    cause: Cause | None = None
    answered_at: datetime | None = None
    is_dead: bool = False

    @property
    def device(self) -> Device:
        return self.registration.device

    @property
    def was_sent(self) -> bool:
        """To the gateway, whatever came of it."""
        return self.answered_at is not None or self.cause is Cause.TRANSPORT_ERROR

    def outcome_at(self, moment: datetime) -> Outcome | None:
        """What its row says; None while it is not there."""
        if self.fate is not Fate.STORED or moment < self.at:
            return None
        is_answered = self.answered_at is not None and self.answered_at <= moment
        return self.outcome if is_answered else Outcome.PENDING

    def row(self, *, moment: datetime, zone: tzinfo) -> dict[str, Any] | None:
        """The columns of push_message at ``moment``, the time as a node of ``zone`` writes it."""
        outcome = self.outcome_at(moment)
        if outcome is None:
            return None
        return {
            "id": self.number,
            "device_registration_id": self.registration.number,
            "user_id": self.device.user_id,
            "activation_id": self.named,
            "is_silent": self.silent,
            "is_personal": self.personal,
            "message_body": self.body,
            "timestamp_created": self.at.astimezone(zone).replace(tzinfo=None),
            "status": STATUSES[outcome],
        }


@dataclass(frozen=True, slots=True)
class Served:
    """What a Push Server did: its registry, and all attempts in the order in which it made them."""

    registry: Registry
    attempts: Sequence[Attempt]


def served(
    people: Sequence[User],
    sends: Iterable[Request],
    *,
    seed: int,
    since: datetime,
    until: datetime,
    habits: Habits = Habits(),  # noqa: B008 - frozen
    gateways: Gateways = Gateways(),
) -> Served:
    """What becomes of the devices of ``people`` and of the requests to send to them; the same for
    the same seed. Tokens that die are found dead by the next message to them."""
    lives, intents = plans(people, seed=seed, since=since, until=until, habits=habits)
    sender = _Sender(
        server=PushServer(lives),
        gateways=gateways,
        rng=stream("gateways", seed, since, until),
        ids=_Ids(stream("ids", seed, since, until)),
    )
    requests = sender.run([*intents, *sends])
    return Served(sender.server.registry(requests), sender.attempts)


@dataclass(slots=True, kw_only=True)
class _Sender:
    """Takes all that happens in order of time: what devices let happen, requests to send, and the
    answers by which registrations are deleted."""

    server: PushServer
    gateways: Gateways
    rng: Random
    ids: "_Ids"
    dead: set[str] = field(default_factory=set)
    attempts: list[Attempt] = field(default_factory=list)

    def run(self, events: Iterable[Intent | Request]) -> list[Request]:
        line: list[tuple[datetime, int, Intent | Request | Attempt]] = [
            (event.at, number, event) for number, event in enumerate(events)
        ]
        heapify(line)
        requests, count = [], len(line)
        while line:
            _, _, event = heappop(line)
            match event:
                case Intent(path=None):
                    self.dead.add(event.token)
                case Intent():
                    asked = self.server.take(event)
                    requests += [] if asked is None else [asked]
                case Request():
                    for attempt in self._send(event):
                        self.attempts.append(attempt)
                        if attempt.is_dead and attempt.answered_at is not None:
                            count += 1
                            heappush(line, (attempt.answered_at, count, attempt))
                case Attempt():
                    self.server.drop(event.registration.number, event.at)
        return requests

    def _send(self, request: Request) -> Iterator[Attempt]:
        asked = request.body["requestObject"]
        message, at = asked["message"], request.at
        attributes = message.get("attributes", {})
        body, breaks_off = message_body(message["body"]), False
        for registration in self._candidates(asked["appId"], message):
            at += seconds(self.rng, *ROW_AFTER)
            attempt = Attempt(
                request_id=request.request_id,
                at=at,
                number=None,
                registration=registration,
                named=message.get("activationId"),
                silent=attributes.get("silent", False),
                personal=attributes.get("personal", False),
                body=body,
                fate=Fate.NOT_REACHED,
            )
            if not breaks_off:
                attempt = self._try(self._stored(attempt))
                breaks_off = self._breaks_off(attempt)
            yield attempt

    def _candidates(self, app: str, message: Mapping[str, Any]) -> list[Registration]:
        user, named = message["userId"], message.get("activationId")
        return [
            each
            for each in self.server.of_user(user)
            if each.device.app_id == app and named in (None, each.device.activation_id)
        ]

    def _stored(self, attempt: Attempt) -> Attempt:
        if any(outage.has(attempt.at) for outage in self.gateways.off):
            return replace(attempt, fate=Fate.OFF)
        is_lost = self.rng.random() < self.gateways.rolled_back
        fate = Fate.ROLLED_BACK if is_lost else Fate.STORED
        return replace(attempt, fate=fate, number=self.ids.next(attempt.at))

    def _try(self, attempt: Attempt) -> Attempt:
        """Whether it may be sent to, and what the gateway answers."""
        registration = attempt.registration
        if attempt.fate is Fate.ROLLED_BACK:
            return attempt
        if attempt.personal and not registration.is_active:
            return replace(attempt, cause=Cause.INACTIVE_PERSONAL)
        if self._is_absent(registration):
            return replace(attempt, cause=Cause.GATEWAY_NOT_CONFIGURED)
        roll, answered_at = self.rng.random(), attempt.at + seconds(self.rng, *ANSWERED_AFTER)
        odds = self.gateways
        if registration.token in self.dead or roll < odds.dead:
            self.dead.add(registration.token)
            failed = replace(attempt, outcome=Outcome.FAILED, answered_at=answered_at)
            return replace(failed, is_dead=registration.device.platform is not Platform.HMS)
        if roll < odds.dead + odds.failed:
            return replace(attempt, outcome=Outcome.FAILED, answered_at=answered_at)
        if roll < odds.dead + odds.failed + odds.unanswered:
            return replace(attempt, cause=Cause.TRANSPORT_ERROR)
        return replace(attempt, outcome=Outcome.ACCEPTED, answered_at=answered_at)

    def _breaks_off(self, attempt: Attempt) -> bool:
        """Without a client of APNs the rest is not tried; without another it is only logged."""
        no_client = attempt.cause is Cause.GATEWAY_NOT_CONFIGURED
        is_apns = attempt.device.platform is Platform.APNS
        return attempt.fate is Fate.ROLLED_BACK or (no_client and is_apns)

    def _is_absent(self, registration: Registration) -> bool:
        device = registration.device
        return (device.app_id, device.platform) in self.gateways.absent


@dataclass(slots=True)
class _Ids:
    """Of a sequence of which every connection caches a block, and loses the rest when closed."""

    rng: Random
    last: int = 0
    blocks: dict[int, tuple[datetime, list[int]]] = field(default_factory=dict)

    def next(self, at: datetime) -> int:
        connection = self.rng.randrange(CONNECTIONS)
        since, block = self.blocks.get(connection, (at, []))
        is_retired = at - since >= RETIRED_AFTER
        if is_retired or not block:
            block = list(range(self.last + BLOCK, self.last, -1))
            self.last += BLOCK
            self.blocks[connection] = at if is_retired else since, block
        return block.pop()
