"""Questions find what they should, by the index made for them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import QuerySet

from notifications.ingest.envelope import emission_from
from notifications.ingest.recorder import record
from notifications.models import (
    AccessRecord,
    Activation,
    InboxMessage,
    Notification,
    Operation,
    Recipient,
)
from tests.conftest import DEVICE, INBOX, INBOX_NEW, INIT, NOW, OPERATION, SOURCE


def plan_of(questions: QuerySet[Any]) -> str:
    """The plan as of a table too large to scan."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        return questions.explain()


def test_a_window_holds_its_start_and_not_its_end(record_one: Callable[..., UUID]) -> None:
    ids = [
        record_one(emitted_at=(NOW + timedelta(milliseconds=offset)).isoformat(), extras=INIT)
        for offset in (-1, 0, 1, 2)
    ]
    found = Notification.objects.emitted_between(NOW, NOW + timedelta(milliseconds=2))
    assert set(found.values_list("id", flat=True)) == {ids[1], ids[2]}


def test_a_window_finds_what_the_id_had_to_clamp(record_one: Callable[..., UUID]) -> None:
    old = record_one(emitted_at="1902-01-01T00:00:00Z", extras=INIT)
    record_one(emitted_at="1905-01-01T00:00:00Z", extras=INIT)
    since, until = datetime(1901, 1, 1, tzinfo=UTC), datetime(1903, 1, 1, tzinfo=UTC)
    found = Notification.objects.emitted_between(since, until)
    assert [item.id for item in found] == [old]


def test_a_window_with_open_sides_finds_everything(record_one: Callable[..., UUID]) -> None:
    for year in ("0001", "2026", "9999"):
        record_one(emitted_at=f"{year}-03-01T00:00:00Z", extras=INIT)
    assert Notification.objects.emitted_between(None, None).count() == 3
    far = datetime(9999, 12, 31, tzinfo=UTC)
    assert Notification.objects.emitted_between(None, far).count() == 3


@pytest.mark.usefixtures("db")
def test_a_window_looks_into_its_own_months_only() -> None:
    plan = plan_of(Notification.objects.emitted_between(NOW, NOW + timedelta(hours=1)))
    assert "y2026m03" in plan
    assert "before_2015" not in plan
    assert "from_2100" not in plan


def test_newest_first_is_the_order_of_emission(record_one: Callable[..., UUID]) -> None:
    ids = [
        record_one(emitted_at=f"2026-03-{day:02}T00:00:00Z", extras=INIT) for day in (3, 1, 9, 2)
    ]
    assert [item.id for item in Notification.objects.newest_first()] == [
        ids[2], ids[0], ids[3], ids[1],
    ]  # fmt: skip
    assert [item.id for item in Notification.objects.in_time_order()] == [
        ids[1], ids[3], ids[0], ids[2],
    ]  # fmt: skip


@pytest.fixture
def some_thousands(db: None) -> None:
    """Notifications enough, of a month, for a planner to have a reason for its choice."""
    for start in range(0, 4_000, 2_000):
        batch = [
            emission_from(
                {
                    "emitted_at": (NOW + timedelta(seconds=number)).isoformat(),
                    "message_id": f"m-{number}",
                    "user_id": f"user-{number % 500}",
                    "activation_id": f"device-{number % 700}",
                    "extras": INIT
                    | {
                        "operationId": "42" if number % 50 == 0 else str(UUID(int=number)),
                        "inboxId": f"inbox-{number % 900}",
                    },
                },
                now=NOW,
            )
            for number in range(start, start + 2_000)
        ]
        record(batch, source=SOURCE)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE notifications_notification")


@pytest.mark.parametrize(
    ("question", "index"),
    [
        (lambda all_: all_.about_device(DEVICE).newest_first(), "activation_id_id_idx"),
        (lambda all_: all_.about_operation(OPERATION).in_time_order(), "operation_id_id_idx"),
        (lambda all_: all_.about_inbox_message(INBOX), "inbox_message_id_id_idx"),
        (lambda all_: all_.filter(recipient=1).newest_first(), "recipient_id_id_idx"),
        (lambda all_: all_.filter(message_id="m-1"), "message_id_id_idx"),
        (lambda all_: all_.with_finding("not_uuid"), "findings_idx"),
        (lambda all_: all_.nonconforming(), "findings_idx"),
        (lambda all_: all_.newest_first()[:100], "pkey"),
    ],
)
@pytest.mark.usefixtures("some_thousands")
def test_a_question_is_served_by_its_index(
    question: Callable[[Any], QuerySet[Any]], index: str
) -> None:
    plan = plan_of(question(Notification.objects.all()))
    assert f"y2026m03_{index}" in plan


