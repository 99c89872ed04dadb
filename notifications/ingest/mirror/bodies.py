"""The ``body`` of a message, as requests have it and the Push Server stores it: its extras, how it
was to be shown, and what it said."""

from typing import Any

from notifications.ingest.presentations import Shown, Texts
from notifications.protocol.extras import Finding
from notifications.protocol.payload import Reading

from .fields import Part


def extras_of(reading: Reading, body: Part) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """Fit to be stored, with the findings of what was repaired."""
    value = body.told("extras")
    if isinstance(value, dict):
        return reading.repaired(value)
    if value is None:
        body.unusable("extras", "is missing; an empty object stands for it.")
    else:
        original = reading.original(value)
        body.unusable(
            "extras", f"is no object; an empty one stands for it, the original: {original}"
        )
    return {}, ()


def shown_of(
    reading: Reading, body: Part, *, mode: str | None = None, priority: str | None = None
) -> tuple[Shown, Texts]:
    """``mode`` and ``priority`` are told beside the body, where they are."""
    title, text = body.words("title"), body.words("body")
    shown = Shown(
        mode=mode,
        priority=priority,
        category=body.text("category", may_be_empty=True),
        sound=body.text("sound", may_be_empty=True),
        collapse_key=body.text("collapseKey", may_be_empty=True),
        valid_until=body.moment("validUntil"),
        title_length=length_of(title),
        body_length=length_of(text),
        is_localized=any(body.told(each) is not None for each in ("titleLocKey", "bodyLocKey")),
    )
    return shown, texts_of(reading, title, text)


def texts_of(reading: Reading, title: str | None, body: str | None) -> Texts:
    """Fit to be kept. What was repaired is not told: it would quote them."""
    fit, _ = reading.repaired({"title": title, "body": body})
    return Texts(**fit)


def length_of(text: str | None) -> int | None:
    return None if text is None else len(text)
