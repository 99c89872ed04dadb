"""What is known of a device at a moment."""

from dataclasses import replace

import pytest

from notifications.protocol.events import ActivationEvent, ActivationStatus
from notifications.protocol.state import Standing, fold_days
from notifications.protocol.statuses import TOLERANCE
from notifications.protocol.window import Window
from tests.protocol.lives import (
    PHONE,
    callback,
    deleted,
    history,
    moment,
    push_status,
    registered,
    spans,
    state,
)

KNOWN, ASSUMED, UNKNOWN = Standing.KNOWN, Standing.ASSUMED, Standing.UNKNOWN
CREATED, PENDING, ACTIVE, BLOCKED, REMOVED = (str(each) for each in ActivationStatus)
SECONDS = int(TOLERANCE.total_seconds())
LATER = SECONDS + 1


def status(events: list[ActivationEvent], at: float) -> tuple[str | None, Standing]:
    return state(events, at).status.sense


def test_of_a_device_without_events_nothing_is_known() -> None:
    nothing = state([], 0)
    assert set(nothing.sense) == {(None, UNKNOWN)}
    assert nothing.status.since is None
    assert nothing.status.evidence == ()


def test_a_callback_is_carried_forward_as_assumed_and_tells_nothing_of_before() -> None:
    told = callback(10, ACTIVE)
    assert status([told], 9) == (None, UNKNOWN)
    found = state([told], 5000).status
    assert (found.sense, found.since, found.seen) == ((ACTIVE, ASSUMED), moment(10), moment(10))
    assert found.evidence == (told.id,)


def test_a_history_is_known_until_it_was_read_and_assumed_from_then_on() -> None:
    rows = history(500, (0, CREATED), (10, ACTIVE), (200, BLOCKED))
    expected = {
        -1: (None, UNKNOWN),
        0: (CREATED, KNOWN),
        10: (ACTIVE, KNOWN),
        199: (ACTIVE, KNOWN),
        200: (BLOCKED, KNOWN),
        499: (BLOCKED, KNOWN),
        500: (BLOCKED, ASSUMED),
    }
    assert {at: status(rows, at) for at in expected} == expected
    found = state(rows, 9000).status
    assert (found.since, found.seen) == (moment(200), moment(500))


def test_what_a_history_tells_later_makes_the_time_between_known() -> None:
    first = history(100, (0, ACTIVE))
    assert status(first, 300) == (ACTIVE, ASSUMED)
    assert status([*first, *history(500, (400, BLOCKED))], 300) == (ACTIVE, KNOWN)


def test_within_a_history_callbacks_change_nothing() -> None:
    rows = history(500, (0, ACTIVE), (200, BLOCKED))
    late = [callback(250, ACTIVE), callback(260, BLOCKED)]
    assert [each.state.status.sense for each in spans([*rows, *late])] == [
        each.state.status.sense for each in spans(rows)
    ]


def test_after_a_history_a_callback_tells_what_came_next() -> None:
    rows = history(500, (0, ACTIVE))
    assert status([*rows, callback(700, BLOCKED)], 800) == (BLOCKED, ASSUMED)
    assert status([*rows, callback(700, CREATED)], 800) == (ACTIVE, ASSUMED)


def test_a_callback_just_after_the_last_row_may_be_of_before_it() -> None:
    rows = history(20, (0, ACTIVE), (10, BLOCKED))
    assert status([*rows, callback(30, ACTIVE)], 40) == (None, UNKNOWN)
    assert status([*rows, callback(30, BLOCKED)], 40) == (BLOCKED, ASSUMED)


def test_a_clock_that_is_ahead_is_not_believed() -> None:
    ahead = history(100, (3700, ACTIVE))
    assert status(ahead, 99) == (None, UNKNOWN)
    assert status(ahead, 100) == (ACTIVE, ASSUMED)


