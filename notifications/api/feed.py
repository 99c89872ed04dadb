"""The feed: notifications in recording order, which is the order of the transactions that wrote
them, as far as it is complete."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from notifications.models.querysets import NotificationQuerySet

from .cursors import read_cursor, write_cursor

OF = "feed"
LEAST, GREATEST = UUID(int=0), UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class FeedPage:
    """``cursor`` is the place behind ``rows``, also when there are none: what is recorded next
    comes behind it. ``has_more`` says that asking again at once is worthwhile."""

    rows: Sequence[Any]
    cursor: str
    has_more: bool


def read_feed(
    notifications: NotificationQuerySet,
    *,
    cursor: str | None,
    size: int,
    from_now: bool = False,
    apps: Collection[str] | None = None,
) -> FeedPage:
    """At most ``size`` behind ``cursor``; without it the first, or with ``from_now`` those to come.

    With ``apps`` only those of them are told, and a page may have fewer: looking on for more of
    them could read the whole record. Raises ``Problem`` (400) for a cursor that is none of ours.
    """
    if cursor:
        xid, key = read_cursor(OF, cursor)
        place = int(xid), UUID(key)
    else:
        place = (_horizon() - 1, GREATEST) if from_now else (0, LEAST)
    rows = list(notifications.in_recording_order().recorded_after(*place)[: size + 1])
    looked_at = rows[:size]
    if looked_at:
        place = looked_at[-1].recorded_xid, looked_at[-1].id
    return FeedPage(
        rows=[each for each in looked_at if apps is None or each.app_id in apps],
        cursor=write_cursor(OF, *map(str, place)),
        has_more=len(rows) > size,
    )


def _horizon() -> int:
    """The least number of a transaction that may still commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        (xid,) = cursor.fetchone()
        return int(xid)
