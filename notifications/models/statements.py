"""Statements that are asked again and again, planned once for a connection."""

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import connection
from psycopg.pq import Format

# Times are read by psycopg's own loader, which is compiled. Django has another in its place, to set
# the zone, and that takes longer than all the rest of reading a row: ours is UTC.
_TIME = psycopg.adapters.types["timestamptz"].oid
_READ_TIME = psycopg.adapters.get_loader(_TIME, Format.TEXT)


def fetched(statement: str, given: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement that PostgreSQL plans once and for whatever parameters: to plan one
    that reads a few rows takes longer than to run it. Its text must not depend on what is asked,
    and each parameter needs a type there."""
    if connection.queries_logged:  # with its parameters in it
        with connection.cursor() as logging:
            logging.execute(statement, given)
            return list(logging.fetchall())
    # As Django's own cursors see to the connection.
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        if _READ_TIME is not None:
            cursor.adapters.register_loader(_TIME, _READ_TIME)
        return cursor.execute(statement, given, prepare=True).fetchall()
