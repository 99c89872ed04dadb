"""What events tell of devices and operations, from the record to the answer."""

from collections.abc import Callable

import pytest

from notifications.models import Recipient
from notifications.protocol.audience import Grade
from notifications.protocol.reasons import Reason, Rule
from notifications.protocol.window import Window
from notifications.trace.device import trace_device
from notifications.trace.gaps import find_gaps
from notifications.trace.operation import trace_operation
from notifications.trace.recipient import trace_user
from tests.conftest import DEVICE, FINISHED, INBOX_NEW, INIT, NOW, OPERATION

from .happening import (
    DAY,
    OTHER,
    REGISTERED,
    UNREGISTERED,
    USER,
    at,
    gaps,
    happened,
    life,
    only,
    push,
    sent,
    status,
    traced,
)

pytestmark = pytest.mark.django_db


# --- What was emitted and kept from a device


def test_a_message_to_a_device_that_is_not_registered_is_explained(
    bank: Callable[..., None],
) -> None:
    happened(push(REGISTERED, -60), push(UNREGISTERED, -10, activation_id=None))
    bank([sent(INIT, addressed_to="activation")])
    trace = traced()
    entry = trace.entries[0]
    assert (entry.grade, entry.reason) == (Grade.NOT_ATTEMPTED, Reason.NOT_REGISTERED)
    assert entry.sentence == (
        "The operation “login” was announced. operationInit could not go to this device: it was not"
        f" registered for push since {at(-10):%Y-%m-%d %H:%M:%S} UTC."
    )
    assert entry.events
    assert trace.counts.emitted == 0
    assert "device not registered for push" in trace.verdict


def test_a_personal_message_to_a_device_that_is_not_push_active_is_explained(
    bank: Callable[..., None],
) -> None:
    happened(status("ACTIVE", -60), status("BLOCKED", -10))
    to_user = {"personal": True, "activation_id": None, "addressed_to": "user"}
    bank([sent(INIT, **to_user), sent(FINISHED, 1, **to_user)])
    found = [each for each in traced().entries if each.operation]
    assert {each.reason for each in found} == {Reason.INACTIVE_PERSONAL}
    assert {each.grade for each in found} == {Grade.NOT_ATTEMPTED}


def test_a_message_that_is_not_personal_goes_to_blocked_devices_too(
    bank: Callable[..., None],
) -> None:
    happened(status("ACTIVE", -60), status("BLOCKED", -10))
    bank([sent(INIT, personal=False), sent(FINISHED, 1, personal=False)])
    assert [each.grade for each in traced().entries if each.operation] == [Grade.ADDRESSED] * 2


def test_what_names_the_user_is_the_devices_by_its_events_alone(
    bank: Callable[..., None],
) -> None:
    happened(status("ACTIVE", -60, of=OTHER))
    bank([sent(INBOX_NEW, activation_id=None)])
    entry = only(traced(OTHER))
    assert (entry.basis, entry.reason) == ("user_wide", None)


def test_a_users_trace_has_the_devices_that_events_name(bank: Callable[..., None]) -> None:
    bank([sent(INBOX_NEW, activation_id=None)])
    happened(status("ACTIVE", -60, of=OTHER))
    recipient = Recipient.objects.get(user_id=USER).pk
    trace = trace_user(recipient, DAY, now=NOW)
    assert [each.activation for each in trace.devices] == [OTHER]


# --- What operations owe


def test_an_operation_that_was_never_announced_is_missing(bank: Callable[..., None]) -> None:
    bank(
        [
            sent(INIT | {"operationId": "linked"}, -100),
            sent(FINISHED | {"operationId": "linked"}, -99),
        ]
    )
    happened(life("PENDING", 0), life("PENDING", -100, operation_id="linked"))
    happened(status("ACTIVE", -200))
    assert gaps() == [(Rule.E0, Reason.CREATED_UNANNOUNCED)]
    entry = traced().entries[-1]
    assert (entry.rule, entry.operation, entry.certainty) == (Rule.E0, OPERATION, "assumed")
    timeline = trace_operation(OPERATION, now=NOW)
    assert [each.reason for each in timeline.entries] == [Reason.CREATED_UNANNOUNCED]
    assert timeline.counts.missing == 1


def test_an_operation_belongs_to_the_window_in_which_it_was_created(
    bank: Callable[..., None],
) -> None:
    other = {"operationId": "linked"}
    bank([sent(INIT | other, -100), sent(FINISHED | other, -99)])
    happened(status("ACTIVE", -200), life("PENDING", -100, operation_id="linked"))
    happened(life("PENDING", 1, created_at=at(0)), life("REJECTED", 40, created_at=at(0)))
    for since, until, count in ((-1, 0.5, 1), (0.5, 60, 0)):
        window = Window(at(since), at(until))
        assert len(find_gaps(window, now=NOW).entries) == count
        assert len(trace_device(DEVICE, window, now=NOW).entries) == count


def test_an_operation_under_another_name_is_announced(bank: Callable[..., None]) -> None:
    bank([sent(INIT), sent(FINISHED, 1)])
    happened(life("PENDING", 0, operation_id="pa-1", external_id=OPERATION))
    assert gaps() == []


def test_an_operation_that_powerauth_finalised_is_owed_its_finish_at_once(
    bank: Callable[..., None],
) -> None:
    bank([sent(INIT)])
    happened(life("APPROVED", 1))
    assert gaps() == [(Rule.E6, Reason.FINALIZED_UNTOLD)]
    entry = traced().entries[-1]
    assert (entry.reason, entry.due) == (Reason.FINALIZED_UNTOLD, at(3))
    assert entry.sentence.startswith("PowerAuth finalised the operation as APPROVED at")
    assert len(entry.events) == 1


def test_an_operation_lives_as_long_as_its_events_tell(bank: Callable[..., None]) -> None:
    bank([sent(INIT), sent(FINISHED, 25)])
    happened(life("PENDING", 0, expires_at=at(30)))
    assert [each.marks for each in traced().entries] == [(), ()]
    (episode,) = trace_operation(OPERATION, now=NOW).episodes
    assert episode.due == at(32)
