"""How sources do: in contact, late, refused, covered; at the same cost for any number of them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.ingest.contacts import note_contact, note_error
from notifications.ingest.events import ActivationReport, record_events
from notifications.models import ContactKind, Coverage, Notification, SourceError
from notifications.protocol.events import ActivationEventKind
from notifications.trace.overview import keep_overview
from notifications.trace.sources import errors_of, reports_of, standings
from tests.conftest import FINISHED, INIT

pytestmark = pytest.mark.django_db
Record = Callable[..., UUID]


def now() -> datetime:
    return datetime.now(UTC)


def ago(**length: float) -> str:
    return (now() - timedelta(**length)).isoformat()


def event(source: str, happened_at: datetime) -> None:
    told = ActivationReport(
        key=f"e-{happened_at}", kind=ActivationEventKind.STATUS, activation_id="device",
        status="ACTIVE", happened_at=happened_at, observed_at=now(),
    )  # fmt: skip
    record_events([told], source=source)


def test_a_source_that_was_never_measured_is_neither_covered_nor_not(record_one: Record) -> None:
    record_one(source="bank", emitted_at=ago(seconds=40))
    keep_overview(now())
    standing = standings(["bank"], now())["bank"]
    assert standing.is_covered(now()) is None
    assert standing.last_contact == Notification.objects.get().recorded_at
    lag = standing.last.lag
    assert lag is not None
    assert timedelta(seconds=39) < lag < timedelta(seconds=60)


def test_a_measured_source_is_covered_until_it_is_silent_for_too_long() -> None:
    note_contact("mirror", ContactKind.PROBE)
    ended = Coverage.objects.get().ended_at
    standing = standings(["mirror", "nobody"], now())["mirror"]
    assert standing.kinds == ("probe",)
    assert standing.contact_at == standing.last_contact == ended
    assert standing.is_covered(ended + timedelta(seconds=300)) is True
    assert standing.is_covered(ended + timedelta(seconds=301)) is False


def test_errors_of_the_last_day_are_counted() -> None:
    for code in ("conflict", "malformed_json", "malformed_json"):
        note_error("bank", code=code)
    note_error("other", code="conflict")
    hour = f"{now() - timedelta(hours=30):%Y-%m-%dT%H}"
    SourceError.objects.filter(code="conflict").update(by_hour={hour: 9})
    assert standings(["bank"], now())["bank"].refused == 2
    assert [each.code for each in errors_of("bank")] == ["malformed_json", "conflict"]


def test_events_are_reports(record_one: Record) -> None:
    record_one(source="mirror", emitted_at=ago(hours=2))
    happened = now() - timedelta(hours=1)
    event("mirror", happened)
    keep_overview(now())
    standing = standings(["mirror"], now())["mirror"]
    assert standing.last.emitted_at is not None
    assert abs(standing.last.emitted_at - happened) < timedelta(milliseconds=1)
    (told,) = reports_of(standing, now()).events
    assert told.name == "activationevent"
    assert told.first == told.last


def test_types_and_the_lag_of_the_latest(record_one: Record) -> None:
    for minute in range(1, 4):
        record_one(source="bank", extras=INIT, emitted_at=ago(minutes=minute))
    record_one(source="bank", extras=FINISHED, emitted_at=ago(hours=-1))  # a clock ahead
    record_one(source="bank", extras={"messageType": "x"}, emitted_at=ago(minutes=9))
    record_one(source="other", extras=INIT, emitted_at=ago(days=9))
    reports = reports_of(standings(["bank"], now())["bank"], now())
    (told,) = reports.types
    assert told.name == INIT["messageType"]
    assert told.last - told.first > timedelta(seconds=119)
    assert reports.lag_of == 3
    assert reports.lag is not None
    assert timedelta(seconds=119) < reports.lag < timedelta(seconds=140)
    assert reports.last.emitted_at is not None
    assert abs(now() - reports.last.emitted_at) < timedelta(seconds=80)


def test_any_number_takes_two_queries(record_one: Record) -> None:
    for number in range(12):
        record_one(source=f"source-{number}")
        note_contact(f"source-{number}", ContactKind.HEARTBEAT)
    for count in (1, 12):
        with CaptureQueriesContext(connection) as queries:
            assert len(standings([f"source-{each}" for each in range(count)], now())) == count
        assert len(queries) == 2


def test_what_others_reported_before_is_not_read(tell: Callable[..., None]) -> None:
    start = datetime(2026, 3, 2, tzinfo=UTC)

    def told(since: int, until: int) -> list[dict[str, Any]]:
        times = [start + timedelta(minutes=n) for n in range(since, until)]
        return [{"emitted_at": each.isoformat(), "extras": INIT} for each in times]

    tell(told(0, 3000), source="former")
    tell(told(3000, 6000), source="bank")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE notifications_notification")
    for source in ("bank", "former"):
        with CaptureQueriesContext(connection) as queries:
            reports_of(standings([source], now())[source], now())
        statement = next(each["sql"] for each in queries if "emitted_at" in each["sql"])
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF) {statement}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "Rows Removed" not in plan, plan
        assert "Seq Scan on notifications_notification_y2026m03" not in plan, plan
        assert max(int(each) for each in re.findall(r"actual rows=(\d+)", plan)) <= 100, plan
