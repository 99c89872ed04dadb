"""Statements that are asked again and again, planned once for a connection; and several of them
asked at once."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeAlias, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg.pq import Format

from .patience import TooMuch

# Times are read by psycopg's own loader, which is compiled. Django has another in its place, to set
# the zone, and that takes longer than all the rest of reading a row: ours is UTC.
_TIME = psycopg.adapters.types["timestamptz"].oid
_READ_TIME = psycopg.adapters.get_loader(_TIME, Format.TEXT)

T = TypeVar("T")
Rows: TypeAlias = list[tuple[Any, ...]]
# What was asked already, and is waited for where it is called, once. Functions whose names begin
# with ``ask`` send and return one, which raises what they would.
Answer: TypeAlias = Callable[[], T]


def fetched(statement: str, given: Mapping[str, Any]) -> Rows:
    """The rows of a statement that PostgreSQL plans once and for whatever parameters: to plan one
    that reads a few rows takes longer than to run it. Its text must not depend on what is asked,
    and each parameter needs a type there."""
    return asked(statement, given)()


def asked(statement: str, given: Mapping[str, Any]) -> Answer[Rows]:
    """The same, not waited for yet where it is ``together`` with others."""
    connection = connections[DEFAULT_DB_ALIAS]  # once: it is looked up by thread
    if connection.queries_logged:  # with its parameters in it
        with connection.cursor() as logging:
            logging.execute(statement, given)
            rows = list(logging.fetchall())
        return lambda: rows
    _see_to(connection)
    with connection.wrap_database_errors:
        cursor = psycopg.Cursor(connection.connection)
        if _READ_TIME is not None:
            cursor.adapters.register_loader(_TIME, _READ_TIME)
        cursor.execute(statement, given, prepare=True)
    return partial(_read, connection, cursor)


def asked_at_most(most: int, what: str, statement: str, given: Mapping[str, Any]) -> Answer[Rows]:
    """The same of a statement that is cut off behind ``most`` rows and one: where it is, the answer
    raises ``TooMuch`` that tells ``what`` they are."""
    rows = asked(statement, given)

    def read() -> Rows:
        found = rows()
        if len(found) > most:
            raise TooMuch(f"{most:,} {what}")
        return found

    return read


@contextmanager
def together() -> Iterator[None]:
    """What is asked within is sent before the answer to what was asked before it has come: to wait
    for each takes longer than to run it. Others may come between, each of which is waited for. An
    answer that is called may tell what became of another one."""
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.queries_logged:
        yield
        return
    _see_to(connection)
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def nothing(answer: T) -> Answer[T]:
    """The ``answer`` where there is nothing to ask."""
    return lambda: answer


def _see_to(connection: Any) -> None:
    """As Django's own cursors do."""
    connection.close_if_health_check_failed()
    connection.ensure_connection()


def _read(connection: Any, cursor: "psycopg.Cursor[tuple[Any, ...]]") -> Rows:
    with connection.wrap_database_errors:
        return cursor.fetchall()
