"""Those in a window that may lack what an event owes them, found set by set: nearly all lack
nothing, and need not be judged."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from notifications.models.patience import TooMuch
from notifications.models.querysets import Extent
from notifications.protocol import merging
from notifications.protocol.clocks import NO_CLOCKS, Clocks
from notifications.protocol.extras import MessageType
from notifications.protocol.identity import first_id_at
from notifications.protocol.message import later
from notifications.protocol.window import Window

from .clocks import by_its_clock
from .lives import linked

MOST_SUSPECTS = 50_000  # devices, users or operations of a window; some seconds to judge


@dataclass(frozen=True, slots=True)
class Seen:
    """Copies of what was sent to the ``app`` (None: any) between the two would be on record."""

    app: str | None
    since: datetime
    until: datetime


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
# What was told last of the registration of a device before a message.
_LAST = """
    SELECT kind, token, is_request FROM notifications_activationevent
    WHERE activation_id = goes.device
        AND id < goes.behind
        AND (%(apps)s::text[] IS NULL OR apps && %(apps)s::varchar[])
        AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
        AND (%(as_of)s::timestamptz IS NULL OR recorded_at <= %(as_of)s)
"""
# Of the requests in a window of which copies would be on record those that some device may have got
# none of: the one that they name, or one that events tell to be their user's and not to be
# unregistered before. Requests that say the same at nearly the same time may have each other's
# copies, so all of them are suspect; none of another app is read, so a copy proves something only
# where it tells one of these. What counts as a copy here is one for `merging` too (a test holds the
# two equal); one for a device that is not known makes no request less suspect. Copies are looked up
# device by device: joined, all of a window would be compared with all.
_UNCOPIED = f"""
    WITH asked AS (
        SELECT id, source_id, AT(told) AS at, message_type, result, operation_id, inbox_message_id,
            activation_id, recipient_id, addressed_to, app_id, personal,
            recipient_id IS NOT NULL
                AND (addressed_to = 'user' OR activation_id IS NULL) AS is_wide,
            emitted_at - lag(emitted_at) OVER rivals <= 2 * %(within)s
                OR lead(emitted_at) OVER rivals - emitted_at <= 2 * %(within)s AS has_rival
        FROM notifications_notification AS told
        WHERE id >= %(earliest)s AND id < %(latest)s AND NOT per_device
            AND (recipient_id IS NOT NULL OR activation_id IS NOT NULL)
            AND (app_id IS NULL OR app_id = ANY(%(of)s))
            AND (%(apps)s::text[] IS NULL OR app_id = ANY(%(apps)s))
            AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
            AND (%(as_of)s::timestamptz IS NULL OR recorded_at <= %(as_of)s)
        WINDOW rivals AS (
            PARTITION BY source_id, message_type, result, operation_id, inbox_message_id,
                CASE WHEN operation_id IS NULL AND inbox_message_id IS NULL
                    THEN recipient_id END
            ORDER BY emitted_at
        )
    ), request AS MATERIALIZED (
        SELECT *, first_id_at(at + interval '1 ms') AS behind,
            first_id_at(at - %(within)s - %(apart)s) AS earliest,
            first_id_at(at + %(within)s + %(apart)s + interval '1 ms') AS latest
        FROM asked
        WHERE id >= %(since)s AND id < %(until)s AND EXISTS (
            SELECT FROM unnest(
                %(copied)s::text[], %(froms)s::timestamptz[], %(tos)s::timestamptz[]
            ) AS seen (app, began, ended)
            WHERE (app_id IS NULL OR app IS NULL OR app = app_id) AND at BETWEEN began AND ended
        )
    ), owned AS (
        SELECT event.recipient_id, activation_id,
            array_agg(app) FILTER (WHERE app IS NOT NULL) AS apps
        FROM (SELECT DISTINCT recipient_id FROM request WHERE is_wide) AS person
        JOIN notifications_activationevent AS event USING (recipient_id)
        LEFT JOIN LATERAL unnest(event.apps) AS app ON true
        WHERE activation_id IS NOT NULL
            AND (%(apps)s::text[] IS NULL OR event.apps && %(apps)s::varchar[])
            AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
            AND (%(as_of)s::timestamptz IS NULL OR recorded_at <= %(as_of)s)
        GROUP BY 1, 2
    ), goes AS (
        SELECT request.*, activation_id AS device FROM request WHERE NOT is_wide
        UNION ALL
        SELECT request.*, owned.activation_id FROM request JOIN owned USING (recipient_id)
        WHERE is_wide AND (app_id IS NULL OR apps IS NULL OR app_id = ANY(apps))
    )
    SELECT id FROM request WHERE has_rival
    UNION
    SELECT id FROM goes
    WHERE NOT EXISTS (
        SELECT FROM notifications_notification AS copy
        WHERE copy.activation_id = goes.device AND copy.per_device
            AND copy.id >= goes.earliest AND copy.id < goes.latest
            AND AT(copy) BETWEEN goes.at - %(within)s AND goes.at + %(within)s
            AND copy.message_type IS NOT DISTINCT FROM goes.message_type
            AND copy.result IS NOT DISTINCT FROM goes.result
            AND copy.operation_id IS NOT DISTINCT FROM goes.operation_id
            AND copy.inbox_message_id IS NOT DISTINCT FROM goes.inbox_message_id
            AND copy.source_id <> goes.source_id
            AND COALESCE(copy.recipient_id = goes.recipient_id, true)
            AND copy.app_id = ANY(%(of)s) AND COALESCE(copy.app_id = goes.app_id, true)
            AND COALESCE(copy.personal = goes.personal, true)
            AND (copy.addressed_to = goes.addressed_to
                OR 'unknown' IN (copy.addressed_to, goes.addressed_to))
            AND (%(apps)s::text[] IS NULL OR copy.app_id = ANY(%(apps)s))
            AND (%(below)s::xid8 IS NULL OR copy.recorded_xid < %(below)s::xid8)
            AND (%(as_of)s::timestamptz IS NULL OR copy.recorded_at <= %(as_of)s)
        OFFSET 0
    ) AND (NOT is_wide OR NOT EXISTS (
        SELECT FROM (
            {_LAST} AND kind IN ('registered', 'unregistered') ORDER BY id DESC LIMIT 1
        ) AS told
        WHERE kind = 'unregistered' AND NOT is_request AND (token IS NULL OR token = (
            SELECT token FROM (
                {_LAST} AND kind = 'registered' ORDER BY id DESC LIMIT 1
            ) AS held
        ))
    ))
    ORDER BY id LIMIT %(most)s
