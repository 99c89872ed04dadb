"""The requests in a window of which a device may lack a copy, found set by set: nearly all have
theirs, and need not be judged."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from notifications.models.querysets import Extent
from notifications.protocol import merging
from notifications.protocol.clocks import NO_CLOCKS, Clocks
from notifications.protocol.identity import first_id_at
from notifications.protocol.message import later
from notifications.protocol.window import Window

from .clocks import by_its_clock
from .suspects import keys_of

TICK = timedelta(milliseconds=1)  # of the times in ids


@dataclass(frozen=True, slots=True)
class Seen:
    """Copies of what was sent to the ``app`` (None: any) between the two would be on record."""

    app: str | None
    since: datetime
    until: datetime


# An event names one of the apps that copies are reported of.
_OF_THEM = "(event.apps && %(of)s OR %(of)s::text[] IS NULL AND event.apps <> '{}')"
# What was told last of the registration of a device before a message.
_LAST = """
    SELECT kind, token, is_request FROM notifications_activationevent
    WHERE activation_id = goes.device
        AND id < first_id_at(goes.at + interval '1 ms')
        AND (%(apps)s::text[] IS NULL OR apps && %(apps)s)
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
# What tells no app is about one of these only where another report that it may merge with tells it,
# or events do of a device that one of them is for: `concerned` are all such. What is tied to no
# operation or inbox message merges by its user or device, and where one report tells both, what
# tells either merges with it.
_UNCOPIED = f"""
    WITH told AS MATERIALIZED (
        SELECT id, source_id, AT(report) AS at, emitted_at, message_type, result, operation_id,
            inbox_message_id, activation_id, recipient_id, addressed_to, per_device, app_id,
            personal, COALESCE(operation_id, inbox_message_id) IS NULL AS is_untied,
            app_id IS NOT NULL OR EXISTS (
                SELECT FROM notifications_activationevent AS event
                WHERE event.activation_id = report.activation_id AND {_OF_THEM} OFFSET 0
            ) OR EXISTS (
                SELECT FROM notifications_activationevent AS owned
                JOIN notifications_activationevent AS event USING (activation_id)
                WHERE owned.recipient_id = report.recipient_id AND {_OF_THEM} OFFSET 0
            ) AS is_theirs
        FROM notifications_notification AS report
        WHERE id >= %(earliest)s AND id < %(latest)s
            AND (app_id IS NULL OR %(of)s::text[] IS NULL OR app_id = ANY(%(of)s))
            AND (%(apps)s::text[] IS NULL OR app_id = ANY(%(apps)s))
            AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
            AND (%(as_of)s::timestamptz IS NULL OR recorded_at <= %(as_of)s)
    ), theirs AS (
        SELECT activation_id, recipient_id FROM told WHERE is_theirs AND is_untied
    ), concerned AS (
        SELECT * FROM told
        WHERE NOT per_device AND (recipient_id IS NOT NULL OR activation_id IS NOT NULL) AND (
            is_theirs
            OR operation_id IN (
                SELECT operation_id FROM told WHERE is_theirs AND operation_id IS NOT NULL
            )
            OR inbox_message_id IN (
                SELECT inbox_message_id FROM told WHERE is_theirs AND inbox_message_id IS NOT NULL
            )
            OR is_untied AND (
                activation_id IN (SELECT activation_id FROM theirs WHERE activation_id IS NOT NULL)
                OR recipient_id IN (SELECT recipient_id FROM theirs WHERE recipient_id IS NOT NULL)
                OR recipient_id IN (
                    SELECT recipient_id FROM told WHERE is_untied AND recipient_id IS NOT NULL
                        AND activation_id IN (
                            SELECT activation_id FROM theirs WHERE activation_id IS NOT NULL
                        )
                )
            )
        )
    ), asked AS (
        SELECT *,
            recipient_id IS NOT NULL
                AND (addressed_to = 'user' OR activation_id IS NULL) AS is_wide,
            emitted_at - lag(emitted_at) OVER rivals <= 2 * %(within)s
                OR lead(emitted_at) OVER rivals - emitted_at <= 2 * %(within)s AS has_rival
        FROM concerned
        WINDOW rivals AS (
            PARTITION BY operation_id, inbox_message_id,
                CASE WHEN is_untied THEN recipient_id END, message_type, result, source_id
            ORDER BY emitted_at
        )
    ), request AS MATERIALIZED (
        SELECT * FROM asked
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
            AND (%(apps)s::text[] IS NULL OR event.apps && %(apps)s)
            AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
            AND (%(as_of)s::timestamptz IS NULL OR recorded_at <= %(as_of)s)
        GROUP BY 1, 2
    ), goes AS MATERIALIZED (
        SELECT request.*,
            first_id_at(at - %(within)s - %(apart)s) AS earliest,
            first_id_at(at + %(within)s + %(apart)s + interval '1 ms') AS latest
        FROM (
            SELECT request.*, activation_id AS device FROM request WHERE NOT is_wide
            UNION ALL
            SELECT request.*, owned.activation_id FROM request JOIN owned USING (recipient_id)
            WHERE is_wide AND (app_id IS NULL OR apps IS NULL OR app_id = ANY(apps))
        ) AS request
        WHERE NOT has_rival IS TRUE
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
            AND copy.app_id IS NOT NULL AND (%(of)s::text[] IS NULL OR copy.app_id = ANY(%(of)s))
            AND COALESCE(copy.app_id = goes.app_id, true)
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


def uncopied_in(
    window: Window, extent: Extent, seen: Iterable[Seen], clocks: Clocks = NO_CLOCKS
) -> list[UUID]:
    """The requests in ``window`` of which a device may lack a copy that would have been ``seen``.
    Raises ``TooMuch``."""
    told = list(seen)
    if not told:
        return []
    # Of the rest of the window nothing would be seen; the times in ids are not corrected.
    window = Window(
        max(window.since, later(min(each.since for each in told), -clocks.apart)),
        min(window.until, later(max(each.until for each in told), clocks.apart + TICK)),
    )
    if window.since >= window.until:
        return []
    reach = 2 * merging.WITHIN + clocks.apart
    statement, corrections = by_its_clock(_UNCOPIED, clocks, window, reach)
    apps = {each.app for each in told}
    given: dict[str, Any] = {
        **corrections,
        "of": None if None in apps else list(apps),
        "copied": [each.app for each in told],
        "froms": [each.since for each in told],
        "tos": [each.until for each in told],
        "earliest": first_id_at(later(window.since, -reach)),
        "latest": first_id_at(later(window.until, reach)),
        "within": merging.WITHIN,
    }
    return keys_of(statement, window, extent, "messages without a copy", **given)
