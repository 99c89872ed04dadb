"""Fields of copies that are of no use are left out with a finding; what the original refuses is
refused."""

import json
import re
from typing import Any

import pytest
from rest_framework.test import APIClient

from notifications.models import (
    ActivationEvent,
    InboxEvent,
    Notification,
    Presentation,
    SourceError,
)
from tests.conftest import DEVICE, INIT, SOURCE

from .mirroring import (
    BATCH,
    CLOUD,
    CLOUD_INBOX,
    CLOUD_MESSAGE,
    CREATE,
    CREATE_MULTI,
    DELETE,
    DEVICE_OF,
    DEVICES_OF,
    INBOX,
    INBOX_MESSAGE,
    MESSAGE,
    SEND,
    STATUS,
    STATUS_OF,
    TIMED,
    batch,
    mirror,
    sending,
    wrapped,
)

LONG = "x" * 257


def found(message: Notification, code: str = "unusable_field") -> list[str]:
    """What the findings of this kind say."""
    return [each["detail"] for each in message.findings if each["code"] == code]


def test_what_is_left_out_is_counted_by_its_place_in_any_message(emitter: APIClient) -> None:
    odd = MESSAGE | {"priority": []}
    body = batch(MESSAGE, odd, odd)
    body["requestObject"]["mode"] = 1.5
    mirror(emitter, BATCH, body)
    assert dict(SourceError.objects.values_list("pointer", "count")) == {
        "#/requestObject/batch/…/priority": 2,
        "#/requestObject/mode": 1,
    }
    findings = Notification.objects.values_list("findings", flat=True)
    assert all(told[0]["detail"].startswith("#/requestObject/mode ") for told in findings)
    assert sorted(each["detail"].split()[0] for told in findings for each in told[1:]) == [
        f"#/requestObject/batch/{n}/priority" for n in (1, 2)
    ]


UNUSABLE: dict[str, tuple[tuple[Any, ...], Any, dict[str, Any]]] = {
    # Place in the request, a value of no use there, and what is then not told.
    "app": (("appId",), [], {"app_id": None}),
    "user": (("message", "userId"), {"a": 1}, {"recipient_id": None}),
    "empty user": (("message", "userId"), "", {"recipient_id": None}),
    "long user": (("message", "userId"), LONG, {"recipient_id": None}),
    "user with NUL": (("message", "userId"), "a\0b", {"recipient_id": None}),
    "user of half a pair": (("message", "userId"), "\ud800", {"recipient_id": None}),
    "boolean user": (("message", "userId"), True, {"recipient_id": None}),
    "user with a fraction": (("message", "userId"), 1.5, {"recipient_id": None}),
    "device": (
        ("message", "activationId"),
        5.5,
        {"activation_id": None, "addressed_to": "unknown"},
    ),
    "empty device": (
        ("message", "activationId"),
        "",
        {"activation_id": None, "addressed_to": "unknown"},
    ),
    "attributes": (("message", "attributes"), [], {"silent": None, "personal": None}),
    "silent": (("message", "attributes", "silent"), "yes", {"silent": None, "personal": True}),
    "personal": (("message", "attributes", "personal"), 1, {"silent": False, "personal": None}),
    "mode": (("mode",), 1.5, {"presentation__mode": None}),
    "priority": (("message", "priority"), [], {"presentation__priority": None}),
    "title": (("message", "body", "title"), [1], {"presentation__title_length": None}),
    "body": (("message", "body", "body"), False, {"presentation__body_length": None}),
    "sound": (("message", "body", "sound"), LONG, {"presentation__sound": None}),
    "category": (("message", "body", "category"), {}, {"presentation__category": None}),
    "collapse key": (("message", "body", "collapseKey"), [], {"presentation__collapse_key": None}),
    "valid until": (
        ("message", "body", "validUntil"),
        1_512_000_000,
        {"presentation__valid_until": None},
    ),
    "no time": (
        ("message", "body", "validUntil"),
        "tomorrow",
        {"presentation__valid_until": None},
    ),
}


@pytest.mark.parametrize("what", UNUSABLE)
def test_a_field_of_no_use_is_left_out_with_a_finding(emitter: APIClient, what: str) -> None:
    path, value, told = UNUSABLE[what]
    assert mirror(emitter, SEND, sending(*path, value=value)).status_code == 200
    recorded = Notification.objects.values(*told).get()
    assert recorded == told
    message = Notification.objects.get()
    assert message.extras == INIT
    place = f"#/requestObject/{'/'.join(path)}"
    (finding,) = found(message)
    assert finding.startswith(f"{place} ")
    if isinstance(value, str) and value:
        assert value not in finding
    error = SourceError.objects.get()
    assert (error.source_id, error.code, error.pointer) == (SOURCE, "unusable_field", place)


@pytest.mark.parametrize(
    ("extras", "original"),
    [
        ([1, {"a": "ž"}], '[1, {"a": "\\u017e"}]'),
        ("text\0", '"text\\u0000"'),
        (5, "5"),
        (True, "true"),
        (None, None),
        (..., None),
    ],
)
def test_extras_that_are_none_are_empty_and_the_original_is_told(
    emitter: APIClient, extras: Any, original: str | None
) -> None:
    body = sending("message", "body", "extras", value=extras)
    assert mirror(emitter, SEND, body).status_code == 200
    message = Notification.objects.get()
    (finding,) = found(message)
    assert message.extras == {}
    assert finding.startswith("#/requestObject/message/body/extras ")
    assert finding.endswith("stands for it." if original is None else f"original: {original}")


