"""PowerAuth's callbacks: one JSON object becomes one event of the life of a device or an operation.

Only ``type`` and the identifier are always there; there is no time of the event, no order, and a
repeat is told by its key alone. What describes a person or a payment (names of activations, device
information, data, parameters) is not read at all.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from notifications.protocol.events import FINAL, ActivationEventKind
from notifications.protocol.extras import Code, Finding, identifier
from notifications.protocol.payload import Reading, repeated_keys

from .attributes import Attributes, why_no_text
from .envelope import Fault, Rejected
from .events import ActivationReport, OperationReport, Report

# The fields without which a callback tells of nothing.
IDENTIFYING = frozenset({"type", "activationId", "operationId"})
KEY_HEADER = "Idempotency-Key"

# What a callback says of itself, beside what it is configured as: its vendor's documentation has
# had both, for the one thing and for the other.
OF_ACTIVATIONS = frozenset(
    {
        *("ACTIVATION", "ACTIVATION_STATUS_CHANGE"),
        *("REGISTRATION", "REGISTRATION_STATUS_CHANGE"),
    }
)
OF_OPERATIONS = frozenset({"OPERATION", "OPERATION_STATUS_CHANGE"})


class UnknownType(ValueError):
    """A callback about something that there is no event of."""


def read_callback(data: bytes, *, key: str | None, now: datetime) -> Report:
    """The event that one body tells of; ``key`` is its header's, ``now`` when it came.

    Raises ``MalformedJSON``, ``Rejected`` or ``UnknownType``.
    """
    told = Reading(data, envelope_levels=0).value
    if not isinstance(told, dict):
        raise Rejected(Fault("#", "wrong_type", "The body must be one JSON object."))
    kind = told.get("type")
    if kind is None:
        raise Rejected(Fault("#/type", "required", "type is required."))
    if type(kind) is not str:
        raise Rejected(Fault("#/type", "wrong_type", "type must be a string."))
    if kind in OF_ACTIVATIONS:
        return _of_activation(told, key, now)
    if kind in OF_OPERATIONS:
        return _of_operation(told, key, now)
    raise UnknownType


def _of_activation(told: dict[str, Any], key: str | None, now: datetime) -> ActivationReport:
    activation_id = _subject(told, "activationId")
    attributes = Attributes(told)
    fields: dict[str, Any] = {
        "user_id": attributes.text("userId"),
        "apps": attributes.texts("applicationId"),
        "status": attributes.text("activationStatus"),
        "reason": attributes.text("blockedReason"),
        "platform": attributes.platform("platform"),
    }
    return ActivationReport(
        kind=ActivationEventKind.STATUS,
        activation_id=activation_id,
        observed_at=now,
        **fields,
        **_named(told, key, attributes),
    )


def _of_operation(told: dict[str, Any], key: str | None, now: datetime) -> OperationReport:
    operation_id = _subject(told, "operationId")
    attributes = Attributes(told)
    status = attributes.text("status")
    finalized = attributes.moment("timestampFinalized")
    fields: dict[str, Any] = {
        "user_id": attributes.text("userId"),
        "apps": attributes.texts("applications") or attributes.texts("applicationId"),
        "status": status,
        "name": attributes.text("operationType"),
        "external_id": attributes.identifier("externalId"),
        "created_at": attributes.moment("timestampCreated"),
        "expires_at": attributes.moment("timestampExpires"),
        "happened_at": finalized if status in FINAL else None,
    }
    return OperationReport(
        operation_id=operation_id,
        observed_at=now,
        **fields,
        **_named(told, key, attributes),
    )


def _subject(told: Mapping[str, Any], name: str) -> str:
    """The one identifier without which nothing can be told. Raises ``Rejected``."""
    value = told.get(name)
    if value is None:
        raise Rejected(Fault(f"#/{name}", "required", f"{name} is required with this type."))
    if (why := why_no_text(value)) is not None:
        code = "wrong_type" if why[0] is Code.WRONG_TYPE else "unusable_identifier"
        raise Rejected(Fault(f"#/{name}", code, f"{name} {why[1]}"))
    return identifier(value) or str(value)


def _named(told: dict[str, Any], key: str | None, attributes: Attributes) -> dict[str, Any]:
    """Its key and all findings, those of the body first."""
    findings = list(attributes.findings)
    findings += (
        Finding(Code.DUPLICATE_KEY, name, f"{name} is given twice; the last one counts.")
        for name in repeated_keys(told)
        if name in _READ
    )
    usable = None if key is None else key.strip()
    if usable is not None and (why := why_no_text(usable)) is not None:
        findings.append(Finding(why[0], KEY_HEADER, f"{KEY_HEADER} {why[1]}"))
        usable = None
    return {"key": usable, "findings": tuple(findings)}


_READ = frozenset(
    {
        *("type", "activationId", "operationId", "userId", "applicationId", "applications"),
        *("activationStatus", "blockedReason", "platform", "status", "operationType"),
        *("externalId", "timestampCreated", "timestampExpires", "timestampFinalized"),
    }
)
