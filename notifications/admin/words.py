"""The vocabulary in the words of the pages: one table each, the raw value always beside it.

Types are called what the specification calls them, in every language; gateways by their names.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from notifications.models import AddressedTo, Export
from notifications.protocol.audience import Basis, Certainty, Grade
from notifications.protocol.clients import Generation, Platform
from notifications.protocol.deliveries import last_word
from notifications.protocol.events import ActivationStatus, OperationStatus
from notifications.protocol.expectations import Mark
from notifications.protocol.extras import Code, MessageType, OperationResult
from notifications.protocol.reasons import CountsAs
from notifications.protocol.state import Standing
from notifications.trace.entries import Counts, Entry

Words = str | Promise
Look = tuple[Words, str, str]  # the text, a style of the theme, a sign


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


TYPES: Mapping[str, Look] = {
    MessageType.OPERATION_INIT: ("operationInit", "init", "▸"),
    MessageType.OPERATION_FINISHED: ("operationFinished", "finished", "■"),
    MessageType.STATUS_CHANGE: ("statusChange", "status", "◆"),
    MessageType.INBOX_MESSAGE_NEW: ("inboxMessage.new", "inbox", "✉"),
}
RESULTS: Mapping[str, Look] = {
    OperationResult.SUCCESS: (_("success"), "good", "✓"),
    OperationResult.FAIL: (_("fail"), "bad", "✕"),
    OperationResult.TIMEOUT: (_("timeout"), "warn", "◷"),
    OperationResult.CANCELED: (_("canceled"), "quiet", "⊘"),
    OperationResult.METHOD_NOT_AVAILABLE: (_("methodNotAvailable"), "warn", "!"),
}
FINDINGS: Mapping[str, Words] = {
    Code.MISSING_KEY: _("missing key"),
    Code.EMPTY_VALUE: _("empty value"),
    Code.WRONG_TYPE: _("wrong type"),
    Code.NOT_UUID: _("not UUID"),
    Code.UNKNOWN_RESULT: _("unknown result"),
    Code.UNKNOWN_MESSAGE_TYPE: _("unknown message type"),
    Code.UNEXPECTED_KEY: _("unexpected key"),
    Code.DUPLICATE_KEY: _("duplicate key"),
    Code.REPAIRED_VALUE: _("repaired value"),
    Code.IDENTIFIER_TOO_LONG: _("identifier too long"),
    Code.ACTIVATION_MISMATCH: _("activation mismatch"),
    Code.UNUSABLE_FIELD: _("unusable field"),
}
# Whom the request named.
ADDRESSED: Mapping[str, Words] = {
    AddressedTo.ACTIVATION: pgettext_lazy("addressed to", "device"),
    AddressedTo.USER: pgettext_lazy("addressed to", "user-wide"),
    AddressedTo.UNKNOWN: pgettext_lazy("addressed to", "unknown"),
}
# What the button beside an identifier does.
COPIES: Mapping[str, Words] = {
    "operation": _("Copy the operation id"),
    "activation": _("Copy the device id"),
    "inboxmessage": _("Copy the inbox message id"),
    "recipient": _("Copy the number of the recipient"),
    "export": _("Copy the export id"),
    "user": _("Copy the user id"),
}
GENERATIONS: Mapping[Generation, Words] = {
    Generation.IOS_2: _("iOS 2 and older"),
    Generation.IOS_3: _("iOS 3"),
    Generation.ANDROID: _("Android"),
}
GATEWAYS: Mapping[Platform, str] = {
    Platform.APNS: "APNs",
    Platform.FCM: "FCM",
    Platform.HMS: "HMS",
}
KINDS: Mapping[str, Words] = {
    "operation_created": _("Operation created"),
    "operation_finished": _("Operation finished"),
    "inbox_message": _("New inbox message"),
    "status_change": _("Status change"),
}
CLIENT_RESULTS: Mapping[str, Words] = {
    "success": _("success"),
    "fail": _("fail"),
    "timeout": _("timeout"),
    "canceled": _("canceled"),
    "method_not_available": _("method not available"),
    "unknown": _("unknown result"),
}


def of_type(message_type: str | None) -> Badge:
    if message_type is None:
        return Badge(gettext("no type"), "odd", "?", "")
    return _badge(TYPES.get(message_type, (message_type, "odd", "?")), message_type)


def of_result(result: str) -> Badge:
    return _badge(RESULTS.get(result, (result, "odd", "?")), result)


def finding_name(code: str) -> str:
    """``unexpected_key`` as "unexpected key"; the code itself is what programs go by."""
    return str(FINDINGS.get(code) or str(code).replace("_", " "))


def app_view(kind: str | None, result: str | None) -> str:
    if kind is None:
        return gettext("Passed by")
    words = str(KINDS.get(kind, kind))
    return words if result is None else f"{words}: {CLIENT_RESULTS.get(result, result)}"


# Traces. Each sign differs from every other, so that colour is never needed to tell them apart.
STANDINGS: Mapping[str, Look] = {
    "missing": (_("Something is missing"), "bad", "✕"),
    "failed": (_("Something was not taken by its gateway"), "bad", "⊗"),
    "undecided": (_("Undecided"), "warn", "?"),
    "pending": (_("Not due yet"), "init", "◷"),
    "explained": (_("Explained"), "quiet", "i"),
    "disagreeing": (_("Nothing missing, but results disagree"), "warn", "≠"),
    "late": (_("Nothing missing, but late"), "warn", "!"),
    "duplicate": (_("Nothing missing, some repeated"), "warn", "!"),
    "nonconforming": (_("Nothing missing, some nonconforming"), "warn", "!"),
}
GAPS: Mapping[CountsAs, Look] = {
    CountsAs.MISSING: (_("not sent"), "bad", "✕"),
    CountsAs.EXPLAINED: (_("not sent, explained"), "quiet", "i"),
    CountsAs.UNDECIDED: (_("undecided"), "warn", "?"),
    CountsAs.PENDING: (_("not due yet"), "init", "◷"),
}
MARKS: Mapping[Mark, Look] = {
    Mark.LATE: (_("late"), "warn", "◷"),
    Mark.DUPLICATE: (_("repeated"), "warn", "↻"),
    Mark.DISAGREEING: (_("disagrees"), "bad", "≠"),
}
# How far it came by what its gateway answered; what is eligible waits for an answer.
GRADES: Mapping[Grade, Look] = {
    Grade.ELIGIBLE: (pgettext_lazy("of a gateway", "pending"), "init", "…"),
    Grade.NOT_ATTEMPTED: (_("not attempted"), "warn", "⊘"),
    Grade.ATTEMPTED: (_("attempted"), "warn", "▷"),
    Grade.ACCEPTED: (_("accepted"), "good", "✓"),
    Grade.FAILED: (_("failed"), "bad", "⊗"),
}
STAYS_PENDING: Look = (_("pending for ever"), "warn", "…")
BASES: Mapping[Basis, Words] = {
    Basis.ADDRESSED: _("names this device"),
    Basis.USER_WIDE: _("to the user"),
    Basis.OPERATION: _("about its operation"),
    Basis.OWED: _("owed"),
}
CERTAINTIES: Mapping[Certainty, Words] = {
    Certainty.KNOWN: _("known"),
    Certainty.ASSUMED: _("assumed"),
}
# What each count is called, and how it looks when it is not zero.
COUNTS: Mapping[str, tuple[Words, str]] = {
    "expected": (_("expected"), ""),
    "emitted": (_("emitted"), ""),
    "missing": (_("missing"), "bad"),
    "explained": (_("explained"), ""),
    "undecided": (_("undecided"), "warn"),
    "pending": (_("pending"), "init"),
    "failed": (_("failed"), "bad"),
    "late": (_("late"), "warn"),
    "duplicate": (_("repeated"), "warn"),
    "disagreeing": (_("disagreeing"), "warn"),
    "nonconforming": (_("nonconforming"), "warn"),
}

# Exports, by their state.
EXPORTS: Mapping[str, Look] = {
    Export.State.QUEUED: (_("waiting"), "quiet", "◷"),
    Export.State.RUNNING: (_("being made"), "init", "▸"),
    Export.State.FINISHED: (_("finished"), "good", "✓"),
    Export.State.FAILED: (_("failed"), "bad", "✕"),
    Export.State.CANCELLED: (_("cancelled"), "quiet", "⊘"),
    Export.State.EXPIRED: (_("expired"), "quiet", "○"),
}

# Devices: PowerAuth's statuses keep their names; what of them is known, and how a token ended.
STATUSES: Mapping[str, Look] = {
    ActivationStatus.CREATED: ("CREATED", "quiet", "○"),
    ActivationStatus.PENDING_COMMIT: ("PENDING_COMMIT", "init", "◷"),
    ActivationStatus.ACTIVE: ("ACTIVE", "good", "✓"),
    ActivationStatus.BLOCKED: ("BLOCKED", "warn", "⊘"),
    ActivationStatus.REMOVED: ("REMOVED", "bad", "✕"),
}
OPERATION_STATUSES: Mapping[str, Look] = {
    OperationStatus.PENDING: ("PENDING", "init", "◷"),
    OperationStatus.APPROVED: ("APPROVED", "good", "✓"),
    OperationStatus.REJECTED: ("REJECTED", "bad", "✕"),
    OperationStatus.CANCELED: ("CANCELED", "quiet", "⊘"),
    OperationStatus.EXPIRED: ("EXPIRED", "warn", "○"),
    OperationStatus.FAILED: ("FAILED", "bad", "!"),
}
KNOWLEDGE: Mapping[Standing, Look] = {
    Standing.KNOWN: (_("known"), "good", "●"),
    Standing.ASSUMED: (_("assumed"), "warn", "◐"),
    Standing.UNKNOWN: (_("unknown"), "quiet", "○"),
}


def of_status(status: str) -> Badge:
    return _badge(STATUSES.get(status, (status, "odd", "?")), status)


def of_operation_status(status: str) -> Badge:
    return _badge(OPERATION_STATUSES.get(status, (status, "odd", "?")), status)


def of_flag(value: bool) -> Badge:
    if value:
        return Badge(gettext("yes"), "good", "✓", "")
    return Badge(gettext("no"), "quiet", "✕", "")


def of_standing(standing: Standing) -> Badge:
    return _badge(KNOWLEDGE[standing], "")


def standing(counts: Counts) -> Badge:
    """How things stand in two words, the gravest first."""
    told = counts.as_json()
    if not told["expected"] and not told["emitted"]:
        return Badge(gettext("Nothing to show"), "quiet", "○", "")
    for name, words in STANDINGS.items():
        if told[name]:
            return _badge(words, name)
    return Badge(gettext("All as expected"), "good", "✓", "")


def figures(counts: Counts) -> list[Figure]:
    told = counts.as_json()
    return [Figure(told[name], str(text), look) for name, (text, look) in COUNTS.items()]


def of_gap(counted: CountsAs) -> Badge:
    return _badge(GAPS[counted], counted)


def of_grade(entry: Entry) -> Badge | None:
    """Of what went to a device; None where nothing is known of its gateway."""
    word = last_word(entry.deliveries)
    if word is None or not entry.is_sent:
        return None
    stays = word.is_final and entry.grade is Grade.ELIGIBLE
    return _badge(STAYS_PENDING if stays else GRADES[entry.grade], entry.grade)


def of_mark(mark: Mark) -> Badge:
    return _badge(MARKS[mark], mark)


def of_state(state: str) -> Badge:
    return _badge(EXPORTS[state], state)


def _badge(words: Look, raw: str) -> Badge:
    text, look, sign = words
    return Badge(str(text), look, sign, raw)
