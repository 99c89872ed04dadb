"""Whatever is told of a device, in whatever order: what always holds of its state."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from notifications.protocol.events import ActivationEvent, ActivationStatus
from notifications.protocol.state import DeviceState, Standing, fold_state
from notifications.protocol.statuses import TOLERANCE
from tests.protocol.lives import (
    PHONE,
    TABLET,
    at_end,
    callback,
    compared,
    deleted,
    history,
    moment,
    push_status,
    registered,
    spans,
    state,
)

KNOWN = Standing.KNOWN
CREATED, PENDING, ACTIVE, BLOCKED, REMOVED = (str(each) for each in ActivationStatus)
SECONDS = int(TOLERANCE.total_seconds())
RANKS = {CREATED: 0, PENDING: 1, ACTIVE: 2, BLOCKED: 2, REMOVED: 3}


def status(events: list[ActivationEvent], at: float) -> tuple[str | None, Standing]:
    return state(events, at).status.sense


# What sources may tell, in any order, at moments close enough to meet.
TIMES = st.integers(0, 400)
WORDS = st.sampled_from([*RANKS, "SUSPENDED"])
MAYBE = st.none() | TIMES
TOKENS = st.sampled_from(["t-1", "t-2"])
FACTS: dict[str, Any] = {
    "recipient": st.sampled_from([None, 7, 8]),
    "app": st.sampled_from([None, "retail", "business"]),
    "platform": st.sampled_from([None, "apns", "fcm"]),
    "happened": MAYBE,
    "source": st.sampled_from(["powerauth", "push-db"]),
}
ASKED = {**FACTS, "is_request": st.booleans()}
CALLBACKS = st.builds(callback, TIMES, WORDS)
EVENTS = st.lists(
    st.builds(callback, TIMES, WORDS, **FACTS)
    | st.builds(registered, TIMES, TOKENS, activation=st.sampled_from([PHONE, TABLET]), **ASKED)
    | st.builds(deleted, TIMES, TOKENS, activation=st.sampled_from([PHONE, None]), **ASKED)
    | st.builds(push_status, TIMES, st.booleans() | st.none(), **ASKED),
    max_size=12,
)


def senses(events: list[ActivationEvent]) -> list[Any]:
    return [(each.since, each.until, each.state.sense) for each in spans(events)]


@settings(deadline=None)
@given(EVENTS, st.randoms(use_true_random=False), TIMES)
def test_events_may_come_in_any_order(events: list[ActivationEvent], random: Any, at: int) -> None:
    shuffled = random.sample(events, len(events))
    assert state(shuffled, at) == state(events, at)
    assert spans(shuffled) == spans(events)


@settings(deadline=None)
@given(EVENTS, st.integers(-10, 500))
def test_a_state_is_that_of_its_span(events: list[ActivationEvent], at: int) -> None:
    found = spans(events)
    assert [each.until for each in found[:-1]] == [each.since for each in found[1:]]
    assert all(one.state.sense != other.state.sense for one, other in pairwise(found))
    (around,) = [each for each in found if each.since <= moment(at) < each.until]
    assert state(events, at).sense == around.state.sense
    assert _as_of_end(fold_state(PHONE, compared(events), at_end(around))) == _as_of_end(
        around.state
    )


def _as_of_end(found: DeviceState) -> DeviceState:
    return replace(found, at=moment(0))


@settings(deadline=None)
@given(EVENTS, TIMES, TIMES, MAYBE)
def test_no_device_comes_back(
    events: list[ActivationEvent], at: int, more: int, happened: int | None
) -> None:
    told = [*events, callback(at, REMOVED, happened=happened)]
    assert status(told, at + more) == (REMOVED, KNOWN)
    assert status(told, min(at, at if happened is None else happened) + more) == (REMOVED, KNOWN)


@settings(deadline=None)
@given(st.lists(CALLBACKS, min_size=1, max_size=8))
def test_callbacks_leave_what_may_have_come_last(callbacks: list[ActivationEvent]) -> None:
    """By counting what is possible: of the furthest in life, those that none is surely after."""
    told = [each for each in callbacks if each.status in RANKS]
    assume(told)
    furthest = max(RANKS[each.status or ""] for each in told)
    last = [each for each in told if RANKS[each.status or ""] == furthest]
    end = max(each.observed_at for each in last)
    possible = {each.status for each in last if end - each.observed_at <= TOLERANCE}
    expected = possible.pop() if len(possible) == 1 else None
    if furthest == RANKS[REMOVED]:
        expected = REMOVED
    assert state(told, 1000).status.value == expected


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(1000, 1000 + SECONDS), WORDS), min_size=2, max_size=6),
    st.lists(CALLBACKS, max_size=4),
    st.lists(st.tuples(TIMES, WORDS), max_size=4),
    st.randoms(use_true_random=False),
)
def test_callbacks_that_arrive_together_may_arrive_in_any_order(
    together: list[tuple[int, str]],
    before: list[ActivationEvent],
    rows: list[tuple[float, str]],
    random: Any,
) -> None:
    told = [*before, *history(401, *rows)]
    words = [word for _, word in together]
    shuffled = random.sample(words, len(words))
    one = [callback(at, word) for at, word in together]
    other = [callback(at, word) for (at, _), word in zip(together, shuffled, strict=True)]
    for at in (1000 + SECONDS, 9000):
        assert state([*told, *one], at).sense == state([*told, *other], at).sense


@settings(deadline=None)
@given(EVENTS, st.lists(CALLBACKS, min_size=1, max_size=3))
def test_a_callback_told_twice_at_once_is_told_once(
    events: list[ActivationEvent], callbacks: list[ActivationEvent]
) -> None:
    again = [callback(0, each.status or "", observed_at=each.observed_at) for each in callbacks]
    assert senses([*events, *callbacks, *again]) == senses([*events, *callbacks])


@settings(deadline=None)
@given(
    st.lists(WORDS, min_size=1, max_size=6), st.lists(st.integers(1, 400), min_size=1), st.data()
)
def test_a_repeated_callback_changes_nothing_but_when_it_was_seen(
    words: list[str], delays: list[int], data: st.DataObject
) -> None:
    told = [callback(1000 * place, word) for place, word in enumerate(words)]
    repeats = []
    for delay in delays:
        place = data.draw(st.integers(0, len(words) - 1))
        word = state(told, 1000 * place).status.value
        repeats.append(callback(1000 * place + delay, word or ""))
    assert senses([*told, *repeats]) == senses(told)
    last = max(each.observed_at for each in repeats)
    assert fold_state(PHONE, [*told, *repeats], last).status.seen == last


def test_however_often_it_is_told_the_evidence_stays_short() -> None:
    told = [callback(each * 7, (ACTIVE, BLOCKED)[each // 20 % 2]) for each in range(10_000)]
    found = spans(told)
    assert len(found) > 500
    assert all(len(each.state.status.evidence) <= 2 for each in found)
