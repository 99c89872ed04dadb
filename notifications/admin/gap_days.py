"""How many gaps there are over months and years, as the worker keeps it, as places on a drawing and
as a table. Days are those of UTC."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from notifications.protocol.identity import EPOCH
from notifications.protocol.reasons import CountsAs
from notifications.protocol.window import DAY, Window
from notifications.trace import gap_stats
from notifications.trace.gap_stats import Dimension, GapStats, Interval, count_gaps

from .asking import Question, bounds
from .chart import BOTTOM, LEFT, MOST_LABELS, RIGHT, TOP, Label, round_above

_WIDTHS = ((120 * DAY, DAY), (800 * DAY, 7 * DAY))
_WIDEST = 30 * DAY
LEAST = 3.0  # of a bar that there is at all


@dataclass(frozen=True, slots=True)
class Bar:
    y: float
    height: float
    look: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """The gaps of some days from ``at`` on, as they count, and how many that are missing are
    ``open``; ``query`` is the page of them."""

    at: datetime
    counts: Mapping[CountsAs, int]
    open: int
    query: str
    x: float
    width: float
    bars: tuple[Bar, ...]

    @property
    def day(self) -> str:
        return self.at.date().isoformat()

    @property
    def cells(self) -> tuple[int, ...]:
        return (self.counts.get(CountsAs.MISSING, 0), self.open, *self.others)

    @property
    def others(self) -> tuple[int, ...]:
        return tuple(self.counts.get(each, 0) for each in CountsAs if each is not CountsAs.MISSING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Those of a window by stretches of ``days``; ``total`` of all in the order of the cells."""

    stats: GapStats
    days: int
    stretches: tuple[Stretch, ...]
    heights: tuple[Label, ...]
    times: tuple[Label, ...]
    total: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Scale:
    """``number`` stretches of ``width`` from the ``first`` on, and the ``top`` of the numbers."""

    width: timedelta
    first: int
    number: int
    top: int

    @property
    def step(self) -> float:
        return (RIGHT - LEFT) / self.number

    def x(self, at: datetime) -> float:
        return LEFT + ((at - EPOCH) // self.width - self.first) * self.step

    def height(self, number: int) -> float:
        return max(LEAST, (BOTTOM - TOP) * number / self.top)


def counted(question: Question) -> Counted:
    """Raises ``TooMuch``. Of what the page is narrowed to, but for whether it is acknowledged."""
    where = {each: [question.chosen[each]] for each in Dimension if each in question.chosen}
    stats = count_gaps(
        gap_stats.Question(
            window=question.window,
            interval=Interval.DAY,
            by=[Dimension.COUNTS_AS],
            where=where,
        )
    )
    width = _width(stats.window)
    counts, still = _by_stretch(stats, width)
    scale = _scale(stats.window, width, max((each.total() for each in counts.values()), default=0))
    stretches = tuple(
        _stretch(question, at, each, still[at], scale) for at, each in sorted(counts.items())
    )
    heights = ((BOTTOM - (BOTTOM - TOP) * part / scale.top, part) for part in (0, scale.top))
    return Counted(
        stats=stats,
        days=width // DAY,
        stretches=stretches,
        heights=tuple(Label(at, str(part)) for at, part in heights),
        times=tuple(_times(scale)),
        total=tuple(map(sum, zip(*(each.cells for each in stretches), strict=True))),
    )


def _width(window: Window) -> timedelta:
    length = window.until - window.since
    return next((width for longest, width in _WIDTHS if length <= longest), _WIDEST)


def _scale(window: Window, width: timedelta, highest: int) -> _Scale:
    first = (window.since - EPOCH) // width
    last = (window.until - EPOCH - timedelta(microseconds=1)) // width
    return _Scale(width, first, last - first + 1, round_above(highest))


def _by_stretch(
    stats: GapStats, width: timedelta
) -> tuple[dict[datetime, Counter[CountsAs]], Counter[datetime]]:
    counts: dict[datetime, Counter[CountsAs]] = {}
    still: Counter[datetime] = Counter()
    for cell in stats.cells:
        at = EPOCH + (cell.at - EPOCH) // width * width
        kind = CountsAs(cell.values[0] or "")
        counts.setdefault(at, Counter())[kind] += cell.number.count
        still[at] += cell.number.open if kind is CountsAs.MISSING else 0
    return counts, still


def _stretch(
    question: Question, at: datetime, counts: Counter[CountsAs], still: int, scale: _Scale
) -> Stretch:
    missing = counts[CountsAs.MISSING]
    thick = min(scale.step * 0.72, 26)
    numbers = (("bad", still), ("closed", missing - still), ("rest", counts.total() - missing))
    return Stretch(
        at=at,
        counts=counts,
        open=still,
        query="?" + urlencode({**bounds(Window(at, at + scale.width)), **question.chosen}),
        x=round(scale.x(at) + (scale.step - thick) / 2, 2),
        width=round(max(thick, 1), 2),
        bars=tuple(_bars(numbers, scale)),
    )


def _bars(numbers: Sequence[tuple[str, int]], scale: _Scale) -> Iterator[Bar]:
    y = float(BOTTOM)
    for look, number in numbers:
        if number:
            height = scale.height(number)
            y -= height
            yield Bar(round(y, 2), round(height, 2), look)


def _times(scale: _Scale) -> Iterator[Label]:
    for place in range(0, scale.number, -(-scale.number // MOST_LABELS)):
        at = EPOCH + (scale.first + place) * scale.width
        if scale.x(at) < RIGHT - 50:
            yield Label(round(scale.x(at), 2), at.date().isoformat())
