"""One writer: nothing twice, nothing lost, nothing overwritten, in whatever order it comes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import ProgrammingError, connection

from notifications.ingest.emission import Emission
from notifications.ingest.envelope import emission_from
from notifications.ingest.recorder import MAX_BATCH, Status, record
from notifications.models import (
    Notification,
    Operation,
    Recipient,
    Source,
)
from notifications.protocol.extras import RULES_VERSION
from tests.conftest import DEVICE, FINISHED, INBOX_NEW, INIT, NOW, OPERATION, SOURCE


def emission(*, after: int = 0, **envelope: Any) -> Emission:
    """``after`` milliseconds after NOW."""
    moment = (NOW + timedelta(milliseconds=after)).isoformat()
    return emission_from({"emitted_at": moment, "extras": INIT, **envelope}, now=NOW)


def statuses(*emissions: Emission, source: str = SOURCE) -> list[Status]:
    return list(record(emissions, source=source).statuses)


@pytest.mark.usefixtures("db")
def test_every_column_is_kept() -> None:
    told = emission(
        message_id="m-1",
        app_id="mobile",
        user_id="user-1",
        activation_id=DEVICE,
        per_device=True,
        addressed_to="user",
        platform="ios",
        silent=True,
        personal=False,
        extras=FINISHED | {"note": ["ünïcode", 1, 0.1, None, {"deep": True}]},
    )
    (notification_id,) = record([told], source=SOURCE).ids
    row = Notification.objects.select_related("recipient").get()
    assert row.id == notification_id
    assert (row.source_id, row.message_id, bytes(row.digest)) == (SOURCE, "m-1", told.digest)
    assert (row.message_type, row.result) == (
        "mtoken.operationFinished",
        "authentication.success",
    )
    assert (row.operation_id, row.activation_id, row.inbox_message_id) == (OPERATION, DEVICE, None)
    assert row.recipient.user_id == "user-1"
    assert (row.addressed_to, row.per_device) == ("user", True)
    assert (row.app_id, row.platform, row.silent, row.personal) == ("mobile", "apns", True, False)
    assert row.extras == FINISHED | {"note": ["ünïcode", 1, 0.1, None, {"deep": True}]}
    assert [finding["code"] for finding in row.findings] == ["unexpected_key"]
    assert (row.rules, row.emitted_at) == (RULES_VERSION, NOW)
    assert row.recorded_xid > 0


@pytest.mark.usefixtures("db")
def test_a_repeat_is_a_duplicate_for_ever() -> None:
    told = emission(message_id="m-1", user_id="user-1")
    assert statuses(told) == [Status.RECORDED]
    assert statuses(told) == [Status.DUPLICATE]
    assert Notification.objects.count() == 1


@pytest.mark.usefixtures("db")
def test_another_content_under_the_same_name_is_a_conflict_and_leaves_no_trace() -> None:
    record([emission(message_id="m-1")], source=SOURCE)
    other = emission(message_id="m-1", user_id="other-user", extras=FINISHED)
    assert statuses(other) == [Status.CONFLICT]
    assert Notification.objects.get().extras == INIT
    assert not Recipient.objects.exists()
    assert Operation.objects.get().last_finish_id is None


@pytest.mark.usefixtures("db")
def test_within_one_batch_the_first_wins() -> None:
    first, other = emission(message_id="m-1"), emission(message_id="m-1", extras=FINISHED)
    assert statuses(first, other, first) == [Status.RECORDED, Status.CONFLICT, Status.DUPLICATE]
    assert Notification.objects.get().extras == INIT


@pytest.mark.usefixtures("db")
def test_two_sources_report_the_same_emission_as_two_pieces_of_evidence() -> None:
    told = emission()
    assert statuses(told, source="mirror") == [Status.RECORDED]
    assert statuses(told, source="push-server") == [Status.RECORDED]
    assert Source.objects.count() == 2


@pytest.mark.usefixtures("db")
def test_posts_without_a_time_are_notifications_of_their_own() -> None:
    posts = [emission_from({"extras": INIT}, now=NOW) for _ in range(2)]
    assert statuses(*posts) == [Status.RECORDED, Status.RECORDED]


@pytest.mark.usefixtures("db")
def test_a_batch_has_a_bound() -> None:
    with pytest.raises(ValueError, match="at most 5000"):
        record([emission()] * (MAX_BATCH + 1), source=SOURCE)


@pytest.mark.usefixtures("db")
def test_an_operation_tells_its_first_init_its_last_finish_and_its_result() -> None:
    record(
        [
            emission(after=3, extras=FINISHED | {"mtokenOperationResult": "operation.timeout"}),
            emission(after=1),
            emission(after=2, extras=FINISHED),
            emission(after=0, extras={"messageType": "x", "operationId": OPERATION}),
        ],
        source=SOURCE,
    )
    operation = Operation.objects.get()
    by_time = list(Notification.objects.in_time_order())
    assert operation.first_notification_id == by_time[0].id
    assert (operation.name, operation.named_by_id) == ("login", by_time[1].id)
    assert operation.first_init_id == by_time[1].id
    assert (operation.last_finish_id, operation.result) == (by_time[3].id, "operation.timeout")


@pytest.mark.usefixtures("db")
def test_a_subject_that_learns_nothing_is_not_written() -> None:
    record([emission(activation_id=DEVICE)], source=SOURCE)

    def versions() -> set[Any]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT ctid::text, xmin::text FROM notifications_operation UNION"
                " SELECT ctid::text, xmin::text FROM notifications_activation"
            )
            return set(cursor.fetchall())

    before = versions()
    record([emission(after=5, activation_id=DEVICE)], source=SOURCE)
    assert versions() == before


@pytest.mark.usefixtures("db")
def test_a_failure_keeps_nothing_of_its_batch() -> None:
    with connection.cursor() as cursor:  # the last table that is written
        cursor.execute("ALTER TABLE notifications_inboxmessage RENAME TO gone")
    with pytest.raises(ProgrammingError):
        record([emission(user_id="u1"), emission(after=1, extras=INBOX_NEW)], source=SOURCE)
    assert not Notification.objects.exists()
    assert not Recipient.objects.exists()


@pytest.mark.usefixtures("db")
def test_recording_reads_no_table_as_a_whole() -> None:
    def scans() -> dict[str, int]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT relname, seq_scan FROM pg_stat_xact_user_tables"
                " WHERE relname LIKE 'notifications_%'"
            )
            return dict(cursor.fetchall())

    record([emission(user_id="u1")], source=SOURCE)
    with connection.cursor() as cursor:  # so small a table would be scanned by choice
        cursor.execute("ANALYZE notifications_recipient, notifications_notification")
    before = scans()
    for number in range(1, 9):  # plans are kept from the sixth on
        record([emission(after=number, user_id=f"u{number}")], source=SOURCE)
    record([emission(after=number, user_id="u1") for number in range(20)], source=SOURCE)
    assert scans() == before


def test_recording_order_is_complete_below_the_horizon(record_one: Callable[..., UUID]) -> None:
    for number in range(3):
        record_one(message_id=str(number), emitted_at=NOW.isoformat())
    xids = list(
        Notification.objects.order_by("recorded_xid", "id").values_list("recorded_xid", flat=True)
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        (horizon,) = cursor.fetchone()
    assert all(xid >= horizon for xid in xids)  # this very transaction is not over
