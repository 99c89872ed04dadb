"""What a Push Server's own table tells of a device, reading by reading.

Between two readings that found nothing changed nothing changed, whatever was asked for; between two
that did, what was before is only assumed. So it is after the last.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from .events import ActivationEvent, ActivationEventKind
from .statuses import moment_of

_PUSH_STATUS = ActivationEventKind.PUSH_STATUS


def is_of_table(event: ActivationEvent) -> bool:
    """Read from the table itself, not asked for and not PowerAuth's."""
    return not event.is_request and event.kind is not ActivationEventKind.STATUS


@dataclass(frozen=True, slots=True)
class Table:
    """What one source read of a device, in order of time; ``until`` is when it was last so."""

    events: tuple[ActivationEvent, ...]
    until: datetime

    def refutes(self, request: ActivationEvent) -> bool:
        """Nothing came of it: what was read before and after shows no change at that time."""
        at = moment_of(request)
        passed = bisect_right(self.events, at, key=moment_of)
        if not passed:
            return False
        before = self.events[passed - 1]
        # Registering leaves its time in the row, and being told a status does not.
        if request.kind is _PUSH_STATUS and at <= before.observed_at:
            return False
        return at <= (self._doubted_from(passed) if passed < len(self.events) else self.until)

    def doubts(self, *, of_flag: bool) -> Iterator[datetime]:
        """From when on what was read is only assumed, until the next change. A change of the flag
        alone leaves no doubt of the registration."""
        for place in range(1, len(self.events)):
            event, since = self.events[place], self._doubted_from(place)
            if since < moment_of(event) and (of_flag or event.kind is not _PUSH_STATUS):
                yield since
        yield self.until

    def _doubted_from(self, place: int) -> datetime:
        """When it was last seen as it was before that event."""
        seen, event = self.events[place - 1].observed_at, self.events[place]
        return seen if event.not_before is None else max(seen, event.not_before)


def tables_of(activation: str, events: Iterable[ActivationEvent]) -> tuple[Table, ...]:
    """By source."""
    told: dict[str | None, list[ActivationEvent]] = {}
    for each in events:
        if each.activation == activation and is_of_table(each):
            told.setdefault(each.source, []).append(each)
    return tuple(
        Table(
            tuple(sorted(its, key=lambda each: (moment_of(each), each.observed_at, each.id))),
            max(max(each.observed_at, each.compared_at or each.observed_at) for each in its),
        )
        for its in told.values()
    )
