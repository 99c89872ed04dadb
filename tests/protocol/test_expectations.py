from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.protocol.audience import Certainty
from notifications.protocol.expectations import Gap, Judgement, Mark, repeated
from notifications.protocol.extras import MessageType
from notifications.protocol.message import Message
from notifications.protocol.reasons import CountsAs, Reason, Rule

from .messages import (
    DUE,
    FAIL,
    FINISHED,
    GRACE,
    INIT,
    LIFE,
    OPERATION,
    PHONE,
    SUCCESS,
    TABLET,
    WATCH,
    finish,
    init,
    judged,
    message,
    moment,
)

MILLISECOND = 0.001
LATE, DUPLICATE, DISAGREEING = (Mark.LATE,), (Mark.DUPLICATE,), (Mark.DISAGREEING,)

Owed = tuple[Rule, str | None, Reason]


def owed(judgement: Judgement) -> list[Owed]:
    return [(each.rule, each.activation, each.reason) for each in judgement.gaps]


def only_gap(judgement: Judgement) -> Gap:
    (gap,) = judgement.gaps
    return gap


# --- What is owed


def test_of_nothing_nothing_is_owed() -> None:
    judgement = judged()
    assert (judgement.episodes, judgement.gaps, judgement.marks) == ((), (), {})


def test_an_operation_that_was_announced_and_finished_owes_nothing() -> None:
    finished = finish(20)
    judgement = judged(init(0), finished)
    assert (judgement.gaps, judgement.marks) == ((), {})
    assert judgement.dues == {finished.id: moment(DUE)}


def test_an_announcement_owes_its_finish_by_the_end_of_life_and_grace() -> None:
    announced = init(3)
    gap = only_gap(judged(announced))
    assert (gap.rule, gap.message_type, gap.activation) == (Rule.E1, FINISHED, PHONE)
    assert (gap.reason, gap.counts_as) == (Reason.NEVER_FINISHED, CountsAs.MISSING)
    assert (gap.operation, gap.episode) == (OPERATION, 1)
    assert (gap.at, gap.due) == (announced.at, moment(3 + DUE))
    assert (gap.anchor, gap.evidence) == (announced, (announced.id,))


def test_how_long_an_operation_lives_is_assumed_so_a_finish_is_never_known_to_be_missing() -> None:
    assert only_gap(judged(init(0))).certainty is Certainty.ASSUMED


def test_a_finish_presumes_an_announcement() -> None:
    finished = finish(20)
    gap = only_gap(judged(finished))
    assert (gap.rule, gap.message_type, gap.activation) == (Rule.E2, INIT, PHONE)
    assert (gap.reason, gap.counts_as) == (Reason.NEVER_ANNOUNCED, CountsAs.MISSING)
    assert (gap.at, gap.due, gap.anchor) == (finished.at, moment(20 + GRACE), finished)


@pytest.mark.parametrize(
    ("finished", "certainty"),
    [
        (finish(20), Certainty.KNOWN),
        (finish(20, addressed_to="user", per_device=True), Certainty.ASSUMED),
        (finish(20, None), Certainty.KNOWN),
        (finish(20, addressed_to="unknown"), Certainty.ASSUMED),
    ],
    ids=["addressed", "copy", "to nobody", "named by its extras"],
)
def test_a_missing_announcement_is_known_unless_its_device_or_its_request_is_assumed(
    finished: Message, certainty: Certainty
) -> None:
    assert only_gap(judged(finished)).certainty is certainty


def test_with_the_request_of_its_copy_a_missing_announcement_is_known() -> None:
    copy = finish(20, addressed_to="user", per_device=True, source="push-server")
    request = finish(20, None, addressed_to="user")
    assert {each.certainty for each in judged(copy, request).gaps} == {Certainty.KNOWN}


def test_what_is_not_missing_is_never_known() -> None:
    crossed = judged(init(0), finish(20, TABLET))
    pending = judged(finish(20), now=21)
    assert {each.certainty for each in (*crossed.gaps, *pending.gaps)} == {Certainty.ASSUMED}


def test_a_longer_life_by_the_name_of_the_operation_is_respected() -> None:
    lives = {"open_account": moment(3600) - moment(0)}
    told = init(0, operation_name="open_account")
    assert only_gap(judged(told, lives=lives)).due == moment(3600 + GRACE)
    assert only_gap(judged(init(0, operation_name="login"), lives=lives)).due == moment(DUE)
    assert only_gap(judged(init(0), init(1, operation_name="open_account"), lives=lives)).due == (
        moment(3600 + GRACE)
    )