@pytest.mark.parametrize(
    ("first", "second", "left"),
    [
        (CREATED, PENDING, PENDING),
        (ACTIVE, CREATED, ACTIVE),
        (BLOCKED, PENDING, BLOCKED),
        (REMOVED, ACTIVE, REMOVED),
        (BLOCKED, REMOVED, REMOVED),
        (ACTIVE, BLOCKED, None),
        (BLOCKED, ACTIVE, None),
    ],
)
def test_the_order_of_a_life_settles_what_arrives_together(
    first: str, second: str, left: str | None
) -> None:
    assert state([callback(0, first), callback(SECONDS, second)], 1000).status.value == left


def test_blocked_and_active_further_apart_are_taken_as_they_arrived() -> None:
    told = [callback(0, BLOCKED), callback(LATER, ACTIVE)]
    assert status(told, LATER) == (ACTIVE, ASSUMED)


def test_what_is_left_open_names_both_and_a_later_observation_decides() -> None:
    told = [callback(0, ACTIVE), callback(30, BLOCKED)]
    open_ = state(told, 5000).status
    assert (open_.sense, open_.since) == ((None, UNKNOWN), moment(30))
    assert set(open_.evidence) == {each.id for each in told}
    assert status([*told, callback(30 + LATER, BLOCKED)], 5000) == (BLOCKED, ASSUMED)


def test_a_removed_device_stays_removed_whatever_is_told_later() -> None:
    told = [callback(0, REMOVED), callback(1000, ACTIVE), *history(3000, (2000, BLOCKED))]
    assert status(told, 5000) == (REMOVED, KNOWN)
    assert status([*told, *history(6000, (-50, REMOVED))], -40) == (REMOVED, KNOWN)


def test_a_word_that_is_not_powerauths_is_shown_and_is_never_active() -> None:
    for told in ([callback(0, "active")], history(100, (0, "active"))):
        found = state(told, 50)
        assert found.status.sense == ("active", ASSUMED)
        assert found.push_active.sense == (False, ASSUMED)


def test_user_and_app_are_for_life() -> None:
    told = [callback(0, ACTIVE), callback(100, ACTIVE, recipient=7, app="retail")]
    early, late = state(told, -5), state(told, 200)
    assert early.recipient.sense == late.recipient.sense == (7, KNOWN)
    assert early.app.sense == late.app.sense == ("retail", KNOWN)
    assert (early.app.since, late.app.since) == (None, moment(100))


def test_where_events_disagree_on_the_user_the_later_is_assumed() -> None:
    told = [callback(0, ACTIVE, recipient=7), callback(100, ACTIVE, recipient=8)]
    found = [state(told, at).recipient.sense for at in (-1, 50, 150)]
    assert found == [(7, ASSUMED), (7, ASSUMED), (8, ASSUMED)]


def test_registered_as_asked_is_assumed_and_as_told_is_known() -> None:
    asked, told = registered(0, is_request=True), registered(100)
    assert state([asked, told], -1).registered.sense == (None, UNKNOWN)
    assert state([asked, told], 50).registered.sense == (True, ASSUMED)
    assert state([asked, told], 150).registered.sense == (True, KNOWN)
    again, gone = registered(200, is_request=True), deleted(300, is_request=True)
    read = {"powerauth": moment(150)}
    assert state([asked, told, again], 250, read).registered.sense == (True, ASSUMED)
    found = state([asked, told, again, gone], 350, read)
    assert found.registered.sense == found.push_active.sense == (False, ASSUMED)


def test_blocking_or_removing_deletes_no_registration() -> None:
    told = [registered(0), callback(100, BLOCKED), callback(200, REMOVED)]
    assert state(told, 300).registered.sense == (True, KNOWN)


def test_the_push_server_asks_powerauth_when_a_token_is_registered() -> None:
    active = state([*history(500, (0, ACTIVE)), registered(10)], 20).push_active
    blocked = state([*history(500, (0, BLOCKED)), registered(10)], 20).push_active
    assert (active.sense, blocked.sense) == ((True, ASSUMED), (False, ASSUMED))
    told = state([*history(500, (0, BLOCKED)), registered(10, push_active=True)], 20)
    assert told.push_active.sense == (True, KNOWN)
    assert state([callback(0, BLOCKED), registered(10)], 20).push_active.sense == (False, ASSUMED)
    assert state([registered(10)], 20).push_active.sense == (True, ASSUMED)


