"""Recording emissions that most likely are all new, for which COPY costs PostgreSQL two thirds of
the recorder's statement. It writes the same (a test holds both to that) in the same order; where
anything of them stands already it writes nothing, and the recorder is for them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from django.db import IntegrityError, transaction
from psycopg import errors

from notifications.protocol.extras import RULES_VERSION

from .copying import FLAGS, NULL, copy, line
from .emission import Emission
from .recorder import RECORD
from .sending import sending_cursor
from .subjects import fold_operations, fold_subjects

# The recipient is known last: by its number, which only the database has. So it goes before.
_COLUMNS = (
    *("recipient_id", "digest", "id", "source_id", "message_id", "message_type", "result"),
    *("operation_id", "activation_id", "inbox_message_id", "addressed_to", "per_device", "app_id"),
    *("platform", "silent", "personal", "extras", "findings", "rules", "emitted_at"),
)
_RULES = str(RULES_VERSION)
# One by one, as the recorder looks them up: joined, all of them may be read.
_NUMBERS = """
    SELECT found.user_id, found.id
    FROM unnest(%s::text[]) AS given (user_id)
    CROSS JOIN LATERAL (
        SELECT user_id, id FROM notifications_recipient WHERE user_id = given.user_id OFFSET 0
    ) AS found
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Emissions as COPY takes them, in the order of their ids: ``lines`` lack the recipients, which
    are those of the ``users``. ``subjects`` are what they tell of theirs, as the recorder's
    statement takes it; ``moments`` one of each of their months."""

    source: str
    ids: Sequence[UUID]
    lines: Sequence[str]
    users: Sequence[str | None]
    subjects: Sequence[str]
    moments: Sequence[datetime]


def prepare(emissions: Mapping[UUID, Emission], *, source: str) -> Prepared:
    """By their ids at ``source``. Computes, and asks no database."""
    batch = sorted(emissions.items(), key=lambda item: item[0].int)
    moments = {(each.emitted_at.year, each.emitted_at.month): each.emitted_at for _, each in batch}
    return Prepared(
        source=source,
        ids=[key for key, _ in batch],
        lines=[_line(key, each, source) for key, each in batch],
        users=[each.user_id for _, each in batch],
        subjects=[
            _json(fold_operations(batch)),
            _json(fold_subjects(batch, "activation_id")),
            _json(fold_subjects(batch, "inbox_id")),
        ],
        moments=[*moments.values()],
    )


def record_new(prepared: Prepared) -> bool:
    """Records them. False: nothing, since some of them stand already or their month is missing."""
    users = sorted({each for each in prepared.users if each is not None})
    try:
        with transaction.atomic():
            with sending_cursor() as cursor:
                _tell(cursor, prepared.source, users=_json(users))
            numbers = numbers_of(users)
            told = zip(prepared.users, prepared.lines, strict=True)
            lines = [
                f"{NULL if user is None else numbers[user]}\t{written}" for user, written in told
            ]
            copy("notifications_notification", _COLUMNS, "".join(lines))
            with sending_cursor() as cursor:
                _tell(cursor, prepared.source, subjects=prepared.subjects)
    except IntegrityError as error:
        if not isinstance(error.__cause__, errors.UniqueViolation | errors.CheckViolation):
            raise
        return False
    return True


def numbers_of(users: Collection[str]) -> dict[str, int]:
    """Those of recipients that are on record."""
    if not users:
        return {}
    with sending_cursor() as cursor:
        cursor.execute(_NUMBERS, [list(users)])
        return dict(cursor.fetchall())


def _tell(
    cursor: "psycopg.Cursor[Any]",
    source: str,
    *,
    users: str = "[]",
    subjects: Sequence[str] = ("[]", "[]", "[]"),
) -> None:
    """The recorder's own statement, for no emissions."""
    cursor.execute(RECORD, ["{}", source, RULES_VERSION, users, "[]", *subjects])


def _line(key: UUID, each: Emission, source: str) -> str:
    return line(
        each.digest,
        (
            str(key),
            source,
            each.message_id,
            each.message_type,
            each.result,
            each.operation_id,
            each.activation_id,
            each.inbox_id,
            each.addressed_to,
            FLAGS[each.per_device],
            each.app_id,
            each.platform,
            FLAGS[each.silent],
            FLAGS[each.personal],
            _json(each.extras),
            _json(each.findings) if each.findings else "[]",
            _RULES,
            each.emitted_at.isoformat(),
        ),
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
