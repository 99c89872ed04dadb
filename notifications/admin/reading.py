"""What a person reads of one notification's payload: its extras beside the specification, what the
apps make of it, and whether it would be judged otherwise today. Pure: no database, no HTML."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from notifications.protocol.clients import REACHED_OVER, Generation, Platform, view
from notifications.protocol.extras import (
    RULES_VERSION,
    SPECIFICATION,
    Code,
    Finding,
    MessageType,
    Rule,
    check,
)

from .unseen import visible
from .words import GATEWAYS, GENERATIONS, app_view

LONG = 600  # characters of a value that are shown at once
BEGINNING = 300  # of a longer one

# Findings made on the way in: from the text of the JSON or from what was around the extras, not by
# check().
_OF_THE_WAY_IN = (
    *(Code.DUPLICATE_KEY, Code.REPAIRED_VALUE),
    *(Code.ACTIVATION_MISMATCH, Code.UNUSABLE_FIELD),
)


class Role(StrEnum):
    """What the specification says of a key in messages of this type."""

    REQUIRED = gettext_noop("required")
    OPTIONAL = gettext_noop("optional")
    IGNORED = gettext_noop("ignored")
    UNEXPECTED = gettext_noop("unexpected")
    UNKNOWN = gettext_noop(
        "not specified"
    )  # of a message whose type is none of the specification's


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of the extras, or a required one that is absent (``value`` is then None)."""

    key: str
    value: str | None
    kind: str
    role: Role
    findings: tuple[Mapping[str, str], ...]

    @property
    def role_told(self) -> str:
        return _(self.role.value)

    @property
    def is_long(self) -> bool:
        return self.value is not None and len(self.value) > LONG

    @property
    def beginning(self) -> str:
        return (self.value or "")[:BEGINNING]

    @property
    def shows_all(self) -> bool:
        """What is shown is what there is: a copy can be taken from the page's text."""
        return self.value is not None and visible(self.value) == self.value


@dataclass(frozen=True, slots=True)
class Cell:
    """What an app makes of the message over one gateway; None: that gateway does not reach it."""

    text: str | None
    understood: bool


@dataclass(frozen=True, slots=True)
class AppsTable:
    """``gateways`` are (name, whether this message went there); ``rows`` (app, cells)."""

    gateways: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def read_extras(
    extras: Mapping[str, Any], findings: Iterable[Mapping[str, str]]
) -> tuple[Entry, ...]:
    """The specification's keys in its order, absent ones included, then all others."""
    rule = _rule(extras)
    specified: tuple[str, ...] = ("messageType",)
    if rule is not None:
        optional = (key for key in (*rule.optional, *rule.ignored) if key in extras)
        specified = (*specified, *rule.required, *optional)
    keys = dict.fromkeys((*specified, *sorted(extras)))
    told: dict[str, list[Mapping[str, str]]] = {}
    for finding in findings:
        told.setdefault(finding["key"], []).append(finding)
    return tuple(
        Entry(
            key=key,
            value=_text(extras[key]) if key in extras else None,
            kind=_kind(extras[key]) if key in extras else "",
            role=_role(key, rule),
            findings=tuple(told.get(key, ())),
        )
        for key in keys
    )


def pretty_json(extras: Mapping[str, Any]) -> str:
    return json.dumps(extras, ensure_ascii=False, indent=2, sort_keys=True)


def read_apps(extras: Mapping[str, Any], platform: str | None) -> AppsTable:
    """What each app generation makes of ``extras`` on each gateway that reaches it."""
    return AppsTable(
        gateways=tuple((name, gateway == platform) for gateway, name in GATEWAYS.items()),
        rows=tuple(
            (str(name), tuple(_cell(extras, generation, gateway) for gateway in GATEWAYS))
            for generation, name in GENERATIONS.items()
        ),
    )


def read_clients(
    clients: Mapping[str, Mapping[str, str | None]], platform: str | None
) -> list[tuple[str, Cell]]:
    """What each app generation makes of a message of a trace, which has it read already."""
    found = []
    for generation, name in GENERATIONS.items():
        if platform is not None and platform not in REACHED_OVER[generation]:
            found.append((str(name), Cell(text=None, understood=False)))
        else:
            seen = clients[generation]
            text = app_view(seen["kind"], seen["result"])
            found.append((str(name), Cell(text=text, understood=seen["kind"] is not None)))
    return found


def judged_today(
    extras: Mapping[str, Any], findings: Iterable[Mapping[str, str]], rules: int
) -> tuple[Finding, ...] | None:
    """Today's findings where they differ from those of older rules; None where they do not."""
    if rules >= RULES_VERSION:
        return None
    today = check(extras)
    then = {(each["code"], each["key"]) for each in findings if each["code"] not in _OF_THE_WAY_IN}
    return None if then == {(str(each.code), each.key) for each in today} else today


def _rule(extras: Mapping[str, Any]) -> Rule | None:
    message_type = extras.get("messageType")
    if not isinstance(message_type, str) or message_type not in SPECIFICATION:
        return None
    return SPECIFICATION[MessageType(message_type)]


def _role(key: str, rule: Rule | None) -> Role:
    if key == "messageType" or (rule is not None and key in rule.required):
        return Role.REQUIRED
    if rule is None:
        return Role.UNKNOWN
    if key in rule.optional:
        return Role.OPTIONAL
    return Role.IGNORED if key in rule.ignored else Role.UNEXPECTED


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)


def _kind(value: Any) -> str:
    """The JSON type of what is no string: there the specification has strings only."""
    number = _("number")
    names = {
        bool: _("boolean"),
        int: number,
        float: number,
        dict: _("object"),
        list: _("array"),
    }
    return "" if isinstance(value, str) else names.get(type(value), _("null"))


def _cell(extras: Mapping[str, Any], generation: Generation, gateway: Platform) -> Cell:
    if gateway not in REACHED_OVER[generation]:
        return Cell(text=None, understood=False)
    seen = view(extras, generation, gateway)
    return Cell(text=app_view(seen.kind, seen.result), understood=seen.kind is not None)
