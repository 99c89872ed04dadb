"""Statements with large parameters."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection


@contextmanager
def sending_cursor() -> Iterator["psycopg.Cursor[Any]"]:
    """Its parameters are sent apart. Django's own cursor, which sees to the connection, would put
    them into the statement's text, and that costs a fifth of a whole batch."""
    with (
        connection.cursor(),
        connection.wrap_database_errors,
        psycopg.Cursor(connection.connection) as cursor,
    ):
        yield cursor
