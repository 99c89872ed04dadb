"""The push registrations of a device, each with how it ended."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.protocol.events import ActivationEvent
from notifications.protocol.state import Ending, Registration, Standing, fold_registrations
from tests.protocol.lives import (
    PHONE,
    TABLET,
    callback,
    deleted,
    history,
    moment,
    push_status,
    registered,
    state,
)


def fold(*events: ActivationEvent) -> tuple[Registration, ...]:
    return fold_registrations(PHONE, events)


def endings(*events: ActivationEvent) -> list[Any]:
    """Of each registration its token, from when to when, and how it ended."""
    return [(each.token, each.since, each.until, each.ended_by) for each in fold(*events)]


def test_the_same_token_again_is_the_same_registration() -> None:
    one, again = registered(0, is_request=True, platform="apns"), registered(50, app="retail")
    (found,) = fold(one, again)
    assert (found.since, found.until, found.ended_by) == (moment(0), None, None)
    assert (found.app, found.platform, found.standing) == ("retail", "apns", Standing.KNOWN)
    assert found.evidence == (one.id, again.id)


def test_another_token_ends_the_one_before() -> None:
    told = registered(0, "t-1"), registered(50, "t-2")
    assert endings(*told) == [
        ("t-1", moment(0), moment(50), Ending.RE_REGISTERED),
        ("t-2", moment(50), None, None),
    ]
    assert state(told, 60).registered.sense == (True, Standing.KNOWN)


def test_a_token_that_another_activation_registers_is_no_longer_this_ones() -> None:
    asked = registered(50, activation=TABLET, recipient=8, is_request=True)
    told = registered(0, is_request=True), asked
    assert endings(*told) == [("t-1", moment(0), moment(50), Ending.RE_BOUND)]
    assert state(told, 60).registered.sense == (False, Standing.ASSUMED)
    assert state(told, 60).recipient.value is None


@pytest.mark.parametrize(
    "event",
    [
        registered(50, "t-2", activation=TABLET),
        registered(50, activation=TABLET, app="business"),
        registered(0, activation=TABLET),  # the multiple form: one report has it for both
        deleted(50, "t-2"),
        deleted(50, app="business"),
        deleted(50, activation=TABLET),
        deleted(50, "t-2", activation=PHONE, is_request=True),
        registered(50, activation=TABLET),  # its own row would have told of its end
        callback(50, "BLOCKED"),
    ],
)
def test_what_concerns_another_registration_ends_none(event: ActivationEvent) -> None:
    assert endings(registered(0, app="retail"), event) == [("t-1", moment(0), None, None)]


@pytest.mark.parametrize("told", [{}, {"app": "retail"}, {"activation": PHONE, "token": None}])
def test_a_deletion_ends_it(told: dict[str, Any]) -> None:
    events = registered(0, app="retail"), deleted(50, **told)
    assert endings(*events) == [("t-1", moment(0), moment(50), Ending.DELETED)]
    assert state(events, 60).registered.sense == (False, Standing.KNOWN)


def test_a_deletion_concerns_who_had_the_token_then() -> None:
    asked = {"is_request": True}
    told = [registered(0, **asked), registered(50, activation=TABLET, **asked)]
    told += [deleted(100), registered(200, **asked)]
    assert endings(*told) == [
        ("t-1", moment(0), moment(50), Ending.RE_BOUND),
        ("t-1", moment(200), None, None),
    ]
    assert [each.ended_by for each in fold_registrations(TABLET, told)] == [Ending.DELETED]


def test_a_removed_device_is_refused_and_what_it_had_stays() -> None:
    removed = callback(100, "REMOVED")
    assert endings(removed, registered(150, is_request=True)) == []
    told = registered(0), removed, registered(150, "t-2", is_request=True)
    assert endings(*told) == [("t-1", moment(0), None, None)]
    assert state([removed, registered(150, is_request=True)], 200).registered.value is None
    # What the Push Server itself tells is not refused.
    assert len(fold(removed, registered(150))) == 1


def test_at_one_moment_a_deletion_comes_before_a_registration() -> None:
    told = registered(0), registered(50, "t-2"), deleted(50), push_status(50, False)
    assert [each[0] for each in endings(*told)] == ["t-1", "t-2"]
    assert state(told, 50).push_active.sense == (False, Standing.KNOWN)


def test_whose_it_was_is_taken_from_what_names_the_device() -> None:
    told = registered(50), *history(10, (0, "ACTIVE")), callback(20, "ACTIVE", recipient=7, app="a")
    (found,) = fold(*told)
    assert (found.recipient, found.app) == (7, "a")


@settings(deadline=None)
@given(
    st.lists(
        st.builds(
            registered,
            st.integers(0, 20),
            st.sampled_from(["t-1", "t-2", None]),
            activation=st.sampled_from([PHONE, TABLET]),
        )
        | st.builds(deleted, st.integers(0, 20), activation=st.sampled_from([PHONE, None]))
    ),
    st.randoms(use_true_random=False),
)
def test_registrations_follow_one_another_whatever_order_they_are_read_in(
    events: list[ActivationEvent], random: Any
) -> None:
    found = fold(*events)
    assert fold(*random.sample(events, len(events))) == found
    assert all(each.until is not None for each in found[:-1])
    ends = [moment for each in found for moment in (each.since, each.until) if moment]
    assert ends == sorted(ends)
    for second in range(21):
        at = moment(second)
        had = any(each.since <= at and (each.until is None or at < each.until) for each in found)
        assert bool(state(events, second).registered.value) == had
