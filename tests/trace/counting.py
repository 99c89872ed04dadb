"""The same count as of the statistics, in plain Python over what was told."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from notifications.ingest.emission import Emission
from notifications.trace.stats import Dimension, Interval, Question

Told = tuple[str, Emission]  # by which source


def cells_of(
    question: Question, told: Iterable[Told], apps: Collection[str] | None = None
) -> Mapping[tuple[datetime, tuple[str | None, ...]], int]:
    """How often each bucket and combination is told."""
    counter: Counter[tuple[datetime, tuple[str | None, ...]]] = Counter()
    for source, emission in _wanted(question, told, apps):
        at = bucket_of(emission.emitted_at, question)
        for values in _combinations([_values(each, source, emission) for each in question.by]):
            counter[at, values] += 1
    return counter


def total_of(question: Question, told: Iterable[Told], apps: Collection[str] | None = None) -> int:
    return len(list(_wanted(question, told, apps)))


def bucket_of(moment: datetime, question: Question) -> datetime:
    match question.interval:
        case Interval.DAY:
            return moment.replace(hour=0, minute=0, second=0, microsecond=0)
        case Interval.HOUR:
            return moment.replace(minute=0, second=0, microsecond=0)
    return question.window.since.replace(minute=0, second=0, microsecond=0)


def _wanted(question: Question, told: Iterable[Told], apps: Collection[str] | None) -> list[Told]:
    width = timedelta(days=1) if question.interval is Interval.DAY else timedelta(hours=1)
    since = bucket_of(question.window.since, question)
    until = question.window.until
    return [
        (source, each)
        for source, each in told
        # Until the end of the bucket that the window's last moment is in.
        if since <= each.emitted_at and _start(each.emitted_at, width) < until
        if apps is None or each.app_id in apps
        if all(_matches(name, values, source, each) for name, values in question.where.items())
    ]


def _start(moment: datetime, width: timedelta) -> datetime:
    whole = moment.replace(minute=0, second=0, microsecond=0)
    return whole.replace(hour=0) if width == timedelta(days=1) else whole


def _matches(name: Dimension, values: Collection[Any], source: str, emission: Emission) -> bool:
    has = _values(name, source, emission)
    if name is Dimension.FINDING and "any" in values and has != {"none"}:
        return True
    return not values or bool(has & set(values))


def _values(name: Dimension, source: str, emission: Emission) -> set[str | None]:
    if name is Dimension.FINDING:
        return {str(each.code) for each in emission.findings} or {"none"}
    if name is Dimension.SOURCE:
        return {source}
    value = getattr(emission, name)
    return {None if value is None else str(value)}


def _combinations(columns: list[set[str | None]]) -> Iterable[tuple[str | None, ...]]:
    if not columns:
        return [()]
    return [(value, *rest) for rest in _combinations(columns[1:]) for value in columns[0]]
