"""What is posted to note something of gaps: read with every fault named, and told as a schema."""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from notifications.filters.base import MOMENT
from notifications.models import MAX_NOTE, GapNote
from notifications.models.gap import MAX_GAP_KEY
from notifications.protocol.payload import Reading, repeated_keys
from notifications.protocol.window import BadWindow, Window, read_window
from notifications.trace.gap_notes import MOST_AT_ONCE, BadNote, read_note
from notifications.trace.gaps import LONGEST

from .export_requests import fault_at
from .problems import Fault, Problem

MEMBERS = ("keys", "kind", "note", "since", "until")
MOST_FAULTS = 100  # told of one request
SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "A note on each of these gaps, which are looked for in the window from `since`"
    " until `until`, by default the last 24 hours: that which they were listed with.",
    "required": ["keys", "note"],
    "additionalProperties": False,
    "properties": {
        "keys": {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_AT_ONCE,
            "items": {"type": "string", "minLength": 1, "maxLength": MAX_GAP_KEY},
        },
        "kind": {"enum": GapNote.Kind.values, "default": GapNote.Kind.ACKNOWLEDGED.value},
        "note": {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_NOTE,
            "pattern": "\\S",
            "description": "Why, in plain text.",
        },
        "since": {**MOMENT, "description": "A moment, or a length of time before now."},
        "until": {**MOMENT, "description": "The same; by default now."},
    },
    "examples": [
        {
            "keys": [
                "E1-019531d1-2c00-8000-8000-000000000001-49414e31-f3df-4cea-87e6-f214ca3b8412"
            ],
            "kind": "acknowledged",
            "note": "Browser closed before the poll; known, ticket 481.",
            "since": "2026-01-31T00:00:00Z",
            "until": "2026-02-01T00:00:00Z",
        }
    ],
}


@dataclass(frozen=True, slots=True)
class Noted:
    """What was asked to be noted."""

    keys: tuple[str, ...]
    kind: GapNote.Kind
    note: str
    window: Window


def read_note_request(data: bytes, now: datetime) -> Noted:
    """Raises ``MalformedJSON`` and ``Problem`` (422) that names all that is wrong."""
    document = Reading(data, envelope_levels=0).value
    if not isinstance(document, dict):
        raise invalid_note([Fault("body", "#", "wrong_type", "The body must be one JSON object.")])
    faults = [*_faults(document)]
    window = None
    if not faults:
        try:
            window = read_window(
                document.get("since"), document.get("until"), now=now, longest=LONGEST
            )
        except BadWindow as problem:
            faults = [fault_at(problem.parameter, "invalid_parameter", problem.detail)]
    if window is None:
        raise invalid_note(faults)
    return Noted(
        keys=tuple(dict.fromkeys(document["keys"])),
        kind=GapNote.Kind(document.get("kind", GapNote.Kind.ACKNOWLEDGED)),
        note=document["note"],
        window=window,
    )


def _faults(document: dict[str, Any]) -> Iterator[Fault]:
    for name in repeated_keys(document):
        yield fault_at(name, "duplicate_key", "is given twice.")
    for name in ("keys", "note"):
        if name not in document:
            yield fault_at(name, "required", "is required.")
    for name, value in document.items():
        if name not in MEMBERS:
            told = f"is no member of a note; the members are {', '.join(MEMBERS)}."
            yield fault_at(name, "unknown_field", told)
        elif name == "keys":
            yield from _faults_of_keys(value)
        elif type(value) is not str:
            yield fault_at(name, "wrong_type", "must be a string.")
        elif name == "kind" and value not in GapNote.Kind.values:
            told = f"must be one of {', '.join(GapNote.Kind.values)}."
            yield fault_at(name, "unknown_value", told)
        elif name == "note":
            yield from _faults_of_note(value)


def _faults_of_note(text: str) -> Iterator[Fault]:
    try:
        read_note(text)
    except BadNote as problem:
        yield fault_at("note", "invalid_text", str(problem))


def _faults_of_keys(keys: Any) -> Iterator[Fault]:
    if type(keys) is not list:
        yield fault_at("keys", "wrong_type", "must be a list of keys.")
        return
    if not 0 < len(keys) <= MOST_AT_ONCE:
        told = f"has {len(keys):,} keys; it may have from 1 to {MOST_AT_ONCE:,}."
        yield fault_at("keys", "out_of_range", told)
        return
    for place, key in enumerate(keys):
        if type(key) is not str or not 0 < len(key) <= MAX_GAP_KEY:
            told = f"must be the key of a gap: text of at most {MAX_GAP_KEY} characters."
            yield fault_at(str(place), "wrong_type", told, within="keys/")


def lost_keys(keys: tuple[str, ...], found: Container[str]) -> Iterator[Fault]:
    for place, key in enumerate(keys):
        if key not in found:
            told = "names no gap that is first owed in this window; list the gaps anew."
            yield fault_at(str(place), "no_such_gap", told, within="keys/")


def invalid_note(faults: list[Fault]) -> Problem:
    told = faults[:MOST_FAULTS]
    return Problem(422, "invalid_note", "; ".join(each.detail for each in told), *told)
