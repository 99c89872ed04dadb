"""The emissions of a world where nothing goes wrong."""

from collections import Counter

import pytest
from hypothesis import given, settings

from notifications.ingest.envelope import emission_from
from notifications.protocol.extras import MessageType, OperationResult, check
from notifications.world import Emitted, Fact, Faults, Kind, Style, World
from notifications.world.day import Day

from .test_truth import worlds
from .worlds import LARGE, UNTIL, emissions, truth


def content(emitted: Emitted) -> dict[str, object]:
    assert emitted.envelope is not None
    extras: dict[str, object] = emitted.envelope["extras"]
    return extras


@settings(max_examples=25, deadline=None)
@given(worlds)
def test_the_same_world_emits_the_same(world: World) -> None:
    faults = Faults(drop=0.1, delay=0.1, duplicate=0.1, misdirect=0.1, corrupt=0.3)
    again = World(seed=world.seed, size=world.size, until=world.until)
    assert list(again.emissions(faults)) == list(world.emissions(faults))


def test_another_seed_emits_something_else() -> None:
    assert emissions(seed=1) != emissions(seed=2)


def test_every_emission_conforms_and_keeps_the_contract() -> None:
    for emitted in emissions():
        assert emitted.envelope is not None
        assert emitted.fault is None
        assert check(content(emitted)) == ()
        recorded = emission_from(emitted.envelope, now=UNTIL)
        assert recorded.findings == ()
        assert recorded.emitted_at == emitted.at


def test_every_fact_that_owes_a_message_has_exactly_one() -> None:
    owed = [fact.fact_id for fact in truth() if fact.owes is not None]
    emitted = Counter(emitted.fact.fact_id for emitted in emissions())
    assert emitted == Counter(owed)
    assert all(content(emitted)["messageType"] == emitted.fact.owes for emitted in emissions())


@settings(max_examples=25, deadline=None)
@given(worlds)
def test_emissions_are_in_order_in_the_window_and_under_ids_of_their_own(world: World) -> None:
    emitted = list(world.emissions(Faults(delay=0.3, duplicate=0.3)))
    times = [one.at for one in emitted]
    assert times == sorted(times)
    assert all(world.since <= time < world.until for time in times)
    messages = [one.envelope["message_id"] for one in emitted if one.envelope]
    assert len(set(messages)) == len(messages)


def test_a_finish_follows_its_init() -> None:
    announced = set()
    for emitted in emissions(size=LARGE):
        fact = emitted.fact
        if fact.operation is None:
            continue
        episode = (fact.operation.operation_id, fact.episode)
        if fact.kind is Kind.ANNOUNCED:
            announced.add(episode)
        else:
            assert episode in announced


def test_devices_receive_only_while_registered() -> None:
    for emitted in emissions(size=LARGE):
        if emitted.fact.device is not None:
            assert emitted.fact.device.is_registered_at(emitted.at)
        assert emitted.fact.user.is_reachable_at(emitted.at)


def test_flags_and_addresses_follow_the_type() -> None:
    personal = {MessageType.OPERATION_INIT, MessageType.OPERATION_FINISHED}
    for emitted in emissions():
        envelope, fact = emitted.envelope, emitted.fact
        assert envelope is not None
        if fact.user.style is Style.BARE:
            assert envelope.keys() == {"emitted_at", "message_id", "extras"}
            continue
        assert envelope["user_id"] == fact.user.user_id
        assert envelope["personal"] == (fact.owes in personal)
        assert envelope["silent"] == (fact.owes is MessageType.OPERATION_FINISHED)
        if fact.owes is MessageType.INBOX_MESSAGE_NEW:
            assert envelope["addressed_to"] == "user"
            assert "activation_id" not in envelope
        else:
            assert fact.device is not None
            assert envelope["addressed_to"] == "activation"
            assert envelope["activation_id"] == fact.device.activation_id
            assert envelope["platform"] == fact.device.platform


def test_all_types_and_results_are_emitted() -> None:
    assert {content(emitted)["messageType"] for emitted in emissions()} == set(MessageType)
    results = {content(emitted).get("mtokenOperationResult") for emitted in emissions()}
    assert results == {None, *OperationResult}


def test_a_day_is_made_only_when_its_time_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notifications.world.world.PER_DAY", 50)
    world = World(seed=1, size=1_000, until=UNTIL)
    made: list[int] = []
    happen = Day.happen

    def counted(day: Day, *, target: int) -> list[Fact]:
        made.append(day.number)
        return happen(day, target=target)

    monkeypatch.setattr(Day, "happen", counted)
    for emitted in world.emissions(Faults.none()):
        assert len(made) <= (emitted.at - world.since).days + 2
    assert made == list(range(20))
