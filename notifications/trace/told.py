"""Messages as the rules read them, by plain statements: nearly all that a trace costs is reading a
few rows, and to make a statement anew out of query sets takes longer than that."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from notifications.models.querysets import Extent, id_after
from notifications.models.statements import Answer, Rows, asked_at_most
from notifications.protocol.identity import first_id_at
from notifications.protocol.message import Message

MOST = 20_000  # notifications that one answer may rest on
NAMES = (
    *("id", "emitted_at", "source_id", "message_type", "result", "operation_id"),
    *("inbox_message_id", "activation_id", "recipient_id", "addressed_to", "per_device"),
    *("app_id", "platform", "personal"),
)
# In the order of `message_of`.
COLUMNS = ", ".join([*(f"told.{name}" for name in NAMES), "told.findings <> '[]'"])
# Bounds of the id prune partitions; those of the time settle what its clamped milliseconds cannot.
BETWEEN = (
    "told.id >= %(earliest)s AND told.id < %(latest)s"
    " AND told.emitted_at >= %(since)s AND told.emitted_at < %(until)s"
)
# Of some ids: which of them are asked for prunes nothing, what they lie between does.
BETWEEN_IDS = "told.id >= %(least)s AND told.id <= %(greatest)s"
_WITHIN = """
    AND (%(apps)s::text[] IS NULL OR told.app_id = ANY(%(apps)s))
    AND (%(below)s::xid8 IS NULL OR told.recorded_xid < %(below)s::xid8)
    AND (%(as_of)s::timestamptz IS NULL OR told.recorded_at <= %(as_of)s)
"""


def within(extent: Extent) -> str:
    """What limits the notification ``told`` to ``extent``, by its parameters; nothing where it
    limits nothing, which leaves less to plan."""
    return _WITHIN if extent.is_limited else ""


def told_where(condition: str, extent: Extent, **given: Any) -> list[Message]:
    """The notifications ``told`` that fulfil the ``condition``, with its parameters ``given``.
    Raises ``TooMuch``."""
    return ask_where(condition, extent, **given)()


def ask_where(condition: str, extent: Extent, **given: Any) -> Answer[list[Message]]:
    statement = (
        f"SELECT {COLUMNS} FROM notifications_notification AS told"  # noqa: S608 - of constants
        f" WHERE {condition}{within(extent)}"
    )
    rows = ask_rows(statement, extent, **given)
    return lambda: [message_of(row) for row in rows()]


def bounds(since: datetime, until: datetime) -> dict[str, Any]:
    """The parameters of ``BETWEEN``."""
    ends = {"earliest": first_id_at(since), "latest": id_after(until)}
    return {"since": since, "until": until, **ends}


def between(ids: Collection[UUID]) -> dict[str, Any]:
    """The parameters of ``BETWEEN_IDS``."""
    return {"least": min(ids), "greatest": max(ids)}


def rows_of(statement: str, extent: Extent, **given: Any) -> Rows:
    """Raises ``TooMuch``."""
    return ask_rows(statement, extent, **given)()


def ask_rows(statement: str, extent: Extent, **given: Any) -> Answer[Rows]:
    """The answer raises ``TooMuch``."""
    statement = f"{statement} LIMIT {MOST + 1}"
    return asked_at_most(MOST, "notifications", statement, {**given, **extent.parameters})


def message_of(row: tuple[Any, ...], name: str | None = None) -> Message:
    """``name`` is that of its operation."""
    (
        key, at, source, message_type, result, operation, inbox_message, activation, recipient,
        addressed_to, per_device, app, platform, personal, nonconforming,
    ) = row  # fmt: skip
    return Message(
        id=key, at=at, source=source, message_type=message_type,
        result=result, operation=operation, operation_name=name,
        inbox_message=inbox_message, activation=activation, recipient=recipient,
        addressed_to=addressed_to, per_device=per_device, app=app, platform=platform,
        personal=personal, nonconforming=nonconforming,
    )  # fmt: skip


def distinct(found: Iterable[Message]) -> list[Message]:
    return list({each.id: each for each in found}.values())
