"""What two readings of a Push Server's table leave known of what lies between and after them."""

import pytest

from notifications.protocol.events import ActivationEvent
from notifications.protocol.state import Ending, Standing, fold_registrations
from tests.protocol.lives import (
    PHONE,
    TABLET,
    compared,
    deleted,
    moment,
    push_status,
    registered,
    state,
)

KNOWN, ASSUMED, UNKNOWN = Standing.KNOWN, Standing.ASSUMED, Standing.UNKNOWN
READ = {"powerauth": moment(500)}


def senses(events: list[ActivationEvent], at: float) -> tuple[object, object]:
    found = state(events, at, READ)
    return found.registered.sense, found.push_active.sense


def lost(observed: float, **told: object) -> ActivationEvent:
    return deleted(observed, activation=PHONE, **told)


def test_what_was_read_is_known_until_it_was_last_compared_and_assumed_from_then_on() -> None:
    told = [registered(100, push_active=True, happened=40)]
    assert senses(told, 39) == ((None, UNKNOWN), (None, UNKNOWN))
    assert senses(told, 40) == ((True, KNOWN), (True, ASSUMED))  # the flag may have flipped since
    assert senses(told, 100) == ((True, KNOWN), (True, KNOWN))
    assert senses(told, 499) == ((True, KNOWN), (True, KNOWN))
    assert senses(told, 500) == ((True, ASSUMED), (True, ASSUMED))
    assert state(told, 600, READ).registered.seen == moment(500)
    assert state(told, 101, {}).registered.sense == (True, ASSUMED)


def test_between_two_readings_what_was_before_is_only_assumed() -> None:
    told = [registered(100, push_active=True), lost(300, not_before=moment(200))]
    assert senses(told, 199) == ((True, KNOWN), (True, KNOWN))
    assert senses(told, 200) == ((True, ASSUMED), (True, ASSUMED))
    assert senses(told, 300) == ((False, KNOWN), (False, KNOWN))
    at = lost(300, not_before=moment(200), happened=250)
    assert senses([told[0], at], 249) == ((True, ASSUMED), (True, ASSUMED))
    assert senses([told[0], at], 250) == ((False, KNOWN), (False, KNOWN))


def test_a_flag_that_flipped_leaves_no_doubt_of_the_registration() -> None:
    told = [
        registered(100, push_active=True),
        push_status(300, False, not_before=moment(200)),
        push_status(400, None, not_before=moment(350)),
    ]
    assert senses(told, 250) == ((True, KNOWN), (True, ASSUMED))
    assert senses(told, 300) == ((True, KNOWN), (False, KNOWN))
    assert senses(told, 450) == ((True, KNOWN), (False, ASSUMED))  # the Push Server itself has none


@pytest.mark.parametrize("at", [120, 150, 400])
def test_a_request_of_which_the_table_shows_nothing_came_to_nothing(at: int) -> None:
    told = [registered(100, push_active=True)]
    asked = [
        deleted(at, is_request=True),
        push_status(at, False, is_request=True),
        registered(at, activation=TABLET, is_request=True),
    ]
    assert senses([*told, *asked], 450) == ((True, KNOWN), (True, KNOWN))
    assert [
        each.ended_by for each in fold_registrations(PHONE, compared([*told, *asked], READ))
    ] == [None]


def test_a_request_tells_when_it_was_that_the_table_changed_and_what_came_after() -> None:
    told = [registered(100, push_active=True), lost(300, not_before=moment(200))]
    asked = deleted(220, is_request=True)
    assert senses([*told, asked], 230) == ((False, ASSUMED), (False, ASSUMED))
    later = deleted(550, is_request=True)
    assert senses([told[0], later], 560) == ((False, ASSUMED), (False, ASSUMED))
    flipped = push_status(90, False, is_request=True)
    early = registered(100, push_active=False, happened=40)
    assert senses([early, flipped], 95) == ((True, KNOWN), (False, ASSUMED))


def test_a_row_that_is_bound_anew_ends_the_one_and_a_token_of_two_rows_ends_none() -> None:
    first = registered(100)
    bound = registered(300, activation=TABLET, not_before=moment(200))
    (found,) = fold_registrations(PHONE, compared([first, bound], READ))
    assert found.until is None
    ending = lost(300, not_before=moment(200), happened=250)
    (found,) = fold_registrations(PHONE, compared([first, bound, ending], READ))
    assert (found.until, found.ended_by) == (moment(250), Ending.RE_BOUND)
    assert found.evidence == (first.id, ending.id, bound.id)
    (found,) = fold_registrations(PHONE, compared([first, ending], READ))
    assert found.ended_by is Ending.DELETED


def test_where_two_tables_have_a_device_neither_tells_all() -> None:
    told = [registered(100), registered(110, source="push-db"), lost(200)]
    assert state(told, 250).registered.sense == (False, ASSUMED)
