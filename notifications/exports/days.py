"""Rows that are judged or counted and not copied: gaps and statistics, a day at a time."""

import csv
import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from notifications.filters.questions import GapsQuestion, StatsQuestion
from notifications.models import Notification
from notifications.models.patience import TooMuch
from notifications.models.querysets import Extent
from notifications.protocol.identity import first_id_at, time_of
from notifications.protocol.window import DAY, Window, read_as_of
from notifications.trace.entries import Entry
from notifications.trace.gap_notes import (
    Acknowledgements,
    acknowledgements,
    is_acknowledged,
    narrowed,
)
from notifications.trace.gaps import Wanted, find_gaps
from notifications.trace.stats import Dimension, Interval, Question, count

from .columns import Column, How, Kind, defused, in_order
from .slices import Place, Rows, Slice, chunks_of

Row = Sequence[Any]
# As COPY has them in text.
_ESCAPED = str.maketrans({c: f"\\{e}" for c, e in zip("\b\f\n\r\t\v\\", "bfnrtv\\", strict=True)})
SHORTEST = timedelta(hours=1)  # a window that holds too much is halved down to this


class DayRows(Rows, ABC):
    """A place is the moment from which on nothing was exported, the start of a day (UTC)."""

    def __init__(self, window: Window, extent: Extent) -> None:
        self.window, self.extent = window, extent

    def close(self) -> None:
        """It asks with the connection of everybody."""

    @abstractmethod
    def rows(self, window: Window) -> Iterator[Row]:
        """Those of a day at most, in order. Raises ``TooMuch``."""

    def estimate(self) -> int | None:
        return None

    def next_at(self, place: Place) -> datetime | None:
        """Days on which nothing was emitted are passed by: whoever asks for the whole record begins
        decades before it, and rows are of hours, or of moments, of emissions."""
        start = datetime.fromisoformat(place) if place else self.window.since
        following = Notification.objects.filter(id__gte=first_id_at(_midnight(start)))
        key = following.in_time_order().values_list("id", flat=True).first()
        if key is None:
            return None
        start = max(start, _midnight(time_of(key)))
        return start if start < self.window.until else None

    @contextmanager
    def slice(
        self, how: How, place: Place, *, stop: datetime | None, most: int, defused: bool
    ) -> Iterator[Slice]:
        """Whole days, so that what is behind them begins with one."""
        given = 0
        reached = self.next_at(place)

        def copied() -> Iterator[bytes]:
            nonlocal given, reached
            while reached is not None and given < most and (stop is None or reached < stop):
                day = _day_of(reached, self.window.until)
                for row in self.rows(day):
                    given += 1
                    yield _copied(row, self.columns, how, defused=defused)
                reached = self.next_at(day.until.isoformat())

        def behind(_count: int, _row: bytes) -> Place | None:
            return None if reached is None else reached.isoformat()

        yield Slice(chunks_of(copied()), behind)


class GapRows(DayRows):
    columns = in_order(
        [
            Column("at", Kind.MOMENT),
            Column("due", Kind.MOMENT),
            Column("acknowledged_at", Kind.MOMENT),
            *(
                Column(name, Kind.NAME)
                for name in (
                    *("rule", "reason", "counts_as", "message_type", "operation_name"),
                    *("certainty", "basis", "app_id", "source", "acknowledged_by"),
                )
            ),
            Column("key", Kind.TEXT),
            Column("operation", Kind.TEXT),
            Column("activation", Kind.TEXT),
            Column("inbox_message", Kind.TEXT),
            Column("sentence", Kind.TEXT),
            Column("note", Kind.TEXT),
            Column("episode", Kind.NUMBER),
            Column("evidence", Kind.JSON),
            Column("events", Kind.JSON),
        ]
    )

    def __init__(self, asked: GapsQuestion, window: Window, extent: Extent) -> None:
        super().__init__(window, extent)
        self.now = asked.now
        self.as_of = read_as_of(asked.value("as_of"), now=asked.now)
        self.wanted = Wanted(
            rules=asked.values("rule"),
            reasons=asked.values("reason"),
            counts_as=asked.values("counts_as"),
            operation_names=asked.values("operation_name"),
            apps=asked.values("app_id"),
            sources=asked.values("source"),
        )
        self.acknowledged = asked.is_acknowledged

    def rows(self, window: Window) -> Iterator[Row]:
        for part, notes in _halved(window, self._found):
            for entry in part:
                told = _gap(entry, notes)
                yield [told[column.name] for column in self.columns]

    def _found(self, window: Window) -> tuple[Sequence[Entry], Acknowledgements]:
        found = find_gaps(
            window,
            now=self.now,
            wanted=self.wanted,
            apps=self.extent.apps,
            below=self.extent.below,
            as_of=self.as_of,
        )
        if found.unjudged:
            raise TooMuch(f"{found.unjudged} operations that have too many messages to judge")
        notes = acknowledgements(found.entries, below=self.extent.below, as_of=self.as_of)
        return narrowed(found.entries, notes, acknowledged=self.acknowledged), notes


