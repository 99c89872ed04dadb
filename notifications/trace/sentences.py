"""What a trace says in words. Times are in the zone that is active: UTC, but for a page of the
console whose operator chose another. No sentence names a user."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from notifications.protocol.audience import Basis
from notifications.protocol.clients import Platform
from notifications.protocol.clocks import off_by
from notifications.protocol.deliveries import Cause, Delivery, Outcome
from notifications.protocol.expectations import Gap, Mark
from notifications.protocol.extras import MessageType
from notifications.protocol.message import Message
from notifications.protocol.reasons import REASONS, Reason, Seen, counts_as

# Each reason in the few words that a verdict has room for.
WORDS: Mapping[Reason, str] = {
    Reason.NOT_DUE: "not due yet",
    Reason.NEVER_FINISHED: "announced, and its finish never sent",
    Reason.NEVER_ANNOUNCED: "finished, and never announced",
    Reason.FINALIZED_UNTOLD: "finalised, and its finish never sent",
    Reason.CREATED_UNANNOUNCED: "created, and never announced",
    Reason.CHANGE_UNTOLD: "status changed, and never told",
    Reason.POSTED_UNPUSHED: "posted to the inbox, and never pushed",
    Reason.NO_COPY: "sent, and no copy made for this device",
    Reason.FINISHED_ELSEWHERE: "finish sent to other devices only",
    Reason.UNKNOWN_TYPE_SENT: "a message of an unknown type sent instead",
    Reason.RULE_OFF: "set not to be owed here",
    Reason.SOURCE_NEVER_SENDS: "never sent by this source",
    Reason.NOT_REGISTERED: "device not registered for push",
    Reason.INACTIVE_PERSONAL: "personal message, device not push-active",
    Reason.NOT_ACTIVE: "activation blocked or removed",
    Reason.NOBODY_TO_TELL: "no device of the user could be sent to",
    Reason.NOT_COVERED: "the source was not recorded",
    Reason.SOURCE_SILENT: "the source was silent afterwards",
    Reason.RECORDING_BEGAN: "the source was not recorded before",
    Reason.STATUS_CHANGED: "the registration's status changed meanwhile",
    Reason.REGISTRATION_UNKNOWN: "whether the device was registered for push is not known",
    Reason.ELIGIBILITY_UNKNOWN: "no copy made, and whether one was due is not known",
    Reason.PUSH_NOT_TOLD: "whether a push was wanted is not told",
    Reason.DEVICES_UNKNOWN: "no device of the user is on record",
    Reason.STATUS_UNKNOWN: "the status had changed, and no event tells to what",
    Reason.ANNOUNCED_AGAIN: "announced again after it had finished",
    Reason.DEVICE_NOT_KNOWN: "sent to a device that is not known",
    Reason.ANNOUNCED_ELSEWHERE: "announced to other devices only",
    Reason.DIFFERENT_DEVICES: "announced and finished on different devices",
    Reason.OUT_OF_ORDER: "announcement and finish out of order",
    Reason.ODD_IDENTIFIER: "a lone message whose identifier is no UUID",
}
_CLASSES = {
    "missing": "missing",
    "explained": "explained",
    "undecided": "undecided",
    "pending": "pending",
    "failed": "failed",
    "late": "late",
    "duplicate": "repeated",
    "disagreeing": "disagreeing",
    "nonconforming": "nonconforming",
}
_WHERE: Mapping[Basis, str] = {
    Basis.ADDRESSED: "",
    Basis.USER_WIDE: " It went to the user; that this device was registered is assumed.",
    Basis.OPERATION: " It names no device; it is about an operation of this one.",
}
_REGISTERED = " It went to the user; this device was registered for push."
_SOMEBODY = " It is the copy for a device that is not known."
# Why something most likely stays pending for ever.
_CAUSES: Mapping[Cause | None, str] = {
    Cause.GATEWAY_NOT_CONFIGURED: "most likely the gateway is not configured for the app",
    Cause.TRANSPORT_ERROR: "most likely the gateway did not answer, or not so that it was read",
    Cause.NO_FLAG: "most likely the Push Server broke off, having nothing on whether the"
    " registration is active",
}
_GATEWAYS: Mapping[str | None, str] = {
    Platform.APNS: "APNs",
    Platform.FCM: "FCM",
    Platform.HMS: "HMS",
}
_MARKED: Mapping[Mark, str] = {
    Mark.LATE: " It came late{after}.",
    Mark.DUPLICATE: " It repeats an earlier one.",
    Mark.DISAGREEING: " Another finish of the same round tells a different result.",
}


# Who reported a message, and how far the clock of that is known to be ahead.
Teller = tuple[str | None, timedelta]


def short(message_type: str | None) -> str:
    """``operationInit`` of ``mtoken.operationInit``."""
    return (
        "a message without type" if message_type is None else message_type.removeprefix("mtoken.")
    )


def told_at(moment: datetime) -> str:
    """2026-01-31 12:00:00 UTC, or 2026-01-31 13:00:00 UTC+01:00 where that zone is active."""
    try:
        local = timezone.localtime(moment)
    except OverflowError:  # at the calendar's ends
        local = moment.astimezone(UTC)
    told = local.isoformat(" ", timespec="seconds")
    offset = "" if local.tzname() == "UTC" else told[19:]
    return f"{told[:19]} UTC{offset}"


def of_gap(gap: Gap) -> str:
    told = REASONS[gap.reason].sentence.format(
        what=short(gap.message_type),
        due=told_at(gap.due),
        at=told_at(gap.seen) if gap.seen is not None else "",
        until=told_at(gap.seen_until) if gap.seen_until is not None else "",
        since=_since(gap.seen),
        other=_listed(gap.other),
        named=f" {_listed(gap.other)}" if gap.other else "",
        copied=f" Copies were made for {_listed(gap.other)}." if gap.other else "",
    )
    if gap.set_at is None:
        return told
    return f"{told} That it is owed here was set at {told_at(gap.set_at)}."


def of_unsent(
    message: Message,
    reason: Reason,
    seen: Seen,
    word: Delivery | None = None,
    told_by: Sequence[Teller] = (),
) -> str:
    """Of a message that was emitted and that something kept from the device."""
    what = short(message.message_type)
    because = REASONS[reason].sentence.format(what=what, since=_since(seen.at))
    stays = " It stays pending for ever." if word is not None and word.is_final else ""
    return f"{_what(message)} {because}{stays}{_reported(told_by)}"


def of_message(
    message: Message,
    basis: Basis,
    marks: Sequence[Mark],
    due: datetime | None,
    word: Delivery | None = None,
    told_by: Sequence[Teller] = (),
    *,
    eligible: bool = False,
) -> str:
    """``word`` is the last of its gateway, ``told_by`` are who reported it; ``eligible`` says that
    the device is known to have been."""
    where = _REGISTERED if eligible and basis is Basis.USER_WIDE else _WHERE.get(basis, "")
    return (
        _what(message)
        + (_SOMEBODY if message.is_to_somebody_unknown else where)
        + "".join(_MARKED[mark].format(after=_after(due)) for mark in marks)
        + (f" {_answered(word, message.platform)}" if word is not None else "")
        + _reported(told_by)
    )


def _after(due: datetime | None) -> str:
    return f", after {told_at(due)}" if due is not None else ", after the finish"


def _answered(word: Delivery, platform: str | None) -> str:
    gateway = _GATEWAYS.get(platform, "the gateway")
    subject = gateway[0].upper() + gateway[1:]
    match word.outcome:
        case Outcome.ACCEPTED:
            return f"{subject} took it."
        case Outcome.FAILED if word.is_unexplained:
            return f"{subject} did not take it; the Push Server keeps no reason."
        case Outcome.FAILED:
            return f"{subject} did not take it" + (f": {word.code}." if word.code else ".")
    if word.is_final:
        because = _CAUSES.get(word.cause, "nothing suggests why")
        return f"It stays pending for ever: {because}."
    return f"What {gateway} answered is not known yet."


def _reported(told_by: Sequence[Teller]) -> str:
    """Nothing where one source did."""
    ahead = {source: ahead for source, ahead in told_by if source is not None}
    names = [f"{each}{_by_its_clock(ahead[each])}" for each in sorted(ahead)]
    return f" Reported by {', '.join(names[:-1])} and {names[-1]}." if len(names) > 1 else ""


def _by_its_clock(ahead: timedelta) -> str:
    return f" (its clock is {off_by(ahead)})" if ahead else ""


def verdict(counts: Mapping[str, int], reasons: Sequence[Reason]) -> str:
    """One sentence that names every class that is not zero."""
    parts = [f"{counts['expected']} expected", f"{counts['emitted']} emitted"]
    return ", ".join([*parts, *_classes(counts, reasons)]) + "."


def of_gaps(counts: Mapping[str, int], reasons: Sequence[Reason]) -> str:
    """The same where nothing but gaps is asked for."""
    told = _classes(counts, reasons)
    return ", ".join(told) + "." if told else "Nothing that was owed is missing."


def as_known(verdict: str, as_of: datetime | None) -> str:
    """The ``verdict`` of what was known at an earlier moment says so."""
    if as_of is None:
        return verdict
    return f"As known at {told_at(as_of)}: {verdict[0].lower()}{verdict[1:]}"


def since_then(then: Mapping[str, int], now: Mapping[str, int], reports: int) -> str:
    """What has changed in an answer that was given then."""
    words = {"expected": "expected", "emitted": "emitted", **_CLASSES}
    changed = [
        f"{word} {then[name]} then and {now[name]} now"
        for name, word in words.items()
        if then[name] != now[name]
    ]
    told = {
        0: "All that it rests on was recorded by then",
        1: "1 report that it rests on now was recorded later",
    }.get(reports, f"{reports} reports that it rests on now were recorded later")
    return f"{told}: {', '.join(changed)}." if changed else f"{told}; its counts are the same now."


def nothing(told: str, last: datetime | None, following: datetime | None) -> str:
    """For an empty window; ``told`` is what no notification did in it."""
    sentence = f"Nothing expected, nothing emitted: no notification {told} in the window"
    if last is None and following is None:
        return f"{sentence}, nor at any other time."
    before = "there is none before" if last is None else f"the last one was {told_at(last)}"
    return f"{sentence}; {before}" + (f", the next {told_at(following)}." if following else ".")


def _classes(counts: Mapping[str, int], reasons: Sequence[Reason]) -> list[str]:
    told = Counter(reasons)
    return [
        f"{counts[name]} {word}{_because([e for e in told if counts_as(e) == name], told)}"
        for name, word in _CLASSES.items()
        if counts[name]
    ]


def _because(reasons: Sequence[Reason], told: Mapping[Reason, int]) -> str:
    if not reasons:
        return ""
    if len(reasons) == 1:
        return f" ({WORDS[reasons[0]]})"
    return f" ({'; '.join(f'{told[each]} {WORDS[each]}' for each in reasons)})"


def _since(moment: datetime | None) -> str:
    return f" since {told_at(moment)}" if moment is not None else ""


def _what(message: Message) -> str:
    name = f" “{message.operation_name}”" if message.operation_name else ""
    match message.message_type:
        case MessageType.OPERATION_INIT:
            return f"The operation{name} was announced."
        case MessageType.OPERATION_FINISHED:
            result = f": {message.result}" if message.result else ", no result told"
            return f"The operation{name} finished{result}."
        case MessageType.STATUS_CHANGE:
            return "The status of the registration changed."
        case MessageType.INBOX_MESSAGE_NEW:
            return "A new message was posted to the inbox."
        case None:
            return "A message that tells no type."
        case other:
            return f"A message of the type {other}, which the specification does not have."


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown
