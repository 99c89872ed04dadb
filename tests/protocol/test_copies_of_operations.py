"""What an operation owes is the same, or known better, where a mirror told the requests and the
Push Server's rows the copies."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.protocol.expectations import Judgement, Mark, judge
from notifications.protocol.knowledge import Heard
from notifications.protocol.message import Message
from notifications.protocol.reasons import Reason, Rule

from .messages import (
    DUE,
    FAIL,
    FINISHED,
    INIT,
    PHONE,
    SUCCESS,
    TABLET,
    USER,
    knowing,
    message,
    moment,
)

MIRROR, SERVER = "push-mirror", "push-server"
Kind = tuple[str, str | None]
ANNOUNCED, CONFIRMED, FAILED = (INIT, None), (FINISHED, SUCCESS), (FINISHED, FAIL)


def asked(kind: Kind, at: float, to: str | None = None) -> Message:
    named = "user" if to is None else "activation"
    return message(
        kind[0], at, to, result=kind[1], source=MIRROR, recipient=USER, addressed_to=named
    )


def made(kind: Kind, at: float, *devices: str | None, named: bool = False) -> list[Message]:
    address = "activation" if named else "user"
    told: dict[str, Any] = {"recipient": USER, "addressed_to": address, "per_device": True}
    return [message(kind[0], at, to, result=kind[1], source=SERVER, **told) for to in devices]


def judged(*messages: Message, **known: Any) -> Judgement:
    """Both sources were heard of all the while, unless told otherwise."""
    knowledge = knowing(**known)
    (heard,) = knowledge.heard.values()
    every = {MIRROR: heard, SERVER: heard}
    return judge(messages, replace(knowledge, heard=every))


def owed(judgement: Judgement) -> list[tuple[Rule, str | None, Reason]]:
    return [(each.rule, each.activation, each.reason) for each in judgement.gaps]


ROUND = (
    asked(ANNOUNCED, 0),
    *made(ANNOUNCED, 0.2, PHONE, TABLET),
    asked(CONFIRMED, 30),
    *made(CONFIRMED, 30.2, PHONE, TABLET),
)


def test_a_request_and_its_copies_are_one_announcement_and_one_finish() -> None:
    judgement = judged(*ROUND)
    assert (len(judgement.episodes), judgement.gaps, judgement.marks) == (1, (), {})
    assert set(judgement.rounds.values()) == {1}
    assert judgement.messages == tuple(sorted(ROUND, key=lambda each: each.at))


@pytest.mark.parametrize("ahead", [-20, 20])
def test_a_clock_that_is_astray_opens_no_second_round(ahead: float) -> None:
    """The copies of the announcement are told after the finish was asked for."""
    told = (
        asked(ANNOUNCED, 0),
        *made(ANNOUNCED, ahead, PHONE),
        asked(CONFIRMED, 5),
        *made(CONFIRMED, 5 + ahead, PHONE),
    )
    judgement = judged(*told)
    assert (len(judgement.episodes), judgement.gaps, judgement.marks) == (1, (), {})


def test_a_finish_that_no_copy_reports_is_of_the_same_round() -> None:
    judgement = judged(asked(ANNOUNCED, 0), *made(ANNOUNCED, 20, PHONE), asked(CONFIRMED, 5))
    assert (len(judgement.episodes), judgement.gaps) == (1, ())


def test_a_reload_is_two_announcements_of_which_the_second_repeats_the_first() -> None:
    again = asked(ANNOUNCED, 10), *made(ANNOUNCED, 10.2, PHONE, TABLET)
    judgement = judged(*ROUND, *again)
    assert judgement.marks == {each.id: (Mark.DUPLICATE,) for each in again}
    assert (len(judgement.episodes), judgement.gaps) == (1, ())


def test_what_was_never_finished_is_owed_to_each_device_once() -> None:
    announced = ROUND[:3]
    judgement = judged(*announced)
    assert owed(judgement) == [
        (Rule.E1, PHONE, Reason.NEVER_FINISHED),
        (Rule.E1, TABLET, Reason.NEVER_FINISHED),
    ]
    assert {gap.due for gap in judgement.gaps} == {moment(DUE)}


def test_finishes_that_disagree_are_marked_whoever_reports_them() -> None:
    other = asked(FAILED, 40), *made(FAILED, 40.2, PHONE, TABLET)
    marks = judged(*ROUND, *other).marks
    assert marks == {each.id: (Mark.DISAGREEING,) for each in (*ROUND[3:], *other)}


def test_a_finish_asked_for_in_time_is_not_late_by_its_copy() -> None:
    told = (
        *ROUND[:3],
        asked(CONFIRMED, DUE - 1),
        *made(CONFIRMED, DUE + 1, PHONE, TABLET),
    )
    assert judged(*told).marks == {}


def test_a_user_wide_finish_is_no_finish_elsewhere_for_a_device_without_a_copy() -> None:
    """That a copy is not there is another rule's business (E7)."""
    told = (*ROUND[:3], asked(CONFIRMED, 30), *made(CONFIRMED, 30.2, TABLET))
    assert owed(judged(*told)) == []
    without_the_mirror = [each for each in told if each.source == SERVER]
    assert owed(judged(*without_the_mirror)) == [(Rule.E1, PHONE, Reason.FINISHED_ELSEWHERE)]


def test_a_request_that_names_a_device_and_its_copy_are_of_one_lane() -> None:
    told = (
        asked(ANNOUNCED, 0, PHONE),
        *made(ANNOUNCED, 0.1, PHONE, named=True),
        asked(CONFIRMED, 30, PHONE),
        *made(CONFIRMED, 30.1, PHONE, named=True),
    )
    judgement = judged(*told)
    assert (judgement.gaps, judgement.marks) == ((), {})
    assert judgement.episodes[0].announced.keys() == {PHONE}


