"""Reading on in a Push Server's database, a bounded piece at a time. The command and the worker do
the same; only one of them at a time reads for a source.

What was read is committed together with how far that was: whatever ends it at whatever moment, the
next piece begins behind what stands, and what is told twice is recognised.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from notifications.ingest.contacts import note_contact
from notifications.ingest.foreign_database import BrokenOff
from notifications.models import ContactKind, MessageStorage

from .batch import Batch, Seen, looked_up, moments
from .connection import MESSAGES, Database, opened
from .looking import look
from .making import Made
from .pending import Awaiting
from .positions import SELDOM, Position
from .posts import read_posts
from .processes import Submit, computing, making
from .reading import Kept, alone, note_problem
from .recording import Recording
from .registrations import compare
from .report import Step
from .rows import Row, end_of, rows_after, rows_within
from .storage import note_storage

BATCH = 2_500  # twice as many, with late ones, are one batch of delivery reports
COMPARE_EVERY = timedelta(seconds=60)
# A row that was not there so short a time ago is of now, whatever it tells.
LATELY = timedelta(minutes=15)
# Left in a piece of so long, so many are worth the start of a process that makes messages.
MANY, LONG_SECONDS = 20_000, 20.0

Clock = Callable[[], datetime]
Connect = Callable[[str], AbstractContextManager[Database]]


def step(
    source: str,
    dsn: str,
    zone: ZoneInfo,
    *,
    clock: Clock,
    seconds: float = 1.0,
    connect: Connect = opened,
    progress: Callable[[Step], None] = lambda done: None,
) -> Step:
    """Reads on for about so long, from ``dsn`` as ``source`` (a slug). ``progress`` is told in
    between how far it has come.

    Raises ``BrokenOff``, which is noted with the source, and ``django.db.DatabaseError``.
    """
    with alone(source) as is_alone:
        if not is_alone:
            return Step(is_elsewhere=True)
        try:
            kept = Kept(source, zone)
            with connect(dsn) as database, computing():
                done = _Piece(source, zone, database, kept, clock).read(seconds, progress)
            kept.forget_problem()
            return done
        except BrokenOff as reason:
            note_problem(source, str(reason), clock())
            raise


@dataclass(frozen=True, slots=True)
class _Read:
    """Rows that were read, up to ``position``; what they tell is being made."""

    batch: Batch
    position: Position
    made: "Future[Made]"
    more: bool


class _Piece:
    def __init__(
        self, source: str, zone: ZoneInfo, database: Database, kept: Kept, clock: Clock
    ) -> None:
        self._source, self._zone, self._clock = source, zone, clock
        self._database, self._kept = database, kept
        self._recording, self._awaiting = Recording(source, zone.key), Awaiting(source, zone)
        self._position = kept.position(MESSAGES)
        self._done = Step(why_no_inbox=database.why_no_inbox)
        self._read_at: datetime | None = None  # when no more was left

    def read(self, seconds: float, progress: Callable[[Step], None]) -> Step:
        until = time.monotonic() + seconds
        self._begin()
        left = (self._kept.row.rows_estimate or 0) - self._kept.row.rows_read
        is_long = left > MANY and seconds > LONG_SECONDS
        with making(self._source, self._zone.key, is_long=is_long) as submit:
            is_compared = self._compare_all()
            is_left = self._messages(submit, until, progress)
        if is_left:
            return self._told(more=True)
        self._await()
        while self._inbox():
            if time.monotonic() >= until:
                return self._told(more=True)
        self._end(look_at_storage=is_compared or self._done.counts.recorded > 0)
        return self._told(more=False)

    def _begin(self) -> None:
        row = self._kept.row
        if row.begun_at is None:
            row.begun_at = self._clock()
        if row.rows_estimate is None:
            row.rows_estimate = self._database.estimate()
        self._kept.save()

    def _compare_all(self) -> bool:
        """Whether it was time to."""
        row = self._kept.row
        with self._database.snapshot():
            now = end_of(self._database, MESSAGES, None).now
            last = row.registrations_at
            if last is not None and timedelta(0) <= now - last < COMPARE_EVERY:
                return False
            compared = compare(self._database, source=self._source, zone=self._zone)
            row.registrations_at = compared.begun_at
        self._done.registrations += compared.begun + compared.ended
        return True

    def _messages(self, submit: Submit, until: float, progress: Callable[[Step], None]) -> bool:
        """Reads and records them; whether more are left. While some are recorded, the next are
        made: the one waits for a database, the other computes."""
        before: _Read | None = None
        while True:
            try:
                read = self._read(submit)
            finally:  # also when the connection is lost
                if before is not None:
                    self._record(before)
                    progress(self._told(more=True))
            before = read
            if not read.more or time.monotonic() >= until:
                self._record(read)
                return read.more

    def _read(self, submit: Submit) -> _Read:
        observed_at = self._clock()
        with self._database.snapshot():
            looked = look(
                self._database,
                MESSAGES,
                self._position,
                after=rows_after,
                within=rows_within,
                most=BATCH,
            )
            if looked.was_reset:
                self._begin_anew()
            seen = Seen(
                rows=[*looked.tail, *looked.late],
                now=looked.now,
                observed_at=observed_at,
                before=self._before(looked.now, observed_at),
                compared_at=self._kept.row.registrations_at or looked.now,
            )
            at = moments(seen, source=self._source, zone=self._zone)
            compared = self._compare(seen, at)
        batch = looked_up(seen, at, compared, source=self._source)
        made = submit(batch)
        self._watch_clocks(seen, looked.tail, at)
        self._position = looked.position_after(at)
        if not looked.more:
            self._read_at = observed_at
        return _Read(batch, self._position, made, looked.more)

    def _begin_anew(self) -> None:
        self._done.was_reset = True
        self._kept.row.rows_read = 0
        self._kept.row.polled_at = None  # what is read now is not of now

    def _record(self, read: _Read) -> None:
        """The evidence and how far it goes, or nothing."""
        kept, made, seen = self._kept, read.made.result(), read.batch.seen
        self._recording.make_months(made)
        is_all = kept.row.polled_at is not None
        with transaction.atomic():
            kept.note_answered(made.answered)
            if seen.rows:
                counts = self._recording.record(
                    read.batch, made, answered=kept.answered, is_all=is_all
                )
                self._done.counts.add(counts)
            kept.move(MESSAGES, read.position)
            kept.row.rows_read += len(seen.rows)
            kept.note_newest(made.newest, seen.now)
            kept.save()

    def _before(self, now: datetime, observed_at: datetime) -> datetime | None:
        """When all was read last, by the clock there, if that was lately."""
        polled_at = self._kept.row.polled_at
        if polled_at is None:
            return None
        passed = max(observed_at - polled_at, timedelta(0))
        return now - passed if passed < LATELY else None

    def _compare(self, seen: Seen, at: Mapping[int, datetime]) -> frozenset[int]:
        """Reads the registrations of new messages along with these: of all others it was seen since
        what they were."""
        numbers = frozenset(
            row.registration
            for row in seen.rows
            if seen.is_live or (row.id in at and at[row.id] >= seen.compared_at)
        )
        if numbers:
            compared = compare(
                self._database, source=self._source, zone=self._zone, numbers=numbers
            )
            self._done.registrations += compared.begun + compared.ended
        return numbers

    def _await(self) -> None:
        """Reads those again that were pending."""
        now, last = self._clock(), self._kept.moment("awaited_at")
        is_seldom = last is None or now - last >= SELDOM
        told = self._awaiting.read(
            self._database, now=now, answered=self._kept.answered, is_seldom=is_seldom
        )
        self._done.came_to_end += told.final
        self._done.counts.given_up += told.given_up
        if is_seldom:
            self._kept.note_moment("awaited_at", now)

    def _inbox(self) -> bool:
        """Reads and records the next posts; whether more are left."""
        if self._database.why_no_inbox:
            return False
        observed_at = self._clock()
        recorded, more = read_posts(
            self._database,
            self._kept,
            source=self._source,
            zone=self._zone,
            observed_at=observed_at,
            is_live=self._before(observed_at, observed_at) is not None,
        )
        self._done.inbox += recorded
        return more

    def _end(self, *, look_at_storage: bool) -> None:
        """All was read."""
        row, now = self._kept.row, self._clock()
        with transaction.atomic():
            if look_at_storage:
                note_storage(row, newest=self._kept.moment("newest"), now=now)
            row.polled_at = self._read_at
            self._kept.save()
            if row.storage != MessageStorage.OFF:
                note_contact(self._source, ContactKind.POLL, at=self._read_at)

    def _watch_clocks(self, seen: Seen, tail: Sequence[Row], at: Mapping[int, datetime]) -> None:
        for row in tail:
            if row.id in at:
                late = seen.now - at[row.id]
                self._done.ahead = max(self._done.ahead, -late)
                if seen.is_live:
                    self._done.late.append(late)

    def _told(self, *, more: bool) -> Step:
        row, position = self._kept.row, self._kept.position(MESSAGES)
        return replace(
            self._done,
            more=more,
            rows_read=row.rows_read,
            rows_estimate=row.rows_estimate,
            missing_ids=position.missing_ids,
            dropped_ranges=position.dropped,
            storage=MessageStorage(row.storage),
        )
