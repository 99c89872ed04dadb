"""Which hours have to be looked at for gaps anew, since something was recorded that these may rest
on: evidence of about that time, or of an operation, a device or a user that something is told of
then.

Evidence is gone through once, in recording order and in whole transactions, as far as that is
complete. So all hours on record are found, wherever the clocks of sources stood; and what those are
estimated to be touches the hours in which it holds.
"""

import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from notifications import protocol
from notifications.models import RuleSetting
from notifications.protocol.clocks import CARRIED
from notifications.protocol.episodes import LATE_WITHIN
from notifications.protocol.state import CONFIRMED_BY
from notifications.protocol.window import DAY, EARLIEST, LATEST

from . import evidence

LATEST_OF = 100  # messages of a device that may tell whose it is
BATCH = 5_000  # rows of a kind that one turn goes through, or one whole transaction of more
LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('notifications_gap_touches'))"

_TABLES = ("notification", "operationevent", "activationevent", "inboxevent", "gapnote", "clockday")
_BETWEEN = "recorded_xid >= %(below)s::xid8 AND recorded_xid < %(upper)s::xid8"
_MARK = """
    INSERT INTO notifications_gapmark (id, below, terms) VALUES (1, '0', '')
    ON CONFLICT (id) DO NOTHING
"""
_READ_MARK = """
    SELECT below::text, terms, pg_snapshot_xmin(pg_current_snapshot())::text
    FROM notifications_gapmark
"""
_IS_LEFT = " OR ".join(
    f"EXISTS (SELECT FROM notifications_{table} WHERE {_BETWEEN})" for table in _TABLES
)
# The last transaction of a batch is the one that its last row is of; none: all are in it.
_LASTS = " UNION ALL ".join(
    f"""(
        SELECT recorded_xid FROM notifications_{table} WHERE {_BETWEEN}
        ORDER BY recorded_xid OFFSET {BATCH - 1} LIMIT 1
    )"""  # noqa: S608 - of constants
    for table in _TABLES
)
_LAST_OF_BATCH = f"SELECT min(recorded_xid::text::bigint) FROM ({_LASTS}) AS last"  # noqa: S608
# What events tell of a device holds from then on: for what names it or ever had its token, and for
# what its users are told or owed, and confirms what was a little before. A history tells of all the
# time since what was told before. Whose a device is, and of which app, holds for all of its life.
# Who names a device with a user tells of what that user is owed.
# OFFSET has these looked up one by one: joined, they would be looked for in all that is on record.
_SINCE = "GREATEST(since, %(earliest)s)"
_HOURS = f"""
    WITH told AS MATERIALIZED (
        SELECT emitted_at AS at, operation_id, NULL AS external_id,
            CASE WHEN activation_id IS NOT NULL THEN recipient_id END AS recipient_id
        FROM notifications_notification WHERE {_BETWEEN}
        UNION ALL
        SELECT COALESCE(created_at, happened_at, observed_at), operation_id, external_id, NULL
        FROM notifications_operationevent WHERE {_BETWEEN}
        UNION ALL SELECT COALESCE(happened_at, observed_at), NULL, NULL, NULL
        FROM notifications_activationevent WHERE {_BETWEEN}
        UNION ALL SELECT COALESCE(happened_at, observed_at), NULL, NULL, NULL
        FROM notifications_inboxevent WHERE {_BETWEEN}
    ), operations AS (
        SELECT operation_id AS id FROM told WHERE operation_id IS NOT NULL
        UNION SELECT external_id FROM told WHERE external_id IS NOT NULL
    ), changes AS (
        SELECT activation_id, recipient_id, token, min(CASE
            WHEN recipient_id IS NULL AND apps = '{{}}' OR EXISTS (
                SELECT FROM notifications_activationevent AS known
                WHERE known.activation_id = event.activation_id
                    AND known.recipient_id IS NOT DISTINCT FROM event.recipient_id
                    AND known.apps = event.apps AND known.recorded_xid < %(below)s::xid8
            ) THEN LEAST(
                COALESCE(not_before, happened_at, observed_at) - %(confirms)s,
                CASE WHEN kind = 'status' AND happened_at IS NOT NULL
                    OR kind <> 'status' AND not_before IS NULL AND NOT is_request
                THEN COALESCE((
                    SELECT COALESCE(happened_at, observed_at)
                    FROM notifications_activationevent AS known
                    WHERE known.activation_id = event.activation_id AND known.id < event.id
                        AND known.recorded_xid < %(below)s::xid8
                    ORDER BY id DESC LIMIT 1
                ), %(earliest)s) END
            ) ELSE %(earliest)s
        END) AS since
        FROM notifications_activationevent AS event WHERE {_BETWEEN} GROUP BY 1, 2, 3
    ), devices AS (
        SELECT activation_id, min(since) AS since FROM (
            SELECT activation_id, since FROM changes
            UNION ALL SELECT other.activation_id, since FROM changes CROSS JOIN LATERAL (
                SELECT activation_id FROM notifications_activationevent
                WHERE token = changes.token OFFSET 0
            ) AS other
        ) AS named
        WHERE activation_id IS NOT NULL GROUP BY 1
    ), owners AS (
        SELECT recipient_id, min(since) AS since FROM (
            SELECT recipient_id, since FROM changes
            UNION ALL SELECT owner.recipient_id, since FROM devices CROSS JOIN LATERAL (
                SELECT recipient_id FROM notifications_activationevent
                WHERE activation_id = devices.activation_id
                UNION (
                    SELECT recipient_id FROM notifications_notification
                    WHERE activation_id = devices.activation_id ORDER BY id DESC LIMIT {LATEST_OF}
                )
                OFFSET 0
            ) AS owner
        ) AS named
        WHERE recipient_id IS NOT NULL GROUP BY 1
    ), people AS (
        SELECT recipient_id, min(since) AS since FROM (
            SELECT recipient_id, since FROM owners UNION ALL SELECT recipient_id, at FROM told
        ) AS named
        WHERE recipient_id IS NOT NULL GROUP BY 1
    ), hours AS (
        SELECT DISTINCT date_trunc('hour', at, 'UTC') AS hour FROM (
            SELECT at FROM told
            UNION ALL SELECT emitted_at FROM operations CROSS JOIN LATERAL (
                SELECT emitted_at FROM notifications_notification
                WHERE operation_id = operations.id OFFSET 0
            ) AS about
            UNION ALL SELECT at FROM operations CROSS JOIN LATERAL (
                SELECT COALESCE(created_at, happened_at, observed_at) AS at
                FROM notifications_operationevent
                WHERE operation_id = operations.id OR external_id = operations.id OFFSET 0
            ) AS about
            UNION ALL SELECT at FROM devices CROSS JOIN LATERAL (
                SELECT emitted_at AS at FROM notifications_notification AS told
                WHERE told.activation_id = devices.activation_id AND id >= first_id_at({_SINCE})
                UNION ALL SELECT COALESCE(happened_at, observed_at)
                FROM notifications_activationevent AS event
                WHERE event.activation_id = devices.activation_id AND id >= first_id_at({_SINCE})
                OFFSET 0
            ) AS about
            UNION ALL SELECT emitted_at FROM owners CROSS JOIN LATERAL (
                SELECT emitted_at FROM notifications_notification AS told
                WHERE told.recipient_id = owners.recipient_id AND id >= first_id_at({_SINCE})
                OFFSET 0
            ) AS about
            UNION ALL SELECT at FROM people CROSS JOIN LATERAL (
                SELECT COALESCE(created_at, happened_at, observed_at) AS at
                FROM notifications_operationevent AS event
                WHERE event.recipient_id = people.recipient_id AND id >= first_id_at({_SINCE})
                UNION ALL SELECT COALESCE(happened_at, observed_at)
                FROM notifications_inboxevent AS event
                WHERE event.recipient_id = people.recipient_id AND id >= first_id_at({_SINCE})
                OFFSET 0
            ) AS about
        ) AS moments (at)
        WHERE at >= %(earliest)s AND at < %(latest)s
    ), touched AS (
        SELECT DISTINCT each AS hour FROM hours CROSS JOIN LATERAL generate_series(
            date_trunc('hour', hour - %(margin)s, 'UTC'), hour + interval '1 hour' + %(margin)s,
            interval '1 hour'
        ) AS each
        UNION SELECT date_trunc('hour', at, 'UTC') FROM notifications_gapnote WHERE {_BETWEEN}
        UNION SELECT each FROM notifications_clockday CROSS JOIN LATERAL generate_series(
            day::timestamp AT TIME ZONE 'UTC', (day + %(estimated)s) AT TIME ZONE 'UTC',
            interval '1 hour'
        ) AS each WHERE {_BETWEEN}
    )
"""  # noqa: S608 - of constants
_TOUCH = f"""
    {_HOURS}
    INSERT INTO notifications_gaplook AS look (hour, touched_at, unjudged, too_much)
    SELECT hour, clock_timestamp(), 0, false FROM touched ORDER BY hour
    ON CONFLICT (hour) DO UPDATE SET touched_at = excluded.touched_at
"""  # noqa: S608 - of constants
_WOULD_TOUCH = f"{_HOURS} SELECT hour FROM touched"  # noqa: S608 - of constants
_MOVE = """
    UPDATE notifications_gapmark SET below = %(upper)s::xid8, terms = %(terms)s
"""
_ALL_TOUCHED = "UPDATE notifications_gaplook SET touched_at = clock_timestamp()"
_ALL_LEFT = {"upper": "18446744073709551615"}
# Of each kind, so that it is not gone through to its end for a number.
_LEFT = " + ".join(
    f"""(SELECT count(*) FROM (
        SELECT FROM notifications_{table} WHERE {_BETWEEN} LIMIT {BATCH + 1}
    ) AS told)"""  # noqa: S608 - of constants
    for table in _TABLES
)


