"""Which sources report the copies that were made for devices, learned from what they reported."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from notifications.models.querysets import Extent
from notifications.protocol.extras import MessageType
from notifications.protocol.identity import first_id_at
from notifications.protocol.message import FIRST

from .last_contacts import MOST_SOURCES

FEW = 100  # of a source's latest reports of a type: whether it reports copies at all
LOOKED_THROUGH = 1_000  # of those of one that does: for the apps that it reports them of

_LATEST = """
    SELECT app_id, per_device FROM notifications_notification
    WHERE source_id = source.slug AND message_type = type.name AND id < %(end)s
        AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
    ORDER BY id DESC LIMIT {most}
"""
# Most sources report none: they are told by few of their reports.
_COPIERS = f"""
    WITH type AS (SELECT unnest(%(types)s::text[]) AS name),
    copier AS MATERIALIZED (
        SELECT slug FROM (
            SELECT slug FROM notifications_source ORDER BY slug LIMIT {MOST_SOURCES}
        ) AS source
        WHERE EXISTS (
            SELECT FROM type CROSS JOIN LATERAL ({_LATEST.format(most=FEW)}) AS report
            WHERE per_device
        )
    )
    SELECT DISTINCT source.slug, report.app_id, reading.source_id IS NOT NULL,
        reading.registrations_at
    FROM copier AS source
    CROSS JOIN type
    CROSS JOIN LATERAL ({_LATEST.format(most=LOOKED_THROUGH)}) AS report
    LEFT JOIN notifications_pushserverreading AS reading ON reading.source_id = source.slug
    WHERE report.per_device AND report.app_id IS NOT NULL
        AND (%(apps)s::text[] IS NULL OR report.app_id = ANY(%(apps)s))
    ORDER BY 1, 2
"""  # noqa: S608 - of constants


@dataclass(frozen=True, slots=True)
class Copiers:
    """The sources that report copies, by app. Of those that read a Push Server, ``compared`` has
    when its registrations were last seen; the first of all moments, if they never were."""

    by_app: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    compared: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def sources(self) -> frozenset[str]:
        return frozenset(each for of_one in self.by_app.values() for each in of_one)


NO_COPIERS = Copiers()


def copiers(now: datetime, extent: Extent) -> Copiers:
    """Those with a copy among their latest reports up to ``now``, and the apps of their copies."""
    given: dict[str, Any] = {
        "types": list(MessageType),
        "end": first_id_at(now + timedelta(milliseconds=1)),
        **extent.parameters,
    }
    by_app: dict[str, tuple[str, ...]] = {}
    compared: dict[str, datetime] = {}
    with connection.cursor() as cursor:
        cursor.execute(_COPIERS, given)
        for source, app, is_reading, compared_at in cursor.fetchall():
            by_app[app] = (*by_app.get(app, ()), source)
            if is_reading:
                compared[source] = compared_at or FIRST
    return Copiers(by_app, compared)
