"""Why something is not there: each reason of the table, and how near its neighbours are."""

from dataclasses import dataclass, field
from string import Formatter
from typing import Any

import pytest

from notifications.protocol.expectations import Gap
from notifications.protocol.extras import MessageType
from notifications.protocol.gates import Says
from notifications.protocol.knowledge import Terms
from notifications.protocol.message import Message
from notifications.protocol.reasons import REASONS, CountsAs, Reason, Rule, counts_as

from .messages import (
    DUE,
    FAIL,
    FINISHED,
    GRACE,
    INIT,
    LIFE,
    PHONE,
    TABLET,
    finish,
    init,
    judged,
    life,
    message,
    moment,
    push_active,
    registered,
    setting,
    status,
    unregistered,
)
from .test_copies import COPY_CASES, CopyCase
from .test_lives import LIFE_CASES, LifeCase

MILLISECOND = 0.001
HOUR = 3600
GONE = [registered(-HOUR), unregistered(-60)]
SLEEPING = [registered(-HOUR), push_active(value=False, at=-60)]
ODD = "OP-000000017"  # no UUID
UNKNOWN = "mtoken.operationUpdate"


@dataclass(frozen=True)
class Case:
    """The first gap of these messages has this reason."""

    reason: Reason
    messages: list[Message]
    known: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.reason


def first_gap(*messages: Message, **known: Any) -> Gap:
    return judged(*messages, **known).gaps[0]


