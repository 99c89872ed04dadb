"""Who was listening in the window of an answer: a strip for each source that could have told
something, and a table of the same numbers; nothing here is HTML."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications.models import ContactKind
from notifications.protocol.coverage import SourceCoverage, Tells
from notifications.protocol.message import later
from notifications.protocol.window import EARLIEST, LATEST, Window

from .addresses import page_address
from .asking import bounds
from .chart import Label
from .coverage import Part, Scale, parts_of, percent
from .times import age
from .trails import May
from .unseen import visible

RIGHT = "notifications.view_source"
LONGEST = timedelta(days=31)  # that the page of a source shows
LEFT = 196
HEAD, LANE, FOOT = 4, 34, 24
MOST_LANES = 12  # strips
MOST_ROWS = 50
MOST_HOLES = 3  # in a line of the table
LONGEST_NAME = 26

TELLS: Mapping[Tells, Promise] = {
    Tells.NOTIFICATIONS: gettext_lazy("messages"),
    Tells.COPIES: gettext_lazy("copies for devices"),
    Tells.REGISTRATIONS: gettext_lazy("devices"),
    Tells.OPERATIONS: gettext_lazy("operations"),
    Tells.INBOX: gettext_lazy("inbox messages"),
}


@dataclass(frozen=True, slots=True)
class Lane:
    """``name`` is as much of the source's as there is room for, ``whole`` all of it."""

    name: str
    whole: str
    y: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Of the table. ``address`` is the source's page with this window, "" where it may not be seen;
    ``share`` is "" where nothing was measured."""

    told: SourceCoverage
    address: str
    tells: str
    kinds: str
    share: str
    uncovered: str
    holes: tuple[tuple[datetime, datetime], ...]

    @property
    def reported_before(self) -> bool:
        first = self.told.first_report
        return first is not None and first < self.told.shown.window.since

    @property
    def more_holes(self) -> int:
        return len(self.told.shown.holes) - len(self.holes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """``more`` are sources for which there is no line."""

    height: int
    foot: int
    lanes: tuple[Lane, ...]
    times: tuple[Label, ...]
    lines: tuple[Line, ...]
    more: int

    @property
    def looks(self) -> frozenset[str]:
        """What has to be explained beside the drawing."""
        return frozenset(part.look for lane in self.lanes for part in lane.parts)


def listening_of(coverage: Sequence[SourceCoverage], may: May) -> Listening | None:
    """None where no source could have told anything."""
    if not coverage:
        return None
    scale = Scale.over(coverage[0].shown.window, LEFT)
    lanes = tuple(_lanes(coverage[:MOST_LANES], scale))
    foot = HEAD + LANE * len(lanes)
    return Listening(
        height=foot + FOOT,
        foot=foot,
        lanes=lanes,
        times=tuple(scale.ticks()),
        lines=tuple(_line(each, is_linked=may(RIGHT)) for each in coverage[:MOST_ROWS]),
        more=max(0, len(coverage) - MOST_ROWS),
    )


def _lanes(coverage: Sequence[SourceCoverage], scale: Scale) -> Iterator[Lane]:
    for number, each in enumerate(coverage):
        whole = visible(each.source)
        is_long = len(whole) > LONGEST_NAME
        name = f"{whole[: LONGEST_NAME - 1]}…" if is_long else whole
        yield Lane(name, whole, HEAD + LANE * number, parts_of(each.shown, scale))


def _line(told: SourceCoverage, *, is_linked: bool) -> Line:
    shown = told.shown
    return Line(
        told=told,
        address=_address(told) if is_linked else "",
        tells=", ".join(str(TELLS[each]) for each in told.tells),
        kinds=_kinds(told),
        share=percent(shown.share),
        uncovered=age(shown.uncovered) if shown.holes else "",
        holes=told.longest_holes(MOST_HOLES),
    )


def _kinds(told: SourceCoverage) -> str:
    if not told.shown.is_measured:
        return _("not measured")
    return ", ".join(str(ContactKind(each).label) for each in told.kinds) or _("no contact then")


def _address(told: SourceCoverage) -> str:
    """With as much of the window as that page shows, its end."""
    window = told.shown.window
    until = min(max(window.until, EARLIEST + LONGEST), LATEST)
    since = min(max(window.since, later(until, -LONGEST)), until - timedelta(seconds=1))
    return f"{page_address('source', told.source)}?{urlencode(bounds(Window(since, until)))}"
