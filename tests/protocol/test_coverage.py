"""What intervals of coverage tell of a window, and what they do not."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from notifications.protocol.coverage import Covered

START = datetime(2026, 3, 1, tzinfo=UTC)


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def covered(*intervals: tuple[int, int]) -> Covered:
    return Covered(tuple((at(began), at(ended)) for began, ended in intervals))


MINUTES = st.integers(0, 60)
# Ends in order, no two intervals touching; an interval may be a single contact.
COVERED = st.lists(MINUTES, unique=True).map(
    lambda ends: covered(*zip(sorted(ends)[::2], sorted(ends)[1::2], strict=False))
)


def test_a_source_that_was_never_measured_has_no_holes() -> None:
    nothing = Covered()
    assert not nothing.is_measured
    assert nothing.measured_since is None
    assert nothing.covers(at(0), at(9))
    assert nothing.holes(at(0), at(9)) == ()


def test_before_its_first_interval_it_was_not_measured() -> None:
    source = covered((10, 20))
    assert source.is_measured
    assert source.covers(at(0), at(5))
    assert source.covers(at(0), at(15))
    assert source.holes(at(0), at(15)) == ()


def test_holes_lie_between_intervals_and_behind_the_last() -> None:
    source = covered((0, 10), (20, 30), (40, 40))
    assert source.holes(at(5), at(60)) == (
        (at(10), at(20)),
        (at(30), at(40)),
        (at(40), at(60)),
    )
    assert source.holes(at(12), at(15)) == ((at(12), at(15)),)
    assert source.holes(at(22), at(25)) == ()


def test_both_ends_of_an_interval_are_covered() -> None:
    source = covered((0, 10), (20, 30))
    assert source.covers(at(20), at(30))
    assert source.covers(at(10), at(10))
    assert not source.covers(at(10), at(11))
    assert not source.covers(at(15), at(15))
    assert not source.covers(at(5), at(25))
    assert not source.covers(at(31), at(32))


@given(COVERED, MINUTES, MINUTES)
def test_a_window_is_covered_where_it_has_no_hole(source: Covered, one: int, other: int) -> None:
    since, until = at(min(one, other)), at(max(one, other) + 1)
    holes = source.holes(since, until)
    assert source.covers(since, until) == (holes == ())
    assert all(since <= start < end <= until for start, end in holes)
    assert all(end <= start for (_, end), (start, _) in pairwise(holes))


@given(COVERED, MINUTES)
def test_every_minute_is_in_an_interval_a_hole_or_not_measured(
    source: Covered, minute: int
) -> None:
    middle = at(minute) + timedelta(seconds=30)
    in_hole = any(start < middle < end for start, end in source.holes(at(0), at(61)))
    in_interval = any(began <= middle <= ended for began, ended in source.intervals)
    first = source.measured_since
    assert [in_hole, in_interval, first is None or middle < first].count(True) == 1


def test_time_since_the_last_contact_is_no_hole_while_the_next_may_come() -> None:
    silence = timedelta(minutes=5)
    source = covered((0, 10), (20, 30))
    assert source.settled_until(at(40), now=at(34), silence=silence) == at(30)
    assert source.settled_until(at(40), now=at(36), silence=silence) == at(36)
    assert source.settled_until(at(25), now=at(34), silence=silence) == at(25)
    assert source.settled_until(at(33), now=at(99), silence=silence) == at(33)
    assert Covered().settled_until(at(40), now=at(34), silence=silence) == at(34)