# --- Devices


def test_a_device_that_is_announced_to_when_life_is_over_is_owed_the_finish_within_grace() -> None:
    late = init(DUE + 60, TABLET)
    to_phone, to_tablet = judged(init(0), late).gaps
    assert (to_phone.activation, to_phone.due) == (PHONE, moment(DUE))
    assert (to_tablet.activation, to_tablet.due) == (TABLET, moment(DUE + 60 + GRACE))


def test_a_finish_to_nobody_may_have_gone_to_each() -> None:
    assert not judged(init(0), init(0, TABLET), finish(20, None)).gaps


def test_an_announcement_to_nobody_may_have_gone_to_each() -> None:
    assert not judged(init(0, None), finish(20), finish(20, TABLET)).gaps


def test_where_nobody_is_named_the_operation_owes_once() -> None:
    assert owed(judged(init(0, None))) == [(Rule.E1, None, Reason.NEVER_FINISHED)]
    assert owed(judged(finish(0, None))) == [(Rule.E2, None, Reason.NEVER_ANNOUNCED)]


def test_where_some_are_named_it_owes_to_those() -> None:
    assert owed(judged(init(0, None), init(1))) == [(Rule.E1, PHONE, Reason.NEVER_FINISHED)]
    assert owed(judged(finish(0, None), finish(1))) == [(Rule.E2, PHONE, Reason.NEVER_ANNOUNCED)]


def test_each_device_that_was_announced_to_is_owed_the_finish() -> None:
    judgement = judged(init(0), init(0, TABLET), init(0, WATCH), finish(20, TABLET))
    assert owed(judgement) == [
        (Rule.E1, PHONE, Reason.FINISHED_ELSEWHERE),
        (Rule.E1, WATCH, Reason.FINISHED_ELSEWHERE),
    ]
    assert {gap.other for gap in judgement.gaps} == {(TABLET,)}
    assert {gap.due for gap in judgement.gaps} == {moment(20 + GRACE)}


def test_an_announcement_and_a_finish_to_two_devices_leave_both_undecided() -> None:
    judgement = judged(init(0), finish(20, TABLET))
    assert owed(judgement) == [
        (Rule.E1, PHONE, Reason.DIFFERENT_DEVICES),
        (Rule.E2, TABLET, Reason.DIFFERENT_DEVICES),
    ]
    assert [gap.other for gap in judgement.gaps] == [(TABLET,), (PHONE,)]


def test_messages_without_any_identifier_are_judged() -> None:
    nameless = {"operation": None, "source": None, "to": None}
    judgement = judged(init(0, **nameless), message(None, 1, **nameless))
    assert [(gap.operation, gap.activation) for gap in judgement.gaps] == [("", None)]


# --- Rounds


def test_a_second_authentication_owes_for_itself() -> None:
    rounds = [init(0), finish(20, result=FAIL), init(30), finish(50)]
    assert not judged(*rounds).gaps
    assert not judged(*rounds).marks
    crossed = judged(*rounds[:3], finish(50, TABLET))
    assert [gap.episode for gap in crossed.gaps] == [2, 2]


def test_of_a_first_round_without_announcement_a_second_one_owes_nothing() -> None:
    judgement = judged(finish(20, result=FAIL), init(30), finish(50))
    assert owed(judgement) == [(Rule.E2, PHONE, Reason.NEVER_ANNOUNCED)]
    assert only_gap(judgement).episode == 1


def test_a_second_round_is_due_by_its_own_beginning() -> None:
    second = finish(30 + DUE)
    judgement = judged(init(0), finish(20), init(30), second)
    assert judgement.dues[second.id] == moment(30 + DUE)
    assert second.id not in judgement.marks


# --- Marks


@pytest.mark.parametrize(
    ("at", "marks"),
    [(DUE - MILLISECOND, None), (DUE, None), (DUE + MILLISECOND, LATE)],
)
def test_a_finish_is_late_after_life_and_grace(at: float, marks: tuple[Mark, ...] | None) -> None:
    finished = finish(at)
    judgement = judged(init(0), finished)
    assert judgement.marks.get(finished.id) == marks
    assert not judgement.gaps


