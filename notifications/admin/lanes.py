"""The timeline of an operation as places on a drawing: one lane a device, a marker a message."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import dateformat
from django.utils.translation import gettext as _

from notifications.protocol.message import later
from notifications.protocol.reasons import Rule
from notifications.trace.entries import Entry, EpisodeView, Kind, Timeline
from notifications.trace.sentences import told_at

from .chart import Label
from .times import here
from .words import of_gap, of_result, of_type

WIDTH, LEFT, RIGHT = 960, 168, 940
HEAD, LANE, FOOT = 30, 46, 30
MOST_LANES, MOST_BANDS, TICKS = 12, 20, 4
APART = 22  # between markers of one lane; what comes closer is moved on
NARROWEST = timedelta(seconds=10)  # of the whole drawing

UNTAKEN = "⊗"  # on what no gateway took

Placed = tuple[datetime, Entry]


@dataclass(frozen=True, slots=True)
class Marker:
    """``shape`` is a style of the theme, as a type's badge has it; ``sign`` a letter on it."""

    episode: int | None
    x: float
    shape: str
    sign: str
    owed: bool
    told: str


@dataclass(frozen=True, slots=True)
class DrawnLane:
    """``device`` is None for what names no device; all of that is ``to_somebody``: copies for
    devices that are not known."""

    device: str | None
    y: float
    markers: tuple[Marker, ...]
    to_somebody: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    x: float
    width: float
    label: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """``left_out`` are the entries for which there was no room; the list has them."""

    height: int
    lanes: tuple[DrawnLane, ...]
    bands: tuple[Band, ...]
    times: tuple[Label, ...]
    left_out: int

    @property
    def has_others(self) -> bool:
        """Types beside those of an operation's life."""
        shapes = {each.shape for lane in self.lanes for each in lane.markers}
        return not shapes <= {"init", "finished"}

    @property
    def has_untaken(self) -> bool:
        return any(each.sign == UNTAKEN for lane in self.lanes for each in lane.markers)


def drawing_of(timeline: Timeline) -> Drawing | None:
    """None where there is nothing to draw."""
    if not timeline.entries:
        return None
    placed = _placed(timeline.entries)
    scale = _Scale.over(placed)
    lanes = tuple(
        DrawnLane(
            device,
            HEAD + LANE * (n + 0.5),
            tuple(_markers(device, placed, scale)),
            all(each.is_to_somebody for each in timeline.entries if each.activation == device),
        )
        for n, device in enumerate(timeline.lanes[:MOST_LANES])
    )
    return Drawing(
        height=HEAD + LANE * len(lanes) + FOOT,
        lanes=lanes,
        bands=tuple(_bands(timeline.episodes[:MOST_BANDS], lanes)),
        times=tuple(scale.ticks()),
        left_out=len(timeline.entries) - sum(len(each.markers) for each in lanes),
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    start: datetime
    end: datetime

    @classmethod
    def over(cls, placed: Sequence[Placed]) -> "_Scale":
        start, end = placed[0][0], placed[-1][0]
        end = max(end, later(start, NARROWEST))
        return cls(min(start, later(end, -NARROWEST)), end)

    def x(self, moment: datetime) -> float:
        part = (moment - self.start) / (self.end - self.start)
        return LEFT + 30 + min(max(part, 0), 1) * (RIGHT - LEFT - 60)

    def ticks(self) -> Iterator[Label]:
        long = self.end - self.start > timedelta(hours=20)
        for n in range(TICKS + 1):
            moment = self.start + (self.end - self.start) * n / TICKS
            told = here(moment)
            text = dateformat.format(told, "j M H:i") if long else f"{told:%H:%M:%S}"
            yield Label(round(self.x(moment), 2), text)


def _placed(entries: Sequence[Entry]) -> list[Placed]:
    """In order of where they are shown: a finish that an announcement owes stands where it was due,
    not on the announcement."""
    sent = {(each.activation, each.at) for each in entries if each.kind is Kind.NOTIFICATION}
    found = []
    for each in entries:
        beside = each.rule is Rule.E1 and (each.activation, each.at) in sent
        found.append(((each.due or each.at) if beside else each.at, each))
    return sorted(found, key=lambda one: one[0])


def _markers(device: str | None, placed: Sequence[Placed], scale: _Scale) -> Iterator[Marker]:
    taken = float("-inf")
    for moment, each in placed:
        if each.activation != device:
            continue
        x = scale.x(moment)
        if each.rule is Rule.E2:
            x -= APART  # before what presumes it
        x = max(x, taken + APART)
        if x > RIGHT - 8:
            return
        taken = x
        yield Marker(
            episode=each.episode,
            x=round(x, 2),
            shape=of_type(each.message_type).look,
            sign=_sign(each),
            owed=each.kind is Kind.GAP,
            told=f"{told_at(each.at)}: {each.sentence}",
        )


def _sign(entry: Entry) -> str:
    if entry.is_failed:
        return UNTAKEN
    if entry.counts_as is not None:
        return of_gap(entry.counts_as).sign
    return of_result(entry.result).sign if entry.result is not None else ""


def _bands(episodes: Sequence[EpisodeView], lanes: Sequence[DrawnLane]) -> Iterator[Band]:
    """Around the markers of each round."""
    markers = [each for lane in lanes for each in lane.markers]
    for each in episodes:
        places = [marker.x for marker in markers if marker.episode == each.number]
        if places:
            start, end = min(places) - APART, max(places) + APART
            told = _("Round %(number)s") % {"number": each.number}
            yield Band(round(start, 2), round(max(end - start, 80), 2), told)
