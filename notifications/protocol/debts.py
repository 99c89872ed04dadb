"""One message that is owed and not there, and why: the first reason that holds."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .eligibility import not_active, not_push_active, not_registered, registration_ended
from .episodes import LATE_WITHIN, Episode, Lane, cut, rejoin_late_inits
from .events import OperationEvent
from .extras import MessageType, is_uuid
from .knowledge import Heard, Knowledge
from .merging import NOTHING_MERGED, WITHIN, Merged
from .message import FIRST, LAST, Message, later
from .once import once
from .reasons import Reason, Rule, Seen
from .state import DeviceState
from .witnesses import Witnesses

INIT, FINISHED = MessageType.OPERATION_INIT, MessageType.OPERATION_FINISHED


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that is asked about one operation: its episodes, how long it lives, its messages that are
    neither announcement nor finish, by device and in order of time, which of all messages are
    ``merged``, and the first event that it was final. ``expires_at`` is the end of its life as
    events tell it."""

    episodes: Sequence[Episode]
    life: timedelta
    odd: Mapping[Lane, Sequence[Message]]
    known: Knowledge
    merged: Merged = NOTHING_MERGED
    expires_at: datetime | None = None
    final: OperationEvent | None = None

    @classmethod
    def of(cls, messages: Sequence[Message], known: Knowledge, merged: Merged) -> "Case":
        """``messages`` are ``in_order``."""
        episodes, life = cut(messages, merged), known.terms.life_of(_name_of(messages))
        if episodes and known.now >= later(episodes[-1].began, life + known.terms.grace):
            episodes = rejoin_late_inits(episodes)
        odd: dict[Lane, list[Message]] = {}
        for each in messages:
            if each.message_type not in (INIT, FINISHED) and not each.is_to_somebody_unknown:
                odd.setdefault(each.activation, []).append(each)
        events = known.lives.get(_operation_of(messages), ())
        return cls(
            episodes=episodes,
            life=life,
            odd=odd,
            known=known,
            merged=merged,
            expires_at=max((each.expires_at for each in events if each.expires_at), default=None),
            final=min((each for each in events if each.is_final), key=_time_of, default=None),
        )

    def end_of(self, episode: Episode) -> datetime:
        """When the operation's life is over, of which this episode is one round."""
        assumed = later(episode.began, self.life)
        return max(self.expires_at, episode.began) if self.expires_at is not None else assumed

    def final_for(self, episode: Episode) -> OperationEvent | None:
        """What finalised the operation, where that ended this round: it is the last."""
        is_last = episode.number == len(self.episodes)
        if self.final is None or not is_last:
            return None
        announced = {each.source for each in episode.inits}
        app = next((each.app for each in episode.inits if each.app is not None), None)
        if self.known.gates.off(Rule.E6, announced, app, episode.began) is not None:
            return None
        return (
            self.final if self.final.at >= later(episode.began, -self.known.terms.grace) else None
        )

    @property
    def is_one_message(self) -> bool:
        """However many report it, and for however many devices a copy of it was made."""
        *earlier, last = self.episodes
        told = [each for each in last.messages if self.merged.stands(each)]
        kinds = {(each.source, each.message_type, each.result) for each in told}
        devices = {each.activation for each in told}
        is_one = len(kinds) == 1 and len(devices) == len(told)
        return is_one and not earlier and not self.odd and told[-1].at - told[0].at <= WITHIN


@dataclass(frozen=True, kw_only=True)
class Debt:
    """One message that an episode owes to a lane and that is not there, with what decides why.
    ``final`` is the event that makes a finish owed, beside the end of the operation's life."""

    rule: Rule
    owed: MessageType
    lane: Lane
    episode: Episode
    case: Case
    anchor: Message
    due: datetime
    final: OperationEvent | None = None

    @property
    def known(self) -> Knowledge:
        return self.case.known

    def with_known(self, known: Knowledge) -> "Debt":
        return replace(self, case=replace(self.case, known=known))

    @once
    def witnesses(self) -> Witnesses:
        """Who told the anchor, and so would have told what is owed."""
        told = (self.anchor, *self.case.merged.beside(self.anchor))
        sources = (each.source for each in told)
        return Witnesses.until(self.due, sources, self.known, since=self.episode.began)

    @once
    def heard(self) -> Heard | None:
        return self.witnesses.heard

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """The devices that the owed message was sent to, in their order."""
        return self.episode.finished_to if self.owed is FINISHED else self.episode.announced_to


