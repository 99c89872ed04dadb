"""What gateways answered for the notifications of a trace."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from notifications.models import DeliveryReport
from notifications.models.patience import TooMuch
from notifications.models.querysets import Extent
from notifications.protocol.deliveries import Cause, Delivery, Outcome
from notifications.protocol.message import Message

MOST = 40_000  # delivery reports that one answer may rest on
_COLUMNS = (
    *("id", "notification_id", "source_id", "outcome", "code", "is_final", "cause"),
    *("observed_at", "recorded_at", "happened_at"),
)


def deliveries_of(ids: Collection[UUID], *, extent: Extent) -> dict[UUID, tuple[Delivery, ...]]:
    """Of each of these notifications that has any: in one query, or in none where there are no
    ``ids``. Raises ``TooMuch``."""
    if not ids:
        return {}
    told = DeliveryReport.objects.within(extent).filter(notification__in=ids).order_by()
    rows = list(told.values_list(*_COLUMNS, named=True)[: MOST + 1])
    if len(rows) > MOST:
        raise TooMuch(f"{MOST:,} delivery reports")
    found: dict[UUID, list[Delivery]] = {}
    for each in map(delivery_of, rows):
        found.setdefault(each.notification, []).append(each)
    return {key: tuple(of_one) for key, of_one in found.items()}


def to_device(
    reports: Iterable[Message], deliveries: Mapping[UUID, Sequence[Delivery]]
) -> tuple[Delivery, ...]:
    """What was answered for the one device that these ``reports`` of one message are to; of a
    request that names none, nobody knows for which."""
    found = (
        delivery
        for each in reports
        if each.is_to_one_device
        for delivery in deliveries.get(each.id, ())
    )
    return tuple(sorted(found, key=lambda each: (each.at, each.id)))


def delivery_of(report: Any) -> Delivery:
    """``report`` is a ``DeliveryReport``, or a row with its columns by their names."""
    return Delivery(
        id=report.id,
        notification=report.notification_id,
        source=report.source_id,
        outcome=Outcome(report.outcome),
        code=report.code,
        is_final=report.is_final,
        cause=None if report.cause is None else Cause(report.cause),
        observed_at=report.observed_at,
        recorded_at=report.recorded_at,
        happened_at=report.happened_at,
    )
