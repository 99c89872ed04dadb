"""Tags and filters of the console's templates: addresses, badges, and text that stays in place."""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django import template

from notifications.admin.addresses import LOOKED_AT, list_address, page_address
from notifications.admin.words import GATEWAYS, Badge, finding_name, of_result, of_type
from notifications.models import AccessRecord
from notifications.protocol.clients import Platform
from notifications.protocol.identity import EPOCH, time_of

register = template.Library()

# Control characters, and those that reorder, split or hide the text around them.
_UNSEEN = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)


@register.filter
def visible(text: object) -> str:
    """Text in which every character that would not show has its code point instead."""
    return _UNSEEN.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", str(text))


@register.filter
def visible_json(text: str) -> str:
    """The same for JSON, as the escapes it has for them, so that a copy means the same."""
    return _UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


@register.filter
def moment(value: datetime) -> str:
    """2026-01-31 12:00:00.000, in UTC; the year always has four digits."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", timespec="milliseconds")


@register.filter
def iso(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds")


@register.filter
def moment_in(notification_id: UUID) -> str:
    """The time of emission that an id carries; ids count from 1970."""
    told = time_of(notification_id)
    return "before 1970" if told == EPOCH else moment(told)


@register.filter
def hexadecimal(value: bytes) -> str:
    return bytes(value).hex()


@register.filter
def code_name(code: str) -> str:
    return finding_name(code)


@register.simple_tag
def page(kind: str, key: object) -> str:
    return page_address(kind, key)


@register.simple_tag
def all_of(kind: str) -> str:
    return list_address(kind)


@register.inclusion_tag("admin/notifications/parts/badge.html")
def type_badge(message_type: str | None) -> dict[str, Badge]:
    return {"badge": of_type(message_type)}


@register.inclusion_tag("admin/notifications/parts/badge.html")
def result_badge(result: str) -> dict[str, Badge]:
    return {"badge": of_result(result)}


@register.inclusion_tag("admin/notifications/parts/identifier.html")
def identifier(kind: str, key: object) -> dict[str, Any]:
    """A link to the page of ``kind``, as long as there is room and whole in its title."""
    return {"address": page_address(kind, key), "text": key}


@register.inclusion_tag("admin/notifications/parts/identifier.html")
def looked_at(record: AccessRecord) -> dict[str, Any]:
    """A link to the page of what was looked at; of a user it is the surrogate key."""
    kind = LOOKED_AT[record.action]
    name = f"recipient {record.subject}" if kind == "recipient" else record.subject
    return {"address": page_address(kind, record.subject), "text": name}


@register.filter
def gateway(platform: str | None) -> str:
    return GATEWAYS[Platform(platform)] if platform else ""
