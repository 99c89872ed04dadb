"""Auditors see who looked at what; nobody else does."""

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from notifications.admin.addresses import page_address
from notifications.models import AccessRecord, Account
from tests.conftest import DEVICE, NOW

LIST = "/admin/notifications/accessrecord/"


@pytest.fixture
def auditor(db: None) -> Client:
    account = Account.objects.create_user("auditor", is_staff=True)
    account.groups.add(Group.objects.get(name="Auditors"))
    client = Client()
    client.force_login(account)
    return client


def note(count: int = 1, action: str = "device_trace", subject: str = DEVICE) -> None:
    for number in range(count):
        AccessRecord.objects.create(
            who=f"support-{number}", via="api", action=action, subject=subject, since=NOW,
            until=NOW, case_number="<b>C-1</b>",
        )  # fmt: skip


def test_the_list_is_newest_first_and_costs_the_same_for_many(auditor: Client) -> None:
    costs = []
    for count in (3, 60):
        note(count)
        with CaptureQueriesContext(connection) as queries:
            page = auditor.get(LIST)
        costs.append(len(queries))
    assert costs[0] == costs[1]
    assert [row.who for row in page.context["cl"].result_list[:2]] == ["support-59", "support-58"]
    assert "&lt;b&gt;C-1&lt;/b&gt;" in page.content.decode()


@pytest.mark.parametrize(
    ("action", "kind", "subject", "words"),
    [
        ("device_trace", "activation", DEVICE, "trace of a device"),
        ("user_trace", "recipient", "7", "trace of a user"),
        ("operation_timeline", "operation", "a/b", "timeline of an operation"),
    ],
)
def test_a_record_leads_to_its_subject_and_is_found_by_it(
    auditor: Client, action: str, kind: str, subject: str, words: str
) -> None:
    note(action=action, subject=subject)
    note(subject="another")
    page = auditor.get(LIST, {"q": subject})
    (row,) = page.context["cl"].result_list
    for shown in (page, auditor.get(page_address("accessrecord", row.pk))):
        assert words in shown.content.decode()
        assert page_address(kind, subject) in shown.content.decode()


@pytest.mark.parametrize("group", ["Support", "Operators", "Analysts"])
def test_only_auditors_see_them(db: None, group: str) -> None:
    note()
    account = Account.objects.create_user("other", is_staff=True)
    account.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(account)
    assert client.get(LIST).status_code == 403
    record = AccessRecord.objects.get()
    assert client.get(page_address("accessrecord", record.pk)).status_code == 403
    assert "Access records" not in client.get("/admin/").content.decode()


@pytest.mark.parametrize("key", ["x", "0", "9" * 300, "\x00"])
def test_an_unknown_record_leads_home(auditor: Client, key: str) -> None:
    page = auditor.get(page_address("accessrecord", key), follow=True)
    assert "There is no such access record" in page.content.decode()


def test_they_come_last_before_accounts(db: None) -> None:
    client = Client()
    client.force_login(Account.objects.create_superuser("keeper"))
    places = client.get("/admin/").content.decode().split('id="places"')[1].split("</nav>")[0]
    assert places.index("Sources") < places.index("Access records") < places.index("Users")
