"""Streams of lines, one envelope each, as a sequence of batches of which every one is committed for
itself. Memory is bounded by the batch, however long the stream.

A line that is no envelope is rejected alone. A stream that is damaged ends there: the lines that
were whole are recorded, and ``Interrupted`` says how far that goes.
"""

import gzip
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from typing import IO, Any, Protocol, cast

from django.db import InterfaceError, OperationalError

from notifications.protocol.payload import MalformedJSON

from .contacts import place_of
from .decoder import decode
from .emission import Emission
from .envelope import FIELDS, MAX_BYTES, Rejected
from .recorder import MAX_BATCH, Receipt, Status, record

MAX_BATCH_BYTES = 4 * MAX_BYTES  # of lines, so that a batch of long ones is a short one
MAX_TOLD = 1_000  # conflicts and rejected lines that a report names
MAX_DETAIL = 500  # characters
FREE_EXPANSION = 10 * 1024 * 1024  # decompressed bytes before the ratio counts
MAX_EXPANSION = 200
READ_SIZE = 64 * 1024


class Readable(Protocol):
    """A stream of bytes: ``read`` gives b"" at its proper end and raises ``Damaged`` otherwise."""

    def read(self, size: int, /) -> bytes: ...


class Damaged(Exception):
    """The stream cannot be read on; ``code`` is stable, ``detail`` says what to do."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


@dataclass(slots=True)
class Report:
    """What became of the lines read; ``conflicts`` and ``rejected`` name the first of them.

    ``committed_through_line``: each line up to it was recorded, was known, conflicts or is
    rejected, and will not be lost. ``faults`` are their first ones by code and place, all of them.
    """

    recorded: int = 0
    duplicates: int = 0
    conflict_count: int = 0
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    rejected_count: int = 0
    rejected: list[dict[str, Any]] = field(default_factory=list)
    committed_through_line: int = 0
    faults: Counter[tuple[str, str]] = field(default_factory=Counter)

    def as_json(self) -> dict[str, Any]:
        told = asdict(self)
        del told["faults"]
        return told


class Interrupted(Exception):
    """A stream that ended before its end; ``report`` is of what is committed."""

    def __init__(self, code: str, detail: str, report: Report) -> None:
        super().__init__(detail)
        self.code, self.detail, self.report = code, detail, report


Progress = Callable[[Report], None]


def record_lines(
    stream: Readable,
    *,
    source: str,
    clock: Callable[[], datetime],
    gzipped: bool = False,
    timed_only: bool = False,
    progress: Progress = lambda report: None,
) -> Report:
    """Records a stream to its end.

    ``clock`` stamps lines without a time of their own; with ``timed_only`` they are rejected, since
    a second run would record them again. ``progress`` is told after each batch. Raises
    ``Interrupted`` when the stream is damaged or the database gone.
    """
    recording = _Recording(source, clock, timed_only, progress)
    try:
        for line in _lines(_Inflated(stream) if gzipped else stream):
            recording.add(line)
    except Damaged as damage:
        recording.flush()
        raise Interrupted(damage.code, damage.detail, recording.report) from damage
    recording.flush()
    return recording.report


class _Recording:
    """The batch being filled, and the report so far."""

    def __init__(
        self, source: str, clock: Callable[[], datetime], timed_only: bool, progress: Progress
    ) -> None:
        self._source, self._clock, self._progress = source, clock, progress
        self._timed_only = timed_only
        self._line = self._bytes = self._lines = 0
        self._now = clock()
        self._batch: list[Emission] = []
        self._numbers: list[int] = []
        self._rejected: list[dict[str, Any]] = []
        self._faults: Counter[tuple[str, str]] = Counter()
        self.report = Report()

    def add(self, line: bytes) -> None:
        self._line += 1
        self._lines += 1
        self._bytes += len(line)
        if line and not line.isspace():
            self._read(line)
        if self._lines >= MAX_BATCH or self._bytes >= MAX_BATCH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Commits what was added since the last time. Raises ``Interrupted``."""
        try:
            receipt = record(self._batch, source=self._source)
        except (OperationalError, InterfaceError) as error:
            detail = "The database is not available; send the stream again, from its start or on."
            raise Interrupted("unavailable", detail, self.report) from error
        self.report.recorded += receipt.recorded
        self.report.duplicates += receipt.duplicates
        if receipt.conflicts:
            self._tell_conflicts(receipt)
        self.report.rejected_count += len(self._rejected)
        self.report.faults += self._faults
        self.report.rejected += self._rejected[: MAX_TOLD - len(self.report.rejected)]
        self.report.committed_through_line = self._line
        self._batch, self._numbers, self._rejected, self._faults = [], [], [], Counter()
        self._lines = self._bytes = 0
        self._now = self._clock()
        self._progress(self.report)

    def _tell_conflicts(self, receipt: Receipt) -> None:
        conflicts = [
            {"line": number, "id": str(notification_id)}
            for number, notification_id, status in zip(
                self._numbers, receipt.ids, receipt.statuses, strict=True
            )
            if status is Status.CONFLICT
        ]
        self.report.conflict_count += len(conflicts)
        self.report.faults["conflict", "#/message_id"] += len(conflicts)
        self.report.conflicts += conflicts[: MAX_TOLD - len(self.report.conflicts)]

    def _read(self, line: bytes) -> None:
        try:
            emission = decode(line, now=self._now)
        except MalformedJSON as error:
            self._reject("malformed_json", "#", f"The line is not valid JSON: {error}.")
        except Rejected as error:
            self._reject(error.faults[0].code, error.faults[0].pointer, str(error))
        else:
            if self._timed_only and emission.nonce:
                detail = "#/emitted_at: is required: a second run would record the line again."
                self._reject("emitted_at_required", "#/emitted_at", detail)
            else:
                self._batch.append(emission)
                self._numbers.append(self._line)

    def _reject(self, code: str, pointer: str, detail: str) -> None:
        shown = detail if len(detail) <= MAX_DETAIL else f"{detail[:MAX_DETAIL]}…"
        self._rejected.append({"line": self._line, "code": code, "detail": shown})
        self._faults[code, place_of(pointer, FIELDS)] += 1


