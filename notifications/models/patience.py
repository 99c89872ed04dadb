"""Answers are bounded: in what they rest on, and in the time they take."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled


class TooMuch(Exception):
    """The answer would rest on over {what}; choose a shorter window."""

    def __init__(self, what: str) -> None:
        super().__init__(str(self.__doc__).format(what=what))


@contextmanager
def at_most(limit: str) -> Iterator[None]:
    """A transaction whose statements take at most ``limit`` each ("20s"), as PostgreSQL counts.

    Raises ``TooMuch``.
    """
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                # Compiling costs more here than it ever saves: estimates of costs alone choose it.
                # What a long window is grouped by is sorted on the disk where memory is short.
                cursor.execute(
                    "SET LOCAL jit = off; SET LOCAL work_mem = '64MB';"
                    " SET LOCAL statement_timeout = %s",
                    [limit],
                )
            yield
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        raise TooMuch(f"what can be read in {limit}") from error


def rows_within(limit: str, statement: str, parameters: Any) -> list[tuple[Any, ...]]:
    """The rows of one statement. Raises ``TooMuch``."""
    with at_most(limit), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
