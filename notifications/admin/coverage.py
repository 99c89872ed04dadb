"""Coverage in a window as a strip to draw, and its holes as rows; nothing here is HTML."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import dateformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from notifications.protocol.coverage import CoveredWindow, Interval
from notifications.protocol.window import Window

from .chart import Label
from .times import age, here, second

WIDTH, LEFT, RIGHT = 960, 12, 948
NARROWEST = 2.5  # of a hole, so that it shows
TICKS = 6
MOST_ROWS = 100


@dataclass(frozen=True, slots=True)
class Part:
    """``look`` is a style: "covered", "hole", "unmeasured", or "open" where it is not decided."""

    x: float
    width: float
    look: str
    told: str


@dataclass(frozen=True, slots=True)
class Hole:
    since: datetime
    until: datetime | None  # None: it goes on
    length: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """``holes`` are the latest of all ``number``, the last first. ``share`` is "" where nothing was
    measured."""

    parts: tuple[Part, ...]
    times: tuple[Label, ...]
    holes: tuple[Hole, ...]
    number: int
    share: str

    @property
    def more(self) -> int:
        return self.number - len(self.holes)


def strip_of(shown: CoveredWindow) -> Strip:
    scale = Scale.over(shown.window)
    goes_on = shown.settled if shown.settled >= shown.now else None
    return Strip(
        parts=parts_of(shown, scale),
        times=tuple(scale.ticks()),
        holes=tuple(_hole(each, goes_on) for each in reversed(shown.holes[-MOST_ROWS:])),
        number=len(shown.holes),
        share=percent(shown.share),
    )


def parts_of(shown: CoveredWindow, scale: "Scale") -> tuple[Part, ...]:
    """What lies ahead is not drawn; the holes are the last ones, so that they lie on top."""
    return (*_grounds(shown, scale), *_drawn_holes(shown.holes, scale))


@dataclass(frozen=True, slots=True)
class Scale:
    """From ``left`` to ``RIGHT`` there is as much time as in a window."""

    start: datetime
    end: datetime
    left: int

    @classmethod
    def over(cls, window: Window, left: int = LEFT) -> "Scale":
        return cls(window.since, window.until, left)

    def x(self, moment: datetime) -> float:
        part = (moment - self.start) / (self.end - self.start)
        return self.left + min(max(part, 0.0), 1.0) * (RIGHT - self.left)

    def part(self, interval: Interval, look: str, told: str) -> Part:
        x, end = self.x(interval[0]), self.x(interval[1])
        return Part(round(x, 2), round(end - x, 2), look, told)

    def ticks(self) -> Iterator[Label]:
        is_long = self.end - self.start > timedelta(hours=30)
        for number in range(TICKS + 1):
            told = here(self.start + (self.end - self.start) * number / TICKS)
            text = dateformat.format(told, "j M H:i") if is_long else f"{told:%H:%M}"
            yield Label(round(self.left + number * (RIGHT - self.left) / TICKS, 2), text)


def _grounds(shown: CoveredWindow, scale: Scale) -> Iterator[Part]:
    """What lies behind the holes."""
    since, until = shown.window.since, min(shown.window.until, max(shown.now, shown.window.since))
    measured = shown.covered.measured_since
    begun = until if measured is None else min(max(measured, since), until)
    settled = min(max(shown.settled, begun), until)
    grounds = (
        ((since, begun), "unmeasured", _("not measured")),
        ((begun, settled), "covered", _("covered")),
        ((settled, until), "open", _("not decided: the next contact may still cover it")),
    )
    for interval, look, words in grounds:
        if interval[0] < interval[1]:
            yield scale.part(interval, look, f"{_from_to(*interval)}: {words}")


def _drawn_holes(holes: tuple[Interval, ...], scale: Scale) -> Iterator[Part]:
    """Those that would be drawn over each other as one."""
    group: list[Interval] = []
    for each in holes:
        if (
            group
            and scale.x(each[0]) - scale.x(group[0][0]) > NARROWEST
            and (scale.x(each[0]) - scale.x(group[-1][1]) > 1)
        ):
            yield _drawn(group, scale)
            group = []
        group.append(each)
    if group:
        yield _drawn(group, scale)


def _drawn(group: list[Interval], scale: Scale) -> Part:
    whole = group[0][0], group[-1][1]
    number = len(group)
    words = ngettext("not covered", "%(number)s holes", number) % {"number": number}
    part = scale.part(whole, "hole", f"{_from_to(*whole)}: {words}")
    if part.width >= NARROWEST:
        return part
    return Part(min(part.x, RIGHT - NARROWEST), NARROWEST, part.look, part.told)


def _hole(hole: Interval, goes_on: datetime | None) -> Hole:
    since, until = hole
    return Hole(since, None if until == goes_on else until, age(until - since))


def percent(share: float | None) -> str:
    """Rounded down: 100 % is all of it."""
    return "" if share is None else f"{int(share * 1000) / 10:.1f}"


def _from_to(since: datetime, until: datetime) -> str:
    return _("%(since)s to %(until)s") % {"since": second(since), "until": second(until)}
