"""One message that is owed and not there, and why: the first reason that holds."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from .episodes import LATE_WITHIN, Episode, Lane, cut, rejoin_late_inits
from .extras import MessageType, is_uuid
from .message import FIRST, LAST, Message, later
from .reasons import Reason

INIT, FINISHED = MessageType.OPERATION_INIT, MessageType.OPERATION_FINISHED


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How long operations live from their announcement (by name, else ``life``), how much later
    than due still counts as in time, and whether operation ids are UUIDs here."""

    life: timedelta = timedelta(minutes=5)
    lives: Mapping[str, timedelta] = field(default_factory=dict)
    grace: timedelta = timedelta(minutes=2)
    ids_are_uuids: bool = True

    def life_of(self, name: str | None) -> timedelta:
        return self.life if name is None else self.lives.get(name, self.life)

    @property
    def longest(self) -> timedelta:
        """From an announcement to the last moment at which its finish is in time."""
        return max([self.life, *self.lives.values()]) + self.grace


@dataclass(frozen=True, slots=True)
class Heard:
    """Of a source: its first and last report of any of the four types, and which it ever made."""

    first: datetime
    last: datetime
    types: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What is known beside an operation's own messages; ``status_changes`` of each device in order
    of time."""

    now: datetime
    terms: Terms
    heard: Mapping[str, Heard] = field(default_factory=dict)
    status_changes: Mapping[str, Sequence[datetime]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that is asked about one operation: its episodes, how long it lives, and its messages that
    are neither announcement nor finish, by device and in order of time."""

    episodes: Sequence[Episode]
    life: timedelta
    odd: Mapping[Lane, Sequence[Message]]
    known: Knowledge

    @classmethod
    def of(cls, messages: Sequence[Message], known: Knowledge) -> "Case":
        """``messages`` are ``in_order``."""
        episodes, life = cut(messages), known.terms.life_of(_name_of(messages))
        if episodes and known.now >= later(episodes[-1].began, life + known.terms.grace):
            episodes = rejoin_late_inits(episodes)
        odd: dict[Lane, list[Message]] = {}
        for each in messages:
            if each.message_type not in (INIT, FINISHED):
                odd.setdefault(each.activation, []).append(each)
        return cls(episodes=episodes, life=life, odd=odd, known=known)

    @property
    def is_one_message(self) -> bool:
        *earlier, last = self.episodes
        return not earlier and len(last.messages) == 1 and not self.odd


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """One message that an episode owes to a lane and that is not there, with what decides why."""

    owed: MessageType
    lane: Lane
    episode: Episode
    case: Case
    anchor: Message
    due: datetime

    @property
    def known(self) -> Knowledge:
        return self.case.known

    @property
    def heard(self) -> Heard | None:
        return self.known.heard.get(self.anchor.source or "")

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """The devices that the owed message was sent to, in their order."""
        return self.episode.finished_to if self.owed is FINISHED else self.episode.announced_to


class Seen(NamedTuple):
    """What a reason rests on beside the debt: the moment, the devices or the type that its sentence
    names, and the messages that show it."""

    at: datetime | None = None
    other: tuple[str, ...] = ()
    messages: tuple[Message, ...] = ()


Test = Callable[[Debt], Seen | None]
NOTHING = Seen()


def reason_of(debt: Debt) -> tuple[Reason, Seen]:
    """The reason, and what it rests on."""
    return next(
        (reason, found) for reason, test in _TESTS[debt.owed] if (found := test(debt)) is not None
    )


def _name_of(messages: Sequence[Message]) -> str | None:
    return next((each.operation_name for each in messages if each.operation_name), None)


def _source_never_sends(debt: Debt) -> Seen | None:
    heard = debt.heard
    return NOTHING if heard is not None and debt.owed not in heard.types else None


def _not_due(debt: Debt) -> Seen | None:
    return NOTHING if debt.known.now < debt.due else None


def _odd_identifier(debt: Debt) -> Seen | None:
    odd = debt.known.terms.ids_are_uuids and not is_uuid(debt.anchor.operation or "")
    return NOTHING if odd and debt.case.is_one_message else None


def _source_silent(debt: Debt) -> Seen | None:
    silent = debt.heard is not None and debt.heard.last < debt.due
    return Seen(debt.heard.last) if silent and debt.heard and not debt.episode.finishes else None


