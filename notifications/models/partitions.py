"""The months of the notification table: which exist, which are due, and making them.

Bounds are ids, whose first 48 bits are the time. Two fixed tails catch stray clocks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection

FIRST_MONTH = datetime(2015, 1, 1, tzinfo=UTC)
END = datetime(2100, 1, 1, tzinfo=UTC)
MONTHS_AHEAD = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """``existing`` partitions by name, and the first days of the months ``to_make``."""

    existing: tuple[str, ...]
    to_make: tuple[datetime, ...]


def plan_partitions(now: datetime, *, ahead: int = MONTHS_AHEAD) -> Plan:
    """What is needed to record notifications emitted from ``now`` to ``ahead`` months later."""
    existing = existing_partitions()
    due = [month for month in _months_from(now, ahead + 1) if partition_name(month) not in existing]
    return Plan(existing=existing, to_make=tuple(due))


def apply(plan: Plan) -> None:
    for month in plan.to_make:
        ensure_partition(month)


def ensure_partition(moment: datetime) -> None:
    """Makes the month of ``moment`` unless it exists or a tail covers it.

    Never within a transaction that writes notifications: two of those would deadlock.
    """
    if FIRST_MONTH <= moment < END:
        with connection.cursor() as cursor:
            cursor.execute("SELECT ensure_partition(%s)", [month_of(moment).date()])


def existing_partitions() -> tuple[str, ...]:
    """The names of all partitions, in their own order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits"
            " WHERE inhparent = 'notifications_notification'::regclass ORDER BY 1"
        )
        return tuple(name for (name,) in cursor.fetchall())


def month_of(moment: datetime) -> datetime:
    return datetime(moment.year, moment.month, 1, tzinfo=UTC)


def partition_name(month: datetime) -> str:
    return f"notifications_notification_y{month.year:04}m{month.month:02}"


def _months_from(now: datetime, count: int) -> Iterator[datetime]:
    month = month_of(now)
    for _ in range(count):
        yield month
        month = datetime(month.year + month.month // 12, month.month % 12 + 1, 1, tzinfo=UTC)
