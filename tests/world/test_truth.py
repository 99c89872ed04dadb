from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.protocol.extras import OperationResult
from notifications.world import Kind, World

from .worlds import LARGE, SIZE, UNTIL, truth, world

worlds = st.builds(
    World,
    seed=st.integers(0, 2**32),
    size=st.integers(1, 120),
    until=st.integers(0, 80 * 365 * 24 * 60).map(
        lambda minutes: datetime(2016, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
)


@settings(max_examples=25, deadline=None)
@given(worlds)
def test_the_same_seed_size_and_end_are_the_same_truth(world: World) -> None:
    again = World(seed=world.seed, size=world.size, until=world.until)
    assert again.people == world.people
    assert list(again.facts()) == list(world.facts())


def test_another_seed_is_another_truth() -> None:
    assert truth(seed=1) != truth(seed=2)


@settings(max_examples=25, deadline=None)
@given(worlds)
def test_facts_are_in_order_and_in_the_window(world: World) -> None:
    facts = list(world.facts())
    times = [fact.at for fact in facts]
    assert times == sorted(times)
    assert all(world.since <= time < world.until for time in times)
    assert len({fact.fact_id for fact in facts}) == len(facts)


def test_an_operation_lives_in_order() -> None:
    life = [Kind.ANNOUNCED, Kind.DECIDED, Kind.FINISHED]
    facts = [fact for fact in truth() if fact.operation is not None]
    facts.sort(key=lambda fact: fact.operation.operation_id if fact.operation else "")
    for operation, its in groupby(facts, key=lambda fact: fact.operation):
        created, *rest = its
        assert operation is not None
        assert created.kind is Kind.CREATED
        assert created.at == operation.created_at
        assert len({fact.device for fact in (created, *rest)}) == 1
        for _, episode in groupby(rest, key=lambda fact: fact.episode):
            kinds = [fact.kind for fact in episode]
            without_decision = [kind for kind in kinds if kind is not Kind.DECIDED]
            assert kinds == [kind for kind in life if kind in kinds]
            assert without_decision == [Kind.ANNOUNCED, Kind.FINISHED][: len(without_decision)]
        assert [fact.episode or 0 for fact in rest] == sorted(fact.episode or 0 for fact in rest)


def test_operations_end_in_all_ways_and_some_are_authenticated_twice() -> None:
    results = Counter(fact.result for fact in truth() if fact.kind is Kind.FINISHED)
    assert set(results) == set(OperationResult)
    assert results.most_common(1)[0][0] is OperationResult.SUCCESS
    assert min(results, key=lambda result: results[result]) is OperationResult.METHOD_NOT_AVAILABLE
    assert any(fact.episode == 2 for fact in truth())


def test_an_operation_is_announced_to_an_active_device_or_not_at_all() -> None:
    announced = [fact for fact in truth() if fact.kind is Kind.ANNOUNCED]
    assert all(fact.device and fact.device.is_push_active_at(fact.at) for fact in announced)
    assert any(fact.kind is Kind.CREATED and fact.device is None for fact in truth(size=LARGE))


def test_every_change_of_a_device_in_the_window_is_a_fact() -> None:
    told = {
        (fact.device.activation_id, fact.at, fact.status)
        for fact in truth()
        if fact.kind is Kind.STATUS_CHANGED and fact.device
    }
    lived = {
        (device.activation_id, change.at, change.status)
        for user in world().people
        for device in user.devices
        for change in device.changes[1:]
        if change.at < UNTIL - timedelta(seconds=2)
    }
    assert told == lived


def test_nights_are_quiet_and_peaks_are_at_nine_to_eleven_and_five_to_eight() -> None:
    hours = Counter(fact.at.hour for fact in truth() if fact.kind is Kind.CREATED)
    night, noon = sum(hours[h] for h in range(5)), sum(hours[h] for h in (12, 13, 14, 15))
    morning, evening = sum(hours[h] for h in (9, 10)), sum(hours[h] for h in (17, 18, 19))
    assert night / 5 < noon / 4 < min(morning / 2, evening / 3)


@pytest.mark.parametrize("size", [50, 500, SIZE, LARGE])
def test_as_many_messages_are_owed_as_asked_for(size: int) -> None:
    owed = sum(fact.owes is not None for fact in truth(size=size))
    assert owed == pytest.approx(size, rel=0.03, abs=3)


def test_a_large_world_has_more_days_of_the_same_density(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notifications.world.world.PER_DAY", 1_000)
    large = World(seed=1, size=2_700, until=UNTIL)
    days = Counter((fact.at - large.since).days for fact in large.facts() if fact.owes)
    assert set(days) == {0, 1, 2}
    assert all(count == pytest.approx(900, rel=0.03) for count in days.values())


def test_a_world_without_size_or_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        World(seed=1, size=0, until=UNTIL)
    with pytest.raises(ValueError, match="time zone"):
        World(seed=1, size=1, until=datetime(2026, 1, 31))  # noqa: DTZ001
