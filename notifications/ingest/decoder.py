"""From one JSON text to one emission: quickly when it is ordinary, carefully when it is not.

The careful way (``envelope``) is the rule. The quick way takes only what both read alike, which a
property test holds it to: a fast decoder hides repeated keys and odd numbers, so every string of
the text is counted again in what was decoded, and anything unusual goes the careful way.
"""

from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from notifications.protocol.extras import MAX_IDENTIFIER
from notifications.protocol.ordinary import strings_in
from notifications.protocol.payload import MAX_NESTING

from . import envelope
from .emission import Emission, judged

T = TypeVar("T")
Told: TypeAlias = T | UnsetType | None
Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_IDENTIFIER)]


class _Ordinary(msgspec.Struct, forbid_unknown_fields=True):
    """An envelope whose every field is of its type; the joint rules are not checked yet."""

    extras: dict[str, Any]
    emitted_at: str
    message_id: Told[Identifier] = UNSET
    app_id: Told[Identifier] = UNSET
    user_id: Told[Identifier] = UNSET
    activation_id: Told[Identifier] = UNSET
    addressed_to: Told[Literal["activation", "user", "unknown"]] = UNSET
    per_device: Told[bool] = UNSET
    platform: Told[Literal["apns", "fcm", "hms", "ios", "android", "huawei"]] = UNSET
    silent: Told[bool] = UNSET
    personal: Told[bool] = UNSET


_FIELDS = _Ordinary.__struct_fields__
_decoder = msgspec.json.Decoder(_Ordinary)


def decode(data: bytes, *, now: datetime) -> Emission:
    """The emission in one JSON text. Raises ``MalformedJSON`` or ``Rejected``."""
    told = _ordinary(data)
    if told is None:
        return envelope.decode(data, now=now)
    return judged(**told, now=now)


def _ordinary(data: bytes) -> dict[str, Any] | None:
    """The fields told, or None when only the careful way can say what they are."""
    if b"\\" in data or data.count(b"{") + data.count(b"[") > MAX_NESTING:
        return None
    try:
        read = _decoder.decode(data)
        emitted_at = envelope.moment(read.emitted_at)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, OverflowError):
        return None
    told: dict[str, Any] = {}
    strings = 0
    for name in _FIELDS:
        value = getattr(read, name)
        if value is not UNSET:
            told[name] = value
            strings += 2 if type(value) is str else 1
    found = strings_in(read.extras)
    if found is None or 2 * (strings + found) != data.count(b'"'):
        return None
    if any(envelope.joint_faults(told)):
        return None
    told["emitted_at"] = emitted_at
    return told
