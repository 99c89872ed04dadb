"""Which sources report the copies that were made for devices, learned from what they reported."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from notifications.models.querysets import Extent
from notifications.protocol.extras import MessageType
from notifications.protocol.gates import NO_GATES, Gates
from notifications.protocol.identity import first_id_at, time_of
from notifications.protocol.merging import WITHIN
from notifications.protocol.message import FIRST, LAST, later
from notifications.protocol.reasons import Rule

from .last_contacts import MOST_SOURCES

FEW = 100  # of a source's latest reports of a type: whether it reports copies at all
LOOKED_THROUGH = 1_000  # of those of one that does: for the apps that it reports them of

_REPORTS = """
    SELECT id, app_id, per_device FROM notifications_notification
    WHERE source_id = source.slug AND message_type = type.name AND {where}
        AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
        AND (%(as_of)s::timestamptz IS NULL OR recorded_at <= %(as_of)s)
    ORDER BY id {order} LIMIT {most}
"""


def _latest(most: int, before: str = "id < %(end)s") -> str:
    return _REPORTS.format(where=before, order="DESC", most=most)


def _earliest(reports: str) -> str:
    """``uuid`` has no ``min``."""
    return f"""(
        SELECT report.id FROM type CROSS JOIN LATERAL ({reports}) AS report
        WHERE per_device AND report.app_id = source.app ORDER BY report.id LIMIT 1
    )"""  # noqa: S608 - of constants


# Most sources report none: they are told by few of their reports. Of the time before ``since`` it
# is asked only whether any was reported then.
_BEFORE = _latest(LOOKED_THROUGH, "id < LEAST(%(since)s, %(end)s)")
_AFTER = _REPORTS.format(where="id >= %(since)s AND id < %(end)s", order="ASC", most=LOOKED_THROUGH)
_COMPARED = """
    CASE WHEN %(is_timed)s THEN (
        SELECT compared_at FROM notifications_pushcomparing
        WHERE source_id = source.slug
            AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
            AND (%(as_of)s::timestamptz IS NULL OR recorded_at <= %(as_of)s)
        ORDER BY recorded_at DESC LIMIT 1
    ) ELSE reading.registrations_at END
"""
_COMPARED_OF = f"""
    SELECT source.slug, {_COMPARED}
    FROM unnest(%(sources)s::text[]) AS source (slug)
    JOIN notifications_pushserverreading AS reading ON reading.source_id = source.slug
"""  # noqa: S608 - of constants
_COPIERS = f"""
    WITH type AS (SELECT unnest(%(types)s::text[]) AS name),
    copier AS MATERIALIZED (
        SELECT slug FROM (
            SELECT slug FROM notifications_source ORDER BY slug LIMIT {MOST_SOURCES}
        ) AS source
        WHERE EXISTS (
            SELECT FROM type CROSS JOIN LATERAL ({_latest(FEW)}) AS report WHERE per_device
        )
    ), copying AS MATERIALIZED (
        SELECT source.slug, report.app_id AS app, (array_agg(report.id ORDER BY report.id))[1] AS id
        FROM copier AS source
        CROSS JOIN type
        CROSS JOIN LATERAL ({_latest(LOOKED_THROUGH)}) AS report
        WHERE report.per_device AND report.app_id IS NOT NULL
            AND (%(apps)s::text[] IS NULL OR report.app_id = ANY(%(apps)s))
        GROUP BY 1, 2
    )
    SELECT source.slug, source.app,
        CASE WHEN source.id < %(since)s THEN source.id
            ELSE COALESCE({_earliest(_BEFORE)}, {_earliest(_AFTER)}, source.id) END,
        reading.source_id IS NOT NULL, {_COMPARED}
    FROM copying AS source
    LEFT JOIN notifications_pushserverreading AS reading ON reading.source_id = source.slug
    ORDER BY 1, 2
"""  # noqa: S608 - of constants


@dataclass(frozen=True, slots=True)
class Copiers:
    """The sources that report copies, by app, and since when, as far as that is asked; None has
    those of which it was set for any app. Of those that read a Push Server, ``compared`` has when
    its registrations were last seen; the first of all moments, if they never were."""

    by_app: Mapping[str | None, tuple[str, ...]] = field(default_factory=dict)
    since: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
    compared: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def sources(self) -> frozenset[str]:
        return frozenset(each for of_one in self.by_app.values() for each in of_one)


NO_COPIERS = Copiers()


def copiers(now: datetime, extent: Extent, *, since: datetime, gates: Gates = NO_GATES) -> Copiers:
    """Those with a copy among their latest reports up to ``now``, and the apps of their copies;
    and those of which it was set. ``since`` is when anything may be owed from."""
    given: dict[str, Any] = {
        "types": list(MessageType),
        "since": first_id_at(since),
        "end": first_id_at(now + timedelta(milliseconds=1)),
        "is_timed": extent.is_timed,
        **extent.parameters,
    }
    by_app: dict[str | None, tuple[str, ...]] = {}
    begun: dict[tuple[str, str], datetime] = {}
    compared: dict[str, datetime] = {}
    with connection.cursor() as cursor:
        cursor.execute(_COPIERS, given)
        for source, app, first, is_reading, compared_at in cursor.fetchall():
            by_app[app] = (*by_app.get(app, ()), source)
            begun[app, source] = later(time_of(first), -WITHIN)  # by another clock than a request
            if is_reading:
                compared[source] = compared_at or FIRST
    found = Copiers(by_app, begun, compared)
    set_so = dict.fromkeys(gates.ever_applying(Rule.E7))
    return _with(found, set_so, extent) if set_so else found


def _with(found: Copiers, set_so: Collection[tuple[str, str | None]], extent: Extent) -> Copiers:
    """These, and those of which it was ``set_so``: before and after the setting holds, nothing is
    known of these in that app."""
    by_app, begun = dict(found.by_app), dict(found.since)
    for source, app in set_so:
        if source not in by_app.get(app, ()):
            by_app[app] = (*by_app.get(app, ()), source)
            begun[app or "", source] = LAST
    given: dict[str, Any] = {
        "sources": sorted({source for source, _ in set_so} - found.compared.keys()),
        "is_timed": extent.is_timed,
        **extent.parameters,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COMPARED_OF, given)
        compared = {slug: at or FIRST for slug, at in cursor.fetchall()}
    return Copiers(by_app, begun, {**found.compared, **compared})
