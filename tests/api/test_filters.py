"""What each parameter finds, and what is said of those that are wrong."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.contrib import admin
from django.test import Client
from rest_framework.test import APIClient

from notifications.admin.readonly import ReadOnlyAdmin
from notifications.models import Recipient
from tests.conftest import DEVICE, FINISHED, INBOX, INBOX_NEW, INIT, OPERATION, STATUS_CHANGE
from tests.trace.stories import STORIES

API = "/api/v1"
URL = f"{API}/notifications/"
SINCE = "2026-03-14T00:00:00Z"
Record = Callable[..., UUID]
SENT: dict[str, dict[str, Any]] = {
    "init": {
        "source": "bank",
        "message_id": "m-1",
        "app_id": "mobile",
        "user_id": "user-1",
        "activation_id": DEVICE,
        "platform": "apns",
        "silent": False,
        "personal": True,
        "extras": INIT | {"amount": 12, "note": "", "nested": {"a": [1, 2]}, "0": "zero"},
    },
    "finish": {
        "source": "bank",
        "message_id": "m-2",
        "app_id": "mobile",
        "user_id": "user-1",
        "platform": "fcm",
        "silent": True,
        "extras": FINISHED | {"a.b": "dotted", "flag": True},
    },
    "status": {
        "source": "mirror",
        "app_id": "other",
        "user_id": "user-2",
        "extras": STATUS_CHANGE,
    },
    "inbox": {"source": "mirror", "extras": INBOX_NEW | {"nothing": None}},
    "odd": {"source": "mirror", "extras": {"messageType": "odd", "operationId": "42"}},
}
ALL = set(SENT)


@pytest.fixture
def sent(record_one: Record) -> dict[str, str]:
    """The names of what was sent, by id."""
    return {
        str(record_one(emitted_at=f"2026-03-14T{hour:02}:00:00Z", **envelope)): name
        for hour, (name, envelope) in enumerate(SENT.items(), start=1)
    }


def found(client: APIClient, sent: dict[str, str], asked: dict[str, Any]) -> set[str]:
    response = client.get(URL, {"since": SINCE, **asked})
    assert response.status_code == 200, response.content
    return {sent[each["id"]] for each in response.json()["results"]}


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({}, ALL),
        ({"operation": OPERATION}, {"init", "finish"}),
        ({"operation": OPERATION.upper()}, {"init", "finish"}),
        ({"operation": [OPERATION, "42"]}, {"init", "finish", "odd"}),
        ({"activation": DEVICE}, {"init", "status"}),
        ({"inbox_message": INBOX}, {"inbox"}),
        ({"user_id": "user-1"}, {"init", "finish"}),
        ({"user_id": ["user-1", "user-2"]}, {"init", "finish", "status"}),
        ({"user_id": "nobody"}, set()),
        ({"message_id": "m-2"}, {"finish"}),
        ({"message_type": "mtoken.operationInit"}, {"init"}),
        ({"message_type": ["mtoken.operationInit", "odd"]}, {"init", "odd"}),
        ({"result": "authentication.success"}, {"finish"}),
        ({"operation_name": "login"}, {"init", "finish"}),
        ({"app_id": "mobile"}, {"init", "finish"}),
        ({"platform": "apns"}, {"init"}),
        ({"platform": "android"}, {"finish"}),
        ({"platform": "unknown"}, {"status", "inbox", "odd"}),
        ({"platform": ["ios", "unknown"]}, {"init", "status", "inbox", "odd"}),
        ({"source": "mirror"}, {"status", "inbox", "odd"}),
        ({"finding": "none"}, {"status"}),
        ({"finding": "any"}, ALL - {"status"}),
        ({"finding": "unknown_message_type"}, {"odd"}),
        ({"finding": ["unknown_message_type", "none"]}, {"odd", "status"}),
        ({"finding": "empty_value"}, set()),
        ({"silent": "true"}, {"finish"}),
        ({"silent": "false"}, {"init"}),
        ({"silent": "unknown"}, {"status", "inbox", "odd"}),
        ({"personal": ["true", "unknown"]}, ALL),
        ({"personal": "false"}, set()),
        ({"extras.operationName": "login"}, {"init", "finish"}),
        ({"extras.amount": "12"}, {"init"}),
        ({"extras.note": ""}, {"init"}),
        ({"extras.nested": '{"a": [1, 2]}'}, {"init"}),
        ({"extras.0": "zero"}, {"init"}),
        ({"extras.a.b": "dotted"}, {"finish"}),
        ({"extras.flag": "true"}, {"finish"}),
        ({"extras.operationId": ["42", OPERATION]}, {"init", "finish", "odd"}),
        ({"extras.operationName": "login", "extras.flag": "true"}, {"finish"}),
        ({"extras.": "x"}, set()),
        ({"extras.'; DROP": "x"}, set()),
        ({"extras.nothing": "null"}, set()),
        ({"since": "2026-03-14T02:00:00Z", "until": "2026-03-14T04:00:00Z"}, {"finish", "status"}),
        ({"since": "2026-03-14T03:00:00+01:00"}, ALL - {"init"}),
        ({"since": "2026-03-13T22:00:01-03:00"}, ALL - {"init"}),
        ({"message_type": "mtoken.operationInit", "source": "mirror"}, set()),
    ],
)
def test_a_filter_finds_what_it_names(
    support: APIClient, sent: dict[str, str], asked: dict[str, Any], wanted: set[str]
) -> None:
    assert found(support, sent, asked) == wanted


def test_a_user_can_be_asked_for_by_key(support: APIClient, sent: dict[str, str]) -> None:
    key = Recipient.objects.get(user_id="user-2").pk
    assert found(support, sent, {"recipient": key}) == {"status"}


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({"operation_name": "login"}, {OPERATION}),
        ({"result": "authentication.success"}, {OPERATION}),
        ({"finished": "true"}, {OPERATION}),
        ({"finished": "false"}, {"42"}),
        ({"finished": ["true", "false"]}, {OPERATION, "42"}),
        ({"activation": DEVICE}, {OPERATION}),
        ({"user_id": "user-2"}, set()),
    ],
)
@pytest.mark.usefixtures("sent")
def test_operations_are_found_likewise(
    support: APIClient, asked: dict[str, Any], wanted: set[str]
) -> None:
    page = support.get(f"{API}/operations/", {"since": SINCE, **asked}).json()
    assert {each["id"] for each in page["results"]} == wanted


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("counts_as", "missing", "pending"),
        ("operation_name", "authorize_payment", "login"),
        ("app_id", "mobile", "other"),
        ("source", "bank", "mirror"),
        ("reason", "never_finished", "not_due"),
        ("rule", "E1", "E3"),
    ],
)
def test_gaps_are_narrowed_by_what_owes_them(
    support: APIClient, tell: Callable[..., None], name: str, right: str, wrong: str
) -> None:
    tell(next(each for each in STORIES if each.name == "Announced but never finished"))
    day = {"since": SINCE, "until": "2026-03-15T00:00:00Z"}

    def owed(*values: str) -> int:
        return len(support.get(f"{API}/gaps/", {**day, name: values}).json()["results"])

    assert (owed(), owed(right), owed(wrong), owed(wrong, right)) == (1, 1, 0, 1)


def test_the_parameters_are_those_of_the_admin(
    operator_client: Client, sent: dict[str, str]
) -> None:
    """One class filters both; the admin adds what it offers beside."""
    page = operator_client.get(
        "/admin/notifications/notification/", {"finding": "unknown_message_type", "when": "all"}
    )
    (row,) = page.context["cl"].result_list
    assert sent[str(row.pk)] == "odd"

    offered = 0
    for pages in admin.site._registry.values():
        names = {getattr(each, "parameter_name", None) for each in pages.list_filter} - {"when"}
        if isinstance(pages, ReadOnlyAdmin) and names:
            assert names <= pages.question.parameters().keys()
            offered += len(names)
    assert offered > 10
