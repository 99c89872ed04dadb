"""One emission that several sources report is one: the request that a mirror saw, and the copies
that the Push Server made of it for devices.

Two reports of one source are two emissions and never merged. Times are taken as told.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from itertools import pairwise, product
from uuid import UUID

from .message import Message

WITHIN = timedelta(seconds=60)  # of each other: how far the clocks of two sources may be apart

Told = tuple[object, ...]  # in the order of `_told`, None where it is not told
Pair = tuple[Message, Message]  # a request and a copy of it
_DEVICE, _RECIPIENT = 0, 1  # places in `_told`


@dataclass(frozen=True, slots=True)
class Merged:
    """``copies`` of each request, at most one for a device and source, and ``requests`` of each
    copy, at most one of a source; of those alone that have any, in order of time."""

    copies: Mapping[UUID, tuple[Message, ...]] = field(default_factory=dict)
    requests: Mapping[UUID, tuple[Message, ...]] = field(default_factory=dict)

    def beside(self, message: Message) -> tuple[Message, ...]:
        """What reports the same emission: the copies of a request, the requests of a copy."""
        return self.copies.get(message.id, ()) or self.requests.get(message.id, ())

    def at_one_time(self, messages: Iterable[Message]) -> list[Message]:
        """Those that were merged, each as early as any report of its emission: copies are told a
        little after their request, and by another clock."""
        given = list(messages)
        if not self.copies:
            return given
        at = {each.id: each.at for each in given}
        for _ in range(3):  # from a copy by a request to another copy, and to its other requests
            at = {each.id: min(at[one.id] for one in (each, *self.beside(each))) for each in given}
        return [each if at[each.id] == each.at else replace(each, at=at[each.id]) for each in given]


NOTHING_MERGED = Merged()


def merge(messages: Iterable[Message]) -> Merged:
    """Each copy with the requests of other sources that say the same ``WITHIN`` of its time, the
    nearest first. The order of the ``messages`` does not matter."""
    given = {each.id: each for each in messages}
    if len({(each.source, each.per_device) for each in given.values()}) < 2:
        return NOTHING_MERGED  # as nearly always
    said: dict[Told, tuple[dict[str | None, list[Message]], ...]] = {}
    for each in sorted(given.values(), key=_place):
        asked_and_made = said.setdefault(_says(each), ({}, {}))
        asked_and_made[each.per_device].setdefault(each.source, []).append(each)
    copies: dict[UUID, list[Message]] = {}
    requests: dict[UUID, list[Message]] = {}
    for asked, made in said.values():
        for asker, maker in product(asked, made):
            if asker == maker:
                continue
            for request, copy in _pairs(asked[asker], made[maker]):
                copies.setdefault(request.id, []).append(copy)
                requests.setdefault(copy.id, []).append(request)
    return Merged(_in_order(copies), _in_order(requests))


def _place(message: Message) -> tuple[datetime, bool, UUID]:
    return message.at, message.per_device, message.id


def _says(message: Message) -> Told:
    """What a request and its copy have to tell alike."""
    return message.message_type, message.result, message.operation, message.inbox_message


def _told(message: Message) -> Told:
    """What they have to tell alike where both tell it. The device is the one that the request
    named, or that the copy is for: so a request that named none is of any."""
    addressed_to = None if message.addressed_to == "unknown" else message.addressed_to
    named = None if addressed_to == "user" else message.activation
    # One that is not known is no other copy's.
    device = (message.activation or message.id) if message.per_device else named
    return device, message.recipient, message.app, message.personal, addressed_to


def _pairs(requests: Sequence[Message], copies: Sequence[Message]) -> Iterator[Pair]:
    """Of one source each, in order of time and saying the same. Those that tell the most alike go
    first: what one of them does not tell may be otherwise."""
    relates = any(each is not None for each in _says(copies[0])[2:])
    asked, made = _by_what_is_told(requests), _by_what_is_told(copies)
    merged: set[UUID] = set()
    taken: defaultdict[object, set[UUID]] = defaultdict(set)
    for places in sorted(product(asked, made), key=_how_little):
        both = sorted(places[0] & places[1])
        if not relates and _DEVICE not in both and _RECIPIENT not in both:
            continue  # nothing says that they are about the same
        free = _by(asked[places[0]], both)
        left = [each for each in made[places[1]] if each.id not in merged]
        for (*same, device), rivals in _by(left, [*both, _DEVICE]).items():
            gone = taken[device]
            near = _near(free.get(tuple(same), ()), rivals, len(rivals) + len(gone))
            for request, copy in _nearest([each for each in near if each.id not in gone], rivals):
                merged.add(copy.id)
                gone.add(request.id)
                yield request, copy


def _by_what_is_told(messages: Iterable[Message]) -> dict[frozenset[int], list[Message]]:
    found: dict[frozenset[int], list[Message]] = {}
    for each in messages:
        told = frozenset(place for place, it in enumerate(_told(each)) if it is not None)
        found.setdefault(told, []).append(each)
    return found


def _how_little(places: tuple[frozenset[int], frozenset[int]]) -> tuple[int, list[int], list[int]]:
    one, other = places
    return -len(one & other), sorted(one), sorted(other)


def _by(messages: Iterable[Message], places: Sequence[int]) -> dict[Told, list[Message]]:
    found: dict[Told, list[Message]] = {}
    for each in messages:
        told = _told(each)
        found.setdefault(tuple(told[place] for place in places), []).append(each)
    return found


def _near(requests: Sequence[Message], copies: Iterable[Message], reach: int) -> Iterator[Message]:
    """Those ``requests`` that one of the ``copies`` may come to take: as many on either side of it
    as others may take before. The rest need not be looked at for every device again."""
    done = 0
    for each in copies:
        place = bisect_left(requests, each.at, key=lambda request: request.at)
        until = min(place + reach, len(requests))
        yield from requests[max(done, place - reach) : until]
        done = max(done, until)


def _nearest(requests: Iterable[Message], copies: Iterable[Message]) -> Iterator[Pair]:
    """The nearest pair, then the nearest of the rest, and so on. In order of time the nearest two
    of different kinds stand next to each other; taken out, they leave their neighbours so."""
    line = sorted((*requests, *copies), key=_place)
    before, after = list(range(-1, len(line) - 1)), list(range(1, len(line) + 1))
    apart = [_apart(line, *places) for places in pairwise(range(len(line)))]
    heapify(apart)
    gone: set[int] = set()
    while apart:
        distance, *places = heappop(apart)
        one, other = line[places[0]], line[places[1]]
        if distance > WITHIN:
            return
        if one.per_device == other.per_device or not gone.isdisjoint(places):
            continue
        gone.update(places)
        yield (other, one) if one.per_device else (one, other)
        left, right = before[places[0]], after[places[1]]
        if left >= 0:
            after[left] = right
        if right < len(line):
            before[right] = left
        if left >= 0 and right < len(line):
            heappush(apart, _apart(line, left, right))


def _apart(line: Sequence[Message], one: int, other: int) -> tuple[timedelta, int, int]:
    return line[other].at - line[one].at, one, other


def _in_order(found: Mapping[UUID, list[Message]]) -> dict[UUID, tuple[Message, ...]]:
    return {key: tuple(sorted(of_one, key=_place)) for key, of_one in found.items()}