class StatsRows(DayRows):
    """``count`` of notifications by hour (or day) and by the dimensions that were asked for: by
    default all but the finding, by which one counts several times."""

    def __init__(self, asked: StatsQuestion, window: Window, extent: Extent) -> None:
        super().__init__(window, extent)
        given = asked.values("by") or [each for each in Dimension if each is not Dimension.FINDING]
        self.by = [Dimension(each) for each in given]
        self.interval = Interval(asked.value("interval", Interval.HOUR))
        self.where = {each: asked.values(each) for each in Dimension}
        self.columns = in_order(
            [
                Column("at", Kind.MOMENT),
                *(Column(each, Kind.NAME) for each in self.by),
                Column("count", Kind.NUMBER),
            ]
        )

    def rows(self, window: Window) -> Iterator[Row]:
        question = Question(window=window, interval=self.interval, by=self.by, where=self.where)
        stats = count(question, apps=self.extent.apps, below=self.extent.below)
        for cell in stats.cells:
            yield [cell.at, *cell.values, cell.count]


def _halved(window: Window, ask: Callable[[Window], Any]) -> Iterator[Any]:
    """The answers of the whole, or of halves of it where that is too much."""
    try:
        yield ask(window)
    except TooMuch:
        half = (window.until - window.since) / 2
        if half < SHORTEST:
            raise
        middle = window.since + half
        yield from _halved(Window(window.since, middle), ask)
        yield from _halved(Window(middle, window.until), ask)


def _day_of(moment: datetime, end: datetime) -> Window:
    return Window(moment, min(_midnight(moment) + DAY, end))


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _gap(entry: Entry, notes: Acknowledgements) -> dict[str, Any]:
    """Of every column. Only an acknowledgement that holds is told: else the gap is open."""
    noted = notes[entry.key] if is_acknowledged(entry, notes) else None
    return {
        **{each.name: getattr(entry, each.name, None) for each in GapRows.columns},
        "app_id": entry.app,
        "evidence": [str(each) for each in entry.evidence],
        "events": [str(each) for each in entry.events],
        "acknowledged_at": noted and noted.at,
        "acknowledged_by": noted and noted.who,
        "note": noted and noted.note,
    }


def _copied(row: Row, columns: Sequence[Column], how: How, *, defused: bool) -> bytes:
    """The row as COPY would give it."""
    if how is How.TEXT:
        fields = (_as_text(*each) for each in zip(row, columns, strict=True))
        return "\t".join(fields).encode() + b"\n"
    line = io.StringIO()
    cells = [_as_cell(*each, is_defused=defused) for each in zip(row, columns, strict=True)]
    csv.writer(line).writerow(cells)  # with the line end by which it knows to quote both halves
    return line.getvalue().removesuffix("\r\n").encode() + b"\n"


def _as_text(value: Any, column: Column) -> str:
    if value is None:
        return "\x0b" if column.kind in (Kind.MOMENT, Kind.NAME) else "null"
    if column.kind is Kind.JSON:
        return msgspec.json.encode(value).decode().replace("\\", "\\\\")
    if column.kind in (Kind.NAME, Kind.TEXT):
        quote = '"' if column.kind is Kind.TEXT else ""
        return f"{quote}{str(value).translate(_ESCAPED)}{quote}"
    return _written(value)


def _as_cell(value: Any, column: Column, *, is_defused: bool) -> str | None:
    if value is None:
        return None
    if column.kind is Kind.JSON:
        return msgspec.json.encode(value).decode()
    if column.kind in (Kind.TEXT, Kind.NAME) and is_defused:
        return defused(str(value))
    return _written(value)


def _written(value: Any) -> str:
    if isinstance(value, datetime):
        told = value.astimezone(UTC).replace(tzinfo=None).isoformat(" ")
        return (told.rstrip("0") if value.microsecond else told) + "+00"
    return str(value)
