"""Streams of lines, one report each, as a sequence of batches of which every one is committed for
itself. Memory is bounded by the batch, however long the stream. What a line is, ``Lines`` say.

A line that cannot be used is rejected alone. A stream that is damaged ends there: the lines that
were whole are recorded, and ``Interrupted`` says how far that goes.
"""

import gzip
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from operator import itemgetter
from typing import IO, Any, Protocol, TypeVar, cast

from django.db import InterfaceError, OperationalError

from notifications.protocol.payload import MalformedJSON

from .contacts import place_of
from .decoder import decode
from .emission import Emission
from .envelope import FIELDS, MAX_BYTES, Fault, Rejected
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


Item = TypeVar("Item")  # what a line was read as
Ready = TypeVar("Ready")  # what of it is to be recorded


class Lines(Protocol[Item, Ready]):
    """What the lines of a stream are. ``fields`` are the names that a place in one may have;
    ``named_by`` is the field that a conflict is about."""

    fields: Collection[str]
    named_by: str

    def read(self, line: bytes, *, now: datetime) -> Item:
        """Raises ``MalformedJSON`` or ``Rejected``."""

    def resolve(self, items: Sequence[Item]) -> Sequence[Ready | Rejected]:
        """What is to be recorded of each, or why it cannot be."""

    def record(self, ready: Sequence[Ready]) -> Receipt:
        """All or none. Raises ``django.db.DatabaseError``."""


class Envelopes:
    """Lines of envelopes. With ``timed_only`` one without a time of its own is rejected, since a
    second run would record it again."""

    fields: Collection[str] = FIELDS
    named_by = "message_id"

    def __init__(self, source: str, *, timed_only: bool = False) -> None:
        self._source, self._timed_only = source, timed_only

    def read(self, line: bytes, *, now: datetime) -> Emission:
        emission = decode(line, now=now)
        if self._timed_only and emission.nonce:
            detail = "is required: a second run would record the line again."
            raise Rejected(Fault("#/emitted_at", "emitted_at_required", detail))
        return emission

    def resolve(self, items: Sequence[Emission]) -> Sequence[Emission]:
        return items

    def record(self, ready: Sequence[Emission]) -> Receipt:
        return record(ready, source=self._source)


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
    lines: "Lines[Any, Any]",
    *,
    clock: Callable[[], datetime],
    gzipped: bool = False,
    progress: Progress = lambda report: None,
) -> Report:
    """Records a stream to its end.

    ``clock`` stamps lines without a time of their own. ``progress`` is told after each batch.
    Raises ``Interrupted`` when the stream is damaged or the database gone.
    """
    recording = _Recording(lines, clock, progress)
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
        self, of: "Lines[Any, Any]", clock: Callable[[], datetime], progress: Progress
    ) -> None:
        self._of, self._clock, self._progress = of, clock, progress
        self._line = self._bytes = self._lines = 0
        self._now = clock()
        self._batch: list[Any] = []
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
            ready = self._resolved()
            receipt = self._of.record(ready)
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

    def _resolved(self) -> list[Any]:
        """What is to be recorded, and in ``_numbers`` of which lines; the others are rejected."""
        ready, numbers = [], []
        for number, each in zip(self._numbers, self._of.resolve(self._batch), strict=True):
            if isinstance(each, Rejected):
                self._refuse(each, number)
            else:
                ready.append(each)
                numbers.append(number)
        if len(ready) < len(self._batch):
            self._rejected.sort(key=itemgetter("line"))
        self._numbers = numbers
        return ready

    def _tell_conflicts(self, receipt: Receipt) -> None:
        conflicts = [
            {"line": number, "id": str(standing)}
            for number, standing, status in zip(
                self._numbers, receipt.ids, receipt.statuses, strict=True
            )
            if status is Status.CONFLICT
        ]
        self.report.conflict_count += len(conflicts)
        self.report.faults["conflict", f"#/{self._of.named_by}"] += len(conflicts)
        self.report.conflicts += conflicts[: MAX_TOLD - len(self.report.conflicts)]

    def _read(self, line: bytes) -> None:
        try:
            item = self._of.read(line, now=self._now)
        except MalformedJSON as error:
            detail = f"The line is not valid JSON: {error}."
            self._reject("malformed_json", "#", detail, self._line)
        except Rejected as error:
            self._refuse(error, self._line)
        else:
            self._batch.append(item)
            self._numbers.append(self._line)

    def _refuse(self, error: Rejected, number: int) -> None:
        first = error.faults[0]
        self._reject(first.code, first.pointer, str(error), number)

    def _reject(self, code: str, pointer: str, detail: str, number: int) -> None:
        shown = detail if len(detail) <= MAX_DETAIL else f"{detail[:MAX_DETAIL]}…"
        self._rejected.append({"line": number, "code": code, "detail": shown})
        self._faults[code, place_of(pointer, self._of.fields)] += 1


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
        detail = f"A line has over {MAX_BYTES} bytes; one has at most that."
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
