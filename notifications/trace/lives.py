"""What PowerAuth and mirrored requests tell of operations and inbox messages: read for traces and
gaps, in a number of queries that does not depend on how much it is.

Whatever has an ``extent`` is answered as if only what names its apps were recorded.
"""

from collections.abc import Collection, Iterable
from typing import Any

from notifications.models.querysets import Extent
from notifications.models.statements import Answer, Rows, asked, asked_at_most, nothing
from notifications.protocol.events import InboxEvent, OperationEvent
from notifications.protocol.excuses import Owned
from notifications.protocol.extras import MessageType
from notifications.protocol.identity import first_id_at
from notifications.protocol.whole import by_name as by_name
from notifications.protocol.window import Window

MOST_EVENTS = 20_000  # that one answer may rest on
_OF_ALL = "id, source_id, observed_at, recorded_at, happened_at, recipient_id, apps"
_OPERATIONS = f"""
    SELECT {_OF_ALL}, operation_id, status, name, external_id, activation_id, created_at, expires_at
    FROM notifications_operationevent
"""  # noqa: S608 - of constants
_INBOX = f"SELECT {_OF_ALL}, inbox_message_id, silent FROM notifications_inboxevent"  # noqa: S608
_DURING = "id >= %(since)s AND id < %(until)s"
_WITHIN = """
    AND (%(apps)s::text[] IS NULL OR apps && %(apps)s::varchar[])
    AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
    AND (%(as_of)s::timestamptz IS NULL OR recorded_at <= %(as_of)s)
"""
_LINKED = """
    SELECT slug FROM notifications_source AS source
    WHERE (%(sources)s::text[] IS NULL OR slug = ANY(%(sources)s)) AND EXISTS (
        SELECT FROM (
            SELECT operation_id, external_id FROM notifications_operationevent
            WHERE source_id = source.slug
                AND (%(apps)s::text[] IS NULL OR apps && %(apps)s::varchar[])
                AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
                AND (%(as_of)s::timestamptz IS NULL OR recorded_at <= %(as_of)s)
            ORDER BY id DESC LIMIT 1000
        ) AS event
        JOIN notifications_operation AS announced
            ON announced.id IN (event.operation_id, event.external_id)
        WHERE announced.first_init_id IS NOT NULL
            AND (NOT %(is_timed)s OR EXISTS (
                SELECT FROM notifications_notification AS init
                WHERE init.operation_id = announced.id AND message_type = %(init)s
                    AND (%(below)s::xid8 IS NULL OR init.recorded_xid < %(below)s::xid8)
                    AND (%(as_of)s::timestamptz IS NULL OR init.recorded_at <= %(as_of)s)
                OFFSET 0
            ))
    )
"""
_OWNED = """
    SELECT person.id, told.activation_id, told.app_id, min(told.at)
    FROM unnest(%(recipients)s::bigint[]) AS person (id)
    CROSS JOIN LATERAL (
        SELECT activation_id, NULL AS app_id, COALESCE(happened_at, observed_at) AS at
        FROM notifications_activationevent
        WHERE recipient_id = person.id AND activation_id IS NOT NULL
            AND (%(apps)s::text[] IS NULL OR apps && %(apps)s::varchar[])
            AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
            AND (%(as_of)s::timestamptz IS NULL OR recorded_at <= %(as_of)s)
        UNION ALL (
            SELECT activation_id, app_id, emitted_at FROM notifications_notification
            WHERE recipient_id = person.id AND activation_id IS NOT NULL
                AND (%(apps)s::text[] IS NULL OR app_id = ANY(%(apps)s))
                AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
                AND (%(as_of)s::timestamptz IS NULL OR recorded_at <= %(as_of)s)
            ORDER BY id DESC LIMIT 100
        )
    ) AS told
    GROUP BY 1, 2, 3
    LIMIT %(most)s
"""


def operation_events(operations: Collection[str], extent: Extent) -> list[OperationEvent]:
    """All that was told of these operations, under PowerAuth's name or another's."""
    return ask_operation_events(operations, extent)()


def ask_operation_events(
    operations: Collection[str], extent: Extent
) -> Answer[list[OperationEvent]]:
    if not operations:
        return nothing([])
    named = "operation_id = ANY(%(named)s) OR external_id = ANY(%(named)s)"
    rows = _ask_events(_OPERATIONS, named, extent, named=list(operations))
    return lambda: [_operation(row) for row in rows()]


