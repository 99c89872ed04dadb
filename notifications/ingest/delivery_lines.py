"""Lines of delivery reports, each of which names its notification: by its id, or by the name that
its source gave it. Which these are is looked up for all of a batch at once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

import msgspec
from django.db import connection
from msgspec import UNSET, UnsetType

from notifications.protocol.extras import MAX_IDENTIFIER
from notifications.protocol.identity import id_from_message

from .deliveries import DeliveryTold, record_deliveries
from .delivery_envelope import FIELDS, Told, read_fields, told_in, uuid_problem
from .envelope import (
    Check,
    Fault,
    Rejected,
    field_fault,
    identifier_problem,
    moment,
    time_problem,
)
from .recorder import Receipt

Name: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_IDENTIFIER)]
Text: TypeAlias = str | UnsetType | None


class _Ordinary(msgspec.Struct, forbid_unknown_fields=True):
    """A line whose every field is of its type. Times and the UUID are only texts so far."""

    notification: Text = UNSET
    message_id: Name | UnsetType | None = UNSET
    emitted_at: Text = UNSET
    source: Name | UnsetType | None = UNSET
    outcome: Literal["accepted", "failed", "pending"] | UnsetType | None = UNSET
    gateway: Literal["apns", "fcm", "hms"] | UnsetType | None = UNSET
    code: Name | UnsetType | None = UNSET
    is_final: bool | UnsetType | None = UNSET
    at: Text = UNSET
    report_id: Name | UnsetType | None = UNSET


_NAMES = _Ordinary.__struct_fields__
_decoder = msgspec.json.Decoder(_Ordinary)

LINE_FIELDS: Mapping[str, Check] = {
    "notification": uuid_problem,
    "message_id": identifier_problem,
    "emitted_at": time_problem,
    "source": identifier_problem,
    **FIELDS,
}
# Each by one step in an index of the months that it can be in: whatever the planner knows of how
# many there are, it cannot read all of them.
_ON_RECORD = """
    SELECT given.id FROM unnest(%(ids)s::uuid[]) AS given (id)
    CROSS JOIN LATERAL (
        SELECT FROM notifications_notification WHERE id = given.id LIMIT 1
    ) AS known
"""
_NAMED = """
    SELECT given.source, given.name, known.ids
    FROM unnest(%(sources)s::text[], %(names)s::text[]) AS given (source, name)
    CROSS JOIN LATERAL (
        SELECT array_agg(id) AS ids FROM (
            SELECT id FROM notifications_notification
            WHERE message_id = given.name AND source_id = given.source LIMIT 2
        ) AS found
    ) AS known
    WHERE known.ids IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Line:
    """A report, and its notification: the id, or the source and the name of its message."""

    told: Told
    notification: UUID | None
    message: tuple[str, str] | None


class DeliveryLines:
    """Lines as told by ``source`` (a slug). With ``repeatable_only`` one that would be recorded
    again by a second run is rejected."""

    fields: Collection[str] = LINE_FIELDS
    named_by = "report_id"

    def __init__(self, source: str, *, repeatable_only: bool = False) -> None:
        self._source, self._repeatable_only = source, repeatable_only

    def read(self, line: bytes, *, now: datetime) -> Line:
        """Raises ``MalformedJSON`` or ``Rejected``."""
        document = _ordinary(line)
        if document is None:
            document = read_fields(line, LINE_FIELDS)
        told = told_in(document, now=now)
        if self._repeatable_only and not told.is_repeatable:
            why = "is required, or at: a second run would record the line again."
            raise Rejected(field_fault("report_id", "required", why))
        return Line(told, *self._named(document))

    def resolve(self, items: Sequence[Line]) -> Sequence[DeliveryTold | Rejected]:
        on_record = _on_record({item.notification for item in items if item.notification})
        named = _by_name({item.message for item in items if item.message})
        return [_resolved(item, on_record, named) for item in items]

    def record(self, ready: Sequence[DeliveryTold]) -> Receipt:
        receipt = record_deliveries(ready, source=self._source)
        return Receipt(receipt.ids, receipt.statuses)

    def _named(self, document: Mapping[str, Any]) -> tuple[UUID | None, tuple[str, str] | None]:
        notification, message_id = document.get("notification"), document.get("message_id")
        emitted_at, source = document.get("emitted_at"), document.get("source") or self._source
        if notification is not None:
            for other in ("message_id", "emitted_at", "source"):
                if document.get(other) is not None:
                    why = "is given along with notification, which names the message already."
                    raise Rejected(field_fault(other, "contradiction", why))
            return UUID(notification), None
        if message_id is None:
            why = "is required: the source's own name of the message; or notification, its id."
            raise Rejected(field_fault("message_id", "required", why))
        if emitted_at is None:
            return None, (source, message_id)
        return id_from_message(source, message_id, moment(emitted_at)), None


def _ordinary(line: bytes) -> dict[str, Any] | None:
    """The fields told, or None when only the careful way can say what they are. As in
    ``decoder``: it takes what both read alike."""
    if b"\\" in line:
        return None
    try:
        read = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    told: dict[str, Any] = {}
    strings = 0
    for name in _NAMES:
        value = getattr(read, name)
        if value is not UNSET:
            told[name] = value
            strings += 2 if type(value) is str else 1
    if 2 * strings != line.count(b'"'):  # a key is given twice
        return None
    checked = (LINE_FIELDS[name](told[name]) for name in _TEXTS if told.get(name) is not None)
    return told if all(problem is None for problem in checked) else None


_TEXTS = ("notification", "emitted_at", "at")


def _resolved(
    line: Line, on_record: Collection[UUID], named: Mapping[tuple[str, str], Sequence[UUID]]
) -> DeliveryTold | Rejected:
    found: Collection[UUID] = ()
    if line.message is not None:
        found = named.get(line.message, ())
    elif line.notification is not None and line.notification in on_record:
        found = (line.notification,)
    if not found:
        return Rejected(UNKNOWN)
    return line.told.of(next(iter(found))) if len(found) == 1 else Rejected(AMBIGUOUS)


UNKNOWN = Fault(
    "#",
    "unknown_notification",
    "no notification of this name is on record; record it first, then what became of it.",
)
AMBIGUOUS = field_fault(
    "emitted_at",
    "emitted_at_required",
    "is required: several messages of this source stand under this message_id.",
)


def _on_record(ids: Collection[UUID]) -> set[UUID]:
    if not ids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_ON_RECORD, {"ids": list(ids)})
        return {key for (key,) in cursor.fetchall()}


def _by_name(messages: Collection[tuple[str, str]]) -> dict[tuple[str, str], list[UUID]]:
    """Of each of the ``messages`` (source, name) that is on record, at most two ids."""
    if not messages:
        return {}
    sources, names = zip(*messages, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_NAMED, {"sources": list(sources), "names": list(names)})
        return {(source, name): ids for source, name, ids in cursor.fetchall()}
