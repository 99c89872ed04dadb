"""What is noted of first reports, derived once more from the evidence: what differs from the notes,
and putting that right."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from notifications.models import FirstReport
from notifications.models.first_report import EVENTS
from notifications.protocol.extras import MessageType

_TYPES = ", ".join(f"'{each}'" for each in MessageType)
_REPORTS = " UNION ALL ".join(
    (
        f"""
            SELECT source_id, message_type AS told, COALESCE(app_id, '') AS app, per_device, id,
                recorded_at, recorded_xid
            FROM notifications_notification
            WHERE source_id IS NOT NULL AND message_type IN ({_TYPES})
        """,  # noqa: S608 - of constants
        *(
            f"""
                SELECT source_id, '{told}', COALESCE(app, ''), false, id, recorded_at, recorded_xid
                FROM {table} LEFT JOIN LATERAL unnest(apps) AS named (app) ON TRUE
                WHERE source_id IS NOT NULL
            """  # noqa: S608 - of constants
            for told, table in EVENTS.items()
        ),
    )
)
# Of each kind those that come before all that lower transactions recorded. More may be noted, by
# transactions that did not see each other.
_FIRST = f"""
    SELECT source_id, told, app, per_device, id, recorded_at, recorded_xid
    FROM (
        SELECT *, min(id::text) OVER (
            PARTITION BY source_id, told, app, per_device ORDER BY recorded_xid, id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS before
        FROM ({_REPORTS}) AS report
    ) AS report
    WHERE before IS NULL OR id::text < before
"""  # noqa: S608 - of constants
_IS_NOTED = """
    noted.source_id = first.source_id AND noted.told = first.told AND noted.app = first.app
    AND noted.per_device = first.per_device AND noted.report = first.id
    AND noted.recorded_at = first.recorded_at AND noted.recorded_xid = first.recorded_xid
"""
_LACKING = f"""
    SELECT * FROM ({_FIRST}) AS first
    WHERE NOT EXISTS (SELECT FROM notifications_firstreport AS noted WHERE {_IS_NOTED})
"""  # noqa: S608 - of constants
_UNFOUNDED = f"""
    SELECT noted.id FROM notifications_firstreport AS noted
    WHERE NOT EXISTS (SELECT FROM ({_REPORTS}) AS first WHERE {_IS_NOTED})
"""  # noqa: S608 - of constants
_DIFFERENCES = f"""
    SELECT 'is not noted', source_id, told, app, id FROM ({_LACKING}) AS lacking
    UNION ALL SELECT 'is noted and not on record', source_id, told, app, report
    FROM notifications_firstreport WHERE id IN ({_UNFOUNDED})
    ORDER BY 2, 3, 4, 5
"""  # noqa: S608 - of constants
_ADD = f"""
    INSERT INTO notifications_firstreport (
        source_id, told, app, per_device, report, recorded_at, recorded_xid
    ) {_LACKING} ORDER BY recorded_xid, id
"""


@dataclass(frozen=True, slots=True)
class DifferentReport:
    """A ``report`` that was or is noted as the first of its source, kind and app, wrongly."""

    fault: str
    source: str
    told: str
    app: str
    report: UUID

    def __str__(self) -> str:
        app = f" of {self.app}" if self.app else ""
        return f"{self.told}{app} by {self.source}: {self.report} {self.fault}"


def find_different_reports() -> list[DifferentReport]:
    """In one snapshot. Reads all evidence."""
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCES)
        return [DifferentReport(*row) for row in cursor.fetchall()]


def put_right() -> None:
    """What is not noted is, and what nothing on record tells is no more."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_UNFOUNDED)
        unfounded = [key for (key,) in cursor.fetchall()]
        FirstReport.objects.filter(pk__in=unfounded).delete()
        cursor.execute(_ADD)
