"""What every page of the console costs: exactly so many queries, however much is recorded."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, URLPattern, URLResolver, reverse
from django.utils import timezone
from knox.models import AuthToken

from notifications.admin.addresses import quote_key
from notifications.exports.asking import ask
from notifications.ingest.events import (
    ActivationReport,
    InboxReport,
    OperationReport,
    record_events,
)
from notifications.ingest.push_server.wanted import want
from notifications.models import AccessRecord, Account, Export, Recipient, RuleSetting
from notifications.protocol.events import ActivationEventKind
from notifications.protocol.extras import Code, Finding
from notifications.trace.access import Viewer, record_access
from notifications.trace.rules import set_rule
from tests.conftest import DEVICE, FINISHED, INBOX, INBOX_NEW, INIT, OPERATION, SOURCE

# Of every page, by the name of its address. Two are of the session and its account: whoever looks
# here is a superuser, who sees all and is asked for no permission.
COSTS = {
    "search": 26,  # by a beginning: each kind by its own index, exactly first
    "gaps": 25,
    "zone": 2,
    "index": 5,
    "login": 7,
    "password_change": 2,
    "notifications_notification_changelist": 8,
    "notifications_notification_change": 10,
    "notifications_operation_timeline": 17,
    "notifications_operation_changelist": 7,
    "notifications_operation_change": 8,
    "notifications_activation_trace": 20,
    "notifications_activation_changelist": 6,
    "notifications_activation_change": 9,
    "notifications_inboxmessage_changelist": 6,
    "notifications_inboxmessage_change": 8,
    "notifications_recipient_trace": 20,
    "notifications_recipient_changelist": 6,
    "notifications_recipient_change": 7,
    "notifications_source_changelist": 8,
    "notifications_source_change": 14,
    "notifications_source_reading": 5,
    "notifications_source_rules": 7,
    "notifications_export_progress": 4,
    "notifications_export_files": 9,
    "notifications_export_changelist": 6,
    "notifications_export_change": 6,
    "notifications_accessrecord_changelist": 6,
    "notifications_accessrecord_change": 5,
    "notifications_settingchange_changelist": 6,
    "auth_user_password_change": 3,
    "notifications_account_changelist": 5,
    "notifications_account_add": 4,
    "notifications_account_history": 4,
    "notifications_account_change": 14,
    "auth_group_changelist": 4,
    "auth_group_add": 3,
    "auth_group_history": 4,
    "auth_group_change": 5,
    "knox_authtoken_changelist": 6,
    "knox_authtoken_add": 4,
    "knox_authtoken_revoke": 8,
}
ASKED = {"search": "?q=49414e31"}
# What answers with no page, or with none of ours: what forms send, and files.
NO_PAGES = {
    *("logout", "password_change_done", "autocomplete", "jsi18n", "view_on_site", "app_list"),
    *("notifications_source_start", "notifications_source_stop"),
    *("notifications_export_ask", "notifications_export_cancel", "notifications_export_file"),
    *("notifications_account_delete", "auth_group_delete"),
}


def names(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[str]:
    for each in patterns:
        if isinstance(each, URLResolver):
            yield from names(each.url_patterns)
        elif each.name:
            yield each.name


def fill(record_one: Callable[..., UUID], size: int) -> dict[str, object]:
    """Records so many of each kind, about one device and about others; the key of one of each."""
    now, viewer = timezone.now(), Viewer("support", AccessRecord.Via.ADMIN)
    for number in range(size):
        at = [(now - timedelta(seconds=each + number)).isoformat() for each in (90, 60, 30)]
        for extras, told in zip((INIT, FINISHED, INBOX_NEW), at, strict=True):
            told_one = record_one(
                extras=extras, user_id="user-1", activation_id=DEVICE, emitted_at=told, now=now,
                message_id=f"m-{size}-{number}",
            )  # fmt: skip
        record_one(
            extras=INIT | {"operationId": f"op-{size}-{number}"}, user_id=f"user-{size}-{number}",
            activation_id=f"device-{size}-{number}", source=f"source-{size}-{number}", now=now,
        )  # fmt: skip
        tell_lives(now - timedelta(minutes=number), f"{size}-{number}")
        record_access(viewer, action=AccessRecord.Action.DEVICE_TRACE, subject=DEVICE)
        export = ask(
            viewer,
            dataset=Export.DataSet.NOTIFICATIONS,
            file_format=Export.Format.CSV,
            filters={"since": ["all"]},
            tells_users=False,
            delivery=Export.Delivery.STREAM,
        )
        set_rule(
            RuleSetting(
                source_id=SOURCE, rule="E4", says="applies", app=f"a-{size}", who="operator",
                note="why",
            )
        )  # fmt: skip
        account = Account.objects.create_user(f"person-{size}-{number}", is_staff=True)
        account.groups.add(Group.objects.get(name="Support"))
        AuthToken.objects.create(user=account)
    want(SOURCE, True, "operator", now, zone="UTC")
    return {
        "notification": told_one,
        "operation": OPERATION,
        "activation": DEVICE,
        "inboxmessage": INBOX,
        "recipient": Recipient.objects.get(user_id="user-1").pk,
        "source": SOURCE,
        "accessrecord": AccessRecord.objects.latest("pk").pk,
        "export": export.pk,
        "account": account.pk,
        "user": account.pk,
        "group": Group.objects.get(name="Support").pk,
    }


def tell_lives(at: datetime, name: str) -> None:
    """An event of each kind, with a finding, about the one device, operation and inbox message."""
    finding = Finding(Code.WRONG_TYPE, "platform", "platform is a number.")
    common: dict[str, Any] = {
        "key": name, "observed_at": at, "user_id": "user-1", "findings": (finding,),
    }  # fmt: skip
    device = {"activation_id": DEVICE, "kind": ActivationEventKind.REGISTERED, "token": "f" * 64}
    reports = (
        ActivationReport(**common, **device),
        OperationReport(**common, operation_id=OPERATION, status="APPROVED"),
        InboxReport(**common, inbox_message_id=INBOX, silent=True),
    )
    record_events(reports, source=SOURCE)


def address(name: str, keys: dict[str, object]) -> str:
    """Of the one kind that ``name`` is of, where it is of any."""
    kind = name.split("_")[1] if "_" in name else ""
    try:
        return reverse(f"admin:{name}") + ASKED.get(name, "")
    except NoReverseMatch:
        return reverse(f"admin:{name}", args=[quote_key(keys[kind])])


def test_every_page_is_known() -> None:
    assert set(names(admin.site.get_urls())) == set(COSTS) | NO_PAGES


@pytest.mark.parametrize("name", COSTS)
def test_a_page_costs_the_same_however_much_there_is(
    keeper: Client, record_one: Callable[..., UUID], name: str
) -> None:
    costs = []
    for size in (2, 12):
        told = address(name, fill(record_one, size))
        keeper.get(told)  # what is kept for a process is known from here on
        with CaptureQueriesContext(connection) as queries:
            assert keeper.get(told, follow=True).status_code == 200
        costs.append(len(queries))
    assert costs == [COSTS[name]] * 2
