"""Statements that are asked again and again, planned once for a connection."""

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import connection


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
        return cursor.execute(statement, given, prepare=True).fetchall()
