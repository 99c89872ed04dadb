"""Months are made ahead, by the recorder when need be, and never twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from io import StringIO
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from notifications.checks import check_database
from notifications.models import Notification
from notifications.models.partitions import (
    apply,
    ensure_partition,
    existing_partitions,
    plan_partitions,
)
from tests.conftest import INIT

DECEMBER = datetime(2040, 12, 31, 23, 59, tzinfo=UTC)


@pytest.mark.usefixtures("db")
def test_a_plan_names_this_month_and_those_ahead_across_the_year() -> None:
    plan = plan_partitions(DECEMBER, ahead=2)
    assert [month.strftime("%Y-%m") for month in plan.to_make] == ["2040-12", "2041-01", "2041-02"]


@pytest.mark.usefixtures("db")
def test_an_applied_plan_leaves_nothing_due() -> None:
    apply(plan_partitions(DECEMBER, ahead=2))
    assert plan_partitions(DECEMBER, ahead=2).to_make == ()


@pytest.mark.parametrize(
    ("moment", "partition"),
    [
        ("2014-12-31T23:59:59.999Z", "before_2015"),
        ("2015-01-01T00:00:00.000Z", "y2015m01"),
        ("2026-02-28T23:59:59.999Z", "y2026m02"),
        ("2028-02-29T12:00:00.000Z", "y2028m02"),
        ("2028-03-01T00:00:00.000Z", "y2028m03"),
        ("2099-12-31T23:59:59.999Z", "y2099m12"),
        ("2100-01-01T00:00:00.000Z", "from_2100"),
        ("0001-01-01T00:00:00.000Z", "before_2015"),
        ("9999-12-31T23:59:59.999Z", "from_2100"),
    ],
)
def test_a_notification_is_kept_in_its_month_which_the_recorder_makes(
    record_one: Callable[..., UUID], moment: str, partition: str
) -> None:
    notification_id = record_one(emitted_at=moment, extras=INIT)
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM notifications_notification")
        assert cursor.fetchall() == [(f"notifications_notification_{partition}",)]
    assert Notification.objects.get(id=notification_id).emitted_at.isoformat()[:10] == moment[:10]


@pytest.mark.usefixtures("db")
def test_the_tails_are_no_months() -> None:
    before = existing_partitions()
    ensure_partition(datetime(1, 1, 1, tzinfo=UTC))
    ensure_partition(datetime(2100, 1, 1, tzinfo=UTC))
    assert existing_partitions() == before
    with (
        pytest.raises(DatabaseError, match="no month of its own"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT ensure_partition('2100-01-01')")


@pytest.mark.usefixtures("db")
def test_a_month_made_later_has_every_index_of_the_table() -> None:
    ensure_partition(DECEMBER)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT index.indrelid::regclass::text, array_agg(inhparent::regclass::text)"
            " FROM pg_inherits JOIN pg_index AS index ON index.indexrelid = inhrelid"
            " JOIN pg_index AS whole ON whole.indexrelid = inhparent"
            " WHERE whole.indrelid = 'notifications_notification'::regclass AND index.indisvalid"
            " GROUP BY 1"
        )
        indexes = dict(cursor.fetchall())
    wanted = {"notifications_notification_pkey", *(i.name for i in Notification._meta.indexes)}
    assert set(indexes) == set(existing_partitions())
    assert all(set(names) == wanted for names in indexes.values())


@pytest.mark.usefixtures("committed_db")
def test_several_recorders_may_make_the_same_month_at_once() -> None:
    def make(_: int) -> None:
        try:
            ensure_partition(DECEMBER)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(make, range(8)))
    assert "notifications_notification_y2040m12" in existing_partitions()


@pytest.mark.usefixtures("db")
def test_the_command_prints_the_plan_and_applies_it_only_when_told() -> None:
    out = StringIO()
    call_command("partitions", ahead=5, stdout=out)
    assert "due" in out.getvalue()
    assert "nothing is made without --apply" in out.getvalue()
    call_command("partitions", ahead=5, apply=True, stdout=out)
    out = StringIO()
    call_command("partitions", ahead=5, stdout=out)
    assert "due" not in out.getvalue()


@pytest.mark.parametrize("ahead", [-1, 25])
@pytest.mark.usefixtures("db")
def test_the_command_refuses_a_senseless_number_of_months(ahead: int) -> None:
    with pytest.raises(CommandError, match="--ahead must be 0 to 24"):
        call_command("partitions", ahead=ahead)


@pytest.mark.usefixtures("db")
def test_a_check_warns_when_the_next_month_is_not_there() -> None:
    warnings = check_database(databases=["default"])
    assert [warning.id for warning in warnings] == ["pushaudit.W001"]
    assert "partitions --apply" in str(warnings[0].hint)
    call_command("partitions", apply=True, stdout=StringIO())
    assert check_database(databases=["default"]) == []


def test_the_check_asks_no_database_that_it_was_not_given() -> None:
    assert check_database(databases=None) == []
