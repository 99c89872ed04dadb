"""Why a message that is owed is not there: the first reason that holds."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from .debts import FINISHED, INIT, Debt
from .eligibility import not_active, not_push_active, not_registered, registration_ended
from .episodes import LATE_WITHIN
from .extras import MessageType, is_uuid
from .message import FIRST, LAST, later
from .reasons import Reason, Seen
from .state import DeviceState

Test = Callable[[Debt], Seen | None]
NOTHING = Seen()


def reason_of(debt: Debt) -> tuple[Reason, Seen]:
    """The reason, and what it rests on."""
    for reason, test in _TESTS[debt.owed]:
        if (found := test(debt)) is not None:
            return reason, found
    raise AssertionError("the last of them always holds")


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
