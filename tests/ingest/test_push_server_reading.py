"""`manage.py import_push_server`: the rows of a Push Server's database as evidence."""

from datetime import UTC, datetime, timedelta

import pytest

from notifications.models import DeliveryReport, InboxEvent, Notification
from tests.ingest.push_server import VendorServer
from tests.ingest.push_server_tables import PushServerDatabase
from tests.ingest.reading import INIT, imported

pytestmark = pytest.mark.usefixtures("db")
A, B = "49414e31-f3df-4cea-87e6-f214ca3b8412", "5d7a3a0e-0c0c-4a3c-9a53-0b2a6c1f7c11"


@pytest.fixture
def node(push_server: PushServerDatabase) -> VendorServer:
    push_server.grant()
    made = VendorServer(push_server)
    made.add_app("mobile")
    return made


def test_each_row_is_a_copy_for_its_device(
    node: VendorServer, push_server: PushServerDatabase
) -> None:
    before = datetime.now(UTC) - timedelta(hours=1)
    node.register("mobile", "t1", A, "user-1", at=before)
    node.register("mobile", "t2", B, "user-1", at=before, platform="ios")
    node.send("mobile", "user-1", INIT, at=before + timedelta(minutes=1), personal=True)
    told = imported(push_server)
    assert "2 recorded, 0 known, 0 pending" in told
    assert "0 recorded, 0 known" in imported(push_server)
    assert "0 recorded, 2 known" in imported(push_server, again=True)
    first, second = Notification.objects.order_by("activation_id")
    assert (first.activation_id, first.platform, first.app_id) == (A, "fcm", "mobile")
    assert (second.activation_id, second.platform) == (B, "apns")
    assert (first.per_device, first.addressed_to, first.personal) == (True, "user", True)
    assert first.recipient.user_id == "user-1"
    reports = DeliveryReport.objects.all()
    assert {(r.outcome, r.code, r.is_final, r.device_by) for r in reports} == {
        ("accepted", "1", True, "registration")
    }


def test_posts_to_the_inbox_become_events_once(
    node: VendorServer, push_server: PushServerDatabase
) -> None:
    other = VendorServer(push_server)  # with a block of ids of its own
    first = node.post("user-1", ["mobile"], at=datetime.now(UTC))
    second = other.post("user-2", ["mobile"], at=datetime.now(UTC))
    assert "2 inbox messages" in imported(push_server)
    third = node.post("user-1", ["mobile"], at=datetime.now(UTC))  # below the second
    assert "1 inbox messages" in imported(push_server)
    assert "0 inbox messages" in imported(push_server, again=True)
    events = InboxEvent.objects.values_list("inbox_message_id", "recipient__user_id", "apps")
    assert sorted(events) == sorted(
        [
            (first, "user-1", ["mobile"]),
            (second, "user-2", ["mobile"]),
            (third, "user-1", ["mobile"]),
        ]
    )
    assert set(InboxEvent.objects.values_list("silent", flat=True)) == {None}


def test_a_copy_whose_device_is_not_known_is_for_none_that_its_extras_mention(
    node: VendorServer, push_server: PushServerDatabase
) -> None:
    sent = datetime.now(UTC) - timedelta(days=2)
    node.register("mobile", "t1", A, "user-1", at=sent - timedelta(days=1))
    body = {"extras": {"messageType": "mtoken.statusChange", "activationId": B}}
    node.send("mobile", "user-1", body, at=sent)
    # Since then it may have been another's.
    node.register("mobile", "t1", A, "user-1", at=datetime.now(UTC) - timedelta(minutes=1))
    assert "1 recorded" in imported(push_server)
    copy = Notification.objects.get()
    assert (copy.per_device, copy.activation_id, copy.findings) == (True, None, [])
    assert copy.extras["activationId"] == B
    assert DeliveryReport.objects.get().device_by == "nobody"
