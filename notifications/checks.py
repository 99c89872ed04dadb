"""System checks: what ``manage.py check --database default`` says of a wrong set-up.

They look into the database, so Django runs them with ``migrate`` and where ``--database`` is given.
"""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections
from django.utils import timezone

from .models.partitions import MONTHS_AHEAD, partition_name, plan_partitions

OLDEST_POSTGRESQL = 15


@register(Tags.database)
def check_database(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    if not databases or "default" not in databases:
        return []
    connection = connections["default"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('notifications_notification') IS NOT NULL")
        (migrated,) = cursor.fetchone()
    major: int = connection.pg_version // 10000  # type: ignore[attr-defined]
    if major < OLDEST_POSTGRESQL:
        return [
            Error(
                f"PostgreSQL {major} is too old.",
                hint=f"PostgreSQL {OLDEST_POSTGRESQL} or newer is needed.",
                id="pushaudit.E001",
            )
        ]
    return _missing_months() if migrated else []


def _missing_months() -> list[CheckMessage]:
    missing = plan_partitions(timezone.now(), ahead=1).to_make
    if not missing:
        return []
    names = ", ".join(partition_name(month) for month in missing)
    return [
        Warning(
            f"Partitions are missing: {names}.",
            hint=f"Run `manage.py partitions --apply` (it makes {MONTHS_AHEAD} months ahead).",
            id="pushaudit.W001",
        )
    ]
