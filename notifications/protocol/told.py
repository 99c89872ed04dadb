"""One thing that is known of a device, assumed or not known, and how that went on in time."""

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar
from uuid import UUID

T = TypeVar("T")


class Standing(StrEnum):
    KNOWN = "known"
    ASSUMED = "assumed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Told(Generic[T]):
    """What is known of one thing at a moment.

    ``since``: it holds from then on, as far as was observed. ``seen``: the last observation at or
    before the moment that supports it. ``evidence``: the event that began it and the last that
    supports it; where events leave it open, two that contradict each other. ``source`` told it
    last, where that may have missed something since.
    """

    value: T | None
    standing: Standing
    since: datetime | None = None
    seen: datetime | None = None
    evidence: tuple[UUID, ...] = ()
    source: str | None = None

    @property
    def sense(self) -> tuple[T | None, Standing]:
        """What it says, apart from how well that is supported."""
        return self.value, self.standing


UNTOLD: Told[Any] = Told(None, Standing.UNKNOWN)


@dataclass(slots=True)
class Line(Generic[T]):
    """What was known from moment to moment; told in order of time, each holds until the next."""

    before: Told[T] = UNTOLD
    moments: list[datetime] = field(default_factory=list)
    pieces: list[Told[T]] = field(default_factory=list)

    @property
    def last(self) -> Told[T]:
        return self.pieces[-1] if self.pieces else self.before

    def at(self, moment: datetime) -> Told[T]:
        passed = bisect_right(self.moments, moment)
        return self.pieces[passed - 1] if passed else self.before

    def tell(
        self,
        moment: datetime,
        value: T,
        standing: Standing,
        by: UUID,
        *,
        source: str | None = None,
    ) -> None:
        """From ``moment`` on it is ``value``, by this event. Told again, it goes on."""
        last = self.last
        since, first = moment, by
        if last.value == value and last.since is not None:
            since, first = last.since, last.evidence[0]
        evidence = (by,) if first == by else (first, by)
        self.put(moment, Told(value, standing, since, moment, evidence, source))

    def leave_open(self, moment: datetime, *evidence: UUID) -> None:
        """From ``moment`` on these events contradict each other."""
        last = self.last
        since = last.since if last.value is None and last.since is not None else moment
        self.put(moment, Told(None, Standing.UNKNOWN, since, moment, evidence))

    def doubt(self, moment: datetime) -> None:
        """It was so at ``moment``; from then on that is only assumed."""
        last = self.last
        if last.standing is Standing.KNOWN:
            assumed = Standing.ASSUMED
            self.put(
                moment, Told(last.value, assumed, last.since, moment, last.evidence, last.source)
            )

    def put(self, moment: datetime, piece: Told[T]) -> None:
        if self.moments and self.moments[-1] == moment:
            self.pieces[-1] = piece
        else:
            self.moments.append(moment)
            self.pieces.append(piece)
