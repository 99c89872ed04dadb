"""When sources reported, and what they are known to send.

For whoever is limited to apps that is learned from these apps' notifications alone, too: else a
verdict would tell when others were last heard.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from notifications.models.querysets import Apps
from notifications.protocol.debts import Heard
from notifications.protocol.extras import MessageType
from notifications.protocol.identity import first_id_at, time_of

LEAST_ID = UUID(int=0)
LOOKED_THROUGH = 10_000  # of a source's reports of a type, for one that names an app

# Whether anything was reported before ``since`` is all that its earliest report decides, so any one
# before will do; that keeps an app which began years after its source from being looked for in all
# those years.
_REPORTED = """
    SELECT id FROM (
        SELECT id, app_id FROM notifications_notification
        WHERE source_id = source.slug AND message_type = type.name AND id {where}
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
    sources: Iterable[str | None], now: datetime, apps: Apps, *, since: datetime
) -> dict[str, Heard]:
    """When each source first and last reported, up to ``now``, and which types it ever did. Where
    it did so before ``since``, ``first`` is any such time."""
    found: dict[str, Heard] = {}
    for each in contacts(sources, now, apps, since=first_id_at(since)):
        known = found.get(each.source)
        found[each.source] = Heard(
            first=min(each.first, known.first if known else each.first),
            last=max(each.last, known.last if known else each.last),
            types=frozenset({each.message_type}) | (known.types if known else frozenset()),
        )
    return found


def contacts(
    sources: Iterable[str | None], now: datetime, apps: Apps, *, since: UUID = LEAST_ID
) -> list[Contact]:
    """Of each type of the specification that a source ever reported, up to ``now``.

    Where it did so before the id ``since``, ``first`` is any such time.
    """
    given: dict[str, Any] = {
        "sources": sorted({each for each in sources if each is not None}),
        "types": list(MessageType),
        "since": since,
        "end": first_id_at(now + timedelta(milliseconds=1)),
        "apps": None if apps is None else list(apps),
        "looked_through": LOOKED_THROUGH,
    }
    with connection.cursor() as cursor:
        cursor.execute(_HEARD, given)
        rows = cursor.fetchall()
    return [Contact(slug, name, time_of(first), time_of(last)) for slug, name, first, last in rows]
