"""The text that the Push Server keeps of the body of a message."""

import json
from collections.abc import Mapping
from typing import Any

# The order in which the Push Server declares, and so writes, what a body has.
_DECLARED = (
    "title", "titleLocKey", "titleLocArgs", "body", "bodyLocKey", "bodyLocArgs", "icon", "badge",
    "sound", "category", "collapseKey", "validUntil", "extras",
)  # fmt: skip
_INDENT = "  "


def message_body(body: Mapping[str, Any]) -> str:
    """The text that the Push Server stores of a request's ``body``: pretty-printed by Jackson, in
    the order of its declarations, without what is null."""
    return _printed({name: body[name] for name in _DECLARED if name in body}, "\n")


def _printed(value: Any, newline: str) -> str:
    if isinstance(value, Mapping):
        told = {name: each for name, each in value.items() if each is not None}
        inner = newline + _INDENT
        pairs = (f"{_text(name)} : {_printed(each, inner)}" for name, each in told.items())
        return f"{{{inner}{f',{inner}'.join(pairs)}{newline}}}" if told else "{ }"
    if isinstance(value, list | tuple):
        return f"[ {', '.join(_printed(each, newline) for each in value)} ]" if value else "[ ]"
    return _text(value)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
