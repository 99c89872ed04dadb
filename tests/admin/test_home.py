"""The home page: figures that agree with the lists they lead to, each part with its age."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications.admin.day_chart import chart_of_day
from notifications.admin.home import age, home_of
from notifications.ingest.contacts import note_contact
from notifications.ingest.envelope import emission_from
from notifications.ingest.recorder import record
from notifications.integrity.tallies import fold_tallies
from notifications.models import (
    Account,
    ContactKind,
    Coverage,
    HourlyTally,
    Notification,
    Overview,
    TallyMark,
)
from notifications.protocol.window import HOUR
from notifications.trace import gaps, overview
from notifications.trace.hours import WEEK, Hour, day_of
from notifications.trace.overview import keep_overview
from tests.admin.exporting import signed_in
from tests.conftest import FINISHED, INIT, NOW
from tests.trace.stories import STORIES

HOME = "/admin/"
RUN = "manage.py work"
Record = Callable[..., Any]
_numbers = count()


def tally(at: datetime, number: int, message_type: str | None = None) -> None:
    HourlyTally.objects.create(
        starts_at=at,
        count=number,
        message_type=message_type,
        codes=[],
        key=b"of this test" + next(_numbers).to_bytes(20),
    )


def figures_at(now: datetime, **options: Any) -> dict[str, Any]:
    home = home_of(now, options.get("zone", UTC), lambda rights: True)
    return {each.name: each for each in home.figures}


def work(now: datetime) -> None:
    while fold_tallies().more:
        pass
    Overview.objects.all().delete()
    assert keep_overview(now)


@pytest.mark.usefixtures("committed_db")
@pytest.mark.parametrize("zone", [UTC, ZoneInfo("Asia/Tokyo"), ZoneInfo("America/New_York")])
def test_each_figure_is_that_of_its_list(zone: ZoneInfo) -> None:
    """In any zone, of things emitted in every hour of three days."""
    now = datetime.now(UTC)
    told = []
    for n in range(72):
        at = (now + timedelta(hours=n - 60)).isoformat()
        operation = f"00000000-0000-4000-8000-{n:012}"
        told.append({"emitted_at": at, "extras": INIT | {"operationId": operation}})
        if n % 3:
            told.append({"emitted_at": at, "extras": FINISHED | {"operationId": operation}})
        if n % 5 == 0:
            told.append({"emitted_at": at, "extras": {"messageType": "x"}})
    record([emission_from(each, now=now) for each in told], source="bank")
    work(now)
    client = signed_in("Operators")
    figures = figures_at(now, zone=zone)
    assert list(figures) == ["emitted", "missing", "nonconforming"]
    day = day_of(now, zone)
    emitted = Notification.objects.emitted_between(day.since, day.until)
    assert figures["emitted"].number == emitted.count() > 15
    assert figures["nonconforming"].number == emitted.nonconforming().count() > 1
    for name, filters in (("emitted", {}), ("nonconforming", {"finding": ["any"]})):
        asked = parse_qs(urlsplit(figures[name].address).query)
        bounds = {key: [each.isoformat().replace("+00:00", "Z")] for key, each in
                  (("since", day.since), ("until", day.until))}  # fmt: skip
        assert asked == bounds | filters
    listed = client.get(figures["missing"].address)
    assert figures["missing"].number == listed.context["gaps"].counts.missing
    assert {each.counts_as for each in listed.context["gaps"].entries} <= {"missing"}


@pytest.mark.usefixtures("committed_db")
def test_what_is_shown_follows_the_worker() -> None:
    now = timezone.now()
    client = signed_in("Operators")
    record([emission_from({"extras": INIT}, now=now)], source="bank")
    page = client.get(HOME).content.decode()
    assert RUN in page
    assert "Not looked for yet." in page
    TallyMark.objects.update(below=0)
    home = client.get(HOME).context["home"]
    assert [each.number for each in home.figures] == [None, None, None]
    assert home.chart is None
    work(timezone.now())
    page = client.get(HOME)
    assert RUN not in page.content.decode()
    assert "all that is recorded is counted" in page.content.decode()
    record([emission_from({"extras": FINISHED}, now=now)], source="bank")
    page = client.get(HOME)
    assert "counted up to" in page.content.decode()
    assert page.context["home"].counted.at >= now
    later = now + timedelta(minutes=4)
    assert home_of(later, UTC, lambda rights: True).is_late


@pytest.mark.django_db
def test_an_idle_worker_is_noticed_and_a_slow_one_is_not() -> None:
    keep_overview(NOW)

    def is_late(minutes: int) -> bool:
        return home_of(NOW + timedelta(minutes=minutes), UTC, lambda rights: True).is_late

    assert [is_late(minutes) for minutes in (0, 2, 4)] == [False, False, True]
    Overview.objects.update(took=timedelta(seconds=20))  # and so made every 200
    assert [is_late(minutes) for minutes in (4, 6, 7)] == [False, False, True]


def test_too_much_is_said_in_place_of_a_number(
    operator_client: Client, tell: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(STORIES[0])
    monkeypatch.setattr(gaps, "MOST_SUSPECTS", 0)
    keep_overview(NOW)
    assert figures_at(NOW)["missing"].number is None
    page = operator_client.get(HOME).content.decode()
    assert "Too many operations are not in order" in page
    assert "/admin/gaps/?since=1h" in page


def test_what_was_looked_for_yesterday_is_no_figure_of_today(tell: Record) -> None:
    tell(STORIES[0])
    keep_overview(NOW + timedelta(hours=8))
    assert figures_at(NOW + timedelta(hours=8))["missing"].number == 1
    assert figures_at(NOW + timedelta(days=1))["missing"].number is None


def test_the_newest_gaps_lead_on(operator_client: Client, tell: Record) -> None:
    tell(STORIES[0])
    keep_overview(NOW + timedelta(hours=8))
    page = operator_client.get(HOME)
    ((gap, device_trace),) = page.context["home"].gaps
    assert operator_client.get(device_trace).context["trace"].counts.missing == 1
    text = page.content.decode()
    assert f"/operation/{gap.operation}/timeline/" in text
    assert device_trace.replace("&", "&amp;") in text
    assert "finish sent to other devices only" in text
    assert "martin" not in text
    listed = operator_client.get(page.context["home"].gaps_address)
    assert listed.status_code == 200
    assert listed.context["question"].problems == ()


@pytest.mark.parametrize(
    ("rights", "parts"),
    [
        ("", set()),
        ("view_notification", {"emitted-today", "nonconforming-today"}),
        ("view_operation", set()),
        ("view_source", {"sources"}),
        (
            "view_notification view_operation",
            {"emitted-today", "missing-today", "nonconforming-today", "newest-gaps"},
        ),
    ],
)
def test_each_part_needs_its_right(tell: Record, rights: str, parts: set[str]) -> None:
    tell(STORIES[0])
    keep_overview(timezone.now())
    account = Account.objects.create_user("narrow", is_staff=True)
    account.user_permissions.set(Permission.objects.filter(codename__in=rights.split()))
    client = Client()
    client.force_login(account)
    page = client.get(HOME).content.decode()
    every = ("emitted-today", "missing-today", "nonconforming-today", "newest-gaps", "sources")
    assert {name for name in every if f'id="{name}"' in page} == parts
    assert ("retail" in page or "bank</bdi>" in page) == ("sources" in parts)


@pytest.mark.parametrize("group", ["Support", "Operators", "Analysts", "Auditors"])
def test_whoever_reads_sees_all_of_it(browser_of: Callable[[str], Client], group: str) -> None:
    keep_overview(timezone.now())
    page = browser_of(group).get(HOME).content.decode()
    assert all(f'id="{name}"' in page for name in ("today", "newest-gaps", "sources"))


def test_it_costs_the_same_however_much_is_recorded(
    operator_client: Client, record_one: Record
) -> None:
    costs = []
    for size in (1, 40):
        for n in range(size):
            record_one(extras=INIT | {"operationId": f"op-{size}-{n}"}, source=f"source-{size}-{n}")
            tally(NOW.replace(minute=0, second=0, microsecond=0) + n * HOUR, n)
        Overview.objects.all().delete()
        keep_overview(NOW + timedelta(hours=1))
        with CaptureQueriesContext(connection) as queries:
            assert operator_client.get(HOME).status_code == 200
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 10


def test_silence_is_told_when_it_is_long(operator_client: Client, record_one: Record) -> None:
    for source, hours in (("awake", 1), ("asleep", 4), ("gone", 24 * 12)):
        at = NOW - timedelta(hours=hours)
        record_one(source=source, emitted_at=at.isoformat())
    record_one(source="ahead", emitted_at=(NOW + timedelta(days=1)).isoformat())
    keep_overview(NOW)
    page = operator_client.get(HOME)
    told = {each.last.source: each.silent for each in page.context["home"].contacts}
    assert told == {"awake": "", "asleep": "4 h", "gone": "12 days", "ahead": ""}
    assert list(told) == ["awake", "asleep", "gone", "ahead"]
    text = page.content.decode()
    assert "silent for 4 h" in text
    assert "nothing emitted up to then" in text


def test_sources_that_are_not_covered_now_are_marked_and_come_first(
    operator_client: Client, record_one: Record
) -> None:
    for source in ("awake", "cut-off", "unmeasured"):
        record_one(source=source)
    for source in ("awake", "cut-off"):
        note_contact(source, ContactKind.HEARTBEAT)
    ended = timezone.now() - timedelta(hours=1)
    Coverage.objects.filter(source="cut-off").update(began_at=ended, ended_at=ended)
    keep_overview(NOW)
    page = operator_client.get(HOME)
    contacts = page.context["home"].contacts
    assert contacts[0].last.source == "cut-off"
    now = timezone.now()
    assert {each.last.source: each.standing.is_covered(now) for each in contacts} == {
        "cut-off": False,
        "awake": True,
        "unmeasured": None,
    }
    text = page.content.decode()
    assert "not covered" in text
    assert f"{ended:%Y-%m-%d %H:%M:%S}" in text


def test_of_many_sources_some_are_shown(operator_client: Client, record_one: Record) -> None:
    for n in range(15):
        record_one(source=f"source-{n}")
    keep_overview(NOW)
    page = operator_client.get(HOME)
    assert len(page.context["home"].contacts) == 12
    assert "3 more sources" in page.content.decode()


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=-1), "0 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=47), "47 h"),
        (timedelta(days=2), "2 days"),
    ],
)
def test_an_age_is_as_exact_as_it_is_of_use(length: timedelta, words: str) -> None:
    assert age(length) == words


def address(hour: Hour) -> str:
    return f"?since={hour.at:%H}"


def test_the_table_has_the_numbers_of_the_drawing() -> None:
    noon = datetime(2026, 3, 14, 12, tzinfo=UTC)
    hours = [
        Hour(
            at=noon + n * HOUR, sent={"mtoken.operationInit": n, "other": 1} if n else {}, before=7
        )
        for n in range(3)
    ] + [Hour(at=noon + 3 * HOUR, before=None), Hour(at=noon + 4 * HOUR, before=2)]
    chart = chart_of_day(hours, now=noon + 2.5 * HOUR, zone=UTC, address=address)
    assert [each.text for each in chart.legend] == ["operationInit", "other or no type"]
    assert [(row.time, row.cells, row.total, row.before) for row in chart.rows] == [
        ("12:00", (0, 0), 0, 7),
        ("13:00", (1, 1), 2, 7),
        ("14:00", (2, 1), 3, 7),
        ("15:00", (None, None), None, None),
        ("16:00", (None, None), None, 2),
    ]
    assert [column.told for column in chart.columns] == [
        "12:00 to 13:00: nothing; a week ago 7",
        "13:00 to 14:00: 1 operationInit, 1 other or no type; a week ago 7",
        "14:00 to 15:00: 2 operationInit, 1 other or no type; a week ago 7",
    ]
    assert [column.address for column in chart.columns] == [row.address for row in chart.rows[:3]]
    assert [row.is_unfinished for row in chart.rows] == [False, False, True, False, False]
    assert chart.line.count("M") == 2  # none where the clocks had no such hour
    assert chart.line.count("H") == 4


@pytest.mark.parametrize("highest", [1, 7, 123_456])
@pytest.mark.parametrize("size", [23, 24, 25])
def test_the_drawing_keeps_within_its_frame(highest: int, size: int) -> None:
    hours = [
        Hour(at=NOW + n * HOUR, sent={"other": highest * n // size}, before=highest)
        for n in range(size)
    ]
    chart = chart_of_day(hours, now=NOW + WEEK, zone=UTC, address=address)
    for column in chart.columns:
        assert column.left <= column.x
        assert column.x + column.width <= column.left + column.room + 0.01 <= 952.02
        assert all(bar.y >= 14 and bar.y + bar.height <= 164.01 for bar in column.bars)


def test_hours_lead_to_their_notifications(operator_client: Client) -> None:
    TallyMark.objects.update(below=1)
    at = timezone.now().replace(minute=0, second=0, microsecond=0)
    tally(at, 5, "mtoken.operationInit")
    tally(at - WEEK, 3)
    page = operator_client.get(HOME)
    chart = page.context["home"].chart
    (column,) = [each for each in chart.columns if each.bars]
    assert column.is_unfinished
    assert parse_qs(urlsplit(column.address).query)["since"] == [f"{at:%Y-%m-%dT%H:%M:%S}Z"]
    assert column.address.replace("&", "&amp;") in page.content.decode()
    assert "(not over yet)" in page.content.decode()


@pytest.mark.django_db
def test_whole_hours_are_compared_with_whole_hours() -> None:
    TallyMark.objects.update(below=1)
    for at, number in ((8, 10), (9, 5)):  # the second is not over
        tally(NOW.replace(hour=at, minute=0, second=0, microsecond=0), number)
        tally(NOW.replace(hour=at, minute=0, second=0, microsecond=0) - WEEK, number * 100)
    figure = figures_at(NOW)["emitted"]
    assert figure.number == 15
    assert figure.told == "10 by 09:00; a week ago it was 1,000."
    tokyo = figures_at(NOW, zone=ZoneInfo("Asia/Tokyo"))["emitted"]
    assert tokyo.told == "10 by 18:00; a week ago it was 1,000."


@pytest.mark.django_db
def test_a_day_s_window_lies_within_what_is_looked_for() -> None:
    """Whatever the zone, so that no hour of today is left out of the figure."""
    keep_overview(NOW)
    told = overview.read_overview()
    assert told is not None
    assert told.gaps is not None
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu"):
        day = day_of(NOW, ZoneInfo(zone))
        assert told.gaps.window.since <= day.since
        assert day.until <= told.gaps.window.until
