"""When sources reported, and what they are known to send.

That is learned from the notifications of the answer's extent alone, too: else a verdict would tell
whoever is limited to apps when others were last heard.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from notifications.models.querysets import LEAST_ID, Extent
from notifications.protocol.extras import MessageType
from notifications.protocol.identity import first_id_at, time_of
from notifications.protocol.knowledge import Heard

LOOKED_THROUGH = 10_000  # of a source's reports of a type, for one that names an app

# Whether anything was reported before ``since`` is all that its earliest report decides, so any one
# before will do; that keeps an app which began years after its source from being looked for in all
# those years. What an answer at a bound passes over does not count towards those looked through: it
# would change with what is recorded later.
_REPORTED = """
    SELECT id FROM (
        SELECT id, app_id FROM notifications_notification
        WHERE source_id = source.slug AND message_type = type.name AND id {where}
            AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
            AND (%(as_of)s::timestamptz IS NULL OR recorded_at <= %(as_of)s)
        ORDER BY id {order} LIMIT %(looked_through)s
    ) AS report
    WHERE %(apps)s::text[] IS NULL OR app_id = ANY(%(apps)s)
    ORDER BY id {order} LIMIT 1
"""
_HEARD = f"""
    SELECT source.slug, type.name, COALESCE(
        ({_REPORTED.format(where="< %(since)s", order="DESC")}),
        ({_REPORTED.format(where=">= %(since)s", order="ASC")}),
        latest.id
    ), latest.id
    FROM unnest(%(sources)s::text[]) AS source (slug)
    CROSS JOIN unnest(%(types)s::text[]) AS type (name)
    CROSS JOIN LATERAL ({_REPORTED.format(where="< %(end)s", order="DESC")}) AS latest
"""  # noqa: S608 - of constants


@dataclass(frozen=True, slots=True)
class Contact:
    """When ``source`` emitted a type first and last."""

    source: str
    message_type: str
    first: datetime
    last: datetime


def heard(
    sources: Iterable[str | None], now: datetime, extent: Extent, *, since: datetime
) -> dict[str, Heard]:
    """When each source first and last reported, up to ``now``, and which types it ever did. Where
    it did so before ``since``, ``first`` is any such time."""
    found: dict[str, Heard] = {}
    for each in contacts(sources, now, extent, since=first_id_at(since)):
        known = found.get(each.source)
        found[each.source] = Heard(
            first=min(each.first, known.first if known else each.first),
            last=max(each.last, known.last if known else each.last),
            types=frozenset({each.message_type}) | (known.types if known else frozenset()),
        )
    return found


def contacts(
    sources: Iterable[str | None], now: datetime, extent: Extent, *, since: UUID = LEAST_ID
) -> list[Contact]:
    """Of each type of the specification that a source ever reported, up to ``now``.

    Where it did so before the id ``since``, ``first`` is any such time.
    """
    given: dict[str, Any] = {
        "sources": sorted({each for each in sources if each is not None}),
        "types": list(MessageType),
        "since": since,
        "end": first_id_at(now + timedelta(milliseconds=1)),
        "looked_through": LOOKED_THROUGH,
        **extent.parameters,
    }
    with connection.cursor() as cursor:
        cursor.execute(_HEARD, given)
        rows = cursor.fetchall()
    return [Contact(slug, name, time_of(first), time_of(last)) for slug, name, first, last in rows]
