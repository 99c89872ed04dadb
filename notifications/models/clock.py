"""How far the clocks of sources were apart, day by day: kept ahead, not evidence."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import models
from django.db.models.functions import Now

from notifications.protocol.clocks import CARRIED, Clock
from notifications.protocol.message import later
from notifications.protocol.window import DAY, written

from .fields import CurrentTransactionId, TransactionIdField
from .querysets import Extent
from .statements import Answer, asked

LATELY = timedelta(days=31)  # without an estimate for so long, nothing is told of a clock
BEFORE = 1 + -(-CARRIED // DAY)  # days of which an estimate may hold, that day included

_LATEST = """
    SELECT DISTINCT ON (day) clocks, looked_at FROM notifications_clockday
    WHERE day = ANY(%(days)s::date[])
        AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
        AND (%(as_of)s::timestamptz IS NULL OR recorded_at <= %(as_of)s)
    ORDER BY day, id DESC
"""


class ClockDay(models.Model):
    """What was estimated of the clocks of sources on a ``day`` (UTC), with nothing where nothing
    could be.

    The worker estimates each day again and again, for reports come late. Where something else
    comes out it adds a row, so that an answer of an earlier moment has what was estimated by then;
    else the row stays, and its ``looked_at`` is moved on.
    """

    day = models.DateField()
    clocks = models.JSONField(
        default=list, help_text="List of {source, against, since, until, ahead, spread, pairs}."
    )

    # Times
    recorded_at = models.DateTimeField(db_default=Now())
    recorded_xid = TransactionIdField(db_default=CurrentTransactionId())
    looked_at = models.DateTimeField(help_text="When it was last estimated, by the worker's clock.")

    class Meta:
        default_permissions = ()  # nobody is given the rows; the pages of sources are made of them
        indexes = (
            # The estimates of a window of days, of each the latest.
            models.Index(fields=("day", "-id"), name="clock_day"),
        )

    def __str__(self) -> str:
        return f"clocks of {self.day}"


@dataclass(frozen=True, slots=True)
class ClockShown:
    """The latest that is known of a source's clock, ``as_of`` the last look at it."""

    clock: Clock
    as_of: datetime


def clocks_now(now: datetime) -> Mapping[str, ClockShown]:
    """Of each source that could be compared with others lately, in one query."""
    found: dict[str, ClockShown] = {}
    for clock, as_of in clocks_of(days_of(later(now, -LATELY), now), Extent()):
        before = found.get(clock.source)
        if clock.since <= now and (before is None or _place(before.clock) < _place(clock)):
            found[clock.source] = ClockShown(clock, as_of)
    return found


def days_of(since: datetime, until: datetime) -> list[date]:
    """Those of which an estimate may hold between the two."""
    first = later(since, -BEFORE * DAY).date()
    return [first + number * DAY for number in range((until.date() - first).days + 1)]


def clocks_of(days: Collection[date], extent: Extent) -> list[tuple[Clock, datetime]]:
    """Of each of the ``days`` the latest estimates, with when they were last looked at."""
    return ask_clocks_of(days, extent)()


def ask_clocks_of(days: Collection[date], extent: Extent) -> Answer[list[tuple[Clock, datetime]]]:
    rows = asked(_LATEST, {"days": sorted(days), **extent.parameters})
    return lambda: [
        (read_clock(each), looked_at) for clocks, looked_at in rows() for each in json.loads(clocks)
    ]


def write_clock(clock: Clock) -> dict[str, Any]:
    return {
        "source": clock.source,
        "against": clock.against,
        "since": written(clock.since),
        "until": written(clock.until),
        "ahead": clock.ahead.total_seconds(),
        "spread": clock.spread.total_seconds(),
        "pairs": clock.pairs,
    }


def read_clock(told: Mapping[str, Any]) -> Clock:
    return Clock(
        source=told["source"],
        against=told["against"],
        since=datetime.fromisoformat(told["since"]),
        until=datetime.fromisoformat(told["until"]),
        ahead=timedelta(seconds=told["ahead"]),
        spread=timedelta(seconds=told["spread"]),
        pairs=told["pairs"],
    )


def _place(clock: Clock) -> tuple[datetime, timedelta]:
    """The later ones count, and of those of one end the more exact."""
    return clock.until, -clock.length
