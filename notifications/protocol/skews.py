"""How far apart the clocks of sources are, from emissions that several of them report.

Nothing tells which clock is right: one of them is taken as the measure of the others.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import combinations
from statistics import median_low

from .clocks import NONE, Clock
from .message import Message
from .window import DAY, HOUR

LEAST_PAIRS = 10  # emissions that two sources both report, before anything is said of their clocks


def estimate_day(
    messages: Iterable[Message], day: datetime, measures: Collection[str] = ()
) -> tuple[Clock, ...]:
    """The clocks of the sources of these ``messages`` in the 24 hours from ``day`` on; where they
    were not steady, by the hour as well: one may have been set right. Others are measured by one of
    the ``measures``, if there is any."""
    emissions = list(_seen_by_several(messages))
    found = _estimate(_within(emissions, day, day + DAY), day, day + DAY, measures)
    if all(each.is_steady for each in found):
        return found
    measures = {each.source for each in found if each.against is None}
    hours = [
        _estimate(_within(emissions, hour, hour + HOUR), hour, hour + HOUR, measures)
        for hour in (day + number * HOUR for number in range(24))
    ]
    return (*found, *(each for of_one in hours for each in of_one))


@dataclass(frozen=True, slots=True)
class _Sight:
    """An emission as one source tells it."""

    source: str
    at: datetime
    is_request: bool


_Emission = Sequence[_Sight]


@dataclass(frozen=True, slots=True)
class _Apart:
    """How far ``one`` is ahead of ``other``."""

    one: str
    other: str
    ahead: timedelta
    spread: timedelta
    pairs: int


def _seen_by_several(messages: Iterable[Message]) -> Iterator[_Emission]:
    """The emissions that can be told apart without their times: by their operation or inbox
    message, of which no source tells the same twice, nor two of them of two users or apps."""
    found: dict[tuple[str | None, ...], dict[str, list[Message]]] = {}
    for each in messages:
        about = each.operation, each.inbox_message
        if each.source is not None and about != (None, None):
            of_one = found.setdefault((each.message_type, each.result, *about), {})
            of_one.setdefault(each.source, []).append(each)
    for by_source in found.values():
        told = [each for reports in by_source.values() for each in reports]
        if len(by_source) > 1 and _is_one(told):
            yield [_sight(source, reports) for source, reports in sorted(by_source.items())]


def _is_one(told: Sequence[Message]) -> bool:
    parts = {(each.source, each.per_device, each.activation) for each in told}
    users = {each.recipient for each in told} - {None}
    apps = {each.app for each in told} - {None}
    return len(parts) == len(told) and len(users) <= 1 and len(apps) <= 1


def _sight(source: str, reports: Iterable[Message]) -> _Sight:
    first = min(reports, key=lambda each: (each.per_device, each.at))
    return _Sight(source, first.at, not first.per_device)


def _within(emissions: Iterable[_Emission], since: datetime, until: datetime) -> list[_Emission]:
    return [each for each in emissions if since <= min(one.at for one in each) < until]


def _estimate(
    emissions: Sequence[_Emission],
    since: datetime,
    until: datetime,
    measures: Collection[str] = (),
) -> tuple[Clock, ...]:
    """One for each source that can be compared. The clock that others are measured by is one of the
    ``measures``, else of a source of requests, of most pairs."""
    pairs = _pairs(emissions)
    asking = {one.source for each in emissions for one in each if one.is_request}
    weight: dict[str, int] = {}
    for each in pairs:
        for source in (each.one, each.other):
            weight[source] = weight.get(source, 0) + each.pairs
    beside = _tree(pairs)
    left = sorted(
        weight, key=lambda name: (name not in measures, name not in asking, -weight[name], name)
    )
    found: dict[str, Clock] = {}
    for measure in left:
        if measure not in found:
            clock = Clock(measure, NONE, since, until, pairs=weight[measure])
            found |= {each.source: each for each in _measured_by(clock, beside)}
    return tuple(found[each] for each in sorted(found))


def _pairs(emissions: Iterable[_Emission]) -> list[_Apart]:
    """Of any two sources that can be compared; those with most pairs first."""
    found: dict[tuple[str, str], list[timedelta]] = {}
    for each in emissions:
        for one, other in combinations(each, 2):
            found.setdefault((one.source, other.source), []).append(one.at - other.at)
    told = [_apart(*names, told) for names, told in found.items() if len(told) >= LEAST_PAIRS]
    return sorted(told, key=lambda each: (-each.pairs, each.one, each.other))


def _apart(one: str, other: str, told: Sequence[timedelta]) -> _Apart:
    middle = median_low(sorted(told))
    around = sorted(abs(each - middle) for each in told)
    return _Apart(one, other, middle, around[(9 * len(around) + 9) // 10 - 1], len(told))


def _tree(pairs: Iterable[_Apart]) -> Mapping[str, list[_Apart]]:
    """Of each source what it is compared with, so that there is one way between any two."""
    group: dict[str, str] = {}
    beside: dict[str, list[_Apart]] = {}
    for each in pairs:
        one, other = group.setdefault(each.one, each.one), group.setdefault(each.other, each.other)
        if one == other:
            continue
        group = {name: one if of == other else of for name, of in group.items()}
        beside.setdefault(each.one, []).append(each)
        beside.setdefault(each.other, []).append(
            replace(each, one=each.other, other=each.one, ahead=-each.ahead)
        )
    return beside


def _measured_by(measure: Clock, beside: Mapping[str, list[_Apart]]) -> Iterator[Clock]:
    """The ``measure``, and all that can be compared with it, if by way of others."""
    reached = {measure.source}
    line = [measure]
    for clock in line:
        yield clock
        for each in beside.get(clock.source, ()):
            if each.other not in reached:
                reached.add(each.other)
                line.append(_through(clock, each, measure.source))


def _through(clock: Clock, apart: _Apart, measure: str) -> Clock:
    return replace(
        clock,
        source=apart.other,
        ahead=clock.ahead - apart.ahead,
        spread=clock.spread + apart.spread,
        pairs=apart.pairs,
        against=measure,
    )
