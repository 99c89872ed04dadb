"""What the silence of the sources proves, in one sentence beside the verdict.

A hole is told by its time, or by how many there are; what is not measured proves nothing. Times are
in the zone that is active, as in ``sentences``.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from notifications.protocol.coverage import Interval, SourceCoverage

from .sentences import told_at

MOST_NAMES = 4
NOBODY = "No source that could tell was recorded by then: what is not on record may have been sent."
_KINDS = {"heartbeat": "heartbeats", "probe": "probes", "poll": "polls", "report": "reports"}
_MAY_HAVE_BEEN_SENT = "what is not on record may have been sent"


def in_words(coverage: Sequence[SourceCoverage]) -> str:
    """``coverage`` is of all sources that could tell, over one window."""
    if not coverage:
        return NOBODY
    told = [
        *_unproven(coverage),
        *_recorded(coverage),
        *_not_recorded(coverage),
        *_measured_late(coverage),
        *_not_measured(coverage),
        *_storing_nothing(coverage),
        *_undecided(coverage),
    ]
    return " ".join(told)


def between(since: datetime, until: datetime) -> str:
    """2026-01-31 10:02:00 to 10:40:00 UTC, or with both days told whole."""
    first, last = told_at(since), told_at(until)
    if first[:10] == last[:10] and first[19:] == last[19:]:
        return f"{first[:19]} to {last[11:]}"
    return f"{first} to {last}"


def _unproven(coverage: Sequence[SourceCoverage]) -> Iterable[str]:
    """Where no source of messages was measured, its silence proves nothing at all."""
    senders = [each for each in coverage if each.tells_of_messages]
    if not senders:
        yield f"No source of messages was recorded by then: {_MAY_HAVE_BEEN_SENT}."
    elif not any(each.shown.is_measured for each in senders):
        yield f"No source that could tell was measured ({_named(senders)}): {_MAY_HAVE_BEEN_SENT}."


def _recorded(coverage: Sequence[SourceCoverage]) -> Iterable[str]:
    whole = [each for each in coverage if each.shown.is_whole]
    if whole:
        yield f"Recorded throughout: {_named(whole, lambda each: f' ({_kinds(each)})')}."


def _not_recorded(coverage: Sequence[SourceCoverage]) -> Iterable[str]:
    """By the times at which they were not: what a proxy was cut off from, its probes were, too."""
    holed = [each for each in coverage if each.shown.is_measured and each.shown.holes]
    for times, sources in _alike(holed, _holes, rest="at other times"):
        yield f"Not recorded {times}: {_named(sources)}."


def _measured_late(coverage: Sequence[SourceCoverage]) -> Iterable[str]:
    late = [each for each in coverage if each.shown.is_measured and each.shown.unmeasured]
    for since, sources in _alike(late, _since, rest="for a part"):
        yield f"Measured only {since}: {_named(sources)}."


def _since(source: SourceCoverage) -> str:
    return f"since {told_at(source.shown.measured_from)}"


def _not_measured(coverage: Sequence[SourceCoverage]) -> Iterable[str]:
    """Of those that are not named already, since no source of messages was measured."""
    others = [each for each in coverage if not each.shown.is_measured]
    if not any(each.shown.is_measured for each in coverage if each.tells_of_messages):
        others = [each for each in others if not each.tells_of_messages]
    if others:
        yield f"Not measured: {_named(others)}."


def _holes(source: SourceCoverage) -> str:
    shown, holes = source.shown, source.shown.holes
    (longest,) = source.longest_holes(1)
    if longest == (shown.window.since, shown.decided_until):
        return "at all"
    if len(holes) == 1:
        return _hole(longest, source)
    others = len(holes) - 1
    more = "one other time" if others == 1 else f"{others} other times"
    return f"{_hole(longest, source)} and {more}"


def _hole(hole: Interval, source: SourceCoverage) -> str:
    since, until = hole
    if until == source.shown.decided_until:
        return f"since {told_at(since)}" if since > source.shown.window.since else "at all"
    if since == source.shown.window.since:
        return f"until {told_at(until)}"
    return between(since, until)


def _storing_nothing(coverage: Sequence[SourceCoverage]) -> Iterable[str]:
    for each in coverage:
        if (since := each.stores_nothing_since) and since < each.shown.window.until:
            yield (
                f"{each.source} stores no messages, as was seen first at {told_at(since)}:"
                " what it does not tell proves nothing."
            )


def _undecided(coverage: Sequence[SourceCoverage]) -> Iterable[str]:
    """What lies too near to now."""
    open_from = [
        each.shown.decided_until
        for each in coverage
        if each.shown.is_measured and each.shown.undecided
    ]
    if open_from:
        yield f"What lies after {told_at(min(open_from))} is not decided yet."


def _alike(
    coverage: Sequence[SourceCoverage], told: Callable[[SourceCoverage], str], *, rest: str
) -> Iterable[tuple[str, list[SourceCoverage]]]:
    """Those of which the same is told together; where too much would be, the rest as one."""
    groups: dict[str, list[SourceCoverage]] = {}
    for each in coverage:
        groups.setdefault(told(each), []).append(each)
    found = list(groups.items())
    yield from found[:MOST_NAMES]
    if others := [each for _, sources in found[MOST_NAMES:] for each in sources]:
        yield rest, others


def _named(
    sources: Sequence[SourceCoverage], more: Callable[[SourceCoverage], str] = lambda each: ""
) -> str:
    names = ", ".join(f"{each.source}{more(each)}" for each in sources[:MOST_NAMES])
    left_out = len(sources) - MOST_NAMES
    return f"{names} and {left_out} more" if left_out > 0 else names


def _kinds(source: SourceCoverage) -> str:
    *others, last = [_KINDS[each] for each in source.kinds] or ["contacts"]
    return f"{', '.join(others)} and {last}" if others else last
