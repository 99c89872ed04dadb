"""What a batch of notifications tells of its subjects, folded to one row a subject, sorted by key.

Ids are time-ordered, so *first* is the least id and *last* the greatest, whatever the order in
which notifications arrive. Emissions are given in the order of their ids.
"""

from collections.abc import Iterable
from typing import Any, Literal
from uuid import UUID

from notifications.protocol.extras import MessageType

from .emission import Emission


def fold_subjects(
    batch: Iterable[tuple[UUID, Emission]], field: Literal["activation_id", "inbox_id"]
) -> list[dict[str, Any]]:
    """The subjects named by ``field``, each with its earliest notification here."""
    first: dict[str, UUID] = {}
    for notification_id, emission in batch:
        subject = getattr(emission, field)
        if subject is not None:
            first.setdefault(subject, notification_id)
    return [{"id": key, "first_notification_id": first[key]} for key in sorted(first)]


def fold_operations(batch: Iterable[tuple[UUID, Emission]]) -> list[dict[str, Any]]:
    """The operations, each with its first notification, name and init, and its last finish."""
    folded: dict[str, dict[str, Any]] = {}
    for notification_id, emission in batch:
        if emission.operation_id is not None:
            row = folded.setdefault(
                emission.operation_id,
                {"id": emission.operation_id, "first_notification_id": notification_id},
            )
            _tell(row, notification_id, emission)
    return [folded[key] for key in sorted(folded)]


def _tell(row: dict[str, Any], notification_id: UUID, emission: Emission) -> None:
    if emission.operation_name is not None and "name" not in row:
        row |= {"name": emission.operation_name, "named_by_id": notification_id}
    if emission.message_type == MessageType.OPERATION_INIT:
        row.setdefault("first_init_id", notification_id)
    elif emission.message_type == MessageType.OPERATION_FINISHED:
        row |= {"last_finish_id": notification_id, "result": emission.result}
