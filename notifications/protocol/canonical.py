"""Canonical JSON (RFC 8785) of what is recorded, quick for the ordinary and exact for the rest."""

from enum import StrEnum
from types import NoneType
from typing import Any

import msgspec
import rfc8785

SAFE_INTEGER = 2**53

_PLAIN = frozenset({str, bool, NoneType})
_encoder = msgspec.json.Encoder(order="deterministic")


def canonical_json(value: Any) -> bytes:
    """The canonical UTF-8 bytes of ``value`` (dict, list, str, bool, None, int, finite float).

    Integers from 2^53 stand for the doubles they came from: jsonb gives 1e22 back as an integer.
    Raises ``rfc8785.CanonicalizationError`` for what JSON cannot hold.
    """
    if _is_ordinary(value):
        return _encoder.encode(value)
    return rfc8785.dumps(_as_doubles(value))


def _is_ordinary(value: Any) -> bool:
    """Whether code-point order of keys is RFC 8785's order and no number needs its formatting."""
    kind = type(value)
    if kind in _PLAIN:
        return True
    if kind is int:
        return bool(-SAFE_INTEGER < value < SAFE_INTEGER)
    if kind is dict:
        if not "".join(value).isascii():
            return False
        value = value.values()
    elif kind is not list and kind is not tuple:
        return isinstance(value, StrEnum)  # a platform; written as its value
    for item in value:  # noqa: SIM110 - a generator costs as much again, on every notification
        if type(item) not in _PLAIN and not _is_ordinary(item):
            return False
    return True


def _as_doubles(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_doubles(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_doubles(item) for item in value]
    if type(value) is int and abs(value) >= SAFE_INTEGER:
        return float(value)
    return value
