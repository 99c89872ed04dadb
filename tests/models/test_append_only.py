"""Evidence cannot be changed, not even by the owner of the tables."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from notifications.ingest.deliveries import DeliveryTold, record_deliveries
from notifications.ingest.events import (
    ActivationReport,
    InboxReport,
    OperationReport,
    record_events,
)
from notifications.models import (
    AccessRecord,
    GapNote,
    Notification,
    Presentation,
    PushComparing,
    RuleSetting,
)
from notifications.models.partitions import ensure_partition, existing_partitions
from notifications.protocol.deliveries import Outcome
from notifications.protocol.events import ActivationEventKind
from notifications.trace.access import Viewer, record_access
from notifications.trace.rules import set_rule
from tests.conftest import DEVICE, INIT, NOW, OPERATION, SOURCE

PARENT = "notifications_notification"
ACCESS = "notifications_accessrecord"
EVENTS = {
    "notifications_activationevent": "status",
    "notifications_operationevent": "status",
    "notifications_inboxevent": "key",
    "notifications_presentation": "sound",
    "notifications_deliveryreport": "code",
    "notifications_gapnote": "note",
    "notifications_rulesetting": "note",
    "notifications_settingchange": "after",
}
# With a column to change.
TABLES = {
    PARENT: "result",
    "notifications_notification_y2026m03": "result",
    "notifications_notification_before_2015": "result",
    "notifications_notification_from_2100": "result",
    ACCESS: "who",
    "notifications_pushcomparing": "source_id",
    **EVENTS,
}
STATEMENTS = {
    "update": "UPDATE {table} SET {column} = 'authentication.success'",
    "delete": "DELETE FROM {table}",
    "truncate": "TRUNCATE {table}",
    "truncate cascade": "TRUNCATE {table} CASCADE",
}
MOMENTS = (NOW, datetime(2001, 1, 1, tzinfo=UTC), datetime(2150, 1, 1, tzinfo=UTC))


@pytest.fixture
def evidence(record_one: Callable[..., UUID]) -> None:
    """A row in a month and in each of the two tails, one of each event, and a record of who
    looked."""
    for moment in MOMENTS:
        shown = record_one(emitted_at=moment.isoformat(), extras=INIT)
    PushComparing.objects.create(source_id=SOURCE, compared_at=NOW)
    told: dict[str, Any] = {"key": "a", "observed_at": NOW}
    record_events(
        [
            ActivationReport(kind=ActivationEventKind.STATUS, activation_id=DEVICE, **told),
            OperationReport(operation_id=OPERATION, **told),
            InboxReport(**told),
        ],
        source=SOURCE,
    )
    Presentation.objects.create(notification_id=shown)
    delivery = DeliveryTold(
        notification=shown, key="a", outcome=Outcome.ACCEPTED, observed_at=NOW, code="1"
    )
    record_deliveries([delivery], source=SOURCE)
    set_rule(RuleSetting(source_id=SOURCE, rule="E4", says="applies", who="a", note="b"))
    viewer = Viewer("support", AccessRecord.Via.ADMIN)
    record_access(viewer, action=AccessRecord.Action.DEVICE_TRACE, subject=DEVICE)
    GapNote.objects.create(
        kind=GapNote.Kind.NOTE, note="Seen.", who="support", via=viewer.via, key="E1-a-b",
        rule="E1", reason="never_finished", counts_as="missing", at=NOW,
    )  # fmt: skip


@pytest.mark.parametrize("replica", [False, True], ids=["as owner", "as replica"])
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.usefixtures("evidence")
def test_no_statement_changes_evidence(statement: str, table: str, replica: bool) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        if replica:
            cursor.execute("SET LOCAL session_replication_role = replica")
        with pytest.raises(DatabaseError, match="evidence is append-only"), transaction.atomic():
            cursor.execute(STATEMENTS[statement].format(table=table, column=TABLES[table]))
    assert Notification.objects.count() == len(MOMENTS)
    assert AccessRecord.objects.count() == 1


@pytest.mark.parametrize("replica", [False, True], ids=["as owner", "as replica"])
@pytest.mark.usefixtures("db")
def test_a_month_made_later_is_guarded_too(record_one: Callable[..., UUID], replica: bool) -> None:
    moment = datetime(2031, 7, 1, tzinfo=UTC)
    table = "notifications_notification_y2031m07"
    ensure_partition(moment)
    record_one(emitted_at=moment.isoformat(), extras=INIT)
    with connection.cursor() as cursor:
        if replica:
            cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in STATEMENTS.values():
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                cursor.execute(statement.format(table=table, column="result"))


@pytest.mark.usefixtures("db")
def test_every_table_has_both_guards_always_on() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger"
            " WHERE NOT tgisinternal AND tgenabled = 'A'"
        )
        guards = set(cursor.fetchall())
    for table in (PARENT, *existing_partitions(), ACCESS):
        assert {(table, "refuse_change"), (table, "refuse_truncate")} <= guards


@pytest.mark.usefixtures("db")
def test_the_table_has_the_columns_of_the_model() -> None:
    with connection.cursor() as cursor:
        described = connection.introspection.get_table_description(cursor, PARENT)
    assert {column.name for column in described} == {
        field.column for field in Notification._meta.get_fields() if hasattr(field, "column")
    }
