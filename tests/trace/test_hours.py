"""The hours of a day, and the same ones a week ago, wherever the clocks changed."""

from datetime import UTC, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest

from notifications.models import HourlyTally
from notifications.protocol.window import HOUR
from notifications.trace.hours import WEEK, day_of, hours_of, week_before

PRAGUE = ZoneInfo("Europe/Prague")
KOLKATA = ZoneInfo("Asia/Kolkata")
NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
_numbers = count()


def tally(at: datetime, number: int, message_type: str | None, codes: tuple[str, ...] = ()) -> None:
    HourlyTally.objects.create(
        starts_at=at,
        count=number,
        message_type=message_type,
        codes=list(codes),
        key=next(_numbers).to_bytes(32),
    )


@pytest.mark.parametrize(
    ("zone", "since", "length"),
    [
        (UTC, "2026-03-14T00:00", 24),
        (PRAGUE, "2026-03-13T23:00", 24),
        (KOLKATA, "2026-03-13T18:00", 24),  # midnight there is half an hour later
        (ZoneInfo("Pacific/Kiritimati"), "2026-03-14T10:00", 24),
        (ZoneInfo("Pacific/Pago_Pago"), "2026-03-14T11:00", 24),
    ],
)
def test_a_day_is_that_of_the_zone_in_whole_hours(zone: ZoneInfo, since: str, length: int) -> None:
    day = day_of(NOON, zone)
    assert day.since == datetime.fromisoformat(f"{since}:00Z")
    assert day.until - day.since == length * HOUR
    assert NOON in day


@pytest.mark.parametrize(("date", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25)])
def test_a_day_may_be_shorter_or_longer(date: tuple[int, int, int], hours: int) -> None:
    day = day_of(datetime(*date, 12, tzinfo=PRAGUE), PRAGUE)
    assert (day.until - day.since) // HOUR == hours


def test_a_week_before_is_the_same_time_of_day() -> None:
    for at, offset in (
        (datetime(2026, 3, 14, 9, tzinfo=PRAGUE), 0),
        (datetime(2026, 4, 1, 9, tzinfo=PRAGUE), 1),  # the clocks went on
        (datetime(2026, 10, 28, 9, tzinfo=PRAGUE), -1),  # and back
    ):
        before = week_before(at.astimezone(UTC), PRAGUE)
        assert before == at.astimezone(UTC) - WEEK + offset * HOUR
        assert before.astimezone(PRAGUE).hour == 9


def test_an_hour_that_the_clocks_left_out_has_none_before() -> None:
    at = datetime(2026, 4, 5, 2, tzinfo=PRAGUE).astimezone(UTC)
    assert week_before(at, PRAGUE) is None


def test_an_hour_that_comes_twice_has_the_same_one_before() -> None:
    first, second = (datetime(2026, 10, 25, 2, tzinfo=PRAGUE, fold=fold) for fold in (0, 1))
    befores = {week_before(each.astimezone(UTC), PRAGUE) for each in (first, second)}
    assert befores == {datetime(2026, 10, 18, 0, tzinfo=UTC)}


@pytest.mark.django_db
def test_hours_have_what_the_tallies_have() -> None:
    day = day_of(NOON, UTC)
    tally(NOON, 7, "mtoken.operationInit")
    tally(NOON, 2, "mtoken.operationInit", ("not_uuid",))
    tally(NOON, 3, "x", ("unknown_message_type",))
    tally(NOON, 4, None, ("missing_key", "not_uuid"))
    tally(NOON + HOUR, 1, "mtoken.statusChange")
    tally(day.until, 99, "mtoken.statusChange")
    tally(day.since - HOUR, 99, "mtoken.statusChange")
    tally(NOON - WEEK, 5, "x")
    tally(NOON - WEEK, 6, "mtoken.operationInit")
    tally(NOON - WEEK + 5 * HOUR, 8, None)
    hours = {each.at: each for each in hours_of(day, UTC)}
    assert list(hours) == [day.since + n * HOUR for n in range(24)]
    noon = hours[NOON]
    assert noon.sent == {"mtoken.operationInit": 9, "other": 7}
    assert (noon.total, noon.nonconforming, noon.before) == (16, 9, 11)
    assert (hours[NOON + HOUR].total, hours[NOON + HOUR].before) == (1, 0)
    assert hours[NOON + 5 * HOUR].before == 8
    assert sum(each.total for each in hours.values()) == 17


@pytest.mark.django_db
def test_after_a_change_of_clocks_hours_are_compared_by_their_names() -> None:
    now = datetime(2026, 4, 5, 12, tzinfo=PRAGUE)
    for n in range(23):
        tally(day_of(now - timedelta(days=7), PRAGUE).since + n * HOUR, n + 1, None)
    told = [each.before for each in hours_of(day_of(now, PRAGUE), PRAGUE)]
    assert told == [1, 2, None, *range(3, 24)]
