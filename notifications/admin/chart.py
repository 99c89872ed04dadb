"""The chart of a trace as places on a drawing: stacked bars by time and type, what is owed and not
there hollow. Templates draw them; nothing here is HTML."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import dateformat
from django.utils.translation import gettext as _

from notifications.protocol.identity import EPOCH
from notifications.trace.figures import OTHER, Bucket, Series

from .times import here
from .words import Badge, of_type

WIDTH, HEIGHT = 960, 190
LEFT, RIGHT, TOP, BOTTOM = 38, 952, 14, 164
THINNEST = 4  # of what there is at all
MOST_LABELS = 8
_STRIDES: Mapping[timedelta, tuple[int, ...]] = {
    timedelta(minutes=5): (1, 3, 6),
    timedelta(hours=1): (1, 3, 6, 12),
    timedelta(hours=6): (4, 8),
    timedelta(days=1): (1, 2, 5, 10, 30, 60),
}


@dataclass(frozen=True, slots=True)
class Bar:
    y: float
    height: float
    look: str
    owed: bool


@dataclass(frozen=True, slots=True)
class Column:
    """One bucket that has something, and its numbers in words."""

    x: float
    width: float
    bars: tuple[Bar, ...]
    told: str


@dataclass(frozen=True, slots=True)
class Label:
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    columns: tuple[Column, ...]
    times: tuple[Label, ...]
    heights: tuple[Label, ...]
    legend: tuple[Badge, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]  # the same as a table


def chart_of(series: Series) -> Chart:
    top = round_above(series.highest)
    step = (RIGHT - LEFT) / len(series.buckets)
    filled = [(n, each) for n, each in enumerate(series.buckets) if each.total]
    return Chart(
        columns=tuple(
            _column(LEFT + n * step, step, each, top, series.width) for n, each in filled
        ),
        times=tuple(_times(series, step)),
        heights=tuple(
            Label(BOTTOM - (BOTTOM - TOP) * part / top, str(part))
            for part in sorted({0, top // 2, top} if top % 2 == 0 else {0, top})
        ),
        legend=tuple(badge_of(name) for name in series.types),
        rows=tuple(
            (_from_to(each.at, series.width), tuple(_cell(each, name) for name in series.types))
            for _place, each in filled
        ),
    )


def _column(x: float, step: float, bucket: Bucket, top: int, width: timedelta) -> Column:
    bars, y = [], float(BOTTOM)
    for owed, counted in ((False, bucket.sent), (True, bucket.owed)):
        for name, number in counted.items():
            height = max(THINNEST, (BOTTOM - TOP) * number / top)
            y -= height
            bars.append(Bar(round(y, 2), round(height, 2), badge_of(name).look, owed))
    thick = min(step * 0.72, 26)
    told = [f"{number} {badge_of(name).text}" for name, number in bucket.sent.items()]
    told += [
        _("%(what)s not there") % {"what": f"{number} {badge_of(name).text}"}
        for name, number in bucket.owed.items()
    ]
    return Column(
        x=round(x + (step - thick) / 2, 2),
        width=round(thick, 2),
        bars=tuple(bars),
        told=f"{_from_to(bucket.at, width)}: {', '.join(told)}",
    )


def _times(series: Series, step: float) -> Iterator[Label]:
    strides = _STRIDES[series.width]
    stride = next((n for n in strides if len(series.buckets) / n <= MOST_LABELS), strides[-1])
    for number, bucket in enumerate(series.buckets):
        place = (bucket.at - EPOCH) // series.width
        x = LEFT + number * step
        if place % stride == 0 and x < RIGHT - 30:
            yield Label(round(x, 2), _time(bucket.at, series.width))


def _time(start: datetime, width: timedelta) -> str:
    at = here(start)
    by_day = width >= timedelta(hours=6) or (at.hour, at.minute) == (0, 0)
    return dateformat.format(at, "j M") if by_day else f"{at:%H:%M}"


def _from_to(at: datetime, width: timedelta) -> str:
    start, end = here(at), here(at + width)
    day = start.date().isoformat()
    if width >= timedelta(days=1) and (start.hour, start.minute) == (0, 0):
        return day
    return _("%(day)s %(start)s to %(end)s") % {
        "day": day,
        "start": f"{start:%H:%M}",
        "end": f"{end:%H:%M}",
    }


def _cell(bucket: Bucket, name: str) -> str:
    sent, owed = bucket.sent.get(name, 0), bucket.owed.get(name, 0)
    if not owed:
        return str(sent)
    return _("%(sent)s and %(owed)s not there") % {"sent": sent, "owed": owed}


def badge_of(name: str) -> Badge:
    return Badge(_("other or no type"), "odd", "?", "") if name == OTHER else of_type(name)


def round_above(highest: int) -> int:
    """The top of the scale: 1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 30, …"""
    tenth = 1
    while True:
        for digits in (10, 12, 16, 20, 30, 40, 60, 80):
            if digits * tenth % 10 == 0 and digits * tenth // 10 >= highest:
                return digits * tenth // 10
        tenth *= 10
