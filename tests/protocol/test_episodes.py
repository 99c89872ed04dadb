from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.protocol.episodes import LATE_WITHIN, cut, in_order, rejoin_late_inits
from notifications.protocol.message import Message

from .messages import FAIL, FINISHED, INIT, PHONE, TABLET, finish, init, message

HOUR = LATE_WITHIN / timedelta(seconds=1)
MILLISECOND = 0.001
steps = st.lists(st.sampled_from([INIT, FINISHED, None, "mtoken.other"]), max_size=12)


def rounds_of(*messages: Message) -> list[tuple[int, int]]:
    """How many inits and finishes each episode has."""
    return [(len(each.inits), len(each.finishes)) for each in cut(in_order(messages))]


def test_of_no_messages_there_are_no_episodes() -> None:
    assert cut([]) == []


def test_an_init_and_its_finish_are_one_episode() -> None:
    assert rounds_of(init(0), finish(20)) == [(1, 1)]


def test_repeated_inits_and_repeated_finishes_stay_in_their_episode() -> None:
    assert rounds_of(init(0), init(5), finish(20), finish(21)) == [(2, 2)]


def test_an_init_after_a_finish_opens_the_next_episode() -> None:
    assert rounds_of(init(0), finish(20), init(30), finish(40), init(50)) == [
        (1, 1),
        (1, 1),
        (1, 0),
    ]


def test_an_operation_may_begin_with_a_finish() -> None:
    assert rounds_of(finish(20), init(30)) == [(0, 1), (1, 0)]


def test_messages_of_other_types_belong_to_no_episode() -> None:
    assert rounds_of(message(None), message("mtoken.other", 1)) == []
    assert rounds_of(init(0), message("mtoken.other", 1), finish(2)) == [(1, 1)]


def test_within_one_millisecond_an_init_comes_before_its_finish() -> None:
    finished, announced = finish(7), init(7)
    assert in_order([finished, announced]) == [announced, finished]
    assert rounds_of(finished, announced) == [(1, 1)]


def test_one_millisecond_later_an_init_is_after_the_finish() -> None:
    assert rounds_of(finish(7), init(7 + MILLISECOND)) == [(0, 1), (1, 0)]


@given(steps)
def test_only_the_first_episode_can_lack_an_init_and_only_the_last_a_finish(
    types: list[str | None],
) -> None:
    messages = [message(each, number) for number, each in enumerate(types)]
    episodes = cut(messages)
    assert all(each.inits for each in episodes[1:])
    assert all(each.finishes for each in episodes[:-1])
    assert [each.number for each in episodes] == list(range(1, len(episodes) + 1))
    kept = [m for each in episodes for m in (*each.inits, *each.finishes)]
    assert kept == [each for each in messages if each.message_type in (INIT, FINISHED)]


def test_an_episode_knows_its_devices_with_the_first_message_to_each() -> None:
    first, again, other = init(0), init(1), init(2, TABLET)
    done, nobody = finish(9), finish(10, None)
    (episode,) = cut([first, again, other, done, nobody])
    assert episode.began == first.at
    assert episode.announced == {PHONE: first, TABLET: other}
    assert episode.finished == {PHONE: done, None: nobody}
    assert (episode.unfinished, episode.unannounced) == ({TABLET}, {None})
    assert (episode.announced_to, episode.finished_to) == ((PHONE, TABLET), (PHONE,))
    assert episode.messages == (first, again, other, done, nobody)


def test_results_are_those_that_are_told() -> None:
    (episode,) = cut([finish(0), finish(1), finish(2, result=FAIL), finish(3, result=None)])
    assert episode.results == {"authentication.success", "authentication.fail"}


@pytest.mark.parametrize(
    ("messages", "lacks"),
    [
        ([init(0)], False),
        ([init(0), finish(1)], False),
        ([finish(1)], True),
        ([finish(1, result=None)], True),
        ([init(0), finish(1), finish(2)], False),
        ([init(0), finish(1), finish(2, result=FAIL)], True),
        ([init(0), init(1), finish(2), finish(3, result=FAIL)], False),
    ],
)
def test_an_episode_lacks_an_init_when_it_has_more_outcomes(
    messages: list[Message], lacks: bool
) -> None:
    (episode,) = cut(messages)
    assert episode.lacks_an_init is lacks


def test_an_init_that_was_overtaken_by_its_finish_is_given_back() -> None:
    announced = init(30)
    (episode,) = rejoin_late_inits(cut([finish(20), announced]))
    assert episode.late_inits == (announced,)
    assert episode.announced == {PHONE: announced}
    assert announced in episode.messages


@pytest.mark.parametrize(
    ("after", "episodes"),
    [(HOUR - MILLISECOND, 1), (HOUR, 1), (HOUR + MILLISECOND, 2)],
)
def test_an_init_is_late_within_the_hour(after: float, episodes: int) -> None:
    assert len(rejoin_late_inits(cut([finish(0), init(after)]))) == episodes


def test_a_late_init_is_given_to_the_episode_that_lacks_it() -> None:
    late = init(60)
    messages = [finish(0, result=FAIL), init(20), finish(40), late]
    first, second = rejoin_late_inits(cut(messages))
    assert (first.late_inits, second.late_inits) == ((late,), ())


@pytest.mark.parametrize(
    "messages",
    [
        [init(0)],
        [init(0), finish(20), init(30)],  # nothing lacks it
        [finish(0), init(30), finish(40)],  # it has a finish of its own
    ],
)
def test_other_episodes_stay_as_they_are(messages: list[Message]) -> None:
    assert rejoin_late_inits(cut(messages)) == cut(messages)