def _recording_began(debt: Debt) -> Seen | None:
    if debt.heard is None or debt.episode.inits:
        return None
    earliest = later(debt.anchor.at, -debt.case.life - debt.known.terms.grace)
    return Seen(debt.heard.first) if debt.heard.first > earliest else None


def _status_changed(debt: Debt) -> Seen | None:
    changes = debt.known.status_changes.get(debt.lane or "", ())
    place = bisect_left(changes, later(debt.episode.began, -debt.known.terms.grace))
    within = place < len(changes) and changes[place] <= debt.due
    return Seen(changes[place]) if within else None


def _announced_again(debt: Debt) -> Seen | None:
    if debt.episode.finishes or debt.episode.number == 1:
        return None
    before = debt.case.episodes[debt.episode.number - 2]
    soon = max(debt.case.life, LATE_WITHIN)
    return NOTHING if debt.anchor.at - before.finishes[-1].at <= soon else None


def _out_of_order(debt: Debt) -> Seen | None:
    """As many announcements later on as there were outcomes, or one whose own finish may still
    come."""
    _, *following = debt.case.episodes
    if debt.episode.inits or not following:
        return None
    announced = sum(len(each.inits) for each in following)
    outcomes = {result for each in debt.case.episodes for result in each.results}
    return NOTHING if announced >= len(outcomes) or not following[-1].finishes else None


def _unknown_type_sent(debt: Debt) -> Seen | None:
    """To this device or to none, in this episode: another round's is no evidence for this one."""
    since, until = _place_of(debt)
    for lane in (debt.lane, None):
        odd = debt.case.odd.get(lane, ())
        place = bisect_left(odd, since, key=lambda each: each.at)
        if place < len(odd) and odd[place].at <= until:
            return Seen(None, (odd[place].message_type or "none",), (odd[place],))
    return None


def _place_of(debt: Debt) -> tuple[datetime, datetime]:
    """Between which moments what is owed would belong to its episode."""
    number, episodes = debt.episode.number, debt.case.episodes
    if debt.owed is INIT:
        return episodes[number - 2].finishes[-1].at if number > 1 else FIRST, debt.anchor.at
    return debt.episode.began, episodes[number].began if number < len(episodes) else LAST


def _different_devices(debt: Debt) -> Seen | None:
    of = debt.episode
    astray = of.unannounced if debt.owed is FINISHED else of.unfinished
    crossed = debt.elsewhere and None not in of.announced and astray
    return Seen(None, debt.elsewhere) if crossed else None


def _elsewhere(debt: Debt) -> Seen | None:
    return Seen(None, debt.elsewhere) if debt.elsewhere else None


def _always(debt: Debt) -> Seen | None:
    return NOTHING


# The first that holds is the reason: what forbids a verdict comes before what gives one, and what
# was sent instead (another type, to another device) before nothing at all.
_TESTS: Mapping[MessageType, Sequence[tuple[Reason, Test]]] = {
    FINISHED: (
        (Reason.SOURCE_NEVER_SENDS, _source_never_sends),
        (Reason.NOT_DUE, _not_due),
        (Reason.SOURCE_SILENT, _source_silent),
        (Reason.ODD_IDENTIFIER, _odd_identifier),
        (Reason.STATUS_CHANGED, _status_changed),
        (Reason.ANNOUNCED_AGAIN, _announced_again),
        (Reason.UNKNOWN_TYPE_SENT, _unknown_type_sent),
        (Reason.DIFFERENT_DEVICES, _different_devices),
        (Reason.FINISHED_ELSEWHERE, _elsewhere),
        (Reason.NEVER_FINISHED, _always),
    ),
    INIT: (
        (Reason.SOURCE_NEVER_SENDS, _source_never_sends),
        (Reason.NOT_DUE, _not_due),
        (Reason.ODD_IDENTIFIER, _odd_identifier),
        (Reason.RECORDING_BEGAN, _recording_began),
        (Reason.OUT_OF_ORDER, _out_of_order),
        (Reason.UNKNOWN_TYPE_SENT, _unknown_type_sent),
        (Reason.DIFFERENT_DEVICES, _different_devices),
        (Reason.ANNOUNCED_ELSEWHERE, _elsewhere),
        (Reason.NEVER_ANNOUNCED, _always),
    ),
}
