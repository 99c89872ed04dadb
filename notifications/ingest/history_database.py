"""PowerAuth Server's own table of the history of activations, read and nothing else.

Of its columns only those are asked for that are used, so that a newer version may have more. User
and app are in two other tables, which hold keys as well: they are joined where these columns of
them may be read. Times are read as texts, since the table may hold some that Python has none of.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from .history import STATUSES, BrokenOff, Row

HISTORY = "pa_activation_history"
NEEDED = ("id", "activation_id", "activation_status", "event_reason", "timestamp_created")
OWNERS = {
    "pa_activation": ("activation_id", "user_id", "application_id"),
    "pa_application": ("id", "name"),
}
# Read strictly, since libpq takes what follows a stray sign in a password for a host or a port, and
# repeats it in its messages.
_HOST = r"(?:[^:@/?#,\[\]]*|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?"
_ADDRESS = re.compile(
    r"postgres(?:ql)?://(?:[^:@/?#]*(?::[^:@/?#]*)?@)?"
    rf"{_HOST}(?:,{_HOST})*(?:/[^:@?#]*)?(?:\?[^@#]*)?",
    re.ASCII,
)
_CONNECT_SECONDS = 10
FETCH = 5_000

_COLUMNS = """
    SELECT attname::text, atttypid = 'timestamptz'::regtype
    FROM pg_attribute
    WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped
"""
_READABLE = """
    SELECT coalesce(bool_and(
        to_regclass(%(table)s) IS NOT NULL
        AND has_column_privilege(to_regclass(%(table)s)::oid, attname, 'SELECT')
    ), false) AND count(*) = cardinality(%(columns)s::text[])
    FROM pg_attribute
    WHERE attrelid = to_regclass(%(table)s) AND attname = ANY(%(columns)s::text[])
"""
_ROWS = """
    SELECT history.id, history.activation_id, history.activation_status, history.event_reason,
        history.timestamp_created::text, {owner}
    FROM pa_activation_history AS history {joins}
    WHERE {bound}
    ORDER BY history.timestamp_created
"""
_JOINS = """
    LEFT JOIN pa_activation AS activation ON activation.activation_id = history.activation_id
    LEFT JOIN pa_application AS application ON application.id = activation.application_id
"""
_NAMES = ("id", "activationId", "activationStatus", "eventReason", "timestampCreated")


@dataclass(frozen=True, slots=True)
class Table:
    """The table as it was found: about how many ``rows`` it has (None: unknown), and whether their
    owners may be read."""

    connection: "psycopg.Connection[Any]"
    rows: int | None
    is_zoned: bool
    has_owners: bool


@contextmanager
def opened(dsn: str) -> Iterator[Table]:
    """A connection that can only read, and the table looked at. Raises ``BrokenOff``."""
    with _told(), _connected(dsn) as connection:
        connection.read_only = True
        connection.execute("SET datestyle = 'ISO, YMD'")
        connection.execute("SET timezone = 'UTC'")
        yield _looked_at(connection)


def rows_of_table(table: Table, *, since: datetime | None, zone: tzinfo) -> Iterator[Row]:
    """The rows in order of time, from about ``since`` on. Raises ``BrokenOff``."""
    statement = sql.SQL(_ROWS).format(
        owner=sql.SQL("activation.user_id, application.name" if table.has_owners else "NULL, NULL"),
        joins=sql.SQL(_JOINS if table.has_owners else ""),
        bound=sql.SQL("true" if since is None else "history.timestamp_created >= %s"),
    )
    with _told(), table.connection.cursor(name="pushaudit_history") as cursor:
        cursor.itersize = FETCH
        cursor.execute(statement, () if since is None else (_bound(table, since, zone),))
        for row in cursor:
            yield Row(f"row {row[0]}", _as_rest(row))


def _as_rest(row: Sequence[Any]) -> dict[str, Any]:
    """Under the names of the REST service; a status that has no word there is told as it is."""
    told = dict(zip((*_NAMES, "userId", "applicationId"), row, strict=True))
    status = told["activationStatus"]
    if status is not None:
        told["activationStatus"] = STATUSES.get(status, str(status))
    return told


def _bound(table: Table, since: datetime, zone: tzinfo) -> datetime:
    """What the column is compared with: in an hour that clocks repeat, too early is right."""
    if table.is_zoned:
        return since
    earlier = since.astimezone(UTC) - timedelta(hours=3)
    return earlier.astimezone(zone).replace(tzinfo=None)


def _connected(dsn: str) -> "psycopg.Connection[Any]":
    if _ADDRESS.fullmatch(dsn) is None:
        raise BrokenOff(
            "--dsn is no address of a database: write postgresql://USER@HOST:PORT/DATABASE, special"
            " characters in a password as %40 and the like; or leave the password to PGPASSWORD or"
            " ~/.pgpass."
        )
    try:
        told = conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:  # its message may repeat a part of it
        raise BrokenOff(
            "--dsn is no address that PostgreSQL understands: look at its parameters and at the"
            " percent signs in it."
        ) from None
    secrets = [str(told[name]) for name in ("password", "sslpassword") if told.get(name)]
    try:
        return psycopg.connect(
            dsn,
            connect_timeout=told.get("connect_timeout", _CONNECT_SECONDS),
            application_name="pushaudit import_powerauth_history",
        )
    except psycopg.Error as error:
        raise BrokenOff(f"PowerAuth's database: {_without(secrets, error)}") from None


def _without(secrets: Sequence[str], error: Exception) -> str:
    text = " ".join(str(error).split())
    for secret in secrets:
        text = text.replace(secret, "…")
    return text


def _looked_at(connection: "psycopg.Connection[Any]") -> Table:
    columns = dict(connection.execute(_COLUMNS, [HISTORY]).fetchall())
    (reader,) = connection.execute("SELECT current_user").fetchone() or ("",)
    if not columns:
        raise BrokenOff(
            f"There is no table {HISTORY} where this connection looks: name PowerAuth's database;"
            " name its schema, if that is not public, by ?options=-csearch_path%3DSCHEMA; and GRANT"
            f" USAGE ON SCHEMA … TO {reader};"
        )
    if missing := [name for name in NEEDED if name not in columns]:
        raise BrokenOff(
            f"{HISTORY} has no column {', '.join(missing)}: it is of a version of PowerAuth Server"
            " that is not known here (1.4 and later are); export it by its REST service instead."
        )
    if not _may_read(connection, HISTORY, NEEDED):
        raise BrokenOff(
            f"{HISTORY} may not be read: GRANT SELECT ({', '.join(NEEDED)}) ON {HISTORY}"
            f" TO {reader};"
        )
    (estimate,) = connection.execute(
        "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(%s)", [HISTORY]
    ).fetchone() or (-1,)
    return Table(
        connection=connection,
        rows=None if estimate < 0 else estimate,
        is_zoned=columns["timestamp_created"],
        has_owners=all(_may_read(connection, *each) for each in OWNERS.items()),
    )


def _may_read(connection: "psycopg.Connection[Any]", table: str, columns: Sequence[str]) -> bool:
    given = {"table": table, "columns": list(columns)}
    (may,) = connection.execute(_READABLE, given).fetchone() or (False,)
    return bool(may)


@contextmanager
def _told() -> Iterator[None]:
    """What PostgreSQL says, with what to do about it."""
    try:
        yield
    except psycopg.OperationalError as error:
        told = "The connection to PowerAuth's database broke off"
        raise BrokenOff(f"{told}: {_without((), error)}") from None
    except psycopg.Error as error:
        told = "PowerAuth's database refuses what is asked of it"
        raise BrokenOff(f"{told}: {_without((), error)}") from None
