"""The envelope, our contract with clients: one incoming item becomes one ``Emission``, or every
fault in it with a pointer. What is inside ``extras`` is evidence and never a fault."""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from notifications.protocol import extras as rules
from notifications.protocol.clients import PLATFORM_NAMES, Platform
from notifications.protocol.extras import MAX_IDENTIFIER, Finding, MessageType, identifier
from notifications.protocol.identity import digest, id_from_digest, id_from_message, to_millisecond
from notifications.protocol.payload import MalformedJSON, Reading, repeated_keys

MAX_BYTES = 1024 * 1024  # of one item, decompressed
ENVELOPE_LEVELS = 1

ADDRESSED_TO = ("activation", "user", "unknown")
# RFC 3339; a fraction is cut, not rounded, so that a time never moves into the next millisecond.
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d{1,6})\d*)?"
    r"([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
_UNCARRIABLE = re.compile("[\0\ud800-\udfff]")
_FRAGMENT = "/?:@!$&'()*+,;=~"  # beside letters, digits, "-", "." and "_"; RFC 3986


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at one place of an item; ``pointer`` is a JSON Pointer as a URI fragment."""

    pointer: str
    code: str
    detail: str


class Rejected(ValueError):
    """An item that is not an envelope; ``faults`` names every place."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(f"{fault.pointer}: {fault.detail}" for fault in faults))
        self.faults = faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Emission:
    """One emitted push message, judged and ready to be recorded; immutable.

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


def decode(data: bytes, *, now: datetime) -> Emission:
    """The emission in one JSON text. Raises ``MalformedJSON`` or ``Rejected``."""
    reading = Reading(data, envelope_levels=ENVELOPE_LEVELS)
    document = reading.value
    if not isinstance(document, dict):
        raise Rejected(Fault("#", "wrong_type", "The body must be one JSON object."))
    repeated = repeated_keys(document)
    if repeated:
        raise Rejected(*(_fault(key, "duplicate_key", "is given twice.") for key in repeated))
    extras = document.get("extras")
    if not isinstance(extras, dict):
        return emission_from(document, now=now)  # says what is wrong with it
    clean, repairs = reading.repaired(extras)
    return emission_from({**document, "extras": clean}, now=now, repairs=repairs)


def emission_from(
    document: Mapping[str, Any], *, now: datetime, repairs: tuple[Finding, ...] = ()
) -> Emission:
    """The emission an envelope tells of; ``now`` stamps it when it names no time of its own.

    ``repairs`` are the findings made when its extras were read. Raises ``Rejected``.
    """
    faults = [*_field_faults(document)] or [*_joint_faults(document)]
    if faults:
        raise Rejected(*faults)
    extras: dict[str, Any] = document["extras"]
    stamped = document.get("emitted_at") is None
    emitted_at = to_millisecond(now if stamped else _moment(document["emitted_at"]))
    platform = document.get("platform")
    named = identifier(document.get("activation_id"))
    told: dict[str, Any] = {
        "app_id": document.get("app_id"),
        "user_id": document.get("user_id"),
        "activation_id": named or identifier(extras.get("activationId")),
        "addressed_to": _addressed_to(document),
        "per_device": document.get("per_device") or False,
        "platform": None if platform is None else PLATFORM_NAMES[platform],
        "silent": document.get("silent"),
        "personal": document.get("personal"),
        "extras": extras,
    }
    return Emission(
        **told,
        message_id=document.get("message_id"),
        emitted_at=emitted_at,
        nonce=secrets.token_bytes(16) if stamped else b"",
        digest=digest(told, emitted_at),
        findings=(*repairs, *_findings(extras, named)),
        **_about(extras),
    )


def _about(extras: Mapping[str, Any]) -> dict[str, Any]:
    """What the extras themselves name. A result is told by finishes only; elsewhere the
    specification has it ignored."""
    message_type = _short(extras.get("messageType"))
    finished = message_type == MessageType.OPERATION_FINISHED
    return {
        "message_type": message_type,
        "result": _short(extras.get("mtokenOperationResult")) if finished else None,
        "operation_id": identifier(extras.get("operationId")),
        "operation_name": _short(extras.get("operationName")),
        "inbox_id": identifier(extras.get("inboxId")),
    }


def _findings(extras: Mapping[str, Any], named: str | None) -> tuple[Finding, ...]:
    mentioned = identifier(extras.get("activationId"))
    mismatch = rules.activation_mismatch({"the envelope": named, "the extras": mentioned})
    return (*rules.check(extras), *mismatch)


def _addressed_to(document: Mapping[str, Any]) -> str:
    told: str | None = document.get("addressed_to")
    if told is not None:
        return told
    if document.get("activation_id") is None or document.get("per_device"):
        return "unknown"
    return "activation"


def _short(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= MAX_IDENTIFIER else None


def _moment(text: str) -> datetime:
    """Raises ValueError or OverflowError for a time that is none."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(text)
    day, time, fraction, offset = match.groups()
    fraction = (fraction or "").ljust(6, "0")
    moment = datetime.fromisoformat(f"{day}T{time}.{fraction}{offset.upper()}")
    return moment.astimezone(UTC)


