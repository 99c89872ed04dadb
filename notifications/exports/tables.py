"""Rows that are copied out of tables: notifications, and operations as they stood at the bound."""

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection as served
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet

from notifications.filters.base import WindowedFilters
from notifications.filters.notifications import NotificationFilters
from notifications.models import DeliveryReport, Notification
from notifications.models.estimates import rows_in
from notifications.models.querysets import LEAST_ID, Extent
from notifications.protocol.identity import first_id_at, time_of

from .behind import read_ahead
from .columns import Column, How, Kind, copied_as, in_order
from .slices import Chunk, Place, Rows, Slice, chunks_of

READ_AHEAD = 64  # chunks; some 10 MB
_BETWEEN = {How.CSV: b",", How.TEXT: b"\t"}
# As text, null is a vertical tab, which is never within one: there it is written as two characters.
_OPTIONS = {How.CSV: "FORMAT csv", How.TEXT: r"NULL E'\x0b'"}
# Rows are as PostgreSQL writes them, whatever the role's defaults are.
_SESSION = "SET datestyle = 'ISO, YMD'; SET default_transaction_read_only = on; SET jit = off"


class _Run:
    """Rows of one statement, behind ``place``. Slices of a day each share it, as beginning another
    statement takes as long as some thousand rows. ``ahead`` are the rows that the next begins with,
    and ``count`` how many were given."""

    def __init__(
        self,
        rows: Iterable[bytes],
        place: Place,
        at: Callable[[bytes], datetime],
        *,
        is_by_days: bool,
    ) -> None:
        self.place, self.count = place, 0
        self._chunks, self._at = chunks_of(rows), at
        if is_by_days:
            self._chunks = read_ahead(self._chunks, READ_AHEAD)
        self.ahead = next(self._chunks, [])

    @property
    def next_at(self) -> datetime | None:
        return self._at(self.ahead[0]) if self.ahead else None

    def close(self) -> None:
        self._chunks.close()

    def until(self, stop: datetime | None) -> Iterator[Chunk]:
        """Those whose first column, a moment, is of a day before ``stop``; all, if it is None."""
        end = b"\xff" if stop is None else f"{stop:%Y-%m-%d}".encode()
        while chunk := self.ahead:
            within = len(chunk)
            if chunk[-1][:10] >= end:
                within = bisect_left(chunk, end, key=lambda row: row[:10])
            self.ahead = chunk[within:] or next(self._chunks, [])
            self.count += within
            if within:
                yield chunk[:within]
            if within < len(chunk):
                return


