"""PowerAuth's history of activations: each of its rows becomes one event, at the time it happened.

Wherever rows come from, they are read alike, batch by batch, and each batch is committed. A row is
named by its number, its activation and its time, so that it can be told again at any time and a
sequence that begins anew collides with nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from notifications.protocol.events import ActivationEventKind, ActivationStatus
from notifications.protocol.extras import MAX_IDENTIFIER
from notifications.protocol.identity import timestamp

from .attributes import Attributes
from .events import MAX_EVENTS, ActivationReport, record_events
from .foreign_database import BrokenOff

# As its table keeps them.
STATUSES: Mapping[int, str] = {code: str(each) for code, each in enumerate(ActivationStatus, 1)}
MAX_TOLD = 1_000  # unreadable rows that a report names
_MAX_ACTIVATION = MAX_IDENTIFIER - 64  # leaves room for the rest of a key


class Unreadable(ValueError):
    """A row that names no event; the message says why, without any of its values."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as a reader found it: under the names of the REST service, and where. ``told`` is an
    ``Unreadable`` where the reader could make nothing of it."""

    place: str
    told: Mapping[str, Any] | Unreadable


@dataclass(slots=True)
class HistoryReport:
    """What became of the rows so far; all of it is committed."""

    recorded: int = 0
    duplicates: int = 0
    passed_over: int = 0  # before the moment from which on was asked for
    unreadable_count: int = 0
    unreadable: list[tuple[str, str]] = field(default_factory=list)  # place, reason

    @property
    def read(self) -> int:
        return self.recorded + self.duplicates + self.passed_over + self.unreadable_count


def record_history(
    rows: Iterable[Row],
    *,
    source: str,
    zone: tzinfo,
    since: datetime | None,
    clock: Callable[[], datetime],
    report: HistoryReport,
    progress: Callable[[], None] = lambda: None,
) -> None:
    """Records ``rows`` to their end; ``report`` tells of what is committed, whatever ends it.

    Times without a zone are of ``zone``; rows before ``since`` are passed over. Raises
    ``BrokenOff`` and ``django.db.DatabaseError``.
    """
    recording = _Recording(source, report, progress)
    try:
        for row in rows:
            try:
                event = event_of(row.told, zone=zone, now=clock())
            except Unreadable as reason:
                recording.leave(row.place, reason)
            else:
                recording.add(event, since)
    except BrokenOff:
        recording.flush()
        raise
    recording.flush()


class _Recording:
    """The batch being filled."""

    def __init__(self, source: str, report: HistoryReport, progress: Callable[[], None]) -> None:
        self._source, self._report, self._progress = source, report, progress
        self._batch: list[ActivationReport] = []

    def add(self, event: ActivationReport, since: datetime | None) -> None:
        if since is not None and event.happened_at is not None and event.happened_at < since:
            self._report.passed_over += 1
            return
        self._batch.append(event)
        if len(self._batch) == MAX_EVENTS:
            self.flush()

    def leave(self, place: str, reason: Unreadable) -> None:
        self._report.unreadable_count += 1
        if len(self._report.unreadable) < MAX_TOLD:
            self._report.unreadable.append((place, str(reason)))

    def flush(self) -> None:
        receipt = record_events(self._batch, source=self._source)
        self._report.recorded += receipt.recorded
        self._report.duplicates += len(self._batch) - receipt.recorded
        self._batch = []
        self._progress()


def event_of(
    told: Mapping[str, Any] | Unreadable, *, zone: tzinfo, now: datetime
) -> ActivationReport:
    """The event of one row. Raises ``Unreadable``."""
    if isinstance(told, Unreadable):
        raise told
    number = told.get("id")
    if type(number) is not int:
        raise Unreadable("id is no number")
    attributes = Attributes(told, zone=zone)
    activation_id = attributes.identifier("activationId")
    if activation_id is None or len(activation_id) > _MAX_ACTIVATION:
        raise Unreadable("activationId names no activation")
    at = attributes.moment("timestampCreated")
    if at is None:
        raise Unreadable("timestampCreated is no time")
    user_id, apps = attributes.text("userId"), attributes.texts("applicationId")
    # A row that tells its owner is another fact than the same row without: neither hides the other.
    name = "owned" if user_id is not None else "history"
    return ActivationReport(
        key=f"{name}/{number}/{timestamp(at)}/{activation_id}",
        kind=ActivationEventKind.STATUS,
        activation_id=activation_id,
        status=attributes.text("activationStatus"),
        reason=attributes.text("eventReason"),
        user_id=user_id,
        apps=apps,
        happened_at=at,
        observed_at=now,
        findings=tuple(attributes.findings),
    )
