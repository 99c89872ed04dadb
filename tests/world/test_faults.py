"""What goes wrong is known: every fault is labelled, and nothing else differs from the truth."""

from collections import Counter

import pytest

from notifications.ingest.envelope import emission_from
from notifications.protocol.extras import MessageType, OperationResult, check
from notifications.world import Corruption, Emitted, Fault, Faults, Style

from .worlds import SIZE, UNTIL, emissions

TROUBLED = Faults(drop=0.05, delay=0.05, duplicate=0.05, misdirect=0.05, corrupt=0.2)
SPARED = {emitted.fact.fact_id: emitted for emitted in emissions()}


def with_fault(fault: Fault) -> list[Emitted]:
    found = [emitted for emitted in emissions(TROUBLED) if emitted.fault is fault]
    assert len(found) > SIZE * 0.02
    return found


def without(envelope: dict[str, object] | None, *keys: str) -> dict[str, object]:
    assert envelope is not None
    return {key: value for key, value in envelope.items() if key not in keys}


def spared(emitted: Emitted) -> Emitted:
    return SPARED[emitted.fact.fact_id]


def test_messages_that_were_spared_are_those_of_a_world_without_faults() -> None:
    for emitted in emissions(TROUBLED):
        if emitted.fault is None:
            assert emitted == spared(emitted)
    assert {emitted.fact.fact_id for emitted in emissions(TROUBLED)} == set(SPARED)


def test_a_dropped_message_is_reported_without_an_envelope() -> None:
    dropped = with_fault(Fault.DROPPED)
    assert all(emitted.envelope is None for emitted in dropped)
    assert sum(emitted.envelope is None for emitted in emissions(TROUBLED)) == len(dropped)


def test_a_delayed_message_differs_in_its_time_alone() -> None:
    for emitted in with_fault(Fault.DELAYED):
        assert (emitted.at - spared(emitted).at).total_seconds() >= 120
        assert without(emitted.envelope, "emitted_at") == without(
            spared(emitted).envelope, "emitted_at"
        )


def test_a_duplicate_repeats_the_content_later_under_another_message_id() -> None:
    fresh = ("emitted_at", "message_id")
    for emitted in with_fault(Fault.DUPLICATED):
        first = spared(emitted)
        assert emitted.at > first.at
        assert emitted.envelope is not None
        assert first.envelope is not None
        assert emitted.envelope["message_id"] != first.envelope["message_id"]
        assert without(emitted.envelope, *fresh) == without(first.envelope, *fresh)
        assert first in emissions(TROUBLED)


def test_a_misdirected_message_names_another_addressee() -> None:
    for emitted in with_fault(Fault.MISDIRECTED):
        assert emitted.envelope is not None
        recorded = emission_from(emitted.envelope, now=UNTIL)
        meant = emission_from(spared(emitted).envelope or {}, now=UNTIL)
        assert recorded.findings == ()
        assert (recorded.user_id, recorded.activation_id) != (meant.user_id, meant.activation_id)
        assert recorded.operation_id == meant.operation_id


def test_corrupted_messages_keep_the_contract_and_show_every_kind_of_corruption() -> None:
    kinds: Counter[Corruption | None] = Counter()
    for emitted in with_fault(Fault.CORRUPTED):
        assert emitted.envelope is not None
        recorded = emission_from(emitted.envelope, now=UNTIL)
        assert bool(recorded.findings) == (emitted.corruption is not Corruption.UPPER_CASE)
        assert without(emitted.envelope, "extras") == without(spared(emitted).envelope, "extras")
        assert emitted.envelope["extras"] != (spared(emitted).envelope or {})["extras"]
        kinds[emitted.corruption] += 1
    assert set(kinds) == set(Corruption)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_default_demo_shows_everything_at_its_default_size(seed: int) -> None:
    emitted = emissions(Faults.believable(), seed=seed)
    extras = [one.envelope["extras"] for one in emitted if one.envelope is not None]
    assert {one.fault for one in emitted} == {None, *Fault}
    assert {one["messageType"] for one in extras} > set(MessageType)
    assert {one.get("mtokenOperationResult") for one in extras} > set(OperationResult)
    assert len({finding.code for one in extras for finding in check(one)}) >= 5
    assert sum(one.fault is not None for one in emitted) < SIZE * 0.05


def test_a_style_that_names_nobody_cannot_be_misdirected() -> None:
    for emitted in emissions(Faults(misdirect=1)):
        assert emitted.envelope is not None
        user = emitted.fact.user
        if user.style is Style.BARE and not user.names_activation and emitted.fact.operation:
            assert emitted.fault is None


@pytest.mark.parametrize("odds", [{"drop": -0.1}, {"drop": 0.6, "corrupt": 0.6}])
def test_impossible_odds_are_refused(odds: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="probabilities"):
        Faults(**odds)
