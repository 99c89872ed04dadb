"""Which hours have to be looked at for gaps anew, since something was recorded that these may rest
on: evidence of about that time, or of an operation or a device that has messages then.

Evidence is gone through once, in recording order and in whole transactions, as far as that is
complete. So all hours on record are found, wherever the clocks of sources stood; and what those are
estimated to be touches the hours in which it holds.
"""

import hashlib
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from notifications.models import RuleSetting
from notifications.protocol.clocks import CARRIED
from notifications.protocol.episodes import LATE_WITHIN
from notifications.protocol.window import DAY, EARLIEST, LATEST

from . import evidence

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
# The time that begins the least id; by that, and not by the ids that hours would have, the hours
# since are found by index, and none where no first report is among the batch.
_FIRST_REPORT = f"""(
    SELECT to_timestamp(
        ('x' || replace(left(report::text, 13), '-', ''))::bit(48)::bigint / 1000.0
    ) FROM notifications_firstreport WHERE {_BETWEEN} ORDER BY report LIMIT 1
)"""  # noqa: S608 - of constants
# What events tell of a device holds from then on, and of its user's messages that name no device; a
# rule may apply from the first message of its type on.
# OFFSET has these looked up one by one: joined, they would be looked for in all that is on record.
_TOUCHED = f"""
    WITH told AS MATERIALIZED (
        SELECT emitted_at AS at, operation_id, NULL AS external_id
        FROM notifications_notification WHERE {_BETWEEN}
        UNION ALL SELECT COALESCE(created_at, happened_at, observed_at), operation_id, external_id
        FROM notifications_operationevent WHERE {_BETWEEN}
        UNION ALL SELECT COALESCE(happened_at, observed_at), NULL, NULL
        FROM notifications_activationevent WHERE {_BETWEEN}
        UNION ALL SELECT COALESCE(happened_at, observed_at), NULL, NULL
        FROM notifications_inboxevent WHERE {_BETWEEN}
    ), operations AS (
        SELECT operation_id AS id FROM told WHERE operation_id IS NOT NULL
        UNION SELECT external_id FROM told WHERE external_id IS NOT NULL
    ), devices AS (
        SELECT activation_id, recipient_id,
            min(COALESCE(not_before, happened_at, observed_at)) AS since
        FROM notifications_activationevent WHERE {_BETWEEN} GROUP BY 1, 2
    ), hours AS (
        SELECT DISTINCT date_trunc('hour', at, 'UTC') AS hour FROM (
            SELECT at FROM told
            UNION ALL SELECT emitted_at FROM operations CROSS JOIN LATERAL (
                SELECT emitted_at FROM notifications_notification
                WHERE operation_id = operations.id OFFSET 0
            ) AS about
            UNION ALL SELECT emitted_at FROM devices CROSS JOIN LATERAL (
                SELECT emitted_at FROM notifications_notification AS told
                WHERE told.activation_id = devices.activation_id AND emitted_at >= since OFFSET 0
            ) AS about
            UNION ALL SELECT emitted_at FROM devices CROSS JOIN LATERAL (
                SELECT emitted_at FROM notifications_notification AS told
                WHERE told.recipient_id = devices.recipient_id AND emitted_at >= since OFFSET 0
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
        UNION SELECT hour FROM notifications_gaplook
        WHERE hour > {_FIRST_REPORT} - interval '1 hour' - %(margin)s
    )
    INSERT INTO notifications_gaplook AS look (hour, touched_at, unjudged, too_much)
    SELECT hour, clock_timestamp(), 0, false FROM touched ORDER BY hour
    ON CONFLICT (hour) DO UPDATE SET touched_at = excluded.touched_at
"""  # noqa: S608 - of constants
_MOVE = """
    UPDATE notifications_gapmark SET below = %(upper)s::xid8, terms = %(terms)s
"""
_ALL_TOUCHED = "UPDATE notifications_gaplook SET touched_at = clock_timestamp()"


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
    margin = evidence.terms().longest + LATE_WITHIN
    bounds: dict[str, Any] = {
        "margin": margin,
        "estimated": DAY + CARRIED,
        "earliest": EARLIEST + DAY,
        "latest": LATEST - DAY,
    }
    cursor.execute(_TOUCHED, {**given, **bounds})
    cursor.execute(_MOVE, given)
    return last is not None


def fingerprint() -> str:
    """Of what gaps are judged by beside the record: with another, every hour is looked at anew."""
    last_rule = RuleSetting.objects.order_by("-pk").values_list("pk", flat=True).first()
    told = (evidence.terms(), settings.COVERAGE_SILENCE, last_rule)
    return hashlib.sha256(repr(told).encode()).hexdigest()