def test_extras_with_nulls_and_maps_stay_as_they_are(emitter: APIClient) -> None:
    extras = INIT | {"note": None, "nested": {"x": [1, None, {"y": "<script>"}]}}
    mirror(emitter, SEND, sending("message", "body", "extras", value=extras))
    assert Notification.objects.get().extras == extras


def test_what_cannot_be_carried_is_repaired_as_in_envelopes(emitter: APIClient) -> None:
    text = json.dumps(sending("message", "body", "extras", value={"messageType": "x"}))
    deep = "[" * 100 + "]" * 100
    odd = f'{{"a": 1e400, "b": "\\u0000", "c": 1, "c": 2, "d": {deep}}}'
    mirror(emitter, SEND, text.replace('{"messageType": "x"}', odd))
    message = Notification.objects.get()
    assert {key: message.extras[key] for key in "abc"} == {"a": "1e400", "b": "\ufffd", "c": 2}
    assert len(found(message, "repaired_value")) == 3
    assert len(found(message, "duplicate_key")) == 1


def test_of_a_repeated_field_the_last_counts_and_is_told_once(emitter: APIClient) -> None:
    text = json.dumps(sending())
    for repeated in ("appId", "activationId"):
        text = text.replace(f'"{repeated}"', f'"{repeated}": "first", "{repeated}"')
    mirror(emitter, SEND, text)
    message = Notification.objects.get()
    assert (message.app_id, message.activation_id) == ("mobile-app", DEVICE)
    assert [each.split()[0] for each in found(message, "duplicate_key")] == [
        "#/requestObject/appId",
        "#/requestObject/message/activationId",
    ]


def test_unknown_fields_are_passed_by(emitter: APIClient) -> None:
    body = sending("message", "body", "colour", value="red") | {"newIn": {"3.0": True}}
    assert mirror(emitter, SEND, body).status_code == 200
    assert Notification.objects.get().findings == []


REFUSED: list[tuple[str, Any, int, str]] = [
    (SEND, "", 400, "#"),
    (SEND, json.dumps(sending())[:-9], 400, "#"),
    (SEND, "[" * 5000, 400, "#"),
    (SEND, "null", 422, "#"),
    (SEND, "[]", 422, "#"),
    (SEND, {}, 422, "#/requestObject"),
    (SEND, wrapped(None), 422, "#/requestObject"),
    (SEND, wrapped("x"), 422, "#/requestObject"),
    (SEND, sending("appId"), 422, "#/requestObject/appId"),
    (SEND, sending("message"), 422, "#/requestObject/message"),
    (SEND, sending("message", value=[]), 422, "#/requestObject/message"),
    (SEND, sending("message", "userId", value=None), 422, "#/requestObject/message/userId"),
    (SEND, sending("message", "body"), 422, "#/requestObject/message/body"),
    (SEND, sending("message", "body", value="x"), 422, "#/requestObject/message/body"),
    (BATCH, batch(), 422, "#/requestObject/batch"),
    (BATCH, batch(*[MESSAGE] * 21), 422, "#/requestObject/batch"),
    (BATCH, wrapped({"appId": "a", "batch": {}}), 422, "#/requestObject/batch"),
    (BATCH, batch(MESSAGE, None), 422, "#/requestObject/batch/1"),
    (BATCH, batch(MESSAGE, {**MESSAGE, "body": None}), 422, "#/requestObject/batch/1/body"),
    (CLOUD, CLOUD_MESSAGE | {"userId": None}, 422, "#/userId"),
    (INBOX, wrapped(INBOX_MESSAGE | {"userId": None}), 422, "#/requestObject/userId"),
    (CLOUD_INBOX, {}, 422, "#/userId"),
    (CREATE, wrapped(DEVICE_OF | {"token": " "}), 422, "#/requestObject/token"),
    (CREATE, wrapped(DEVICE_OF | {"platform": None}), 422, "#/requestObject/platform"),
    (CREATE, wrapped(DEVICE_OF | {"activationId": ""}), 422, "#/requestObject/activationId"),
    (CREATE, wrapped(DEVICE_OF | {"activationId": LONG}), 422, "#/requestObject/activationId"),
    (CREATE_MULTI, wrapped(DEVICES_OF | {"activationIds": []}), 422,
     "#/requestObject/activationIds"),
    (CREATE_MULTI, wrapped(DEVICES_OF | {"activationIds": [None, ""]}), 422,
     "#/requestObject/activationIds"),
    (CREATE_MULTI, wrapped(DEVICES_OF | {"activationIds": ["x"] * 1001}), 422,
     "#/requestObject/activationIds"),
    (DELETE, wrapped({"appId": "a", "token": []}), 422, "#/requestObject/token"),
    (DELETE, wrapped({"appId": "a"}), 422, "#/requestObject/token"),
    (STATUS, wrapped(STATUS_OF), 422, "#/activationId"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("address", "body", "status", "pointer"), REFUSED, ids=map(str, range(len(REFUSED)))
)
def test_what_the_original_refuses_leaves_nothing(
    emitter: APIClient, address: str, body: Any, status: int, pointer: str
) -> None:
    answer = mirror(emitter, address, body, **TIMED)
    assert answer.status_code == status
    assert answer.json()["errors"][0]["pointer"] == pointer
    error = SourceError.objects.get()
    assert (error.source_id, error.count) == (SOURCE, 1)
    assert error.pointer == re.sub("/[0-9]+", "/…", pointer)
    for model in (Notification, Presentation, ActivationEvent, InboxEvent):
        assert not model.objects.exists()
