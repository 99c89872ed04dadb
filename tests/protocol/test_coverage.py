"""What intervals of coverage tell of a window, and what they do not."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from notifications.protocol.coverage import (
    Covered,
    SourceCoverage,
    Tells,
    in_order_of_telling,
    in_window,
    kinds_in,
)
from notifications.protocol.window import Window

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


SILENCE = timedelta(minutes=5)


@given(COVERED, MINUTES, MINUTES, MINUTES)
def test_the_parts_of_a_window_are_the_whole_of_it(
    source: Covered, one: int, other: int, now: int
) -> None:
    window = Window(at(min(one, other)), at(max(one, other) + 1))
    known = Covered(tuple(each for each in source.intervals if each[1] <= at(now)))
    shown = in_window(known, window, now=at(now), silence=SILENCE)
    parts = (shown.unmeasured, shown.lasting, shown.uncovered, shown.undecided, shown.ahead)
    assert all(each >= timedelta() for each in parts)
    assert sum(parts, timedelta()) == window.until - window.since
    measured = shown.lasting + shown.uncovered
    assert shown.share == (shown.lasting / measured if measured else None)
    assert shown.is_measured == bool(measured)
    assert shown.is_whole == (bool(measured) and not shown.holes and not shown.unmeasured)
    assert shown.undecided <= SILENCE
    # Minute by minute, what is covered is in an interval.
    minutes = (window.until - window.since) // timedelta(minutes=1)
    middles = [window.since + timedelta(seconds=60 * each + 30) for each in range(minutes)]
    inside = sum(any(a <= each <= b for a, b in known.intervals) for each in middles)
    assert shown.lasting == timedelta(minutes=inside)


def told(
    source: str,
    *tells: Tells,
    of: Covered = Covered(),  # noqa: B008
    **more: Any,
) -> SourceCoverage:
    shown = in_window(of, Window(at(10), at(40)), now=at(60), silence=SILENCE)
    return SourceCoverage(source=source, tells=tells, shown=shown, **more)


def test_the_contacts_beside_a_window_are_told_where_it_does_not_begin_or_end_covered() -> None:
    beside = told("mirror", of=covered((0, 5), (20, 30), (45, 50)))
    assert (beside.contact_before, beside.contact_after) == (at(5), at(45))
    across = told("mirror", of=covered((0, 12), (38, 50)))
    assert (across.contact_before, across.contact_after) == (None, None)
    never = told("mirror")
    assert (never.contact_before, never.contact_after) == (None, None)


def test_the_longest_holes_are_told_in_order_of_time() -> None:
    holed = told("mirror", of=covered((0, 11), (13, 20), (21, 25), (30, 50)))
    assert holed.shown.holes == ((at(11), at(13)), (at(20), at(21)), (at(25), at(30)))
    assert holed.longest_holes(2) == ((at(11), at(13)), (at(25), at(30)))


@given(st.permutations(["mirror", "bank", "powerauth", "push-server"]))
def test_sources_stand_in_one_order_those_of_messages_first(names: list[str]) -> None:
    tells = {
        "mirror": (Tells.NOTIFICATIONS, Tells.INBOX),
        "bank": (Tells.NOTIFICATIONS,),
        "powerauth": (Tells.REGISTRATIONS, Tells.OPERATIONS),
        "push-server": (Tells.COPIES,),
    }
    ordered = in_order_of_telling(told(each, *tells[each]) for each in names)
    assert [each.source for each in ordered] == ["bank", "mirror", "push-server", "powerauth"]


@given(st.permutations([((0, 12), ("report", "probe")), ((15, 20), ("heartbeat",))]))
def test_kinds_of_contact_are_those_of_the_window_the_strongest_first(given_ones: Any) -> None:
    intervals = [((at(began), at(ended)), kinds) for (began, ended), kinds in given_ones]
    assert kinds_in(Window(at(5), at(18)), intervals) == ("heartbeat", "probe", "report")
    assert kinds_in(Window(at(5), at(13)), intervals) == ("probe", "report")
    assert kinds_in(Window(at(13), at(14)), intervals) == ()


def test_what_began_after_the_window_could_not_have_told() -> None:
    assert told("late", first_report=at(41)).began_after
    assert told("late", first_report=at(41), of=covered((45, 50))).began_after
    assert not told("late", first_report=at(41), of=covered((35, 50))).began_after
    assert not told("early", first_report=at(39)).began_after