Test = Callable[[Debt], Seen | None]
NOTHING = Seen()


def reason_of(debt: Debt) -> tuple[Reason, Seen]:
    """The reason, and what it rests on."""
    for reason, test in _TESTS[debt.owed]:
        if (found := test(debt)) is not None:
            return reason, found
    raise AssertionError("the last of them always holds")


def _operation_of(messages: Sequence[Message]) -> str:
    return next((each.operation for each in messages if each.operation), "")


def _time_of(event: OperationEvent) -> datetime:
    return event.at


def _name_of(messages: Sequence[Message]) -> str | None:
    return next((each.operation_name for each in messages if each.operation_name), None)


def _rule_off(debt: Debt) -> Seen | None:
    """Set so of all who told the anchor, and so would have told what is owed."""
    anchor, gates = debt.anchor, debt.known.gates
    off = gates.off(debt.rule, debt.witnesses.sources, anchor.app, anchor.at)
    return Seen(off.set_at, (debt.rule,)) if off is not None else None


def _source_never_sends(debt: Debt) -> Seen | None:
    heard, anchor, gates = debt.heard, debt.anchor, debt.known.gates
    if heard is None or debt.owed in heard.types:
        return None
    sources = debt.witnesses.sources
    is_set = any(gates.is_on(debt.rule, each, anchor.app, anchor.at) for each in sources)
    return None if is_set else NOTHING


def _not_due(debt: Debt) -> Seen | None:
    return NOTHING if debt.known.now < debt.due else None


def _odd_identifier(debt: Debt) -> Seen | None:
    operation, known = debt.anchor.operation or "", debt.known
    odd = known.terms.ids_are_uuids and not is_uuid(operation) and operation not in known.lives
    return NOTHING if odd and debt.case.is_one_message else None


def _not_covered(debt: Debt) -> Seen | None:
    # The announcement itself may have come late, after its finish; and so may the finish.
    since, due = later(debt.episode.began, -LATE_WITHIN), debt.due
    if debt.owed is INIT:
        since = later(debt.anchor.at, -debt.case.life - debt.known.terms.grace - LATE_WITHIN)
    elif debt.episode.finishes:
        since = debt.episode.began
    hole = debt.witnesses.missed(since, due)
    named = tuple(each for each in debt.witnesses.sources[:1] if each is not None)
    return Seen(hole[0], named, until=hole[1]) if hole is not None else None


def _not_registered(debt: Debt) -> Seen | None:
    return _kept_from(debt, not_registered)


def _inactive_personal(debt: Debt) -> Seen | None:
    """The announcement's attributes are the finish's: emitters send both alike."""
    return _kept_from(debt, not_push_active) if debt.anchor.personal else None


def _not_active(debt: Debt) -> Seen | None:
    return _kept_from(debt, not_active)


def _kept_from(debt: Debt, why: Callable[[DeviceState], Seen | None]) -> Seen | None:
    """What kept the device from being told all the while, or when the operation was finalised."""
    if debt.final is not None:
        state = debt.known.state_at(debt.lane, debt.final.at)
        return why(state) if state is not None else None
    found = [why(each) for each in debt.known.states_between(debt.lane, debt.anchor.at, debt.due)]
    return found[0] if found and None not in found else None


def _source_silent(debt: Debt) -> Seen | None:
    measured = debt.witnesses.is_measured(debt.episode.began)
    silent = debt.heard is not None and debt.heard.last < debt.due and not measured
    return Seen(debt.heard.last) if silent and debt.heard and not debt.episode.finishes else None


def _recording_began(debt: Debt) -> Seen | None:
    if debt.heard is None or debt.episode.inits:
        return None
    earliest = later(debt.anchor.at, -debt.case.life - debt.known.terms.grace)
    began = debt.heard.first > earliest and not debt.witnesses.is_measured(earliest)
    return Seen(debt.heard.first) if began else None


