"""The grants in docs/operations.md are enough to serve and to record, and no more."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from notifications.ingest.contacts import note_contact, note_error
from notifications.ingest.reports import Reports
from notifications.integrity.contents import apply, plan_forgetting
from notifications.integrity.settings import note_settings
from notifications.integrity.tallies import find_differences, fold_tallies, forget_tallies
from notifications.models import AccessRecord, ContactKind, GapNote, RuleSetting
from notifications.protocol.window import Window
from notifications.trace.access import Viewer, record_access
from notifications.trace.gap_hours import begin, keep_gap_hours, write_hours
from notifications.trace.gap_notes import record_notes
from notifications.trace.gap_stats import Question as GapQuestion
from notifications.trace.gap_stats import count_gaps
from notifications.trace.gaps import find_gaps
from notifications.trace.overview import keep_overview, read_overview
from notifications.trace.rules import set_rule
from notifications.trace.sources import standings
from notifications.trace.stats import Question, count
from tests.conftest import INIT, NOW, SOURCE
from tests.ingest.mirroring import INBOX, INBOX_MESSAGE, SEND, mirror, sending, wrapped
from tests.trace.stories import NOON, STORIES

PAGE = Path(__file__).parent.parent / "docs" / "operations.md"


@pytest.fixture
def serving_role(db: None) -> Iterator[None]:
    """This test's transaction goes on as the role that the page describes."""
    (grants,) = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE pushaudit_app")
        cursor.execute(grants.replace("%", "%%"), [])
        cursor.execute("SET LOCAL ROLE pushaudit_app")
        yield
        cursor.execute("RESET ROLE")


def test_it_records_and_reads(
    emitter: APIClient,
    support: APIClient,
    serving_role: None,
    record_one: Callable[..., UUID],
    settings: Settings,
) -> None:
    response = emitter.post("/api/v1/notifications/", {"extras": INIT}, format="json")
    assert response.status_code == 201
    assert len(support.get("/api/v1/notifications/").json()["results"]) == 1
    viewer = Viewer("support", AccessRecord.Via.API)
    record_access(viewer, action=AccessRecord.Action.DEVICE_TRACE, subject="device")
    assert AccessRecord.objects.count() == 1
    set_rule(RuleSetting(source_id=SOURCE, rule="E4", says="applies", who="a", note="b"))
    assert note_settings("web") > 0
    settings.KEEP_CONTENT = True
    for address, body in ((SEND, sending()), (INBOX, wrapped(INBOX_MESSAGE))):
        assert mirror(emitter, address, body).status_code == 200
    assert apply(plan_forgetting(timezone.now() + timedelta(days=1))) == 1
    # A month that nobody made ahead:
    record_one(emitted_at="2037-05-01T00:00:00Z", user_id="user-1", extras=INIT)


def test_it_counts_and_counts_anew(serving_role: None, record_one: Callable[..., UUID]) -> None:
    record_one(extras=INIT, message_id="m-1", emitted_at=NOW.isoformat())
    with connection.cursor() as cursor:
        # As by a transaction that has ended, which this test's own has not.
        cursor.execute("""
            INSERT INTO notifications_notification (
                id, digest, addressed_to, per_device, extras, findings, rules, emitted_at,
                recorded_xid
            )
            SELECT overlay(id::text placing '1' from 36)::uuid, digest, addressed_to, per_device,
                extras, findings, rules, emitted_at, '3'
            FROM notifications_notification
        """)
    for _ in range(2):
        assert fold_tallies().count == 1
        answer = count(Question(window=Window(NOW, NOW + timedelta(hours=1))))
        assert (answer.total, answer.uncounted) == (2, 1)
        assert find_differences() == []
        forget_tallies()


def test_it_keeps_what_the_home_page_shows(
    serving_role: None, record_one: Callable[..., UUID]
) -> None:
    record_one(extras=INIT)
    for later in (timedelta(), timedelta(hours=1)):
        assert keep_overview(NOW + later)
    told = read_overview()
    assert told is not None
    assert [each.source for each in told.contacts] == ["demo-bank"]


def test_it_notes_gaps_and_counts_them(serving_role: None, tell: Callable[..., None]) -> None:
    tell(STORIES[0])
    now = NOON + timedelta(days=3)
    found = find_gaps(Window(NOON - timedelta(hours=1), NOON + timedelta(hours=1)), now=now).entries
    viewer = Viewer("support", AccessRecord.Via.API)
    record_notes(found, GapNote.Kind.ACKNOWLEDGED, "Known.", viewer)
    while keep_gap_hours(now):
        pass
    # What this test's own transaction recorded is not complete for any worker yet.
    window = Window(NOON - timedelta(hours=1), NOON + timedelta(hours=1))
    for told in (found, ()):
        write_hours(window, told, now=now, since=begin(now))
        assert count_gaps(GapQuestion(window=window)).total.count == len(told)


def test_it_notes_contacts_and_errors(serving_role: None) -> None:
    note_contact("mirror", ContactKind.PROBE)
    assert not note_contact("mirror", ContactKind.REPORT, at=datetime.now(UTC)).is_new
    for _ in range(2):
        note_error("mirror", code="conflict")
    Reports().look()
    assert standings(["mirror"], datetime.now(UTC))["mirror"].refused == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE notifications_notification SET result = 'x'",
        "DELETE FROM notifications_notification",
        "UPDATE notifications_accessrecord SET who = 'x'",
        "DELETE FROM notifications_accessrecord",
        "TRUNCATE notifications_accessrecord",
        "UPDATE notifications_activationevent SET status = 'ACTIVE'",
        "DELETE FROM notifications_operationevent",
        "DELETE FROM notifications_inboxevent",
        "UPDATE notifications_presentation SET sound = 'x'",
        "UPDATE notifications_gapnote SET note = 'x'",
        "DELETE FROM notifications_gapnote",
        "TRUNCATE notifications_notification",
        "DELETE FROM notifications_notification_y2026m03",
        "DROP TABLE notifications_notification_y2026m03",
        "ALTER TABLE notifications_notification DISABLE TRIGGER ALL",
        "DROP FUNCTION refuse_change() CASCADE",
        "SELECT attach_notifications('x', 'MINVALUE', 'MAXVALUE')",
        "SET session_replication_role = replica",
    ],
)
def test_it_can_do_nothing_else_to_evidence(serving_role: None, statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match=r"permission denied|must be owner"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
