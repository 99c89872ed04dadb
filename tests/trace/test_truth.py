"""What the product says of a world's record is what the rules say of it in the truth test, which
needs no database (`bench.truth`): so what that finds of 500 worlds is true of the product."""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Sequence
from typing import Any

import pytest

from bench._knowing import Known
from bench._records import Recorded, record
from bench._worlds import UNTIL, play
from bench._worlds import Source as By
from notifications.ingest import recorder
from notifications.ingest.events import record_events
from notifications.models import Coverage, PushServerReading, Source
from notifications.protocol.clocks import NO_CLOCKS
from notifications.protocol.whole import course_of
from notifications.protocol.window import Window
from notifications.trace.device import trace_device
from notifications.trace.entries import Entry, Kind
from notifications.trace.gaps import find_gaps

WORLDS = (
    (0, frozenset(By)),
    (2, frozenset({By.BANK, By.CALLBACKS})),
    (5, frozenset(By)),
    # Something is posted here before the first push of all was seen: it owes none.
    (5, frozenset({By.BANK, By.MIRROR, By.CALLBACKS})),
)
TOGETHER = 1_000


@pytest.fixture(params=WORLDS, ids=lambda each: f"world {each[0]}")
def known(request: pytest.FixtureRequest, db: None) -> Known:
    """A world, whose record by some sources is in the database."""
    seed, sources = request.param
    recorded = record(play(seed))
    for source in sorted(sources):
        _store(recorded, source)
    return Known(recorded=recorded, sources=sources, clocks=NO_CLOCKS)


def _store(recorded: Recorded, source: By) -> None:
    told = [emission for each in recorded.told for emission in each.by(source)]
    for some in _chunks(told):
        recorder.record(some, source=source)
    for some in _chunks(recorded.reports[source]):
        record_events(some, source=source)
    row, _ = Source.objects.get_or_create(slug=source)
    if source in recorded.played.measured:
        for began, ended in recorded.played.intervals(source):
            Coverage.objects.create(source=row, began_at=began, ended_at=ended)
    if source is By.PUSH_SERVER:
        at = recorded.played.compared_at
        PushServerReading.objects.create(source=row, zone="Europe/Prague", registrations_at=at)


def _chunks(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (items[at : at + TOGETHER] for at in range(0, len(items), TOGETHER))


def test_the_gaps_of_a_window_are_those_that_the_rules_tell(known: Known) -> None:
    window = Window(known.recorded.played.since, UNTIL)
    found = find_gaps(window, now=UNTIL)
    told = [
        (gap.rule, gap.reason, gap.certainty, gap.activation, gap.operation, gap.at, gap.due)
        for gap in known.whole.of_users(known.owned, known.knowledge)
        if gap.at in window
    ]
    assert _differing(map(_gap, found.entries), told) == []
    assert len(told) > 10


def test_the_trace_of_each_device_is_what_the_rules_tell(known: Known) -> None:
    window = Window(known.recorded.played.since, UNTIL)
    lived = set(known.recorded.played.served.registry.lives)
    for name in sorted(lived & set(known.device)):
        trace = trace_device(name, window, now=UNTIL)
        gaps = [_gap(each) for each in trace.entries if each.kind is Kind.GAP]
        messages = [
            (each.key, each.basis, each.grade, each.reason)
            for each in trace.entries
            if each.kind is Kind.NOTIFICATION
        ]
        assert _differing(gaps, _owed(known, name, window)) == []
        assert _differing(messages, _sent(known, name, window)) == []


def _owed(known: Known, name: str, window: Window) -> Iterable[Hashable]:
    for gap, certainty in known.whole.owed_to(known.device[name], known.knowledge):
        if gap.at in window:
            told = gap.rule, gap.reason, certainty, gap.activation, gap.operation, gap.at, gap.due
            yield told


def _sent(known: Known, name: str, window: Window) -> Iterable[Hashable]:
    for message, (basis, _) in known.whole.told_to(known.device[name], known.messages):
        if message.at in window:
            moment = known.whole.merged.time_of(message)
            state = known.knowledge.state_at(name, moment)
            course = course_of(message, basis, state, ())
            yield str(message.id), basis, course.grade, course.kept and course.kept[0]


def _gap(entry: Entry) -> Hashable:
    of = entry.rule, entry.reason, entry.certainty, entry.activation, entry.operation
    return (*of, entry.at, entry.due)


def _differing(found: Iterable[Hashable], told: Iterable[Hashable]) -> Collection[Any]:
    one, other = Counter(map(str, found)), Counter(map(str, told))
    return [*(f"found {e}" for e in one - other), *(f"told {e}" for e in other - one)]
