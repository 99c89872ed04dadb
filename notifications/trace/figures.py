"""What a chart of a trace shows: its entries counted by time and type. Pure: no database."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifications.protocol.extras import MessageType
from notifications.protocol.identity import EPOCH
from notifications.protocol.window import Window

from .entries import Entry

OTHER = "other"  # any type that the specification does not have, and none
TYPES: tuple[str, ...] = (*MessageType, OTHER)
_WIDTHS = (
    (timedelta(hours=2), timedelta(minutes=5)),
    (timedelta(days=2), timedelta(hours=1)),
    (timedelta(days=14), timedelta(hours=6)),
)
_WIDEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Bucket:
    """From ``at`` on, as long as its series' ``width``: how many were ``sent`` of each type, and
    how many that are owed are not there, in the order of ``TYPES``."""

    at: datetime
    sent: Mapping[str, int]
    owed: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.sent.values()) + sum(self.owed.values())


@dataclass(frozen=True, slots=True)
class Series:
    """All of a window. ``types`` are those that it has, in the order of ``TYPES``."""

    width: timedelta
    types: tuple[str, ...]
    buckets: tuple[Bucket, ...]

    @property
    def highest(self) -> int:
        return max((each.total for each in self.buckets), default=0)


def series_of(entries: Iterable[Entry], window: Window) -> Series:
    """Of ``entries`` within ``window``, in buckets that begin at whole multiples of their width."""
    width = width_for(window)
    first = (window.since - EPOCH) // width
    sent: dict[int, Counter[str]] = {}
    owed: dict[int, Counter[str]] = {}
    for entry in entries:
        found = sent if entry.is_sent else owed
        place = (entry.at - EPOCH) // width
        found.setdefault(place, Counter())[type_of(entry)] += 1
    seen = {name for counters in (sent, owed) for each in counters.values() for name in each}
    end = -((EPOCH - window.until) // width)
    return Series(
        width=width,
        types=tuple(name for name in TYPES if name in seen),
        buckets=tuple(
            Bucket(
                EPOCH + place * width,
                _in_order(sent.get(place, {})),
                _in_order(owed.get(place, {})),
            )
            for place in range(first, end)
        ),
    )


def _in_order(counted: Mapping[str, int]) -> Mapping[str, int]:
    return {name: counted[name] for name in TYPES if name in counted}


def width_for(window: Window) -> timedelta:
    length = window.until - window.since
    return next((width for longest, width in _WIDTHS if length <= longest), _WIDEST)


def type_of(entry: Entry) -> str:
    return entry.message_type if entry.message_type in TYPES[:-1] else OTHER
