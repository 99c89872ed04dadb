# ruff: noqa: S608 - of names that stand here
"""The Push Server's tables in a database of their own, and one connection's view of them."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import psycopg
from django.db import connection

from .push_server_schema import CURRENT, Layout, grants

GATEWAYS = ("apns", "fcm", "hms")
_WORDS = {"ios": "apns", "android": "fcm", "huawei": "hms"}
_CREDENTIALS = {
    "apns": ("apns_private_key", "ios_private_key"),
    "fcm": ("fcm_private_key", "android_private_key"),
    "hms": ("hms_client_secret", None),
}
# Found before those of PostgreSQL where the search path says so.
_CLOCK = """
    CREATE SCHEMA clock;
    CREATE TABLE clock.moment (at timestamptz NOT NULL);
    INSERT INTO clock.moment VALUES (pg_catalog.now());
    CREATE FUNCTION clock.clock_timestamp() RETURNS timestamptz
        LANGUAGE sql VOLATILE SECURITY DEFINER AS 'SELECT at FROM clock.moment';
    CREATE FUNCTION clock.now() RETURNS timestamptz
        LANGUAGE sql VOLATILE SECURITY DEFINER AS 'SELECT at FROM clock.moment';
    GRANT USAGE ON SCHEMA clock TO "{role}";
"""


class VendorError(Exception):
    """The Push Server answers with an error. What it did before stays done."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A row of push_device_registration as it was; ``app`` is the string, ``gateway`` one word."""

    number: int
    activation: str | None
    user: str | None
    app: str
    gateway: str
    token: str
    is_active: bool | None
    environment: str | None


@dataclass(slots=True)
class PushServerDatabase:
    """Its tables, and the account that may read them: ``role`` has been granted nothing before
    ``grant`` is called. ``dsn`` connects as that account, ``owner`` as who may all. Its clock is
    the real one until ``set_clock`` is called."""

    name: str
    role: str
    layout: Layout
    _params: Mapping[str, Any]
    _closing: ExitStack = field(default_factory=ExitStack)
    _has_clock: bool = False

    @property
    def owner(self) -> str:
        return self._address()

    @property
    def dsn(self) -> str:
        return self._address(self.role)

    def set_clock(self, at: datetime) -> None:
        """What clock_timestamp() and now() say to whoever connects as ``dsn`` tells from now on."""
        if not self._has_clock:
            self.execute(_CLOCK.format(role=self.role))
            self._has_clock = True
        self.execute("UPDATE clock.moment SET at = %s", at)

    def connect(self) -> "psycopg.Connection[Any]":
        """Another connection that may all, closed with the database."""
        return self._closing.enter_context(
            closing(psycopg.connect(**{**self._params}, autocommit=True))
        )

    def execute(self, statement: str, *values: Any) -> list[Any]:
        """Anything, by the owner; its rows."""
        with closing(psycopg.connect(**{**self._params}, autocommit=True)) as its_own:
            cursor = its_own.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def grant(self) -> str:
        """Gives the account what it may read; the address."""
        for statement in grants(self.layout, self.role):
            self.execute(statement)
        return self.dsn

    def _address(self, role: str = "") -> str:
        given = self._params
        password = f":{quote(given['password'], safe='')}" if given.get("password") else ""
        user = quote(given.get("user", ""), safe="")
        port = f"&port={given['port']}" if given.get("port") else ""
        settings = [f"-crole={role}"] if role else []
        settings += ["-csearch_path=clock,pg_catalog,public"] if self._has_clock else []
        options = f"&options={quote(' '.join(settings), safe='')}"
        host = quote(given.get("host", ""), safe="")
        return f"postgresql://{user}{password}@/{self.name}?host={host}{port}{options}"


@contextmanager
def made(layout: Layout = CURRENT) -> Iterator[PushServerDatabase]:
    """The database of a Push Server in the cluster of the tests, dropped afterwards."""
    name = f"push_server_{uuid4().hex[:8]}"
    told = {**connection.get_connection_params(), "dbname": name}
    names = ("dbname", "host", "port", "user", "password")
    params = {each: told[each] for each in names if told.get(each)}
    with closing(psycopg.connect(**{**params, "dbname": "postgres"}, autocommit=True)) as cluster:
        cluster.execute(f'CREATE DATABASE "{name}"')
        cluster.execute(f'CREATE ROLE "{name}"')
        try:
            with ExitStack() as stack:
                database = PushServerDatabase(name, name, layout, params, stack)
                database.execute(layout.sql)
                yield database
        finally:
            cluster.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            cluster.execute(f'DROP ROLE "{name}"')


@dataclass(slots=True)
class Tables:
    """The tables through one connection, so with a block of ids of its own."""

    connection: "psycopg.Connection[Any]"
    layout: Layout

    def found(self, app: int, token: str, activation: str) -> int | None:
        """The row that a registration is of, in the order that the Push Server looks for it."""
        by_activation = self.number("activation_id = %s", activation)
        if by_activation is not None:
            return by_activation
        rows = self.connection.execute(
            "SELECT id FROM push_device_registration WHERE app_id = %s AND push_token = %s",
            [app, token],
        ).fetchall()
        if len(rows) > 1:
            raise VendorError("several activations have the token: create/multi is required")
        return rows[0][0] if rows else None

    def number(self, where: str, *values: Any) -> int | None:
        row = self.connection.execute(
            f"SELECT id FROM push_device_registration WHERE {where}", values
        ).fetchone()
        return None if row is None else row[0]

    def write(self, table: str, row: Mapping[str, Any], number: int | None) -> int:
        """Updates the row of that number, or inserts one under the next."""
        if number is not None:
            values = ", ".join(f"{name} = %s" for name in row)
            self.connection.execute(
                f"UPDATE {table} SET {values} WHERE id = %s", [*row.values(), number]
            )
            return number
        number = self.next(f"{table}_seq")
        self.connection.execute(
            f"INSERT INTO {table} (id, {', '.join(row)}) VALUES (%s{', %s' * len(row)})",
            [number, *row.values()],
        )
        return number

    def devices(self, where: str, *values: Any) -> list[Registered]:
        environment = "r.environment" if self.layout.has_environment else "NULL"
        rows = self.connection.execute(
            "SELECT r.id, r.activation_id, r.user_id, c.app_id, r.platform, r.push_token,"
            f" r.is_active, {environment} FROM push_device_registration r"
            f" JOIN push_app_credentials c ON c.id = r.app_id WHERE {where} ORDER BY r.id",
            values,
        ).fetchall()
        return [Registered(*row[:4], _WORDS.get(row[4], row[4]), *row[5:]) for row in rows]

    def has_client(self, device: Registered) -> bool:
        column = self.credential(device.gateway)
        if column is None:
            return False
        (has,) = self.connection.execute(
            f"SELECT {column} IS NOT NULL FROM push_app_credentials WHERE app_id = %s",
            [device.app],
        ).fetchone() or (False,)
        return bool(has)

    def credential(self, gateway: str) -> str | None:
        is_old = not self.layout.has_environment
        return _CREDENTIALS[gateway][is_old]

    def app(self, app: str) -> int:
        row = self.connection.execute(
            "SELECT id FROM push_app_credentials WHERE app_id = %s", [app]
        ).fetchone()
        if row is None:
            raise VendorError(f"there is no app {app}")
        number: int = row[0]
        return number

    def next(self, sequence: str) -> int:
        (number,) = self.connection.execute("SELECT nextval(%s)", [sequence]).fetchone() or (0,)
        return int(number)