def test_an_assumed_status_that_changes_at_once_may_have_changed_before() -> None:
    told = [callback(0, PENDING), registered(10), callback(11, ACTIVE)]
    assert state(told, 20).push_active.sense == (True, ASSUMED)


def test_the_push_server_is_not_told_of_what_powerauth_does_later() -> None:
    told = [*history(500, (0, ACTIVE), (100, BLOCKED)), registered(10, push_active=True)]
    assert state(told, 200).push_active.sense == (True, KNOWN)
    asked = push_status(150, status=BLOCKED, is_request=True)
    assert state([*told, asked], 200).push_active.sense == (True, KNOWN)  # nothing came of it
    read = {"powerauth": moment(100)}
    assert state([*told, asked], 200, read).push_active.sense == (False, ASSUMED)
    assert state([*told, push_status(150, False)], 200).push_active.sense == (False, KNOWN)


def test_without_a_word_of_the_push_server_it_is_assumed_to_follow_powerauth() -> None:
    told = history(500, (0, ACTIVE), (100, BLOCKED))
    assert state(told, 50).push_active.sense == (True, ASSUMED)
    assert state(told, 150).push_active.sense == (False, ASSUMED)


def test_what_is_known_now_may_not_have_been_known_then() -> None:
    callbacks = [callback(0, ACTIVE), callback(2000, ACTIVE)]
    late = replace(history(5000, (1000, BLOCKED))[0], recorded_at=moment(5000))
    told = [*callbacks, late]
    as_of = [each for each in told if each.recorded_at <= moment(3000)]
    assert status(told, 1500) == (BLOCKED, KNOWN)
    assert status(as_of, 1500) == (ACTIVE, ASSUMED)


def test_a_window_is_cut_where_anything_changes_and_nowhere_else() -> None:
    told = [*history(500, (0, ACTIVE), (100, ACTIVE)), callback(200, ACTIVE), callback(900, ACTIVE)]
    found = spans(told, since=-50, until=1000)
    assert [(each.since, each.until) for each in found] == [
        (moment(-50), moment(0)),
        (moment(0), moment(500)),
        (moment(500), moment(1000)),
    ]
    assert [each.state.status.sense for each in found] == [
        (None, UNKNOWN),
        (ACTIVE, KNOWN),
        (ACTIVE, ASSUMED),
    ]
    assert found[-1].state.status.seen == moment(900)


def test_what_is_said_of_a_moment_is_the_same_in_any_window_of_days() -> None:
    day = 86_400
    told = [callback(at * day, ACTIVE) for at in (0.1, 1.2, 5.5)] + [callback(6 * day, BLOCKED)]
    windows = [(0, 1), (-3, 9), (0.2, 0.3), (0, 1.5)]
    found = [
        fold_days(PHONE, told, Window(moment(since * day), moment(until * day)))
        for since, until in windows
    ]
    at = moment(0.25 * day)
    (state, *others) = [
        span.state for each in found for span in each if span.since <= at < span.until
    ]
    assert len(others) == len(windows) - 1
    for each in others:
        assert replace(each, at=state.at) == state
    first, last, *_ = (each.id for each in told)
    assert state.status.evidence == (first, last)  # and not what was seen days later
    values = [each.state.status.value for each in found[1]]
    assert list(dict.fromkeys(values)) == [None, ACTIVE, BLOCKED]


def test_the_gateway_is_the_registrations_and_from_the_operating_system_only_assumed() -> None:
    told = callback(10, ACTIVE, platform="fcm")
    assert state([told], 20).platform.sense == ("fcm", ASSUMED)
    given = registered(15, "t1", platform="hms")
    later_on = callback(30, BLOCKED, platform="fcm")
    assert state([told, given, later_on], 40).platform.value == "hms"
