"""What the world's Push Server keeps of devices, against the requests that a proxy saw."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.protocol.events import ActivationStatus
from notifications.world.lives import Life
from notifications.world.people import User, populate
from notifications.world.phones import Habits
from notifications.world.push_server import CREATE, DELETE, UPDATE, Registry, Request, registry

from .worlds import UNTIL

SINCE = UNTIL - timedelta(days=30)


def people(seed: int = 1) -> tuple[User, ...]:
    return populate(seed=seed, count=20, since=SINCE, until=UNTIL)


def registered(seed: int = 1, habits: Habits | None = None) -> Registry:
    habits = habits or Habits()
    return registry(people(seed), seed=seed, since=SINCE, until=UNTIL, habits=habits)


REGISTRIES = [registered(seed) for seed in range(8)]
LIVES = [life for each in REGISTRIES for life in each.lives.values()]
REQUESTS = [request for each in REGISTRIES for request in each.requests]


def of(request: Request, name: str) -> str | None:
    asked: dict[str, str] = request.body.get("requestObject", request.body)
    return asked.get(name)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32))
def test_the_same_people_and_seed_have_the_same_lives(seed: int) -> None:
    assert registered(seed) == registered(seed)


def test_the_status_is_that_of_the_people_from_their_activation_on() -> None:
    for life in LIVES:
        device = life.device
        for change in device.changes:
            if change.at >= SINCE:
                assert life.status_at(change.at) == device.status_at(change.at)
        assert life.status_at(SINCE) == device.status_at(SINCE)
        assert life.status_at(life.activated_at - timedelta(hours=1)) is None
        before = life.status_at(life.activated_at - timedelta(seconds=1))
        assert before is ActivationStatus.PENDING_COMMIT
        assert [turn.at for turn in life.turns] == sorted({turn.at for turn in life.turns})


def test_devices_with_nothing_to_tell_have_one_history_in_all_windows() -> None:
    later = [each + timedelta(days=40) for each in (SINCE, UNTIL)]
    then = populate(seed=0, count=20, since=later[0], until=later[1])
    again = registry(then, seed=0, since=later[0], until=later[1]).lives
    both = REGISTRIES[0].lives.keys() & again.keys()
    assert len(both) > 3
    for name in both:
        one, other = REGISTRIES[0].lives[name], again[name]
        assert one.activated_at == other.activated_at


def test_requests_are_in_order_and_end_with_the_window() -> None:
    for each in REGISTRIES:
        times = [request.at for request in each.requests]
        assert times == sorted(times)
        assert times[0] < SINCE < times[-1] < UNTIL
    assert len({request.request_id for request in REQUESTS}) == len(REQUESTS)


def test_a_device_is_registered_once_asked_for_and_lives_on_until_deleted() -> None:
    calm = Habits(
        starts_a_day=0, new_token=0, lent=0, same_phone=0, deleted=1, tried_again=0, erased=0,
        forgotten=0, failed=0,
    )  # fmt: skip
    for life in registered(habits=calm).lives.values():
        device, later = life.device, timedelta(seconds=3)
        assert not life.is_registered_at(max(device.registered_at, life.activated_at))
        for change in device.changes:
            if change.at < SINCE:
                continue
            then = change.at + later
            assert life.is_registered_at(then)
            assert life.is_push_active_at(then) == device.is_push_active_at(change.at)
        if device.unregistered_at is not None:
            assert not life.is_registered_at(device.unregistered_at)


def outcome(life: Life, request: Request) -> tuple[str | None, bool]:
    return life.token_at(request.at), life.is_push_active_at(request.at)


def test_what_was_done_shows_and_what_was_not_does_not() -> None:
    undone: Counter[str] = Counter()
    for each in REGISTRIES:
        for request in each.requests:
            life = each.lives.get(of(request, "activationId") or "")
            if request.is_done and life is not None and request.path == CREATE:
                active = life.status_at(request.at) is ActivationStatus.ACTIVE
                assert outcome(life, request) == (of(request, "token"), active)
            if not request.is_done:
                undone[request.path] += 1
                assert all(row.at != request.at for its in each.lives.values() for row in its.rows)
    assert min(undone[path] for path in (CREATE, UPDATE, DELETE)) > 0


def test_nothing_changes_between_requests_but_what_a_gateway_erased() -> None:
    erased = 0
    for each in REGISTRIES:
        asked = {request.at for request in each.requests if request.is_done}
        for life in each.lives.values():
            silent = [row for row in life.rows if row.at not in asked]
            assert all(row.token is None for row in silent)
            erased += len(silent)
    assert 0 < erased < len(LIVES) * 0.1


def test_tokens_are_renewed_and_bound_to_other_activations() -> None:
    renewed = bound_anew = stale = 0
    for each in REGISTRIES:
        holders: Counter[str] = Counter()
        for life in each.lives.values():
            tokens = [row.token for row in life.rows]
            renewed += any(a and b and a != b for a, b in pairwise(tokens))
            holders.update({token for token in tokens if token})
            moments: list[datetime] = [row.at for row in life.rows]
            stale += any(
                life.is_push_active_at(at) and life.status_at(at) is not ActivationStatus.ACTIVE
                for turn in life.turns
                for at in (turn.at, *moments)
            )
        bound_anew += sum(count > 1 for count in holders.values())
    assert min(renewed, bound_anew, stale) > 10


def test_only_one_activation_has_a_token_after_it_was_bound_anew() -> None:
    for each in REGISTRIES:
        for life in each.lives.values():
            first = next((row for row in life.rows if row.token), None)
            if first is None:
                continue
            others = [its for its in each.lives.values() if its is not life]
            assert all(its.token_at(first.at) != first.token for its in others)


@pytest.mark.parametrize("path", [CREATE, UPDATE, DELETE])
def test_bodies_are_those_of_the_push_server(path: str) -> None:
    keys = Counter(
        tuple(sorted(request.body.get("requestObject", request.body)))
        for request in REQUESTS
        if request.path == path
    )
    shapes = {
        CREATE: {
            ("activationId", "appId", "environment", "platform", "token"),
            ("activationId", "appId", "platform", "token"),
        },
        UPDATE: {("activationId",), ("activationId", "activationStatus")},
        DELETE: {("appId", "token")},
    }
    assert set(keys) == shapes[path]