def touch_hours() -> bool:
    """Goes through the next batch of evidence, in a transaction of its own; whether more is left.
    Does nothing while another worker does the same, and writes nothing when there is nothing."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK)
        if cursor.fetchone() == (False,):
            return False
        cursor.execute(_READ_MARK)
        row = cursor.fetchone()
        if row is None:
            cursor.execute(_MARK)
            return True
        below, known, horizon = row
        if int(below) > int(horizon):  # of another database cluster, as after a restore
            below = "0"
        return _touch(cursor, below, known, horizon)


def hours_left(below: str) -> set[datetime] | None:
    """Those that evidence touches which no worker has gone through; None where that is too much."""
    given = {"below": below, **_ALL_LEFT}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_LEFT}", given)
        (left,) = cursor.fetchone()
        if not left:
            return set()
        if left > BATCH:
            return None
        cursor.execute(_WOULD_TOUCH, {**given, **_bounds()})
        return {hour for (hour,) in cursor.fetchall()}


def _touch(cursor: CursorWrapper, below: str, known: str, horizon: str) -> bool:
    terms = fingerprint()
    given: dict[str, Any] = {"below": below, "upper": horizon, "terms": terms}
    cursor.execute(f"SELECT {_IS_LEFT}", given)
    is_left = cursor.fetchone() == (True,)
    if not is_left and known == terms:
        return False
    if known not in ("", terms):
        cursor.execute(_ALL_TOUCHED)
    cursor.execute("SET LOCAL jit = off")
    cursor.execute(_LAST_OF_BATCH, given)
    (last,) = cursor.fetchone()
    if last is not None:
        given["upper"] = str(int(last) + 1)
    cursor.execute(_TOUCH, {**given, **_bounds()})
    cursor.execute(_MOVE, given)
    return last is not None


def _bounds() -> dict[str, Any]:
    return {
        "confirms": CONFIRMED_BY + DAY,
        "margin": evidence.terms().longest + LATE_WITHIN,
        "estimated": DAY + CARRIED,
        "earliest": EARLIEST + DAY,
        "latest": LATEST - DAY,
    }


def fingerprint() -> str:
    """Of what gaps are judged by beside the record: with another, every hour is looked at anew."""
    last_rule = RuleSetting.objects.order_by("-pk").values_list("pk", flat=True).first()
    told = (evidence.terms(), settings.COVERAGE_SILENCE, last_rule, _program())
    return hashlib.sha256(repr(told).encode()).hexdigest()


@cache
def _program() -> str:
    """The rules as they are written: what other ones found is to be looked for anew."""
    rooms = Path(protocol.__file__).parent, Path(__file__).parent
    files = sorted(each for room in rooms for each in room.glob("*.py"))
    return hashlib.sha256(b"".join(each.read_bytes() for each in files)).hexdigest()
