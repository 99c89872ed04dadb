"""Copies that tell of lives: push registrations, push statuses, inbox messages."""

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from notifications.models import (
    ActivationEvent,
    InboxEvent,
    SourceError,
)
from notifications.protocol.events import fingerprint
from tests.conftest import DEVICE, NOW, SOURCE

from .mirroring import (
    CLOUD_INBOX,
    CREATE,
    CREATE_MULTI,
    DELETE,
    DEVICE_OF,
    DEVICES_OF,
    INBOX,
    INBOX_MESSAGE,
    REMOVE,
    STATUS,
    TIMED,
    TOKEN,
    mirror,
    wrapped,
)

LONG = "x" * 257


def test_a_registration_is_an_event_without_the_token(emitter: APIClient) -> None:
    assert mirror(emitter, CREATE, wrapped(DEVICE_OF), **TIMED).json()["recorded"] == 1
    event = ActivationEvent.objects.get()
    assert (event.source_id, event.key, event.kind) == (SOURCE, "req-1/0", "registered")
    assert (event.happened_at, event.observed_at) == (NOW, NOW)
    assert (event.activation_id, event.apps, event.platform) == (DEVICE, ["mobile-app"], "apns")
    assert (event.status, event.push_active, event.is_request) == (None, None, True)
    assert event.token == fingerprint(TOKEN)
    assert len(event.token) == 64
    assert TOKEN not in json.dumps(list(ActivationEvent.objects.values()), default=str)


def test_a_registration_of_version_2_tells_status_and_user(emitter: APIClient) -> None:
    mirror(emitter, CREATE, wrapped(DEVICE_OF | {"activationStatus": "ACTIVE", "userId": "user-1"}))
    event = ActivationEvent.objects.get()
    assert (event.status, event.push_active, event.recipient.user_id) == ("ACTIVE", True, "user-1")


def test_a_registration_of_several_is_an_event_of_each(emitter: APIClient) -> None:
    told = DEVICES_OF | {"activationIds": [DEVICE.upper(), 7.5, "device-2"]}
    for expected in (2, 0):
        assert mirror(emitter, CREATE_MULTI, wrapped(told), **TIMED).json()["recorded"] == expected
    events = ActivationEvent.objects.order_by("key")
    assert [(each.key, each.activation_id) for each in events] == [
        ("req-1/0", DEVICE),
        ("req-1/2", "device-2"),
    ]
    (finding,) = events[0].findings
    assert finding["detail"].startswith("#/requestObject/activationIds/1 ")


@pytest.mark.parametrize("value", ["palm", 5, ["ios"]])
def test_a_platform_of_no_use_is_left_out(emitter: APIClient, value: Any) -> None:
    mirror(emitter, CREATE, wrapped(DEVICE_OF | {"platform": value}))
    event = ActivationEvent.objects.get()
    assert (event.platform, len(event.findings)) == (None, 1)
    assert SourceError.objects.get().pointer == "#/requestObject/platform"


@pytest.mark.parametrize(
    ("address", "method"), [(DELETE, "POST"), (DELETE, "DELETE"), (REMOVE, "POST")]
)
def test_a_deletion_names_the_token_and_no_device(
    emitter: APIClient, address: str, method: str
) -> None:
    body = wrapped({"appId": "mobile-app", "token": TOKEN})
    assert mirror(emitter, address, body, method=method).json()["recorded"] == 1
    event = ActivationEvent.objects.get()
    assert (event.kind, event.activation_id, event.token) == (
        "unregistered",
        None,
        fingerprint(TOKEN),
    )


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize(
    ("status", "active"), [("ACTIVE", True), ("BLOCKED", False), ("NEW", False), (None, None)]
)
def test_a_push_status_tells_whether_the_device_is_push_active(
    emitter: APIClient, method: str, status: str | None, active: bool | None
) -> None:
    told = {"activationId": DEVICE, "activationStatus": status}
    assert mirror(emitter, STATUS, told, method=method).json()["recorded"] == 1
    event = ActivationEvent.objects.get()
    assert (event.kind, event.activation_id) == ("push_status", DEVICE)
    assert (event.status, event.push_active) == (status, active)


def test_an_inbox_message_is_an_event_without_its_texts(emitter: APIClient) -> None:
    assert mirror(emitter, INBOX, wrapped(INBOX_MESSAGE), **TIMED).json()["recorded"] == 1
    event = InboxEvent.objects.get()
    assert (event.key, event.recipient.user_id) == ("req-1/0", "user-1")
    assert (event.apps, event.silent) == (["mobile-app", "wealth"], None)
    kept = json.dumps(list(InboxEvent.objects.values()), default=str)
    for text in ("subject", "summary", "body"):
        assert str(INBOX_MESSAGE[text]) not in kept


@pytest.mark.parametrize(("given", "silent"), [(True, True), (False, False), (..., False)])
def test_an_inbox_message_of_the_cloud_tells_whether_a_push_is_wanted(
    emitter: APIClient, given: Any, silent: bool
) -> None:
    mirror(emitter, CLOUD_INBOX, INBOX_MESSAGE | ({} if given is ... else {"silent": given}))
    event = InboxEvent.objects.get()
    assert (event.apps, event.silent) == ([], silent)


def test_apps_of_no_use_are_left_out(emitter: APIClient) -> None:
    told = INBOX_MESSAGE | {"applications": ["retail", None, "", LONG, 5]}
    mirror(emitter, INBOX, wrapped(told))
    event = InboxEvent.objects.get()
    assert (event.apps, len(event.findings)) == (["retail", "5"], 1)
