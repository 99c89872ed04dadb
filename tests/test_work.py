"""The worker does what is due, and goes on when the database does not."""

import logging
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from notifications.ingest.envelope import emission_from
from notifications.ingest.push_server.turns import Turns
from notifications.ingest.push_server.wanted import want
from notifications.ingest.recorder import record
from notifications.integrity.tallies import NOTHING, fold_tallies
from notifications.management.commands import work
from notifications.models import DailyTally, Notification, PushServerReading
from notifications.models.partitions import plan_partitions
from notifications.trace.overview import read_overview
from pushaudit.push_servers import PushServer
from tests.conftest import DEVICE, INIT, NOW
from tests.ingest.push_server import VendorServer
from tests.ingest.push_server_tables import made


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


@pytest.mark.usefixtures("committed_db")
def test_once_reads_the_push_servers_that_are_wanted_and_passes_over_what_cannot_be(
    settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = timezone.now()
    with made() as database:
        node = VendorServer(database)
        node.add_app("mobile-bank")
        node.register("mobile-bank", "token", DEVICE, "user", at=now - timedelta(days=1))
        node.send("mobile-bank", "user", {"extras": INIT}, at=now - timedelta(minutes=1))
        nowhere = PushServer("postgresql://u:pa55word@127.0.0.1:1/push", "UTC")
        settings.PUSH_SERVERS = {
            "bad": nowhere, "good": PushServer(database.grant(), "UTC"), "unwanted": nowhere,
        }  # fmt: skip
        for source in ("bad", "good"):
            want(source, True, "operator", now, zone="UTC")
        monkeypatch.setattr(work, "TURNS", Turns())
        call_command("work", once=True, stdout=StringIO())
        assert Notification.objects.get(source="good").activation_id == DEVICE
        bad = PushServerReading.objects.get(pk="bad")
        assert bad.problem
        assert bad.polled_at is None
        (told,) = [each for each in caplog.messages if each.startswith("push server")]
        assert told == f"push server bad: {bad.problem}"
        assert "pa55word" not in caplog.text + bad.problem
