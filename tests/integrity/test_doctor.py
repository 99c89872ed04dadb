"""The doctor finds what was done to a record, names it, and says nothing of a healthy one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from notifications.ingest.contacts import note_contact
from notifications.ingest.envelope import emission_from
from notifications.ingest.push_server.wanted import want
from notifications.ingest.recorder import record
from notifications.integrity.doctor import EXAMINATIONS, examine
from notifications.integrity.tallies import fold_tallies
from notifications.models import (
    Account,
    ClockDay,
    ContactKind,
    Export,
    MessageStorage,
    PushServerReading,
)
from notifications.models.clock import write_clock
from notifications.protocol.clocks import Clock
from tests.conftest import INIT, NOW, SOURCE

COPIED = """
INSERT INTO notifications_notification (
    id, source_id, digest, addressed_to, per_device, extras, findings, rules, emitted_at,
    recorded_at
)
SELECT {id}, source_id, digest, addressed_to, per_device, extras, findings, rules, emitted_at,
    {recorded_at}
FROM notifications_notification LIMIT 1
"""
HARM = {
    "unguarded": "ALTER TABLE notifications_notification_y2026m03 DISABLE TRIGGER refuse_truncate",
    "default_partition": "CREATE TABLE rest PARTITION OF notifications_notification DEFAULT",
    "foreign_id": COPIED.format(
        id="overlay(id::text placing 'f' from 1)::uuid", recorded_at="now()"
    ),
    "clock_jumped": COPIED.format(
        id="overlay(id::text placing '1' from 36)::uuid", recorded_at="now() - interval '1 hour'"
    ),
    "lost_recipient": "DELETE FROM notifications_recipient",
    "lost_source": "DELETE FROM notifications_source",
    "subjects_differ": "UPDATE notifications_operation SET result = 'x'",
    "first_reports_differ": "DELETE FROM notifications_firstreport",
    "tallies_differ": "UPDATE notifications_dailytally SET count = count + 1",
}


def tell(*, source: str = SOURCE, **envelope: Any) -> None:
    record([emission_from({"extras": INIT, **envelope}, now=NOW)], source=source)


@pytest.fixture
def recorded(committed_db: str) -> None:
    call_command("partitions", apply=True, verbosity=0, stdout=StringIO())
    for number in range(3):
        moment = (NOW + timedelta(seconds=number)).isoformat()
        tell(emitted_at=moment, message_id=f"m-{number}", user_id="user")
    fold_tallies()


def symptoms(now: datetime | None = None) -> list[str]:
    return [symptom.code for _, found in examine(now or timezone.now()) for symptom in found]


@pytest.mark.usefixtures("recorded")
def test_a_healthy_record_has_no_symptom() -> None:
    out = StringIO()
    call_command("doctor", stdout=out)
    assert out.getvalue().split() == [word for name in EXAMINATIONS for word in ("well", name)]


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize("code", HARM)
def test_what_was_done_to_it_is_found(code: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(HARM[code])
    found = set(symptoms())
    assert found - {"unguarded"} == {code} - {"unguarded"}  # a default partition has no guards
    assert code in found
    out = StringIO()
    with pytest.raises(SystemExit) as ending:
        call_command("doctor", stdout=out)
    assert ending.value.code == 1
    assert f"{code}: " in out.getvalue()


@pytest.mark.usefixtures("recorded")
def test_an_unguarded_record_of_who_looked_is_found() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER refuse_change ON notifications_accessrecord")
    assert symptoms() == ["unguarded"]


@pytest.mark.usefixtures("recorded")
def test_a_message_id_under_two_times_is_found() -> None:
    tell(emitted_at="2026-03-15T00:00:00Z", message_id="m-1")
    tell(emitted_at="2026-03-15T00:00:00Z", message_id="m-2", source="other")
    assert symptoms() == ["two_identities"]
    ((symptom,),) = [found for _, found in examine(timezone.now()) if found]
    assert symptom.detail.endswith(f"m-1 of {SOURCE} (2)")


@pytest.mark.usefixtures("recorded")
def test_a_source_that_reports_the_future_is_found() -> None:
    ahead = datetime.now(UTC) + timedelta(minutes=2)
    tell(emitted_at=ahead.isoformat(), source="early")
    assert symptoms() == ["clock_ahead"]


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    ("seconds", "told"),
    [(29, None), (-45, "is 45 s behind by that of mirror"), (7200, "too far to be made up for")],
)
def test_clocks_that_are_far_apart_are_found(seconds: int, told: str | None) -> None:
    now = timezone.now()
    end = now + timedelta(hours=1)
    clock = Clock(SOURCE, timedelta(seconds=seconds), now, end, pairs=20, against="mirror")
    unsteady = replace(clock, source="another", spread=timedelta(minutes=5))
    rows = [write_clock(each) for each in (clock, unsteady)]
    ClockDay.objects.create(day=now.date(), clocks=rows, looked_at=now)
    found = [each for _, those in examine(end) for each in those]
    assert [each.code for each in found] == ["clocks_apart"] * (told is not None)
    assert told is None or told in found[0].detail


@pytest.mark.usefixtures("recorded")
def test_a_month_that_nobody_made_is_found() -> None:
    assert symptoms(datetime(2040, 1, 1, tzinfo=UTC)) == ["missing_month", "missing_month"]


@pytest.mark.usefixtures("recorded")
def test_exports_that_nobody_makes_are_found() -> None:
    now = timezone.now()
    export = Export.objects.create(
        who="ana",
        via="api",
        dataset="notifications",
        format="csv",
        filters={},
        tells_users=False,
        delivery="job",
        state="queued",
    )
    later = now + timedelta(minutes=11)
    assert symptoms(now) == []
    assert symptoms(later) == ["exports_wait"]
    Export.objects.update(state="running", claim=export.pk, alive_at=later)
    assert symptoms(later) == []
    Export.objects.update(alive_at=now)
    assert symptoms(later) == ["exports_wait"]


@pytest.mark.usefixtures("recorded")
def test_counting_that_is_far_behind_is_found() -> None:
    tell(emitted_at="2026-03-15T00:00:00Z", message_id="m-9")
    assert symptoms() == []  # counting may be behind a little
    later = timezone.now() + timedelta(minutes=11)
    assert symptoms(later) == ["tallies_behind"]
    fold_tallies()
    assert symptoms(later) == []


@pytest.mark.usefixtures("recorded")
def test_a_measured_source_that_is_silent_is_named() -> None:
    note_contact(SOURCE, ContactKind.PROBE)
    now = timezone.now()
    assert symptoms(now) == []
    later = now + timedelta(minutes=6)
    (symptom,) = [each for _, found in examine(later) for each in found]
    assert symptom.code == "source_silent"
    assert symptom.detail.startswith(f"{SOURCE} is measured")
    account = Account.objects.create(username=SOURCE)
    assert symptoms(later) == ["source_silent"]
    account.is_active = False
    account.save()
    assert symptoms(later) == []


@pytest.mark.usefixtures("recorded")
def test_a_push_server_that_is_wanted_and_not_read_is_named_with_the_problem() -> None:
    now = timezone.now()
    want("push-server", True, "operator", now, zone="UTC")
    later = now + timedelta(minutes=6)
    assert symptoms(now) == []
    assert symptoms(later) == ["push_server_unread"]
    PushServerReading.objects.update(polled_at=later)
    assert symptoms(later) == []
    PushServerReading.objects.update(polled_at=now, problem="Let me in.")
    ((symptom,),) = [found for _, found in examine(later) if found]
    assert f"read to its end at {now:%Y-%m-%d %H:%M:%S} UTC: Let me in." in symptom.detail
    want("push-server", False, "operator", now)
    assert symptoms(later) == []


@pytest.mark.usefixtures("recorded")
def test_a_push_server_that_stores_nothing_is_named() -> None:
    want("push-server", False, "operator", timezone.now(), zone="UTC")
    assert symptoms() == []
    PushServerReading.objects.update(storage=MessageStorage.OFF)
    assert symptoms() == ["message_storage_off"]
