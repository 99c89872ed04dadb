"""Reading JSON quickly where it is ordinary, which nearly all is: a fast decoder hides repeated
keys and odd numbers, so every string of the text is counted again in what was decoded, and whatever
is unusual is read carefully. A property test holds both ways to say the same."""

from typing import Any

import msgspec

from .payload import MAX_NESTING, SAFE_INTEGER, Reading


class _Ordinary(Reading):
    """An object of which nothing has to be repaired."""

    def __init__(self, value: dict[str, Any]) -> None:
        self._odd, self._mark, self.value = False, "", value


def reading_of(data: bytes, *, envelope_levels: int) -> Reading:
    """As ``Reading`` does. Raises ``MalformedJSON``."""
    value = _object_in(data)
    return Reading(data, envelope_levels=envelope_levels) if value is None else _Ordinary(value)


def _object_in(data: bytes) -> dict[str, Any] | None:
    """The object that ``data`` holds, read quickly; None where that might hide anything."""
    if b"\\" in data or data.count(b"{") + data.count(b"[") > MAX_NESTING:
        return None
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if type(value) is not dict or (found := strings_in(value)) is None:
        return None
    return value if 2 * found == data.count(b'"') else None


def strings_in(value: Any) -> int | None:
    """How many strings, keys among them, ``value`` holds: fewer than its text where keys were
    repeated there. None for a number that needs care."""
    kind = type(value)
    if kind is str:
        return 1
    if kind is bool or value is None:
        return 0
    if kind is int:
        return 0 if -SAFE_INTEGER < value < SAFE_INTEGER else None
    if kind is float:
        return None
    count = 0
    if kind is dict:
        count = len(value)
        value = value.values()
    for item in value:
        found = 1 if type(item) is str else strings_in(item)
        if found is None:
            return None
        count += found
    return count
