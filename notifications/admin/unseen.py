"""Text that stays in its place: characters that would not show are written out."""

import re

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString

# Control characters, and those that reorder, split or hide the text around them.
_UNSEEN = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)

# Those of them that a reference of HTML stands for.
_REFERRED = re.compile(f"((?![\x80-\x9f]){_UNSEEN.pattern})")


def visible(text: str) -> str:
    """Text in which every character that would not show has its code point instead."""
    return _UNSEEN.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", text)


def visible_json(text: str) -> str:
    """The same for JSON, as the escapes it has for them, so that a copy means the same."""
    return _UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def exactly(text: str) -> SafeString:
    """For an attribute that is copied from: a browser reads ``text`` out of it as it is, and in the
    page's source nothing moves or hides. U+0080 to U+009F have no reference that means them."""
    parts = _REFERRED.split(text)
    told = (
        format_html("&#{};", ord(part)) if n % 2 else escape(part) for n, part in enumerate(parts)
    )
    return format_html_join("", "{}", ((each,) for each in told))
