"""Why something that was owed is not there: the closed table of reasons.

Every gap has one of them. What counts as missing is owed by a known fact and was not emitted;
nothing else alarms. `docs/trace.md` lists them for people, and a test holds the two equal.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from .message import Message


class Rule(StrEnum):
    """What the specification's life cycles owe (each rule cites it in `expectations`)."""

    E0 = "E0"  # an operation known to exist for a user is owed its announcement
    E1 = "E1"  # an operation announced to a device is owed its finish there
    E2 = "E2"  # a finish presumes an announcement before it
    E3 = "E3"  # finishes that disagree, and repeats, are marked
    E4 = "E4"  # a change of a registered device's status is owed a statusChange
    E5 = "E5"  # an inbox message that was posted is owed its push
    E6 = "E6"  # an announced operation that PowerAuth finalised is owed its finish
    E7 = "E7"  # where copies are reported, a message is owed one to every device it goes to


class CountsAs(StrEnum):
    MISSING = "missing"
    EXPLAINED = "explained"
    UNDECIDED = "undecided"
    PENDING = "pending"


class Reason(StrEnum):
    NOT_DUE = "not_due"
    NEVER_FINISHED = "never_finished"
    NEVER_ANNOUNCED = "never_announced"
    FINALIZED_UNTOLD = "finalized_untold"
    CREATED_UNANNOUNCED = "created_unannounced"
    CHANGE_UNTOLD = "change_untold"
    POSTED_UNPUSHED = "posted_unpushed"
    NO_COPY = "no_copy"
    FINISHED_ELSEWHERE = "finished_elsewhere"
    UNKNOWN_TYPE_SENT = "unknown_type_sent"
    RULE_OFF = "rule_off"
    SOURCE_NEVER_SENDS = "source_never_sends"
    NOT_REGISTERED = "not_registered"
    INACTIVE_PERSONAL = "inactive_personal"
    NOT_ACTIVE = "not_active"
    NOBODY_TO_TELL = "nobody_to_tell"
    NOT_COVERED = "not_covered"
    SOURCE_SILENT = "source_silent"
    RECORDING_BEGAN = "recording_began"
    STATUS_CHANGED = "status_changed"
    REGISTRATION_UNKNOWN = "registration_unknown"
    ELIGIBILITY_UNKNOWN = "eligibility_unknown"
    PUSH_NOT_TOLD = "push_not_told"
    DEVICES_UNKNOWN = "devices_unknown"
    STATUS_UNKNOWN = "status_unknown"
    ANNOUNCED_AGAIN = "announced_again"
    DEVICE_NOT_KNOWN = "device_not_known"
    ANNOUNCED_ELSEWHERE = "announced_elsewhere"
    DIFFERENT_DEVICES = "different_devices"
    OUT_OF_ORDER = "out_of_order"
    ODD_IDENTIFIER = "odd_identifier"


class Seen(NamedTuple):
    """What a reason rests on beside what owes it: the moments and the devices, source, type or
    status that its sentence names, and the messages and events that show it."""

    at: datetime | None = None
    other: tuple[str, ...] = ()
    messages: tuple[Message, ...] = ()
    until: datetime | None = None
    events: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """``sentence`` is for people, with {what}, the short name of the message type that is owed, and
    {due}, {at}, {until} and {other} as far as the reason has them; {since}, {copied} and {named}
    are whole clauses, and empty where it has none."""

    rules: tuple[Rule, ...]
    counts_as: CountsAs
    evidence: str
    sentence: str


_E1, _E2 = (Rule.E1,), (Rule.E2,)
_ENDS = (Rule.E1, Rule.E6)
_ALL = (Rule.E0, Rule.E1, Rule.E2, Rule.E4, Rule.E5, Rule.E6)

