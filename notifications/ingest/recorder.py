"""The only writer of evidence: emissions in, one transaction, a receipt for each.

Every table is written in one fixed order with its keys sorted, so that concurrent recorders wait
for each other and never deadlock. Subjects change commutatively: order and repetition of what is
recorded do not matter.
"""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from django.db import IntegrityError, connection, transaction
from psycopg import errors

from notifications.models.partitions import ensure_partition, month_of
from notifications.protocol.extras import RULES_VERSION

from .emission import Emission
from .sending import sending_cursor
from .subjects import fold_operations, fold_subjects

MAX_BATCH = 5000
ATTEMPTS = 5  # before another recorder of the very same emissions is more than bad luck
RECORD = "SELECT * FROM record_notifications(%s, %s, %s::smallint, %s, %s, %s, %s, %s)"

Batch: TypeAlias = list[tuple[UUID, Emission]]  # sorted by id, each id once


class Status(StrEnum):
    RECORDED = "recorded"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of each emission, in their order; all of it is committed.

    A conflict: this id stands already with another content, which is kept.
    """

    ids: Sequence[UUID]
    statuses: Sequence[Status]

    @property
    def recorded(self) -> int:
        return self.statuses.count(Status.RECORDED)

    @property
    def duplicates(self) -> int:
        return self.statuses.count(Status.DUPLICATE)

    @property
    def conflicts(self) -> int:
        return self.statuses.count(Status.CONFLICT)


def record(emissions: Sequence[Emission], *, source: str) -> Receipt:
    """Records at most ``MAX_BATCH`` emissions as told by ``source`` (a slug), all or none.

    Raises ``django.db.DatabaseError`` when the database refuses or is gone: nothing is then kept.
    """
    if len(emissions) > MAX_BATCH:
        raise ValueError(f"{len(emissions)} emissions in one batch; at most {MAX_BATCH}")
    ids = [emission.id_at(source) for emission in emissions]
    first: dict[UUID, Emission] = {}
    for notification_id, emission in zip(ids, emissions, strict=True):
        first.setdefault(notification_id, emission)
    standing = _write(sorted(first.items(), key=_by_id), source)
    if not standing and len(first) == len(ids):
        return Receipt(ids, [Status.RECORDED] * len(ids))
    return Receipt(ids, _statuses(ids, emissions, standing))


def _write(batch: Batch, source: str) -> dict[UUID, bytes]:
    """Writes what is new, all of it or nothing; the digests of those ids that stood already."""
    standing: dict[UUID, bytes] = {}
    new = batch
    while new and (found := _write_unless_standing(new, source)):
        standing |= found
        new = [item for item in new if item[0] not in standing]
    return standing


def _write_unless_standing(batch: Batch, source: str) -> dict[UUID, bytes]:
    """Writes the batch if none of it stands, else nothing; the digests of those that stand."""
    for _ in range(ATTEMPTS):
        try:
            return _call(batch, source)
        except IntegrityError as error:
            # Months are made ahead; looking for them each time would cost every batch a round trip.
            if _lacks_partition(error):
                for moment in sorted({month_of(emission.emitted_at) for _, emission in batch}):
                    ensure_partition(moment)
            # Another recorder may have written some of these ids since this one looked: look again.
            elif not isinstance(error.__cause__, errors.UniqueViolation):
                raise
    return _call(batch, source)


def _call(batch: Batch, source: str) -> dict[UUID, bytes]:
    """One statement, so outside of a transaction it is one by itself."""
    emissions = [emission for _, emission in batch]
    parameters: list[str | int] = [
        "{" + ",".join([key.hex for key, _ in batch]) + "}",
        source,
        RULES_VERSION,
        _json(sorted({item.user_id for item in emissions if item.user_id is not None})),
        _json(emissions),
        _json(fold_operations(batch)),
        _json(fold_subjects(batch, "activation_id")),
        _json(fold_subjects(batch, "inbox_id")),
    ]
    nested = transaction.atomic() if connection.in_atomic_block else nullcontext()
    with nested, sending_cursor() as cursor:
        cursor.execute(RECORD, parameters)
        return dict(cursor.fetchall())


def _statuses(
    ids: Sequence[UUID], emissions: Sequence[Emission], standing: Mapping[UUID, bytes]
) -> list[Status]:
    known = dict(standing)
    statuses = []
    for notification_id, emission in zip(ids, emissions, strict=True):
        digest = known.setdefault(notification_id, b"")
        if not digest:
            known[notification_id] = emission.digest
            statuses.append(Status.RECORDED)
        else:
            same = digest == emission.digest
            statuses.append(Status.DUPLICATE if same else Status.CONFLICT)
    return statuses


def _by_id(item: tuple[UUID, Emission]) -> int:
    return item[0].int


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _lacks_partition(error: IntegrityError) -> bool:
    cause = error.__cause__
    # A row that no partition takes is a check violation that names no constraint.
    return isinstance(cause, errors.CheckViolation) and cause.diag.constraint_name is None
