"""The Push Server's database on a connection that can only read, looked at before it is read.

Only columns that are used are asked for, so that a newer version may have more, and the secrets
among them stay out of reach: rights are wanted by column. Times are read as texts, since they are
without a zone, and some are of no calendar.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import IsolationLevel

from notifications.ingest.foreign_database import (
    SCHEMA_HINT,
    BrokenOff,
    columns_of,
    connected,
    estimate_of,
    may_read,
    reader_of,
    told,
)

WHOSE = "the Push Server's"
MESSAGES, INBOX = "push_message", "push_inbox"
NEEDED: Mapping[str, Sequence[str]] = {
    MESSAGES: (
        *("id", "device_registration_id", "user_id", "activation_id", "is_silent", "is_personal"),
        *("message_body", "timestamp_created", "status"),
    ),
    "push_device_registration": (
        *("id", "activation_id", "user_id", "app_id", "platform", "push_token"),
        *("timestamp_last_registered", "is_active"),
    ),
    "push_app_credentials": ("id", "app_id"),
}
OF_INBOX: Mapping[str, Sequence[str]] = {
    INBOX: ("id", "inbox_id", "user_id", "timestamp_created"),
    "push_inbox_app": ("app_credentials_id", "inbox_id"),
}
_SECONDS = 120  # for one statement
_SETTINGS = f"""
    SET default_transaction_read_only = on;
    SET client_encoding = 'UTF8';
    SET datestyle = 'ISO, YMD';
    SET timezone = 'UTC';
    SET statement_timeout = '{_SECONDS}s';
    SET idle_in_transaction_session_timeout = '{_SECONDS}s';
"""


@dataclass(frozen=True, slots=True)
class Database:
    """As it was found; ``why_no_inbox`` says why the posts to its inbox are not read, "" if they
    are. ``clock`` is what the clock there is taken to say, where the past is played again."""

    connection: "psycopg.Connection[Any]"
    why_no_inbox: str
    clock: datetime | None = None

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """All that is read within is of one moment."""
        with self.connection.transaction():
            yield

    def estimate(self) -> int | None:
        """About how many messages it has."""
        return estimate_of(self.connection, MESSAGES)


@contextmanager
def opened(dsn: str) -> Iterator[Database]:
    """A connection that can only read, looked at. Raises ``BrokenOff``."""
    with told(WHOSE):
        connection = connected(
            dsn, whose=WHOSE, application="pushaudit import_push_server", autocommit=True
        )
        with connection:
            connection.read_only = True
            connection.isolation_level = IsolationLevel.REPEATABLE_READ
            connection.execute(_SETTINGS)
            yield _looked_at(connection)


def _looked_at(connection: "psycopg.Connection[Any]") -> Database:
    found = {table: columns_of(connection, table) for table in (*NEEDED, *OF_INBOX)}
    reader = reader_of(connection)
    if not any(found.values()):
        raise BrokenOff(
            f"There is none of {_listed(NEEDED)} where this connection looks: name the Push"
            f" Server's database; {SCHEMA_HINT}; and GRANT USAGE ON SCHEMA … TO {reader};"
        )
    for table in NEEDED:
        if (why := _why_not(connection, table, NEEDED[table], found[table], reader)) is not None:
            raise BrokenOff(f"{why} Needed are: {' '.join(grants(NEEDED, reader))}")
    whys = [
        _why_not(connection, table, OF_INBOX[table], found[table], reader) for table in OF_INBOX
    ]
    why = next((why for why in whys if why is not None), "")
    return Database(connection, why and f"{why} For it: {' '.join(grants(OF_INBOX, reader))}")


def grants(of: Mapping[str, Sequence[str]], reader: str) -> list[str]:
    """The statements that let ``reader`` read these columns and no others."""
    return [
        f"GRANT SELECT ({', '.join(columns)}) ON {table} TO {reader};"
        for table, columns in of.items()
    ]


def _why_not(
    connection: "psycopg.Connection[Any]",
    table: str,
    needed: Sequence[str],
    found: Mapping[str, bool],
    reader: str,
) -> str | None:
    if not found:
        return f"There is no table {table} where this connection looks."
    if missing := [name for name in needed if name not in found]:
        return (
            f"{table} has no column {', '.join(missing)}: it is of a version of the Push Server"
            " that is not known here (1.4 to 1.10 are)."
        )
    if not may_read(connection, table, needed):
        (grant,) = grants({table: needed}, reader)
        return f"{table} may not be read: {grant}"
    return None


def _listed(tables: Mapping[str, Any]) -> str:
    return ", ".join(tables)
