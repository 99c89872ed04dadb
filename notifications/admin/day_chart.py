"""A day by hour as places on a drawing: bars by type, and behind them the outline of the same day a
week earlier. Templates draw them; nothing here is HTML."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import groupby

from django.utils.translation import gettext as _

from notifications.protocol.window import HOUR
from notifications.trace.figures import TYPES
from notifications.trace.hours import Hour

from .chart import BOTTOM, LEFT, RIGHT, TOP, Bar, Label, badge_of, round_above
from .words import Badge

STRIDE = 3  # hours between the labels of the axis
BROADEST = 26
THINNEST = 2  # of what there is at all; more would tower over the same numbers a week ago


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One hour that has begun: ``x`` and ``width`` of its bars, ``left`` of all its ``room``, its
    numbers in words, and the address of its notifications."""

    x: float
    width: float
    left: float
    room: float
    bars: tuple[Bar, ...]
    told: str
    address: str
    is_unfinished: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The same hour in the table. One to come has no ``cells``, ``total`` or ``address``, but what
    was a week ``before``; that is None where the clocks had no such hour."""

    time: str
    address: str
    cells: tuple[int | None, ...]
    total: int | None
    before: int | None
    is_unfinished: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DayChart:
    """``area`` and ``line`` are the paths of the week before."""

    columns: tuple[Column, ...]
    times: tuple[Label, ...]
    heights: tuple[Label, ...]
    legend: tuple[Badge, ...]
    area: str
    line: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """The day that is drawn, as it is ``now``, its clock, and the scale."""

    hours: Sequence[Hour]
    now: datetime
    zone: tzinfo
    top: int
    address: Callable[[Hour], str]

    @property
    def step(self) -> float:
        return (RIGHT - LEFT) / len(self.hours)

    @property
    def types(self) -> list[str]:
        return [name for name in TYPES if any(name in each.sent for each in self.hours)]

    def has_begun(self, hour: Hour) -> bool:
        """Clocks may be ahead: what is told of an hour to come is shown."""
        return hour.at <= self.now or bool(hour.total)

    def is_unfinished(self, hour: Hour) -> bool:
        return hour.at <= self.now < hour.at + HOUR

    def left(self, place: int) -> float:
        return LEFT + place * self.step

    def height(self, number: int) -> float:
        return (BOTTOM - TOP) * number / self.top

    def time(self, moment: datetime) -> str:
        return f"{moment.astimezone(self.zone):%H:%M}"


def chart_of_day(
    hours: Sequence[Hour], *, now: datetime, zone: tzinfo, address: Callable[[Hour], str]
) -> DayChart:
    """``address`` leads to the notifications of an hour."""
    top = round_above(max(max(each.total, each.before or 0) for each in hours))
    drawing = Drawing(hours, now, zone, top, address)
    return DayChart(
        columns=tuple(_columns(drawing)),
        times=tuple(
            Label(round(drawing.left(place), 2), drawing.time(each.at))
            for place, each in enumerate(hours)
            if each.at.astimezone(zone).hour % STRIDE == 0
        ),
        heights=tuple(
            Label(round(BOTTOM - drawing.height(part), 2), f"{part:,}")
            for part in sorted({0, top // 2, top} if top % 2 == 0 else {0, top})
        ),
        legend=tuple(badge_of(name) for name in drawing.types),
        area=" ".join(_paths(drawing, closed=True)),
        line=" ".join(_paths(drawing, closed=False)),
        rows=tuple(_row(drawing, each) for each in hours),
    )


def _columns(drawing: Drawing) -> Iterator[Column]:
    thick = min(drawing.step * 0.72, BROADEST)
    for place, hour in enumerate(drawing.hours):
        if drawing.has_begun(hour):
            left = drawing.left(place)
            yield Column(
                x=round(left + (drawing.step - thick) / 2, 2),
                width=round(thick, 2),
                left=round(left, 2),
                room=round(drawing.step, 2),
                bars=tuple(_bars(drawing, hour)),
                told=_told(drawing, hour),
                address=drawing.address(hour),
                is_unfinished=drawing.is_unfinished(hour),
            )


def _bars(drawing: Drawing, hour: Hour) -> Iterator[Bar]:
    y = float(BOTTOM)
    for name, number in hour.sent.items():
        height = max(THINNEST, drawing.height(number))
        y -= height
        yield Bar(round(y, 2), round(height, 2), badge_of(name).look, owed=False)


def _told(drawing: Drawing, hour: Hour) -> str:
    sent = [f"{number:,} {badge_of(name).text}" for name, number in hour.sent.items()]
    before = [] if hour.before is None else [_("a week ago %(number)s") % _number(hour.before)]
    told = "; ".join([", ".join(sent) or _("nothing"), *before])
    times = {"from": drawing.time(hour.at), "to": drawing.time(hour.at + HOUR)}
    return f"{_('%(from)s to %(to)s') % times}: {told}"


def _number(number: int) -> dict[str, str]:
    return {"number": f"{number:,}"}


def _paths(drawing: Drawing, *, closed: bool) -> Iterator[str]:
    """Steps from hour to hour, ``closed`` down to the base; an hour that was not is left open."""
    places = enumerate(drawing.hours)
    for was, run in groupby(places, key=lambda each: each[1].before is not None):
        if was:
            steps = [
                (drawing.left(place), BOTTOM - drawing.height(hour.before or 0))
                for place, hour in run
            ]
            start = f"M{steps[0][0]:.2f} {BOTTOM if closed else steps[0][1]:.2f}"
            path = "".join(f"V{y:.2f}H{x + drawing.step:.2f}" for x, y in steps)
            yield f"{start}{path}V{BOTTOM}Z" if closed else f"{start}{path}"


def _row(drawing: Drawing, hour: Hour) -> Row:
    begun = drawing.has_begun(hour)
    return Row(
        time=drawing.time(hour.at),
        address=drawing.address(hour) if begun else "",
        cells=tuple(hour.sent.get(name, 0) if begun else None for name in drawing.types),
        total=hour.total if begun else None,
        before=hour.before,
        is_unfinished=drawing.is_unfinished(hour),
    )
