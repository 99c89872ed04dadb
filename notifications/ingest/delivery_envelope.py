"""A delivery report as a client tells it, our contract: one JSON object becomes one ``Told``, or
every fault in it with a pointer.

The outcome is told in our words, or read from the gateway's own: then gateway and code are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from notifications.protocol.clients import Platform
from notifications.protocol.deliveries import Outcome
from notifications.protocol.extras import is_uuid
from notifications.protocol.gateways import answer_of

from .deliveries import DeliveryTold
from .envelope import (
    MAX_FAULTS,
    Check,
    Fault,
    Problem,
    Rejected,
    field_fault,
    field_faults,
    flag_problem,
    identifier_problem,
    moment,
    one_of,
    read_object,
    time_problem,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was told, of which notification the address or the line says."""

    outcome: Outcome
    is_final: bool
    code: str | None
    gateway: Platform | None
    at: datetime | None
    report_id: str | None
    observed_at: datetime

    @property
    def is_repeatable(self) -> bool:
        """Told again, it is recognised."""
        return self.report_id is not None or self.at is not None

    def of(self, notification: UUID) -> DeliveryTold:
        return DeliveryTold(
            notification=notification,
            key=self.report_id,
            outcome=self.outcome,
            is_final=self.is_final,
            code=self.code,
            gateway=self.gateway,
            happened_at=self.at,
            observed_at=self.observed_at,
        )


def read_told(data: bytes, *, now: datetime) -> Told:
    """The report in one JSON text, which came ``now``. Raises ``MalformedJSON`` or ``Rejected``."""
    return told_in(read_fields(data, FIELDS), now=now)


def read_fields(data: bytes, fields: Mapping[str, Check]) -> dict[str, Any]:
    """The fields told in one JSON text, each for itself. Raises as ``read_told`` does."""
    _, document = read_object(data, levels=0)
    if faults := [*islice(field_faults(document, fields, {}), MAX_FAULTS)]:
        raise Rejected(*faults)
    return document


def told_in(document: Mapping[str, Any], *, now: datetime) -> Told:
    """The report in fields that are well, each for itself. Raises ``Rejected``."""
    gateway, code, at = document.get("gateway"), document.get("code"), document.get("at")
    outcome, is_final = document.get("outcome"), document.get("is_final")
    read = answer_of(Platform(gateway), code) if gateway and code else None
    if outcome is None:
        if read is None:
            raise Rejected(_no_outcome(gateway, code))
        outcome = read.outcome
    if is_final is None:
        is_final = read is not None and read.outcome == outcome and read.is_final
    return Told(
        outcome=Outcome(outcome),
        is_final=is_final,
        code=code,
        gateway=None if gateway is None else Platform(gateway),
        at=None if at is None else moment(at),
        report_id=document.get("report_id"),
        observed_at=now,
    )


def _no_outcome(gateway: str | None, code: str | None) -> Fault:
    if gateway is None:
        why = f"is required: {', '.join(Outcome)}; or gateway and code, where these say which."
        return field_fault("outcome", "required", why)
    if code is None:
        why = "is required with gateway, where outcome is not told."
        return field_fault("code", "required", why)
    why = "is none of this gateway's words that are known here; tell the outcome beside it."
    return field_fault("code", "unknown_code", why)


def uuid_problem(value: object) -> Problem:
    """What keeps ``value`` from being a UUID."""
    if type(value) is not str:
        return "wrong_type", "must be a string: a UUID."
    if not is_uuid(value):
        return "invalid_uuid", "must be a UUID, such as 019c13ec-9e00-8001-9939-afc33055eedf."
    return None


FIELDS: Mapping[str, Check] = {
    "outcome": one_of(*Outcome),
    "gateway": one_of(*Platform),
    "code": identifier_problem,
    "is_final": flag_problem,
    "at": time_problem,
    "report_id": identifier_problem,
}
