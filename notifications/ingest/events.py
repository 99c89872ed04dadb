"""The only writer of events: what adapters read of PowerAuth and the Push Server, in one
transaction, a receipt for each.

Tables are written in the order that all recorders keep (source, recipients, evidence, operations,
activations, inbox messages), keys sorted, so that they wait for each other and never deadlock.
"""

import secrets
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, ClassVar
from uuid import UUID

import msgspec
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from notifications.protocol.canonical import canonical_json
from notifications.protocol.clients import Platform
from notifications.protocol.events import ActivationEventKind
from notifications.protocol.extras import Finding
from notifications.protocol.identity import id_of_event, timestamp, to_millisecond

MAX_EVENTS = 5000


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One event as a source told it. Times are UTC; ``happened_at`` is None where it told none.

    ``key`` is the source's own name of it: told again under that, it is the same event. Without
    one, each report is an event of its own.
    """

    table: ClassVar[str]
    columns: ClassVar[str]  # beside those of every event, as a record of PostgreSQL

    key: str | None
    observed_at: datetime
    happened_at: datetime | None = None
    user_id: str | None = None
    apps: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


class ActivationReport(Report, frozen=True, kw_only=True):
    """``token`` is the fingerprint of a push token; only a deletion may name no activation."""

    table = "notifications_activationevent"
    columns = (
        "kind text, activation_id text, status text, reason text, platform text,"
        " push_active boolean, token text, is_request boolean, not_before timestamptz"
    )

    kind: ActivationEventKind
    activation_id: str | None = None
    status: str | None = None
    reason: str | None = None
    platform: Platform | None = None
    push_active: bool | None = None
    token: str | None = None
    is_request: bool = False
    not_before: datetime | None = None


class OperationReport(Report, frozen=True, kw_only=True):
    table = "notifications_operationevent"
    columns = (
        "operation_id text, status text, name text, external_id text, activation_id text,"
        " created_at timestamptz, expires_at timestamptz"
    )

    operation_id: str
    status: str | None = None
    name: str | None = None
    external_id: str | None = None
    activation_id: str | None = None
    created_at: datetime | None = None
    expires_at: datetime | None = None


class InboxReport(Report, frozen=True, kw_only=True):
    table = "notifications_inboxevent"
    columns = "inbox_message_id text, silent boolean"

    inbox_message_id: str | None = None
    silent: bool | None = None


@dataclass(frozen=True, slots=True)
class EventReceipt:
    """The id of each event, in their order, and which of them were new; all is committed."""

    ids: Sequence[UUID]
    is_new: Sequence[bool]

    @property
    def recorded(self) -> int:
        return sum(self.is_new)


def record_events(reports: Sequence[Report], *, source: str) -> EventReceipt:
    """Records at most ``MAX_EVENTS`` events as told by ``source`` (a slug), all or none.

    Raises ``django.db.DatabaseError`` when the database refuses or is gone: nothing is then kept.
    """
    if len(reports) > MAX_EVENTS:
        raise ValueError(f"{len(reports)} events in one batch; at most {MAX_EVENTS}")
    rows = [_row(each, source) for each in reports]
    recorded: set[str] = set()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SOURCE, [source])
        cursor.execute(_RECIPIENTS, [_json(sorted(_told(rows, "user_id")))])
        for kind in (ActivationReport, OperationReport, InboxReport):
            of_kind = {
                row["id"]: row
                for each, row in zip(reports, rows, strict=True)
                if isinstance(each, kind)
            }
            if of_kind:
                recorded |= _insert(cursor, kind, of_kind, source)
        for table, column in _SUBJECTS.items():
            if keys := sorted(_told(rows, column)):
                cursor.execute(_SUBJECT.format(table=table), [keys])
    return EventReceipt([UUID(row["id"]) for row in rows], which_are_new(rows, recorded))


# The recorder's own statements for these two tables.
_SOURCE = "INSERT INTO notifications_source (slug) VALUES (%s) ON CONFLICT DO NOTHING"
_RECIPIENTS = """
    INSERT INTO notifications_recipient (user_id)
    SELECT user_id FROM jsonb_array_elements_text(%s::jsonb) AS given (user_id)
    WHERE NOT EXISTS (
        SELECT FROM notifications_recipient AS known WHERE known.user_id = given.user_id
    )
    ON CONFLICT DO NOTHING
"""
_EVENTS = """
    INSERT INTO {table} (
        id, source_id, key, digest, recipient_id, apps, findings, happened_at, observed_at, {names}
    )
    SELECT
        given.id, %(source)s, given.key, decode(given.digest, 'base64'),
        (SELECT known.id FROM notifications_recipient AS known WHERE known.user_id = given.user_id),
        given.apps, given.findings, given.happened_at, given.observed_at, {given}
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS given (
        id uuid, key text, digest text, user_id text, apps text[], findings jsonb,
        happened_at timestamptz, observed_at timestamptz, {columns}
    )
    ORDER BY given.id
    ON CONFLICT DO NOTHING
    RETURNING id::text
"""
_SUBJECT = "INSERT INTO {table} (id) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING"
_SUBJECTS: Mapping[str, str] = {
    "notifications_operation": "operation_id",
    "notifications_activation": "activation_id",
    "notifications_inboxmessage": "inbox_message_id",
}


def _insert(
    cursor: CursorWrapper, kind: type[Report], rows: Mapping[str, Any], source: str
) -> set[str]:
    """Which of the ``rows``, by id, were not on record: under their id, or under their key."""
    names = [each.split()[0] for each in kind.columns.split(", ")]
    statement = _EVENTS.format(
        table=kind.table,
        columns=kind.columns,
        names=", ".join(names),
        given=", ".join(f"given.{name}" for name in names),
    )
    cursor.execute(statement, {"source": source, "rows": _json(list(rows.values()))})
    return {key for (key,) in cursor.fetchall()}


def _row(report: Report, source: str) -> dict[str, Any]:
    """The report as a record for PostgreSQL. Its digest is of all that is recorded of it."""
    moments = {
        name: to_millisecond(value)
        for name in report.__struct_fields__
        if isinstance(value := getattr(report, name), datetime)
    }
    told: dict[str, Any] = msgspec.to_builtins(report) | {
        name: timestamp(value) for name, value in moments.items()
    }
    digest = _sha256(canonical_json(told))
    name = secrets.token_bytes(16) if report.key is None else report.key.encode()
    at = moments.get("happened_at") or moments["observed_at"]
    told |= {"digest": digest, "id": str(id_of_event(source, name, at))}
    return told


def which_are_new(rows: Sequence[Mapping[str, Any]], recorded: set[str]) -> list[bool]:
    """Of several under one id only the first is new."""
    left = set(recorded)
    found = []
    for row in rows:
        found.append(row["id"] in left)
        left.discard(row["id"])
    return found


def _told(rows: Sequence[Mapping[str, Any]], column: str) -> set[str]:
    return {value for row in rows if (value := row.get(column)) is not None}


def _sha256(data: bytes) -> str:
    return b64encode(sha256(data).digest()).decode()


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
