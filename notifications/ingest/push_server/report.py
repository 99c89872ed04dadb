"""What the pieces of one reading came to, in words: of how much, and of what seems to be wrong."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from notifications.models import MessageStorage

from .positions import MOST_RANGES
from .recording import Recorded
from .storage import WORDS

CLOCKS_DIFFER = timedelta(minutes=5)
_HOUR = timedelta(hours=1)
_ENOUGH = 5  # rows that were late, to say that they all are
_LATEST = 50


@dataclass(slots=True, kw_only=True)
class Step:
    """What a piece came to. ``more``: more is left to be read at once. ``is_elsewhere``: somebody
    else reads this source, and nothing was done.

    ``ahead``: by how much rows tell a time later than the clock there. ``late``: by how much rows
    told an earlier one when they were new.
    """

    is_elsewhere: bool = False
    more: bool = False
    counts: Recorded = field(default_factory=Recorded)
    came_to_end: int = 0
    registrations: int = 0
    inbox: int = 0
    rows_read: int = 0
    rows_estimate: int | None = None
    missing_ids: int = 0
    dropped_ranges: int = 0
    was_reset: bool = False
    why_no_inbox: str = ""
    storage: MessageStorage = MessageStorage.UNKNOWN
    ahead: timedelta = timedelta(0)
    late: list[timedelta] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    counts: Recorded = field(default_factory=Recorded)
    pieces: int = 0
    registrations: int = 0
    inbox: int = 0
    last: Step = field(default_factory=Step)
    ahead: timedelta = timedelta(0)
    _late: list[timedelta] = field(default_factory=list)
    _told: set[str] = field(default_factory=set)

    def add(self, step: Step) -> None:
        self.pieces += 1
        self.counts.add(step.counts)
        self.registrations += step.registrations
        self.inbox += step.inbox
        self.ahead = max(self.ahead, step.ahead)
        self._late = [*self._late, *step.late][-_LATEST:]
        self.last = step

    def __str__(self) -> str:
        counts = self.counts
        return (
            f"{counts.recorded:,} recorded, {counts.known:,} known, {counts.pending:,} pending,"
            f" {counts.given_up:,} pending for ever, {counts.unreadable:,} could not be read;"
            f" {self.registrations:,} changes of registrations, {self.inbox:,} inbox messages;"
            f" {self.last.missing_ids:,} ids may still come"
        )

    def new_warnings(self) -> Iterator[str]:
        """What was not told yet, each kind once."""
        for kind, words in self._warnings():
            if kind not in self._told:
                self._told.add(kind)
                yield words

    def _warnings(self) -> Iterator[tuple[str, str]]:
        step = self.last
        if step.was_reset:
            yield (
                "reset",
                "The ids of push_message begin anew, or its rows were deleted or restored: all"
                " that is there is read from the beginning, and what stands is recognised.",
            )
        if step.why_no_inbox:
            yield "inbox", f"Posts to the inbox are not read. {step.why_no_inbox}"
        if step.storage == MessageStorage.OFF:
            yield "storage", WORDS
        if step.dropped_ranges:
            yield (
                "dropped",
                f"Of more than {MOST_RANGES:,} ranges of ids that were not there the"
                f" {step.dropped_ranges:,} noticed first are no longer looked for: run it once with"
                " --again when the Push Server is quiet.",
            )
        if self.ahead > CLOCKS_DIFFER:
            yield (
                "ahead",
                f"Rows tell times up to {_span(self.ahead)} later than the clock of the database:"
                " --timezone is probably wrong, or a node's clock is ahead.",
            )
        if (hours := self._hours_late()) is not None:
            yield (
                "late",
                f"New rows tell times about {hours} h before they came: --timezone is probably"
                " wrong, or a node's clock is behind.",
            )

    def _hours_late(self) -> int | None:
        """By how many whole hours new rows are late, if all of them are."""
        if len(self._late) < _ENOUGH:
            return None
        hours = round(sorted(self._late)[len(self._late) // 2] / _HOUR)
        all_are = all(abs(each - hours * _HOUR) <= CLOCKS_DIFFER for each in self._late)
        return hours if hours and all_are else None


def _span(of: timedelta) -> str:
    minutes = round(of / timedelta(minutes=1))
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
