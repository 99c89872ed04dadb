"""Times without a zone, as a node of the Push Server writes them in the zone of its Java."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

AHEAD = timedelta(minutes=5)  # by which a node's clock may be, and its rows still be of now


def moments_of(told: str | None, zone: tzinfo) -> tuple[datetime, ...]:
    """What ``told`` may mean, in order of time: two where clocks repeat the hour, none for what is
    no time of the calendar."""
    if told is None:
        return ()
    try:
        at = datetime.fromisoformat(told)
        if at.tzinfo is not None:  # with its zone, where a version has such a column
            return (at.astimezone(UTC),)
        steady = _steady(at.replace(minute=0, second=0, microsecond=0), zone)
        if steady is not None:
            return ((at - steady).replace(tzinfo=UTC),)
        first = at.replace(tzinfo=zone)
        second = first.replace(fold=1)
        if second.utcoffset() == first.utcoffset():
            return (first.astimezone(UTC),)
        moments = first.astimezone(UTC), second.astimezone(UTC)
    except (ValueError, OverflowError):
        return ()
    return moments if moments[1] > moments[0] else moments[:1]  # an hour that spring leaves out


def chosen(moments: Sequence[datetime], *, now: datetime, is_live: bool) -> datetime:
    """A row that was not there a moment ago is of just before; of all others nothing is known, and
    the first is taken."""
    if not is_live:
        return moments[0]
    return max((each for each in moments if each <= now + AHEAD), default=moments[0])


@lru_cache(maxsize=256)  # a batch is of few hours
def _steady(hour: datetime, zone: tzinfo) -> timedelta | None:
    """What clocks are ahead for all of this hour, unless they are changed in it."""
    ends = hour, hour + timedelta(minutes=59, seconds=59, microseconds=999_999)
    found = {each.replace(tzinfo=zone, fold=fold).utcoffset() for each in ends for fold in (0, 1)}
    return found.pop() if len(found) == 1 else None
