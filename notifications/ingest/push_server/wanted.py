"""Whether a Push Server is to be followed: a setting of operators, no evidence."""

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from notifications.models import note_change

# With its source, since it can be wanted before it has reported anything. A zone stands for what
# was read: as long as nothing was, the one that is given counts.
_SOURCE = "INSERT INTO notifications_source (slug) VALUES (%(source)s) ON CONFLICT DO NOTHING"
_WANT = """
    INSERT INTO notifications_pushserverreading AS known (
        source_id, zone, is_wanted, wanted_by, wanted_at, positions, rows_read, storage, problem
    )
    VALUES (%(source)s, %(zone)s, %(wanted)s, %(who)s, %(at)s, '{}', 0, 'unknown', '')
    ON CONFLICT (source_id) DO UPDATE SET
        is_wanted = excluded.is_wanted, wanted_by = excluded.wanted_by,
        wanted_at = excluded.wanted_at,
        zone = CASE
            WHEN known.begun_at IS NULL AND excluded.zone <> '' THEN excluded.zone
            ELSE known.zone
        END
    WHERE known.is_wanted IS DISTINCT FROM excluded.is_wanted
    RETURNING TRUE
"""


def want(source: str, wanted: bool, who: str, at: datetime, *, zone: str = "") -> bool:
    """Has the worker follow ``source`` (a slug), or stop following it; whether that is a change.
    ``zone`` is the one that its zone-less times are taken to be of; "" leaves it as it is."""
    given: dict[str, Any] = {
        "source": source,
        "wanted": wanted,
        "who": who,
        "at": at,
        "zone": zone,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SOURCE, given)
        cursor.execute(_WANT, given)
        is_changed = cursor.fetchone() is not None
        if is_changed:
            note_change(
                "following",
                about=source,
                before="off" if wanted else "on",
                after="on" if wanted else "off",
                who=who,
            )
        return is_changed
