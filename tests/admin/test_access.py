"""Who looked at what is listed for auditors alone."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from notifications.admin.addresses import page_address
from notifications.models import AccessRecord, Recipient
from notifications.trace.access import Viewer, record_access
from tests.conftest import DEVICE, NOW, OPERATION

LIST = "/admin/notifications/accessrecord/"
SUPPORT = Viewer("support", AccessRecord.Via.ADMIN, case_number="CASE-<7>")
Action = AccessRecord.Action


@pytest.fixture
def looked(db: None) -> Recipient:
    """Somebody looked at this recipient, at a device and at an operation, in this order."""
    recipient = Recipient.objects.create(user_id="martin")
    record_access(
        SUPPORT,
        action=Action.USER_TRACE,
        subject=str(recipient.pk),
        since=NOW,
        until=NOW + timedelta(hours=1),
    )
    record_access(SUPPORT, action=Action.DEVICE_TRACE, subject=DEVICE, since=NOW)
    robot = Viewer("robot", AccessRecord.Via.COMMAND)
    record_access(robot, action=Action.OPERATION_TIMELINE, subject=OPERATION)
    return recipient


def test_a_record_says_who_looked_at_whom_when_and_why(
    auditor_client: Client, looked: Recipient
) -> None:
    page = auditor_client.get(LIST)
    assert [row.action for row in page.context["cl"].result_list] == [
        "operation_timeline", "device_trace", "user_trace",
    ]  # fmt: skip
    text = page.content.decode()
    for words in ("Operation timeline", "Command", "robot", "CASE-&lt;7&gt;", "all time"):
        assert words in text
    assert re.search("from <time[^>]*>2026-03-14 09:26:53.589</time> until <time", text)
    for kind, key in (("recipient", looked.pk), ("activation", DEVICE), ("operation", OPERATION)):
        assert f'href="{page_address(kind, key)}"' in text
    assert "martin" not in text


def test_a_list_is_searched_by_exactly_the_subject(
    auditor_client: Client, looked: Recipient
) -> None:
    device = ["device_trace"]
    for term, found in ((DEVICE, device), (DEVICE.upper(), device), (DEVICE[:-1], [])):
        listed = auditor_client.get(LIST, {"q": term}).context["cl"].result_list
        assert [row.action for row in listed] == found


def test_a_page_shows_one_and_leads_to_who_else_looked(
    auditor_client: Client, looked: Recipient
) -> None:
    record = AccessRecord.objects.get(subject=DEVICE)
    text = auditor_client.get(page_address("accessrecord", record.pk)).content.decode()
    assert "CASE-&lt;7&gt;" in text
    assert re.search("from <time[^>]*>2026-03-14 09:26:53.589<", text)
    assert f'href="{LIST}?q={DEVICE}"' in text


@pytest.mark.parametrize("group", ["Support", "Operators", "Analysts", "Auditors"])
def test_auditors_alone_are_offered_the_list(
    browser_of: Callable[[str], Client], looked: Recipient, group: str
) -> None:
    client = browser_of(group)
    allowed = group == "Auditors"
    assert (LIST in client.get("/admin/").content.decode()) == allowed
    page = page_address("accessrecord", AccessRecord.objects.earliest("pk").pk)
    for address in (LIST, page):
        assert client.get(address).status_code == (200 if allowed else 403)


@pytest.mark.django_db
def test_who_may_trace() -> None:
    """The rights that Django makes by itself are these and no second ones."""
    groups = Group.objects.filter(permissions__codename="trace").values_list("name", flat=True)
    assert set(groups) == {"Support", "Operators", "Auditors"}
    auditors = Group.objects.filter(permissions__codename="view_accessrecord")
    assert [group.name for group in auditors] == ["Auditors"]
