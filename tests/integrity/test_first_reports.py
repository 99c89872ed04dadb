"""What is noted of first reports is derived again from the evidence, and put right."""

from io import StringIO

import pytest
from django.core.management import call_command

from notifications.ingest.events import ActivationReport, record_events
from notifications.integrity.first_reports import find_different_reports
from notifications.models import FirstReport
from notifications.models.querysets import Extent
from notifications.protocol.events import ActivationEventKind
from notifications.trace.reporting import Reporting, reporting_of
from tests.trace.conftest import UNTIL
from tests.trace.happening import at
from tests.trace.test_limits import envelopes_of_all_apps, record_each


@pytest.fixture
def noted(committed_db: str) -> Reporting:
    """In no order, so that there are first ones after first ones."""
    envelopes = envelopes_of_all_apps(1)
    for place in range(100, -1, -20):
        record_each(envelopes[place : place + 20])
    told = {"kind": ActivationEventKind.STATUS, "status": "ACTIVE", "observed_at": at(0)}
    record_events(
        [ActivationReport(key="1", activation_id="a", apps=("x", "y"), **told)], source="app"
    )
    assert FirstReport.objects.count() > len(reporting_of(UNTIL, Extent()).reports)
    return reporting_of(UNTIL, Extent())


def rebuild(*words: str) -> str:
    out = StringIO()
    call_command("rebuild", *words, stdout=out)
    return out.getvalue()


def test_nothing_differs_as_it_was_recorded(noted: Reporting) -> None:
    assert find_different_reports() == []
    assert "first reports" in rebuild()


def test_what_is_lacking_is_named_and_noted_again(noted: Reporting) -> None:
    before = set(FirstReport.objects.values_list("report", "recorded_xid", "app"))
    FirstReport.objects.all().delete()
    told = rebuild("--plan")
    assert f"first reports: {len(before)} wrong" in told
    assert "registrations of x by app" in told
    assert FirstReport.objects.count() == 0
    rebuild()
    assert set(FirstReport.objects.values_list("report", "recorded_xid", "app")) == before
    assert reporting_of(UNTIL, Extent()) == noted


def test_what_nothing_on_record_tells_is_named_and_removed(noted: Reporting) -> None:
    one = FirstReport.objects.order_by("pk")[0]
    FirstReport.objects.create(
        source_id=one.source_id,
        told=one.told,
        app="another",
        report=one.report,
        recorded_at=one.recorded_at,
        recorded_xid=one.recorded_xid,
    )
    (found,) = find_different_reports()
    assert (found.app, found.report) == ("another", one.report)
    rebuild()
    assert find_different_reports() == []
    assert reporting_of(UNTIL, Extent()) == noted
