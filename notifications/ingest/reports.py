"""What sources report, noted as their contacts: whoever reports is there.

Of sources alone that are measured by something else: one that posts twice a day and was never
measured would be taken for gone in between.
"""

from datetime import datetime
from typing import Any

from django.db import connection

from notifications.models import ContactKind

from .contacts import note_contact

_NOW = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text"
# In the order of recording, which their indexes have: what is committed late is found late, and
# nothing is read twice.
_TABLES = " UNION ALL ".join(
    f"""(
        SELECT source_id, max(recorded_at) AS recorded_at FROM notifications_{table}
        WHERE recorded_xid >= %(since)s::xid8 AND recorded_xid < %(until)s::xid8
        GROUP BY source_id
    )"""  # noqa: S608 - of constants
    for table in ("notification", "activationevent", "operationevent", "inboxevent")
)
_RECORDED = f"""
    SELECT source_id, max(recorded_at) FROM ({_TABLES}) AS recorded
    WHERE EXISTS (SELECT FROM notifications_coverage WHERE source_id = recorded.source_id)
    GROUP BY source_id ORDER BY source_id
"""  # noqa: S608 - of constants
_MEASURED = "SELECT EXISTS (SELECT FROM notifications_coverage)"


class Reports:
    """Looks again and again at what was recorded since it looked last. The first look notes
    nothing."""

    def __init__(self) -> None:
        self._since: str | None = None

    def look(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_NOW)
            (until,) = cursor.fetchone()
            for source, recorded_at in self._recorded(cursor, until):
                note_contact(source, ContactKind.REPORT, at=recorded_at)
        self._since = until  # after all is noted: what failed is looked for again

    def _recorded(self, cursor: Any, until: str) -> list[tuple[str, datetime]]:
        """Which measured sources reported since the last look, and when last."""
        if self._since in (None, until):
            return []
        cursor.execute(_MEASURED)
        if cursor.fetchone() == (False,):
            return []
        cursor.execute(_RECORDED, {"since": self._since, "until": until})
        found: list[tuple[str, datetime]] = cursor.fetchall()
        return found
