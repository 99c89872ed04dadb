"""Rows of ``push_message`` with all that is needed to make messages of them: looked up first, so
that the making itself asks no database and can go on beside the recording of others."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from notifications.ingest.bulk import numbers_of
from notifications.models import Notification
from notifications.protocol.bindings import Binding
from notifications.protocol.identity import id_from_message

from .messages import Message, message_of, registered_at
from .registrations import bindings_of
from .rows import Row
from .times import chosen, moments_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Rows as they were read at ``now`` by the clock there, and ``observed_at`` by ours.

    ``before``: they were not there when all was read, at this moment of the clock there; None
    where that is long ago. ``compared_at``: when all registrations were compared last, so that of
    older messages it is known what those were since.
    """

    rows: Sequence[Row]
    now: datetime
    observed_at: datetime
    before: datetime | None
    compared_at: datetime

    @property
    def is_live(self) -> bool:
        return self.before is not None

    def bounds(self, at: datetime, *, is_compared: bool) -> tuple[datetime, datetime]:
        """When the message that tells ``at`` was sent at the earliest, and when its registration
        was read afterwards."""
        until = self.now if is_compared else max(at, self.compared_at)
        return min(at, until if self.before is None else self.before), until


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """``at`` has when each row was made, but for those that tell no time of the calendar;
    ``compared`` the registrations that were read along with the rows."""

    seen: Seen
    at: Mapping[int, datetime]
    compared: frozenset[int]
    bindings: Mapping[int, Sequence[Binding]]
    recipients: Mapping[str, int]

    def only(self, numbers: Collection[int]) -> "Batch":
        """Of the rows with these ids."""
        rows = [row for row in self.seen.rows if row.id in numbers]
        return replace(self, seen=replace(self.seen, rows=rows))

    def messages(self) -> list[Message]:
        return [self._message(row, self.at[row.id]) for row in self.seen.rows if row.id in self.at]

    def _message(self, row: Row, at: datetime) -> Message:
        since, until = self.seen.bounds(at, is_compared=row.registration in self.compared)
        registered = registered_at(
            row,
            self.bindings[row.registration],
            recipient=self.recipients.get(row.user_id),
            since=since,
            until=until,
        )
        return message_of(row, at, registered, now=self.seen.observed_at)


def moments(seen: Seen, *, source: str, zone: ZoneInfo) -> dict[int, datetime]:
    """When each row was made, without those that tell no time. In an hour that clocks repeat, a row
    that stands under either is that one."""
    told = {row.id: each for row in seen.rows if (each := moments_of(row.told, zone))}
    standing = _standing(told, source)
    return {
        number: standing.get(number) or chosen(each, now=seen.now, is_live=seen.is_live)
        for number, each in told.items()
    }


def looked_up(
    seen: Seen, at: Mapping[int, datetime], compared: frozenset[int], *, source: str
) -> Batch:
    """With what is on record."""
    return Batch(
        seen=seen,
        at=at,
        compared=compared,
        bindings=bindings_of(source, {row.registration for row in seen.rows}),
        recipients=numbers_of({row.user_id for row in seen.rows if not row.activation_id}),
    )


def _standing(told: Mapping[int, tuple[datetime, ...]], source: str) -> dict[int, datetime]:
    """Those of repeated hours that stand."""
    ids = {
        id_from_message(source, str(number), each): (number, each)
        for number, moments in told.items()
        if len(moments) > 1
        for each in moments
    }
    if not ids:
        return {}
    found = Notification.objects.filter(id__in=ids).values_list("id", flat=True)
    return dict(ids[key] for key in found)
