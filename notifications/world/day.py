"""One day of the world as it happened. Nothing here knows what was emitted, nor that anything can
go wrong with that."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import TypedDict, Unpack

from notifications.protocol.extras import MessageType, OperationResult

from .chance import Deck, seconds, uuid4
from .facts import Fact, Kind, Operation
from .people import Device, Status, StatusChange, User

DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
# Weight of each UTC hour: nights are quiet, peaks are at 9-11 and 17-20.
HOURS = (4, 3, 2, 2, 2, 4, 12, 28, 55, 90, 95, 70, 55, 50, 50, 52, 60, 85, 95, 90, 60, 42, 24, 10)
_HOURS_UP_TO = tuple(accumulate(HOURS))

OPERATION_NAMES = {
    "login": 80,
    "authorize_payment": 60,
    "authorize_payment_sca": 28,
    "login_sca": 24,
    "add_payee": 4,
    "change_limit": 3,
    "open_account": 1,
}
RESULTS = {
    OperationResult.SUCCESS: 180,
    OperationResult.TIMEOUT: 25,
    OperationResult.CANCELED: 22,
    OperationResult.FAIL: 20,
    OperationResult.METHOD_NOT_AVAILABLE: 3,
}
# Seconds from the announcement to the end; a timeout ends when the operation expires. All are
# longer than an emission may lag, so a finish is never emitted before its init.
ENDS_WITHIN = {
    OperationResult.SUCCESS: (5, 75),
    OperationResult.FAIL: (5, 60),
    OperationResult.CANCELED: (6, 90),
    OperationResult.METHOD_NOT_AVAILABLE: (4, 40),
}
DECIDED_ON_DEVICE = frozenset({OperationResult.SUCCESS, OperationResult.FAIL})
LIFE = timedelta(minutes=5)
SHARE_RETRIED = 0.04  # of operations: the first authentication fails, a second one is announced
SHARE_INBOX = 0.18  # of happenings; the others are operations
SHARE_INBOX_SILENT = 0.1  # of inbox messages: posted without any push, on purpose
FAVOURITES = 1.6  # above 1 some users are busier than others
TRIES = 4  # happenings per message owed, at most: a world where nobody can be asked still ends


class _About(TypedDict, total=False):
    """What a fact may tell beside its kind, time, user, debt and result."""

    device: Device | None
    operation: Operation
    episode: int
    status: Status
    inbox_id: str


@dataclass(slots=True, kw_only=True)
class Day:
    """The 24 hours from ``start``. ``facts`` may reach some minutes further: what began on a day
    is told to its end."""

    number: int
    start: datetime
    rng: Random
    people: Sequence[User]
    facts: list[Fact] = field(default_factory=list)
    owed: int = 0

    def happen(self, *, target: int) -> list[Fact]:
        """Everything that happens until about ``target`` messages are owed; in no order."""
        names, results = Deck(self.rng, OPERATION_NAMES), Deck(self.rng, RESULTS)
        self._live_on()
        for _ in range(TRIES * target + 100):
            if self.owed >= target:
                break
            user = self.people[int(len(self.people) * self.rng.random() ** FAVOURITES)]
            if self.rng.random() < SHARE_INBOX:
                self._post(user)
            else:
                self._operate(user, names.draw(), results)
        return self.facts

    def _live_on(self) -> None:
        """The dated lives of the devices, as far as they fall on this day."""
        end = self.start + DAY
        for user in self.people:
            for device in user.devices:
                if self.start <= device.registered_at < end:
                    self._add(Kind.REGISTERED, device.registered_at, user, device=device)
                for change in device.changes[1:]:
                    if self.start <= change.at < end:
                        self._change(user, device, change)

    def _change(self, user: User, device: Device, change: StatusChange) -> None:
        owes = MessageType.STATUS_CHANGE
        about = _About(device=device, status=change.status)
        self._add(Kind.STATUS_CHANGED, change.at, user, owes=owes, **about)

    def _post(self, user: User) -> None:
        at, inbox_id = self._moment(), uuid4(self.rng)
        pushed = self.rng.random() >= SHARE_INBOX_SILENT and user.is_reachable_at(at)
        owes = MessageType.INBOX_MESSAGE_NEW if pushed else None
        self._add(Kind.POSTED, at, user, owes=owes, inbox_id=inbox_id)

    def _operate(self, user: User, name: str, results: Deck[OperationResult]) -> None:
        at = self._moment()
        operation = Operation(
            operation_id=uuid4(self.rng), name=name, created_at=at, expires_at=at + LIFE
        )
        announced = at + seconds(self.rng, 0.2, 3)
        device = user.push_active_at(announced)
        self._add(Kind.CREATED, at, user, device=device, operation=operation)
        if device is None:  # nobody to ask: the user goes on without the mobile token
            return
        episode = 1
        if self.rng.random() < SHARE_RETRIED:
            about = _About(device=device, operation=operation, episode=episode)
            failed = self._authenticate(user, announced, OperationResult.FAIL, about)
            announced, episode = failed + seconds(self.rng, 5, 30), 2
            if not device.is_push_active_at(announced):
                return
        about = _About(device=device, operation=operation, episode=episode)
        self._authenticate(user, announced, results.draw(), about)

    def _authenticate(
        self, user: User, announced: datetime, result: OperationResult, about: _About
    ) -> datetime:
        """One episode, from its announcement to its finish, whose time is returned."""
        operation, device = about["operation"], about["device"]
        self._add(Kind.ANNOUNCED, announced, user, owes=MessageType.OPERATION_INIT, **about)
        if result is OperationResult.TIMEOUT:
            finished = operation.expires_at + seconds(self.rng, 0, 5)  # found by a periodic job
        else:
            finished = announced + seconds(self.rng, *ENDS_WITHIN[result])
        if result in DECIDED_ON_DEVICE:
            self._add(Kind.DECIDED, finished, user, result=result, **about)
            finished += seconds(self.rng, 0.3, 3)  # until the browser asks for the outcome
        asked = device is not None and device.is_push_active_at(finished)
        owes = MessageType.OPERATION_FINISHED if asked else None
        self._add(Kind.FINISHED, finished, user, owes=owes, result=result, **about)
        return finished

    def _moment(self) -> datetime:
        """A moment of this day by the curve of the hours; a day may begin at any time of day."""
        hour = self.rng.choices(range(24), cum_weights=_HOURS_UP_TO)[0]
        midnight = self.start.replace(hour=0, minute=0, second=0, microsecond=0)
        moment = midnight + hour * _HOUR + seconds(self.rng, 0, 3600)
        return moment if moment >= self.start else moment + DAY

    def _add(
        self,
        kind: Kind,
        at: datetime,
        user: User,
        *,
        owes: MessageType | None = None,
        result: OperationResult | None = None,
        **about: Unpack[_About],
    ) -> None:
        self.owed += owes is not None
        fact_id = f"{self.number:04d}-{len(self.facts):07d}"
        self.facts.append(
            Fact(fact_id=fact_id, kind=kind, at=at, user=user, owes=owes, result=result, **about)
        )
