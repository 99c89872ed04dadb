"""The database of the Push Server of the demo's second app, in temporary tables of a connection of
its own, as it stood at one moment after the other."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

import psycopg
from django.db import connection

from notifications.ingest.push_server.connection import Database
from notifications.world.facts import Fact
from notifications.world.push_messages import Served

APP_NUMBER = 1
_TABLES = """
    CREATE TEMPORARY TABLE push_app_credentials (id integer PRIMARY KEY, app_id varchar(255));
    CREATE TEMPORARY TABLE push_device_registration (
        id integer PRIMARY KEY, activation_id varchar(37), user_id varchar(255), app_id integer,
        platform varchar(255), push_token varchar(255), timestamp_last_registered timestamp(6),
        is_active boolean
    );
    CREATE TEMPORARY TABLE push_message (
        id integer PRIMARY KEY, device_registration_id integer, user_id varchar(255),
        activation_id varchar(37), is_silent boolean, is_personal boolean,
        message_body varchar(2048), timestamp_created timestamp(6), status integer
    );
    CREATE TEMPORARY TABLE push_inbox (
        id integer PRIMARY KEY, inbox_id varchar(37), user_id varchar(255),
        timestamp_created timestamp(6)
    );
    CREATE TEMPORARY TABLE push_inbox_app (app_credentials_id integer, inbox_id integer);
"""
_OF_DJANGO = ("context", "cursor_factory")


@dataclass(slots=True)
class Replay:
    """``connect`` is for ``follow.step``, in place of a connection to a real one; the clock there
    is at ``moment``. Its node writes the times of ``zone``."""

    app: str
    served: Served
    posts: Sequence[Fact]
    zone: tzinfo
    _connection: "psycopg.Connection[Any]"
    moment: datetime | None = None

    @contextmanager
    def connect(self, dsn: str) -> Iterator[Database]:
        yield Database(self._connection, why_no_inbox="", clock=self.moment)

    def go_on(self, moment: datetime) -> None:
        """All that happened until then is in the tables, and nothing else."""
        self.moment = moment
        with self._connection.transaction():
            self._fill("push_device_registration", self._registrations(moment))
            self._fill("push_message", self._messages(moment))
            posts = [each for each in enumerate(self.posts, start=1) if each[1].at <= moment]
            self._fill("push_inbox", (self._post(number, fact) for number, fact in posts))
            self._fill("push_inbox_app", ((APP_NUMBER, number) for number, _ in posts))

    def _registrations(self, moment: datetime) -> Iterator[Sequence[Any]]:
        for each in self.served.registry.registrations:
            if each.has(moment):
                device = each.device
                about = (APP_NUMBER, device.platform.value, each.token)
                registered = self._written(each.registered_at)
                yield (
                    *(each.number, device.activation_id, device.user_id, *about),
                    *(registered, each.is_active),
                )

    def _messages(self, moment: datetime) -> Iterator[Sequence[Any]]:
        for each in self.served.attempts:
            if (row := each.row(moment=moment, zone=self.zone)) is not None:
                yield tuple(row.values())

    def _post(self, number: int, fact: Fact) -> Sequence[Any]:
        return number, fact.inbox_id, fact.user.user_id, self._written(fact.at)

    def _written(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone).replace(tzinfo=None)

    def _fill(self, table: str, rows: Iterator[Sequence[Any]]) -> None:
        self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - of constants
        with self._connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


@contextmanager
def replayed(app: str, served: Served, posts: Sequence[Fact], zone: tzinfo) -> Iterator[Replay]:
    params = connection.get_connection_params()
    given = {name: each for name, each in params.items() if name not in _OF_DJANGO}
    with psycopg.connect(**given, autocommit=True) as its_own:
        its_own.execute("SET datestyle = 'ISO, YMD'")
        its_own.execute(_TABLES)
        its_own.execute("INSERT INTO push_app_credentials VALUES (%s, %s)", [APP_NUMBER, app])
        yield Replay(app, served, posts, zone, its_own)