REASONS: Mapping[Reason, Row] = {
    Reason.NOT_DUE: Row(
        (*_ALL, Rule.E7),
        CountsAs.PENDING,
        "the time it is due lies ahead",
        "{what} is owed and not due before {due}.",
    ),
    Reason.NEVER_FINISHED: Row(
        _E1,
        CountsAs.MISSING,
        "an operationInit, no operationFinished by the end of the operation's life, and the source"
        " reported something later",
        "The operation was announced, and {what} was not sent by {due}.",
    ),
    Reason.NEVER_ANNOUNCED: Row(
        _E2,
        CountsAs.MISSING,
        "an operationFinished, no operationInit before it, and the source had been reporting for"
        " longer than an operation lives",
        "The operation finished, and {what} was not sent before.",
    ),
    Reason.FINALIZED_UNTOLD: Row(
        (Rule.E6,),
        CountsAs.MISSING,
        "an operationInit, an operation event that it was finalised, and no operationFinished"
        " since its announcement",
        "PowerAuth finalised the operation as {other} at {at}, and {what} was not sent by {due}.",
    ),
    Reason.CREATED_UNANNOUNCED: Row(
        (Rule.E0,),
        CountsAs.MISSING,
        "an operation event that names a user, no message about the operation, and a source that"
        " announced operations of PowerAuth in this app before, or was set to",
        "PowerAuth has the operation since {at}, and {what} was not sent by {due}.",
    ),
    Reason.CHANGE_UNTOLD: Row(
        (Rule.E4,),
        CountsAs.MISSING,
        "activation events that tell another status than before, of a device registered for push,"
        " and a source that sent a statusChange in this app before, or was set to",
        "The status of the registration became {other} at {at}, and {what} was not sent by {due}.",
    ),
    Reason.POSTED_UNPUSHED: Row(
        (Rule.E5,),
        CountsAs.MISSING,
        "an inbox event that is not silent, and a source that sent an inboxMessage.new in this app"
        " before, or was set to",
        "A message was posted to the user's inbox at {at}, and {what} was not sent by {due}.",
    ),
    Reason.NO_COPY: Row(
        (Rule.E7,),
        CountsAs.MISSING,
        "a message to the device or its user, no copy of it for the device from a source that"
        " reports copies in this app, and events that the device was registered for push (and"
        " push-active, unless the message is not personal)",
        "{what} was sent at {at}, and no copy of it was made for this device, which was registered"
        " for push.{copied}",
    ),
    Reason.FINISHED_ELSEWHERE: Row(
        _E1,
        CountsAs.MISSING,
        "an operationInit to this device, and the operationFinished only to others that had been"
        " announced to as well",
        "{what} was sent to {other} and not to this device, which had been announced to as well.",
    ),
    Reason.UNKNOWN_TYPE_SENT: Row(
        (Rule.E1, Rule.E2, Rule.E6),
        CountsAs.MISSING,
        "a message about the operation in that episode, of a type the specification does not have",
        "{what} was not sent; a message of the type {other}, which no app understands, was.",
    ),
    Reason.RULE_OFF: Row(
        (Rule.E0, Rule.E1, Rule.E2, Rule.E4, Rule.E5),
        CountsAs.EXPLAINED,
        "a setting that the rule does not apply to the source in this app, which holds for the time"
        " it was owed",
        "{what} is not owed here: it was set at {at} that {other} does not apply.",
    ),
    Reason.SOURCE_NEVER_SENDS: Row(
        (Rule.E1, Rule.E2, Rule.E6),
        CountsAs.EXPLAINED,
        "the source never reported a message of this type at all, and no setting says that it sends"
        " them",
        "{what} is not sent by this source: it never reported one.",
    ),
    Reason.NOT_REGISTERED: Row(
        (Rule.E0, Rule.E1, Rule.E5, Rule.E6),
        CountsAs.EXPLAINED,
        "activation events that the device's registration for push had ended",
        "{what} could not go to this device: it was not registered for push{since}.",
    ),
    Reason.INACTIVE_PERSONAL: Row(
        _ENDS,
        CountsAs.EXPLAINED,
        "a personal message, and activation events that the device was not push-active",
        "{what} is personal, and this device was not push-active{since}.",
    ),
    Reason.NOT_ACTIVE: Row(
        (Rule.E0, Rule.E1, Rule.E6),
        CountsAs.EXPLAINED,
        "activation events that the activation was not active when it was owed",
        "{what} is not owed to an activation that is {other}{since}.",
    ),
    Reason.NOBODY_TO_TELL: Row(
        (Rule.E0, Rule.E5),
        CountsAs.EXPLAINED,
        "activation events of the user's devices, none of which could have been sent to",
        "{what} could go to nobody: none of the user's devices was active and registered for push.",
    ),
    Reason.NOT_COVERED: Row(
        _ALL,
        CountsAs.UNDECIDED,
        "an interval, from when it was owed (or an hour before, where that may have come late)"
        " until an hour after it was due, in which the source was not recorded",
        "Whether {what} was sent is not known: the source{named} was not recorded from {at} to"
        " {until}.",
    ),
    Reason.SOURCE_SILENT: Row(
        (Rule.E0, Rule.E1, Rule.E4, Rule.E5, Rule.E6),
        CountsAs.UNDECIDED,
        "the source reported nothing after the time it was due",
        "Whether {what} was sent is not known: the source reported nothing after {at}.",
    ),
    Reason.RECORDING_BEGAN: Row(
        (Rule.E0, Rule.E2, Rule.E4, Rule.E5),
        CountsAs.UNDECIDED,
        "the source's first report is younger than the operation may be",
        "Whether {what} was sent is not known: the source reported nothing before {at}.",
    ),
    Reason.STATUS_CHANGED: Row(
        _ENDS,
        CountsAs.UNDECIDED,
        "a statusChange to this device, or activation events that its status changed or its"
        " registration ended, between the announcement and the time the finish was due",
        "Whether {what} could be sent is not known: the status of this registration changed"
        " at {at}.",
    ),
    Reason.REGISTRATION_UNKNOWN: Row(
        (Rule.E4,),
        CountsAs.UNDECIDED,
        "activation events that tell another status than before, and none that tells whether the"
        " device was registered for push",
        "The status of the registration became {other} at {at}; whether {what} was owed is not"
        " known, since whether the device was registered for push is not.",
    ),
    Reason.ELIGIBILITY_UNKNOWN: Row(
        (Rule.E7,),
        CountsAs.UNDECIDED,
        "as for `no_copy`, but for events from which it is certain that the device was to get one",
        "{what} was sent at {at}, and no copy of it was made for this device; whether it was to get"
        " one is not known, since it is not certain that it was registered for push.{copied}",
    ),
    Reason.PUSH_NOT_TOLD: Row(
        (Rule.E5,),
        CountsAs.UNDECIDED,
        "an inbox event that does not tell whether a push was wanted",
        "A message was posted to the user's inbox at {at}; whether {what} was owed is not known,"
        " since the request does not tell whether a push was wanted.",
    ),
    Reason.DEVICES_UNKNOWN: Row(
        (Rule.E0, Rule.E5),
        CountsAs.UNDECIDED,
        "no event and no message of by then that names a device of the user in this app",
        "Whether {what} was owed is not known: no device of the user in this app is on record.",
    ),
    Reason.STATUS_UNKNOWN: Row(
        (Rule.E0, Rule.E5),
        CountsAs.UNDECIDED,
        "a statusChange to the device within the hour before, and no event since that tells its"
        " status; of a user so for each device that could have been sent to",
        "Whether {what} was owed is not known: a change of status was told at {at}, and no event"
        " tells what the status was then.",
    ),
    Reason.ANNOUNCED_AGAIN: Row(
        _ENDS,
        CountsAs.UNDECIDED,
        "another operationInit within an hour of the operation's finish, or within its life where"
        " that is longer, and nothing after that",
        "The operation was announced again after it had finished: a repeat, or a second round whose"
        " {what} was not sent.",
    ),
    Reason.DEVICE_NOT_KNOWN: Row(
        (Rule.E1, Rule.E2, Rule.E6, Rule.E7),
        CountsAs.UNDECIDED,
        "a copy of it, or of what owes it, for a device that is not known (of an operation's, in"
        " that episode)",
        "Whether {what} was sent to this device is not known: a copy of it went to a device that is"
        " not known.",
    ),
    Reason.ANNOUNCED_ELSEWHERE: Row(
        _E2,
        CountsAs.UNDECIDED,
        "an operationFinished to this device, and the operationInit only to others, which were told"
        " the finish too",
        "The operation finished here, and {what} was sent to {other} only.",
    ),
    Reason.DIFFERENT_DEVICES: Row(
        (Rule.E1, Rule.E2),
        CountsAs.UNDECIDED,
        "an operationInit to one device and the operationFinished to another: one went astray",
        "The announcement and the finish went to different devices, so one of them went astray:"
        " {what} was sent to {other}.",
    ),
    Reason.OUT_OF_ORDER: Row(
        _E2,
        CountsAs.UNDECIDED,
        "as many announcements after the finish as the operation had outcomes, or one that nothing"
        " followed",
        "{what} was not sent before the finish; one that came later may be it.",
    ),
    Reason.ODD_IDENTIFIER: Row(
        (Rule.E1, Rule.E2),
        CountsAs.UNDECIDED,
        "a single message whose operationId is no UUID, where operations have UUIDs, and no event"
        " of the operation",
        "Whether {what} is owed is not known: the operationId is no UUID and no other message has"
        " it, so it may be another operation's, damaged.",
    ),
}


def counts_as(reason: Reason) -> CountsAs:
    return REASONS[reason].counts_as