@pytest.mark.parametrize("order", ["newest_first", "in_time_order"])
@pytest.mark.usefixtures("some_thousands")
def test_when_a_source_first_and_last_emitted_a_type_is_served_by_its_index(order: str) -> None:
    told = Notification.objects.filter(source=SOURCE, message_type="mtoken.statusChange")
    plan = plan_of(getattr(told, order)()[:1])
    # PostgreSQL shortens this one's name in a partition, down to telling months by a number.
    assert re.search(r"_source_id_message_type_id_idx\d* on \w+_y2026m03", plan)


@pytest.mark.usefixtures("db")
def test_who_looked_at_a_subject_is_served_by_its_index() -> None:
    AccessRecord.objects.bulk_create(
        AccessRecord(who="support", via="api", action="device_trace", subject=f"device-{n % 700}")
        for n in range(4_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE notifications_accessrecord")
    looked = AccessRecord.objects.filter(subject=DEVICE).order_by("-id")
    assert "access_record_subject" in plan_of(looked)


def test_findings_are_found_by_their_code(record_one: Callable[..., UUID]) -> None:
    conforming = record_one(extras=INIT)
    nonconforming = record_one(extras=INIT | {"operationId": "42"})
    assert [item.id for item in Notification.objects.with_finding("not_uuid")] == [nonconforming]
    assert not Notification.objects.with_finding("empty_value").exists()
    assert Notification.objects.nonconforming().get().id == nonconforming != conforming


def test_subjects_list_their_notifications(record_one: Callable[..., UUID]) -> None:
    record_one(extras=INIT, activation_id=DEVICE, user_id="user-1")
    record_one(extras=INBOX_NEW, user_id="user-1")
    assert Notification.objects.about_operation(OPERATION).count() == 1
    assert Notification.objects.about_device(DEVICE).count() == 1
    assert Notification.objects.about_inbox_message(INBOX).count() == 1
    assert Notification.objects.filter(recipient__user_id="user-1").count() == 2


@pytest.fixture
def told_by_apps(record_one: Callable[..., UUID]) -> dict[str | None, UUID]:
    """One notification of each app and one of none, each about subjects of its own."""
    return {
        app: record_one(
            app_id=app,
            user_id=f"user-{app}",
            activation_id=f"device-{app}",
            extras=INIT | {"operationId": f"operation-{app}", "inboxId": f"inbox-{app}"},
        )
        for app in ("retail", "business", None)
    }


def test_what_names_no_app_is_of_none(told_by_apps: dict[str | None, UUID]) -> None:
    def of(apps: list[str] | None) -> set[UUID]:
        return set(Notification.objects.of_apps(apps).values_list("pk", flat=True))

    assert of(None) == set(told_by_apps.values())
    assert of(["retail"]) == {told_by_apps["retail"]}
    assert of(["retail", "business"]) == {told_by_apps["retail"], told_by_apps["business"]}
    assert of([]) == of(["None"]) == of(["RETAIL"]) == set()


@pytest.mark.parametrize("model", [Operation, Activation, InboxMessage, Recipient])
def test_subjects_are_told_in_an_app_by_a_notification_of_it(
    told_by_apps: dict[str | None, UUID], record_one: Callable[..., UUID], model: Any
) -> None:
    column = {Operation: "operation", Activation: "activation", Recipient: "recipient"}
    relation = column.get(model, "inbox_message")
    retail = getattr(Notification.objects.get(pk=told_by_apps["retail"]), f"{relation}_id")
    assert model.objects.told_in(None).count() == 3
    assert list(model.objects.told_in(["retail"]).values_list("pk", flat=True)) == [retail]
    assert model.objects.told_in(["retail", "business"]).count() == 2
    assert not model.objects.told_in([]).exists()
    for number in range(3):  # told of once more, by no app: it is still one, and of one
        record_one(
            message_id=f"again-{number}",
            emitted_at=NOW.isoformat(),
            user_id="user-retail",
            activation_id="device-retail",
            extras=INIT | {"operationId": "operation-retail", "inboxId": "inbox-retail"},
        )
    assert model.objects.told_in(["retail"]).count() == 1
    assert f"{relation}_id" in plan_of(model.objects.told_in(["retail"]).filter(pk=retail))