def test_a_copy_for_a_device_that_is_not_known_is_no_word_of_a_known_one() -> None:
    """Neither that it was told, nor that another was."""
    announced = made(ANNOUNCED, 0, PHONE)
    somewhere = made(CONFIRMED, 30, None)
    assert owed(judged(*announced, *somewhere)) == [(Rule.E1, PHONE, Reason.DEVICE_NOT_KNOWN)]
    assert owed(judged(*made(ANNOUNCED, 0, None), *made(CONFIRMED, 30, PHONE))) == [
        (Rule.E2, PHONE, Reason.DEVICE_NOT_KNOWN)
    ]
    assert owed(judged(*made(ANNOUNCED, 0, PHONE, None), *made(CONFIRMED, 30, PHONE, None))) == []


def test_devices_that_are_not_known_owe_as_one_whose_state_is_not_known() -> None:
    """What it was registered for when the rest was due is not known either."""
    unknown = Reason.DEVICE_NOT_KNOWN
    assert owed(judged(*made(ANNOUNCED, 0, None, None))) == [(Rule.E1, None, unknown)]
    assert owed(judged(*made(CONFIRMED, 0, None))) == [(Rule.E2, None, unknown)]
    assert owed(judged(*made(ANNOUNCED, 0, None), *made(CONFIRMED, 9, None))) == []


def test_copies_for_devices_that_are_not_known_repeat_nothing() -> None:
    assert judged(*made(ANNOUNCED, 0, None, None), *made(CONFIRMED, 9, None)).marks == {}


def test_one_report_of_an_odd_identifier_and_its_copy_are_still_one_message() -> None:
    told = asked(ANNOUNCED, 0), *made(ANNOUNCED, 0.1, PHONE)
    odd = [replace(each, operation="OP-17") for each in told]
    assert {reason for _, _, reason in owed(judged(*odd))} == {Reason.ODD_IDENTIFIER}


@pytest.mark.parametrize("silent", [MIRROR, SERVER])
def test_what_one_source_could_not_tell_another_would_have_told(silent: str) -> None:
    told = asked(ANNOUNCED, 0), *made(ANNOUNCED, 0.1, PHONE)
    knowledge = knowing()
    (heard,) = knowledge.heard.values()
    gone = Heard(heard.first, moment(10), heard.types)
    one = replace(knowledge, heard={MIRROR: heard, SERVER: heard, silent: gone})
    assert [gap.reason for gap in judge(told, one).gaps] == [Reason.NEVER_FINISHED]
    both = replace(knowledge, heard={MIRROR: gone, SERVER: gone})
    assert [gap.reason for gap in judge(told, both).gaps] == [Reason.SOURCE_SILENT]


@pytest.mark.parametrize("not_recorded", [{MIRROR}, {SERVER}, {MIRROR, SERVER}])
def test_only_what_neither_was_recorded_for_is_not_covered(not_recorded: set[str]) -> None:
    told = asked(ANNOUNCED, 0), *made(ANNOUNCED, 0.1, PHONE)
    whole = knowing(covered=[(-10_000, 100_000)])
    ((_, all_the_while),) = whole.covered.items()
    ((_, hole),) = knowing(covered=[(-10_000, 60), (120, 100_000)]).covered.items()
    (heard,) = whole.heard.values()
    sources = (MIRROR, SERVER)
    covered = {each: hole if each in not_recorded else all_the_while for each in sources}
    known = replace(whole, heard=dict.fromkeys(sources, heard), covered=covered)
    expected = Reason.NOT_COVERED if len(not_recorded) == 2 else Reason.NEVER_FINISHED
    assert [gap.reason for gap in judge(told, known).gaps] == [expected]


_STEPS = st.lists(
    st.tuples(
        st.sampled_from([ANNOUNCED, CONFIRMED, FAILED]),
        st.integers(0, 20).map(lambda each: each * 150),  # further apart than what merges
        st.booleans(),
        st.booleans(),
    ),
    max_size=5,
    unique_by=lambda step: step[1],
)


@given(_STEPS, st.floats(-2, 2), st.randoms())
def test_two_sources_that_tell_the_same_give_the_verdict_of_either(
    steps: list[Any], ahead: float, random: Any
) -> None:
    """A request that names the device, its copy, or both: whoever tells which."""
    mirror = [asked(kind, at, PHONE) for kind, at, _, _ in steps]
    server = [
        each for kind, at, _, _ in steps for each in made(kind, at + ahead, PHONE, named=True)
    ]
    both = [*mirror, *server]
    random.shuffle(both)
    alone, also, together = judged(*mirror), judged(*server), judged(*both)
    assert owed(together) == owed(alone) == owed(also)
    assert len(together.episodes) == len(alone.episodes)
    marks = sorted(map(str, together.marks.values()))
    assert marks == sorted(map(str, [*alone.marks.values(), *also.marks.values()]))


@given(_STEPS, st.randoms())
def test_a_source_that_missed_some_makes_the_other_no_worse(steps: list[Any], random: Any) -> None:
    """What both told together owes no more than what either told alone would."""
    told = [
        each
        for kind, at, by_mirror, by_server in steps
        for each in (
            *([asked(kind, at, PHONE)] if by_mirror or not by_server else []),
            *(made(kind, at + 0.1, PHONE, named=True) if by_server else []),
        )
    ]
    random.shuffle(told)
    every = judged(*(asked(kind, at, PHONE) for kind, at, _, _ in steps))
    assert owed(judged(*told)) == owed(every)
