"""One emission that several sources report is one: a request that its sender and a mirror report,
and the copies that the Push Server made of it for devices.

Two reports of one source are two emissions and never merged. Times are compared by the clock that
all are measured by (`clocks`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from .clocks import NO_CLOCKS, Clocks
from .message import Message
from .pairing import Pairing, Part

WITHIN = timedelta(seconds=60)  # of each other, however well their clocks are known

Says = tuple[str | None, ...]
Reports = tuple[Message, ...]
# What one report of an emission may tell and another not: of the emission, and of one device's.
_OF_ALL = ("recipient", "app", "personal", "operation_name")
_OF_ONE = ("activation", "platform", *_OF_ALL)


@dataclass(frozen=True, slots=True)
class Merged:
    """``copies`` of each request and ``requests`` of each copy, and ``alike`` all reports of each
    request or of the copy for one device, of a source at most one; of those alone that have any.
    Of what is alike the one that tells most stands first, and for the others; so it does among
    ``requests``. ``times`` are the earliest of each emission, by the clock that all are measured
    by."""

    copies: Mapping[UUID, Reports] = field(default_factory=dict)
    requests: Mapping[UUID, Reports] = field(default_factory=dict)
    alike: Mapping[UUID, Reports] = field(default_factory=dict)
    times: Mapping[UUID, datetime] = field(default_factory=dict)
    clocks: Clocks = NO_CLOCKS

    def first(self, message: Message) -> Message:
        """The report that stands for it: itself, or another source's of the same."""
        if not self.alike:
            return message
        return self.alike.get(message.id, (message,))[0]

    def stands_first(self, message: Message) -> bool:
        return self.first(message).id == message.id

    def stands(self, message: Message) -> bool:
        """It stands for its emission, or for a device's part in that: no other report of it does,
        nor do the copies of a request."""
        return message.id not in self.copies and self.stands_first(message)

    def twins(self, message: Message) -> Reports:
        """What other sources report of the same request, or of the copy for the same device."""
        if not self.alike:  # as nearly always, and to look up an id takes its time
            return ()
        return tuple(each for each in self.alike.get(message.id, ()) if each.id != message.id)

    def reports(self, message: Message) -> Reports:
        """The message, its twins and the requests of which it is the copy."""
        if not self.times:
            return (message,)
        return (message, *self.twins(message), *self.requests.get(message.id, ()))

    def beside(self, message: Message) -> Reports:
        """What else reports the same emission: twins, and the copies of a request or the requests
        of a copy."""
        if not self.times:
            return ()
        others = self.copies.get(message.id, ()) or self.requests.get(message.id, ())
        return (*self.twins(message), *others)

    def time_of(self, message: Message) -> datetime:
        """As early as any report of its emission: copies are told a little after their request."""
        return self.times.get(message.id) or self.clocks.time_of(message)

    def whole(self, message: Message) -> Message:
        """With what any other report of its emission tells and it does not."""
        untold = self._untold(message)
        return replace(message, **untold) if untold else message

    def at_one_time(self, messages: Iterable[Message]) -> list[Message]:
        """Each as a whole, at the time of its emission."""
        if self.clocks.agree and not self.times:
            return list(messages)
        return [self._at_its_time(each) for each in messages]

    def _at_its_time(self, message: Message) -> Message:
        at, changed = self.time_of(message), self._untold(message)
        if at != message.at:
            changed["at"] = at
        return replace(message, **changed) if changed else message

    def _untold(self, message: Message) -> dict[str, Any]:
        """What any other report of its emission tells and it does not."""
        if not self.times or message.id not in self.times:
            return {}
        of_all, of_one = (
            [name for name in names if getattr(message, name) is None]
            for names in (_OF_ALL, _OF_ONE)
        )
        found = _told_by(self.beside(message), of_all) if of_all else {}
        if of_one:
            found |= _told_by(self.twins(message), of_one)
        if message.addressed_to == "unknown":
            named = (each.addressed_to for each in self.reports(message))
            if (known := next((each for each in named if each != "unknown"), None)) is not None:
                found["addressed_to"] = known
        return found


NOTHING_MERGED = Merged()


def merge(messages: Iterable[Message], clocks: Clocks = NO_CLOCKS) -> Merged:
    """What of different sources says the same ``WITHIN`` of each other's time, by their ``clocks``,
    the nearest first. The order of the ``messages`` does not matter."""
    given = {each.id: each for each in messages}
    if len({each.source for each in given.values()}) < 2:  # as nearly always
        return NOTHING_MERGED if clocks.agree else Merged(clocks=clocks)
    said: dict[Says, list[Message]] = {}
    for each in given.values():
        said.setdefault(_says(each), []).append(each)
    found = _Found()
    for says, of_one in said.items():
        if len({each.source for each in of_one}) > 1:
            relate = any(each is not None for each in says[2:])
            found.add(of_one, clocks, Pairing(WITHIN, relate))
    return Merged(found.copies, found.requests, found.alike, found.times, clocks)


def _says(message: Message) -> Says:
    """What all reports of an emission have to tell alike."""
    return message.message_type, message.result, message.operation, message.inbox_message


def _told_by(others: Iterable[Message], names: Iterable[str]) -> dict[str, Any]:
    """Of each name what the first of the ``others`` to tell it does."""
    found: dict[str, Any] = {}
    for each in others:
        for name in names:
            if name not in found and (told := getattr(each, name)) is not None:
                found[name] = told
    return found


@dataclass(frozen=True, slots=True)
class _Found:
    copies: dict[UUID, Reports] = field(default_factory=dict)
    requests: dict[UUID, Reports] = field(default_factory=dict)
    alike: dict[UUID, Reports] = field(default_factory=dict)
    times: dict[UUID, datetime] = field(default_factory=dict)

    def add(self, messages: Iterable[Message], clocks: Clocks, pairing: Pairing) -> None:
        """Those of ``messages``, which all say the same, that are of one emission."""
        asked, made = dict[str | None, list[Part]](), dict[str | None, list[Part]]()
        for each in messages:
            part = Part.of(each, clocks.time_of(each))
            (made if each.per_device else asked).setdefault(each.source, []).append(part)
        requests, copies = pairing.joined(asked), pairing.joined(made)
        of_request: dict[UUID, list[Part]] = {}
        for request, copy in pairing.pairs(requests, copies):
            of_request.setdefault(request.id, []).append(copy)
            self.requests.update((each.id, request.reports) for each in copy.reports)
        for part in (*requests, *copies):
            if len(part.reports) > 1:
                self.alike.update((each.id, part.reports) for each in part.reports)
            if theirs := of_request.get(part.id, ()):
                of_it = tuple(sorted(_reports(theirs), key=clocks.place))
                self.copies.update((each.id, of_it) for each in part.reports)
            if len(told := _reports([part, *theirs])) > 1:
                at = min(each.at for each in (part, *theirs))
                self.times.update({each.id: at for each in told if each.id not in self.times})


def _reports(parts: Iterable[Part]) -> list[Message]:
    return [each for part in parts for each in part.reports]