class TableRows(Rows, ABC):
    """In the order of ``keyset``, a column of ids of what they are ``told_by``, which is the first
    id that is exported. A place is the last one before it."""

    told_by: type[Notification | DeliveryReport] = Notification
    keyset: str

    def __init__(self, asked: WindowedFilters, extent: Extent) -> None:
        self.asked, self.extent = asked, extent
        self._run: _Run | None = None
        self._copying = ExitStack()

    @cached_property
    def _connection(self) -> BaseDatabaseWrapper:
        """Of its own: one that copies rows out can do nothing else meanwhile."""
        connection = served.copy()
        with connection.cursor() as cursor:
            cursor.execute(_SESSION)
        return connection

    def close(self) -> None:
        if self._run is not None:
            self._run.close()  # whoever reads has ended
        if "_connection" in self.__dict__:
            self._connection.close()  # so that what is still being copied ends
        self._end()

    @abstractmethod
    def found(self) -> "QuerySet[Any]":
        """All that was asked for."""

    def shadowing(self) -> tuple[str, Sequence[Any]]:
        """Common table expressions, each in place of the table of its name."""
        return "", ()

    def behind(self, place: Place) -> "QuerySet[Any]":
        return self.found().filter(**{f"{self.keyset}__gt": UUID(place)})

    @property
    def order(self) -> Sequence[str]:
        return (self.keyset,)

    def place_of(self, key: str) -> Place:
        """Behind the row that begins with this id."""
        return key

    def estimate(self) -> int | None:
        """As the planner has it: counting takes as long as a tenth of the export."""
        statement, given = self._statement(self.found())
        if not statement:
            return 0
        with self._connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (FORMAT json) {statement}", given)
            ((plan,),) = cursor.fetchall()
            return rows_in(plan)

    def next_at(self, place: Place) -> datetime | None:
        """Of any that tells, whether it was asked for or not, where an index has to know it."""
        if self._run is not None and self._run.place == place and place:
            return self._run.next_at
        bounds = self.asked.bounds
        after = max(
            UUID(place or str(LEAST_ID)), first_id_at(bounds.since) if bounds.since else LEAST_ID
        )
        told: Any = self.told_by.objects
        following = told.filter(id__gte=after, id__gt=UUID(place or str(LEAST_ID)))
        if bounds.until is not None:
            following = following.filter(id__lt=first_id_at(bounds.until))
        key = following.in_time_order().values_list("id", flat=True).first()
        return None if key is None else time_of(key)

    @contextmanager
    def slice(
        self, how: How, place: Place, *, stop: datetime | None, most: int, defused: bool
    ) -> Iterator[Slice]:
        run = self._run
        if run is None or run.place != place:
            by_days = stop is not None
            run = self._run = self._begun(how, place, most, defused=defused, by_days=by_days)

        def behind(count: int, row: bytes) -> Place | None:
            if run.ahead and stop is not None:
                run.place = str(UUID(int=first_id_at(stop).int - 1))
                return run.place
            return self.place_of(self._id_in(row, how)) if run.count == most else None

        yield Slice(run.until(stop), behind)

    def _begun(self, how: How, place: Place, most: int, *, defused: bool, by_days: bool) -> _Run:
        self._end()
        found = self.behind(place) if place else self.found()
        columns = [copied_as(column, how, defused=defused) for column in self.columns]
        rows = found.order_by(*self.order).values_list(*columns)[:most]
        statement, given = self._statement(rows)
        copied: Iterable[bytes] = ()
        if statement:
            copying = f"COPY ({statement}) TO STDOUT ({_OPTIONS[how]})"
            cursor = self._copying.enter_context(self._connection.cursor())
            copied = self._copying.enter_context(cursor.copy(copying, given))
        return _Run(
            copied,
            place,
            lambda row: time_of(UUID(self._id_in(row, how))),
            is_by_days=by_days,
        )

    def _end(self) -> None:
        if self._run is not None:
            self._run.close()
        self._run = None
        self._copying.close()

    def _id_in(self, row: bytes, how: How) -> str:
        """Nothing before it holds what is between cells."""
        index = next(i for i, each in enumerate(self.columns) if each.kind is Kind.ID)
        return bytes(row).split(_BETWEEN[how], index + 1)[index].decode()

    def _statement(self, queryset: "QuerySet[Any]") -> tuple[str, Sequence[Any]]:
        """Nothing where Django knows that nothing can be found."""
        shadows, given = self.shadowing()
        try:
            statement, more = queryset.query.sql_with_params()
        except EmptyResultSet:
            return "", ()
        return f"{shadows}{statement}", (*given, *more)


class NotificationRows(TableRows):
    keyset = "id"

    def __init__(self, asked: NotificationFilters, extent: Extent, *, tells_users: bool) -> None:
        super().__init__(asked, extent)
        self.columns = in_order(
            [
                Column("emitted_at", Kind.MOMENT, "emitted_at"),
                Column("recorded_at", Kind.MOMENT, "recorded_at"),
                Column("id", Kind.ID, "id"),
                Column("source", Kind.NAME, "source_id"),
                Column("message_type", Kind.NAME, "message_type"),
                Column("result", Kind.NAME, "result"),
                Column("app_id", Kind.NAME, "app_id"),
                Column("platform", Kind.NAME, "platform"),
                Column("addressed_to", Kind.NAME, "addressed_to"),
                Column("message_id", Kind.TEXT, "message_id"),
                Column("operation", Kind.TEXT, "operation_id"),
                Column("activation", Kind.TEXT, "activation_id"),
                Column("inbox_message", Kind.TEXT, "inbox_message_id"),
                Column("per_device", Kind.FLAG, "per_device"),
                Column("silent", Kind.FLAG, "silent"),
                Column("personal", Kind.FLAG, "personal"),
                Column("extras", Kind.JSON, "extras"),
                Column("findings", Kind.JSON, "findings"),
                Column("user_id", Kind.USER, "recipient__user_id")
                if tells_users
                else Column("user_id", Kind.PERSON, "recipient_id"),
            ]
        )

    def found(self) -> "QuerySet[Any]":
        found: Any = self.asked.qs
        return found.within(self.extent)  # type: ignore[no-any-return]


class InRecordingOrder(TableRows):
    """A place is the transaction and the id of the last one before."""

    @property
    def order(self) -> Sequence[str]:
        return ("recorded_xid", "id")

    def behind(self, place: Place) -> "QuerySet[Any]":
        xid, key = place.split(":")
        found: Any = self.found()
        return found.recorded_after(int(xid), UUID(key))  # type: ignore[no-any-return]

    def place_of(self, key: str) -> Place:
        told: Any = self.told_by.objects
        (xid,) = told.filter(pk=key).values_list("recorded_xid", flat=True)
        return f"{xid}:{key}"


class RecordingRows(InRecordingOrder, NotificationRows):
    pass
