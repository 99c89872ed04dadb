"""Posting, repeating, conflicting and reading over HTTP."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient

from notifications.models import Notification, Recipient
from tests.conftest import (
    DEVICE,
    FINISHED,
    INBOX,
    INBOX_NEW,
    INIT,
    OPERATION,
    SOURCE,
    STATUS_CHANGE,
)

URL = "/api/v1/notifications/"
ENVELOPE = {
    "emitted_at": "2026-03-14T09:26:53.589+01:00",
    "message_id": "m-1",
    "app_id": "mobile",
    "user_id": "user-1",
    "activation_id": DEVICE,
    "platform": "apns",
    "silent": False,
    "personal": True,
    "extras": INIT,
}


def post(client: APIClient, envelope: Any) -> Any:
    return client.post(URL, json.dumps(envelope), content_type="application/json")


def test_a_new_notification_is_201_its_repeat_200_and_another_content_409(
    emitter: APIClient,
) -> None:
    first = post(emitter, ENVELOPE)
    assert first.status_code == 201
    notification_id = first.json()["id"]
    assert first.json() == {"id": notification_id, "status": "recorded", "findings": []}
    repeat = post(emitter, ENVELOPE)
    assert (repeat.status_code, repeat.json()["status"]) == (200, "duplicate")
    assert repeat.json()["id"] == notification_id
    conflict = post(emitter, ENVELOPE | {"extras": FINISHED})
    assert (conflict.status_code, conflict.json()["code"]) == (409, "conflict")
    assert conflict.json()["id"] == notification_id
    assert Notification.objects.get().extras == INIT


def test_findings_are_told_and_prevent_nothing(emitter: APIClient) -> None:
    response = post(emitter, {"extras": INIT | {"operationId": "42"}})
    assert response.status_code == 201
    (finding,) = response.json()["findings"]
    assert finding.keys() == {"code", "key", "detail"}
    assert (finding["code"], finding["key"]) == ("not_uuid", "operationId")


def test_the_source_is_the_account_that_posts(emitter: APIClient) -> None:
    post(emitter, ENVELOPE)
    assert Notification.objects.get().source_id == SOURCE


def test_a_notification_is_read_as_documented(emitter: APIClient, support: APIClient) -> None:
    notification_id = post(emitter, ENVELOPE).json()["id"]
    document = support.get(f"{URL}{notification_id}/").json()
    recorded_at = document.pop("recorded_at")
    assert recorded_at.endswith("Z")
    here = "http://testserver/api/v1"
    assert (document.pop("outcome"), document.pop("deliveries")) == (None, [])
    assert document.pop("links") == {
        "deliveries": f"{here}/notifications/{notification_id}/deliveries/",
        "operation": f"{here}/operations/{OPERATION}/",
        "activation": f"{here}/activations/{DEVICE}/",
        "inbox_message": None,
        "trace": f"{here}/activations/{DEVICE}/trace/?since=2026-03-13T20%3A26%3A53Z"
        "&until=2026-03-14T20%3A26%3A53Z",
        "same_operation": f"{here}/notifications/?operation={OPERATION}",
    }
    assert document.pop("recipient") == Recipient.objects.get(user_id="user-1").pk
    assert document == {
        "id": notification_id,
        "source": SOURCE,
        "message_id": "m-1",
        "emitted_at": "2026-03-14T08:26:53.589Z",
        "message_type": "mtoken.operationInit",
        "result": None,
        "operation": OPERATION,
        "activation": DEVICE,
        "addressed_to": "activation",
        "per_device": False,
        "inbox_message": None,
        "user_id": "user-1",
        "app_id": "mobile",
        "platform": "apns",
        "silent": False,
        "personal": True,
        "extras": INIT,
        "findings": [],
        "clients": {
            "ios_2": {"kind": "operation_created", "result": None},
            "ios_3": {"kind": "operation_created", "result": None},
            "android": {"kind": None, "result": None},
        },
    }


def test_clients_are_judged_on_their_usual_gateway_when_none_was_told(
    record_one: Callable[..., UUID], support: APIClient
) -> None:
    def clients(extras: dict[str, Any]) -> Any:
        return support.get(f"{URL}{record_one(extras=extras)}/").json()["clients"]

    finished = {"kind": "operation_finished", "result": "success"}
    assert clients(FINISHED) == {"ios_2": finished, "ios_3": finished, "android": finished}
    nothing = {"kind": None, "result": None}
    changed = {"kind": "status_change", "result": None}
    assert clients(STATUS_CHANGE) == {"ios_2": nothing, "ios_3": changed, "android": nothing}


def test_the_list_is_newest_first_in_pages(
    record_one: Callable[..., UUID], support: APIClient
) -> None:
    ids = [
        str(record_one(emitted_at=f"2026-03-{day:02}T00:00:00Z", extras=INBOX_NEW))
        for day in range(1, 8)
    ]
    seen: list[str] = []
    url = f"{URL}?page_size=3&since=2026-03-01T00:00:00Z"
    while url:
        response = support.get(url)
        page = response.json()
        assert page.keys() == {"next", "previous", "results", "window"}
        assert ('rel="next"' in response.headers.get("Link", "")) == bool(page["next"])
        seen += [item["id"] for item in page["results"]]
        url = page["next"]
    assert seen == ids[::-1]
    assert all(item["inbox_message"] == INBOX for item in page["results"])
    back = support.get(page["previous"]).json()
    assert [item["id"] for item in back["results"]] == seen[3:6]


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("operation", OPERATION),
        ("operation", OPERATION.upper()),
        ("activation", DEVICE),
        ("inbox_message", INBOX),
        ("user_id", "user-1"),
        ("message_id", "m-1"),
    ],
)
def test_the_list_can_be_narrowed_to_one_identifier(
    record_one: Callable[..., UUID], support: APIClient, parameter: str, value: str
) -> None:
    wanted = record_one(**ENVELOPE | {"extras": INIT | {"inboxId": INBOX}})
    record_one(extras={"messageType": "other"}, user_id="user-2", activation_id="other")
    assert [item["id"] for item in support.get(URL, {parameter: value}).json()["results"]] == [
        str(wanted)
    ]
    assert support.get(URL, {parameter: "nothing-such"}).json()["results"] == []


@pytest.mark.parametrize("value", ["x" * 257, "a\0b"])
def test_a_parameter_that_can_name_nothing_is_400(support: APIClient, value: str) -> None:
    response = support.get(URL, {"operation": value})
    assert response.status_code == 400
    (fault,) = response.json()["errors"]
    assert (fault["in"], fault["pointer"]) == ("query", "operation")


def test_the_list_costs_as_many_queries_for_many_as_for_one(
    record_one: Callable[..., UUID],
    support: APIClient,
    django_assert_num_queries: Callable[..., Any],
) -> None:
    for number in range(20):
        record_one(extras=INIT, user_id=f"user-{number}", activation_id=DEVICE)
    # Token (2) and rights (2) once; the list, and a bound on its time within a transaction.
    for size, expected in ((1, 8), (20, 4)):
        with django_assert_num_queries(expected) as queries:
            support.get(f"{URL}?page_size={size}&since=2026-03-01T00:00:00Z")
        assert not any("COUNT(" in query["sql"] for query in queries)
