"""What single pages promise beside opening."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from notifications.admin import reading, subjects
from notifications.admin.addresses import page_address
from notifications.admin.notifications import NotificationAdmin
from notifications.models import Account, Notification, Recipient
from notifications.protocol.extras import RULES_VERSION
from tests.conftest import DEVICE, INIT, NOW, OPERATION

LIST = "/admin/notifications/notification/"
Record = Callable[..., UUID]


@pytest.fixture
def record_many(record_one: Record) -> Callable[[int], list[UUID]]:
    """That many notifications about one operation, device, inbox message and user, in order."""

    def make(count: int) -> list[UUID]:
        return [
            record_one(
                extras=INIT | {"inboxId": "inbox"},
                activation_id=DEVICE,
                user_id="user",
                emitted_at=(NOW + timedelta(seconds=n)).isoformat(),
            )
            for n in range(count)
        ]

    return make


@pytest.mark.parametrize(
    ("kind", "key"), [("operation", OPERATION), ("activation", DEVICE), ("inboxmessage", "inbox")]
)
def test_a_subject_s_page_costs_the_same_for_many(
    operator_client: Client, record_many: Any, kind: str, key: str
) -> None:
    costs = []
    for count in (5, 60):
        record_many(count)
        with CaptureQueriesContext(connection) as queries:
            assert operator_client.get(page_address(kind, key)).status_code == 200
        costs.append(len(queries))
        assert not [each for each in queries if "COUNT(" in each["sql"] or "OFFSET" in each["sql"]]
    assert costs[0] == costs[1]


def test_a_subject_s_page_shows_the_latest_in_time_order_and_links_to_all(
    operator_client: Client, record_many: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subjects, "SHOWN", 3)
    ids = record_many(5)
    page = operator_client.get(page_address("recipient", Recipient.objects.get().pk))
    assert [row.pk for row in page.context["rows"]] == ids[2:]
    link = f"{LIST}?recipient={Recipient.objects.get().pk}&amp;when=all"
    assert link in page.content.decode()
    listed = operator_client.get(link.replace("&amp;", "&")).context["cl"].result_list
    assert [row.pk for row in listed] == ids[::-1]


@pytest.mark.parametrize("key", ["a&b=c", "a+b", 'x"y', "ünï", " x "])
def test_a_subject_s_link_to_all_survives_any_identifier(
    operator_client: Client, record_one: Record, key: str
) -> None:
    record_one(extras=INIT, activation_id=key)
    page = operator_client.get(page_address("activation", key)).content.decode()
    (link,) = [part.split('"')[0] for part in page.split('href="')[1:] if "?activation=" in part]
    listed = operator_client.get(link.replace("&amp;", "&")).context["cl"].result_list
    assert [row.activation_id for row in listed] == [key]


def test_the_page_says_when_today_s_rules_would_judge_otherwise(
    operator_client: Client, record_one: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = page_address("notification", record_one(extras=INIT))
    monkeypatch.setattr(reading, "RULES_VERSION", RULES_VERSION + 1)
    monkeypatch.setattr(reading, "check", lambda extras: ())
    assert b"judged otherwise" not in operator_client.get(address).content
    stricter = (reading.Finding(reading.Code.EMPTY_VALUE, "operationName", "stricter"),)
    monkeypatch.setattr(reading, "check", lambda extras: stricter)
    assert b"judged otherwise" in operator_client.get(address).content


def test_who_may_not_see_recipients_is_not_told_who_they_are(record_one: Record) -> None:
    key = record_one(extras=INIT, activation_id=DEVICE, user_id="martin")
    account = Account.objects.create_user("half", is_staff=True)
    for name in ("view_notification", "view_activation"):
        account.user_permissions.add(Permission.objects.get(codename=name))
    client = Client()
    client.force_login(account)
    for address in (page_address("notification", key), page_address("activation", DEVICE)):
        assert b"martin" not in client.get(address).content


def test_a_search_by_user_name_needs_the_right_to_see_recipients(record_one: Record) -> None:
    key = record_one(extras=INIT, user_id="martin")
    account = Account.objects.create_user("half", is_staff=True)
    account.user_permissions.add(Permission.objects.get(codename="view_notification"))
    client = Client()
    client.force_login(account)
    assert client.get(reverse("admin:search"), {"q": "martin"}).status_code == 200
    assert client.get(LIST, {"q": "martin"}).context["cl"].result_list == []
    assert client.get(LIST, {"q": str(key)}).context["cl"].result_list != []


def test_several_things_of_one_name_are_listed_by_kind(
    operator_client: Client, record_one: Record
) -> None:
    record_one(extras=INIT | {"operationId": "x"}, activation_id="x", user_id="x")
    page = operator_client.get(reverse("admin:search"), {"q": "x"})
    kinds = {group.kind for group in page.context["answer"].groups}
    assert kinds == {"operation", "activation", "recipient"}


def test_filters_that_nobody_chose_are_not_active(operator_client: Client) -> None:
    page = operator_client.get(LIST, {"q": "", "message_type": "", "when": ""})
    assert not page.context["cl"].has_active_filters


def test_parameters_of_others_are_no_lookups(operator_client: Client, record_one: Record) -> None:
    record_one(extras=INIT)
    asked = {"extras__x": "1", "recipient__user_id": "a", "o": "1", "p": "9", "all": "", "e": "1"}
    page = operator_client.get(LIST, {"when": "all", **asked})
    assert len(page.context["cl"].result_list) == 1


def test_a_list_that_takes_too_long_says_so(
    operator_client: Client, record_one: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_one(extras=INIT)
    monkeypatch.setattr(NotificationAdmin, "longest_query", "20ms")
    slow = "(SELECT true FROM pg_sleep(1))"
    monkeypatch.setattr(
        NotificationAdmin,
        "search",
        lambda self, request, found, term: found.extra(where=[slow]),  # noqa: S610
    )
    page = operator_client.get(LIST, {"q": "x", "when": "all"}, follow=True)
    assert page.redirect_chain == [(LIST, 302)]
    assert "took longer than 20ms" in page.content.decode()
    # As it opens, too: it may not lead to itself.
    slowly = Notification.objects.newest_first().extra(where=[slow])  # noqa: S610
    monkeypatch.setattr(NotificationAdmin, "get_queryset", lambda *_: slowly.all())
    page = operator_client.get(LIST, follow=True)
    assert page.redirect_chain == [("/admin/", 302)]
    assert "took longer than 20ms" in page.content.decode()


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/admin/notifications/account/", 403, "not permitted"),
        ("/admin/no-such-page/", 404, "nothing at this address"),
        (f"{LIST}add/", 404, "nothing at this address"),
    ],
)
def test_refusals_are_pages_too(
    operator_client: Client, address: str, status: int, words: str
) -> None:
    page = operator_client.get(address)
    assert page.status_code == status
    assert words in page.content.decode()


def test_an_expired_form_says_so(operator_client: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = operator_client.cookies
    page = strict.post("/admin/logout/")
    assert page.status_code == 403
    assert "This form has expired" in page.content.decode()


def test_a_failure_is_a_page(operator_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    operator_client.raise_request_exception = False
    monkeypatch.setattr(NotificationAdmin, "get_queryset", lambda self, request: 1 / 0)
    page = operator_client.get(LIST)
    assert page.status_code == 500
    assert "This page failed" in page.content.decode()


@pytest.mark.parametrize("name", ["Home", "Notifications"])
def test_no_page_has_what_the_policy_forbids(
    operator_client: Client, record_one: Record, name: str
) -> None:
    key = record_one(extras=INIT)
    address = {"Home": "/admin/", "Notifications": page_address("notification", key)}[name]
    response = operator_client.get(address)
    policy = response.headers["Content-Security-Policy"].split("; ")
    assert "default-src 'self'" in policy
    page = response.content.decode()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script>|javascript:|data:", page)