CASES = [
    Case(Reason.NOT_DUE, [init(0)], {"now": 1}),
    Case(Reason.NOT_DUE, [finish(0)], {"now": 1}),
    Case(Reason.NEVER_FINISHED, [init(0)]),
    Case(Reason.NEVER_ANNOUNCED, [finish(0)]),
    Case(Reason.FINISHED_ELSEWHERE, [init(0), init(0, TABLET), finish(20, TABLET)]),
    Case(Reason.UNKNOWN_TYPE_SENT, [init(0), message(UNKNOWN, 20)]),
    Case(Reason.UNKNOWN_TYPE_SENT, [message(UNKNOWN, 0), finish(20)]),
    Case(Reason.RULE_OFF, [init(0)], {"settings": [setting(Rule.E1, Says.APPLIES_NOT)]}),
    Case(Reason.RULE_OFF, [finish(0)], {"settings": [setting(Rule.E2, Says.APPLIES_NOT)]}),
    Case(Reason.SOURCE_NEVER_SENDS, [init(0)], {"types": {INIT}}),
    Case(Reason.SOURCE_NEVER_SENDS, [finish(0)], {"types": {FINISHED}}),
    Case(Reason.SOURCE_SILENT, [init(0)], {"last": 60}),
    Case(Reason.RECORDING_BEGAN, [finish(0)], {"first": -60}),
    Case(Reason.STATUS_CHANGED, [init(0)], {"changes": {PHONE: [60]}}),
    Case(Reason.ANNOUNCED_AGAIN, [init(0), finish(20), init(30)]),
    Case(Reason.DEVICE_NOT_KNOWN, [init(0), finish(20, None, per_device=True)]),
    Case(
        Reason.DEVICE_NOT_KNOWN,
        [init(0, None, per_device=True)],
        {"happened": [life("APPROVED", 20)]},
    ),
    Case(Reason.DEVICE_NOT_KNOWN, [init(0, None, per_device=True), finish(20)]),
    Case(Reason.ANNOUNCED_ELSEWHERE, [init(0), finish(20), finish(20, TABLET)]),
    Case(Reason.DIFFERENT_DEVICES, [init(0), finish(20, TABLET)]),
    Case(Reason.OUT_OF_ORDER, [finish(20), init(30)], {"now": DUE}),
    Case(Reason.NOT_DUE, [init(0)], {"now": 1, "happened": [life("APPROVED", 1)]}),
    Case(Reason.FINALIZED_UNTOLD, [init(0)], {"happened": [life("APPROVED", 20)]}),
    Case(
        Reason.UNKNOWN_TYPE_SENT,
        [init(0), message(UNKNOWN, 20)],
        {"happened": [life("APPROVED", 20)]},
    ),
    Case(
        Reason.SOURCE_NEVER_SENDS, [init(0)], {"types": {INIT}, "happened": [life("APPROVED", 20)]}
    ),
    Case(Reason.SOURCE_SILENT, [init(0)], {"last": 60, "happened": [life("APPROVED", 20)]}),
    Case(
        Reason.STATUS_CHANGED,
        [init(0)],
        {"changes": {PHONE: [60]}, "happened": [life("APPROVED", 20)]},
    ),
    Case(
        Reason.STATUS_CHANGED,
        [init(0)],
        {"events": [status("ACTIVE", -HOUR), status("BLOCKED", 60)]},
    ),
    Case(
        Reason.ANNOUNCED_AGAIN,
        [init(0), finish(20), init(30)],
        {"happened": [life("APPROVED", 35)]},
    ),
    Case(Reason.NOT_REGISTERED, [init(0)], {"events": GONE}),
    Case(Reason.NOT_REGISTERED, [init(0)], {"events": GONE, "happened": [life("APPROVED", 20)]}),
    Case(Reason.INACTIVE_PERSONAL, [init(0, personal=True)], {"events": SLEEPING}),
    Case(
        Reason.INACTIVE_PERSONAL,
        [init(0, personal=True)],
        {"events": SLEEPING, "happened": [life("APPROVED", 20)]},
    ),
    Case(Reason.NOT_ACTIVE, [init(0)], {"events": [status("BLOCKED", -HOUR)]}),
    Case(
        Reason.NOT_ACTIVE,
        [init(0)],
        {
            "events": [status("ACTIVE", -HOUR), status("REMOVED", 15)],
            "happened": [life("EXPIRED", 20)],
        },
    ),
    Case(Reason.NOT_COVERED, [init(0)], {"covered": [(-HOUR, 100), (200, HOUR)]}),
    Case(
        Reason.NOT_COVERED,
        [init(0)],
        {"covered": [(-HOUR, 100), (200, HOUR)], "happened": [life("APPROVED", 20)]},
    ),
    Case(Reason.NOT_COVERED, [finish(0)], {"covered": [(-HOUR, -60), (-50, HOUR)]}),
    Case(Reason.ODD_IDENTIFIER, [init(0, operation=ODD)]),
    Case(Reason.ODD_IDENTIFIER, [finish(0, operation=ODD)]),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_case_has_its_reason(case: Case) -> None:
    gap = first_gap(*case.messages, **case.known)
    assert gap.reason is case.reason
    assert gap.counts_as is counts_as(case.reason)
    assert gap.rule in REASONS[gap.reason].rules


@pytest.mark.parametrize(
    ("reason", "rule"), [(reason, rule) for reason in Reason for rule in REASONS[reason].rules]
)
def test_every_reason_of_the_table_is_produced_by_each_of_its_rules(
    reason: Reason, rule: Rule
) -> None:
    produced = {
        (gap.reason, gap.rule)
        for case in CASES
        for gap in judged(*case.messages, **case.known).gaps
    }
    others = (*LIFE_CASES, *COPY_CASES)
    produced |= {(gap.reason, gap.rule) for case in others for gap in case.gaps()}
    assert (reason, rule) in produced


def test_the_table_is_closed() -> None:
    assert REASONS.keys() == set(Reason)
    assert {row.counts_as for row in REASONS.values()} == set(CountsAs)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_sentence_has_all_that_it_names(case: Case) -> None:
    has_what_its_sentence_names(first_gap(*case.messages, **case.known))


@pytest.mark.parametrize("case", [*LIFE_CASES, *COPY_CASES], ids=str)
def test_a_sentence_about_what_else_is_owed_has_all_that_it_names(
    case: LifeCase | CopyCase,
) -> None:
    for gap in case.gaps():
        has_what_its_sentence_names(gap)


def has_what_its_sentence_names(gap: Gap) -> None:
    sentence = REASONS[gap.reason].sentence
    named = {name for _, name, _, _ in Formatter().parse(sentence) if name}
    assert named <= {"what", "due", "at", "until", "since", "other", "copied", "named"}
    assert not named & {"at", "until"} or gap.seen is not None
    assert ("until" in named) == (gap.seen_until is not None)
    assert not (named & {"other", "named"} and not gap.other)


# --- Boundaries


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (DUE - MILLISECOND, Reason.NOT_DUE),
        (DUE, Reason.NEVER_FINISHED),
        (DUE + MILLISECOND, Reason.NEVER_FINISHED),
    ],
)
def test_a_finish_is_pending_until_it_is_due(now: float, reason: Reason) -> None:
    assert first_gap(init(0), now=now).reason is reason


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (GRACE - MILLISECOND, Reason.NOT_DUE),
        (GRACE, Reason.NEVER_ANNOUNCED),
        (GRACE + MILLISECOND, Reason.NEVER_ANNOUNCED),
    ],
)
def test_an_announcement_is_pending_for_the_grace_after_its_finish(
    now: float, reason: Reason
) -> None:
    assert first_gap(finish(0), now=now).reason is reason


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        (DUE - MILLISECOND, Reason.SOURCE_SILENT),
        (DUE, Reason.NEVER_FINISHED),
        (DUE + MILLISECOND, Reason.NEVER_FINISHED),
    ],
)
def test_a_source_is_silent_when_it_was_not_heard_of_since_the_finish_was_due(
    last: float, reason: Reason
) -> None:
    gap = first_gap(init(0), last=last)
    assert gap.reason is reason
    assert gap.seen == (moment(last) if reason is Reason.SOURCE_SILENT else None)