def ask_operation_events_around(
    operations: Collection[str],
    recipients: Collection[int],
    devices: Collection[str],
    window: Window,
    extent: Extent,
) -> Answer[list[OperationEvent]]:
    """All that was told of these operations, and in ``window`` of those of these users and
    devices."""
    named = "operation_id = ANY(%(named)s) OR external_id = ANY(%(named)s)"
    theirs = "recipient_id = ANY(%(people)s::bigint[]) OR activation_id = ANY(%(devices)s)"
    during = f"({theirs}) AND {_DURING}"
    given = {"people": list(recipients), "devices": list(devices), **_during(window)}
    rows = _ask_events(_OPERATIONS, f"{named} OR {during}", extent, named=list(operations), **given)

    return lambda: [_operation(row) for row in rows()]


def names_around(
    events: Iterable[OperationEvent],
    recipients: Collection[int],
    devices: Collection[str],
    window: Window,
) -> set[str]:
    """What the operations of these users and devices are called that ``events`` tell of in
    ``window``."""
    between = _during(window)
    theirs = (
        each
        for each in events
        if between["since"] <= each.id < between["until"]
        and (each.recipient in recipients or each.activation in devices)
    )
    return set(by_name(theirs))


def devices_of(recipients: Collection[int], extent: Extent) -> dict[int, list[Owned]]:
    """The devices of these users that events name, and those that their latest messages name.

    Raises ``TooMuch``.
    """
    given = {"recipients": list(recipients), "most": MOST_EVENTS + 1, **extent.parameters}
    found: dict[int, list[Owned]] = {}
    rows = asked_at_most(MOST_EVENTS, "devices of users", _OWNED, given)
    for recipient, device, app, since in rows():
        found.setdefault(recipient, []).append(Owned(device, app, since))
    return found


def inbox_events_of(
    recipients: Collection[int], window: Window, extent: Extent
) -> list[InboxEvent]:
    return ask_inbox_events(recipients, window, extent)()


def ask_inbox_events(
    recipients: Collection[int], window: Window, extent: Extent
) -> Answer[list[InboxEvent]]:
    if not recipients:
        return nothing([])
    mine = f"recipient_id = ANY(%(people)s::bigint[]) AND {_DURING}"
    given = {"people": list(recipients), **_during(window)}
    rows = _ask_events(_INBOX, mine, extent, **given)
    return lambda: [_inbox(row) for row in rows()]


def linked(extent: Extent) -> frozenset[str]:
    """Of all sources of operation events."""
    return ask_linked(extent, None)()


def ask_linked(extent: Extent, sources: Collection[str] | None) -> Answer[frozenset[str]]:
    """Those of these sources of operation events (None: of all) with an operation among their
    latest that a message announced: elsewhere messages may have other names for all operations."""
    given = {
        "sources": None if sources is None else sorted(sources),
        "init": MessageType.OPERATION_INIT,
        "is_timed": extent.is_timed,
        **extent.parameters,
    }
    rows = asked(_LINKED, given)
    return lambda: frozenset(slug for (slug,) in rows())


def _operation(row: tuple[Any, ...]) -> OperationEvent:
    (
        key, source, observed_at, recorded_at, happened_at, recipient, apps, operation, status,
        name, external, activation, created_at, expires_at,
    ) = row  # fmt: skip
    return OperationEvent(
        id=key, source=source, observed_at=observed_at, recorded_at=recorded_at,
        happened_at=happened_at, recipient=recipient, apps=tuple(apps), operation=operation,
        status=status, name=name, external=external, activation=activation,
        created_at=created_at, expires_at=expires_at,
    )  # fmt: skip


def _inbox(row: tuple[Any, ...]) -> InboxEvent:
    (
        key, source, observed_at, recorded_at, happened_at, recipient, apps, inbox_message, silent,
    ) = row  # fmt: skip
    return InboxEvent(
        id=key, source=source, observed_at=observed_at, recorded_at=recorded_at,
        happened_at=happened_at, recipient=recipient, apps=tuple(apps),
        inbox_message=inbox_message, silent=silent,
    )  # fmt: skip


def _during(window: Window) -> dict[str, Any]:
    return {"since": first_id_at(window.since), "until": first_id_at(window.until)}


def _ask_events(select: str, condition: str, extent: Extent, **given: Any) -> Answer[Rows]:
    """By plain statements, as messages are read. The answer raises ``TooMuch``."""
    within = _WITHIN if extent.is_limited else ""
    statement = f"{select} WHERE ({condition}){within} LIMIT {MOST_EVENTS + 1}"
    return asked_at_most(MOST_EVENTS, "events", statement, {**given, **extent.parameters})
