"""What PowerAuth and mirrored requests tell of operations and inbox messages, and which sources are
known to send what: read for traces and gaps, in a number of queries that does not depend on how
much it is.

Whatever has an ``extent`` is answered as if only what names its apps were recorded.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from notifications.models import InboxEvent as InboxEventRow
from notifications.models import OperationEvent as OperationEventRow
from notifications.models.patience import TooMuch
from notifications.models.querysets import Extent
from notifications.protocol.events import InboxEvent, OperationEvent
from notifications.protocol.excuses import Owned
from notifications.protocol.extras import MessageType
from notifications.protocol.identity import first_id_at
from notifications.protocol.knowledge import Emitters
from notifications.protocol.window import Window

from .contacts import LOOKED_THROUGH
from .last_contacts import MOST_SOURCES

MOST_EVENTS = 20_000  # that one answer may rest on
OWED_BY_EVENTS = (
    MessageType.OPERATION_INIT,
    MessageType.STATUS_CHANGE,
    MessageType.INBOX_MESSAGE_NEW,
)

_SENT = """
    (
        SELECT FROM (
            SELECT app_id FROM notifications_notification
            WHERE source_id = source.slug AND message_type = type.name AND id < %(end)s
                AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
            ORDER BY id DESC LIMIT %(looked_through)s
        ) AS report
        WHERE ({which}) AND (%(apps)s::text[] IS NULL OR app_id = ANY(%(apps)s))
        LIMIT 1
    )
"""
# The messages of a source that tells no apps at all may be to any.
_EMITTERS = f"""
    SELECT type.name, app.name, source.slug
    FROM (
        SELECT slug FROM notifications_source ORDER BY slug LIMIT {MOST_SOURCES}
    ) AS source
    CROSS JOIN unnest(%(types)s::text[]) AS type (name)
    CROSS JOIN unnest(%(wanted)s::text[]) AS app (name)
    WHERE EXISTS {_SENT.format(which="app.name IS NULL OR app_id = app.name")}
        OR NOT EXISTS {_SENT.format(which="app_id IS NOT NULL")}
            AND EXISTS {_SENT.format(which="app_id IS NULL")}
    ORDER BY 1, 2, 3
"""  # noqa: S608 - of constants
_LINKED = """
    SELECT slug FROM notifications_source AS source
    WHERE (%(sources)s::text[] IS NULL OR slug = ANY(%(sources)s)) AND EXISTS (
        SELECT FROM (
            SELECT operation_id, external_id FROM notifications_operationevent
            WHERE source_id = source.slug AND (%(apps)s::text[] IS NULL OR apps && %(apps)s)
            ORDER BY id DESC LIMIT 1000
        ) AS event
        JOIN notifications_operation AS announced
            ON announced.id IN (event.operation_id, event.external_id)
        WHERE announced.first_init_id IS NOT NULL
    )
"""
_OWNED = """
    SELECT DISTINCT person.id, told.activation_id, told.app_id
    FROM unnest(%(recipients)s::bigint[]) AS person (id)
    CROSS JOIN LATERAL (
        SELECT activation_id, NULL AS app_id FROM notifications_activationevent
        WHERE recipient_id = person.id AND activation_id IS NOT NULL
            AND (%(apps)s::text[] IS NULL OR apps && %(apps)s)
            AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
        UNION ALL (
            SELECT activation_id, app_id FROM notifications_notification
            WHERE recipient_id = person.id AND activation_id IS NOT NULL
                AND (%(apps)s::text[] IS NULL OR app_id = ANY(%(apps)s))
                AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
            ORDER BY id DESC LIMIT 100
        )
    ) AS told
    LIMIT %(most)s
