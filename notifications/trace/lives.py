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

from notifications.models import ActivationEvent as ActivationEventRow
from notifications.models import InboxEvent as InboxEventRow
from notifications.models import OperationEvent as OperationEventRow
from notifications.models.patience import TooMuch
from notifications.models.querysets import Extent
from notifications.protocol.events import InboxEvent, OperationEvent
from notifications.protocol.extras import MessageType
from notifications.protocol.identity import first_id_at
from notifications.protocol.knowledge import Emitters
from notifications.protocol.window import Window

from .contacts import LOOKED_THROUGH
from .last_contacts import MOST_SOURCES

MOST_EVENTS = 20_000  # that one answer may rest on
MOST_SUSPECTS = 50_000  # devices, users or operations of a window; some seconds to judge
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
        OR EXISTS {_SENT.format(which="app_id IS NULL")}
            AND NOT EXISTS {_SENT.format(which="app_id IS NOT NULL")}
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
# Of the operations with an event in a window those that no message announces under either name.
_UNANNOUNCED = """
    SELECT DISTINCT operation_id FROM notifications_operationevent AS event
    WHERE id >= %(since)s AND id < %(until)s AND source_id = ANY(%(sources)s)
        AND (recipient_id IS NOT NULL OR activation_id IS NOT NULL)
        AND (%(apps)s::text[] IS NULL OR apps && %(apps)s)
        AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
        AND NOT EXISTS (
            SELECT FROM notifications_operation AS announced
            WHERE announced.id IN (event.operation_id, event.external_id)
                AND announced.first_init_id IS NOT NULL
                AND NOT %(is_limited)s
        )
    ORDER BY operation_id LIMIT %(most)s
"""


# Of the devices with a status told in a window those that had another before, and were not just
# being activated.
_CHANGED = """
    SELECT DISTINCT activation_id FROM notifications_activationevent AS event
    WHERE id >= %(since)s AND id < %(until)s AND kind = 'status' AND activation_id IS NOT NULL
        AND (%(apps)s::text[] IS NULL OR apps && %(apps)s)
        AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
        AND status <> (
            SELECT status FROM notifications_activationevent AS before
            WHERE before.activation_id = event.activation_id AND before.id < event.id
                AND kind = 'status'
            ORDER BY id DESC LIMIT 1
        )
        AND EXISTS (
            SELECT FROM notifications_activationevent AS lived
            WHERE lived.activation_id = event.activation_id AND lived.id < event.id
                AND kind = 'status' AND status NOT IN ('CREATED', 'PENDING_COMMIT')
        )
    ORDER BY activation_id LIMIT %(most)s
"""
# Of the users with an inbox message in a window all but those who had one and a push for it: nearly
# all. What meets one is what the rule says (a test holds the two equal).
_UNPUSHED = """
    SELECT recipient_id FROM (
        SELECT recipient_id, EXISTS (
            SELECT FROM notifications_notification AS push
            WHERE push.recipient_id = event.recipient_id AND message_type = %(push)s
                AND push.id >= first_id_at(told.at - %(grace)s)
                AND push.emitted_at >= told.at - %(grace)s
                AND push.id < first_id_at(told.at + %(late)s + interval '1 ms')
                AND push.emitted_at <= told.at + %(late)s
                AND (event.inbox_message_id IS NULL OR push.inbox_message_id IS NULL
                    OR push.inbox_message_id = event.inbox_message_id)
                AND (apps = '{}' OR app_id IS NULL OR app_id = ANY(apps))
                AND (%(apps)s::text[] IS NULL OR app_id = ANY(%(apps)s))
                AND (%(below)s::xid8 IS NULL OR push.recorded_xid < %(below)s::xid8)
        ) AS is_pushed
        FROM notifications_inboxevent AS event
        CROSS JOIN LATERAL (SELECT COALESCE(happened_at, observed_at) AS at) AS told
        WHERE event.id >= %(since)s AND event.id < %(until)s
            AND recipient_id IS NOT NULL AND silent IS NOT TRUE
            AND (%(apps)s::text[] IS NULL OR apps && %(apps)s)
            AND (%(below)s::xid8 IS NULL OR event.recorded_xid < %(below)s::xid8)
    ) AS post
    GROUP BY recipient_id
    HAVING count(*) > 1 OR NOT bool_and(is_pushed)
    ORDER BY recipient_id LIMIT %(most)s
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


def devices_of(recipients: Collection[int], extent: Extent) -> dict[int, list[str]]:
    """The devices of these users that events name. Raises ``TooMuch``."""
    rows = ActivationEventRow.objects.within(extent).filter(
        recipient__in=recipients, activation__isnull=False
    )
    told = rows.order_by().values_list("recipient_id", "activation_id").distinct()
    found: dict[int, list[str]] = {}
    for recipient, device in told[: MOST_EVENTS + 1]:
        found.setdefault(recipient, []).append(device)
    if sum(map(len, found.values())) > MOST_EVENTS:
        raise TooMuch(f"{MOST_EVENTS:,} devices of users")
    return found


def inbox_events_of(
    recipients: Collection[int], window: Window, extent: Extent
) -> list[InboxEvent]:
    rows = InboxEventRow.objects.filter(recipient__in=recipients)
    return _inbox(rows.between(window.since, window.until), extent)


def unannounced_in(window: Window, extent: Extent) -> list[str]:
    """The operations with an event in ``window`` that may lack an announcement. Raises
    ``TooMuch``."""
    sources = linked(extent)
    if not sources:
        return []
    given = {"sources": list(sources), "is_limited": extent.is_limited}
    return _suspects(_UNANNOUNCED, window, extent, "operations that nothing announced", **given)


def changed_in(window: Window, extent: Extent) -> list[str]:
    """The devices whose status changed in ``window``. Raises ``TooMuch``."""
    return _suspects(_CHANGED, window, extent, "devices whose status changed")


def unpushed_in(window: Window, extent: Extent, *, grace: timedelta, late: timedelta) -> list[int]:
    """The users with an inbox message in ``window`` that may lack its push, which may come from
    ``grace`` before to ``late`` after it. Raises ``TooMuch``."""
    given = {"push": MessageType.INBOX_MESSAGE_NEW, "grace": grace, "late": late}
    return _suspects(_UNPUSHED, window, extent, "users whose inbox was posted to", **given)


def _suspects(statement: str, window: Window, extent: Extent, what: str, **given: Any) -> list[Any]:
    given |= {
        "since": first_id_at(window.since),
        "until": first_id_at(window.until),
        "most": MOST_SUSPECTS + 1,
        **extent.parameters,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        found = [key for (key,) in cursor.fetchall()]
    if len(found) > MOST_SUSPECTS:
        raise TooMuch(f"{MOST_SUSPECTS:,} {what}")
    return found


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
