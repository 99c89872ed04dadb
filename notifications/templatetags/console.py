"""Tags and filters of the console's templates: addresses, badges, and text that stays in place."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django import template
from django.contrib.humanize.templatetags.humanize import intword
from django.utils import timezone
from django.utils.safestring import SafeString

from notifications.admin import telling, times, unseen
from notifications.admin.addresses import LOOKED_AT, list_address, page_address, trace_address
from notifications.admin.asking import Question, around
from notifications.admin.progress import rows_of
from notifications.admin.reading import pretty_json, read_clients
from notifications.admin.telling import Sentence
from notifications.admin.words import (
    ADDRESSED,
    BASES,
    CERTAINTIES,
    COPIES,
    GATEWAYS,
    Badge,
    finding_name,
    of_gap,
    of_grade,
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
MILLION = 1_000_000


@register.filter
def visible(text: object) -> str:
    return unseen.visible(str(text))


@register.filter
def visible_json(text: str) -> str:
    return unseen.visible_json(text)


@register.filter
def exactly(text: object) -> SafeString:
    return unseen.exactly(str(text))


@register.filter
def plain(sentence: Sentence) -> str:
    return telling.plain(sentence)


# Times: {% time value %} wherever one is read; the filters for what is no element, as titles.
register.filter("moment", times.moment)
register.filter("second", times.second)
register.filter("day", times.day)
register.simple_tag(times.zone_name, name="zone")


@register.inclusion_tag("admin/notifications/parts/time.html")
def time(value: datetime | UUID, to: str = "moment", *, ago: bool = False) -> dict[str, Any]:
    """``value`` in the active zone, ``to`` the "moment" (millisecond), "second", "day" or "clock"
    (without the day), and in its title in UTC; with ``ago``, how long ago as well.

    Of a notification's id it is the time of emission that the id carries; ids count from 1970.
    """
    told = time_of(value) if isinstance(value, UUID) else value
    return {
        "is_before": isinstance(value, UUID) and told == EPOCH,
        "text": _TIMES[to](told),
        "iso": times.iso(told),
        "utc": times.utc(told),
        "ago": times.ago(told, timezone.now()) if ago else "",
    }


_TIMES = {
    "moment": times.moment,
    "second": times.second,
    "day": times.day,
    "clock": times.clock,
}


@register.filter
def hexadecimal(value: bytes) -> str:
    return bytes(value).hex()


@register.filter
def code_name(code: str) -> str:
    return finding_name(code)


@register.simple_tag
def apart(one: Notification, other: Notification) -> str:
    """How long ``one`` was before or after ``other``."""
    length = one.emitted_at - other.emitted_at
    return telling.before(length) if one.pk < other.pk else telling.later(length)


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
def identifier(kind: str, key: object, *, row: bool = False) -> dict[str, Any]:
    """A link to the page of ``kind``, as long as there is room and whole in its title, and a button
    that copies the identifier. In a ``row`` of many the Tab key passes the button by: it would
    double the stops, and the page of each has one."""
    return _copyable(kind, page_address(kind, key), key, str(key), row=row)


@register.inclusion_tag("admin/notifications/parts/identifier.html")
def looked_at(record: AccessRecord) -> dict[str, Any]:
    """A link to the page of what was looked at; of a user it is the surrogate key."""
    kind, key = LOOKED_AT[record.action], record.subject
    name = f"{kind} {key}" if kind in ("recipient", "export") else key
    return _copyable(kind, page_address(kind, key), key, name, row=True)


@register.inclusion_tag("admin/notifications/parts/identifier.html")
def user_id(given: str) -> dict[str, Any]:
    """Of a row, with the button that copies it."""
    return _copyable("user", None, given, given, row=True)


def _copyable(
    kind: str, address: str | None, key: object, text: str, *, row: bool
) -> dict[str, Any]:
    """What has characters that nobody sees is not copied: whoever pastes it would not see it."""
    copies = str(COPIES.get(kind, "")) if visible(key) == str(key) else ""
    return {"address": address, "text": text, "key": key, "copies": copies, "row": row}


@register.filter
def addressed(notification: Notification) -> str:
    """Whom the request named, in words."""
    return str(ADDRESSED[notification.addressed_to])


@register.inclusion_tag("admin/notifications/parts/findings_told.html")
def findings_told(findings: list[dict[str, str]]) -> dict[str, Any]:
    """The first of ``findings`` in words, and how many more there are."""
    names = [finding_name(each["code"]) for each in findings]
    return {"first": names[:1], "more": len(names) - 1, "all": dict.fromkeys(names)}


@register.filter
def about(number: int) -> str:
    """An estimate, as exact as it may claim to be: 1.2 million, 12,000."""
    digits = len(str(number)) - 2
    return str(intword(number)) if number >= MILLION else f"{round(number, -max(digits, 0)):,}"


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
def trace_of_first(row: Any) -> str:
    """The same of the first notification about a row of inbox messages."""
    at = time_of(row.first_notification_id)
    return around(at, activation=row.first_activation, recipient=row.first_recipient)


@register.simple_tag
def trace_of_entry(entry: Entry, question: Question) -> str:
    """The trace of the device that ``entry`` names, around its time."""
    return around(entry.at, activation=entry.activation, asked_beside=question)


@register.inclusion_tag("admin/notifications/parts/badge.html")
def gap_badge(counted: CountsAs) -> dict[str, Badge]:
    return {"badge": of_gap(counted)}


@register.inclusion_tag("admin/notifications/parts/badge.html")
def grade_badge(entry: Entry) -> dict[str, Badge | None]:
    """Of an entry with deliveries, and nothing that kept it from the device."""
    return {"badge": of_grade(entry)}


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
