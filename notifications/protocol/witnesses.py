"""Who would have told something: the sources that told of the same emission, which all see what is
sent the same way. What one of them missed, another may have seen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from .coverage import Interval
from .knowledge import Heard, Knowledge


@dataclass(frozen=True, slots=True)
class Witnesses:
    sources: Sequence[str | None]
    known: Knowledge

    @classmethod
    def until(
        cls, due: datetime, sources: Iterable[str | None], known: Knowledge, *, since: datetime
    ) -> "Witnesses":
        """These ``sources``; where others went on, without what fell silent before ``due``."""
        distinct = list(dict.fromkeys(sources))
        if len(distinct) < 2:
            return cls(distinct, known)
        going_on = [each for each in distinct if _goes_on(each, since, due, known)]
        return cls(going_on or distinct, known)

    @property
    def heard(self) -> Heard | None:
        """Of all of them together."""
        told = [self.known.heard_of(each) for each in self.sources]
        found = [each for each in told if each is not None]
        if len(found) < 2:
            return found[0] if found else None
        return Heard(
            first=min(each.first for each in found),
            last=max(each.last for each in found),
            types=frozenset().union(*(each.types for each in found)),
        )

    def missed(self, since: datetime, due: datetime) -> Interval | None:
        """Of the first, where each was not recorded for some time between the two, or so that what
        came late was missed."""
        holes = [self.known.missed(each, since, due) for each in self.sources]
        return next(iter(holes), None) if None not in holes else None

    def is_measured(self, since: datetime) -> bool:
        """Whether all that was not recorded of one of them from ``since`` on are its holes."""
        return any(self.known.is_measured(each, since) for each in self.sources)


def _goes_on(source: str | None, since: datetime, due: datetime, known: Knowledge) -> bool:
    heard = known.heard_of(source)
    return known.is_measured(source, since) or (heard is not None and heard.last >= due)
