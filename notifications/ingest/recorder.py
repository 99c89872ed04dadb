"""The only writer of evidence: emissions in, one transaction, a receipt for each.

Every table is written in one fixed order with its keys sorted, so that concurrent recorders wait
for each other and never deadlock. Subjects change commutatively: order and repetition of what is
recorded do not matter.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from django.db import IntegrityError, connection, transaction
from psycopg import errors

from notifications.models.partitions import ensure_partition
from notifications.protocol.extras import RULES_VERSION

from . import statements
from .envelope import Emission
from .subjects import fold_operations, fold_subjects

MAX_BATCH = 5000


class Status(StrEnum):
    RECORDED = "recorded"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one emission. A conflict: this id stands already with another content."""

    id: UUID
    status: Status


@dataclass(frozen=True, slots=True)
class Receipt:
    """The outcomes in the order of the emissions; all of it is committed."""

    outcomes: tuple[Outcome, ...]

    @property
    def recorded(self) -> int:
        return sum(outcome.status is Status.RECORDED for outcome in self.outcomes)

    @property
    def duplicates(self) -> int:
        return sum(outcome.status is Status.DUPLICATE for outcome in self.outcomes)

    @property
    def conflicts(self) -> tuple[UUID, ...]:
        return tuple(item.id for item in self.outcomes if item.status is Status.CONFLICT)


def record(emissions: Sequence[Emission], *, source: str) -> Receipt:
    """Records at most ``MAX_BATCH`` emissions as told by ``source`` (a slug), all or none.

    Raises ``django.db.DatabaseError`` when the database refuses or is gone: nothing is then kept.
    """
    if len(emissions) > MAX_BATCH:
        raise ValueError(f"{len(emissions)} emissions in one batch; at most {MAX_BATCH}")
    named = [(emission.id_at(source), emission) for emission in emissions]
    first: dict[UUID, Emission] = {}
    for notification_id, emission in named:
        first.setdefault(notification_id, emission)
    try:
        digests = _write(first, source)
    except IntegrityError as error:
        # Months are made ahead; looking for them each time would cost every batch a round trip.
        if not _lacks_partition(error):
            raise
        for moment in sorted({emission.emitted_at for emission in emissions}):
            ensure_partition(moment)
        digests = _write(first, source)
    return Receipt(tuple(_outcomes(named, digests)))


def _write(batch: Mapping[UUID, Emission], source: str) -> dict[UUID, bytes]:
    """Writes what is new; returns the digests of those ids that stood already."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statements.FIND_EXISTING, [list(batch)])
        standing = {key: bytes(digest) for key, digest in cursor.fetchall()}
        new = {key: item for key, item in sorted(batch.items()) if key not in standing}
        if not new:
            return standing
        cursor.execute(statements.NAME_SOURCE, [source])
        users = sorted({item.user_id for item in new.values() if item.user_id is not None})
        if users:
            cursor.execute(statements.NAME_RECIPIENTS, [_json(users)])
        cursor.execute(statements.INSERT_NOTIFICATIONS, [source, RULES_VERSION, _rows(new)])
        inserted = {key for (key,) in cursor.fetchall()}
        raced = [key for key in new if key not in inserted]
        if raced:  # another recorder committed them since the first look
            cursor.execute(statements.FIND_EXISTING, [raced])
            standing |= {key: bytes(digest) for key, digest in cursor.fetchall()}
        _write_subjects(cursor, {key: item for key, item in new.items() if key in inserted})
    return standing


def _write_subjects(cursor: Any, recorded: Mapping[UUID, Emission]) -> None:
    for statement, folded in (
        (statements.FOLD_OPERATIONS, fold_operations(recorded)),
        (statements.FOLD_ACTIVATIONS, fold_subjects(recorded, "activation_id")),
        (statements.FOLD_INBOX_MESSAGES, fold_subjects(recorded, "inbox_id")),
    ):
        if folded:
            cursor.execute(statement, [_json(folded)])


def _outcomes(
    named: Iterable[tuple[UUID, Emission]], standing: Mapping[UUID, bytes]
) -> Iterable[Outcome]:
    known = dict(standing)
    for notification_id, emission in named:
        digest = known.setdefault(notification_id, b"")
        if not digest:
            known[notification_id] = emission.digest
            yield Outcome(notification_id, Status.RECORDED)
        elif digest == emission.digest:
            yield Outcome(notification_id, Status.DUPLICATE)
        else:
            yield Outcome(notification_id, Status.CONFLICT)


def _rows(batch: Mapping[UUID, Emission]) -> str:
    return _json(
        [
            {
                "id": key,
                "message_id": item.message_id,
                "digest": item.digest.hex(),
                "message_type": item.message_type,
                "result": item.result,
                "operation_id": item.operation_id,
                "activation_id": item.activation_id,
                "inbox_message_id": item.inbox_id,
                "user_id": item.user_id,
                "addressed_to": item.addressed_to,
                "per_device": item.per_device,
                "app_id": item.app_id,
                "platform": item.platform,
                "silent": item.silent,
                "personal": item.personal,
                "extras": item.extras,
                "findings": item.findings,
                "emitted_at": item.emitted_at,
            }
            for key, item in batch.items()
        ]
    )


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _lacks_partition(error: IntegrityError) -> bool:
    cause = error.__cause__
    # A row that no partition takes is a check violation that names no constraint.
    return isinstance(cause, errors.CheckViolation) and cause.diag.constraint_name is None
