"""Attributes of an object that a foreign system made: each may be absent, and what cannot be used
is left out with a finding, which never holds a value that was sent."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from notifications.protocol.clients import PLATFORM_NAMES, Platform
from notifications.protocol.extras import MAX_IDENTIFIER, Code, Finding, identifier
from notifications.protocol.identity import EPOCH

# ISO 8601 as Java and PostgreSQL write it: the zone may be absent, or be +0000 or +00. A fraction
# is cut, not rounded, so that a time never moves into the next millisecond.
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,9}))?"
    r"(?:([Zz])|([+-]\d\d):?(\d\d)?)?",
    re.ASCII,
)
_UNCARRIABLE = re.compile("[\0\ud800-\udfff]")
# PowerAuth's words for devices that no gateway serves, and for those it knows nothing of.
_WITHOUT_GATEWAY = frozenset({"unknown", "hw", "web"})


class Attributes:
    """Reads one object; ``findings`` grow with what could not be used. Times without a zone are
    taken to be of ``zone``."""

    def __init__(self, told: Mapping[str, Any], *, zone: tzinfo = UTC) -> None:
        self._told = told
        self._zone = zone
        self.findings: list[Finding] = []

    def text(self, name: str) -> str | None:
        """1 to 256 characters, as they were sent."""
        value = self._told.get(name)
        if value is None:
            return None
        if (why := why_no_text(value)) is not None:
            self._leave_out(name, *why)
            return None
        return str(value)

    def identifier(self, name: str) -> str | None:
        """A text that names a subject; a UUID in upper case names that in lower case."""
        return identifier(self.text(name))

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts, or one in its place."""
        value = self._told.get(name)
        if value is None:
            return ()
        given = value if isinstance(value, list) else [value]
        usable = tuple(each for each in given if why_no_text(each) is None)
        if len(usable) < len(given):
            why = f"has entries that are no texts of 1 to {MAX_IDENTIFIER} characters."
            self._leave_out(name, Code.WRONG_TYPE, why)
        return tuple(dict.fromkeys(usable))

    def platform(self, name: str) -> Platform | None:
        told = self.text(name)
        if told is None or told.lower() in _WITHOUT_GATEWAY:
            return None
        known = PLATFORM_NAMES.get(told.lower())
        if known is None:
            self._leave_out(name, Code.UNUSABLE_FIELD, "names no platform known here.")
        return known

    def moment(self, name: str) -> datetime | None:
        """ISO 8601, or milliseconds since 1970; UTC."""
        value = self._told.get(name)
        if value is None:
            return None
        if type(value) not in (str, int):
            self._leave_out(name, Code.WRONG_TYPE, f"is {_kind(value)}, and no time.")
            return None
        try:
            return moment(value, self._zone)
        except (ValueError, OverflowError):
            self._leave_out(name, Code.UNUSABLE_FIELD, "is no time of the calendar.")
            return None

    def _leave_out(self, name: str, code: Code, why: str) -> None:
        self.findings.append(Finding(code, name, f"{name} {why}"))


def moment(told: str | int, zone: tzinfo) -> datetime:
    """The time ``told`` as UTC. Raises ValueError or OverflowError for what is none."""
    if isinstance(told, int):
        return EPOCH + timedelta(milliseconds=told)
    match = _TIME.fullmatch(told)
    if match is None:
        raise ValueError("no time in ISO 8601")
    day, time, fraction, utc, hours, minutes = match.groups()
    at = datetime.fromisoformat(f"{day}T{time}").replace(
        microsecond=int((fraction or "").ljust(6, "0")[:6])
    )
    if utc:
        return at.replace(tzinfo=UTC)
    if hours:
        at = datetime.fromisoformat(f"{at.isoformat()}{hours}:{minutes or '00'}")
        return at.astimezone(UTC)
    return at.replace(tzinfo=zone).astimezone(UTC)


def why_no_text(value: object) -> tuple[Code, str] | None:
    """Why ``value`` cannot be kept as a text of 1 to 256 characters; None when it can."""
    if type(value) is not str:
        return Code.WRONG_TYPE, f"is {_kind(value)}, and no text."
    if not value:
        return Code.UNUSABLE_FIELD, "is empty."
    if len(value) > MAX_IDENTIFIER:
        return Code.UNUSABLE_FIELD, f"has {len(value)} characters, over {MAX_IDENTIFIER}."
    if _UNCARRIABLE.search(value):
        return Code.UNUSABLE_FIELD, "has U+0000 or half of a surrogate pair."
    return None


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "a boolean"
    return {dict: "an object", list: "an array", type(None): "null"}.get(type(value), "a number")
