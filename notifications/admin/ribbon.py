"""The state of a device over time as places on a drawing: a lane for each thing that is known of
it, and in each as many bars as there were states. Templates draw them; nothing here is HTML.

A bar is the higher the more of the bank's messages the state lets through. What is known is solid,
what is assumed hatched, what is unknown an empty frame.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from django.utils import dateformat
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications.protocol.state import Span, Standing, Told
from notifications.protocol.window import Window

from .chart import Label
from .times import here, second
from .unseen import visible
from .words import Badge, of_flag, of_standing, of_status

WIDTH, LEFT, RIGHT = 960, 148, 952
HEAD, FOOT, COMPACT_FOOT = 6, 22, 18
LANE, BAR = 42, 20  # the height of a lane, and in it of the highest bar
COMPACT_LANE, COMPACT_BAR = 20, 12
NARROWEST = 3.0  # of a bar; shorter states beside each other are one bar that says how many
GLYPH = 6.6  # the width of a letter
MOST_ROWS = 200  # of the table
TICKS = 4

LANES: Mapping[str, Promise] = {
    "status": gettext_lazy("PowerAuth status"),
    "registered": gettext_lazy("Registered for push"),
    "push_active": gettext_lazy("Push-active"),
}
# How much of its lane a bar fills, by its look.
_LEVELS: Mapping[str, float] = {"good": 1, "init": 0.6, "warn": 0.45, "odd": 0.45, "quiet": 0.25}
_LOWEST = 0.25
SEVERAL = "several"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """``look`` is a style of the theme, of a state or of ``several``; ``standing`` how sure it is;
    ``label`` as much of its words as there is room for."""

    x: float
    width: float
    y: float
    height: float
    look: str
    standing: str
    label: str
    told: str

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 2)


@dataclass(frozen=True, slots=True)
class Lane:
    name: str
    y: float
    foot: float  # where its bars stand
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: from when until when, and for each lane what it was and how sure."""

    since: datetime
    until: datetime
    cells: tuple[tuple[Badge | None, Badge], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ribbon:
    """``marker`` is the place of the moment that was asked about, None where it is not drawn;
    ``left_out`` are rows for which the table has no room, the earliest ones."""

    height: int
    foot: float
    lanes: tuple[Lane, ...]
    times: tuple[Label, ...]
    marker: float | None
    titles: tuple[str, ...]
    rows: tuple[Row, ...]
    left_out: int
    told: str

    @property
    def has_several(self) -> bool:
        return any(bar.look == SEVERAL for lane in self.lanes for bar in lane.bars)


@dataclass(frozen=True, slots=True)
class _Part:
    """One lane's state from ``since`` until ``until``."""

    since: datetime
    until: datetime
    told: Told[str] | Told[bool]

    @property
    def badge(self) -> Badge | None:
        return badge_of(self.told)


def ribbon_of(
    spans: Sequence[Span], window: Window, *, marker: datetime | None = None, compact: bool = False
) -> Ribbon:
    """``spans`` lie within ``window``, in time order; where there are none the lane is empty."""
    lane, bar = (COMPACT_LANE, COMPACT_BAR) if compact else (LANE, BAR)
    scale = _Scale(window, bar)
    parts = {name: list(_parts(name, spans)) for name in LANES}
    lanes = tuple(
        Lane(str(LANES[name]), HEAD + lane * n, HEAD + lane * n + bar, scale.bars(told, n, lane))
        for n, (name, told) in enumerate(parts.items())
    )
    foot = HEAD + lane * len(lanes)
    rows = list(_rows(spans))
    return Ribbon(
        height=foot + (COMPACT_FOOT if compact else FOOT),
        foot=foot,
        lanes=lanes,
        times=tuple(scale.ticks()),
        marker=scale.x(marker) if marker is not None and marker in window else None,
        titles=tuple(str(each) for each in LANES.values()),
        rows=tuple(rows[-MOST_ROWS:]),
        left_out=max(0, len(rows) - MOST_ROWS),
        told=_last_told(parts, window),
    )


def badge_of(told: Told[str] | Told[bool]) -> Badge | None:
    """None where it is unknown."""
    if told.value is None or told.standing is Standing.UNKNOWN:
        return None
    return of_flag(told.value) if isinstance(told.value, bool) else of_status(told.value)


@dataclass(frozen=True, slots=True)
class _Scale:
    window: Window
    highest: int

    def x(self, moment: datetime) -> float:
        part = (moment - self.window.since) / (self.window.until - self.window.since)
        return round(LEFT + min(max(part, 0), 1) * (RIGHT - LEFT), 2)

    def bars(self, parts: Sequence[_Part], number: int, lane: int) -> tuple[Bar, ...]:
        """The narrowest last, so that they lie on top."""
        foot = HEAD + lane * number + self.highest
        bars = [self._bar(group, foot) for group in self._together(parts)]
        return tuple(sorted(bars, key=lambda each: -each.width))

    def _together(self, parts: Sequence[_Part]) -> Iterator[list[_Part]]:
        """Each by itself, but those that are too short to be seen with their neighbours."""
        group: list[_Part] = []
        for each in parts:
            is_short = self.x(each.until) - self.x(each.since) < NARROWEST
            if group and not (is_short and self._width(group) < NARROWEST):
                yield group
                group = []
            group.append(each)
        if group:
            yield group

    def _width(self, group: Sequence[_Part]) -> float:
        return self.x(group[-1].until) - self.x(group[0].since)

    def _bar(self, group: Sequence[_Part], foot: float) -> Bar:
        x = min(self.x(group[0].since), RIGHT - NARROWEST)
        width = round(max(NARROWEST, self._width(group)), 2)
        drawn = Bar(
            x=x, width=min(width, round(RIGHT - x, 2)), y=foot - self.highest, height=self.highest,
            look=SEVERAL, standing=Standing.KNOWN, label="", told=_told_of(group),
        )  # fmt: skip
        if len(group) > 1:
            return drawn
        badge, standing = group[0].badge, group[0].told.standing
        if badge is None:
            label = _fitting(width, _("unknown"), "?")
            return replace(drawn, look="unknown", standing=Standing.UNKNOWN, label=label)
        height = round(self.highest * _LEVELS.get(badge.look, _LOWEST), 2)
        text = visible(badge.text)
        texts = [f"{badge.sign} {text}", text, badge.sign]
        if standing is Standing.ASSUMED:
            texts.insert(0, f"{badge.sign} {text}, {of_standing(standing).text}")
        return replace(
            drawn, y=round(foot - height, 2), height=height, look=badge.look,
            standing=standing, label=_fitting(width, *texts),
        )  # fmt: skip

    def ticks(self) -> Iterator[Label]:
        """The ends whole, between them as much as tells the place."""
        since, until = self.window.since, self.window.until
        long = (until - since).total_seconds() > 20 * 3600
        yield Label(LEFT, second(since))
        for n in range(1, TICKS):
            moment = since + (until - since) * n / TICKS
            told = here(moment)
            text = dateformat.format(told, "j M H:i") if long else f"{told:%H:%M:%S}"
            yield Label(self.x(moment), text)
        yield Label(RIGHT, second(until))


def _parts(name: str, spans: Iterable[Span]) -> Iterator[_Part]:
    """Spans between which this lane does not change are one."""
    told = ((each, getattr(each.state, name)) for each in spans)
    for _key, group in groupby(told, key=lambda one: (one[1].value, one[1].standing)):
        (first, state), *more = group
        yield _Part(first.since, more[-1][0].until if more else first.until, state)


def _rows(spans: Iterable[Span]) -> Iterator[Row]:
    """Spans between which no lane changes are one."""

    def seen(span: Span) -> tuple[object, ...]:
        told = [getattr(span.state, name) for name in LANES]
        return tuple((each.value, each.standing) for each in told)

    for _key, group in groupby(spans, key=seen):
        first, *more = group
        told = [getattr(first.state, name) for name in LANES]
        cells = tuple((badge_of(each), of_standing(each.standing)) for each in told)
        yield Row(first.since, more[-1].until if more else first.until, cells)


def _told_of(group: Sequence[_Part]) -> str:
    times = {"since": second(group[0].since), "until": second(group[-1].until)}
    if len(group) > 1:
        words = _("%(number)s states from %(since)s to %(until)s")
        return words % {"number": len(group), **times}
    words = _("%(state)s from %(since)s to %(until)s")
    return words % {"state": _state(group[0].told), **times}


def _state(told: Told[str] | Told[bool]) -> str:
    badge = badge_of(told)
    standing = of_standing(told.standing).text
    return standing if badge is None else f"{visible(badge.text)}, {standing}"


def _last_told(parts: Mapping[str, Sequence[_Part]], window: Window) -> str:
    """What a reader of the screen hears of the drawing: its ends, and how each lane ends."""
    words = _("From %(since)s to %(until)s; at its end:")
    told = words % {"since": second(window.since), "until": second(window.until)}
    ends = [
        f"{LANES[name]}: {_state(each[-1].told) if each else _('nothing to draw')}"
        for name, each in parts.items()
    ]
    return f"{told} {'; '.join(ends)}."


def _fitting(width: float, *texts: str) -> str:
    """The first for which there is room."""
    return next((each for each in texts if len(each) * GLYPH <= width - 2), "")
