"""Reports are contacts of sources that are measured otherwise, at the moment they were recorded."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.ingest.contacts import note_contact
from notifications.ingest.envelope import emission_from
from notifications.ingest.events import ActivationReport, record_events
from notifications.ingest.recorder import record
from notifications.ingest.reports import Reports
from notifications.models import ContactKind, Coverage, Notification
from notifications.protocol.events import ActivationEventKind
from tests.conftest import INIT

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def reports() -> Reports:
    looking = Reports()
    looking.look()
    return looking


def tell(source: str) -> None:
    record([emission_from({"extras": INIT}, now=datetime.now(UTC))], source=source)


def covered() -> dict[str, list[str]]:
    return dict(Coverage.objects.values_list("source_id", "kinds"))


def test_a_report_of_a_measured_source_is_its_contact(reports: Reports) -> None:
    note_contact("bank", ContactKind.HEARTBEAT)
    note_contact("mirror", ContactKind.PROBE)
    tell("bank")
    tell("file")
    reports.look()
    assert covered() == {"bank": ["heartbeat", "report"], "mirror": ["probe"]}
    told = Notification.objects.get(source="bank").recorded_at
    assert Coverage.objects.get(source="bank").ended_at == told


def test_events_are_reports_too(reports: Reports) -> None:
    note_contact("powerauth", ContactKind.POLL)
    record_events(
        [
            ActivationReport(
                key="e-1", kind=ActivationEventKind.STATUS, activation_id="device", status="ACTIVE",
                observed_at=datetime.now(UTC),
            )
        ],
        source="powerauth",
    )  # fmt: skip
    reports.look()
    assert covered() == {"powerauth": ["poll", "report"]}


def test_nothing_is_noted_twice_and_nothing_of_before(reports: Reports) -> None:
    note_contact("bank", ContactKind.HEARTBEAT)
    tell("bank")
    Reports().look()  # another worker that only begins
    assert covered() == {"bank": ["heartbeat"]}
    reports.look()
    Coverage.objects.update(
        ended_at=datetime.now(UTC) - timedelta(hours=1), began_at="2026-01-01T00:00Z"
    )
    reports.look()
    assert Coverage.objects.count() == 1


def test_what_is_committed_late_is_found_late(reports: Reports) -> None:
    note_contact("bank", ContactKind.HEARTBEAT)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT pg_current_xact_id()")  # under way all the time
            tell("bank")
            reports.look()
            assert covered() == {"bank": ["heartbeat"]}
            cursor.execute("COMMIT")
    finally:
        other.close()
    reports.look()
    assert covered() == {"bank": ["heartbeat", "report"]}


def test_it_reads_what_is_new_by_its_index(reports: Reports) -> None:
    note_contact("bank", ContactKind.HEARTBEAT)
    for _ in range(3):
        tell("bank")
    with CaptureQueriesContext(connection) as queries:
        reports.look()
    (statement,) = [each["sql"] for each in queries if "UNION ALL" in each["sql"]]
    assert plan_of(statement).count("notification_y") > 0
    assert "Seq Scan on notifications_notification" not in plan_of(statement)


def plan_of(statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute(f"EXPLAIN {statement}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("RESET enable_seqscan")
    return plan


def test_where_nothing_is_measured_nothing_is_read(
    reports: Reports, django_assert_num_queries: Any
) -> None:
    tell("bank")
    with django_assert_num_queries(2):
        reports.look()