def test_a_source_that_told_of_the_finish_was_not_silent_about_it() -> None:
    gap = first_gap(init(0), init(0, TABLET), finish(20), last=20)
    assert gap.reason is Reason.FINISHED_ELSEWHERE


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        (-DUE - MILLISECOND, Reason.NEVER_ANNOUNCED),
        (-DUE, Reason.NEVER_ANNOUNCED),
        (-DUE + MILLISECOND, Reason.RECORDING_BEGAN),
    ],
)
def test_recording_began_too_late_when_the_operation_may_be_older(
    first: float, reason: Reason
) -> None:
    gap = first_gap(finish(0), first=first)
    assert gap.reason is reason
    assert gap.seen == (moment(first) if reason is Reason.RECORDING_BEGAN else None)


@pytest.mark.parametrize(
    ("at", "matters"),
    [
        (-GRACE - MILLISECOND, False),
        (-GRACE, True),
        (0, True),
        (DUE, True),
        (DUE + MILLISECOND, False),
    ],
)
def test_a_status_change_matters_from_shortly_before_the_announcement_until_the_finish_is_due(
    at: float, matters: bool
) -> None:
    gap = first_gap(init(0), changes={PHONE: [at]})
    assert (gap.reason is Reason.STATUS_CHANGED) == matters
    assert gap.seen == (moment(at) if matters else None)


def test_of_many_status_changes_the_first_that_matters_is_told() -> None:
    gap = first_gap(init(0), changes={PHONE: [-5_000, -200, 7, 8, 9_000]})
    assert gap.seen == moment(7)


def test_the_status_of_another_device_does_not_matter() -> None:
    assert first_gap(init(0), changes={TABLET: [7]}).reason is Reason.NEVER_FINISHED


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (HOUR - MILLISECOND, Reason.ANNOUNCED_AGAIN),
        (HOUR, Reason.ANNOUNCED_AGAIN),
        (HOUR + MILLISECOND, Reason.NEVER_FINISHED),
    ],
)
def test_an_announcement_may_repeat_an_earlier_one_for_an_hour_after_the_finish(
    after: float, reason: Reason
) -> None:
    assert first_gap(init(0), finish(20), init(20 + after)).reason is reason


@pytest.mark.parametrize(
    ("after", "reason"),
    [(2 * HOUR, Reason.ANNOUNCED_AGAIN), (2 * HOUR + MILLISECOND, Reason.NEVER_FINISHED)],
)
def test_an_announcement_may_repeat_an_earlier_one_while_a_longer_life_lasts(
    after: float, reason: Reason
) -> None:
    life = moment(2 * HOUR) - moment(0)
    assert first_gap(init(0), finish(20), init(20 + after), life=life).reason is reason


# --- What is taken for what


