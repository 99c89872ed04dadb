"""One operation may authenticate several times: its messages are cut into episodes."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from .extras import MessageType
from .merging import NOTHING_MERGED, Merged
from .message import Message
from .once import once

LATE_WITHIN = timedelta(hours=1)  # how long after its finish an announcement is taken for its own

Lane = str | None  # a device, or None where the message names none


@dataclass(frozen=True, kw_only=True)
class Episode:
    """One or more inits, then one or more finishes; an init after a finish opens the next.

    ``late_inits`` came after the finish they announce. Of an operation only the first episode can
    lack an init and only the last a finish. What is asked of it for each of its devices is worked
    out once: thousands of devices may be named.
    """

    number: int
    inits: tuple[Message, ...] = ()
    finishes: tuple[Message, ...] = ()
    late_inits: tuple[Message, ...] = ()
    merged: Merged = NOTHING_MERGED

    @property
    def began(self) -> datetime:
        return (self.inits or self.finishes)[0].at

    @once
    def messages(self) -> tuple[Message, ...]:
        return (*self.inits, *self.late_inits, *self.finishes)

    @once
    def announced(self) -> Mapping[Lane, Message]:
        """Where it was announced, each with the first announcement there."""
        return _first_by_lane((*self.inits, *self.late_inits))

    @once
    def finished(self) -> Mapping[Lane, Message]:
        """Where its finish went, each with the first finish there."""
        return _first_by_lane(self.finishes)

    @once
    def unfinished(self) -> frozenset[Lane]:
        return frozenset(self.announced.keys() - self.finished.keys())

    @once
    def unannounced(self) -> frozenset[Lane]:
        return frozenset(self.finished.keys() - self.announced.keys())

    @once
    def announced_to(self) -> tuple[str, ...]:
        return _devices(self.announced)

    @once
    def finished_to(self) -> tuple[str, ...]:
        return _devices(self.finished)

    @once
    def announced_to_somebody(self) -> tuple[Message, ...]:
        """The copies of its announcement for devices that are not known."""
        return _to_somebody((*self.inits, *self.late_inits))

    @once
    def finished_to_somebody(self) -> tuple[Message, ...]:
        return _to_somebody(self.finishes)

    @once
    def is_of_two_users(self) -> bool:
        """It was announced to one user and finished for another: one of the two went astray."""
        announced, finished = (
            {each.recipient for each in told} - {None}
            for told in ((*self.inits, *self.late_inits), self.finishes)
        )
        return bool(announced and finished) and announced.isdisjoint(finished)

    @once
    def results(self) -> frozenset[str]:
        return frozenset(each.result for each in self.finishes if each.result is not None)

    @once
    def announcements(self) -> int:
        """How often it was announced: a request and its copies are one announcement, and so are the
        copies for several devices of which no request was seen."""
        told = [each for each in self.inits if self.merged.stands_first(each)]
        asked = sum(not each.per_device for each in told)
        made = Counter(
            each.activation or each.id
            for each in told
            if each.per_device and each.id not in self.merged.requests
        )
        return asked + max(made.values(), default=0)

    @property
    def lacks_an_init(self) -> bool:
        """It has no init, or finishes of more outcomes than it has inits."""
        return self.announcements < max(1, len(self.results))


def in_order(messages: Iterable[Message]) -> list[Message]:
    """By time of emission; within one millisecond an announcement comes before its finish, and a
    copy, which tells more, before its request."""
    return sorted(messages, key=_place)


def _place(message: Message) -> tuple[datetime, bool, bool, UUID]:
    finishes = message.message_type == MessageType.OPERATION_FINISHED
    return message.at, finishes, not message.per_device, message.id


def cut(messages: Sequence[Message], merged: Merged = NOTHING_MERGED) -> list[Episode]:
    """The episodes of one operation, whose ``messages`` are ``in_order``."""
    rounds: list[tuple[list[Message], list[Message]]] = []
    for each in messages:
        if each.message_type == MessageType.OPERATION_INIT:
            if not rounds or rounds[-1][1]:
                rounds.append(([], []))
            rounds[-1][0].append(each)
        elif each.message_type == MessageType.OPERATION_FINISHED:
            if not rounds:
                rounds.append(([], []))
            rounds[-1][1].append(each)
    return [
        Episode(number=number, inits=tuple(inits), finishes=tuple(finishes), merged=merged)
        for number, (inits, finishes) in enumerate(rounds, start=1)
    ]


def rejoin_late_inits(episodes: list[Episode]) -> list[Episode]:
    """With the inits of a last episode that nothing finished given to the earlier one that lacks
    them: overtaken by their finish, they open no round of their own."""
    *earlier, last = episodes
    for place, each in enumerate(earlier):
        within = last.began - each.finishes[-1].at <= LATE_WITHIN
        if not last.finishes and each.lacks_an_init and within:
            earlier[place] = replace(each, late_inits=last.inits)
            return earlier
    return episodes


def _first_by_lane(messages: Sequence[Message]) -> Mapping[Lane, Message]:
    """A copy for a device that is not known is in the lane of nobody known."""
    return {each.activation: each for each in reversed(messages) if not each.is_to_somebody_unknown}


def _to_somebody(messages: Iterable[Message]) -> tuple[Message, ...]:
    return tuple(each for each in messages if each.is_to_somebody_unknown)


def _devices(lanes: Iterable[Lane]) -> tuple[str, ...]:
    return tuple(sorted(lane for lane in lanes if lane is not None))
