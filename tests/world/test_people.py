from dataclasses import replace
from itertools import pairwise
from uuid import UUID

import pytest

from notifications.world import Status, Style, World

from .worlds import SIZE, UNTIL, truth, world

DEVICES = [device for user in world().people for device in user.devices]


def test_identifiers_are_unique_uuids_of_version_4() -> None:
    identifiers = [device.activation_id for device in DEVICES]
    assert len(set(identifiers)) == len(identifiers)
    assert all(
        str(UUID(identifier)) == identifier and UUID(identifier).version == 4
        for identifier in identifiers
    )


def test_a_user_has_one_to_three_devices_at_any_moment() -> None:
    for user in world().people:
        assert user.devices
        moments = [change.at for device in user.devices for change in device.changes]
        for moment in moments:
            assert sum(device.is_registered_at(moment) for device in user.devices) <= 3


def test_the_people_are_a_believable_mix() -> None:
    people = world().people
    assert {device.platform for device in DEVICES} == {"apns", "fcm", "hms"}
    assert {user.app_id for user in people} == {"mobile-token", "mobile-token-business"}
    assert 0.05 < sum(user.style is Style.BARE for user in people) / len(people) < 0.3
    assert {user.names_activation for user in people if user.style is Style.BARE} == {True, False}
    since = world().since
    assert any(device.registered_at > since for device in DEVICES)
    changes = {change.status for device in DEVICES for change in device.changes[1:]}
    assert changes == set(Status)  # blocked, unblocked and removed


def test_a_life_changes_in_order_and_ends_with_removal() -> None:
    for device in DEVICES:
        for earlier, later in pairwise(device.changes):
            assert earlier.at < later.at < UNTIL
            assert earlier.status is not later.status
        states = [change.status for change in device.changes]
        assert Status.REMOVED not in states[:-1]
        assert (states[-1] is Status.REMOVED) == (device.unregistered_at is not None)


def test_only_active_devices_are_push_active() -> None:
    for device in DEVICES:
        for change in device.changes:
            assert device.status_at(change.at) is change.status
            assert device.is_push_active_at(change.at) == (change.status is Status.ACTIVE)
        if device.unregistered_at is not None:
            assert not device.is_registered_at(device.unregistered_at)


@pytest.mark.parametrize("number", [0, 7, 42])
def test_a_user_is_the_same_in_a_larger_world(number: int) -> None:
    user, same = world().people[number], world(size=3_000).people[number]
    assert user == same


@pytest.mark.parametrize("style", Style)
def test_telling_of_all_users_in_one_style_changes_nothing_else(style: Style) -> None:
    told = World(seed=1, size=SIZE, until=UNTIL, style=style)
    assert told.people == tuple(replace(user, style=style) for user in world().people)
    facts = [replace(fact, user=replace(fact.user, style=style)) for fact in truth()]
    assert list(told.facts()) == facts


def test_users_of_another_app_live_the_same_lives() -> None:
    told = World(seed=1, size=SIZE, until=UNTIL, app_id="wallet")
    assert {device.app_id for user in told.people for device in user.devices} == {"wallet"}
    assert {user.app_id for user in told.people} == {"wallet"}
    facts = [(fact.fact_id, fact.kind, fact.at, fact.user.user_id) for fact in truth()]
    assert [(each.fact_id, each.kind, each.at, each.user.user_id) for each in told.facts()] == facts
