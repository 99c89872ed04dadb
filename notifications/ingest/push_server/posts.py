"""Rows of ``push_inbox`` read on: each becomes an event, committed together with how far it was."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from notifications.ingest.events import record_events

from .connection import INBOX, Database
from .inbox import inbox_reports
from .looking import look
from .reading import Kept
from .rows import posts_after, posts_within
from .times import moments_of

MOST = 1_000


def read_posts(
    database: Database,
    kept: Kept,
    *,
    source: str,
    zone: ZoneInfo,
    observed_at: datetime,
    is_live: bool,
) -> tuple[int, bool]:
    """How many of the next were new, and whether more are left. ``is_live``: all was read a moment
    ago."""
    with database.snapshot():
        looked = look(
            database,
            INBOX,
            kept.position(INBOX),
            after=posts_after,
            within=posts_within,
            most=MOST,
        )
    rows = [*looked.tail, *looked.late]
    at = {row.id: moments[0] for row in rows if (moments := moments_of(row.told, zone))}
    is_live = is_live and not looked.was_reset
    reports = inbox_reports(rows, zone=zone, observed_at=observed_at, is_live=is_live)
    with transaction.atomic():
        recorded = record_events(reports, source=source).recorded if reports else 0
        kept.move(INBOX, looked.position_after(at))
        kept.save()
    return recorded, looked.more
