"""Positions: ids that come out of order, late, or never are neither lost nor read twice."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from notifications.ingest.push_server import positions
from notifications.ingest.push_server.positions import (
    FORGET,
    RECENT,
    SELDOM,
    Found,
    Missing,
    Position,
    as_json,
    due,
    from_json,
    looked_for,
    read_on,
    was_reset,
)

NOW = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)


def poll(
    position: Position, table: set[int], now: datetime, most: int
) -> tuple[Position, list[int]]:
    """One poll of a table that has these ids; what it read."""
    tail = sorted(each for each in table if each > position.beyond)[:most]
    late: list[int] = []
    if len(tail) < most:
        ranges = due(position, now)
        late = sorted(n for n in table if any(r.first <= n <= r.last for r in ranges))[:most]
        position = looked_for(position, late, now=now, is_all=len(late) < most)
    rows = [Found(each, now) for each in tail]
    position = read_on(position, rows, told=str(tail[-1]) if tail else None, now=now)
    return position, [*tail, *late]


@given(
    commits=st.lists(st.lists(st.integers(1, 120), max_size=20), max_size=12),
    most=st.integers(1, 30),
    minutes=st.lists(st.integers(0, 180), min_size=12, max_size=12),
)
def test_whatever_is_committed_when_is_read_once(
    commits: list[list[int]], most: int, minutes: list[int]
) -> None:
    table: set[int] = set()
    read: list[int] = []
    position, now = Position(), NOW
    for ids, passed in zip(commits, minutes, strict=False):
        table |= set(ids)
        now += timedelta(minutes=passed)
        position, found = poll(position, table, now, most)
        position = from_json(as_json(position))
        read += found
    for _ in range(130):  # seldom ones too, and however few at a time
        now += timedelta(minutes=61 / 130)
        position, found = poll(position, table, now, most)
        read += found
    now += SELDOM
    position, found = poll(position, table, now, 1_000)
    assert sorted([*read, *found]) == sorted(table)


def test_missing_ids_are_looked_for_each_time_then_seldom_then_no_more() -> None:
    position = read_on(Position(last=1), [Found(5, NOW)], told="", now=NOW)
    assert position.missing == (Missing(2, 4, NOW),)
    position = looked_for(position, [], now=NOW)
    assert due(position, NOW + timedelta(minutes=59)) == position.missing
    later = NOW + RECENT
    assert due(position, later) == position.missing  # the first time since an hour
    position = looked_for(position, [3], now=later)
    assert position.missing == (Missing(2, 2, NOW), Missing(4, 4, NOW))
    assert due(position, later + timedelta(minutes=59)) == ()
    assert due(position, later + SELDOM) == position.missing
    assert looked_for(position, [], now=NOW + FORGET).missing == ()


def test_gaps_between_old_rows_are_not_looked_for() -> None:
    old, lately = NOW - timedelta(days=8), NOW - timedelta(days=6)
    rows = [Found(7, old), Found(9, old), Found(12, None), Found(20, lately), Found(23, None)]
    position = read_on(Position(), rows, told="", now=NOW)
    assert [(each.first, each.last) for each in position.missing] == [(13, 19), (21, 22)]


def test_too_many_ranges_drop_the_ones_noticed_first() -> None:
    many = [Found(2 * n, NOW) for n in range(1, positions.MOST_RANGES + 1)]
    position = read_on(Position(), many, told="", now=NOW)
    later = NOW + timedelta(minutes=1)
    more = [Found(many[-1].id + 2 * n, later) for n in range(1, 11)]
    position = read_on(position, more, told="", now=later)
    assert len(position.missing) == positions.MOST_RANGES
    assert position.dropped == 10
    assert position.missing[0].first == 21
    assert list(position.missing) == sorted(position.missing, key=lambda each: each.first)


def test_another_table_under_the_same_name_is_noticed() -> None:
    position = Position(last=40, told="2026-03-14 09:00:00")
    assert not was_reset(Position(), told=None, greatest=None)
    assert not was_reset(position, told=position.told, greatest=60)
    assert was_reset(position, told="2026-03-14 09:00:01", greatest=60)
    assert was_reset(position, told=None, greatest=60)
    assert was_reset(position, told=None, greatest=None)
