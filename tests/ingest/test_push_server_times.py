"""Zone-less times of a Push Server: the night in which clocks are put back, and clocks that are
wrong. Rows are told once, at the time they are of."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from notifications.ingest.push_server.report import Report
from notifications.ingest.push_server.times import chosen, moments_of
from notifications.models import DeliveryReport, Notification
from tests.ingest.push_server import VendorServer
from tests.ingest.push_server_tables import PushServerDatabase
from tests.ingest.reading import INIT, PRAGUE, READ_AS, imported, read_on

A = "49414e31-f3df-4cea-87e6-f214ca3b8412"
SUMMER = datetime(2025, 10, 26, 0, 30, tzinfo=UTC)  # 02:30 in Prague
WINTER = SUMMER + timedelta(hours=1)  # 02:30 again
SECOND = timedelta(seconds=1)


def told() -> list[datetime]:
    read = Notification.objects.filter(source=READ_AS).in_time_order()
    return list(read.values_list("emitted_at", flat=True))


@pytest.fixture
def node(push_server: PushServerDatabase) -> VendorServer:
    return registered(VendorServer(push_server, zone=PRAGUE))


def registered(node: VendorServer) -> VendorServer:
    node.add_app("mobile")
    node.register("mobile", "t", A, "user-1", at=SUMMER - timedelta(days=9))
    return node


@pytest.mark.usefixtures("db")
def test_in_the_night_of_autumn_live_rows_are_of_their_side(
    node: VendorServer, push_server: PushServerDatabase
) -> None:
    read_on(push_server, zone="Europe/Prague", at=SUMMER - 5 * SECOND)
    for at in (SUMMER, WINTER):
        read_on(push_server, zone="Europe/Prague", at=at - 5 * SECOND)
        node.send("mobile", "user-1", INIT, at=at)
        read_on(push_server, zone="Europe/Prague", at=at + 5 * SECOND)
    assert told() == [SUMMER, WINTER]
    assert set(Notification.objects.values_list("activation_id", flat=True)) == {A}
    reports = DeliveryReport.objects.values_list("told_at", "zone")
    assert set(reports) == {("2025-10-26 02:30:00", "Europe/Prague")}
    assert "0 recorded, 2 known" in imported(push_server, timezone="Europe/Prague", again=True)
    assert told() == [SUMMER, WINTER]


@pytest.mark.usefixtures("db")
def test_read_later_they_are_of_the_first_and_stay_so(
    node: VendorServer, push_server: PushServerDatabase
) -> None:
    for at in (SUMMER, WINTER, WINTER + timedelta(hours=1)):
        node.send("mobile", "user-1", INIT, at=at)
    assert "3 recorded" in imported(push_server, timezone="Europe/Prague")
    for _ in range(2):
        assert told() == [SUMMER, SUMMER, WINTER + timedelta(hours=1)]
        assert "0 recorded, 3 known" in imported(push_server, timezone="Europe/Prague", again=True)


@pytest.mark.usefixtures("db")
def test_a_clock_an_hour_ahead_is_told_and_its_rows_are_kept(
    push_server: PushServerDatabase,
) -> None:
    now = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
    node = registered(VendorServer(push_server))
    ahead = VendorServer(push_server, skew=timedelta(hours=1))
    report = Report()
    report.add(read_on(push_server, at=now))
    ahead.send("mobile", "user-1", INIT, at=now + SECOND)
    report.add(read_on(push_server, at=now + 2 * SECOND))
    node.send("mobile", "user-1", INIT, at=now + 3 * SECOND)
    report.add(read_on(push_server, at=now + 4 * SECOND))
    assert told() == [now + 3 * SECOND, now + timedelta(hours=1) + SECOND]
    assert set(Notification.objects.values_list("activation_id", flat=True)) == {A}
    (words,) = report.new_warnings()
    assert "times up to 1 h 0 min later than the clock of the database: --timezone" in words
    assert not list(report.new_warnings())


@pytest.mark.usefixtures("db")
def test_a_zone_that_is_wrong_by_hours_shows_in_new_rows(push_server: PushServerDatabase) -> None:
    now = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
    node = registered(VendorServer(push_server))  # it writes UTC
    report = Report()
    for n in range(6):
        report.add(read_on(push_server, zone="Europe/Prague", at=now + n * SECOND))
        node.send("mobile", "user-1", INIT, at=now + n * SECOND)
    assert [each for each in report.new_warnings() if "about 1 h before they came" in each]


def test_what_a_time_may_mean() -> None:
    spring = "2026-03-29 02:30:00"  # there is none
    assert moments_of(spring, PRAGUE) == (datetime(2026, 3, 29, 1, 30, tzinfo=UTC),)
    assert moments_of("2025-10-26 02:30:00.5", PRAGUE) == (
        SUMMER + timedelta(seconds=0.5),
        WINTER + timedelta(seconds=0.5),
    )
    assert moments_of("2025-10-26 02:30:00+00", PRAGUE) == (SUMMER + timedelta(hours=2),)
    for none in (None, "infinity", "0044-03-15 00:00:00 BC", "0001-01-01 00:00:00"):
        assert not moments_of(none, ZoneInfo("Asia/Tokyo"))


def test_a_live_row_is_of_just_before() -> None:
    moments = (SUMMER, WINTER)
    for now, expected in (
        (SUMMER - SECOND, SUMMER),  # a clock that is a little ahead
        (SUMMER + SECOND, SUMMER),
        (WINTER - SECOND, WINTER),
        (WINTER + timedelta(hours=9), WINTER),
    ):
        assert chosen(moments, now=now, is_live=True) == expected
        assert chosen(moments, now=now, is_live=False) == SUMMER
