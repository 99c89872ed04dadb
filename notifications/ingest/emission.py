"""What every way in makes of an item that keeps the contract: one ``Emission``, judged and ready to
be recorded. Nothing here refuses anything."""

import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from notifications.protocol import extras as rules
from notifications.protocol.clients import PLATFORM_NAMES, Platform
from notifications.protocol.extras import MAX_IDENTIFIER, Finding, MessageType, identifier
from notifications.protocol.identity import digest, id_from_digest, id_from_message, to_millisecond


class Emission(msgspec.Struct, frozen=True, kw_only=True):
    """One emitted push message; immutable.

    ``emitted_at`` is UTC to the millisecond. ``nonce`` is set when the service stamped that time:
    each such item is a notification of its own.
    """

    message_id: str | None
    emitted_at: datetime
    nonce: bytes
    digest: bytes
    message_type: str | None
    result: str | None
    operation_id: str | None
    operation_name: str | None
    activation_id: str | None
    inbox_id: str | None
    user_id: str | None
    addressed_to: str
    per_device: bool
    app_id: str | None
    platform: Platform | None
    silent: bool | None
    personal: bool | None
    extras: dict[str, Any]
    findings: tuple[Finding, ...]

    def id_at(self, source: str) -> UUID:
        """The identity of this emission as ``source`` reports it."""
        if self.message_id is not None:
            return id_from_message(source, self.message_id, self.emitted_at)
        return id_from_digest(source, self.digest + self.nonce, self.emitted_at)


def judged(
    *,
    extras: dict[str, Any],
    emitted_at: datetime | None,
    now: datetime,
    message_id: str | None = None,
    app_id: str | None = None,
    user_id: str | None = None,
    activation_id: str | None = None,
    addressed_to: str | None = None,
    per_device: bool | None = None,
    platform: str | None = None,
    silent: bool | None = None,
    personal: bool | None = None,
    repairs: tuple[Finding, ...] = (),
) -> Emission:
    """The emission that an envelope tells of, its defaults filled and its extras checked.

    ``now`` stamps it when ``emitted_at`` is None; ``repairs`` are the findings made when its extras
    were read.
    """
    moment = to_millisecond(now if emitted_at is None else emitted_at)
    named, mentioned = identifier(activation_id), identifier(extras.get("activationId"))
    copy = per_device or False
    told: dict[str, Any] = {
        "app_id": app_id,
        "user_id": user_id,
        # What the extras mention is no address: a copy whose device is not known is not for it.
        "activation_id": named if copy else named or mentioned,
        "addressed_to": addressed_to or _addressed_to(activation_id, copy),
        "per_device": copy,
        "platform": None if platform is None else PLATFORM_NAMES[platform],
        "silent": silent,
        "personal": personal,
        "extras": extras,
    }
    findings = repairs + rules.check(extras)
    if named != mentioned:
        findings += rules.activation_mismatch({"the envelope": named, "the extras": mentioned})
    message_type = _short(extras.get("messageType"))
    # A result is told by finishes only; elsewhere the specification has it ignored.
    finished = message_type == MessageType.OPERATION_FINISHED
    return Emission(
        **told,
        message_id=message_id,
        emitted_at=moment,
        nonce=secrets.token_bytes(16) if emitted_at is None else b"",
        digest=digest(told, moment),
        findings=findings,
        message_type=message_type,
        result=_short(extras.get("mtokenOperationResult")) if finished else None,
        operation_id=identifier(extras.get("operationId")),
        operation_name=_short(extras.get("operationName")),
        inbox_id=identifier(extras.get("inboxId")),
    )


def _addressed_to(activation_id: str | None, copy: bool) -> str:
    return "unknown" if activation_id is None or copy else "activation"


def _short(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= MAX_IDENTIFIER else None
