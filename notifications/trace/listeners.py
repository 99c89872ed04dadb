"""Which sources could have told something of a device, a user or an operation in a window, and
whether they were listening: the evidence of absence.

Any number of sources takes two queries. What is limited to apps names only sources that told
something of these apps; of those it tells when they were recorded, as the reasons of gaps do.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from notifications.models.querysets import Extent
from notifications.protocol.coverage import (
    SourceCoverage,
    Tells,
    in_order_of_telling,
    in_window,
)
from notifications.protocol.events import ActivationEvent, OperationEvent
from notifications.protocol.extras import MessageType
from notifications.protocol.identity import first_id_at, time_of
from notifications.protocol.message import Message
from notifications.protocol.window import Window

from .coverage import Kept, kept_of
from .last_contacts import MOST_SOURCES

# Of a source's reports of a type, or events of a kind, for one of the apps: as many as a source of
# other apps costs. One that tells of an app more rarely is named where it told of the device.
LOOKED_THROUGH = 1_000

_IN_TIME = """
    AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
    AND (%(as_of)s::timestamptz IS NULL OR recorded_at <= %(as_of)s)
"""
# What a source that names no app at all reports may be of any; those who are limited to apps are
# told nothing of it.
_REPORT = f"""
    SELECT id, per_device FROM (
        SELECT id, app_id, per_device FROM notifications_notification
        WHERE source_id = source.slug AND message_type = type.name AND id {{where}} {_IN_TIME}
        ORDER BY id {{order}} LIMIT {LOOKED_THROUGH}
    ) AS report
    WHERE (%(apps)s::text[] IS NULL OR app_id = ANY(%(apps)s))
        AND (%(wanted)s::text[] IS NULL OR app_id = ANY(%(wanted)s)
            OR app_id IS NULL AND NOT source.names_apps)
    ORDER BY id {{order}} LIMIT 1
"""  # noqa: S608 - of constants
# A source that is given as a range has the index by source alone for this order.
_EVENT = f"""
    SELECT id FROM (
        SELECT source_id, id, apps FROM notifications_{{table}}
        WHERE source_id >= source.slug AND source_id <= source.slug AND id {{where}} {_IN_TIME}
        ORDER BY source_id {{order}}, id {{order}} LIMIT {LOOKED_THROUGH}
    ) AS event
    WHERE (%(apps)s::text[] IS NULL OR apps && %(apps)s)
        AND (%(wanted)s::text[] IS NULL OR apps && %(wanted)s
            OR apps = '{{{{}}}}' AND NOT source.names_apps)
    ORDER BY source_id {{order}}, id {{order}} LIMIT 1
"""  # noqa: S608 - of constants


def _first(told: str, **more: str) -> str:
    """Any from before the window, or else the first from then on."""
    before = told.format(where="< %(since)s", order="DESC", **more)
    after = told.format(where=">= %(since)s", order="ASC", **more)
    return f"COALESCE((SELECT id FROM ({before}) AS one), (SELECT id FROM ({after}) AS one))"  # noqa: S608


def _latest(told: str, **more: str) -> str:
    return told.format(where="< %(end)s", order="DESC", **more)


_EVENTS = {
    Tells.REGISTRATIONS: "activationevent",
    Tells.OPERATIONS: "operationevent",
    Tells.INBOX: "inboxevent",
}
_NAMES_APPS = " OR ".join(
    (
        f"""EXISTS (
            SELECT FROM unnest(%(types)s::text[]) AS type (name) CROSS JOIN LATERAL (
                SELECT id FROM (
                    SELECT id, app_id FROM notifications_notification
                    WHERE source_id = slug AND message_type = type.name AND id < %(end)s {_IN_TIME}
                    ORDER BY id DESC LIMIT {LOOKED_THROUGH}
                ) AS report
                WHERE app_id IS NOT NULL ORDER BY id DESC LIMIT 1
            ) AS named
        )""",  # noqa: S608 - of constants
        *(
            f"""EXISTS (
                SELECT FROM (
                    SELECT source_id, id, apps FROM notifications_{table}
                    WHERE source_id >= slug AND source_id <= slug AND id < %(end)s {_IN_TIME}
                    ORDER BY source_id DESC, id DESC LIMIT {LOOKED_THROUGH}
                ) AS event
                WHERE apps <> '{{}}' ORDER BY source_id DESC, id DESC LIMIT 1
            )"""  # noqa: S608 - of constants
            for table in _EVENTS.values()
        ),
    )
)
_OF_EVENTS = " UNION ALL ".join(
    f"""
        SELECT '{tells}', {_first(_EVENT, table=table)}, latest.id
        FROM ({_latest(_EVENT, table=table)}) AS latest
    """  # noqa: S608 - of constants
    for tells, table in _EVENTS.items()
)
_TOLD = f"""
    WITH source AS MATERIALIZED (
        SELECT slug, {_NAMES_APPS} AS names_apps FROM (
            (SELECT slug FROM notifications_source ORDER BY slug LIMIT {MOST_SOURCES})
            UNION SELECT slug FROM unnest(%(named)s::text[]) AS named (slug)
        ) AS known
    )
    SELECT source.slug, told.tells, told.first, told.last,
        CASE WHEN reading.registrations_at <= COALESCE(%(as_of)s::timestamptz, 'infinity')
            THEN reading.registrations_at END,
        CASE WHEN reading.storage = 'off' AND reading.storage_since
            <= COALESCE(%(as_of)s::timestamptz, 'infinity') THEN reading.storage_since END
    FROM source
    LEFT JOIN LATERAL (
        SELECT CASE WHEN latest.per_device THEN '{Tells.COPIES}' ELSE '{Tells.NOTIFICATIONS}' END,
            {_first(_REPORT)}, latest.id
        FROM unnest(%(types)s::text[]) AS type (name)
        CROSS JOIN LATERAL ({_latest(_REPORT)}) AS latest
        UNION ALL {_OF_EVENTS}
    ) AS told (tells, first, last) ON TRUE
    LEFT JOIN notifications_pushserverreading AS reading ON reading.source_id = source.slug
    WHERE told.last IS NOT NULL OR source.slug = ANY(%(named)s)