def _field_faults(document: Mapping[str, Any]) -> list[Fault]:
    faults = []
    if "extras" not in document:
        faults.append(_fault("extras", "required", "is required: the extras as they were sent."))
    for key, value in document.items():
        check = _FIELDS.get(key)
        if check is None:
            known = ", ".join(_FIELDS)
            faults.append(_fault(key, "unknown_field", f"is not a field; the fields are {known}."))
        elif (value is not None or key == "extras") and (problem := check(value)) is not None:
            faults.append(_fault(key, *problem))
    return faults


def _joint_faults(document: Mapping[str, Any]) -> list[Fault]:
    """What single fields cannot show."""
    faults = []
    if document.get("message_id") is not None and document.get("emitted_at") is None:
        why = "is required with message_id: a retry repeats both, and so names the same emission."
        faults.append(_fault("emitted_at", "emitted_at_required", why))
    names_device = document.get("activation_id") is not None
    copy = document.get("per_device") or False
    addressed_to = document.get("addressed_to")
    if not names_device and (copy or addressed_to == "activation"):
        because = "per_device" if copy else "addressed_to activation"
        faults.append(_fault("activation_id", "activation_id_required", f"is required: {because}."))
    if names_device and not copy and addressed_to == "user":
        why = "is user, yet activation_id is given: say activation, or per_device for a copy."
        faults.append(_fault("addressed_to", "contradiction", why))
    return faults


def _fault(key: str, code: str, detail: str) -> Fault:
    shown = key if len(key) <= 80 else f"{key[:80]}…"
    shown = shown.encode("utf-8", "replace").decode()
    pointer = shown.replace("~", "~0").replace("/", "~1")
    return Fault(f"#/{quote(pointer, safe=_FRAGMENT)}", code, f"{shown} {detail}")


Problem = tuple[str, str] | None  # code and detail


def _identifier_problem(value: object) -> Problem:
    if type(value) is not str:
        return "wrong_type", "must be a string."
    if not 0 < len(value) <= MAX_IDENTIFIER:
        return "wrong_length", f"must have 1 to {MAX_IDENTIFIER} characters."
    if _UNCARRIABLE.search(value):
        return "invalid_character", "must not contain U+0000 or half of a surrogate pair."
    return None


def _time_problem(value: object) -> Problem:
    if type(value) is not str:
        return "wrong_type", "must be a string: RFC 3339 with zone, 2026-01-31T12:00:00.000Z."
    try:
        _moment(value)
    except (ValueError, OverflowError):
        return "invalid_time", "must be RFC 3339 with zone, such as 2026-01-31T12:00:00.000Z."
    return None


def _flag_problem(value: object) -> Problem:
    return None if isinstance(value, bool) else ("wrong_type", "must be true, false or null.")


def _object_problem(value: object) -> Problem:
    return None if isinstance(value, dict) else ("wrong_type", "must be an object.")


def _one_of(*values: str) -> Callable[[object], Problem]:
    def problem(value: object) -> Problem:
        if isinstance(value, str) and value in values:
            return None
        return "unknown_value", f"must be one of {', '.join(values)}."

    return problem


_FIELDS: Mapping[str, Callable[[object], Problem]] = {
    "emitted_at": _time_problem,
    "message_id": _identifier_problem,
    "app_id": _identifier_problem,
    "user_id": _identifier_problem,
    "activation_id": _identifier_problem,
    "addressed_to": _one_of(*ADDRESSED_TO),
    "per_device": _flag_problem,
    "platform": _one_of(*PLATFORM_NAMES),
    "silent": _flag_problem,
    "personal": _flag_problem,
    "extras": _object_problem,
}

__all__ = ["MAX_BYTES", "Emission", "Fault", "MalformedJSON", "Rejected", "decode", "emission_from"]
