"""A day of one bank, as all that it has tells of it: a mirror of what its Push Server is asked, the
Push Server's database, PowerAuth's callbacks and history. Everything comes in as it was sent."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import zip_longest
from math import inf
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from django.conf import settings

from notifications.ingest.callbacks import read_callback
from notifications.ingest.contacts import note_contact
from notifications.ingest.events import Report, record_events
from notifications.ingest.history import HistoryReport, Row, record_history
from notifications.ingest.mirror import events, messages
from notifications.ingest.mirror.copies import Copy
from notifications.ingest.push_server.follow import step
from notifications.ingest.recorder import record
from notifications.models import ContactKind, MessageStorage
from tests.ingest.push_server import Answer, VendorServer
from tests.ingest.push_server_tables import PushServerDatabase, Registered

APP = "savings"
MIRROR, PUSH_SERVER, POWERAUTH = "savings-mirror", "savings-push-server", "savings-powerauth"
SECOND = timedelta(seconds=1)
SOON = 5 * SECOND
MIRROR_IS_DOWN = ("13:10", "13:50")
_NAMES = UUID("6d1f8a52-3c0b-4e57-8a44-9b1e6f2c7d10")
_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Phone:
    """One activation of a user. ``token`` is what its gateway knows it by, by itself its own."""

    user: str
    name: str = "phone"
    platform: str = "fcm"
    token: str = ""

    @property
    def activation(self) -> str:
        return named(f"{self.user}'s {self.name}")

    @property
    def push_token(self) -> str:
        return self.token or f"token of {self.user}'s {self.name}"


def named(what: str) -> str:
    """An identifier, always the same for the same thing."""
    return str(uuid5(_NAMES, what))


Happening = tuple[str, Callable[["Bank"], None]]  # 10:15 or 10:15:30, and what happens then


def _nothing(bank: "Bank") -> None:
    """But that the contacts of that moment are the last before, or the first after, an outage."""


_EDGES: Sequence[Happening] = [(each, _nothing) for each in MIRROR_IS_DOWN]
_EVENING: Happening = ("20:00", _nothing)


class Bank:
    """What it does at ``now``, which goes on from happening to happening. ``day`` is over."""

    def __init__(self, database: PushServerDatabase, day: date) -> None:
        self.day, self.now = day, datetime.combine(day, time(8), UTC)
        self._is_dead: Callable[[Registered], bool] = lambda device: False
        self._database = database
        self._node = VendorServer(database, answer=self._answered)
        self._node.add_app(APP, ["apns", "fcm"])
        database.grant()
        self._asked, self._is_stored = 0, True
        self._down = [self.at(each) for each in MIRROR_IS_DOWN]

    def at(self, clock: str) -> datetime:
        return datetime.combine(self.day, time.fromisoformat(clock), UTC)

    def live(self, happenings: Iterable[Happening]) -> None:
        """The day until eight, in order of time. After all that happens within a few seconds the
        Push Server's database is read, and in between both it and the mirror are in contact."""
        due = sorted([*happenings, *_EDGES], key=lambda each: self.at(each[0]))
        for (clock, happens), after in zip_longest(due, due[1:], fillvalue=_EVENING):
            self._go_on(self.at(clock))
            happens(self)
            if self.at(after[0]) - self.now > SOON:
                self._read(self.now + SOON)
        self._go_on(self.at(_EVENING[0]))
        self._read(self.now)

    def refuse(self, is_dead: Callable[[Registered], bool]) -> None:
        """From now on gateways say of these that their token is dead."""
        self._is_dead = is_dead

    def store(self, is_on: bool) -> None:
        """Whether the Push Server stores what it sends: by default it does not."""
        self._node.stores = is_on

    # --- The Push Server, and the mirror before it

    def register(self, phone: Phone) -> None:
        asked = {"activationId": phone.activation, "platform": phone.platform}
        asked |= {"appId": APP, "token": phone.push_token}
        self._mirrored(events.read_registration, {"requestObject": asked})
        self._node.register(
            APP, phone.push_token, phone.activation, phone.user, at=self.now,
            platform=phone.platform,
        )  # fmt: skip

    def unregister(self, phone: Phone) -> None:
        asked = {"appId": APP, "token": phone.push_token}
        self._mirrored(events.read_deletion, {"requestObject": asked})
        self._node.delete(APP, phone.push_token)

    def tell_push_status(self, phone: Phone, status: str) -> None:
        asked = {"activationId": phone.activation, "activationStatus": status}
        self._mirrored(events.read_push_status, asked)
        self._node.update_status(phone.activation, status)

    def send(
        self, user: str, extras: Mapping[str, Any], *, personal: bool = True, to: str | None = None
    ) -> None:
        """To all the user's devices, or ``to`` one."""
        is_silent = extras["messageType"] == "mtoken.operationFinished"
        body = {"category": "payment", "extras": extras}
        body |= (
            {} if is_silent else {"title": "Savings", "body": "Open the app.", "sound": "default"}
        )
        message: dict[str, Any] = {
            "userId": user,
            "attributes": {"silent": is_silent, "personal": personal},
            "body": body,
        }
        message |= {"activationId": to} if to else {}
        asked = {"appId": APP, "mode": "SYNCHRONOUS", "message": message}
        self._mirrored_message({"requestObject": asked})
        self._node.send(
            APP, user, body, at=self.now + SECOND / 20, activation=to, silent=is_silent,
            personal=personal,
        )  # fmt: skip

    def post(self, user: str, name: str, *, silent: bool = False) -> None:
        """A message to the inbox, by PowerAuth Cloud, which has the Push Server keep it."""
        asked = {"userId": user, "type": "text", "subject": "Statement", "silent": silent}
        self._mirrored(events.read_cloud_inbox_message, asked)
        self._node.post(user, [APP], at=self.now + SECOND / 20, inbox_id=named(name))

    # --- PowerAuth

    def status(self, phone: Phone, status: str) -> None:
        self._call_back(
            {
                "type": "ACTIVATION",
                "activationId": phone.activation,
                "userId": phone.user,
                "activationStatus": status,
                "applicationId": APP,
            }
        )

    def operation(self, user: str, operation: str, status: str, *, created: str) -> None:
        """Its own id is not the one that messages have."""
        told: dict[str, Any] = {
            "type": "OPERATION",
            "operationId": named(f"PowerAuth's {operation}"),
            "externalId": operation,
            "userId": user,
            "applications": [APP],
            "operationType": "authorize_payment",
            "status": status,
            "timestampCreated": self.at(created).isoformat(),
            "timestampExpires": (self.at(created) + 5 * 60 * SECOND).isoformat(),
        }
        told |= {} if status == "PENDING" else {"timestampFinalized": self.now.isoformat()}
        self._call_back(told)

    def read_history(self, phone: Phone, told: Iterable[tuple[str, str]]) -> None:
        """At night."""
        rows = [
            Row(
                place="the history",
                told={
                    "id": number,
                    "activationId": phone.activation,
                    "activationStatus": status,
                    "timestampCreated": self.at(clock).isoformat(),
                },
            )
            for number, (clock, status) in enumerate(told, 1)
        ]
        report = HistoryReport()
        night = self.at("22:00")
        record_history(
            rows, source=POWERAUTH, zone=UTC, since=None, clock=lambda: night, report=report
        )
        assert report.recorded == len(rows)

    # --- How it gets in

    @property
    def _is_mirrored(self) -> bool:
        began, ended = self._down
        return not began < self.now < ended

    def _mirrored(self, read: Callable[[Copy], Iterable[Report]], body: Mapping[str, Any]) -> None:
        if self._is_mirrored:
            record_events(list(read(self._copy(body))), source=MIRROR)

    def _mirrored_message(self, body: Mapping[str, Any]) -> None:
        if self._is_mirrored:
            told = messages.read_message(self._copy(body))
            record([each.emission for each in told], source=MIRROR)

    def _copy(self, body: Mapping[str, Any]) -> Copy:
        self._asked += 1
        return Copy(
            body=json.dumps(body).encode(),
            request_id=f"{self.day}-{self._asked}",
            started_at=self.now,
            now=self.now,
        )

    def _call_back(self, body: Mapping[str, Any]) -> None:
        self._asked += 1
        key, came = f"{self.day}-{self._asked}", self.now + SECOND
        report = read_callback(json.dumps(body).encode(), key=key, now=came)
        record_events([report], source=POWERAUTH)

    def _answered(self, device: Registered) -> Answer:
        return Answer.DEAD if self._is_dead(device) else Answer.ACCEPTED

    def _go_on(self, moment: datetime) -> None:
        """In contact all the while, as seldom as may be."""
        while self.now < moment:
            self.now = min(self.now + settings.COVERAGE_SILENCE, moment)
            if self._is_stored:
                note_contact(PUSH_SERVER, ContactKind.POLL, at=self.now)
            if self._is_mirrored:
                note_contact(MIRROR, ContactKind.PROBE, at=self.now)

    def _read(self, moment: datetime) -> None:
        self._database.set_clock(moment)
        done = step(PUSH_SERVER, self._database.dsn, _UTC, clock=lambda: moment, seconds=inf)
        self._is_stored = done.storage is not MessageStorage.OFF
