"""How far a table was read whose ids come out of order, late, and with gaps for ever: each
connection of the Push Server holds a block of a sequence, and long transactions commit late.

So beside the greatest id read, those below that were not there are kept and looked for again: each
time while they are new, then seldom, then no more. Nothing here asks a database.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from notifications.protocol.identity import EPOCH

# A pool retires a connection, and with it the block of ids that it holds, after half an hour.
RECENT = timedelta(hours=2)
SELDOM = timedelta(hours=1)
FORGET = timedelta(days=7)
MOST_RANGES = 5_000
_START = -(2**63)


@dataclass(frozen=True, slots=True)
class Missing:
    """The ids from ``first`` to ``last`` were not there when they were noticed."""

    first: int
    last: int
    noticed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """``last`` is the greatest id read and ``told`` what its row told as its time, both None before
    the first. ``missing`` is in order; ``dropped`` counts ranges that were too many to keep."""

    last: int | None = None
    told: str | None = None
    missing: tuple[Missing, ...] = ()
    seldom_at: datetime | None = None
    dropped: int = 0

    @property
    def beyond(self) -> int:
        """All that is not read yet, but for what is missing, has an id above this."""
        return _START if self.last is None else self.last

    @property
    def missing_ids(self) -> int:
        return sum(each.last - each.first + 1 for each in self.missing)


@dataclass(frozen=True, slots=True)
class Found:
    """An id with when its row says that it was made; None where that is no time."""

    id: int
    at: datetime | None


def was_reset(position: Position, *, told: str | None, greatest: int | None) -> bool:
    """Whether the table is another than was read: the row at ``last`` now tells ``told`` (None: it
    is gone), and the ids end at ``greatest`` (None: there are none)."""
    if position.last is None:
        return False
    return told != position.told or greatest is None or greatest < position.last


def due(position: Position, now: datetime) -> tuple[Missing, ...]:
    """Those to look for now."""
    if is_seldom_due(position, now):
        return position.missing
    return tuple(each for each in position.missing if now - each.noticed_at < RECENT)


def is_seldom_due(position: Position, now: datetime) -> bool:
    """Whether the ones noticed long ago are."""
    return position.seldom_at is None or now - position.seldom_at >= SELDOM


def read_on(
    position: Position, rows: Sequence[Found], *, told: str | None, now: datetime
) -> Position:
    """After ``rows``, those that follow ``position`` in order; ``told`` is what the last told."""
    if not rows:
        return position
    gaps = _gaps(position, rows, now)
    return _bounded(
        replace(position, last=rows[-1].id, told=told, missing=(*position.missing, *gaps))
    )


def looked_for(
    position: Position, found: Iterable[int], *, now: datetime, is_all: bool = True
) -> Position:
    """After those that are due were looked for, to their end or not, and ``found`` were there."""
    ids = sorted(found)
    kept = [
        piece
        for each in position.missing
        if now - each.noticed_at < FORGET
        for piece in _without(each, ids)
    ]
    seldom_at = now if is_all and is_seldom_due(position, now) else position.seldom_at
    return _bounded(replace(position, missing=tuple(kept), seldom_at=seldom_at))


def _gaps(position: Position, rows: Sequence[Found], now: datetime) -> Iterator[Missing]:
    """Between the rows. A gap whose neighbours are old was there for long, and stays."""
    before = Found(0 if position.last is None else position.last, None)
    for row in rows:
        latest = max((each.at for each in (before, row) if each.at is not None), default=now)
        if row.id - before.id > 1 and now - latest < FORGET:
            yield Missing(before.id + 1, row.id - 1, now)
        before = row


def _without(missing: Missing, ids: Sequence[int]) -> Iterator[Missing]:
    first = missing.first
    for found in ids[bisect_left(ids, first) : bisect_left(ids, missing.last + 1)]:
        if found > first:
            yield replace(missing, first=first, last=found - 1)
        first = found + 1
    if first <= missing.last:
        yield replace(missing, first=first)


def _bounded(position: Position) -> Position:
    """Without the ones noticed first, where they are too many."""
    more = len(position.missing) - MOST_RANGES
    if more <= 0:
        return position
    by_age = sorted(position.missing, key=lambda each: (each.noticed_at, each.first))
    kept = sorted(by_age[more:], key=lambda each: each.first)
    return replace(position, missing=tuple(kept), dropped=position.dropped + more)


def as_json(position: Position) -> dict[str, Any]:
    seldom = position.seldom_at
    return {
        "last": position.last,
        "told": position.told,
        "missing": [
            [each.first, each.last, _seconds(each.noticed_at)] for each in position.missing
        ],
        "seldom_at": None if seldom is None else _seconds(seldom),
        "dropped": position.dropped,
    }


def from_json(kept: Mapping[str, Any] | None) -> Position:
    if kept is None:
        return Position()
    seldom = kept["seldom_at"]
    return Position(
        last=kept["last"],
        told=kept["told"],
        missing=tuple(Missing(first, last, _moment(at)) for first, last, at in kept["missing"]),
        seldom_at=None if seldom is None else _moment(seldom),
        dropped=kept["dropped"],
    )


def _seconds(moment: datetime) -> int:
    """Whole seconds since 1970, which keep many ranges short."""
    return (moment - EPOCH) // timedelta(seconds=1)


def _moment(seconds: int) -> datetime:
    return EPOCH + timedelta(seconds=seconds)
