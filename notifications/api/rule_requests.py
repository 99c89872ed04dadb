"""What is posted to set where a rule applies: read with every fault named, and told as a schema."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from notifications.filters.base import nearest
from notifications.models import RuleSetting
from notifications.models.setting import MAX_NOTE, RuleSays
from notifications.protocol.extras import MAX_IDENTIFIER
from notifications.protocol.gates import GATED
from notifications.protocol.payload import Reading, repeated_keys
from notifications.protocol.window import EXAMPLE, BadWindow, read_moment

from .export_requests import fault_at
from .problems import Fault, Problem

RULES = tuple(map(str, GATED))
MEMBERS = ("rule", "app_id", "says", "since", "until", "note")
REQUIRED = ("rule", "says", "note")
NULLABLE = ("app_id", "since", "until")


def read_setting(data: bytes, *, source: str, who: str, now: datetime) -> RuleSetting:
    """A row that is not saved yet. Raises ``MalformedJSON`` and ``Problem`` (422) that names all
    that is wrong."""
    document = Reading(data, envelope_levels=0).value
    if not isinstance(document, dict):
        raise _bad([Fault("body", "#", "wrong_type", "The body must be one JSON object.")])
    if faults := [*_faults(document, now)]:
        raise _bad(faults)
    since, until = (_moment(document, name, now) for name in ("since", "until"))
    if since is not None and until is not None and since >= until:
        raise _bad([fault_at("until", "invalid_setting", "must be after since.")])
    return RuleSetting(
        source_id=source,
        app=document.get("app_id") or "",
        rule=document["rule"],
        says=document["says"],
        since=since,
        until=until,
        note=document["note"],
        who=who,
    )


def _bad(faults: list[Fault]) -> Problem:
    return Problem(422, "invalid_setting", "; ".join(each.detail for each in faults), *faults)


def _faults(document: dict[str, Any], now: datetime) -> Iterator[Fault]:
    for name in repeated_keys(document):
        yield fault_at(name, "duplicate_key", "is given twice.")
    for name in REQUIRED:
        if name not in document:
            yield fault_at(name, "required", "is required.")
    for name, value in document.items():
        if name not in MEMBERS:
            meant = nearest(name, dict.fromkeys(MEMBERS), {})
            hint = f"did you mean {meant}?" if meant else f"the members are {', '.join(MEMBERS)}."
            yield fault_at(name, "unknown_field", f"is no member of a setting; {hint}")
        elif (value is not None or name not in NULLABLE) and (problem := _wrong(name, value, now)):
            yield fault_at(name, *problem)


def _wrong(name: str, value: Any, now: datetime) -> tuple[str, str] | None:
    if type(value) is not str:
        return "wrong_type", "must be a string."
    if name in ("rule", "says"):
        known = RULES if name == "rule" else tuple(RuleSays.values)
        return None if value in known else ("unknown_value", f"must be one of {', '.join(known)}.")
    if name in ("since", "until"):
        try:
            if "-" not in value:  # a length of time, which would be another tomorrow
                raise BadWindow(name, f"must be a moment such as {EXAMPLE}.")
            read_moment(name, value, now=now)
        except BadWindow as problem:
            return "invalid_setting", problem.detail
        return None
    most = MAX_NOTE if name == "note" else MAX_IDENTIFIER
    if not 0 < len(value) <= most or "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
        return "invalid_setting", f"must have 1 to {most} characters, no NUL and no half of a pair."
    return None


def _moment(document: dict[str, Any], name: str, now: datetime) -> datetime | None:
    given = document.get(name)
    return None if given is None else read_moment(name, given, now=now)


_BOUND = {"type": ["string", "null"], "format": "date-time"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "Whether a rule applies to what the source sends to an app.",
    "required": list(REQUIRED),
    "additionalProperties": False,
    "properties": {
        "rule": {"enum": list(RULES)},
        "app_id": {
            "type": ["string", "null"],
            "minLength": 1,
            "maxLength": MAX_IDENTIFIER,
            "pattern": "^[^\\u0000]*$",
            "description": "Left out or null: any app.",
        },
        "says": {
            "enum": list(RuleSays.values),
            "description": "`learned`: as if nothing were set, also where something is set for any"
            " app.",
        },
        "since": {**_BOUND, "description": "Of what is owed from then on; null: from ever."},
        "until": {**_BOUND, "description": "Of what is owed before then; null: for ever."},
        "note": {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_NOTE,
            "pattern": "^[^\\u0000]*$",
            "description": "Why. Kept for good.",
        },
    },
    "examples": [
        {
            "rule": "E0",
            "app_id": "retail",
            "says": "applies",
            "since": "2026-03-01T00:00:00Z",
            "note": "The backend announces all operations since its release 7.",
        }
    ],
}
