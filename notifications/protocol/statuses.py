"""PowerAuth's status of an activation in the course of time, from its history and its callbacks.

A history tells the time of each change and leaves none out. A callback tells no time, and
callbacks overtake each other: what they allow is settled by the order of a life, created before
pending before active or blocked before removed, or it stays open.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice

from .events import ActivationEvent, ActivationEventKind, ActivationStatus
from .message import later
from .told import Line, Standing

# How far callbacks may overtake each other. PowerAuth sends each at once, from several threads
# and nodes, and waits seconds for an answer; a minute also covers a repeated attempt.
TOLERANCE = timedelta(seconds=60)

_RANKS: Mapping[str, int] = {
    ActivationStatus.CREATED: 0,
    ActivationStatus.PENDING_COMMIT: 1,
    ActivationStatus.ACTIVE: 2,
    ActivationStatus.BLOCKED: 2,
    ActivationStatus.REMOVED: 3,
}


def moment_of(event: ActivationEvent) -> datetime:
    """When it happened. A clock that is ahead is not believed: it had happened when observed."""
    at = event.happened_at
    return event.observed_at if at is None or at > event.observed_at else at


def statuses_of(activation: str, events: Iterable[ActivationEvent]) -> list[ActivationEvent]:
    """What tells of the activation's status, in order of time."""
    told = (
        each
        for each in events
        if each.kind is ActivationEventKind.STATUS
        and each.activation == activation
        and each.status is not None
    )
    return sorted(told, key=lambda each: (moment_of(each), each.at, each.id))


def removed_at(statuses: Iterable[ActivationEvent]) -> datetime | None:
    """When it was removed, or by when; the end of every life."""
    return min((moment_of(each) for each in statuses if _is_removal(each)), default=None)


def status_line(statuses: Sequence[ActivationEvent]) -> Line[str]:
    """Of ``statuses_of`` an activation."""
    end = removed_at(statuses)
    rows = [each for each in statuses if each.happened_at is not None]
    callbacks = [each for each in statuses if each.happened_at is None]
    line: Line[str] = Line()
    if not rows:
        _follow(line, callbacks, end)
    else:
        first, last = moment_of(rows[0]), rows[-1].observed_at
        _follow(line, [each for each in callbacks if each.observed_at < first], end)
        within = (each for each in callbacks if first <= each.observed_at < last)
        _read_history(line, rows, within, end)
        rest = [each for each in callbacks if each.observed_at >= last]
        _follow(line, rest, end, after=rows[-1])
    for each in statuses:
        if _is_removal(each):
            line.tell(moment_of(each), ActivationStatus.REMOVED, Standing.KNOWN, each.id)
    return line


def _read_history(
    line: Line[str],
    rows: Sequence[ActivationEvent],
    callbacks: Iterable[ActivationEvent],
    end: datetime | None,
) -> None:
    """Nothing but its rows happened from the first of them until the last was read; ``callbacks``
    of that time can only repeat them. From then on the last row is assumed to hold."""
    told = [(moment_of(each), False, each) for each in rows]
    told += [(each.observed_at, True, each) for each in callbacks]
    for moment, is_callback, each in sorted(told, key=lambda point: point[:2]):
        if _is_over(moment, end):
            return
        status = each.status or ""
        if is_callback and status != line.last.value:
            continue
        line.tell(moment, status, _standing(status, Standing.KNOWN), each.id)
    read = rows[-1].observed_at
    if not _is_over(read, end):
        line.tell(read, rows[-1].status or "", Standing.ASSUMED, rows[-1].id)


def _follow(
    line: Line[str],
    callbacks: Sequence[ActivationEvent],
    end: datetime | None,
    after: ActivationEvent | None = None,
) -> None:
    """What ``callbacks``, in order of arrival, allow ``after`` the last row of a history.

    Any that came within the tolerance of the last one may have happened last, unless a life can
    not go back to it.
    """
    reached = -1
    recent: OrderedDict[str, tuple[datetime, ActivationEvent]] = OrderedDict()  # last of each
    if after is not None:
        reached = _RANKS.get(after.status or "", reached)
        recent[after.status or ""] = moment_of(after), after
    for each in callbacks:
        moment, status = each.observed_at, each.status or ""
        if _is_over(moment, end):
            return
        rank = _RANKS.get(status, reached)  # any other word may come before or after any
        if rank < reached:
            continue
        if rank > reached:
            reached = rank
            for lower in [name for name in recent if _RANKS.get(name, rank) < rank]:
                del recent[lower]
        recent[status] = moment, each
        recent.move_to_end(status)
        while next(iter(recent.values()))[0] < later(moment, -TOLERANCE):
            recent.popitem(last=False)
        if len(recent) == 1:
            line.tell(moment, status, Standing.ASSUMED, each.id, source=each.source)
        else:
            _, before = islice(reversed(recent.values()), 2)
            line.leave_open(moment, before[1].id, each.id)


def _is_removal(event: ActivationEvent) -> bool:
    return event.status == ActivationStatus.REMOVED


def _is_over(moment: datetime, end: datetime | None) -> bool:
    return end is not None and moment >= end


def _standing(status: str, of_known_words: Standing) -> Standing:
    """What a word means that is not one of PowerAuth's is nowhere told."""
    return of_known_words if status in _RANKS else Standing.ASSUMED
