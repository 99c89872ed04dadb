"""The feed: notifications in recording order, which is the order of the transactions that wrote
them, as far as it is complete."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from notifications.models.querysets import (
    GREATEST_ID,
    LEAST_ID,
    NotificationQuerySet,
    horizon,
)

from .cursors import read_cursor, write_cursor

OF = "feed"


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
        place = (horizon() - 1, GREATEST_ID) if from_now else (0, LEAST_ID)
    rows = list(notifications.in_recording_order().recorded_after(*place)[: size + 1])
    looked_at = rows[:size]
    if looked_at:
        place = looked_at[-1].recorded_xid, looked_at[-1].id
    return FeedPage(
        rows=[each for each in looked_at if apps is None or each.app_id in apps],
        cursor=write_cursor(OF, *map(str, place)),
        has_more=len(rows) > size,
    )
