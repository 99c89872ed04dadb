"""The console opens on everything recorded, quickly, and changes nothing."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote as percent
from uuid import UUID

import pytest
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from notifications.exports.asking import ask
from notifications.models import (
    AccessRecord,
    Account,
    Activation,
    Export,
    Notification,
    Recipient,
)
from notifications.trace.access import Viewer, record_access
from tests.conftest import DEVICE, FINISHED, INBOX, INBOX_NEW, INIT, OPERATION, SOURCE

KINDS = (
    "notification", "operation", "activation", "inboxmessage", "recipient", "source",
    "accessrecord", "export",
)  # fmt: skip
LIST = "/admin/notifications/notification/"
Record = Callable[..., UUID]


def list_of(kind: str) -> str:
    return reverse(f"admin:notifications_{kind}_changelist")


def page_of(kind: str, key: Any) -> str:
    return reverse(f"admin:notifications_{kind}_change", args=[quote(str(key))])


def look() -> None:
    viewer = Viewer("support", AccessRecord.Via.ADMIN)
    record_access(viewer, action=AccessRecord.Action.DEVICE_TRACE, subject=DEVICE)


def export() -> Export:
    return ask(
        Viewer("analyst", AccessRecord.Via.API),
        dataset=Export.DataSet.NOTIFICATIONS,
        file_format=Export.Format.CSV,
        filters={"since": ["all"]},
        tells_users=False,
        delivery=Export.Delivery.STREAM,
    )


@pytest.fixture
def recorded(record_one: Record) -> dict[str, Any]:
    """One of each kind; its keys."""
    notification = record_one(
        extras=FINISHED, activation_id=DEVICE, user_id="user-1", message_id="m-1",
        emitted_at="2026-03-14T09:00:00Z",
    )  # fmt: skip
    record_one(extras=INBOX_NEW, user_id="user-1")
    look()
    return {
        "notification": notification,
        "operation": OPERATION,
        "activation": DEVICE,
        "inboxmessage": INBOX,
        "recipient": Recipient.objects.get().pk,
        "source": SOURCE,
        "accessrecord": AccessRecord.objects.get().pk,
        "export": export().pk,
    }


@pytest.mark.parametrize("kind", KINDS)
def test_every_list_and_page_opens(
    auditor_client: Client, recorded: dict[str, Any], kind: str
) -> None:
    assert auditor_client.get(list_of(kind)).status_code == 200
    response = auditor_client.get(page_of(kind, recorded[kind]))
    assert response.status_code == 200
    assert "notifications/notification/" in response.content.decode()


def test_every_model_of_the_registry_opens_for_a_superuser(recorded: dict[str, Any]) -> None:
    client = Client()
    client.force_login(Account.objects.create_superuser("keeper"))
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        assert client.get(reverse(f"admin:{name}_changelist")).status_code == 200


@pytest.mark.parametrize("kind", KINDS)
def test_no_list_counts_or_skips_and_all_cost_the_same_for_many(
    auditor_client: Client, record_one: Record, kind: str
) -> None:
    costs = []
    for size in (5, 60):
        for number in range(size):
            record_one(
                user_id=f"user-{size}-{number}",
                activation_id=f"device-{size}-{number}",
                extras=INIT | {"operationId": f"op-{size}-{number}", "inboxId": f"in-{number}"},
                source=f"source-{size}-{number}",
            )
            look()
            export()
        with CaptureQueriesContext(connection) as queries:
            assert auditor_client.get(list_of(kind), {"when": "all"}).status_code == 200
        estimates = [each for each in queries if each["sql"].startswith("EXPLAIN")]
        assert len(estimates) <= 1  # where there is more than a page
        costs.append(len(queries) - len(estimates))
        for query in queries:
            assert "COUNT(" not in query["sql"]
            assert "OFFSET" not in query["sql"]
    assert costs[0] == costs[1]


def test_pages_follow_each_other_without_a_gap(operator_client: Client, record_one: Record) -> None:
    ids = [
        record_one(
            extras=INIT, message_id=f"m-{n}", emitted_at=f"2026-03-14T10:{n // 60:02}:{n % 60:02}Z"
        )
        for n in range(230)
    ]
    seen: list[UUID] = []
    query: str | None = "?when=all"
    while query:
        shown = operator_client.get(LIST + query).context["cl"]
        seen += [row.pk for row in shown.result_list]
        query = shown.older
    assert seen == ids[::-1]


@pytest.mark.parametrize("bound", ["x", "%00", "1" * 10000, "00000000", "\x00"])
@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_forged_page_is_no_error(
    auditor_client: Client, recorded: dict[str, Any], kind: str, side: str, bound: str
) -> None:
    assert auditor_client.get(list_of(kind), {side: bound}).status_code == 200


@pytest.mark.parametrize(
    "term", ["m-1", OPERATION, OPERATION.upper(), DEVICE, "user-1", f" {OPERATION} "]
)
def test_a_list_is_searched_by_any_identifier_whatever_its_age(
    operator_client: Client, recorded: dict[str, Any], term: str
) -> None:
    shown = operator_client.get(LIST, {"q": term}).context["cl"].result_list
    assert recorded["notification"] in [row.pk for row in shown]


@pytest.mark.parametrize("term", ["\x00", "x" * 10000, "%", "'", "\u202e", "no such thing"])
def test_a_search_that_finds_nothing_says_so(
    auditor_client: Client, recorded: dict[str, Any], term: str
) -> None:
    for address in [*map(list_of, KINDS), reverse("admin:search")]:
        assert auditor_client.get(address, {"q": term}).status_code == 200


@pytest.mark.parametrize(
    ("term", "kind"),
    [(OPERATION.upper(), "operation"), (DEVICE, "activation"), (INBOX, "inboxmessage"),
     ("user-1", "recipient"), (SOURCE, "source"), ("m-1", "notification")],
)  # fmt: skip
def test_the_search_box_jumps(
    operator_client: Client, recorded: dict[str, Any], term: str, kind: str
) -> None:
    response = operator_client.get(reverse("admin:search"), {"q": term})
    assert response.status_code == 302
    assert response.headers["Location"] == page_of(kind, recorded[kind])


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"message_type": "mtoken.operationInit"}, {"init"}),
        ({"message_type": "other"}, {"odd"}),
        ({"result": "authentication.success"}, {"finished"}),
        ({"finding": "not_uuid"}, {"wrong"}),
        ({"finding": "any"}, {"wrong", "odd"}),
        ({"finding": "none"}, {"init", "finished"}),
        ({"source": "other-bank"}, {"odd"}),
        ({"message_type": "no such choice"}, {"init", "finished", "wrong", "odd"}),
    ],
)
def test_filters(
    operator_client: Client, record_one: Record, parameters: dict[str, str], expected: set[str]
) -> None:
    wrong = FINISHED | {"operationId": "42", "mtokenOperationResult": "operation.timeout"}
    ids = {
        record_one(extras=INIT): "init",
        record_one(extras=FINISHED): "finished",
        record_one(extras=wrong): "wrong",
        record_one(extras={"messageType": "x"}, source="other-bank"): "odd",
    }
    shown = operator_client.get(LIST, {"when": "all", **parameters}).context["cl"].result_list
    assert {ids[row.pk] for row in shown} == expected


def test_an_empty_list_offers_a_wider_window(
    operator_client: Client, recorded: dict[str, Any]
) -> None:
    page = operator_client.get(LIST, {"when": "1h", "message_type": "mtoken.statusChange"})
    assert page.context["cl"].wider is not None


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_can_be_added_changed_or_deleted(
    auditor_client: Client, recorded: dict[str, Any], kind: str
) -> None:
    page = page_of(kind, recorded[kind])
    assert auditor_client.post(page, {"id": "x"}).status_code == 405
    for address in (list_of(kind) + "add/", page.replace("change/", "delete/")):
        for send in (auditor_client.get, auditor_client.post):
            assert send(address).status_code in (302, 403, 404)
    assert auditor_client.post(list_of(kind), {"action": "delete_selected"}).status_code != 500
    assert Notification.objects.count() == 2


@pytest.mark.parametrize("group", ["Emitters", ""])
def test_whoever_may_not_read_sees_nothing(recorded: dict[str, Any], group: str) -> None:
    account = Account.objects.create_user("stranger", is_staff=True)
    if group:
        account.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(account)
    for kind in KINDS:
        assert client.get(list_of(kind)).status_code == 403
        assert client.get(page_of(kind, recorded[kind])).status_code == 403
    assert b"operationFinished" not in client.get("/admin/").content
    nothing = client.get(reverse("admin:search"), {"q": OPERATION})
    assert nothing.status_code == 200


@pytest.mark.parametrize("address", [LIST, "/admin/", "/admin/search/?q=x"])
@pytest.mark.django_db
def test_nobody_enters_without_signing_in(address: str) -> None:
    assert "/admin/login/" in Client().get(address).headers["Location"]


@pytest.mark.parametrize(
    "key",
    ["a/b", "a b", "../x", "ünï", '"<b>', "_5F", "?q=1#x", "%2F", "x" * 256, "\u202eabc", ":"],
)
def test_any_identifier_has_its_page(operator_client: Client, record_one: Record, key: str) -> None:
    record_one(extras=INIT, activation_id=key)
    assert Activation.objects.get().pk == key
    response = operator_client.get(page_of("activation", key))
    assert response.status_code == 200
    listed = operator_client.get(LIST, {"when": "all"}).content.decode()
    assert page_of("activation", key) in listed or percent(key) in listed


@pytest.mark.parametrize(
    "extras",
    [
        {},
        {"messageType": "<script>alert(1)</script>", "<b>": "</td>"},
        INIT | {"note": "x" * 65536},
        INIT | {"note": "\u202eevil\x01\x7f"},
        INIT | {"deep": {"list": [1, None, 0.1, {"x": []}]}, "operationId": 7},
        {"messageType": None, "operationId": "x" * 10000},
    ],
)
def test_hostile_extras_are_text(
    operator_client: Client, record_one: Record, extras: dict[str, Any]
) -> None:
    page = operator_client.get(page_of("notification", record_one(extras=extras)))
    assert page.status_code == 200
    assert "<script>alert" not in page.content.decode()
    assert operator_client.get(LIST, {"when": "all"}).status_code == 200


@pytest.mark.parametrize("year", ["0001", "1969", "9999"])
def test_stray_clocks_are_shown(operator_client: Client, record_one: Record, year: str) -> None:
    key = record_one(extras=INIT, emitted_at=f"{year}-12-31T23:59:59.999Z", activation_id=DEVICE)
    for address in (
        page_of("notification", key), page_of("activation", DEVICE), f"{LIST}?when=all"
    ):  # fmt: skip
        assert f"{year}-12-31" in operator_client.get(address).content.decode()


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_page_leads_home_with_a_word(auditor_client: Client, kind: str) -> None:
    for key in ("00000000-0000-8000-8000-000000000000", "no-such", "\x00", "9" * 300):
        response = auditor_client.get(page_of(kind, key), follow=True)
        assert response.status_code == 200
        assert "There is no such" in response.content.decode()
