"""The vocabulary in the words of the pages: one table each, the raw value always beside it."""

from collections.abc import Mapping
from dataclasses import dataclass

from notifications.models import Export
from notifications.protocol.audience import Basis, Certainty
from notifications.protocol.clients import Generation, Platform
from notifications.protocol.expectations import Mark
from notifications.protocol.extras import MessageType, OperationResult
from notifications.protocol.reasons import CountsAs
from notifications.trace.entries import Counts


@dataclass(frozen=True, slots=True)
class Badge:
    """``look`` is a style of the theme; ``sign`` tells the same without colour."""

    text: str
    look: str
    sign: str
    raw: str


@dataclass(frozen=True, slots=True)
class Figure:
    number: int
    text: str
    look: str


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


# Traces. Each sign differs from every other, so that colour is never needed to tell them apart.
STANDINGS: Mapping[str, tuple[str, str, str]] = {
    "missing": ("Something is missing", "bad", "✕"),
    "undecided": ("Undecided", "warn", "?"),
    "pending": ("Not due yet", "init", "◷"),
    "explained": ("Explained", "quiet", "i"),
    "disagreeing": ("Nothing missing, but results disagree", "warn", "≠"),
    "late": ("Nothing missing, but late", "warn", "!"),
    "duplicate": ("Nothing missing, some repeated", "warn", "!"),
    "nonconforming": ("Nothing missing, some nonconforming", "warn", "!"),
}
GAPS: Mapping[CountsAs, tuple[str, str, str]] = {
    CountsAs.MISSING: ("not sent", "bad", "✕"),
    CountsAs.EXPLAINED: ("not sent, explained", "quiet", "i"),
    CountsAs.UNDECIDED: ("undecided", "warn", "?"),
    CountsAs.PENDING: ("not due yet", "init", "◷"),
}
MARKS: Mapping[Mark, tuple[str, str, str]] = {
    Mark.LATE: ("late", "warn", "◷"),
    Mark.DUPLICATE: ("repeated", "warn", "↻"),
    Mark.DISAGREEING: ("disagrees", "bad", "≠"),
}
BASES: Mapping[Basis, str] = {
    Basis.ADDRESSED: "names this device",
    Basis.USER_WIDE: "to the user",
    Basis.OPERATION: "about its operation",
    Basis.OWED: "owed",
}
CERTAINTIES: Mapping[Certainty, str] = {
    Certainty.KNOWN: "known",
    Certainty.ASSUMED: "assumed",
}
# What each count is called, and how it looks when it is not zero.
COUNTS: Mapping[str, tuple[str, str]] = {
    "expected": ("expected", ""),
    "emitted": ("emitted", ""),
    "missing": ("missing", "bad"),
    "explained": ("explained", ""),
    "undecided": ("undecided", "warn"),
    "pending": ("pending", "init"),
    "late": ("late", "warn"),
    "duplicate": ("repeated", "warn"),
    "disagreeing": ("disagreeing", "warn"),
    "nonconforming": ("nonconforming", "warn"),
}

# Exports, by their state.
EXPORTS: Mapping[str, tuple[str, str, str]] = {
    Export.State.QUEUED: ("waiting", "quiet", "◷"),
    Export.State.RUNNING: ("being made", "init", "▸"),
    Export.State.FINISHED: ("finished", "good", "✓"),
    Export.State.FAILED: ("failed", "bad", "✕"),
    Export.State.CANCELLED: ("cancelled", "quiet", "⊘"),
    Export.State.EXPIRED: ("expired", "quiet", "○"),
}


def standing(counts: Counts) -> Badge:
    """How things stand in two words, the gravest first."""
    told = counts.as_json()
    if not told["expected"] and not told["emitted"]:
        return Badge("Nothing to show", "quiet", "○", "")
    for name, words in STANDINGS.items():
        if told[name]:
            return Badge(*words, raw=name)
    return Badge("All as expected", "good", "✓", "")


def figures(counts: Counts) -> list[Figure]:
    told = counts.as_json()
    return [Figure(told[name], *words) for name, words in COUNTS.items()]


def of_gap(counted: CountsAs) -> Badge:
    return Badge(*GAPS[counted], raw=counted)


def of_mark(mark: Mark) -> Badge:
    return Badge(*MARKS[mark], raw=mark)


def of_state(state: str) -> Badge:
    return Badge(*EXPORTS[state], raw=state)
