"""Delivery reports are recorded once, under the name that their source gives them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from notifications.ingest.deliveries import (
    MAX_DELIVERIES,
    DeliveryTold,
    copy_deliveries,
    lines_of,
    record_deliveries,
)
from notifications.models import DeliveryReport, Source
from notifications.protocol.clients import Platform
from notifications.protocol.deliveries import Outcome
from notifications.protocol.identity import time_of
from tests.conftest import NOW, SOURCE

pytestmark = pytest.mark.django_db
MESSAGE = uuid4()


def told(**fields: Any) -> DeliveryTold:
    given = {"notification": MESSAGE, "key": "r-1", "outcome": Outcome.PENDING, "observed_at": NOW}
    return DeliveryTold(**{**given, **fields})


def record(*reports: DeliveryTold) -> Any:
    return record_deliveries(reports, source=SOURCE)


def test_all_that_was_told_is_recorded() -> None:
    given = {
        "outcome": Outcome.FAILED,
        "code": "Unregistered",
        "gateway": Platform.APNS,
        "is_final": True,
        "registration": "17",
        "happened_at": NOW - timedelta(seconds=2),
        "told_at": "2026-03-14 10:26:51.589",
        "zone": "Europe/Prague",
    }
    receipt = record(told(**given))
    report = DeliveryReport.objects.get()
    assert receipt.ids == [report.pk]
    assert {name: getattr(report, name) for name in given} == given
    assert (report.source_id, report.notification_id, report.key) == (SOURCE, MESSAGE, "r-1")
    assert time_of(report.pk) == given["happened_at"]


def test_told_again_under_its_name_it_is_the_report_that_stands() -> None:
    first = record(told(happened_at=NOW))
    again = record(told(happened_at=NOW, observed_at=NOW + timedelta(hours=1)))
    assert (first.is_new, again.is_new, again.is_same) == ([True], [False], [True])
    assert first.ids == again.ids == [DeliveryReport.objects.get().pk]


@pytest.mark.parametrize(
    "other",
    [
        {"happened_at": NOW - timedelta(days=40)},
        {"outcome": Outcome.FAILED},
        {"code": "x"},
        {"is_final": True},
        {"notification": uuid4()},
    ],
)
def test_another_content_under_its_name_leaves_what_stands(other: dict[str, Any]) -> None:
    """A report is named by its time as well, which the other one may tell otherwise."""
    (first,) = record(told()).ids
    receipt = record(told(**other))
    assert (receipt.ids, receipt.is_new, receipt.is_same) == ([first], [False], [False])
    assert DeliveryReport.objects.get().outcome == Outcome.PENDING


def test_of_several_under_one_name_in_a_batch_the_first_is_recorded() -> None:
    early = NOW - timedelta(days=1)
    receipt = record(told(happened_at=NOW), told(happened_at=early), told(happened_at=NOW))
    assert receipt.is_new == [True, False, False]
    assert receipt.is_same == [True, False, True]
    assert set(receipt.ids) == {DeliveryReport.objects.get().pk}
    assert DeliveryReport.objects.get().happened_at == NOW


def test_without_a_name_its_content_and_its_moment_name_it() -> None:
    one = told(key=None, happened_at=NOW)
    first = record(one, told(key=None, happened_at=NOW, code="x"))
    again = record(one, told(key=None, happened_at=NOW, observed_at=NOW + timedelta(hours=1)))
    assert (first.is_new, again.is_new) == ([True, True], [False, False])
    assert again.ids == [first.ids[0]] * 2
    assert again.is_same == [True, True]


def test_without_name_and_moment_each_is_a_report_of_its_own() -> None:
    receipt = record(told(key=None), told(key=None))
    assert receipt.is_new == [True, True]
    assert DeliveryReport.objects.count() == 2


def test_another_source_has_names_of_its_own() -> None:
    record(told())
    receipt = record_deliveries([told()], source="another")
    assert receipt.is_new == [True]


def test_more_than_a_batch_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 5000"):
        record(*[told()] * (MAX_DELIVERIES + 1))


def test_what_is_copied_is_what_would_have_been_recorded() -> None:
    odd = "a\tb\\c\nd\re \\N č"
    reports = [
        told(key=odd, code=odd, registration="\\N", told_at="", zone=None, is_final=True),
        told(key="r-2", gateway=Platform.FCM, happened_at=NOW - timedelta(days=1)),
        told(key="\U0001f600"),
        told(key="\uffff"),
    ]
    Source.objects.create(slug=SOURCE)

    def recorded() -> list[dict[str, Any]]:
        rows = DeliveryReport.objects.order_by("id").values()
        return [{key: row[key] for key in row if key != "recorded_at"} for row in rows]

    with transaction.atomic():
        assert copy_deliveries(lines_of(reports, source=SOURCE))
        copied, again = recorded(), record(*reports)
        assert (again.is_new, again.is_same) == ([False] * 4, [True] * 4)
        transaction.set_rollback(True)
    assert record(*reports).is_new == [True] * 4
    assert recorded() == copied


def test_nothing_is_copied_of_what_stands_in_part() -> None:
    record(told(key="r-2", code="first"))
    assert not copy_deliveries(lines_of([told(key="r-1"), told(key="r-2")], source=SOURCE))
    assert DeliveryReport.objects.get().code == "first"
