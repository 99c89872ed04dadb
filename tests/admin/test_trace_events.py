"""What events tell, on the pages of traces: what was kept from a device, and what they owe."""

import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from notifications.admin.addresses import page_address, trace_address
from notifications.ingest.events import ActivationReport, InboxReport, record_events
from notifications.models import ActivationEvent, Recipient
from notifications.protocol.events import ActivationEventKind
from tests.conftest import DEVICE, INBOX_NEW, INIT, STATUS_CHANGE
from tests.trace.stories import TABLET

Tell = Callable[[Iterable[dict[str, Any]]], None]
pytestmark = pytest.mark.django_db


@pytest.fixture
def blocked(tell: Tell) -> None:
    """A user with two devices, one of them blocked, gets a personal message as a user; and an inbox
    message without its push, from a bank that sends such."""
    now = timezone.now()

    def report(minutes: int, status: str, device: str) -> ActivationReport:
        return ActivationReport(
            key=None,
            observed_at=now - timedelta(minutes=minutes),
            kind=ActivationEventKind.STATUS,
            activation_id=device,
            status=status,
            user_id="u1",
        )

    record_events(
        [
            report(100, "ACTIVE", DEVICE),
            report(100, "ACTIVE", TABLET),
            report(60, "BLOCKED", DEVICE),
            InboxReport(
                key=None, observed_at=now - timedelta(minutes=30), user_id="u1", silent=False
            ),
        ],
        source="powerauth",
    )
    tell(
        {"extras": extras, "emitted_at": (now - timedelta(minutes=minutes)).isoformat(), **told}
        for extras, minutes, told in (
            (INBOX_NEW, 300, {"user_id": "another"}),
            (INBOX_NEW, 1, {"user_id": "another"}),
            (INIT, 50, {"user_id": "u1", "personal": True}),
        )
    )


@pytest.mark.usefixtures("blocked")
def test_a_message_that_was_kept_from_the_device_says_why_and_by_which_event(
    operator_client: Client,
) -> None:
    page = operator_client.get(trace_address("activation", DEVICE)).content.decode()
    assert "operationInit is personal, and this device was not push-active since" in page
    assert "event-notification event-explained" in page
    blocked = ActivationEvent.objects.get(status="BLOCKED").pk
    (address,) = re.findall(r'<a href="([^"]*)">1 event</a>', page)
    assert address.startswith(f"{page_address('activation', DEVICE)}?since=")
    row = operator_client.get(unescape(address)).content.decode()
    assert f'id="{address.rpartition("#")[2]}"' in row
    assert address.endswith(f"#event-{blocked}")
    assert "personal message, device not push-active" in page


def test_a_device_that_events_alone_name_leads_to_its_user(operator_client: Client) -> None:
    """And not to whose device took its token over."""
    for device, user in ((DEVICE, "u1"), (TABLET, "u2")):
        token = ActivationReport(
            key=None,
            observed_at=timezone.now(),
            kind=ActivationEventKind.REGISTERED,
            activation_id=device,
            user_id=user,
            token="a1" * 32,
        )
        record_events([token], source="push-server")
    page = operator_client.get(trace_address("activation", DEVICE))
    assert page.context["told_user"].user_id == "u1"
    assert escape(trace_address("recipient", page.context["told_user"].pk)) in page.text


@pytest.mark.usefixtures("blocked")
def test_a_users_devices_differ_side_by_side(operator_client: Client) -> None:
    recipient = Recipient.objects.get(user_id="u1").pk
    page = operator_client.get(trace_address("recipient", recipient)).content.decode()
    row = page.split("<tbody>")[1].split("<tr>")[1]
    assert row.count("<td") == 4
    assert row.count("personal message, device not push-active") == 1
    assert row.count('<span class="sent">') == 1


@pytest.mark.usefixtures("blocked")
def test_a_gap_of_a_user_leads_to_the_users_trace(operator_client: Client) -> None:
    page = operator_client.get("/admin/gaps/").content.decode()
    assert "inboxMessage.new was not sent by" in page
    recipient = Recipient.objects.get(user_id="u1").pk
    assert f'<a href="{escape(trace_address("recipient", recipient))}' in page


@pytest.mark.usefixtures("blocked")
def test_a_gap_leads_to_the_event_that_it_rests_on(operator_client: Client, tell: Tell) -> None:
    now = timezone.now()
    tell(
        {
            "extras": STATUS_CHANGE | {"activationId": "another"},
            "emitted_at": (now - timedelta(minutes=minutes)).isoformat(),
            "user_id": "another",
        }
        for minutes in (300, 1)
    )
    page = operator_client.get("/admin/gaps/").content.decode()
    blocked = ActivationEvent.objects.get(status="BLOCKED").pk
    (address,) = re.findall(r'<a href="([^"]*)">1 event</a>', page)
    assert address.startswith(f"{page_address('activation', DEVICE)}?at=")
    assert address.endswith(f"#event-{blocked}")
