"""PowerAuth Server's own table of the history of activations, read and nothing else.

Of its columns only those are asked for that are used, so that a newer version may have more. User
and app are in two other tables, which hold keys as well: they are joined where these columns of
them may be read. Times are read as texts, since the table may hold some that Python has none of.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import psycopg
from psycopg import sql

from .foreign_database import (
    SCHEMA_HINT,
    BrokenOff,
    columns_of,
    connected,
    estimate_of,
    may_read,
    reader_of,
    told,
)
from .history import STATUSES, Row

WHOSE = "PowerAuth's"
HISTORY = "pa_activation_history"
NEEDED = ("id", "activation_id", "activation_status", "event_reason", "timestamp_created")
OWNERS = {
    "pa_activation": ("activation_id", "user_id", "application_id"),
    "pa_application": ("id", "name"),
}
FETCH = 5_000

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
    application = "pushaudit import_powerauth_history"
    with told(WHOSE), connected(dsn, whose=WHOSE, application=application) as connection:
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
    with told(WHOSE), table.connection.cursor(name="pushaudit_history") as cursor:
        cursor.itersize = FETCH
        cursor.execute(statement, () if since is None else (_bound(table, since, zone),))
        for row in cursor:
            yield Row(f"row {row[0]}", _as_rest(row))


def _as_rest(row: Sequence[Any]) -> dict[str, Any]:
    """Under the names of the REST service; a status that has no word there is told as it is."""
    values = dict(zip((*_NAMES, "userId", "applicationId"), row, strict=True))
    status = values["activationStatus"]
    if status is not None:
        values["activationStatus"] = STATUSES.get(status, str(status))
    return values


def _bound(table: Table, since: datetime, zone: tzinfo) -> datetime:
    """What the column is compared with: in an hour that clocks repeat, too early is right."""
    if table.is_zoned:
        return since
    earlier = since.astimezone(UTC) - timedelta(hours=3)
    return earlier.astimezone(zone).replace(tzinfo=None)


def _looked_at(connection: "psycopg.Connection[Any]") -> Table:
    columns, reader = columns_of(connection, HISTORY), reader_of(connection)
    if not columns:
        raise BrokenOff(
            f"There is no table {HISTORY} where this connection looks: name PowerAuth's database;"
            f" {SCHEMA_HINT}; and GRANT USAGE ON SCHEMA … TO {reader};"
        )
    if missing := [name for name in NEEDED if name not in columns]:
        raise BrokenOff(
            f"{HISTORY} has no column {', '.join(missing)}: it is of a version of PowerAuth Server"
            " that is not known here (1.4 and later are); export it by its REST service instead."
        )
    if not may_read(connection, HISTORY, NEEDED):
        raise BrokenOff(
            f"{HISTORY} may not be read: GRANT SELECT ({', '.join(NEEDED)}) ON {HISTORY}"
            f" TO {reader};"
        )
    return Table(
        connection=connection,
        rows=estimate_of(connection, HISTORY),
        is_zoned=columns["timestamp_created"],
        has_owners=all(may_read(connection, *each) for each in OWNERS.items()),
    )
