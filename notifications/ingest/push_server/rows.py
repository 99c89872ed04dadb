"""What is asked of the Push Server's tables: by their primary keys alone, since they have no other
index that would serve, and never for all columns."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from .connection import Database
from .positions import Missing

_COLUMNS = """
    id, device_registration_id, user_id, activation_id, is_silent, is_personal, message_body,
    timestamp_created::text, status
"""
_AFTER = f"SELECT {_COLUMNS} FROM push_message WHERE id > %s::bigint ORDER BY id LIMIT %s"  # noqa: S608
_BY_ID = f"SELECT {_COLUMNS} FROM push_message WHERE id = ANY(%s::bigint[]) ORDER BY id"  # noqa: S608
# Range by range: joined, a planner that takes many for there would walk through the whole table.
_WITHIN = """
    SELECT found.*
    FROM unnest(%s::bigint[], %s::bigint[]) AS missing (first, last)
    CROSS JOIN LATERAL (
        SELECT {columns} FROM {table}
        WHERE id BETWEEN missing.first AND missing.last ORDER BY id LIMIT %s
    ) AS found
    LIMIT %s
"""
_END = """
    SELECT clock_timestamp(), max(id),
        (SELECT timestamp_created::text FROM {table} WHERE id = %s::bigint)
    FROM {table}
"""
_POST = """
    id, inbox_id, user_id, timestamp_created::text, ARRAY(
        SELECT app.app_id FROM push_inbox_app AS mapped
        JOIN push_app_credentials AS app ON app.id = mapped.app_credentials_id
        WHERE mapped.inbox_id = post.id ORDER BY app.app_id
    )
"""
_POSTS_AFTER = f"SELECT {_POST} FROM push_inbox AS post WHERE id > %s::bigint ORDER BY id LIMIT %s"  # noqa: S608
_ROWS_WITHIN = _WITHIN.format(columns=_COLUMNS, table="push_message")
_POSTS_WITHIN = _WITHIN.format(columns=_POST, table="push_inbox AS post")


class Row(NamedTuple):
    """A row of ``push_message``: an attempt on one registration. ``told`` is its time as text."""

    id: int
    registration: int
    user_id: str
    activation_id: str | None
    is_silent: bool
    is_personal: bool
    body: str
    told: str | None
    status: int | None


class Post(NamedTuple):
    """A row of ``push_inbox``, with the apps that it is for."""

    id: int
    inbox_id: str
    user_id: str
    told: str | None
    apps: list[str]


@dataclass(frozen=True, slots=True)
class End:
    """The clock there, the greatest id, and what the row asked for tells as its time."""

    now: datetime
    greatest: int | None
    told: str | None


def end_of(database: Database, table: str, last: int | None) -> End:
    found = database.connection.execute(_END.format(table=table), [last]).fetchone()
    end = End(*(found or (None, None, None)))
    return end if database.clock is None else replace(end, now=database.clock)


def rows_after(database: Database, beyond: int, most: int) -> list[Row]:
    return [Row(*each) for each in database.connection.execute(_AFTER, [beyond, most])]


def rows_within(database: Database, missing: Sequence[Missing], most: int) -> list[Row]:
    return [Row(*each) for each in _within(database, _ROWS_WITHIN, missing, most)]


def rows_by_id(database: Database, ids: Sequence[int]) -> list[Row]:
    return [Row(*each) for each in database.connection.execute(_BY_ID, [list(ids)])]


def posts_after(database: Database, beyond: int, most: int) -> list[Post]:
    return [Post(*each) for each in database.connection.execute(_POSTS_AFTER, [beyond, most])]


def posts_within(database: Database, missing: Sequence[Missing], most: int) -> list[Post]:
    return [Post(*each) for each in _within(database, _POSTS_WITHIN, missing, most)]


def _within(database: Database, statement: str, missing: Sequence[Missing], most: int) -> list[Any]:
    """At most so many, in order."""
    bounds = [each.first for each in missing], [each.last for each in missing]
    return database.connection.execute(statement, [*bounds, most, most]).fetchall()
