"""The worker does what is due, and goes on when the database does not."""

import logging
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from notifications.ingest.envelope import emission_from
from notifications.ingest.recorder import record
from notifications.integrity.tallies import NOTHING, fold_tallies
from notifications.management.commands import work
from notifications.models import DailyTally
from notifications.models.partitions import plan_partitions
from notifications.trace.overview import read_overview
from tests.conftest import INIT, NOW


def tell(count: int) -> None:
    record(
        [
            emission_from(
                {"emitted_at": (NOW + timedelta(seconds=n)).isoformat(), "extras": INIT}, now=NOW
            )
            for n in range(count)
        ],
        source="bank",
    )


@pytest.mark.usefixtures("committed_db")
def test_once_does_all_that_is_due_and_ends() -> None:
    assert plan_partitions(timezone.now()).to_make
    tell(3)
    call_command("work", once=True, stdout=StringIO())
    assert plan_partitions(timezone.now()).to_make == ()
    assert sum(DailyTally.objects.values_list("count", flat=True)) == 3
    assert fold_tallies() == NOTHING
    told = read_overview()
    assert told is not None
    assert [each.source for each in told.contacts] == ["bank"]


@pytest.mark.usefixtures("committed_db")
def test_a_lost_database_is_logged_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    tell(1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (session,) = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [session])
    other.close()
    with caplog.at_level(logging.ERROR):
        assert work._do("tallies", set()) == work.RETRY_SECONDS
    assert [each.getMessage() for each in caplog.records] == [
        "tallies: AdminShutdown; again in 5 s"
    ]
    assert work._do("tallies", set()) == work.JOBS["tallies"].every
    assert fold_tallies() == NOTHING


@pytest.mark.usefixtures("committed_db")
def test_what_is_logged_names_no_value(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 'user-4711'::integer")
        return False

    monkeypatch.setattr(work, "JOBS", {"failing": work.Job(every=1, do=fail)})
    assert work._do("failing", set()) == work.RETRY_SECONDS
    assert "failing: InvalidTextRepresentation" in caplog.text
    assert "4711" not in caplog.text


@pytest.mark.usefixtures("committed_db")
def test_more_of_the_same_is_due_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    left = iter([True, True, False])
    monkeypatch.setattr(work, "JOBS", {"counting": work.Job(every=7, do=lambda: next(left))})
    assert [work._do("counting", set()) for _ in range(3)] == [0.0, 0.0, 7]
