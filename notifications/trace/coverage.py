"""When sources were demonstrably recorded, read from the intervals that contacts made.

A contact is noted by the clock of the database, so what was known at a moment is what intervals
tell up to then.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from notifications.models.patience import TooMuch
from notifications.protocol.coverage import Covered, Interval
from notifications.protocol.window import Window

MOST_SHOWN = 10_000  # intervals of one source

# Intervals of a source are apart, so that those which reach into a window end in it, but for one.
# Without the first ever, a hole could not be told from the time before anything was measured.
_INTERVALS = """
    SELECT source.slug, covered.began_at, LEAST(covered.ended_at, %(as_of)s)
    FROM unnest(%(sources)s::text[]) AS source (slug)
    CROSS JOIN LATERAL (
        (
            SELECT began_at, ended_at FROM notifications_coverage
            WHERE source_id = source.slug ORDER BY ended_at LIMIT 1
        ) UNION (
            SELECT began_at, ended_at FROM notifications_coverage
            WHERE source_id = source.slug AND ended_at >= %(since)s AND ended_at <= %(until)s
        ) UNION (
            SELECT began_at, ended_at FROM notifications_coverage
            WHERE source_id = source.slug AND ended_at > %(until)s ORDER BY ended_at LIMIT 1
        )
    ) AS covered
    WHERE %(as_of)s::timestamptz IS NULL OR covered.began_at <= %(as_of)s
    ORDER BY source.slug, covered.began_at
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageShown:
    """What of ``window``, up to ``now``, a source was covered in: ``holes`` as far as it is decided
    (``settled``), and ``intervals`` within the window."""

    source: str
    window: Window
    covered: Covered
    settled: datetime
    intervals: tuple[Interval, ...]
    holes: tuple[Interval, ...]

    @property
    def share(self) -> float | None:
        """Of the time that was measured and is decided, the part that is covered."""
        since = self.covered.measured_since
        measured = since and self.settled - max(self.window.since, since)
        if not measured or measured <= timedelta():
            return None
        uncovered = sum((end - start for start, end in self.holes), timedelta())
        return 1 - uncovered / measured


def show_coverage(source: str, window: Window, *, now: datetime) -> CoverageShown:
    """Raises ``TooMuch``."""
    covered = coverage_of([source], window.since, window.until)[source]
    if len(covered.intervals) > MOST_SHOWN:
        raise TooMuch(f"{MOST_SHOWN:,} intervals of coverage")
    settled = covered.settled_until(window.until, now=now, silence=settings.COVERAGE_SILENCE)
    within = (
        (max(began, window.since), min(ended, window.until))
        for began, ended in covered.intervals
        if began <= window.until and ended >= window.since
    )
    return CoverageShown(
        source=source,
        window=window,
        covered=covered,
        settled=settled,
        intervals=tuple(within),
        holes=covered.holes(window.since, settled) if settled > window.since else (),
    )


def coverage_of(
    sources: Collection[str], since: datetime, until: datetime, *, as_of: datetime | None = None
) -> dict[str, Covered]:
    """Of each of ``sources`` what is covered between the two, as it was known ``as_of`` that
    moment. One that was never measured has nothing that is covered and no holes."""
    found: dict[str, list[Interval]] = {each: [] for each in sources}
    if not found:
        return {}
    given: dict[str, Any] = {
        "sources": sorted(found),
        "since": since,
        "until": until,
        "as_of": as_of,
    }
    with connection.cursor() as cursor:
        cursor.execute(_INTERVALS, given)
        for slug, began, ended in cursor.fetchall():
            found[slug].append((began, ended))
    return {slug: Covered(tuple(intervals)) for slug, intervals in found.items()}
