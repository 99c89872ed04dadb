"""Databases of foreign systems, read and nothing else: the address, the connection, what may be
read there, and what PostgreSQL says of it with the remedy. No message repeats a password."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

# Read strictly, since libpq takes what follows a stray sign in a password for a host or a port, and
# repeats it in its messages.
_HOST = r"(?:[^:@/?#,\[\]]*|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?"
_ADDRESS = re.compile(
    r"postgres(?:ql)?://(?:[^:@/?#]*(?::[^:@/?#]*)?@)?"
    rf"{_HOST}(?:,{_HOST})*(?:/[^:@?#]*)?(?:\?[^@#]*)?",
    re.ASCII,
)
_CONNECT_SECONDS = 10
SCHEMA_HINT = "name its schema, if that is not public, by ?options=-csearch_path%3DSCHEMA"

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
_ESTIMATE = "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(%s)"


class BrokenOff(Exception):
    """What is read ends before its end; the message says why, and what to do."""


def connected(dsn: str, *, whose: str, application: str, **more: Any) -> "psycopg.Connection[Any]":
    """A connection by the address ``dsn``. Raises ``BrokenOff``."""
    if _ADDRESS.fullmatch(dsn) is None:
        raise BrokenOff(
            "The DSN is no address of a database: write postgresql://USER@HOST:PORT/DATABASE,"
            " special characters in a password as %40 and the like; or leave the password to"
            " PGPASSWORD or ~/.pgpass."
        )
    try:
        told = conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:  # its message may repeat a part of it
        raise BrokenOff(
            "The DSN is no address that PostgreSQL understands: look at its parameters and at the"
            " percent signs in it."
        ) from None
    secrets = [str(told[name]) for name in ("password", "sslpassword") if told.get(name)]
    try:
        return psycopg.connect(
            dsn,
            connect_timeout=told.get("connect_timeout", _CONNECT_SECONDS),
            application_name=application,
            **more,
        )
    except psycopg.Error as error:
        raise BrokenOff(f"{_first(whose)} database: {_without(secrets, error)}") from None


@contextmanager
def told(whose: str) -> Iterator[None]:
    """What PostgreSQL says, with what to do about it."""
    try:
        yield
    except errors.QueryCanceled as error:
        raise BrokenOff(
            f"{_first(whose)} database takes too long: {_without((), error)}; look for what holds"
            " it up, or read from a replica"
        ) from None
    except psycopg.OperationalError as error:
        raise BrokenOff(
            f"The connection to {whose} database broke off: {_without((), error)}"
        ) from None
    except psycopg.Error as error:
        raise BrokenOff(
            f"{_first(whose)} database refuses what is asked of it: {_without((), error)}"
        ) from None


def columns_of(connection: "psycopg.Connection[Any]", table: str) -> Mapping[str, bool]:
    """The columns of ``table``, each with whether it has a time with its zone; none: there is no
    such table where this connection looks."""
    return dict(connection.execute(_COLUMNS, [table]).fetchall())


def may_read(connection: "psycopg.Connection[Any]", table: str, columns: Sequence[str]) -> bool:
    given = {"table": table, "columns": list(columns)}
    (may,) = connection.execute(_READABLE, given).fetchone() or (False,)
    return bool(may)


def reader_of(connection: "psycopg.Connection[Any]") -> str:
    """Whom rights are granted to, as it is written in SQL."""
    (reader,) = connection.execute("SELECT quote_ident(current_user)").fetchone() or ("",)
    return str(reader)


def estimate_of(connection: "psycopg.Connection[Any]", table: str) -> int | None:
    """About how many rows ``table`` has; None: PostgreSQL has not counted them yet."""
    (estimate,) = connection.execute(_ESTIMATE, [table]).fetchone() or (-1,)
    return None if estimate < 0 else int(estimate)


def _first(word: str) -> str:
    """As it stands first in a sentence."""
    return word[0].upper() + word[1:]


def _without(secrets: Sequence[str], error: Exception) -> str:
    text = " ".join(str(error).split())
    for secret in secrets:
        text = text.replace(secret, "…")
    return text
