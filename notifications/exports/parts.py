"""Exports cut into parts: files of a bounded size, each whole before anybody can see it."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import chain
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any, TypeAlias

from django.core.files import File
from django.core.files.storage import Storage

from notifications.models import Export, ExportPart
from notifications.protocol.window import DAY

from .datasets import rows_of
from .slices import Chunk, Place, Slice
from .writers import blocks, how_copied, is_defused

MOST_ROWS = 500_000  # in a part

Beat: TypeAlias = Callable[[int], None]


class NotStored(Exception):
    """The file store kept {kept} where {wanted} was written: it must be set to overwrite."""

    def __init__(self, wanted: str, kept: str) -> None:
        super().__init__(str(self.__doc__).format(wanted=wanted, kept=kept))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One finished file; ``place`` is where the next begins, None behind the last."""

    number: int
    name: str
    rows: int
    bytes: int
    sha256: str
    place: Place | None


class Tally:
    """Bytes and digest of what was written."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self.bytes = 0

    def add(self, block: bytes) -> None:
        self._digest.update(block)
        self.bytes += len(block)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


class Parts:
    """Makes the parts of one export in ``directory`` of ``store``, as a context: it keeps a
    connection to the database.

    ``beat`` is called after each block with the rows of the part so far; what it raises ends the
    part, and nothing is left of it.
    """

    def __init__(self, export: Export, store: Storage, directory: str, beat: Beat) -> None:
        self._export, self._store, self._directory, self._beat = export, store, directory, beat
        self._rows = rows_of(export)

    def __enter__(self) -> "Parts":
        return self

    def __exit__(self, *error: object) -> None:
        self._rows.close()

    def make(self, number: int, place: Place) -> Part | None:
        """The part ``number``, which begins at ``place``; None when nothing is left for it. An
        export of nothing is one part without rows, in its format.

        Raises ``TooMuch``, ``NotStored`` and what the store raises.
        """
        reached: Place | None = place
        while reached is not None:
            day = None
            if has_days(self._export):
                following = self._rows.next_at(reached)
                if following is None:
                    break
                day = _midnight(following)
            with self._slice(reached, day) as found:
                rows = iter(found)
                first = next(rows, None)
                if first is not None:
                    return self._write(number, day, found, chain([first], rows))
            reached = found.place
            self._beat(0)  # days without a row that was asked for take their time, too
        if number > 1 or self._export.delivery == Export.Delivery.INCREMENTS:
            return None
        return self._write(1, None, Slice.empty(), ())

    def _slice(self, place: Place, day: datetime | None) -> Any:
        return self._rows.slice(
            how_copied(self._export.format),
            place,
            stop=None if day is None else _end_of(day),
            most=MOST_ROWS,
            defused=is_defused(self._export),
        )

    def _write(
        self, number: int, day: datetime | None, found: Slice, rows: Iterable[Chunk]
    ) -> Part:
        name, tally = name_of(self._export, number, day), Tally()
        written = blocks(rows, self._rows.columns, self._export)

        def beat() -> None:
            self._beat(found.count)

        with _file_in(getattr(self._store, "scratch", None), beat) as file:
            for block in written:
                tally.add(block)
                file.write(block)
                beat()
            file.seek(0)  # and what was buffered is in the file
            wanted = f"{self._directory}{name}"
            kept = self._store.save(wanted, file)
        if kept != wanted:
            self._store.delete(kept)
            raise NotStored(wanted, kept)
        return Part(
            number=number,
            name=name,
            rows=found.count,
            bytes=tally.bytes,
            sha256=tally.sha256,
            place=found.place,
        )


def as_row(export: Export, part: Part) -> ExportPart:
    """As it is noted, not saved yet."""
    return ExportPart(
        export=export,
        number=part.number,
        name=part.name,
        rows=part.rows,
        bytes=part.bytes,
        sha256=part.sha256,
        place=part.place or "",
    )


def has_days(export: Export) -> bool:
    """Whether its parts are in directories, one for each day."""
    in_time_order = export.delivery in (Export.Delivery.JOB, Export.Delivery.DIRECTORY)
    return export.format == Export.Format.PARQUET and in_time_order


def name_of(export: Export, number: int, day: datetime | None = None) -> str:
    """``notifications-00001.csv.gz``, in ``day=2026-01-31/`` where there are days."""
    directory = "" if day is None else f"day={day:%Y-%m-%d}/"
    digits = 9 if export.delivery == Export.Delivery.INCREMENTS else 5
    return f"{directory}{export.dataset}-{number:0{digits}}.{extension_of(export)}"


def extension_of(export: Export) -> str:
    return f"{export.format}.gz" if export.gzip else export.format


@contextmanager
def _file_in(scratch: Path | None, beat: Callable[[], None]) -> "Iterator[_Made]":
    """A file of its own in ``scratch``, gone afterwards unless a store took it."""
    with NamedTemporaryFile(dir=scratch, delete=False) as file:
        try:
            yield _Made(file, beat)
        finally:
            Path(file.name).unlink(missing_ok=True)


class _Made(File):  # type: ignore[type-arg]
    """A file that can be moved, and is alive while it is copied."""

    def __init__(self, file: IO[Any], beat: Callable[[], None]) -> None:
        super().__init__(file)
        self._file, self._beat = file, beat

    def temporary_file_path(self) -> str:
        return self._file.name

    def chunks(self, chunk_size: int | None = None) -> Iterator[Any]:
        for chunk in super().chunks(chunk_size or 1 << 20):
            yield chunk
            self._beat()

    def read(self, *size: int) -> Any:
        """What stores of other makers call."""
        self._beat()
        return self._file.read(*size)


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _end_of(day: datetime) -> datetime | None:
    """None of the last day there is."""
    return None if day.date() == date.max else day + DAY
