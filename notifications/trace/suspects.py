"""Those in a window that may lack what an event owes them, found set by set: nearly all lack
nothing, and need not be judged."""

from datetime import timedelta
from typing import Any

from django.db import connection

from notifications.models.patience import TooMuch
from notifications.models.querysets import Extent
from notifications.protocol import merging
from notifications.protocol.clocks import Clocks
from notifications.protocol.extras import MessageType
from notifications.protocol.identity import first_id_at
from notifications.protocol.window import Window

from .clocks import by_its_clock
from .lives import linked

MOST_SUSPECTS = 50_000  # devices, users or operations of a window; some seconds to judge


# Of the operations with an event in a window those that no message announces under either name.
_UNANNOUNCED = """
    SELECT DISTINCT operation_id FROM notifications_operationevent AS event
    WHERE id >= %(since)s AND id < %(until)s
        AND (%(sources)s::text[] IS NULL OR source_id = ANY(%(sources)s))
        AND (recipient_id IS NOT NULL OR activation_id IS NOT NULL)
        AND (%(apps)s::text[] IS NULL OR apps && %(apps)s::varchar[])
        AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
        AND (%(as_of)s::timestamptz IS NULL OR recorded_at <= %(as_of)s)
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
        AND (%(apps)s::text[] IS NULL OR apps && %(apps)s::varchar[])
        AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
        AND (%(as_of)s::timestamptz IS NULL OR recorded_at <= %(as_of)s)
        AND status <> (
            SELECT status FROM notifications_activationevent AS before
            WHERE before.activation_id = event.activation_id AND before.id < event.id
                AND kind = 'status'
                AND (%(below)s::xid8 IS NULL OR before.recorded_xid < %(below)s::xid8)
                AND (%(as_of)s::timestamptz IS NULL OR before.recorded_at <= %(as_of)s)
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
# all. A request and the row of the inbox that came of it are one. Which are, and what meets one,
# is what the rule says (a test holds the two equal).
_UNPUSHED = """
    SELECT recipient_id FROM (
        SELECT recipient_id, source_id, inbox_message_id, apps, told.at, EXISTS (
            SELECT FROM notifications_notification AS push
            WHERE push.recipient_id = event.recipient_id AND message_type = %(push)s
                AND push.id >= first_id_at(told.at - %(grace)s - %(apart)s)
                AND AT(push) >= told.at - %(grace)s
                AND push.id < first_id_at(told.at + %(late)s + %(apart)s + interval '1 ms')
                AND AT(push) <= told.at + %(late)s
                AND (event.inbox_message_id IS NULL OR push.inbox_message_id IS NULL
                    OR push.inbox_message_id = event.inbox_message_id)
                AND (apps = '{}' OR app_id IS NULL OR app_id = ANY(apps))
                AND (%(apps)s::text[] IS NULL OR app_id = ANY(%(apps)s))
                AND (%(below)s::xid8 IS NULL OR push.recorded_xid < %(below)s::xid8)
                AND (%(as_of)s::timestamptz IS NULL OR push.recorded_at <= %(as_of)s)
        ) AS is_pushed
        FROM notifications_inboxevent AS event
        CROSS JOIN LATERAL (SELECT COALESCE(happened_at, observed_at) AS at) AS told
        WHERE event.id >= %(since)s AND event.id < %(until)s
            AND recipient_id IS NOT NULL AND silent IS NOT TRUE
            AND (%(apps)s::text[] IS NULL OR apps && %(apps)s::varchar[])
            AND (%(below)s::xid8 IS NULL OR event.recorded_xid < %(below)s::xid8)
            AND (%(as_of)s::timestamptz IS NULL OR event.recorded_at <= %(as_of)s)
    ) AS post
    GROUP BY recipient_id
    HAVING NOT bool_and(is_pushed) OR count(*) > 1 AND NOT (
        count(*) = 2 AND count(inbox_message_id) = 1 AND min(source_id) <> max(source_id)
        AND max(at) - min(at) <= %(within)s
        AND (min(apps) = '{}' OR min(apps) && max(apps))
    )
    ORDER BY recipient_id LIMIT %(most)s
"""


def unannounced_in(window: Window, extent: Extent, *, whoever: bool) -> list[str]:
    """The operations with an event in ``window`` that may lack an announcement: of the sources
    whose operations messages call by the same names, or of ``whoever`` told of one. Raises
    ``TooMuch``."""
    sources = None if whoever else list(linked(extent))
    if sources == []:
        return []
    given = {"sources": sources, "is_limited": extent.is_limited}
    return keys_of(_UNANNOUNCED, window, extent, "operations that nothing announced", **given)


def changed_in(window: Window, extent: Extent) -> list[str]:
    """The devices whose status changed in ``window``. Raises ``TooMuch``."""
    return keys_of(_CHANGED, window, extent, "devices whose status changed")


def unpushed_in(
    window: Window, extent: Extent, clocks: Clocks, *, grace: timedelta, late: timedelta
) -> list[int]:
    """The users with an inbox message in ``window`` that may lack its push, which may come from
    ``grace`` before to ``late`` after it. Raises ``TooMuch``."""
    statement, corrections = by_its_clock(_UNPUSHED, clocks, window, grace + late + clocks.apart)
    given = {
        **corrections,
        "push": MessageType.INBOX_MESSAGE_NEW,
        "grace": grace,
        "late": late,
        "within": merging.WITHIN,
    }
    return keys_of(statement, window, extent, "users whose inbox was posted to", **given)


def keys_of(statement: str, window: Window, extent: Extent, what: str, **given: Any) -> list[Any]:
    """What a ``statement`` finds in ``window``. Raises ``TooMuch``."""
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
