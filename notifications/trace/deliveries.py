"""What gateways answered for the notifications of a trace."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from notifications.models.querysets import Extent
from notifications.models.statements import Answer, asked_at_most, nothing
from notifications.protocol.deliveries import Cause, Delivery, Outcome
from notifications.protocol.message import Message

MOST = 40_000  # delivery reports that one answer may rest on
_REPORTS = """
    SELECT id, notification_id, source_id, outcome, code, is_final, cause, observed_at,
        recorded_at, happened_at
    FROM notifications_deliveryreport
    WHERE notification_id = ANY(%(ids)s)
        AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
        AND (%(as_of)s::timestamptz IS NULL OR recorded_at <= %(as_of)s)
    LIMIT %(most)s
"""


def deliveries_of(ids: Collection[UUID], *, extent: Extent) -> dict[UUID, tuple[Delivery, ...]]:
    """Of each of these notifications that has any: in one query, or in none where there are no
    ``ids``. Raises ``TooMuch``."""
    return ask_deliveries(ids, extent=extent)()


def ask_deliveries(
    ids: Collection[UUID], *, extent: Extent
) -> Answer[dict[UUID, tuple[Delivery, ...]]]:
    if not ids:
        return nothing({})
    given = {"ids": list(ids), "most": MOST + 1, **extent.parameters}
    rows = asked_at_most(MOST, "delivery reports", _REPORTS, given)

    def read() -> dict[UUID, tuple[Delivery, ...]]:
        found: dict[UUID, list[Delivery]] = {}
        for each in map(_delivery, rows()):
            found.setdefault(each.notification, []).append(each)
        return {key: tuple(of_one) for key, of_one in found.items()}

    return read


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
    return _delivery(
        (
            *(report.id, report.notification_id, report.source_id, report.outcome, report.code),
            *(report.is_final, report.cause, report.observed_at, report.recorded_at),
            report.happened_at,
        )
    )


def _delivery(row: tuple[Any, ...]) -> Delivery:
    (
        key, notification, source, outcome, code, is_final, cause, observed_at, recorded_at,
        happened_at,
    ) = row  # fmt: skip
    return Delivery(
        id=key, notification=notification, source=source, outcome=Outcome(outcome), code=code,
        is_final=is_final, cause=None if cause is None else Cause(cause),
        observed_at=observed_at, recorded_at=recorded_at, happened_at=happened_at,
    )  # fmt: skip
