"""Tags and filters of the console's templates: addresses, badges, and text that stays in place."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django import template

from notifications.admin import unseen
from notifications.admin.addresses import LOOKED_AT, list_address, page_address, trace_address
from notifications.admin.asking import Question, around
from notifications.admin.progress import rows_of
from notifications.admin.reading import pretty_json, read_clients
from notifications.admin.words import (
    BASES,
    CERTAINTIES,
    GATEWAYS,
    Badge,
    finding_name,
    of_gap,
    of_mark,
    of_result,
    of_state,
    of_type,
)
from notifications.models import AccessRecord, Export, Notification
from notifications.protocol.clients import Platform
from notifications.protocol.expectations import Mark
from notifications.protocol.identity import EPOCH, time_of
from notifications.protocol.reasons import CountsAs, Reason
from notifications.trace.entries import Entry, Payload
from notifications.trace.sentences import WORDS

register = template.Library()


@register.filter
def visible(text: object) -> str:
    return unseen.visible(str(text))


@register.filter
def visible_json(text: str) -> str:
    return unseen.visible_json(text)


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
    name = f"{kind} {record.subject}" if kind in ("recipient", "export") else record.subject
    return {"address": page_address(kind, record.subject), "text": name}


@register.filter
def gateway(platform: str | None) -> str:
    return GATEWAYS[Platform(platform)] if platform else ""


# Traces


@register.simple_tag
def trace(kind: str, key: object, query: str = "") -> str:
    return trace_address(kind, key) + query


@register.simple_tag
def trace_around(notification: Notification) -> str:
    """The trace of its device, else of its user, around its time; "" when there is none."""
    return around(
        notification.emitted_at,
        activation=notification.activation_id,
        recipient=notification.recipient_id,
    )


@register.simple_tag
def trace_of_entry(entry: Entry, question: Question) -> str:
    """The trace of the device that ``entry`` names, around its time."""
    return around(entry.at, activation=entry.activation, case_number=question.case_number)


@register.inclusion_tag("admin/notifications/parts/badge.html")
def gap_badge(counted: CountsAs) -> dict[str, Badge]:
    return {"badge": of_gap(counted)}


@register.inclusion_tag("admin/notifications/parts/badge.html")
def mark_badge(mark: Mark) -> dict[str, Badge]:
    return {"badge": of_mark(mark)}


@register.filter
def sign(entry: Entry) -> str:
    """Of the message, or of what became of it where it is not there."""
    badge = of_gap(entry.counts_as) if entry.counts_as else of_type(entry.message_type)
    return badge.sign


@register.filter
def look(entry: Entry) -> str:
    return of_type(entry.message_type).look


@register.filter
def basis(entry: Entry) -> str:
    """Why it belongs to the device, in words, and how sure that is."""
    return f"{BASES[entry.basis]}, {CERTAINTIES[entry.certainty]}"


@register.filter
def why(reason: Reason) -> str:
    return WORDS[reason]


@register.filter
def as_json(payload: Payload) -> str:
    return pretty_json(payload.extras)


@register.filter
def apps(payload: Payload) -> Any:
    return read_clients(payload.clients, payload.platform)


# Exports


@register.inclusion_tag("admin/notifications/parts/badge.html")
def state_badge(state: str) -> dict[str, Badge]:
    return {"badge": of_state(state)}


@register.filter
def rows_told(export: Export) -> str:
    return rows_of(export)


@register.filter
def thousands(number: int) -> str:
    return f"{number:,}"


@register.filter
def file_format(export: Export) -> str:
    """CSV, gzip"""
    return f"{export.get_format_display()}, gzip" if export.gzip else export.get_format_display()
