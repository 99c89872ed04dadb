"""The envelope, our contract with clients: one incoming item becomes one ``Emission``, or every
fault in it with a pointer. What is inside ``extras`` is evidence and never a fault."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from urllib.parse import quote

from notifications.protocol.clients import PLATFORM_NAMES
from notifications.protocol.extras import MAX_IDENTIFIER, Finding
from notifications.protocol.payload import Reading, repeated_keys

from .emission import Emission, judged

MAX_BYTES = 1024 * 1024  # of one item, decompressed
ENVELOPE_LEVELS = 1
MAX_FAULTS = 20  # told of one item: an answer must not outgrow what it answers

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
    """An item that is not an envelope; ``faults`` names the places, at most ``MAX_FAULTS``."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(f"{fault.pointer}: {fault.detail}" for fault in faults))
        self.faults = faults


def decode(data: bytes, *, now: datetime) -> Emission:
    """The emission in one JSON text. Raises ``MalformedJSON`` or ``Rejected``."""
    reading, document = read_object(data, levels=ENVELOPE_LEVELS)
    extras = document.get("extras")
    if not isinstance(extras, dict):
        return emission_from(document, now=now)  # says what is wrong with it
    clean, repairs = reading.repaired(extras)
    return emission_from({**document, "extras": clean}, now=now, repairs=repairs)


def read_object(data: bytes, *, levels: int) -> tuple[Reading, dict[str, Any]]:
    """One JSON object that has each of its keys once; ``levels`` are those around extras.

    Raises ``MalformedJSON`` or ``Rejected``.
    """
    reading = Reading(data, envelope_levels=levels)
    document = reading.value
    if not isinstance(document, dict):
        raise Rejected(Fault("#", "wrong_type", "The body must be one JSON object."))
    if repeated := repeated_keys(document):
        raise Rejected(
            *(field_fault(key, "duplicate_key", "is given twice.") for key in repeated[:MAX_FAULTS])
        )
    return reading, document


def emission_from(
    document: Mapping[str, Any], *, now: datetime, repairs: tuple[Finding, ...] = ()
) -> Emission:
    """The emission an envelope tells of; ``now`` stamps it when it names no time of its own.

    ``repairs`` are the findings made when its extras were read. Raises ``Rejected``.
    """
    required = {"extras": "the extras as they were sent"}
    faults = [*islice(field_faults(document, FIELDS, required), MAX_FAULTS)]
    faults = faults or [*joint_faults(document)]
    if faults:
        raise Rejected(*faults)
    told = document.get("emitted_at")
    emitted_at = None if told is None else moment(told)
    return judged(**{**document, "emitted_at": emitted_at}, now=now, repairs=repairs)


def moment(text: str) -> datetime:
    """A time in RFC 3339 as UTC. Raises ValueError or OverflowError for what is none."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(text)
    day, time, fraction, offset = match.groups()
    fraction = (fraction or "").ljust(6, "0")
    told = datetime.fromisoformat(f"{day}T{time}.{fraction}{offset.upper()}")
    return told.astimezone(UTC)


def field_faults(
    document: Mapping[str, Any], fields: "Mapping[str, Check]", required: Mapping[str, str]
) -> Iterator[Fault]:
    """Of single fields. Those that are ``required`` are told with what they are; any other may be
    null, which says no more than leaving it out."""
    for key, meaning in required.items():
        if key not in document:
            yield field_fault(key, "required", f"is required: {meaning}.")
    for key, value in document.items():
        check = fields.get(key)
        if check is None:
            known = ", ".join(fields)
            yield field_fault(key, "unknown_field", f"is not a field; the fields are {known}.")
        elif (value is not None or key in required) and (problem := check(value)) is not None:
            yield field_fault(key, *problem)


def joint_faults(document: Mapping[str, Any]) -> Iterator[Fault]:
    """What single fields cannot show."""
    if document.get("message_id") is not None and document.get("emitted_at") is None:
        why = "is required with message_id: a retry repeats both, and so names the same emission."
        yield field_fault("emitted_at", "emitted_at_required", why)
    names_device = document.get("activation_id") is not None
    copy = document.get("per_device") or False
    addressed_to = document.get("addressed_to")
    if not names_device and (copy or addressed_to == "activation"):
        because = "per_device" if copy else "addressed_to activation"
        yield field_fault("activation_id", "activation_id_required", f"is required: {because}.")
    if names_device and not copy and addressed_to == "user":
        why = "is user, yet activation_id is given: say activation, or per_device for a copy."
        yield field_fault("addressed_to", "contradiction", why)


def field_fault(key: str, code: str, detail: str) -> Fault:
    """Of a field by its name, which may be anything that somebody sent."""
    shown = key if len(key) <= 80 else f"{key[:80]}…"
    shown = shown.encode("utf-8", "replace").decode()
    pointer = shown.replace("~", "~0").replace("/", "~1")
    return Fault(f"#/{quote(pointer, safe=_FRAGMENT)}", code, f"{shown} {detail}")


Problem = tuple[str, str] | None  # code and detail
Check = Callable[[object], Problem]


def identifier_problem(value: object) -> Problem:
    """What keeps ``value`` from being an identifier; None: nothing."""
    if type(value) is not str:
        return "wrong_type", "must be a string."
    if not 0 < len(value) <= MAX_IDENTIFIER:
        return "wrong_length", f"must have 1 to {MAX_IDENTIFIER} characters."
    if _UNCARRIABLE.search(value):
        return "invalid_character", "must not contain U+0000 or half of a surrogate pair."
    return None


def time_problem(value: object) -> Problem:
    """What keeps ``value`` from being a ``moment``."""
    if type(value) is not str:
        return "wrong_type", "must be a string: RFC 3339 with zone, 2026-01-31T12:00:00.000Z."
    try:
        moment(value)
    except (ValueError, OverflowError):
        return "invalid_time", "must be RFC 3339 with zone, such as 2026-01-31T12:00:00.000Z."
    return None


def flag_problem(value: object) -> Problem:
    """What keeps ``value`` from being true or false."""
    return None if isinstance(value, bool) else ("wrong_type", "must be true, false or null.")


def _object_problem(value: object) -> Problem:
    return None if isinstance(value, dict) else ("wrong_type", "must be an object.")


def one_of(*values: str) -> Check:
    """A check for one of ``values``."""

    def problem(value: object) -> Problem:
        if isinstance(value, str) and value in values:
            return None
        return "unknown_value", f"must be one of {', '.join(values)}."

    return problem


FIELDS: Mapping[str, Check] = {
    "emitted_at": time_problem,
    "message_id": identifier_problem,
    "app_id": identifier_problem,
    "user_id": identifier_problem,
    "activation_id": identifier_problem,
    "addressed_to": one_of(*ADDRESSED_TO),
    "per_device": flag_problem,
    "platform": one_of(*PLATFORM_NAMES),
    "silent": flag_problem,
    "personal": flag_problem,
    "extras": _object_problem,
}
