"""Rows of ``push_message`` become evidence: a notification each, what its gateway answered, how it
was to be shown; and what is still pending is awaited. All of a batch is recorded, or nothing."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from notifications.ingest.bulk import record_new
from notifications.ingest.contacts import note_errors, place_of
from notifications.ingest.deliveries import copy_deliveries, record_deliveries
from notifications.ingest.mirror.fields import FIELDS
from notifications.ingest.presentations import copy_presentations, keep_texts
from notifications.ingest.recorder import Status, record
from notifications.models import AwaitedMessage
from notifications.models.partitions import ensure_partition, month_of
from notifications.protocol.deliveries import Cause
from notifications.protocol.extras import Code

from .answers import likely_cause
from .batch import Batch, Seen
from .making import Made, Pending, answers, make

PATIENCE = timedelta(minutes=10)  # after which a pending row is taken to stay so
AWAITED = timedelta(days=1)  # and is read again all the same
_FIELDS = FIELDS | {"message_body", "user_id", "activation_id", "timestamp_created"}
_NO_TIME = (str(Code.UNUSABLE_FIELD), "#/timestamp_created")


@dataclass(slots=True)
class Recorded:
    """How many rows became what."""

    recorded: int = 0
    known: int = 0
    pending: int = 0
    given_up: int = 0
    unreadable: int = 0

    def add(self, other: Self) -> None:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


class Recording:
    """Of one source, whose zone-less times are of the zone of this name."""

    def __init__(self, source: str, zone: str) -> None:
        self._source, self._zone = source, zone
        self._months: set[datetime] = set()
        self._is_new = True  # until something was read that stands: then more does, most likely

    def make_months(self, made: Made) -> None:
        """Outside of the transaction that records it."""
        for month in sorted(set(map(month_of, made.emissions.moments)) - self._months):
            ensure_partition(month)
            self._months.add(month)

    def record(
        self,
        batch: Batch,
        made: Made,
        *,
        answered: Collection[tuple[str, str]],
        is_all: bool,
    ) -> Recorded:
        """What was ``made`` of the batch, within a transaction of the caller's. ``answered`` and
        ``is_all`` as ``likely_cause`` has them."""
        seen, new = batch.seen, made
        causes = {
            key: cause
            for key, each in made.pending.items()
            if _is_old(each, seen)
            and (cause := likely_cause(each.row, each.registered, answered, is_all=is_all))
        }
        if made.emissions.ids:
            self._is_new = self._is_new and record_new(made.emissions)
            if not self._is_new:
                new = self._record_others(batch)
            if not (self._is_new and copy_deliveries(made.deliveries)):
                self._answer_again(batch)
        given_up = self._give_up(made, seen, causes) if causes else 0
        self._await(seen, made.pending, causes)
        if new.shown:
            copy_presentations(new.shown)
        keep_texts(new.texts)
        unreadable = len(seen.rows) - len(made.emissions.ids)
        self._note(new, unreadable)
        recorded = len(new.emissions.ids)
        known = len(made.emissions.ids) - recorded
        return Recorded(recorded, known, len(made.pending), given_up, unreadable)

    def _record_others(self, batch: Batch) -> Made:
        """Of a batch of which something stands already, the rest; what that is made of."""
        messages = batch.messages()
        receipt = record([each.emission for each in messages], source=self._source)
        told = zip(messages, receipt.statuses, strict=True)
        new = {each.row.id for each, status in told if status is Status.RECORDED}
        return make(batch.only(new), source=self._source, zone=self._zone)

    def _answer_again(self, batch: Batch) -> None:
        """Answers of which some stand already, whatever is on record of their messages."""
        messages = {each.emission.id_at(self._source): each for each in batch.messages()}
        told = answers(messages, zone=self._zone, observed_at=batch.seen.observed_at)
        record_deliveries(told, source=self._source)

    def _give_up(self, made: Made, seen: Seen, causes: Mapping[UUID, Cause]) -> int:
        pending = {key: made.pending[key] for key in causes}
        told = answers(pending, zone=self._zone, observed_at=seen.observed_at, causes=causes)
        return record_deliveries(told, source=self._source).recorded

    def _await(
        self, seen: Seen, pending: Mapping[UUID, Pending], causes: Mapping[UUID, Cause]
    ) -> None:
        """Those that may still change."""
        awaited = []
        for key, each in pending.items():
            age = seen.now - each.at if _is_old(each, seen) else timedelta(0)
            if key in causes and age >= AWAITED:
                continue
            awaited.append(
                AwaitedMessage(
                    source_id=self._source,
                    number=each.row.id,
                    notification_id=key,
                    registration=each.row.registration,
                    awaited_since=seen.observed_at - age,
                    is_given_up=key in causes,
                )
            )
        AwaitedMessage.objects.bulk_create(awaited, ignore_conflicts=True)

    def _note(self, made: Made, unreadable: int) -> None:
        """Counts what was of no use, by its place."""
        counts: Counter[tuple[str, str]] = Counter()
        for pointer, count in made.unusable.items():
            counts[str(Code.UNUSABLE_FIELD), place_of(pointer, _FIELDS)] += count
        if unreadable:
            counts[_NO_TIME] = unreadable
        note_errors(self._source, counts)


def _is_old(message: Pending, seen: Seen) -> bool:
    return not seen.is_live and seen.now - message.at >= PATIENCE