@pytest.mark.parametrize(
    "odd",
    [
        message(UNKNOWN, LIFE, TABLET),
        message(UNKNOWN, -1),
        message(MessageType.OPERATION_INIT, 1),
    ],
    ids=["to another device", "before", "of a known type"],
)
def test_only_an_odd_message_to_this_device_in_its_time_stands_for_the_finish(
    odd: Message,
) -> None:
    assert first_gap(init(0), odd).reason is Reason.NEVER_FINISHED


@pytest.mark.parametrize("told", [None, UNKNOWN])
def test_an_odd_message_to_nobody_stands_for_the_finish_and_its_type_is_told(
    told: str | None,
) -> None:
    gap = first_gap(init(0), message(told, 20, None))
    assert (gap.reason, gap.other) == (Reason.UNKNOWN_TYPE_SENT, (told or "none",))


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (20 - MILLISECOND, Reason.UNKNOWN_TYPE_SENT),
        (20, Reason.UNKNOWN_TYPE_SENT),
        (20 + MILLISECOND, Reason.NEVER_ANNOUNCED),
    ],
)
def test_an_odd_message_stands_for_an_announcement_until_the_finish(
    at: float, reason: Reason
) -> None:
    assert first_gap(message(UNKNOWN, at), finish(20)).reason is reason


def test_an_odd_message_of_one_round_does_not_stand_for_another_ones() -> None:
    rounds = [message(UNKNOWN, 0), finish(20, result=FAIL), init(30, TABLET), finish(50)]
    assert [(gap.episode, gap.reason) for gap in judged(*rounds).gaps] == [
        (1, Reason.UNKNOWN_TYPE_SENT),
        (2, Reason.DIFFERENT_DEVICES),
        (2, Reason.DIFFERENT_DEVICES),
    ]


def test_an_odd_message_of_a_later_round_does_not_stand_for_an_earlier_finish() -> None:
    rounds = [init(0), finish(20, TABLET), init(30), message(UNKNOWN, 40), finish(50)]
    assert {gap.reason for gap in judged(*rounds).gaps} == {Reason.DIFFERENT_DEVICES}


@pytest.mark.parametrize(
    ("later", "reason"),
    [
        ([init(30), finish(50, result=FAIL)], Reason.NEVER_ANNOUNCED),
        ([init(30), finish(50)], Reason.OUT_OF_ORDER),
        ([init(30), init(31), finish(50, result=FAIL)], Reason.OUT_OF_ORDER),
        ([init(30), finish(50, result=FAIL), init(60)], Reason.OUT_OF_ORDER),
    ],
    ids=["another outcome", "the same outcome again", "one to spare", "one left over"],
)
def test_an_announcement_may_have_been_overtaken_where_later_ones_are_enough_for_all_outcomes(
    later: list[Message], reason: Reason
) -> None:
    gap = first_gap(finish(20), *later, now=60 + DUE - 1)
    assert (gap.episode, gap.message_type, gap.reason) == (1, INIT, reason)


def test_an_odd_identifier_that_several_messages_share_is_an_identifier() -> None:
    told = [init(0, operation=ODD), init(1, operation=ODD)]
    assert first_gap(*told).reason is Reason.NEVER_FINISHED
    assert first_gap(told[0], message(UNKNOWN, 1, operation=ODD)).reason is (
        Reason.UNKNOWN_TYPE_SENT
    )


def test_where_operations_have_no_uuids_no_identifier_is_odd() -> None:
    gap = first_gap(init(0, operation=ODD), ids_are_uuids=False)
    assert gap.reason is Reason.NEVER_FINISHED


def test_of_a_source_nothing_is_known_of_nothing_is_excused() -> None:
    told = {"source": "stranger"}
    assert first_gap(init(0, **told), types=()).reason is Reason.NEVER_FINISHED
    assert first_gap(finish(0, **told), first=0).reason is Reason.NEVER_ANNOUNCED


def test_the_longest_terms_are_those_of_the_longest_life_with_its_grace() -> None:
    day = moment(86_400) - moment(0)
    assert Terms(lives={"a": day, "b": day / 2}).longest == day + Terms().grace
    assert Terms(lives={}).longest == Terms().life + Terms().grace
