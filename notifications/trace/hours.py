"""Notifications of a day by hour, from the tallies alone: as quick at any size of the record, and
as far behind as the counting is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo

from django.db.models import Case, CharField, F, Q, QuerySet, Sum, Value, When

from notifications.models import HourlyTally
from notifications.protocol.extras import MessageType
from notifications.protocol.window import HOUR, Window

from .figures import OTHER, TYPES

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """The hour from ``at`` on (UTC): how many were emitted of each type, in the order of ``TYPES``,
    how many of all had findings, and of how many ``before`` is, a week earlier at the same time of
    day; None where the clocks had no such hour."""

    at: datetime
    sent: Mapping[str, int] = field(default_factory=dict)
    nonconforming: int = 0
    before: int | None = None

    @property
    def total(self) -> int:
        return sum(self.sent.values())


def day_of(now: datetime, zone: tzinfo) -> Window:
    """The day in ``zone`` that ``now`` is in, in whole hours of UTC: where the zone is off by half
    an hour it begins that much earlier."""
    today = now.astimezone(zone).date()
    bounds = (
        datetime.combine(day, time(), zone).astimezone(UTC) for day in (today, today + WEEK / 7)
    )
    since, until = map(_hour, bounds)
    return Window(since, until)


def week_before(at: datetime, zone: tzinfo) -> datetime | None:
    """The hour of the same time of day a week before the hour ``at``, wherever the clocks changed;
    None where they had none."""
    local = at.astimezone(zone)
    naive = local.replace(tzinfo=None) - WEEK
    earlier = naive.replace(tzinfo=zone, fold=local.fold).astimezone(UTC)
    if earlier.astimezone(zone).replace(tzinfo=None, fold=0) != naive.replace(fold=0):
        return None
    return _hour(earlier)


def hours_of(day: Window, zone: tzinfo) -> list[Hour]:
    """Each hour of ``day``, as far as it is counted."""
    found = _counted(day)
    hours = [day.since + n * HOUR for n in range((day.until - day.since) // HOUR)]
    earlier = {at: week_before(at, zone) for at in hours}
    known = [each for each in earlier.values() if each is not None]
    totals = _totals(Window(min(known), max(known) + HOUR)) if known else {}
    return [
        Hour(
            at=at,
            sent={name: each[0] for name in TYPES if (each := found.get((at, name)))},
            nonconforming=sum(found.get((at, name), (0, 0))[1] for name in TYPES),
            before=None if (before := earlier[at]) is None else totals.get(before, 0),
        )
        for at in hours
    ]


def _counted(window: Window) -> dict[tuple[datetime, str], tuple[int, int]]:
    """How many of each hour and type there are, and how many of these have findings."""
    known = When(message_type__in=list(MessageType), then=F("message_type"))
    named = Case(known, default=Value(OTHER), output_field=CharField())
    rows = (
        _within(window)
        .annotate(name=named)
        .values_list("starts_at", "name")
        .annotate(all=Sum("count"), found=Sum("count", filter=~Q(codes=[]), default=0))
    )
    return {(at, name): (count, odd) for at, name, count, odd in rows}


def _totals(window: Window) -> dict[datetime, int]:
    rows = _within(window).values_list("starts_at").annotate(all=Sum("count"))
    return dict(rows)


def _within(window: Window) -> QuerySet[HourlyTally]:
    found = HourlyTally.objects.filter(starts_at__gte=window.since, starts_at__lt=window.until)
    return found.order_by()


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