def _lines(stream: Readable) -> Iterator[bytes]:
    """The lines without their ends; the last needs none. Raises ``Damaged``."""
    rest = b""
    for chunk in iter(partial(stream.read, READ_SIZE), b""):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            _check_length(line)
            yield line
        _check_length(rest)
    if rest:
        yield rest


def _check_length(line: bytes) -> None:
    if len(line) > MAX_BYTES:
        detail = f"A line has over {MAX_BYTES} bytes; one notification has at most that."
        raise Damaged("line_too_long", detail)


class Counted:
    """A stream that counts the bytes taken from it."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self.taken = 0

    def read(self, size: int, /) -> bytes:
        data = self._stream.read(size)
        self.taken += len(data)
        return data


class _Inflated:
    """A gzip stream decompressed, with a bound on how much it may expand."""

    def __init__(self, stream: Readable) -> None:
        self._given = 0
        self._counted = Counted(stream)
        self._file = gzip.GzipFile(fileobj=cast("IO[bytes]", self._counted), mode="rb")

    def read(self, size: int, /) -> bytes:
        try:
            data = self._file.read1(size)  # read() would drop what came before a damage
        except EOFError:
            raise Damaged("truncated_gzip", "The gzip stream ends before its end.") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise Damaged("bad_gzip", f"The body is not a valid gzip stream: {error}.") from None
        self._given += len(data)
        if self._given > max(FREE_EXPANSION, MAX_EXPANSION * self._counted.taken):
            detail = f"The gzip stream expands over {MAX_EXPANSION}:1; send it less compressed."
            raise Damaged("expands_too_much", detail)
        return data
