"""What the column ``status`` says of a row, as delivery reports. Their keys hold the row's time as
it is written, so that they are the same whatever zone it is taken to be of."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from notifications.ingest.deliveries import DeliveryTold
from notifications.protocol.deliveries import Cause, DeviceBy, Outcome

from .messages import PENDING, SENT, Registered
from .rows import Row


def outcome_of(status: int | None) -> Outcome:
    """As the Push Server reads its own column: what it does not know has failed."""
    if status == PENDING:
        return Outcome.PENDING
    return Outcome.ACCEPTED if status == SENT else Outcome.FAILED


def answer_of(
    row: Row,
    notification: UUID,
    *,
    by: DeviceBy | None,
    zone: str,
    observed_at: datetime,
    given_up: Cause | None = None,
) -> DeliveryTold:
    """``given_up``: it stays pending for ever, most likely for this."""
    outcome = outcome_of(row.status)
    word = row.status if given_up is None else "given-up"
    return DeliveryTold(
        notification=notification,
        key=f"row/{row.id}/{row.told}/{word}",
        outcome=outcome,
        observed_at=observed_at,
        code="null" if row.status is None else str(row.status),
        is_final=outcome is not Outcome.PENDING or given_up is not None,
        cause=given_up,
        registration=str(row.registration),
        device_by=by,
        told_at=row.told,
        zone=zone,
    )


def likely_cause(
    row: Row, registered: Registered, answered: Collection[tuple[str, str]], *, is_all: bool
) -> Cause | None:
    """Why ``row`` stays pending. ``answered``: the apps, each with a gateway, of which any message
    came to an end; all of them, or some, when it may be too early to say (None)."""
    binding = registered.binding
    if binding is not None and row.is_personal and binding.is_active is False:
        return Cause.INACTIVE_PERSONAL
    if binding is not None and binding.is_active is None:
        return Cause.NO_FLAG
    if registered.app is not None and registered.platform is not None:
        if (registered.app, registered.platform) in answered:
            return Cause.UNKNOWN if binding is None else Cause.TRANSPORT_ERROR
        return Cause.GATEWAY_NOT_CONFIGURED if is_all else None
    return Cause.UNKNOWN
