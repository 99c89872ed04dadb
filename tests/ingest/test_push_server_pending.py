"""Rows that are pending are read again until they are final, or told to stay so for ever, with the
likely cause; and whether the Push Server stores what it sends."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notifications.ingest.push_server.storage import WORDS
from notifications.models import (
    AwaitedMessage,
    Coverage,
    DeliveryReport,
    Notification,
    PushServerReading,
)
from notifications.protocol.deliveries import Cause
from tests.ingest.push_server import Answer, VendorError, VendorServer
from tests.ingest.push_server_tables import PushServerDatabase
from tests.ingest.reading import INIT, READ_AS, imported, read_on

pytestmark = pytest.mark.usefixtures("db")
NOW = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
A, B = "49414e31-f3df-4cea-87e6-f214ca3b8412", "5d7a3a0e-0c0c-4a3c-9a53-0b2a6c1f7c11"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def node(push_server: PushServerDatabase) -> VendorServer:
    made = VendorServer(push_server)
    made.add_app("mobile")
    made.register("mobile", "t", A, "user-1", at=NOW - DAY)
    return made


def reports() -> list[tuple[Any, ...]]:
    found = DeliveryReport.objects.filter(source=READ_AS).order_by("observed_at", "key")
    return list(found.values_list("outcome", "is_final", "cause"))


def test_a_pending_row_is_read_again_until_it_is_final(
    node: VendorServer, push_server: PushServerDatabase
) -> None:
    read_on(push_server, at=NOW)
    attempts = node.send("mobile", "user-1", INIT, at=NOW, answers=False)
    read_on(push_server, at=NOW + timedelta(seconds=5))
    assert AwaitedMessage.objects.count() == 1
    node.settle(attempts)
    read_on(push_server, at=NOW + timedelta(seconds=10))
    assert reports() == [("pending", False, None), ("accepted", True, None)]
    assert not AwaitedMessage.objects.exists()
    assert set(DeliveryReport.objects.values_list("device_by", flat=True)) == {"registration"}


def test_one_that_stays_so_is_given_up_once_and_may_still_change(
    node: VendorServer, push_server: PushServerDatabase
) -> None:
    node.send("mobile", "user-1", INIT, at=NOW - MINUTE)
    read_on(push_server, at=NOW)
    attempts = node.send("mobile", "user-1", INIT, at=NOW, answers=False)
    for minutes in (0.1, 9, 11, 12, 90):
        read_on(push_server, at=NOW + minutes * MINUTE)
    expected = [
        ("accepted", True, None),
        ("pending", False, None),
        ("pending", True, "transport_error"),
    ]
    assert reports() == expected
    node.settle(attempts)
    read_on(push_server, at=NOW + 100 * MINUTE)
    assert reports() == expected  # then it is read seldom
    read_on(push_server, at=NOW + 160 * MINUTE)
    assert reports() == [*expected, ("accepted", True, None)]
    assert not AwaitedMessage.objects.exists()


def test_after_a_day_it_is_awaited_no_more(
    node: VendorServer, push_server: PushServerDatabase
) -> None:
    read_on(push_server, at=NOW)
    node.send("mobile", "user-1", INIT, at=NOW, answers=False)
    read_on(push_server, at=NOW + MINUTE)
    read_on(push_server, at=NOW + 2 * DAY)  # nobody looked in between
    assert reports() == [("pending", False, None), ("pending", True, "gateway_not_configured")]
    assert not AwaitedMessage.objects.exists()


def test_the_likely_cause_is_told(node: VendorServer, push_server: PushServerDatabase) -> None:
    """All of them old at the backfill, those that explain the others last."""
    old = NOW - timedelta(hours=2)
    node.answer = lambda device: Answer.NOTHING
    node.add_app("unconfigured", gateways=())
    node.register("unconfigured", "t2", B, "user-2", at=NOW - DAY)
    node.register("mobile", "t3", "inactive", "user-3", at=NOW - DAY, status="BLOCKED")
    node.register("mobile", "t4", "unflagged", "user-4", at=NOW - DAY, status=None)
    node.register("mobile", "t5", "gone", "user-5", at=NOW - DAY)
    node.send("mobile", "user-1", INIT, at=old)
    node.send("unconfigured", "user-2", INIT, at=old)
    node.send("mobile", "user-3", INIT, at=old, personal=True)
    with pytest.raises(VendorError):
        node.send("mobile", "user-4", INIT, at=old)
    node.send("mobile", "user-5", INIT, at=old)
    node.delete("mobile", "t5")
    node.answer = lambda device: Answer.ACCEPTED
    node.send("mobile", "user-1", INIT, at=old)
    told = imported(push_server)
    assert "6 recorded, 0 known, 5 pending, 5 pending for ever" in told
    causes = DeliveryReport.objects.filter(cause__isnull=False).order_by("notification__message_id")
    assert list(causes.values_list("notification__recipient__user_id", "cause")) == [
        ("user-1", Cause.TRANSPORT_ERROR),
        ("user-2", Cause.GATEWAY_NOT_CONFIGURED),
        ("user-3", Cause.INACTIVE_PERSONAL),
        ("user-4", Cause.NO_FLAG),
        ("user-5", Cause.UNKNOWN),
    ]
    assert "0 recorded, 6 known, 5 pending, 0 pending for ever" in imported(push_server, again=True)
    assert Notification.objects.get(recipient__user_id="user-5").activation is None


def test_storage_that_is_off_is_told_and_no_contact(
    node: VendorServer, push_server: PushServerDatabase
) -> None:
    told = imported(push_server)
    assert told.count(WORDS) == 1
    assert not Coverage.objects.exists()
    node.send("mobile", "user-1", INIT, at=datetime.now(UTC))
    assert WORDS not in imported(push_server)
    assert PushServerReading.objects.get().storage == "on"
    assert Coverage.objects.get().kinds == ["poll"]


def test_storage_that_was_switched_off_shows_in_what_others_recorded(
    node: VendorServer, push_server: PushServerDatabase, record_one: Any
) -> None:
    node.send("mobile", "user-1", INIT, at=NOW)
    read_on(push_server, at=NOW)
    for n in range(1, 7):
        at = NOW + 3 * n * MINUTE
        sent = {"emitted_at": at.isoformat(), "message_id": f"m{n}", "app_id": "mobile"}
        record_one(source="mirror", user_id="user-1", addressed_to="user", **sent)
        record_one(source="mirror", user_id="nobody-there", **sent | {"message_id": f"n{n}"})
        storage = read_on(push_server, at=at + MINUTE).storage
        assert storage == ("off" if n > 4 else "on")
    assert PushServerReading.objects.get().storage_since == NOW + 3 * MINUTE
