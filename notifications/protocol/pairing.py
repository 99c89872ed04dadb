"""Which reports of different sources that say the same are of one emission: one-to-one, those that
tell the most alike first, and of these the nearest in time."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from itertools import pairwise, product
from uuid import UUID

from .message import Message

Told = tuple[object, ...]  # in the order of `_told`, None where it is not told
_DEVICE, _RECIPIENT = 0, 1  # places in it


@dataclass(slots=True, eq=False)
class Part:
    """What is reported of one request, or of the copy for one device: by one source or several, of
    each once. The first of ``reports`` tells the most; ``at`` is the earliest time of these."""

    at: datetime
    told: Told
    reports: tuple[Message, ...]

    @classmethod
    def of(cls, message: Message, at: datetime) -> "Part":
        return cls(at, _told(message), (message,))

    @property
    def id(self) -> UUID:
        return self.reports[0].id

    @property
    def sources(self) -> frozenset[str | None]:
        return frozenset(each.source for each in self.reports)

    def take(self, other: "Part") -> None:
        """The ``other`` is of the same, by another source."""
        self.at = min(self.at, other.at)
        self.reports = tuple(sorted((*self.reports, *other.reports), key=_how_little_told))
        both = zip(self.told, other.told, strict=True)
        self.told = tuple(mine if mine is not None else its for mine, its in both)


Pair = tuple[Part, Part]


@dataclass(frozen=True, slots=True)
class Pairing:
    """How far apart in time two parts of one emission may be, and whether all that are given
    ``relate`` to one operation or inbox message; if not, they have to tell whom they are for."""

    within: timedelta
    relate: bool

    def joined(self, by_source: Mapping[str | None, Sequence[Part]]) -> list[Part]:
        """The parts of all these sources in order of time, all of requests or all of copies, where
        those of the same request, or of the copy for the same device, are one."""
        found: list[Part] = []
        for source in sorted(by_source, key=str):
            theirs = sorted(by_source[source], key=_place)
            if not found:
                found = theirs
                continue
            is_taken = set()
            for one, other in list(_Pairs(self).between(found, theirs)):
                one.take(other)
                is_taken.add(other)
            found = sorted((*found, *(set(theirs) - is_taken)), key=_place)
        return found

    def pairs(self, requests: Sequence[Part], copies: Sequence[Part]) -> Iterator[Pair]:
        """Each request with at most one copy for a device, each copy with at most one request; both
        in order of time. Where a source reports both, none of its copies is of its requests."""
        pairs = _Pairs(self, by_device=True)
        asking = frozenset(each for part in requests for each in part.sources)
        if asking.isdisjoint(each for part in copies for each in part.sources):  # as nearly always
            yield from pairs.between(requests, copies)
            return
        asked, made = _by_sources(requests), _by_sources(copies)
        for askers, makers in product(sorted(asked, key=_names), sorted(made, key=_names)):
            if askers.isdisjoint(makers):
                yield from pairs.between(asked[askers], made[makers])


@dataclass(frozen=True, slots=True)
class _Pairs:
    """``merged`` are those that were taken on the one side, ``taken`` on the other: once in all, or
    once for each device."""

    of: Pairing
    by_device: bool = False
    merged: set[UUID] = field(default_factory=set)
    taken: defaultdict[object, set[UUID]] = field(default_factory=lambda: defaultdict(set))

    def between(self, some: Sequence[Part], others: Sequence[Part]) -> Iterator[Pair]:
        """Both in order of time. What one of them does not tell may be otherwise, so those that
        tell the most alike go first."""
        if not some or not others:
            return
        one_side, other_side = _by_what_is_told(some), _by_what_is_told(others)
        for places in sorted(product(one_side, other_side), key=_how_little):
            both = sorted(places[0] & places[1])
            if not self.of.relate and _DEVICE not in both and _RECIPIENT not in both:
                continue  # nothing says that they are about the same
            free = _by(one_side[places[0]], both)
            left = [each for each in other_side[places[1]] if each.id not in self.merged]
            lane = [*both, _DEVICE] if self.by_device else [*both, None]
            for (*same, device), rivals in _by(left, lane).items():
                yield from self._nearest(free.get(tuple(same), ()), rivals, self.taken[device])

    def _nearest(
        self, some: Sequence[Part], rivals: Sequence[Part], gone: set[UUID]
    ) -> Iterator[Pair]:
        near = _near(some, rivals, len(rivals) + len(gone))
        free = [each for each in near if each.id not in gone]
        for one, other in _nearest(free, rivals, self.of.within):
            self.merged.add(other.id)
            gone.add(one.id)
            yield one, other


def _told(message: Message) -> Told:
    """What they have to tell alike where both tell it. The device is the one that the request
    named, or that the copy is for: so a request that named none is of any."""
    addressed_to = None if message.addressed_to == "unknown" else message.addressed_to
    named = None if addressed_to == "user" else message.activation
    # One that is not known is no other copy's.
    device = (message.activation or message.id) if message.per_device else named
    return device, message.recipient, message.app, message.personal, addressed_to


def _how_little_told(message: Message) -> tuple[bool, bool, int, UUID]:
    """Whom it is for comes before all else."""
    device, recipient, *others = _told(message)
    number = sum(each is not None for each in (*others, message.activation, message.platform))
    return recipient is None, device is None, -number, message.id


def _place(part: Part) -> tuple[datetime, UUID]:
    return part.at, part.id


def _by_sources(parts: Iterable[Part]) -> dict[frozenset[str | None], list[Part]]:
    found: dict[frozenset[str | None], list[Part]] = {}
    for each in parts:
        found.setdefault(each.sources, []).append(each)
    return found


def _names(sources: frozenset[str | None]) -> list[str]:
    return sorted(map(str, sources))


def _by_what_is_told(parts: Iterable[Part]) -> dict[frozenset[int], list[Part]]:
    found: dict[frozenset[int], list[Part]] = {}
    for each in parts:
        told = frozenset(place for place, it in enumerate(each.told) if it is not None)
        found.setdefault(told, []).append(each)
    return found


def _how_little(places: tuple[frozenset[int], frozenset[int]]) -> tuple[int, list[int], list[int]]:
    one, other = places
    return -len(one & other), sorted(one), sorted(other)


def _by(parts: Iterable[Part], places: Sequence[int | None]) -> dict[Told, list[Part]]:
    """By what they tell in these places; None is a place in which all tell the same."""
    found: dict[Told, list[Part]] = {}
    for each in parts:
        told = tuple(None if place is None else each.told[place] for place in places)
        found.setdefault(told, []).append(each)
    return found


def _near(some: Sequence[Part], others: Iterable[Part], reach: int) -> Iterator[Part]:
    """Those of ``some`` that one of the ``others`` may come to take: as many on either side of it
    as others may take before. The rest need not be looked at for every device again."""
    done = 0
    for each in others:
        place = bisect_left(some, each.at, key=lambda one: one.at)
        until = min(place + reach, len(some))
        yield from some[max(done, place - reach) : until]
        done = max(done, until)


def _nearest(some: Sequence[Part], others: Sequence[Part], within: timedelta) -> Iterator[Pair]:
    """The nearest pair, then the nearest of the rest, and so on. In order of time the nearest two
    of different kinds stand next to each other; taken out, they leave their neighbours so."""
    if len(some) == len(others) == 1:  # as nearly always
        if abs(some[0].at - others[0].at) <= within:
            yield some[0], others[0]
        return
    sides = ((False, each) for each in some), ((True, each) for each in others)
    line = sorted((each for side in sides for each in side), key=_in_line)
    before, after = list(range(-1, len(line) - 1)), list(range(1, len(line) + 1))
    apart = [_apart(line, *places) for places in pairwise(range(len(line)))]
    heapify(apart)
    gone: set[int] = set()
    while apart:
        distance, *places = heappop(apart)
        (is_other, one), (is_another, other) = line[places[0]], line[places[1]]
        if distance > within:
            return
        if is_other == is_another or not gone.isdisjoint(places):
            continue
        gone.update(places)
        yield (other, one) if is_other else (one, other)
        left, right = before[places[0]], after[places[1]]
        if left >= 0:
            after[left] = right
        if right < len(line):
            before[right] = left
        if left >= 0 and right < len(line):
            heappush(apart, _apart(line, left, right))


def _in_line(placed: tuple[bool, Part]) -> tuple[datetime, bool, UUID]:
    is_other, part = placed
    return part.at, is_other, part.id


def _apart(line: Sequence[tuple[bool, Part]], one: int, other: int) -> tuple[timedelta, int, int]:
    return line[other][1].at - line[one][1].at, one, other
