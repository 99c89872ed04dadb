"""The vocabulary in the words of the pages: one table each, the raw value always beside it."""

from collections.abc import Mapping
from dataclasses import dataclass

from notifications.protocol.clients import Generation, Platform
from notifications.protocol.extras import MessageType, OperationResult


@dataclass(frozen=True, slots=True)
class Badge:
    """``look`` is a style of the theme; ``sign`` tells the same without colour."""

    text: str
    look: str
    sign: str
    raw: str


TYPES: Mapping[str, tuple[str, str, str]] = {
    MessageType.OPERATION_INIT: ("operationInit", "init", "▸"),
    MessageType.OPERATION_FINISHED: ("operationFinished", "finished", "■"),
    MessageType.STATUS_CHANGE: ("statusChange", "status", "◆"),
    MessageType.INBOX_MESSAGE_NEW: ("inboxMessage.new", "inbox", "✉"),
}
RESULTS: Mapping[str, tuple[str, str, str]] = {
    OperationResult.SUCCESS: ("success", "good", "✓"),
    OperationResult.FAIL: ("fail", "bad", "✕"),
    OperationResult.TIMEOUT: ("timeout", "warn", "◷"),
    OperationResult.CANCELED: ("canceled", "quiet", "⊘"),
    OperationResult.METHOD_NOT_AVAILABLE: ("methodNotAvailable", "warn", "!"),
}
GENERATIONS: Mapping[Generation, str] = {
    Generation.IOS_2: "iOS 2 and older",
    Generation.IOS_3: "iOS 3",
    Generation.ANDROID: "Android",
}
GATEWAYS: Mapping[Platform, str] = {
    Platform.APNS: "APNs",
    Platform.FCM: "FCM",
    Platform.HMS: "HMS",
}
KINDS: Mapping[str, str] = {
    "operation_created": "Operation created",
    "operation_finished": "Operation finished",
    "inbox_message": "New inbox message",
    "status_change": "Status change",
}
CLIENT_RESULTS: Mapping[str, str] = {
    "success": "success",
    "fail": "fail",
    "timeout": "timeout",
    "canceled": "canceled",
    "method_not_available": "method not available",
    "unknown": "unknown result",
}


def of_type(message_type: str | None) -> Badge:
    if message_type is None:
        return Badge("no type", "odd", "?", "")
    text, look, sign = TYPES.get(message_type, (message_type, "odd", "?"))
    return Badge(text, look, sign, message_type)


def of_result(result: str) -> Badge:
    text, look, sign = RESULTS.get(result, (result, "odd", "?"))
    return Badge(text, look, sign, result)


def finding_name(code: str) -> str:
    """``unexpected_key`` as "unexpected key"; the code itself is what programs go by."""
    return str(code).replace("_", " ").replace("uuid", "UUID")


def app_view(kind: str | None, result: str | None) -> str:
    if kind is None:
        return "Passed by"
    words = KINDS.get(kind, kind)
    return words if result is None else f"{words}: {CLIENT_RESULTS.get(result, result)}"
