"""Text that stays in its place: characters that would not show are written out."""

import re

# Control characters, and those that reorder, split or hide the text around them.
_UNSEEN = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)


def visible(text: str) -> str:
    """Text in which every character that would not show has its code point instead."""
    return _UNSEEN.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", text)


def visible_json(text: str) -> str:
    """The same for JSON, as the escapes it has for them, so that a copy means the same."""
    return _UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
