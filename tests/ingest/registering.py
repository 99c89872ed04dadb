"""A Push Server's tables of registrations as its version 1.10 has them, written as it writes them,
and compared."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import psycopg
from django.db import connection

from notifications.ingest.push_server.registrations import Compared, compare
from notifications.models import ActivationEvent, PushRegistration

SOURCE, ZONE = "push-db", ZoneInfo("Europe/Prague")
TABLES = """
    CREATE TABLE push_app_credentials (id integer PRIMARY KEY, app_id varchar(255) NOT NULL);
    CREATE TABLE push_device_registration (
        id integer PRIMARY KEY, activation_id varchar(37), user_id varchar(255),
        app_id integer NOT NULL, platform varchar(255), push_token varchar(255),
        timestamp_last_registered timestamp(6), is_active boolean, environment varchar(255)
    );
    INSERT INTO push_app_credentials VALUES (7, 'retail');
"""
_ROW = """
    INSERT INTO push_device_registration VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (id) DO UPDATE SET activation_id = EXCLUDED.activation_id,
        user_id = EXCLUDED.user_id, app_id = EXCLUDED.app_id, platform = EXCLUDED.platform,
        push_token = EXCLUDED.push_token, is_active = EXCLUDED.is_active,
        timestamp_last_registered = EXCLUDED.timestamp_last_registered
"""


@dataclass(frozen=True, slots=True)
class Vendor:
    """Its database."""

    connection: "psycopg.Connection[Any]"
    clock: datetime | None = None

    def now(self) -> datetime:
        (found,) = self.connection.execute("SELECT clock_timestamp()").fetchone() or (None,)
        assert isinstance(found, datetime)
        return found

    def has(self, number: int, activation: str | None = "a", **told: Any) -> None:
        """From now on, registered now."""
        local = self.now().astimezone(ZONE).replace(tzinfo=None)
        row = {
            "user": "u1", "app": 7, "platform": "fcm", "token": f"token-{number}", "at": local,
            "is_active": True,
        } | told  # fmt: skip
        self.connection.execute(_ROW, [number, activation, *row.values()])

    def says(self, number: int, is_active: bool | None) -> None:
        """It was told a status."""
        self.connection.execute(
            "UPDATE push_device_registration SET is_active = %s WHERE id = %s", [is_active, number]
        )

    def drops(self, number: int) -> None:
        self.connection.execute("DELETE FROM push_device_registration WHERE id = %s", [number])

    def compared(self, numbers: set[int] | None = None, zone: tzinfo = ZONE) -> Compared:
        return compare(self, source=SOURCE, zone=zone, numbers=numbers)


@contextmanager
def vendor_database() -> Iterator[Vendor]:
    """In a schema of its own beside ours, on a connection of its own."""
    told, schema = connection.get_connection_params(), f"vendor_{uuid4().hex[:8]}"
    names = ("dbname", "host", "port", "user", "password")
    given = {each: told[each] for each in names if told.get(each)}
    with closing(psycopg.connect(**given, autocommit=True)) as its_own:
        its_own.execute(f"CREATE SCHEMA {schema}; SET search_path = {schema}")
        its_own.execute(TABLES)
        try:
            yield Vendor(its_own)
        finally:
            its_own.execute(f"DROP SCHEMA {schema} CASCADE")


def intervals(number: int) -> list[tuple[str | None, bool]]:
    """Of a registration, in order: which activation it was, and whether it is so yet."""
    rows = PushRegistration.objects.filter(number=number).order_by("id")
    return [(each.activation_id, each.gone_at is None) for each in rows]


def told() -> list[tuple[str, str | None]]:
    """Which events are on record, in the order in which they were observed."""
    rows = ActivationEvent.objects.order_by("observed_at", "key")
    return [(each.kind, each.activation_id) for each in rows]