"""  # noqa: S608 - of constants


def unannounced_in(window: Window, extent: Extent, *, whoever: bool) -> list[str]:
    """The operations with an event in ``window`` that may lack an announcement: of the sources
    whose operations messages call by the same names, or of ``whoever`` told of one. Raises
    ``TooMuch``."""
    sources = None if whoever else list(linked(extent))
    if sources == []:
        return []
    given = {"sources": sources, "is_limited": extent.is_limited}
    return _suspects(_UNANNOUNCED, window, extent, "operations that nothing announced", **given)


def changed_in(window: Window, extent: Extent) -> list[str]:
    """The devices whose status changed in ``window``. Raises ``TooMuch``."""
    return _suspects(_CHANGED, window, extent, "devices whose status changed")


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
    return _suspects(statement, window, extent, "users whose inbox was posted to", **given)


def uncopied_in(
    window: Window, extent: Extent, seen: Iterable[Seen], clocks: Clocks = NO_CLOCKS
) -> list[UUID]:
    """The requests in ``window`` of which a device may lack a copy that would have been ``seen``.
    Raises ``TooMuch``."""
    told = list(seen)
    if not told:
        return []
    near = Window(later(window.since, -2 * merging.WITHIN), later(window.until, 2 * merging.WITHIN))
    statement, corrections = by_its_clock(
        _UNCOPIED, clocks, window, 2 * merging.WITHIN + clocks.apart
    )
    given: dict[str, Any] = {
        **corrections,
        "of": sorted({each.app for each in told}),
        "copied": [each.app for each in told],
        "froms": [each.since for each in told],
        "tos": [each.until for each in told],
        "earliest": first_id_at(near.since),
        "latest": first_id_at(near.until),
        "within": merging.WITHIN,
    }
    return _suspects(statement, window, extent, "messages without a copy", **given)


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
