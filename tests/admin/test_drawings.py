"""Charts and lanes hold what they were given, within their bounds."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from notifications.admin import chart, lanes
from notifications.protocol.audience import Basis, Certainty, Grade
from notifications.protocol.extras import MessageType
from notifications.protocol.window import Window
from notifications.trace.entries import Counts, Entry, Kind, Timeline
from notifications.trace.figures import series_of

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def entry(number: int, device: str | None = "phone", seconds: float = 1) -> Entry:
    return Entry(
        key=str(number), at=NOON + timedelta(seconds=number * seconds), due=None,
        kind=Kind.NOTIFICATION, message_type=MessageType.OPERATION_INIT, result=None,
        operation="o", operation_name=None, episode=1, inbox_message=None, activation=device,
        basis=Basis.ADDRESSED, certainty=Certainty.KNOWN, grade=Grade.ADDRESSED, sentence="",
        evidence=(),
    )  # fmt: skip


def timeline(entries: list[Entry]) -> Timeline:
    return Timeline(
        operation="o", operation_name=None, verdict="", counts=Counts(),
        lanes=tuple(dict.fromkeys(each.activation for each in entries)), episodes=(),
        entries=tuple(entries),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("highest", "top"), [(0, 1), (1, 1), (5, 6), (7, 8), (9, 10), (11, 12), (13, 16), (999, 1000)]
)
def test_the_scale_ends_at_a_round_number(highest: int, top: int) -> None:
    assert chart.round_above(highest) == top


@pytest.mark.parametrize("days", [0.04, 1, 7, 30, 366])
def test_a_chart_keeps_within_its_frame(days: float) -> None:
    window = Window(NOON - timedelta(days=days), NOON + timedelta(hours=1))
    drawn = chart.chart_of(series_of([entry(n) for n in range(500)], window))
    for column in drawn.columns:
        assert column.x >= chart.LEFT
        assert column.x + column.width <= chart.RIGHT
        assert all(bar.y >= 0 for bar in column.bars)
    assert 1 <= len(drawn.times) <= chart.MOST_LABELS + 2


def test_markers_keep_apart_and_what_has_no_room_is_counted() -> None:
    drawn = lanes.drawing_of(timeline([entry(n) for n in range(200)]))
    assert drawn is not None
    ((markers,),) = [[lane.markers for lane in drawn.lanes]]
    places = [each.x for each in markers]
    assert all(b - a >= lanes.APART - 0.01 for a, b in pairwise(places))
    assert places[-1] <= lanes.RIGHT
    assert len(markers) + drawn.left_out == 200


def test_lanes_are_bounded() -> None:
    drawn = lanes.drawing_of(timeline([entry(n, f"device-{n}") for n in range(40)]))
    assert drawn is not None
    assert len(drawn.lanes) == lanes.MOST_LANES
    assert drawn.left_out == 40 - lanes.MOST_LANES


def test_one_moment_and_nothing() -> None:
    drawn = lanes.drawing_of(timeline([entry(0, None)]))
    assert drawn is not None
    assert [lane.device for lane in drawn.lanes] == [None]
    assert lanes.drawing_of(timeline([])) is None
