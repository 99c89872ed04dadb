"""The only writer of delivery reports: what adapters read of gateways' answers, in one transaction,
a receipt for each. They are of notifications that stand already."""

import secrets
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from operator import attrgetter
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from django.db import IntegrityError, transaction
from psycopg import errors

from notifications.protocol.canonical import canonical_json
from notifications.protocol.clients import Platform
from notifications.protocol.deliveries import Cause, DeviceBy, Outcome
from notifications.protocol.identity import id_of_event, timestamp, to_millisecond

from .copying import FLAGS, copy, line
from .events import EventReceipt
from .recorder import Status
from .sending import sending_cursor

MAX_DELIVERIES = 5000


class DeliveryTold(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery report as a source told it. Times are UTC but for ``told_at``, which is the text
    of a time without a zone and was taken to be of ``zone``. ``code`` is a word of ``gateway``,
    where that was told.

    ``key`` is the source's own name of it: told again under that, it is the same report. Without
    one, reports of equal content that happened at the same moment are one; and without such a
    moment, each is a report of its own.
    """

    notification: UUID
    key: str | None
    outcome: Outcome
    observed_at: datetime
    happened_at: datetime | None = None
    code: str | None = None
    gateway: Platform | None = None
    is_final: bool = False
    cause: Cause | None = None
    registration: str | None = None
    device_by: DeviceBy | None = None
    told_at: str | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class DeliveryReceipt(EventReceipt):
    """``ids`` are of the reports that stand. ``is_same`` is False of one whose key stands with
    another content, which is kept."""

    is_same: Sequence[bool]

    @property
    def statuses(self) -> list[Status]:
        return [
            Status.RECORDED if is_new else Status.DUPLICATE if is_same else Status.CONFLICT
            for is_new, is_same in zip(self.is_new, self.is_same, strict=True)
        ]


# What a report says, by the name of its column. When it was observed is no part of that: whoever
# repeats it does so later.
_CONTENT: Mapping[str, str] = {
    "outcome": "text",
    "code": "text",
    "gateway": "text",
    "is_final": "boolean",
    "cause": "text",
    "registration": "text",
    "device_by": "text",
    "told_at": "text",
    "zone": "text",
    "happened_at": "timestamptz",
}
_COLUMNS = {"key": "text", **_CONTENT, "observed_at": "timestamptz"}
_GIVEN = "jsonb_to_recordset(%(rows)s::jsonb) AS given (number int, id uuid, notification uuid,"
_GIVEN += f" digest text, {', '.join(f'{name} {kind}' for name, kind in _COLUMNS.items())})"

_COPIED = ("digest", "id", "source_id", "notification_id", *_COLUMNS)

_SOURCE = "INSERT INTO notifications_source (slug) VALUES (%s) ON CONFLICT DO NOTHING"
# In the order of both unique indexes, since what is equal in one is equal in the other: so do two
# that record the same reports wait for each other and never deadlock.
_RECORD = f"""
    INSERT INTO notifications_deliveryreport (
        id, source_id, notification_id, digest, {", ".join(_COLUMNS)}
    )
    SELECT
        given.id, %(source)s, given.notification, decode(given.digest, 'base64'),
        {", ".join(f"given.{name}" for name in _COLUMNS)}
    FROM {_GIVEN}
    ORDER BY given.key COLLATE "C", given.id
    ON CONFLICT DO NOTHING
    RETURNING id::text
"""  # noqa: S608 - of constants
_STANDING = f"""
    SELECT given.number, known.id, (known.notification_id, {
    ", ".join(f"known.{name}" for name in _CONTENT)
}) IS NOT DISTINCT FROM (given.notification, {", ".join(f"given.{name}" for name in _CONTENT)})
    FROM {_GIVEN}
    CROSS JOIN LATERAL (
        SELECT * FROM notifications_deliveryreport
        WHERE source_id = %(source)s AND key = given.key LIMIT 1
    ) AS known
"""  # noqa: S608 - of constants


def record_deliveries(told: Sequence[DeliveryTold], *, source: str) -> DeliveryReceipt:
    """Records at most ``MAX_DELIVERIES`` reports as told by ``source`` (a slug), all or none. Of
    several under one key the first is recorded.

    Raises ``django.db.DatabaseError`` when the database refuses or is gone: nothing is then kept.
    """
    if len(told) > MAX_DELIVERIES:
        raise ValueError(f"{len(told)} reports in one batch; at most {MAX_DELIVERIES}")
    ids = [_id(each, source) for each in told]
    rows = [
        _row(each, str(key), number)
        for number, (key, each) in enumerate(zip(ids, told, strict=True))
    ]
    named: dict[Any, dict[str, Any]] = {}
    for row in rows:
        named.setdefault((row["key"], None if row["key"] else row["id"]), row)
    with transaction.atomic(), sending_cursor() as cursor:
        cursor.execute(_SOURCE, [source])
        cursor.execute(_RECORD, {"source": source, "rows": _json(named.values())})
        recorded = {key for (key,) in cursor.fetchall()}
        new = {row["number"] for row in named.values() if row["id"] in recorded}
        known = [row for row in rows if row["number"] not in new and row["key"] is not None]
        standing = _standing(cursor, known, source) if known else {}
    found = [standing.get(number, (key, True)) for number, key in enumerate(ids)]
    return DeliveryReceipt(
        ids=[key for key, _ in found],
        is_new=[number in new for number in range(len(rows))],
        is_same=[is_same for _, is_same in found],
    )


def lines_of(told: Sequence[DeliveryTold], *, source: str) -> str:
    """Reports for ``copy_deliveries``, each with a key of its own. Asks no database."""
    # As they are recorded: and Python sorts by code points, as "C" does.
    return "".join([_line(each, source) for each in sorted(told, key=attrgetter("key"))])


def copy_deliveries(lines: str) -> bool:
    """Records them, of a source that stands already. False: nothing, since any of them stands."""
    try:
        with transaction.atomic():
            copy("notifications_deliveryreport", _COPIED, lines)
    except IntegrityError as error:
        if not isinstance(error.__cause__, errors.UniqueViolation):
            raise
        return False
    return True


def _standing(
    cursor: "psycopg.Cursor[Any]", rows: Iterable[Mapping[str, Any]], source: str
) -> dict[int, tuple[UUID, bool]]:
    """By its number, the id that stands under the key of each of the ``rows``, which is named by
    the time that was told first, and whether it says the same."""
    cursor.execute(_STANDING, {"source": source, "rows": _json(rows)})
    return {number: (key, is_same) for number, key, is_same in cursor.fetchall()}


def _id(told: DeliveryTold, source: str) -> UUID:
    if told.key is not None:
        name = b"delivery\0" + told.key.encode()
    elif told.happened_at is not None:
        content = canonical_json(_content(told))
        name = b"content\0" + sha256(content).digest()
    else:
        name = secrets.token_bytes(16)
    return id_of_event(source, name, told.happened_at or told.observed_at)


def _row(told: DeliveryTold, key: str, number: int) -> dict[str, Any]:
    """The report as a record for PostgreSQL."""
    row = _recorded(told)
    row["digest"] = b64encode(_digest(row)).decode()
    row["id"], row["number"] = key, number
    return row


def _line(told: DeliveryTold, source: str) -> str:
    """The report as a line for COPY."""
    row = _recorded(told)
    digest = _digest(row)
    row["is_final"] = FLAGS[told.is_final]
    values = [row[name] for name in _COLUMNS]
    return line(digest, [str(_id(told, source)), source, row["notification"], *values])


def _digest(recorded: Mapping[str, Any]) -> bytes:
    return sha256(canonical_json(recorded)).digest()


def _recorded(told: DeliveryTold) -> dict[str, Any]:
    """All that is recorded of it."""
    row = _content(told)
    row["observed_at"] = _written(told.observed_at)
    return row


def _content(told: DeliveryTold) -> dict[str, Any]:
    """All that it says."""
    content: dict[str, Any] = msgspec.to_builtins(told)
    if told.happened_at is not None:
        content["happened_at"] = _written(told.happened_at)
    del content["observed_at"]
    return content


@lru_cache(maxsize=64)  # nearly all of a batch have the same
def _written(moment: datetime) -> str:
    return timestamp(to_millisecond(moment))


def _json(rows: Iterable[Any]) -> str:
    return msgspec.json.encode(list(rows)).decode()
