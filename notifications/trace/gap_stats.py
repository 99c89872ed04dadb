"""How many gaps there are, of any length of time: from what is kept of each hour alone, so as far
behind as that is, which the answer says."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Case, DateTimeField, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import TruncDay

from notifications.models import GapHour, GapLook, GapMark
from notifications.models.patience import TooMuch, at_most
from notifications.protocol.window import DAY, HOUR, Window

from .gap_hours import hour_of

LONGEST_COUNTED = 3_660 * DAY  # a window that may be asked for
MOST_CELLS = 50_000
LONGEST_QUERY = "20s"


class Dimension(StrEnum):
    RULE = "rule"
    REASON = "reason"
    COUNTS_AS = "counts_as"
    APP = "app_id"
    SOURCE = "source"


class Interval(StrEnum):
    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Gaps first owed in ``window`` (widened to whole hours, or days when that is the
    ``interval``), counted in buckets of that ``interval``, or in one, ``by`` these dimensions.
    ``where`` has the values wanted of a dimension; without any, all are."""

    window: Window
    interval: Interval | None = None
    by: Sequence[Dimension] = ()
    where: Mapping[Dimension, Collection[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Number:
    """So many gaps, and so many of these that nobody acknowledged."""

    count: int
    open: int


@dataclass(frozen=True, slots=True)
class Cell:
    """From ``at`` on, of the ``values`` of the dimensions, None where it was not told."""

    at: datetime
    values: tuple[str | None, ...]
    number: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class GapStats:
    """``window`` as it was widened. ``looked_at`` is when a worker last saw to it, None when none
    ever did; ``waiting_hours`` of the window are to be looked at anew, as something of them was
    recorded since; ``unjudged_hours`` have too much to judge, or operations that have."""

    window: Window
    cells: tuple[Cell, ...]
    looked_at: datetime | None
    waiting_hours: int
    unjudged_hours: int

    @property
    def total(self) -> Number:
        numbers = [each.number for each in self.cells]
        return Number(sum(each.count for each in numbers), sum(each.open for each in numbers))


def count_gaps(question: Question) -> GapStats:
    """Three queries. Raises ``TooMuch``."""
    window = _whole(question.window, DAY if question.interval is Interval.DAY else HOUR)
    with at_most(LONGEST_QUERY):
        rows = list(_rows(question, window)[: MOST_CELLS + 1])
        looks = GapLook.objects.filter(hour__gte=window.since, hour__lt=window.until)
        hours = looks.aggregate(
            waiting=_number_of(Q(touched_at__isnull=False)),
            unjudged=_number_of(Q(too_much=True) | Q(unjudged__gt=0)),
        )
    if len(rows) > MOST_CELLS:
        raise TooMuch(f"{MOST_CELLS:,} counts")
    names = [str(each) for each in question.by]
    return GapStats(
        window=window,
        cells=tuple(
            Cell(
                at=row["bucket"],
                values=tuple(row[name] for name in names),
                number=Number(row["gaps"], row["still"]),
            )
            for row in rows
            if row["gaps"]
        ),
        looked_at=GapMark.objects.values_list("worked_at", flat=True).first(),
        waiting_hours=hours["waiting"],
        unjudged_hours=hours["unjudged"],
    )


def _number_of(condition: Q) -> Sum:
    return Sum(Case(When(condition, then=1), default=0), default=0)


def _rows(question: Question, window: Window) -> "QuerySet[Any, Any]":
    found: Any = GapHour.objects.filter(hour__gte=window.since, hour__lt=window.until)
    for dimension, values in question.where.items():
        if values:
            found = found.filter(**{f"{dimension}__in": list(values)})
    buckets = {Interval.DAY: TruncDay("hour", tzinfo=UTC), Interval.HOUR: F("hour")}
    whole = Value(window.since, output_field=DateTimeField())
    bucket: Any = whole if question.interval is None else buckets[question.interval]
    by = ["bucket", *(str(each) for each in question.by)]
    counted = found.annotate(bucket=bucket).values(*by)
    rows: QuerySet[Any, Any] = counted.annotate(gaps=Sum("count"), still=Sum("open")).order_by(*by)
    return rows


def _whole(window: Window, unit: timedelta) -> Window:
    """Widened to whole hours or days (UTC)."""
    since, until = (each.astimezone(UTC) for each in (window.since, window.until))
    first, last = _floor(since, unit), _floor(until, unit)
    return Window(first, last if last == until else last + unit)


def _floor(moment: datetime, unit: timedelta) -> datetime:
    hour = hour_of(moment)
    return hour.replace(hour=0) if unit == DAY else hour
