"""When sources were demonstrably recorded, read from the intervals that contacts made.

A contact is noted by the clock of the database, so what was known at a moment is what intervals
tell up to then.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from notifications.models.patience import TooMuch
from notifications.models.statements import Answer, asked, nothing
from notifications.protocol.coverage import (
    Covered,
    CoveredWindow,
    Interval,
    in_window,
    kinds_in,
)
from notifications.protocol.window import Window

MOST_SHOWN = 10_000  # intervals of one source

# Intervals of a source are apart, so that those which reach into a window end in it, but for one.
# Without the first ever, a hole could not be told from the time before anything was measured; the
# ones beside the window have the contacts before and after it.
_INTERVALS = """
    SELECT source.slug, covered.began_at, LEAST(covered.ended_at, %(as_of)s), covered.kinds
    FROM unnest(%(sources)s::text[]) AS source (slug)
    CROSS JOIN LATERAL (
        (
            SELECT began_at, ended_at, kinds FROM notifications_coverage
            WHERE source_id = source.slug ORDER BY ended_at LIMIT 1
        ) UNION (
            SELECT began_at, ended_at, kinds FROM notifications_coverage
            WHERE source_id = source.slug AND ended_at < %(since)s ORDER BY ended_at DESC LIMIT 1
        ) UNION (
            SELECT began_at, ended_at, kinds FROM notifications_coverage
            WHERE source_id = source.slug AND ended_at >= %(since)s AND ended_at <= %(until)s
        ) UNION (
            SELECT began_at, ended_at, kinds FROM notifications_coverage
            WHERE source_id = source.slug AND ended_at > %(until)s ORDER BY ended_at LIMIT 1
        )
    ) AS covered
    WHERE %(as_of)s::timestamptz IS NULL OR covered.began_at <= %(as_of)s
    ORDER BY source.slug, covered.began_at
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """The intervals of a source that bear on a window, and the kinds of contact that made each."""

    intervals: tuple[Interval, ...] = ()
    kinds: tuple[tuple[str, ...], ...] = ()

    @property
    def covered(self) -> Covered:
        return Covered(self.intervals)

    def kinds_in(self, window: Window) -> tuple[str, ...]:
        return kinds_in(window, zip(self.intervals, self.kinds, strict=True))


def show_coverage(source: str, window: Window, *, now: datetime) -> CoveredWindow:
    """Raises ``TooMuch``."""
    covered = coverage_of([source], window.since, window.until)[source]
    if len(covered.intervals) > MOST_SHOWN:
        raise TooMuch(f"{MOST_SHOWN:,} intervals of coverage")
    return in_window(covered, window, now=now, silence=settings.COVERAGE_SILENCE)


def coverage_of(
    sources: Collection[str], since: datetime, until: datetime, *, as_of: datetime | None = None
) -> dict[str, Covered]:
    """Of each of ``sources`` what is covered between the two, as it was known ``as_of`` that
    moment. One that was never measured has nothing that is covered and no holes."""
    return ask_coverage(sources, since, until, as_of=as_of)()


def ask_coverage(
    sources: Collection[str], since: datetime, until: datetime, *, as_of: datetime | None = None
) -> Answer[dict[str, Covered]]:
    kept = ask_kept(sources, since, until, as_of=as_of)
    return lambda: {slug: each.covered for slug, each in kept().items()}


def ask_kept(
    sources: Collection[str], since: datetime, until: datetime, *, as_of: datetime | None = None
) -> Answer[dict[str, Kept]]:
    """The same with how it is known, in one query."""
    found: dict[str, list[tuple[Interval, tuple[str, ...]]]] = {each: [] for each in sources}
    if not found:
        return nothing({})
    given: dict[str, Any] = {
        "sources": sorted(found),
        "since": since,
        "until": until,
        "as_of": as_of,
    }
    rows = asked(_INTERVALS, given)

    def read() -> dict[str, Kept]:
        for slug, began, ended, kinds in rows():
            found[slug].append(((began, ended), tuple(kinds)))
        return {slug: Kept(*map(tuple, zip(*told, strict=True))) for slug, told in found.items()}

    return read