"""  # noqa: S608 - of constants


@dataclass(slots=True)
class _Listener:
    tells: set[Tells] = field(default_factory=set)
    moments: list[datetime] = field(default_factory=list)
    compared: datetime | None = None
    stores_nothing_since: datetime | None = None


def told_by(
    messages: Iterable[Message], events: Mapping[Tells, Iterable[ActivationEvent | OperationEvent]]
) -> dict[str, frozenset[Tells]]:
    """What the sources of these told."""
    found: dict[str, set[Tells]] = {}
    for each in messages:
        tells = Tells.COPIES if each.per_device else Tells.NOTIFICATIONS
        found.setdefault(each.source or "", set()).add(tells)
    for kind, of_kind in events.items():
        for event in of_kind:
            found.setdefault(event.source or "", set()).add(kind)
    found.pop("", None)
    return {source: frozenset(told) for source, told in found.items()}


def who_listened(
    window: Window,
    *,
    now: datetime,
    extent: Extent,
    apps: Collection[str] | None = None,
    named: Mapping[str, frozenset[Tells]],
) -> tuple[SourceCoverage, ...]:
    """The sources that are ``named``, since they told something of what is asked about, and those
    known to tell of ``apps`` (None: of any), with when they were recorded in ``window``. One that
    began after it could not have told anything then."""
    found = _listeners(window, now, extent, apps, named)
    kept = kept_of(found.keys(), window.since, window.until, as_of=extent.as_of)
    coverage = (
        _coverage(source, each, kept[source], window, now) for source, each in found.items()
    )
    return in_order_of_telling(each for each in coverage if not each.began_after)


def _listeners(
    window: Window,
    now: datetime,
    extent: Extent,
    apps: Collection[str] | None,
    named: Mapping[str, frozenset[Tells]],
) -> dict[str, _Listener]:
    given: dict[str, Any] = {
        "named": sorted(named),
        "wanted": None if apps is None else sorted(apps),
        "types": list(MessageType),
        "since": first_id_at(window.since),
        "end": first_id_at(now + timedelta(milliseconds=1)),
        **extent.parameters,
    }
    found = {source: _Listener(set(tells)) for source, tells in named.items()}
    with connection.cursor() as cursor:
        cursor.execute(_TOLD, given)
        for source, tells, first, last, compared, off_since in cursor.fetchall():
            each = found.setdefault(source, _Listener())
            each.compared, each.stores_nothing_since = compared, off_since
            if tells is not None:
                each.tells.add(Tells(tells))
                each.moments += [time_of(first), time_of(last)]
    return found


def _coverage(
    source: str, told: _Listener, kept: Kept, window: Window, now: datetime
) -> SourceCoverage:
    shown = in_window(kept.covered, window, now=now, silence=settings.COVERAGE_SILENCE)
    return SourceCoverage(
        source=source,
        tells=tuple(each for each in Tells if each in told.tells),
        shown=shown,
        kinds=kept.kinds_in(window) if shown.is_measured else (),
        first_report=min(told.moments, default=None),
        last_report=max(told.moments, default=None),
        compared=told.compared,
        stores_nothing_since=told.stores_nothing_since,
    )


def apps_told(*evidence: Iterable[Message | ActivationEvent]) -> set[str] | None:
    """The apps that this names; None, that is any, where it names none."""
    return {each.app for of_kind in evidence for each in of_kind if each.app is not None} or None
