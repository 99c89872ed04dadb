# ruff: noqa: S608 - of names that stand in the layout
"""The Push Server, writing into its own tables as the real one does: what pushaudit is measured by
where it reads its database. Nothing here is of pushaudit.

``VendorServer`` is one node, writing on a connection of its own, so with a block of ids of its own;
for others at once, make more of them (each for one thread).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any
from uuid import uuid4

import psycopg

from notifications.world.bodies import message_body

from .push_server_tables import GATEWAYS, PushServerDatabase, Registered, Tables, VendorError

PENDING, SENT, FAILED = 0, 1, -1


class Answer(StrEnum):
    """What a gateway says to one message."""

    ACCEPTED = "accepted"
    FAILED = "failed"
    DEAD = "dead"  # the token is: the Push Server deletes the registration
    NOTHING = "nothing"  # a transport error: the row stays pending for ever


@dataclass(slots=True)
class Attempt:
    """One message to one device: the row that stands for it (None: storage was off), and what the
    Push Server knows that the row does not say."""

    number: int | None
    device: Registered
    at: datetime
    personal: bool
    status: int = PENDING
    was_skipped: bool = False
    answer: Answer | None = None


def accepts(device: Registered) -> Answer:
    return Answer.ACCEPTED


def goes_on(device: Registered) -> bool:
    return False


class VendorServer:
    """One node of a Push Server. What it writes tells neither the zone nor the skew of its clock.

    ``answer`` is what the gateway of a device says, ``breaks`` whether the insert of its row fails,
    at which the rest is not reached. Every method is given the true time.
    """

    def __init__(
        self,
        database: PushServerDatabase,
        *,
        zone: tzinfo = UTC,
        skew: timedelta = timedelta(0),
        stores: bool = True,
        answer: Callable[[Registered], Answer] = accepts,
        breaks: Callable[[Registered], bool] = goes_on,
    ) -> None:
        self.database, self.zone, self.skew = database, zone, skew
        self.stores, self.answer, self.breaks = stores, answer, breaks
        self._tables = Tables(database.connect(), database.layout)

    @property
    def _connection(self) -> "psycopg.Connection[Any]":
        return self._tables.connection

    def reconnect(self) -> None:
        """As a pool retires a connection: the rest of its block of ids is lost."""
        self._connection.close()
        self._tables = Tables(self.database.connect(), self.database.layout)

    def written(self, at: datetime) -> datetime:
        """A moment as it writes it: in milliseconds of its clock, without the zone."""
        moment = (at + self.skew).astimezone(self.zone).replace(tzinfo=None)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def add_app(self, app: str, gateways: Iterable[str] = GATEWAYS) -> int:
        """An app with credentials for ``gateways``."""
        number = self._tables.next("push_credentials_seq")
        columns = [name for each in gateways if (name := self._tables.credential(each)) is not None]
        names, marks = "".join(f", {name}" for name in columns), ", %s" * len(columns)
        self._connection.execute(
            f"INSERT INTO push_app_credentials (id, app_id{names}) VALUES (%s, %s{marks})",
            [number, app, *["secret"] * len(columns)],
        )
        return number

    def register(
        self,
        app: str,
        token: str,
        activation: str,
        user: str | None,
        *,
        at: datetime,
        platform: str = "fcm",
        status: str | None = "ACTIVE",
        environment: str | None = None,
    ) -> int:
        """``/push/device/create``: by activation and token, else by activation, else by app and
        token, when the row becomes that of another device. The number of the row.

        ``status`` is PowerAuth's; None leaves is_active NULL, as only other hands than its own do.
        """
        if status == "REMOVED":
            raise VendorError("the activation is removed")
        with self._connection.transaction():
            number = self._tables.found(self._tables.app(app), token, activation)
            is_active = None if status is None else status == "ACTIVE"
            about = {"platform": platform, "is_active": is_active, "environment": environment}
            return self._keep(number, app, token, activation, user, at, **about)

    def register_all(
        self,
        app: str,
        token: str,
        users: Mapping[str, str],
        *,
        at: datetime,
        platform: str = "fcm",
    ) -> list[int]:
        """``/push/device/create/multi``: one token, several activations (with their users); what
        else has the token is deleted."""
        with self._connection.transaction():
            self._connection.execute(
                "DELETE FROM push_device_registration WHERE app_id = %s AND push_token = %s"
                " AND NOT activation_id = ANY(%s)",
                [self._tables.app(app), token, list(users)],
            )
            return [
                self._keep(
                    self._tables.number("activation_id = %s", activation),
                    *(app, token, activation, user, at),
                    platform=platform,
                    is_active=True,
                )
                for activation, user in users.items()
            ]

    def update_status(self, activation: str, status: str) -> int:
        """``/push/device/status/update``; how many rows it changed."""
        return self._connection.execute(
            "UPDATE push_device_registration SET is_active = %s WHERE activation_id = %s",
            [status == "ACTIVE", activation],
        ).rowcount

    def delete(self, app: str, token: str) -> int:
        """``/push/device/delete``; how many rows are gone."""
        return self._connection.execute(
            "DELETE FROM push_device_registration WHERE app_id = %s AND push_token = %s",
            [self._tables.app(app), token],
        ).rowcount

    def send(
        self,
        app: str,
        user: str,
        body: Mapping[str, Any],
        *,
        at: datetime,
        activation: str | None = None,
        silent: bool = False,
        personal: bool = False,
        answers: bool = True,
    ) -> list[Attempt]:
        """``/push/message/send``, device by device: its row first, then whether it may be sent to,
        then the gateway. Without ``answers`` the gateways are asked by ``settle``.

        Raises ``VendorError`` where the real one breaks off, with the attempts so far: the rows
        before, and the one it broke off at, stand.
        """
        attempts: list[Attempt] = []
        try:
            for device in self._tables.devices("c.app_id = %s AND r.user_id = %s", app, user):
                if activation is None or device.activation == activation:
                    attempts.append(Attempt(None, device, at, personal))
                    self._attempt(attempts[-1], user, activation, silent, body)
        except VendorError as error:
            raise VendorError(*error.args, attempts) from None
        finally:
            if answers:
                self.settle(attempts)
        return attempts

    def _attempt(
        self,
        attempt: Attempt,
        user: str,
        activation: str | None,
        silent: bool,
        body: Mapping[str, Any],
    ) -> None:
        device, attempt.was_skipped = attempt.device, True
        if self.breaks(device):
            self._tables.next("push_message_seq")  # a rollback does not give it back
            raise VendorError("the row could not be inserted")
        if self.stores:
            attempt.number = self._insert(attempt, user, activation, silent, body)
        if device.is_active is None:
            raise VendorError("is_active is null")
        if attempt.personal and not device.is_active:
            return
        attempt.was_skipped = not self._tables.has_client(device)
        if attempt.was_skipped and device.gateway == "apns":
            raise VendorError("there is no client of APNs")  # of the others it is only logged

    def settle(self, attempts: Iterable[Attempt]) -> None:
        """What the gateways answer: to the rows, and to registrations whose token is dead."""
        for attempt in attempts:
            if attempt.was_skipped or attempt.answer is not None:
                continue
            if attempt.device.environment == "development":  # while the app's is production
                attempt.answer = Answer.FAILED
            else:
                attempt.answer = self.answer(attempt.device)
            if attempt.answer is Answer.NOTHING:
                continue
            attempt.status = SENT if attempt.answer is Answer.ACCEPTED else FAILED
            self._connection.execute(
                "UPDATE push_message SET status = %s WHERE id = %s",
                [attempt.status, attempt.number],
            )
            if attempt.answer is Answer.DEAD:
                self._connection.execute(
                    "DELETE FROM push_device_registration WHERE id = %s", [attempt.device.number]
                )

    @contextmanager
    def campaign(
        self, users: Iterable[str], body: Mapping[str, Any], *, at: datetime
    ) -> Iterator[list[Attempt]]:
        """One chunk of a live campaign: all devices of ``users`` in all apps, stored whatever the
        setting, in one transaction, which is committed at the end of the block or rolled back by
        what is raised in it. Rows tell the activation; nothing is personal or silent."""
        with self._connection.transaction():
            attempts, tokens = [], set()
            for device in self._tables.devices("r.user_id = ANY(%s)", list(users)):
                if (device.app, device.gateway, device.token) in tokens:
                    continue
                tokens.add((device.app, device.gateway, device.token))
                attempt = Attempt(None, device, at, personal=False)
                attempt.number = self._insert(
                    attempt, device.user or "", device.activation, False, body
                )
                attempt.was_skipped = not self._tables.has_client(device)
                attempts.append(attempt)
            self.settle(attempts)
            yield attempts

    def post(
        self, user: str, apps: Iterable[str], *, at: datetime, inbox_id: str | None = None
    ) -> str:
        """``/inbox/messages``: one row, told to several apps; the id that its push will name, by
        itself a new one."""
        layout, inbox_id = self.database.layout, inbox_id or str(uuid4())
        with self._connection.transaction():
            row = {
                "inbox_id": inbox_id,
                "user_id": user,
                layout.type_column: "text",
                "subject": "…",
                "summary": "…",
                "body": "…",
                layout.read_column: False,
                "timestamp_created": self.written(at),
            }
            number = self._tables.write("push_inbox", row, None)
            for app in apps:
                self._connection.execute(
                    "INSERT INTO push_inbox_app VALUES (%s, %s)", [self._tables.app(app), number]
                )
        return inbox_id

    def read(self, inbox_id: str, *, at: datetime) -> None:
        """The user opens it the first time; later openings change nothing."""
        column = self.database.layout.read_column
        self._connection.execute(
            f"UPDATE push_inbox SET {column} = true, timestamp_read = %s"
            f" WHERE inbox_id = %s AND NOT {column}",
            [self.written(at), inbox_id],
        )

    def _keep(
        self,
        number: int | None,
        app: str,
        token: str,
        activation: str,
        user: str | None,
        at: datetime,
        **about: Any,
    ) -> int:
        """The registration of that number from now on, or a new one; its number."""
        row = {
            "activation_id": activation,
            "user_id": user,
            "app_id": self._tables.app(app),
            "push_token": token,
            "timestamp_last_registered": self.written(at),
            **about,
        }
        if not self.database.layout.has_environment:
            row.pop("environment", None)
        return self._tables.write("push_device_registration", row, number)

    def _insert(
        self,
        attempt: Attempt,
        user: str,
        activation: str | None,
        silent: bool,
        body: Mapping[str, Any],
    ) -> int:
        row = {
            "device_registration_id": attempt.device.number,
            "user_id": user,
            "activation_id": activation,
            "is_silent": silent,
            "is_personal": attempt.personal,
            "message_body": message_body(body),
            "timestamp_created": self.written(attempt.at),
            "status": PENDING,
        }
        return self._tables.write("push_message", row, None)
