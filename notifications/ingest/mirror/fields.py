"""Objects of foreign requests, read field by field: what is of no use is left out, with a finding
that names its place. A finding never quotes a value, which may be a user or a text for people."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from notifications.ingest.envelope import Fault, Rejected, identifier_problem, moment
from notifications.protocol.extras import Code, Finding
from notifications.protocol.payload import Reading, repeated_keys

T = TypeVar("T")

# All that are read anywhere: what else a pointer has is the number of an item.
FIELDS = frozenset(
    {
        *("requestObject", "appId", "mode", "message", "batch"),
        *("userId", "activationId", "registrationId", "priority", "attributes", "silent"),
        *("personal", "body", "title", "sound", "category", "collapseKey", "validUntil", "extras"),
        *("token", "platform", "activationIds", "activationStatus", "applications"),
    }
)


class Part:
    """One object of a request, at ``pointer``. What is found in it is added to ``findings``.

    ``text``, ``flag`` and the like give None for what was not told (null is not told) or of no
    use; those that begin with ``needed`` raise ``Rejected`` for what the original refuses.
    """

    def __init__(self, value: dict[str, Any], pointer: str, findings: list[Finding]) -> None:
        self.pointer, self.findings = pointer, findings
        self._value, self._repeated = value, repeated_keys(value)

    def told(self, name: str) -> Any:
        """The value as it was read; of a repeated field the last, as the Push Server takes it."""
        if name in self._repeated:
            self._find(Code.DUPLICATE_KEY, name, "is given more than once; the last one counts.")
        return self._value.get(name)

    def unusable(self, name: str, why: str) -> None:
        """``why`` is a sentence without its subject."""
        self._find(Code.UNUSABLE_FIELD, name, why)

    def text(self, name: str, *, may_be_empty: bool = False) -> str | None:
        """An identifier or another short text."""
        value = _as_text(self.told(name))
        if value == "" and may_be_empty:
            return ""
        return None if value is None else self._checked(name, value)

    def words(self, name: str) -> str | None:
        """A text for people, of any length."""
        value = _as_text(self.told(name))
        if value is None or isinstance(value, str):
            return value
        self.unusable(name, "is not used: it must be a string.")
        return None

    def flag(self, name: str, *, default: bool) -> bool | None:
        value = self.told(name)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.unusable(name, "is not used: it must be true or false.")
        return None

    def moment(self, name: str) -> datetime | None:
        value = self.told(name)
        try:
            return None if value is None else moment(value)
        except (TypeError, ValueError, OverflowError):
            self.unusable(name, "is not used: it must be a time in RFC 3339.")
            return None

    def one_of(self, name: str, choices: Mapping[str, T]) -> T | None:
        value = self.told(name)
        if value is None or (isinstance(value, str) and value in choices):
            return None if value is None else choices[value]
        self.unusable(name, f"is not used: it must be one of {', '.join(choices)}.")
        return None

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of short texts, without those of no use; one finding tells of all of these."""
        value = self.told(name)
        if value is not None and not isinstance(value, list):
            self.unusable(name, "is not used: it must be a list.")
            return ()
        read = [_as_text(each) for each in value or ()]
        usable = [each for each in read if each is not None and identifier_problem(each) is None]
        if left_out := len(read) - len(usable):
            self.unusable(name, f"has {left_out} of {len(read)} items that are no short text.")
        return tuple(usable)

    def part(self, name: str) -> "Part | None":
        """An object within, empty when it was not told; None when it is none."""
        value = self.told(name)
        if value is None or isinstance(value, dict):
            return Part(value or {}, f"{self.pointer}/{name}", self.findings)
        self.unusable(name, "is not used: it must be an object.")
        return None

    def needed(self, name: str) -> Any:
        """A value that is not null. Raises ``Rejected``."""
        value = self.told(name)
        if value is None:
            raise Rejected(Fault(f"{self.pointer}/{name}", "required", f"{name} is required."))
        return value

    def needed_text(self, name: str, *, may_be_blank: bool = True) -> str | None:
        """None still when it is of no use. Raises ``Rejected`` for what is missing."""
        value = self.needed(name)
        if not may_be_blank and isinstance(value, str) and not value.strip():
            raise Rejected(Fault(f"{self.pointer}/{name}", "required", f"{name} is empty."))
        return self._checked(name, _as_text(value))

    def needed_part(self, name: str) -> "Part":
        """An object within. Raises ``Rejected``."""
        return part_of(self.needed(name), f"{self.pointer}/{name}", self.findings)

    def needed_list(self, name: str, *, most: int) -> Sequence[Any]:
        """A list of 1 to ``most`` items. Raises ``Rejected``."""
        value = self.needed(name)
        pointer = f"{self.pointer}/{name}"
        if not isinstance(value, list):
            raise Rejected(Fault(pointer, "wrong_type", f"{name} must be a list."))
        if not 0 < len(value) <= most:
            detail = f"{name} must have 1 to {most} items, not {len(value)}."
            raise Rejected(Fault(pointer, "wrong_length", detail))
        return value

    def _find(self, code: Code, name: str, what: str) -> None:
        finding = Finding(code, "", f"{self.pointer}/{name} {what}")
        if finding not in self.findings:  # a field may be looked at twice
            self.findings.append(finding)

    def _checked(self, name: str, value: Any) -> str | None:
        problem = identifier_problem(value)
        if problem is None:
            return str(value)
        self.unusable(name, f"is not used: it {problem[1]}")
        return None


def part_of(value: Any, pointer: str, findings: list[Finding]) -> Part:
    """Raises ``Rejected`` for what is no object."""
    if value is None:
        raise Rejected(Fault(pointer, "required", "An object is required here, not null."))
    if not isinstance(value, dict):
        raise Rejected(Fault(pointer, "wrong_type", "An object is required here."))
    return Part(value, pointer, findings)


def pointer_of(finding: Finding) -> str:
    """The pointer that the detail of a finding made here begins with."""
    return finding.detail.partition(" ")[0]


def read_request(body: bytes, *, levels: int, member: str | None) -> tuple[Reading, Part]:
    """The object of a request: its ``member`` of this name, or all of it. The extras lie ``levels``
    deep in the document. Raises ``MalformedJSON`` and ``Rejected``."""
    reading = Reading(body, envelope_levels=levels)
    document = part_of(reading.value, "#", [])
    return reading, document if member is None else document.needed_part(member)


def _as_text(value: Any) -> Any:
    """Numbers as their digits, which is how the Push Server reads them; all else as it is."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return str(value) if isinstance(value, str) else value
