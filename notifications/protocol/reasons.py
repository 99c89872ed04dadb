"""Why something that was owed is not there: the closed table of reasons.

Every gap has one of them. What counts as missing is owed by a known fact and was not emitted;
nothing else alarms. `docs/trace.md` lists them for people, and a test holds the two equal.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Rule(StrEnum):
    """What the specification's life cycles owe (each rule cites it in `expectations`)."""

    E1 = "E1"  # an operation announced to a device is owed its finish there
    E2 = "E2"  # a finish presumes an announcement before it
    E3 = "E3"  # finishes that disagree, and repeats, are marked


class CountsAs(StrEnum):
    MISSING = "missing"
    EXPLAINED = "explained"
    UNDECIDED = "undecided"
    PENDING = "pending"


class Reason(StrEnum):
    NOT_DUE = "not_due"
    NEVER_FINISHED = "never_finished"
    NEVER_ANNOUNCED = "never_announced"
    FINISHED_ELSEWHERE = "finished_elsewhere"
    UNKNOWN_TYPE_SENT = "unknown_type_sent"
    SOURCE_NEVER_SENDS = "source_never_sends"
    SOURCE_SILENT = "source_silent"
    RECORDING_BEGAN = "recording_began"
    STATUS_CHANGED = "status_changed"
    ANNOUNCED_AGAIN = "announced_again"
    ANNOUNCED_ELSEWHERE = "announced_elsewhere"
    DIFFERENT_DEVICES = "different_devices"
    OUT_OF_ORDER = "out_of_order"
    ODD_IDENTIFIER = "odd_identifier"


@dataclass(frozen=True, slots=True)
class Row:
    """``sentence`` is for people, with {what}, the short name of the message type that is owed, and
    {due}, {at} and {other} as far as the reason has them."""

    rules: tuple[Rule, ...]
    counts_as: CountsAs
    evidence: str
    sentence: str


_E1, _E2, _BOTH = (Rule.E1,), (Rule.E2,), (Rule.E1, Rule.E2)

REASONS: Mapping[Reason, Row] = {
    Reason.NOT_DUE: Row(
        _BOTH,
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
    Reason.FINISHED_ELSEWHERE: Row(
        _E1,
        CountsAs.MISSING,
        "an operationInit to this device, and the operationFinished only to others that had been"
        " announced to as well",
        "{what} was sent to {other} and not to this device, which had been announced to as well.",
    ),
    Reason.UNKNOWN_TYPE_SENT: Row(
        _BOTH,
        CountsAs.MISSING,
        "a message about the operation in that episode, of a type the specification does not have",
        "{what} was not sent; a message of the type {other}, which no app understands, was.",
    ),
    Reason.SOURCE_NEVER_SENDS: Row(
        _BOTH,
        CountsAs.EXPLAINED,
        "the source never reported a message of this type at all",
        "{what} is not sent by this source: it never reported one.",
    ),
    Reason.SOURCE_SILENT: Row(
        _E1,
        CountsAs.UNDECIDED,
        "the source reported nothing after the time it was due",
        "Whether {what} was sent is not known: the source reported nothing after {at}.",
    ),
    Reason.RECORDING_BEGAN: Row(
        _E2,
        CountsAs.UNDECIDED,
        "the source's first report is younger than the operation may be",
        "Whether {what} was sent is not known: the source reported nothing before {at}.",
    ),
    Reason.STATUS_CHANGED: Row(
        _E1,
        CountsAs.UNDECIDED,
        "a statusChange to this device between the announcement and the time the finish was due",
        "Whether {what} could be sent is not known: the status of this registration changed"
        " at {at}.",
    ),
    Reason.ANNOUNCED_AGAIN: Row(
        _E1,
        CountsAs.UNDECIDED,
        "another operationInit within an hour of the operation's finish, or within its life where"
        " that is longer, and nothing after that",
        "The operation was announced again after it had finished: a repeat, or a second round whose"
        " {what} was not sent.",
    ),
    Reason.ANNOUNCED_ELSEWHERE: Row(
        _E2,
        CountsAs.UNDECIDED,
        "an operationFinished to this device, and the operationInit only to others, which were told"
        " the finish too",
        "The operation finished here, and {what} was sent to {other} only.",
    ),
    Reason.DIFFERENT_DEVICES: Row(
        _BOTH,
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
        _BOTH,
        CountsAs.UNDECIDED,
        "a single message whose operationId is no UUID, where operations have UUIDs",
        "Whether {what} is owed is not known: the operationId is no UUID and no other message has"
        " it, so it may be another operation's, damaged.",
    ),
}


def counts_as(reason: Reason) -> CountsAs:
    return REASONS[reason].counts_as
