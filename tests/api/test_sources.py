"""Each source tells its last contact, lag, errors and coverage."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient

from notifications.ingest.contacts import note_contact, note_error
from notifications.models import ClockDay, ContactKind, Coverage, PushServerReading, Source
from notifications.models.clock import write_clock
from notifications.protocol.clocks import Clock
from notifications.trace.overview import keep_overview
from tests.conftest import INIT, SOURCE

SOURCES = "/api/v1/sources/"
ONE = f"{SOURCES}{SOURCE}/"
COVERAGE = f"{ONE}coverage/"
START = datetime(2026, 3, 1, tzinfo=UTC)


def cover(*minutes: tuple[int, int], source: str = SOURCE) -> None:
    for began, ended in minutes:
        times = [START + timedelta(minutes=each) for each in (began, ended)]
        Coverage.objects.create(
            source_id=source, began_at=times[0], ended_at=times[1], kinds=["probe"]
        )


@pytest.fixture
def heard(record_one: Callable[..., UUID]) -> None:
    now = datetime.now(UTC)
    record_one(extras=INIT, emitted_at=(now - timedelta(seconds=30)).isoformat())
    note_contact(SOURCE, ContactKind.HEARTBEAT)
    note_error(SOURCE, code="conflict", pointer="#/message_id")
    keep_overview(now + timedelta(seconds=1))


@pytest.mark.usefixtures("heard")
def test_a_list_tells_how_each_does(auditor: APIClient) -> None:
    (told,) = auditor.get(SOURCES).json()["results"]
    contact = Coverage.objects.get().ended_at
    assert told["last_contact_at"].startswith(f"{contact:%Y-%m-%dT%H:%M:%S}")
    assert told["is_covered"] is True
    assert told["not_covered_since"] is None
    assert told["contact_kinds"] == ["heartbeat"]
    assert told["errors_lately"] == 1
    assert 30 <= told["last_report"]["lag_seconds"] < 60


@pytest.mark.usefixtures("heard")
def test_one_tells_what_it_reported_and_what_was_refused(auditor: APIClient) -> None:
    told = auditor.get(ONE).json()
    assert [each["message_type"] for each in told["types"]] == [INIT["messageType"]]
    assert told["events"] == []
    assert told["lag_median_of"] == 1
    assert told["lag_median_seconds"] == told["last_report"]["lag_seconds"]
    (error,) = told["errors"]
    assert (error["code"], error["pointer"], error["count"]) == ("conflict", "#/message_id", 1)
    assert told["links"]["coverage"].endswith(COVERAGE)


def test_the_clock_is_told_by_what_it_was_compared_with(
    auditor: APIClient, record_one: Callable[..., UUID]
) -> None:
    record_one()
    assert auditor.get(ONE).json()["clock"] is None
    now = datetime.now(UTC)
    start = now.replace(hour=0, minute=0, second=0, microsecond=0)
    clock = Clock(
        SOURCE,
        timedelta(seconds=240.25),
        since=start,
        until=start + timedelta(days=1),
        spread=timedelta(seconds=1),
        pairs=24,
        against="push-mirror",
    )
    ClockDay.objects.create(day=now.date(), clocks=[write_clock(clock)], looked_at=now)
    told = auditor.get(ONE).json()["clock"]
    assert told.pop("since") == f"{start:%Y-%m-%d}T00:00:00.000Z"
    assert {"until", "as_of"} <= told.keys()
    del told["until"], told["as_of"]
    assert told == {
        "against": "push-mirror",
        "ahead_seconds": 240.25,
        "spread_seconds": 1.0,
        "pairs": 24,
        "is_corrected": True,
    }


def test_coverage_has_intervals_and_holes_of_a_window(
    auditor: APIClient, record_one: Callable[..., UUID]
) -> None:
    record_one()
    cover((0, 60), (90, 120))
    window = {"since": "2026-02-28T23:30:00Z", "until": "2026-03-01T01:45:00Z"}
    told = auditor.get(COVERAGE, window).json()
    assert told["measured_since"] == "2026-03-01T00:00:00.000Z"
    assert told["silence"] == 300
    assert told["settled_until"] == "2026-03-01T01:45:00.000Z"
    hole = {"since": "2026-03-01T01:00:00.000Z", "until": "2026-03-01T01:30:00.000Z"}
    assert told["holes"] == [hole]
    assert [each["until"][11:16] for each in told["intervals"]] == ["01:00", "01:45"]
    later = auditor.get(COVERAGE, {"since": "1h"}).json()
    assert later["intervals"] == []
    assert len(later["holes"]) == 1


@pytest.mark.usefixtures("heard")
def test_what_the_next_contact_may_cover_is_no_hole(auditor: APIClient) -> None:
    told = auditor.get(COVERAGE).json()
    assert told["holes"] == []
    assert told["settled_until"] == told["intervals"][-1]["until"]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"since": "32d"}, "invalid_parameter"),
        ({"since": "yesterday"}, "invalid_parameter"),
        ({"cursor": "x"}, "unknown_parameter"),
    ],
)
@pytest.mark.usefixtures("heard")
def test_a_window_that_is_none_is_refused(
    auditor: APIClient, asked: dict[str, str], code: str
) -> None:
    response = auditor.get(COVERAGE, asked)
    assert (response.status_code, response.json()["code"]) == (400, code)


def test_too_many_intervals_are_too_much(
    auditor: APIClient, record_one: Callable[..., UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    record_one()
    cover((0, 1), (10, 11), (20, 21))
    monkeypatch.setattr("notifications.trace.coverage.MOST_SHOWN", 2)
    window = {"since": "2026-03-01T00:00:00Z", "until": "2026-03-02T00:00:00Z"}
    response = auditor.get(COVERAGE, window)
    assert (response.status_code, response.json()["code"]) == (400, "too_much")


def test_there_is_none_of_an_unknown_source(auditor: APIClient) -> None:
    assert auditor.get(f"{SOURCES}nobody/coverage/").status_code == 404


def test_lists_cost_the_same_for_many(
    auditor: APIClient, record_one: Callable[..., UUID], django_assert_num_queries: Any
) -> None:
    for number in range(9):
        record_one(source=f"source-{number}")
        cover((0, 9), source=f"source-{number}")
        note_error(f"source-{number}", code="conflict")
    auditor.get(SOURCES)
    for size in (1, 9):
        with django_assert_num_queries(6):
            assert len(auditor.get(SOURCES, {"page_size": size}).json()["results"]) == size


@pytest.mark.usefixtures("heard")
def test_a_push_server_tells_how_far_its_database_was_read(auditor: APIClient) -> None:
    assert auditor.get(ONE).json()["reading"] is None
    PushServerReading.objects.create(
        source=Source.objects.get(pk=SOURCE),
        zone="Europe/Prague",
        polled_at=datetime.now(UTC) - timedelta(seconds=5),
        positions={"push_message": {"last": 9, "told": None, "missing": [[4, 6, None]]}},
        rows_read=6,
    )
    told = auditor.get(ONE).json()["reading"]
    assert 5 <= told["lag_seconds"] < 60
    assert (told["zone"], told["missing"], told["awaited"]) == ("Europe/Prague", 3, 0)
    assert (told["storage"], told["storage_since"], told["problem"]) == ("unknown", None, "")
