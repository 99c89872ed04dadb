"""The cursor that messages and events are read by, thousands at a time."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg.pq import Format

_TIME = psycopg.adapters.types["timestamptz"].oid


@contextmanager
def reading() -> Iterator[CursorWrapper]:
    """With times read by psycopg's own loader, which is compiled: Django has another in its place,
    to set the zone, and that takes longer than all the rest of reading a row. Ours is UTC."""
    with connection.cursor() as cursor:
        loader = psycopg.adapters.get_loader(_TIME, Format.TEXT)
        if loader is not None:
            cursor.cursor.adapters.register_loader(_TIME, loader)
        yield cursor
