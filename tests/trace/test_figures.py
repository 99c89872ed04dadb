"""The series behind a chart: every entry counted once, in its place."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from notifications.protocol.audience import Basis, Certainty, Grade
from notifications.protocol.window import Window
from notifications.trace.entries import Entry, Kind
from notifications.trace.figures import OTHER, series_of, width_for

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
INIT, FINISHED = "mtoken.operationInit", "mtoken.operationFinished"


def entry(at: datetime, message_type: str | None = INIT, kind: Kind = Kind.NOTIFICATION) -> Entry:
    return Entry(
        key=str(at), at=at, due=None, kind=kind, message_type=message_type, result=None,
        operation=None, operation_name=None, episode=1, inbox_message=None, activation=None,
        basis=Basis.ADDRESSED, certainty=Certainty.KNOWN, grade=Grade.ADDRESSED, sentence="",
        evidence=(UUID(int=0),),
    )  # fmt: skip


def window(length: timedelta, until: datetime = NOON) -> Window:
    return Window(until - length, until)


@pytest.mark.parametrize(
    ("hours", "minutes"),
    [(0.1, 5), (2, 5), (2.1, 60), (48, 60), (49, 360), (14 * 24, 360), (14 * 24 + 1, 1440),
     (366 * 24, 1440)],
)  # fmt: skip
def test_the_longer_the_window_the_wider_its_buckets(hours: float, minutes: int) -> None:
    assert width_for(window(timedelta(hours=hours))) == timedelta(minutes=minutes)


def test_buckets_begin_at_whole_hours_and_cover_the_window() -> None:
    until = NOON + timedelta(minutes=7)
    series = series_of([], window(timedelta(hours=24), until))
    assert [series.buckets[0].at, series.buckets[-1].at] == [NOON - timedelta(days=1), NOON]
    assert len(series.buckets) == 25
    assert (series.types, series.highest) == ((), 0)


def test_a_window_of_whole_hours_has_no_bucket_beyond_it() -> None:
    assert len(series_of([], window(timedelta(hours=24))).buckets) == 24


def test_every_entry_is_counted_once_and_gaps_apart() -> None:
    day = window(timedelta(hours=24))
    found = [
        entry(day.since),
        entry(NOON - timedelta(minutes=1), FINISHED, Kind.GAP),
        entry(NOON - timedelta(minutes=2), "mtoken.unheard"),
        entry(NOON - timedelta(minutes=3), None),
        entry(NOON - timedelta(milliseconds=1), FINISHED),
    ]
    series = series_of(found, day)
    assert series.types == (INIT, FINISHED, OTHER)
    assert dict(series.buckets[0].sent) == {INIT: 1}
    assert list(series.buckets[-1].sent.items()) == [(FINISHED, 1), (OTHER, 2)]
    assert dict(series.buckets[-1].owed) == {FINISHED: 1}
    assert series.highest == 4
    assert sum(each.total for each in series.buckets) == len(found)


def test_a_window_before_1970_counts_as_well() -> None:
    until = datetime(1970, 1, 2, tzinfo=UTC)
    series = series_of(
        [entry(until - timedelta(days=1, hours=2))], window(timedelta(hours=48), until)
    )
    assert [each.at for each in series.buckets if each.total] == [until - timedelta(hours=26)]
