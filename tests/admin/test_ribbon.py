"""The ribbon draws every state within its frame, and tells known, assumed and unknown apart."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from notifications.admin import ribbon
from notifications.admin.ribbon import Bar, Lane, Ribbon, ribbon_of
from notifications.protocol.events import ActivationEvent, ActivationEventKind
from notifications.protocol.state import Standing, fold_spans
from notifications.protocol.window import Window

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WINDOW = Window(NOON, NOON + 10 * DAY)


def status(number: int, at: datetime, name: str) -> ActivationEvent:
    """As a history tells it, whole up to the end of the window."""
    return ActivationEvent(
        id=UUID(int=number), source="s", activation="phone", kind=ActivationEventKind.STATUS,
        status=name, happened_at=at, observed_at=WINDOW.until, recorded_at=WINDOW.until,
    )  # fmt: skip


def drawn(*events: ActivationEvent, window: Window = WINDOW, compact: bool = False) -> Ribbon:
    return ribbon_of(fold_spans("phone", events, window), window, compact=compact)


def lane(told: Ribbon, number: int) -> list[Bar]:
    found: Lane = told.lanes[number]
    return sorted(found.bars, key=lambda each: each.x)


def test_each_state_is_a_bar_as_high_as_much_gets_through() -> None:
    told = drawn(
        status(1, NOON + 2 * DAY, "ACTIVE"),
        status(2, NOON + 5 * DAY, "BLOCKED"),
        status(3, NOON + 8 * DAY, "REMOVED"),
    )
    before, active, blocked, removed = lane(told, 0)
    assert (before.look, before.standing) == ("unknown", Standing.UNKNOWN)
    assert [each.label for each in (active, blocked)] == ["✓ ACTIVE", "⊘ BLOCKED"]
    assert active.height > blocked.height > removed.height
    assert active.standing == Standing.KNOWN
    assert active.x == pytest.approx(ribbon.LEFT + 0.2 * (ribbon.RIGHT - ribbon.LEFT), abs=0.1)
    assert {each.look for each in lane(told, 1)} == {"unknown"}
    assumed = lane(told, 2)[1]
    assert (assumed.look, assumed.standing) == ("good", Standing.ASSUMED)
    assert assumed.label == "✓ yes, assumed"


def test_the_table_has_the_same_states_in_words() -> None:
    told = drawn(status(1, NOON + 2 * DAY, "ACTIVE"))
    first, second = told.rows
    assert (first.since, second.since) == (NOON, NOON + 2 * DAY)
    assert second.until == WINDOW.until
    assert first.cells[0][0] is None
    assert [each.text for each in second.cells[0] if each] == ["ACTIVE", "known"]
    assert told.told == (
        "From 2026-03-14 12:00:00 to 2026-03-24 12:00:00; at its end: PowerAuth status: ACTIVE, "
        "known; Registered for push: unknown; Push-active: yes, assumed."
    )


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize("every", [timedelta(seconds=20), timedelta(hours=1), timedelta(hours=30)])
def test_however_many_states_there_are_they_stay_within_the_frame(
    every: timedelta, compact: bool
) -> None:
    names = ("ACTIVE", "BLOCKED")
    events = [status(n, WINDOW.since + n * every, names[n % 2]) for n in range(1_000)]
    told = drawn(*events, compact=compact)
    for each in told.lanes:
        assert len(each.bars) <= (ribbon.RIGHT - ribbon.LEFT) / ribbon.NARROWEST * 2
        for bar in each.bars:
            assert bar.x >= ribbon.LEFT
            assert bar.x + bar.width <= ribbon.RIGHT + 0.01
            assert bar.width > 0
            assert each.y <= bar.y <= bar.y + bar.height <= each.foot + 0.01
    assert told.has_several == (every < timedelta(minutes=50))
    assert len(told.rows) <= ribbon.MOST_ROWS
    number = len(fold_spans("phone", events, WINDOW))
    assert len(told.rows) + told.left_out <= number
    assert (told.left_out > 0) == (number > ribbon.MOST_ROWS)


def test_a_short_state_among_long_ones_is_seen() -> None:
    told = drawn(
        status(1, NOON + DAY, "ACTIVE"),
        status(2, NOON + 5 * DAY, "BLOCKED"),
        status(3, NOON + 5 * DAY + timedelta(minutes=1), "ACTIVE"),
    )
    assert told.lanes[0].bars[-1].look == "warn"  # drawn last, on top of the others
    assert told.lanes[0].bars[-1].width == ribbon.NARROWEST


def test_what_lies_ahead_is_not_drawn() -> None:
    part = Window(WINDOW.since, WINDOW.since + DAY)
    spans = fold_spans("phone", [status(1, NOON, "ACTIVE")], part)
    (bar,) = ribbon_of(spans, WINDOW).lanes[0].bars
    assert bar.x + bar.width == pytest.approx(
        ribbon.LEFT + (ribbon.RIGHT - ribbon.LEFT) / 10, abs=1
    )
    nothing = ribbon_of((), WINDOW)
    assert [each.bars for each in nothing.lanes] == [(), (), ()]
    assert "nothing to draw" in nothing.told


def test_words_of_others_take_no_more_room_than_there_is() -> None:
    told = drawn(status(1, NOON, "W" * 256), status(2, NOON + 9 * DAY, "\u202eX"))
    wide, narrow = lane(told, 0)
    assert (wide.look, wide.label) == ("odd", "?")
    assert narrow.told.startswith("⟨U+202E⟩X, assumed from ")
    assert narrow.label == "? ⟨U+202E⟩X"


def test_the_moment_that_was_asked_about_is_marked_within_the_window_alone() -> None:
    inside = ribbon_of((), WINDOW, marker=NOON + 5 * DAY)
    assert inside.marker == (ribbon.LEFT + ribbon.RIGHT) / 2
    assert ribbon_of((), WINDOW, marker=NOON - DAY).marker is None
