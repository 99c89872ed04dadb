"""Rows that were pending are read again until their status is final, or until they have been so for
too long: then they are told to stay so for ever, and read seldom for another while."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from notifications.ingest.bulk import numbers_of
from notifications.ingest.deliveries import MAX_DELIVERIES, DeliveryTold, record_deliveries
from notifications.models import AwaitedMessage, DeliveryReport
from notifications.protocol.deliveries import DeviceBy
from notifications.protocol.identity import id_from_message

from .answers import answer_of, likely_cause
from .connection import Database
from .messages import PENDING, registered_at
from .recording import AWAITED, PATIENCE
from .registrations import bindings_of
from .rows import Row, rows_by_id
from .times import moments_of

MOST = MAX_DELIVERIES // 2  # each may have two things to tell


@dataclass(frozen=True, slots=True)
class Told:
    """How many of the awaited came to an end, and how many were given up."""

    final: int = 0
    given_up: int = 0


class Awaiting:
    """Of one source, whose zone-less times are of ``zone``."""

    def __init__(self, source: str, zone: ZoneInfo) -> None:
        self._source, self._zone = source, zone

    def read(
        self,
        database: Database,
        *,
        now: datetime,
        answered: Collection[tuple[str, str]],
        is_seldom: bool,
    ) -> Told:
        """Reads them all again, those given up only when the seldom ones are due. Each lot of them
        is a transaction."""
        above, final, given_up = -1, 0, 0
        while awaited := self._next(above, is_seldom=is_seldom):
            rows = rows_by_id(database, [each.number for each in awaited])
            with transaction.atomic():
                told = self.tell(awaited, rows, now=now, answered=answered)
            final, given_up = final + told.final, given_up + told.given_up
            above = awaited[-1].number
        return Told(final, given_up)

    def _next(self, above: int, *, is_seldom: bool) -> list[AwaitedMessage]:
        found = AwaitedMessage.objects.filter(source=self._source, number__gt=above)
        if not is_seldom:
            found = found.filter(is_given_up=False)
        return list(found.order_by("number", "id")[:MOST])

    def tell(
        self,
        awaited: Sequence[AwaitedMessage],
        rows: Sequence[Row],
        *,
        now: datetime,
        answered: Collection[tuple[str, str]],
    ) -> Told:
        """What ``rows`` say of the ``awaited``. Within a transaction of the caller's."""
        read = {row.id: row for row in rows}
        there = {
            each: read[each.number]
            for each in awaited
            if each.number in read and self._is_same(each, read[each.number])
        }
        final = {each: row for each, row in there.items() if row.status != PENDING}
        due = {
            each: row
            for each, row in there.items()
            if each not in final and not each.is_given_up and now - each.awaited_since >= PATIENCE
        }
        told = self._reports(final, due, now, answered)
        receipt = record_deliveries(told, source=self._source) if told else None
        AwaitedMessage.objects.filter(id__in=[each.id for each in final]).delete()
        AwaitedMessage.objects.filter(id__in=[each.id for each in due]).update(is_given_up=True)
        self._forget(awaited, now)
        new = receipt.is_new if receipt else ()
        return Told(sum(new[: len(final)]), sum(new[len(final) :]))

    def _is_same(self, awaited: AwaitedMessage, row: Row) -> bool:
        """Ids may begin anew: the row is another's when it tells another time."""
        return any(
            awaited.notification_id == id_from_message(self._source, str(row.id), each)
            for each in moments_of(row.told, self._zone)
        )

    def _reports(
        self,
        final: Mapping[AwaitedMessage, Row],
        due: Mapping[AwaitedMessage, Row],
        now: datetime,
        answered: Collection[tuple[str, str]],
    ) -> list[DeliveryTold]:
        known_by = self._devices_by([*final, *due])
        bindings = bindings_of(self._source, {each.registration for each in due})
        recipients = numbers_of({row.user_id for row in due.values()})
        told = []
        for each, row in {**final, **due}.items():
            key, cause = cast("UUID", each.notification_id), None
            if each in due:
                registered = registered_at(
                    row,
                    bindings[each.registration],
                    recipient=recipients.get(row.user_id),
                    since=each.awaited_since,
                    until=each.awaited_since,
                )
                cause = likely_cause(row, registered, answered, is_all=True)
            told.append(
                answer_of(
                    row,
                    key,
                    by=known_by.get(key),
                    zone=self._zone.key,
                    observed_at=now,
                    given_up=cause,
                )
            )
        return told

    def _devices_by(self, awaited: Sequence[AwaitedMessage]) -> dict[UUID, DeviceBy]:
        """As it was told first."""
        reports = DeliveryReport.objects.filter(
            source=self._source,
            notification__in=[each.notification_id for each in awaited],
            device_by__isnull=False,
        )
        pairs = reports.order_by("-id").values_list("notification_id", "device_by")
        return {key: DeviceBy(by) for key, by in pairs if key and by}

    def _forget(self, awaited: Sequence[AwaitedMessage], now: datetime) -> None:
        old = [each.id for each in awaited if now - each.awaited_since >= AWAITED]
        AwaitedMessage.objects.filter(id__in=old).delete()