def _status_changed(debt: Debt) -> Seen | None:
    changes = debt.known.status_changes.get(debt.lane or "", ())
    since = later(debt.episode.began, -debt.known.terms.grace)
    place = bisect_left(changes, since)
    if place < len(changes) and changes[place] <= debt.due:
        return Seen(changes[place])
    told = [each.status for each in debt.known.states_between(debt.lane, since, debt.due)]
    told = [each for each in told if each.value is not None]
    changed = next((each for each in told if each.value != told[0].value), None)
    if changed is not None:
        return Seen(changed.since, events=changed.evidence)
    return registration_ended(debt.lane, debt.known, since, debt.due)


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
    announced = sum(each.announcements for each in following)
    outcomes = {result for each in debt.case.episodes for result in each.results}
    return NOTHING if announced >= len(outcomes) or not following[-1].finishes else None


def _device_not_known(debt: Debt) -> Seen | None:
    """It was sent to somebody, who may be this device; or what owes it was, and to nobody who is
    known: that copy's device may have been gone when it was owed."""
    of, finish = debt.episode, debt.owed is FINISHED
    somebody = of.finished_to_somebody if finish else of.announced_to_somebody
    if debt.anchor.is_to_somebody_unknown:
        somebody = somebody or (debt.anchor,)
    return Seen(messages=somebody[:1]) if somebody else None


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
    is_to_lanes = None not in of.announced or of.is_of_two_users
    crossed = debt.elsewhere and is_to_lanes and astray
    return Seen(None, debt.elsewhere) if crossed else None


def _elsewhere(debt: Debt) -> Seen | None:
    return Seen(None, debt.elsewhere) if debt.elsewhere else None


def _finalized(debt: Debt) -> Seen | None:
    if debt.final is None:
        return None
    return Seen(debt.final.at, (debt.final.status or "",), events=(debt.final.id,))


def _always(debt: Debt) -> Seen | None:
    return NOTHING


# The first that holds is the reason: what forbids a verdict comes before what gives one, and what
# was sent instead (another type, to another device) before nothing at all.
_TESTS: Mapping[MessageType, Sequence[tuple[Reason, Test]]] = {
    FINISHED: (
        (Reason.RULE_OFF, _rule_off),
        (Reason.SOURCE_NEVER_SENDS, _source_never_sends),
        (Reason.NOT_DUE, _not_due),
        (Reason.NOT_REGISTERED, _not_registered),
        (Reason.INACTIVE_PERSONAL, _inactive_personal),
        (Reason.NOT_ACTIVE, _not_active),
        (Reason.NOT_COVERED, _not_covered),
        (Reason.SOURCE_SILENT, _source_silent),
        (Reason.ODD_IDENTIFIER, _odd_identifier),
        (Reason.STATUS_CHANGED, _status_changed),
        (Reason.ANNOUNCED_AGAIN, _announced_again),
        (Reason.DEVICE_NOT_KNOWN, _device_not_known),
        (Reason.UNKNOWN_TYPE_SENT, _unknown_type_sent),
        (Reason.DIFFERENT_DEVICES, _different_devices),
        (Reason.FINISHED_ELSEWHERE, _elsewhere),
        (Reason.FINALIZED_UNTOLD, _finalized),
        (Reason.NEVER_FINISHED, _always),
    ),
    INIT: (
        (Reason.RULE_OFF, _rule_off),
        (Reason.SOURCE_NEVER_SENDS, _source_never_sends),
        (Reason.NOT_DUE, _not_due),
        (Reason.ODD_IDENTIFIER, _odd_identifier),
        (Reason.NOT_COVERED, _not_covered),
        (Reason.RECORDING_BEGAN, _recording_began),
        (Reason.OUT_OF_ORDER, _out_of_order),
        (Reason.DEVICE_NOT_KNOWN, _device_not_known),
        (Reason.UNKNOWN_TYPE_SENT, _unknown_type_sent),
        (Reason.DIFFERENT_DEVICES, _different_devices),
        (Reason.ANNOUNCED_ELSEWHERE, _elsewhere),
        (Reason.NEVER_ANNOUNCED, _always),
    ),
}