def test_an_announcement_that_was_overtaken_by_its_finish_is_late_and_owes_nothing() -> None:
    late = init(30)
    judgement = judged(finish(20), late)
    assert judgement.marks == {late.id: LATE}
    assert not judgement.gaps


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (30 + DUE - MILLISECOND, [Reason.OUT_OF_ORDER, Reason.NOT_DUE]),
        (30 + DUE, []),
        (30 + DUE + MILLISECOND, []),
    ],
)
def test_an_announcement_is_taken_for_overtaken_once_its_own_finish_is_overdue(
    now: float, expected: list[Reason]
) -> None:
    judgement = judged(finish(20), init(30), now=now)
    assert sorted(gap.reason for gap in judgement.gaps) == sorted(expected)


def test_repeats_of_an_episode_are_marked_and_its_first_are_not() -> None:
    again, twice = init(1), finish(21)
    judgement = judged(init(0), again, finish(20), twice)
    assert judgement.marks == {again.id: DUPLICATE, twice.id: DUPLICATE}
    assert not judgement.gaps


def test_the_same_in_another_round_is_no_repeat() -> None:
    assert not judged(init(0), finish(20), init(30), finish(50)).marks


@pytest.mark.parametrize(
    "other",
    [init(1, TABLET), init(1, source="mirror"), init(1, recipient=7), message(FINISHED, 1)],
    ids=["to another device", "by another source", "to another user", "of another type"],
)
def test_what_differs_is_no_repeat(other: Message) -> None:
    assert not list(repeated([init(0), other]))


def test_a_repeated_inbox_message_is_one_that_names_the_same() -> None:
    def inbox(name: str) -> Message:
        return message(MessageType.INBOX_MESSAGE_NEW, inbox_message=name, operation=None)

    again = inbox("a")
    assert list(repeated([inbox("a"), inbox("b"), again])) == [again.id]


def test_finishes_of_one_round_that_disagree_are_all_marked() -> None:
    said = [finish(20), finish(21, result=FAIL), finish(22, TABLET)]
    judgement = judged(init(0), init(0, TABLET), *said)
    assert judgement.marks == {each.id: DISAGREEING for each in said}


def test_a_finish_without_result_does_not_disagree() -> None:
    assert not judged(init(0), finish(20), finish(21, result=None)).marks


def test_marks_add_up() -> None:
    last = finish(DUE + 9)
    judgement = judged(init(0), finish(20, result=FAIL), finish(30), last)
    assert judgement.marks[last.id] == (Mark.LATE, Mark.DUPLICATE, Mark.DISAGREEING)


# --- Order

stories = st.lists(
    st.builds(
        message,
        st.sampled_from([INIT, FINISHED, MessageType.STATUS_CHANGE, None]),
        st.sampled_from([0, MILLISECOND, 20, LIFE, DUE, 4_000]),
        st.sampled_from([None, PHONE, TABLET]),
        result=st.sampled_from([None, SUCCESS, FAIL]),
    ),
    max_size=9,
)


@given(stories.flatmap(lambda told: st.tuples(st.just(told), st.permutations(told))))
def test_the_order_in_which_messages_are_given_does_not_matter(
    told: tuple[list[Message], list[Message]],
) -> None:
    given_order, another = told
    assert judged(*another) == judged(*given_order)


@given(stories, st.sampled_from([0, 21, DUE, DUE + 1, 100_000]))
def test_every_message_is_kept_and_every_gap_stands_on_messages_of_its_operation(
    told: list[Message], now: float
) -> None:
    judgement = judged(*told, now=now)
    ids: set[UUID] = {each.id for each in told}
    assert {each.id for each in judgement.messages} == ids
    assert judgement.marks.keys() | judgement.dues.keys() <= ids
    for gap in judgement.gaps:
        assert gap.anchor.id in gap.evidence
        assert set(gap.evidence) <= ids
        assert gap.due > gap.at
        assert (gap.reason is Reason.NOT_DUE) == (moment(now) < gap.due)


@given(stories)
def test_where_something_is_owed_it_was_not_sent_in_that_round(told: list[Message]) -> None:
    judgement = judged(*told)
    for gap in judgement.gaps:
        episode = judgement.episodes[gap.episode - 1]
        sent = episode.finished if gap.message_type is FINISHED else episode.announced
        assert gap.activation not in sent
        assert None not in sent
