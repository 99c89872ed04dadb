"""What each generation of the mobile apps makes of the extras: a verdict apart from conformance.

Read from the vendors' open push parsers: matching is exact and case-sensitive, unknown keys are
kept, nothing checks the form, length or emptiness of a value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .extras import MessageType, OperationResult


class Platform(StrEnum):
    """The gateway a message goes through; how it carries values decides what an app can read."""

    APNS = "apns"
    FCM = "fcm"
    HMS = "hms"


# The Push Server's names before its version 1.10 mean the same gateways.
PLATFORM_NAMES: Mapping[str, Platform] = {
    "apns": Platform.APNS,
    "fcm": Platform.FCM,
    "hms": Platform.HMS,
    "ios": Platform.APNS,
    "android": Platform.FCM,
    "huawei": Platform.HMS,
}


class Generation(StrEnum):
    IOS_2 = "ios_2"
    IOS_3 = "ios_3"
    ANDROID = "android"


# Firebase serves iOS apps too; the other two gateways serve one kind of phone each.
REACHED_OVER: Mapping[Generation, tuple[Platform, ...]] = {
    Generation.IOS_2: (Platform.APNS, Platform.FCM),
    Generation.IOS_3: (Platform.APNS, Platform.FCM),
    Generation.ANDROID: (Platform.FCM, Platform.HMS),
}

KINDS: Mapping[MessageType, tuple[str, tuple[str, ...]]] = {
    MessageType.OPERATION_INIT: ("operation_created", ("operationId", "operationName")),
    MessageType.OPERATION_FINISHED: (
        "operation_finished",
        ("operationId", "operationName", "mtokenOperationResult"),
    ),
    MessageType.INBOX_MESSAGE_NEW: ("inbox_message", ("inboxId",)),
    MessageType.STATUS_CHANGE: ("status_change", ()),
}
RESULTS: Mapping[str, str] = {
    OperationResult.SUCCESS: "success",
    OperationResult.FAIL: "fail",
    OperationResult.TIMEOUT: "timeout",
    OperationResult.CANCELED: "canceled",
    OperationResult.METHOD_NOT_AVAILABLE: "method_not_available",
}


@dataclass(frozen=True, slots=True)
class ClientView:
    """What one app makes of a message: ``kind`` is None when its parser passes the message by;
    ``result`` is told of finished operations only."""

    kind: str | None
    result: str | None = None


IGNORED = ClientView(kind=None)


def views(extras: Mapping[str, Any], platform: Platform | None) -> dict[Generation, ClientView]:
    """The view of every generation over ``platform``, or over each one's usual gateway when it is
    not known. A generation that the gateway does not serve sees nothing."""
    return {
        generation: view(extras, generation, platform or REACHED_OVER[generation][0])
        for generation in Generation
    }


def view(extras: Mapping[str, Any], generation: Generation, platform: Platform) -> ClientView:
    if platform not in REACHED_OVER[generation]:
        return IGNORED
    carried = _carried(extras, platform)
    if carried.get("messageType") not in KINDS:
        return IGNORED
    message_type = MessageType(carried["messageType"])
    if message_type is MessageType.STATUS_CHANGE and generation is not Generation.IOS_3:
        return IGNORED  # parsers before iOS 3 do not know the type
    kind, required = KINDS[message_type]
    if any(key not in carried for key in required):
        return IGNORED
    if message_type is MessageType.OPERATION_FINISHED:
        return ClientView(kind, RESULTS.get(carried["mtokenOperationResult"], "unknown"))
    return ClientView(kind)


def _carried(extras: Mapping[str, Any], platform: Platform) -> dict[str, str]:
    """The string values an app finds under their keys after ``platform`` has carried the extras.

    APNs and HMS keep JSON types, and the parsers read strings only. FCM turns every value into
    its text, and a null anywhere makes the Push Server's request fail as a whole.
    """
    if platform is not Platform.FCM:
        return {key: value for key, value in extras.items() if isinstance(value, str)}
    if None in extras.values():
        return {}
    return {key: _as_text(value) for key, value in extras.items()}


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
