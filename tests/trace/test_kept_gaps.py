"""What is answered from what was found before is what would be found now, whatever has come since,
in whatever order, and whatever is known of sources since."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench._records import record
from bench._worlds import UNTIL, Played, play
from bench._worlds import Source as By
from notifications.ingest import recorder
from notifications.ingest.contacts import withdraw_polls
from notifications.ingest.envelope import emission_from
from notifications.ingest.events import record_events
from notifications.models import Coverage, GapHour, PushServerReading, RuleSetting, Source
from notifications.models.patience import TooMuch
from notifications.protocol.reasons import CountsAs, Reason, Rule
from notifications.protocol.window import DAY, HOUR, Window
from notifications.trace import gap_touches, kept_gaps
from notifications.trace.gap_hours import keep_gap_hours
from notifications.trace.gaps import Gaps, Wanted, find_gaps
from notifications.trace.kept_gaps import gaps_of
from notifications.trace.rules import set_rule
from notifications.trace.skews import keep_clocks
from tests.trace.stories import NOON
from tests.trace.test_gap_hours import announced, finished, keep

LATER = NOON + 40 * DAY
WORLDS = (3, 35, 39)
ALL = Window(NOON - 3 * DAY, NOON + 3 * DAY)


@pytest.fixture
def tell(committed_db: str) -> Callable[..., None]:
    def make(*told: Mapping[str, Any], source: str = "bank") -> None:
        recorder.record([emission_from(dict(each), now=LATER) for each in told], source=source)

    return make


@pytest.fixture
def kept(tell: Callable[..., None]) -> Callable[..., None]:
    """Two days of operations, some of which lack something, and all that a worker makes of them."""
    for day in range(2):
        at = NOON - day * DAY
        tell(announced(at, 10 * day + 1), finished(at + timedelta(minutes=1), 10 * day + 1))
        tell(announced(at, 10 * day + 2), finished(at + 5 * HOUR, 10 * day + 3))
    tell(announced(NOON + DAY, 4), finished(NOON + DAY, 4))
    keep(LATER)
    return tell


def looked_for(window: Window = ALL, **asked: Any) -> tuple[Gaps, int]:
    """What is answered, and in how many parts it was looked for."""
    with CaptureQueriesContext(connection) as queries:
        gaps = gaps_of(window, now=LATER, **asked)
    return gaps, sum("WITH grouped AS" in each["sql"] for each in queries)


def is_as_found(window: Window = ALL) -> int:
    """In how many parts it was looked for."""
    gaps, parts = looked_for(window)
    assert gaps == find_gaps(window, now=LATER)
    return parts


@pytest.mark.usefixtures("kept")
def test_what_stays_as_it_was_found_is_not_looked_for_again() -> None:
    gaps, parts = looked_for()
    assert parts == 0
    assert gaps == find_gaps(ALL, now=LATER)
    assert gaps.counts.missing == 4
    cut = Window(NOON - DAY + timedelta(minutes=1), NOON + timedelta(minutes=1))
    assert is_as_found(cut) == 0
    assert 0 < len(gaps_of(cut, now=LATER).entries) < 4


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(rules=[Rule.E2]),
        Wanted(reasons=[Reason.NEVER_FINISHED], sources=["bank"]),
        Wanted(counts_as=[CountsAs.UNDECIDED]),
        Wanted(apps=["mobile"], operation_names=["login"]),
        Wanted(apps=["other"]),
    ],
)
def test_what_is_wanted_of_it_is_what_would_be_found(wanted: Wanted) -> None:
    gaps, parts = looked_for(wanted=wanted)
    assert parts == 0
    assert gaps == find_gaps(ALL, now=LATER, wanted=wanted)


def test_what_was_recorded_since_is_looked_for_before_a_worker_has_seen_it(
    kept: Callable[..., None],
) -> None:
    kept(finished(NOON + timedelta(minutes=3), 2))
    assert is_as_found() == 1
    assert gaps_of(ALL, now=LATER).counts.missing == 3
    assert is_as_found(Window(NOON - DAY, NOON - 8 * HOUR)) == 0  # nothing of it is of then
    keep(LATER)
    assert is_as_found() == 0


def test_many_hours_apart_are_looked_for_in_few_parts(kept: Callable[..., None]) -> None:
    for number in range(6):
        kept(announced(NOON + (12 * number - 48) * HOUR, 100 + number))
    assert is_as_found() == kept_gaps.MOST_PARTS
    assert gaps_of(ALL, now=LATER).counts.missing == 4 + 6


def test_more_than_is_gone_through_at_once_is_looked_for_as_ever(
    kept: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gap_touches, "BATCH", 0)
    assert is_as_found() == 0
    kept(announced(NOON, 50))
    assert is_as_found() == 1


@pytest.mark.usefixtures("kept")
def test_of_some_apps_or_as_of_a_moment_all_is_looked_for() -> None:
    assert looked_for(apps=["mobile"])[1] == 1
    assert looked_for(as_of=LATER)[1] == 1


@pytest.mark.usefixtures("kept")
def test_what_was_not_due_when_it_is_asked_for_is_looked_for() -> None:
    now = NOON + timedelta(minutes=3)
    assert gaps_of(ALL, now=now) == find_gaps(ALL, now=now)
    assert gaps_of(ALL, now=now).counts.pending == 2


@pytest.mark.usefixtures("kept")
def test_other_terms_and_other_rules_are_looked_for(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OPERATION_LIFE = timedelta(hours=6)
    assert is_as_found() == 1
    keep(LATER)
    assert is_as_found() == 0
    set_rule(RuleSetting(source_id="bank", rule="E1", says="applies_not", who="jana", note="off"))
    assert is_as_found() == 1
    keep(LATER)
    assert is_as_found() == 0
    monkeypatch.setattr(gap_touches, "_program", lambda: "another release")
    assert is_as_found() == 1


def cover(*intervals: tuple[datetime, datetime], kind: str = "poll") -> None:
    for began, ended in intervals:
        Coverage.objects.create(source_id="bank", began_at=began, ended_at=ended, kinds=[kind])


def test_coverage_that_is_known_since_has_the_hours_looked_for_that_it_bears_on(
    kept: Callable[..., None],
) -> None:
    early = Window(NOON - DAY - HOUR, NOON - DAY + HOUR)
    cover((NOON - 2 * DAY, NOON + timedelta(minutes=2)))
    assert is_as_found() > 0
    keep(LATER)
    assert is_as_found() == 0
    # What was due shortly before a hole may have come in it, as is known once that has ended.
    cover((NOON + 6 * HOUR, NOON + DAY))
    assert is_as_found() > 0
    assert is_as_found(early) == 0
    keep(LATER)
    assert {each.reason for each in gaps_of(ALL, now=LATER).entries} >= {Reason.NOT_COVERED}
    withdraw_polls("bank", since=NOON - DAY)
    assert is_as_found() > 0
    keep(LATER)
    assert is_as_found() == 0
    assert is_as_found(early) == 0
    assert GapHour.objects.filter(reason=Reason.NOT_COVERED).exists()


def test_contacts_that_go_on_touch_no_hour_of_before(kept: Callable[..., None]) -> None:
    cover((NOON - 2 * DAY, LATER))
    keep(LATER)
    assert is_as_found() == 0
    Coverage.objects.update(ended_at=LATER + HOUR)
    PushServerReading.objects.create(pk="bank", zone="UTC", registrations_at=LATER)
    keep(LATER)
    with CaptureQueriesContext(connection) as queries:
        PushServerReading.objects.update(registrations_at=LATER + HOUR)
        keep(LATER)
    assert not [each for each in queries if "DO UPDATE SET touched_at" in each["sql"]]
    assert is_as_found() == 0


@pytest.mark.usefixtures("kept")
def test_more_gaps_than_are_told_at_once_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_gaps, "MOST_SUSPECTS", 3)
    with pytest.raises(TooMuch, match="3 gaps"):
        gaps_of(ALL, now=LATER)


# --- Worlds that are told piece by piece


@pytest.mark.parametrize("seed", WORLDS)
def test_a_world_is_answered_alike_however_it_came_on_record(committed_db: str, seed: int) -> None:
    """In pieces, in the order of sources or in none, with a worker at times between."""
    chance, world = Random(seed), play(seed)  # noqa: S311
    pieces = list(_pieces(world, chance))
    if seed % 2:
        chance.shuffle(pieces)
    window, now = Window(world.since - 2 * DAY, UNTIL + DAY), UNTIL + 30 * DAY
    is_kept = 0
    for number, piece in enumerate(pieces):
        piece()
        if number % 12 and piece is not pieces[-1]:
            continue
        assert gaps_of(window, now=now) == find_gaps(window, now=now)
        if chance.random() < 0.3:
            keep_clocks(now)
        while keep_gap_hours(now):
            pass
        told = find_gaps(window, now=now)
        assert gaps_of(window, now=now) == told
        counted = GapHour.objects.values_list("count", flat=True)
        assert sum(counted) == len(told.entries)
        is_kept += kept_gaps._standing(window, now) is not None
    assert is_kept > 3
    assert len(told.entries) > 10


@pytest.mark.parametrize("seed", [5, 7, 10])
def test_the_gaps_of_a_window_are_those_of_its_parts(committed_db: str, seed: int) -> None:
    world = play(seed)
    for piece in _pieces(world, Random(seed)):  # noqa: S311
        piece()
    now = UNTIL + 3 * DAY
    while keep_clocks(now):
        pass
    window, length = Window(world.since - 2 * DAY, UNTIL + DAY), 7 * HOUR
    starts = [
        window.since + number * length
        for number in range(-((window.since - window.until) // length))
    ]
    parts = [Window(each, min(each + length, window.until)) for each in starts]
    told = [entry for each in parts for entry in find_gaps(each, now=now).entries]
    assert tuple(told) == find_gaps(window, now=now).entries
    assert told


def _pieces(world: Played, chance: Random) -> Iterator[Callable[[], Any]]:
    recorded = record(world)
    for source in sorted(By):
        Source.objects.get_or_create(slug=source)
        told = [emission for each in recorded.told for emission in each.by(source)]
        for some in _cut(told, chance):
            yield lambda some=some, source=source: recorder.record(some, source=source)
        for some in _cut(list(recorded.reports[source]), chance):
            yield lambda some=some, source=source: record_events(some, source=source)
        for began, ended in world.intervals(source) if source in world.measured else ():
            for until in (began + (ended - began) * chance.random(), ended):
                yield lambda each=(source, began, until): _contact(*each)
    for part in (0.3, 0.7, 1):
        at = world.since + (world.compared_at - world.since) * part
        yield lambda at=at: _compare(at)


def _cut(items: list[Any], chance: Random) -> Iterator[list[Any]]:
    while items:
        number = max(1, int(len(items) * chance.random() * 0.6))
        yield items[:number]
        items = items[number:]


def _contact(source: str, began: datetime, ended: datetime) -> None:
    """The interval goes on; in whatever order, it is never shorter than it was."""
    known = Coverage.objects.filter(source_id=source, began_at=began)
    if known.exists():
        known.filter(ended_at__lt=ended).update(ended_at=ended)
    else:
        Coverage.objects.create(source_id=source, began_at=began, ended_at=ended)


def _compare(at: datetime) -> None:
    row, _ = PushServerReading.objects.get_or_create(pk=By.PUSH_SERVER, defaults={"zone": "UTC"})
    if row.registrations_at is None or row.registrations_at < at:
        row.registrations_at = at
        row.save()
