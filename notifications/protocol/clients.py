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


GENERATIONS = tuple(Generation)
# Firebase serves iOS apps too; the other two gateways serve one kind of phone each.
REACHED_OVER: Mapping[Generation, tuple[Platform, ...]] = {
    Generation.IOS_2: (Platform.APNS, Platform.FCM),
    Generation.IOS_3: (Platform.APNS, Platform.FCM),
    Generation.ANDROID: (Platform.FCM, Platform.HMS),
}

OPERATION_FINISHED, STATUS_CHANGE = "operation_finished", "status_change"
KINDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    MessageType.OPERATION_INIT: ("operation_created", ("operationId", "operationName")),
    MessageType.OPERATION_FINISHED: (
        OPERATION_FINISHED,
        ("operationId", "operationName", "mtokenOperationResult"),
    ),
    MessageType.INBOX_MESSAGE_NEW: ("inbox_message", ("inboxId",)),
    MessageType.STATUS_CHANGE: (STATUS_CHANGE, ()),
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
    if platform is not None:
        read = _read(extras, platform)
        return {generation: _seen(read, generation, platform) for generation in GENERATIONS}
    return {
        generation: view(extras, generation, REACHED_OVER[generation][0])
        for generation in GENERATIONS
    }


def view(extras: Mapping[str, Any], generation: Generation, platform: Platform) -> ClientView:
    return _seen(_read(extras, platform), generation, platform)


def _seen(read: ClientView, generation: Generation, platform: Platform) -> ClientView:
    if platform not in REACHED_OVER[generation]:
        return IGNORED
    if read.kind == STATUS_CHANGE and generation is not Generation.IOS_3:
        return IGNORED  # parsers before iOS 3 do not know the type
    return read


def _read(extras: Mapping[str, Any], platform: Platform) -> ClientView:
    """What a parser that knows all types reads in the extras, after ``platform`` carried them."""
    if platform is Platform.FCM and None in extras.values():
        return IGNORED  # a null anywhere makes the Push Server's request fail as a whole
    known = KINDS.get(_carried(extras, "messageType", platform) or "")
    if known is None:
        return IGNORED
    kind, required = known
    told = [_carried(extras, key, platform) for key in required]
    if None in told:
        return IGNORED
    if kind == OPERATION_FINISHED:
        return ClientView(kind, RESULTS.get(told[-1] or "", "unknown"))
    return ClientView(kind)


def _carried(extras: Mapping[str, Any], key: str, platform: Platform) -> str | None:
    """The string that an app finds under ``key``: parsers read strings only. APNs and HMS keep the
    types of JSON; FCM turns every value into its text."""
    value = extras.get(key)
    if isinstance(value, str):
        return value
    return _as_text(value) if platform is Platform.FCM and key in extras else None


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
