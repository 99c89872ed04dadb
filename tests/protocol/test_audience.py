from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.protocol.audience import (
    Basis,
    Certainty,
    Device,
    Grade,
    grade_of,
    reaches,
    status_changes,
)
from notifications.protocol.extras import MessageType
from notifications.protocol.message import Message

from .messages import OPERATION, PHONE, TABLET, init, message, moment

STATUS, INBOX = MessageType.STATUS_CHANGE, MessageType.INBOX_MESSAGE_NEW
ALICE, BOB = 1, 2
ADDRESSED = (Basis.ADDRESSED, Certainty.KNOWN)
MENTIONED = (Basis.ADDRESSED, Certainty.ASSUMED)
USER_WIDE = (Basis.USER_WIDE, Certainty.ASSUMED)
OF_ITS_OPERATION = (Basis.OPERATION, Certainty.ASSUMED)


def phone(*told: Message) -> Device:
    return Device.from_messages(PHONE, told)


def alices(at: float = 0, app: str | None = "app") -> Message:
    """A message that tells that the phone is Alice's."""
    return message(STATUS, at, recipient=ALICE, app=app, operation=None)


def to_user(at: float, recipient: int = ALICE, app: str | None = "app") -> Message:
    told = {"recipient": recipient, "app": app, "addressed_to": "user", "operation": None}
    return message(INBOX, at, None, **told)


def test_a_message_to_the_device_that_its_request_named_is_known_to_be_its() -> None:
    assert reaches(init(), phone()) == ADDRESSED


def test_a_copy_is_known_to_be_its_devices() -> None:
    assert reaches(init(addressed_to="user", per_device=True), phone()) == ADDRESSED


def test_a_device_that_only_the_extras_name_is_assumed() -> None:
    assert reaches(init(addressed_to="unknown"), phone()) == MENTIONED


def test_a_message_to_one_device_does_not_reach_another_of_the_same_user() -> None:
    tablet = Device.from_messages(TABLET, [init(to=TABLET, recipient=ALICE)])
    assert reaches(init(recipient=ALICE), tablet) is None
    assert reaches(init(recipient=ALICE, addressed_to="unknown"), tablet) is None


def test_what_goes_to_a_user_is_assumed_to_reach_each_of_the_devices_told_of() -> None:
    assert reaches(to_user(10), phone(alices())) == USER_WIDE
    assert reaches(to_user(10, BOB), phone(alices())) is None


def test_a_message_that_names_a_user_and_no_device_is_user_wide_whatever_it_says() -> None:
    told = replace(to_user(10), addressed_to="unknown")
    assert told.is_user_wide
    assert reaches(told, phone(alices())) == USER_WIDE


def test_a_device_nobody_told_the_user_of_is_reached_by_nothing_user_wide() -> None:
    assert reaches(to_user(10), phone(init())) is None
    assert reaches(to_user(10), Device(PHONE)) is None


@pytest.mark.parametrize(
    ("of_device", "of_message", "reached"),
    [
        ("app", "app", True),
        ("app", "business", False),
        (None, "app", True),
        ("app", None, True),
        (None, None, True),
    ],
)
def test_another_app_is_not_reached_and_an_untold_one_is_assumed_to_be_the_same(
    of_device: str | None, of_message: str | None, reached: bool
) -> None:
    answer = reaches(to_user(10, app=of_message), phone(alices(app=of_device)))
    assert answer == (USER_WIDE if reached else None)


@pytest.mark.parametrize(
    ("at", "owner"),
    [(-50, ALICE), (0, ALICE), (99.999, ALICE), (100, BOB), (100.001, BOB), (10_000, BOB)],
)
def test_a_device_may_change_hands(at: float, owner: int) -> None:
    device = phone(message(STATUS, 100, recipient=BOB), message(STATUS, 0, recipient=ALICE))
    bound = device.binding_at(moment(at))
    assert bound is not None
    assert bound.recipient == owner
    reached = [who for who in (ALICE, BOB) if reaches(to_user(at, who), device)]
    assert reached == [owner]


def test_a_message_that_tells_of_no_user_unbinds_nothing() -> None:
    device = phone(alices(0), init(50))
    assert [each.recipient for each in device.bindings] == [ALICE]


def test_what_names_nobody_goes_to_the_device_that_its_operation_named() -> None:
    assert reaches(init(to=None), phone(init())) == OF_ITS_OPERATION
    assert reaches(init(to=None), phone(alices())) is None
    assert reaches(init(to=None, operation="another"), phone(init())) is None


def test_what_is_about_no_operation_and_names_nobody_goes_to_nobody_known() -> None:
    assert reaches(message(None, to=None, operation=None), phone(alices())) is None


def test_what_names_a_user_too_goes_where_the_user_is_and_only_else_by_its_operation() -> None:
    named = init(to=None, recipient=BOB)
    assert reaches(named, phone(init(recipient=ALICE))) is None
    assert reaches(named, phone(init())) == OF_ITS_OPERATION


def test_a_device_has_the_operations_of_messages_that_name_it() -> None:
    told = [init(), init(to=TABLET, operation="another"), init(to=None, operation="third")]
    assert phone(*told).operations == {OPERATION}


@given(st.permutations([alices(0), alices(10, None), init(20, recipient=BOB), init(30)]))
def test_the_order_of_what_tells_of_a_device_does_not_matter(told: list[Message]) -> None:
    assert phone(*told) == phone(*sorted(told, key=lambda each: each.at))


@pytest.mark.parametrize("basis", Basis)
def test_only_what_named_the_device_is_graded_addressed(basis: Basis) -> None:
    expected = Grade.ADDRESSED if basis is Basis.ADDRESSED else Grade.UNKNOWN
    assert grade_of(basis) is expected


def test_status_changes_are_those_of_each_device_in_order_of_time() -> None:
    told = [
        message(STATUS, 9),
        message(STATUS, 3),
        message(STATUS, 5, TABLET),
        message(STATUS, 1, None),
        init(2),
    ]
    expected = {PHONE: [moment(3), moment(9)], TABLET: [moment(5)]}
    assert status_changes(told) == expected
