"""What is told of operations where only some apps' notifications count: their rows rest on all."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from notifications.models.querysets import Apps, Extent
from notifications.protocol.extras import MessageType
from notifications.protocol.message import Message

from . import evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationTold:
    """As the columns of an ``Operation``."""

    name: str | None
    first_notification: UUID
    first_init: UUID | None
    last_finish: UUID | None
    result: str | None


def tell_operations(operations: Collection[str], apps: Apps) -> dict[str, OperationTold]:
    """Of each that any notification of ``apps`` is about, in three queries.

    Raises ``TooMuch``.
    """
    told = evidence.about_operations(operations, Extent(apps))
    return {key: _told(messages) for key, messages in told.items() if messages}


def _told(messages: Collection[Message]) -> OperationTold:
    ordered = sorted(messages, key=lambda each: each.id)
    inits = [each for each in ordered if each.message_type == MessageType.OPERATION_INIT]
    finishes = [each for each in ordered if each.message_type == MessageType.OPERATION_FINISHED]
    return OperationTold(
        name=ordered[0].operation_name,
        first_notification=ordered[0].id,
        first_init=inits[0].id if inits else None,
        last_finish=finishes[-1].id if finishes else None,
        result=finishes[-1].result if finishes else None,
    )
