"""Events are recorded once, whole, and with what they are about."""

from datetime import timedelta
from typing import Any

import pytest

from notifications.ingest.events import (
    ActivationReport,
    InboxReport,
    OperationReport,
    Report,
    record_events,
)
from notifications.models import (
    Activation,
    ActivationEvent,
    InboxEvent,
    Operation,
    OperationEvent,
    Source,
)
from notifications.models.querysets import Extent
from notifications.protocol.events import ActivationEventKind
from notifications.protocol.extras import Code, Finding
from notifications.protocol.identity import time_of
from tests.conftest import DEVICE, INBOX, NOW, OPERATION

pytestmark = pytest.mark.django_db
EARLIER = NOW - timedelta(hours=1)


def blocked(**told: Any) -> ActivationReport:
    return ActivationReport(
        **{
            "key": "k-1",
            "observed_at": NOW,
            "kind": ActivationEventKind.STATUS,
            "activation_id": DEVICE,
            "status": "BLOCKED",
            **told,
        }
    )


def record(*reports: Report) -> list[bool]:
    return list(record_events(reports, source="powerauth").is_new)


def test_an_event_is_recorded_with_its_device_and_its_user() -> None:
    findings = (Finding(Code.WRONG_TYPE, "platform", "platform is a number."),)
    assert record(blocked(user_id="u1", apps=("retail",), findings=findings)) == [True]
    event = ActivationEvent.objects.get()
    assert (event.activation, event.status) == (Activation.objects.get(pk=DEVICE), "BLOCKED")
    assert (event.recipient.user_id, event.apps) == ("u1", ["retail"])
    assert event.findings == [
        {"code": "wrong_type", "key": "platform", "detail": "platform is a number."}
    ]
    assert (event.happened_at, event.observed_at) == (None, NOW)
    assert time_of(event.pk) == NOW
    assert event.source == Source.objects.get(slug="powerauth")


def test_its_id_begins_with_the_time_it_happened() -> None:
    record(blocked(happened_at=EARLIER))
    assert time_of(ActivationEvent.objects.get().pk) == EARLIER


def test_told_again_under_its_key_it_is_the_same_event() -> None:
    assert record(blocked(), blocked()) == [True, False]
    assert record(blocked(observed_at=NOW + timedelta(minutes=1))) == [False]
    assert ActivationEvent.objects.count() == 1


def test_without_a_key_each_is_an_event_of_its_own() -> None:
    assert record(blocked(key=None), blocked(key=None)) == [True, True]


def test_the_same_key_of_another_source_is_another_event() -> None:
    record(blocked())
    assert record_events([blocked()], source="other").recorded == 1


def test_events_of_all_kinds_go_together() -> None:
    told = {"key": "k-1", "observed_at": NOW}
    record(
        OperationReport(operation_id=OPERATION, status="APPROVED", expires_at=NOW, **told),
        InboxReport(inbox_message_id=INBOX, silent=True, apps=("a", "b"), **told),
        blocked(),
    )
    assert OperationEvent.objects.get().operation == Operation.objects.get(pk=OPERATION)
    assert InboxEvent.objects.get().silent is True
    assert InboxEvent.objects.within(Extent(apps=("b",))).count() == 1
    assert InboxEvent.objects.within(Extent(apps=("c",))).count() == 0


def test_what_was_on_record_at_a_moment_can_be_asked() -> None:
    record(blocked())
    event = ActivationEvent.objects.get()
    assert ActivationEvent.objects.within(Extent(as_of=event.recorded_at)).count() == 1
    before = event.recorded_at - timedelta(microseconds=1)
    assert ActivationEvent.objects.within(Extent(as_of=before)).count() == 0