"""


def operation_events(operations: Collection[str], extent: Extent) -> list[OperationEvent]:
    """All that was told of these operations, under PowerAuth's name or another's."""
    named = Q(operation__in=operations) | Q(external_id__in=operations)
    return _operations(OperationEventRow.objects.filter(named), extent) if operations else []


def operation_events_of(
    recipients: Collection[int], devices: Collection[str], window: Window, extent: Extent
) -> list[OperationEvent]:
    """What was told of these users' and devices' operations in ``window``."""
    concerned = Q(recipient__in=recipients) | Q(activation__in=devices)
    rows = OperationEventRow.objects.filter(concerned)
    return _operations(rows.between(window.since, window.until), extent)


def devices_of(recipients: Collection[int], extent: Extent) -> dict[int, list[Owned]]:
    """The devices of these users that events name, and those that their latest messages name.

    Raises ``TooMuch``.
    """
    given = {"recipients": list(recipients), "most": MOST_EVENTS + 1, **extent.parameters}
    found: dict[int, list[Owned]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_OWNED, given)
        rows = cursor.fetchall()
    if len(rows) > MOST_EVENTS:
        raise TooMuch(f"{MOST_EVENTS:,} devices of users")
    for recipient, device, app in rows:
        found.setdefault(recipient, []).append(Owned(device, app))
    return found


def inbox_events_of(
    recipients: Collection[int], window: Window, extent: Extent
) -> list[InboxEvent]:
    rows = InboxEventRow.objects.filter(recipient__in=recipients)
    return _inbox(rows.between(window.since, window.until), extent)


def by_name(events: Iterable[OperationEvent]) -> dict[str, list[OperationEvent]]:
    """The events of each operation, under every name that messages may have for it."""
    found: dict[str, list[OperationEvent]] = {}
    for each in events:
        for name in {each.operation, each.external} - {None}:
            found.setdefault(name or "", []).append(each)
    return found


def linked(extent: Extent, sources: Collection[str] | None = None) -> frozenset[str]:
    """Those of these sources of operation events (None: of all) with an operation among their
    latest that a message announced: elsewhere messages may have other names for all operations."""
    given = {"sources": None if sources is None else sorted(sources), **extent.parameters}
    with connection.cursor() as cursor:
        cursor.execute(_LINKED, given)
        return frozenset(slug for (slug,) in cursor.fetchall())


def emitters(apps: Collection[str | None], now: datetime, extent: Extent) -> Emitters:
    """Which sources sent each type that events owe to these ``apps`` (None: to any at all)."""
    given: dict[str, Any] = {
        "types": list(OWED_BY_EVENTS),
        "wanted": sorted(apps, key=str),
        "end": first_id_at(now + timedelta(milliseconds=1)),
        "looked_through": LOOKED_THROUGH,
        **extent.parameters,
    }
    found: dict[tuple[str, str | None], tuple[str, ...]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_EMITTERS, given)
        for message_type, app, source in cursor.fetchall():
            found[message_type, app] = (*found.get((message_type, app), ()), source)
    return Emitters(found)


def _operations(rows: "QuerySet[Any]", extent: Extent) -> list[OperationEvent]:
    return [
        OperationEvent(
            id=each.pk,
            source=each.source_id,
            observed_at=each.observed_at,
            recorded_at=each.recorded_at,
            happened_at=each.happened_at,
            recipient=each.recipient_id,
            operation=each.operation_id,
            status=each.status,
            name=each.name,
            external=each.external_id,
            apps=tuple(each.apps),
            activation=each.activation_id,
            created_at=each.created_at,
            expires_at=each.expires_at,
        )
        for each in _bounded(rows, extent)
    ]


def _inbox(rows: "QuerySet[Any]", extent: Extent) -> list[InboxEvent]:
    return [
        InboxEvent(
            id=each.pk,
            source=each.source_id,
            observed_at=each.observed_at,
            recorded_at=each.recorded_at,
            happened_at=each.happened_at,
            recipient=each.recipient_id,
            inbox_message=each.inbox_message_id,
            apps=tuple(each.apps),
            silent=each.silent,
        )
        for each in _bounded(rows, extent)
    ]


def _bounded(rows: "QuerySet[Any]", extent: Extent) -> list[Any]:
    within: Any = rows
    found = list(within.within(extent).order_by()[: MOST_EVENTS + 1])
    if len(found) > MOST_EVENTS:
        raise TooMuch(f"{MOST_EVENTS:,} events")
    return found
