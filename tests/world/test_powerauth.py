"""What PowerAuth tells of the world, against its truth."""

import json
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any

import pytest

from notifications.protocol.events import FINAL, OperationStatus
from notifications.protocol.identity import timestamp
from notifications.world import Kind
from notifications.world.chance import stream
from notifications.world.powerauth import (
    Callback,
    CallbackFault,
    CallbackFaults,
    Configured,
    activation_callbacks,
    history,
    operation_callbacks,
    sent,
)

from .test_push_server import REGISTRIES, SINCE
from .worlds import UNTIL, truth

FULL = Configured()
LIVES = REGISTRIES[0].lives
TROUBLED = CallbackFaults(lose=0.1, repeat=0.1, delay=0.1, reorder=0.2)


def told(configured: Configured = FULL) -> list[tuple[datetime, Any]]:
    return [
        each
        for life in LIVES.values()
        for each in activation_callbacks(life, configured=configured)
    ]


def callbacks(faults: CallbackFaults = TROUBLED) -> list[Callback]:
    rng = stream("test")
    return sent(told(), since=SINCE, until=UNTIL, faults=faults, rng=rng)


def operations(configured: Configured = FULL) -> list[tuple[datetime, Any]]:
    rng = stream("test")
    return list(operation_callbacks(truth(), until=UNTIL, configured=configured, rng=rng))


def test_every_turn_of_a_life_is_told_and_arrives_once_in_order_when_nothing_goes_wrong() -> None:
    arrived = callbacks(CallbackFaults())
    assert Counter((each.happened_at, each.body["activationId"]) for each in arrived) == Counter(
        (turn.at, name) for name, life in LIVES.items() for turn in life.turns if turn.at >= SINCE
    )
    for each in arrived:
        assert each.arrived_at is not None
        assert timedelta(0) < each.arrived_at - each.happened_at < timedelta(seconds=2)
        status = LIVES[each.body["activationId"]].status_at(each.happened_at)
        assert each.body["activationStatus"] == status


def test_every_fault_is_labelled_and_is_what_it_says() -> None:
    found = Counter(each.fault for each in callbacks())
    assert min(found[each] for each in CallbackFault) > 3
    by_subject: dict[str, list[Callback]] = defaultdict(list)
    keys = Counter(each.key for each in callbacks())
    for each in callbacks():
        by_subject[each.body["activationId"]].append(each)
        assert (each.arrived_at is None) == (each.fault is CallbackFault.LOST)
        if each.fault is CallbackFault.REPEATED:
            assert keys[each.key] == 2
        if each.fault is CallbackFault.DELAYED and each.arrived_at is not None:
            assert each.arrived_at - each.happened_at >= timedelta(seconds=120)
    assert sum(keys.values()) == len(keys) + found[CallbackFault.REPEATED]
    for its in by_subject.values():
        happened = sorted({each.happened_at for each in its})
        for each in its:
            if each.fault is CallbackFault.REORDERED and each.arrived_at is not None:
                following = happened[happened.index(each.happened_at) + 1]
                assert following < each.arrived_at


def test_what_arrives_is_in_order_of_arrival() -> None:
    times = [each.arrived_at for each in callbacks() if each.arrived_at is not None]
    assert times == sorted(times)
    assert times[-1] < UNTIL


def test_optional_attributes_are_there_or_not_and_nothing_else_changes() -> None:
    partial = Configured.drawn(stream("test"))
    fewer = False
    for (at, whole), (again, part) in zip(told(), told(partial), strict=True):
        assert at == again
        assert part.items() <= whole.items()
        assert part.keys() >= {"type", "activationId"}
        fewer |= len(part) < len(whole)
    assert fewer


def test_the_history_is_the_truth_from_the_beginning() -> None:
    found = history(LIVES.values(), until=UNTIL)
    assert found.keys() == LIVES.keys()
    for name, items in found.items():
        assert [(each["timestampCreated"], each["activationStatus"]) for each in items] == [
            (timestamp(turn.at), str(turn.status)) for turn in LIVES[name].turns
        ]
        assert {each["activationId"] for each in items} == {name}
    numbers = [each["id"] for items in found.values() for each in items]
    assert len(set(numbers)) == len(numbers)
    assert all(items == sorted(items, key=lambda each: each["id"]) for items in found.values())


def test_a_history_read_early_ends_early() -> None:
    middle = SINCE + timedelta(days=15)
    found = history(LIVES.values(), until=middle)
    assert all(
        each["timestampCreated"] < timestamp(middle) for its in found.values() for each in its
    )


def test_operations_are_created_and_end_once_as_the_truth_has_it() -> None:
    by_operation: dict[str, list[str]] = defaultdict(list)
    for _, body in operations():
        by_operation[body["externalId"]].append(body["status"])
        assert body["operationId"] != body["externalId"]
    created = {fact.operation.operation_id for fact in truth() if fact.operation}
    assert by_operation.keys() == created
    for its in by_operation.values():
        assert its[0] == OperationStatus.PENDING
        assert sum(status in FINAL for status in its) <= 1
    ends = Counter(status for its in by_operation.values() for status in its[1:])
    assert set(ends) == set(OperationStatus) - {OperationStatus.FAILED}
    asked = Counter(fact.operation.operation_id for fact in truth() if fact.kind is Kind.ANNOUNCED)
    assert any(count == 2 and len(by_operation[name]) == 3 for name, count in asked.items())


def test_all_bodies_are_json() -> None:
    for _, body in (*told(), *operations(Configured.drawn(stream("test")))):
        assert json.loads(json.dumps(body)) == body


def test_impossible_odds_are_refused() -> None:
    with pytest.raises(ValueError, match="probabilities"):
        CallbackFaults(lose=0.6, repeat=0.6)
