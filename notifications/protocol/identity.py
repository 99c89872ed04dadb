"""The identity of a notification: derived from what was told, so that recording is idempotent.

An id is a UUIDv8: 48 bits of the emission's Unix milliseconds, then bits of a SHA-256: sorting by
id is sorting by time of emission. `docs/identity.md` publishes test vectors.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from .canonical import canonical_json

if TYPE_CHECKING:
    from collections.abc import Mapping

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_MILLISECONDS = 2**48 - 1
_MILLISECOND = timedelta(milliseconds=1)
_HASH_BITS_A, _HASH_BITS_B = 12, 62


def to_millisecond(moment: datetime) -> datetime:
    """``moment`` in UTC, rounded down to the millisecond: the precision that is recorded."""
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def milliseconds(moment: datetime) -> int:
    """Unix milliseconds, rounded down and clamped to 48 bits (so never before 1970)."""
    return min(max((moment - EPOCH) // _MILLISECOND, 0), MAX_MILLISECONDS)


def digest(envelope: "Mapping[str, Any]", emitted_at: datetime) -> bytes:
    """32 bytes: SHA-256 of the canonical JSON of what is recorded of one emission.

    ``envelope`` maps app_id, user_id, activation_id, addressed_to, per_device, platform, silent,
    personal and extras, null where nothing was told.
    """
    document = {**envelope, "emitted_at": timestamp(emitted_at)}
    return hashlib.sha256(canonical_json(document)).digest()


def timestamp(moment: datetime) -> str:
    """A UTC ``moment`` as it is digested and shown: RFC 3339 with three decimals and Z."""
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def id_from_message(source: str, message_id: str, emitted_at: datetime) -> UUID:
    """The id of an emission that its source has a name for."""
    seed = b"message\0" + source.encode() + b"\0" + message_id.encode()
    return _uuid8(emitted_at, hashlib.sha256(seed).digest())


def id_from_digest(source: str, content: bytes, emitted_at: datetime) -> UUID:
    """The id of an emission without a name: its source, its content and its time are its name.

    Also of one whose time the service stamped: its ``content`` is then the digest and a nonce.
    """
    seed = b"digest\0" + source.encode() + b"\0" + content
    return _uuid8(emitted_at, hashlib.sha256(seed).digest())


def id_of_event(source: str, name: bytes, at: datetime) -> UUID:
    """The id of an event that ``source`` tells under this ``name``, of which ``at`` is the time."""
    seed = b"event\0" + source.encode() + b"\0" + name
    return _uuid8(at, hashlib.sha256(seed).digest())


def first_id_at(moment: datetime) -> UUID:
    """The least id of an emission at ``moment`` or later: the bound to search from."""
    return UUID(int=milliseconds(moment) << 80)


def time_of(notification_id: UUID) -> datetime:
    """The emission time an id carries: UTC, to the millisecond, clamped as the id is."""
    try:
        return EPOCH + (notification_id.int >> 80) * _MILLISECOND
    except OverflowError:  # 48 bits reach past the year 9999; no recorded id does
        return datetime.max.replace(tzinfo=UTC)


def _uuid8(emitted_at: datetime, hashed: bytes) -> UUID:
    bits = int.from_bytes(hashed, "big") >> (256 - _HASH_BITS_A - _HASH_BITS_B)
    high, low = bits >> _HASH_BITS_B, bits & ((1 << _HASH_BITS_B) - 1)
    return UUID(int=milliseconds(emitted_at) << 80 | 8 << 76 | high << 64 | 0b10 << 62 | low)
