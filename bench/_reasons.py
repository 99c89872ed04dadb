"""Whether what the rules say of something that is not there is right: by the truth alone, and,
where a reason says what is or is not on record, by the record."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from bench._asked import Asked, facts_of, fates_of, is_wide
from bench._knowing import GRACE, Known
from bench._losses import LATE, RIVALS
from bench._records import Told
from bench._truth import (
    CLOCKS,
    FINISHED,
    INIT,
    NOT_MADE,
    PUSHED,
    STATUS_CHANGE,
    Truth,
    is_astray,
    is_on_record,
    meant_for,
    owes,
    was_lost,
)
from bench._worlds import Source
from notifications.protocol.expectations import Gap
from notifications.protocol.extras import is_uuid
from notifications.protocol.knowledge import Heard
from notifications.protocol.reasons import Reason, Rule
from notifications.world import Corruption
from notifications.world.push_messages import Fate


def is_right(gap: Gap, known: Known, truth: Truth) -> bool:
    return _RIGHT[gap.reason](Asked(gap, known, truth))


def _lost(asked: Asked) -> bool:
    """What was meant for the device; or anything, where what owes it came to a device that it was
    not meant for: there it lacks all the same."""
    anchor = asked.truth.of_message.get(asked.gap.anchor.id)
    strayed = anchor is not None and is_astray(anchor)
    return any(
        (was_lost(each, asked.known.sources) or is_astray(each)) and (strayed or asked.is_for(each))
        for each in asked.of_type
    ) or (
        Source.PUSH_SERVER in asked.known.sources
        and any(asked.copy_lost(each) for each in asked.of_type)
    )


def _unknown_type_sent(asked: Asked) -> bool:
    corrupted = (each.sent.label.corruption for each in asked.labels)
    return _lost(asked) and Corruption.UNKNOWN_TYPE in corrupted


def _unannounced(asked: Asked) -> bool:
    return any(owes(each) is INIT and was_lost(each, asked.known.sources) for each in asked.labels)


def _untold(asked: Asked) -> bool:
    """An event may be observed long after."""
    gap = asked.gap
    return any(
        owes(each) is STATUS_CHANGE
        and meant_for(each) == gap.activation
        and -CLOCKS <= gap.at - each.sent.label.fact.at <= LATE
        and (was_lost(each, asked.known.sources) or is_astray(each))
        for each in asked.truth.of_others
    )


def _unpushed(asked: Asked) -> bool:
    return any((was_lost(each, asked.known.sources) or is_astray(each)) for each in _posts(asked))


def _posts(asked: Asked) -> Iterator[Told]:
    for each in asked.truth.of_others:
        if owes(each) is PUSHED and each.sent.label.fact in facts_of(asked):
            yield each


def _not_copied(asked: Asked) -> bool:
    return not fates_of(asked).isdisjoint(NOT_MADE)


def _no_copy_on_record(asked: Asked) -> bool:
    """None for this device, by its name."""
    return fates_of(asked) != {Fate.STORED} or _nameless(asked)


def _nameless(asked: Asked) -> bool:
    near = (
        each
        for each in asked.known.messages
        if each.is_to_somebody_unknown and each.operation == asked.gap.operation
    )
    return any(
        asked.gap.operation is not None or abs(each.at - asked.gap.at) <= RIVALS for each in near
    )


def _not_due(asked: Asked) -> bool:
    gap, operation = asked.gap, next((e.sent.label.fact.operation for e in asked.labels), None)
    anchor = asked.truth.of_message.get(gap.anchor.id)
    at = gap.at if anchor is None else anchor.sent.label.at
    ends = at if operation is None or gap.message_type != FINISHED else operation.expires_at
    return max(ends, at) + GRACE + CLOCKS > asked.known.now


def _never_sends(asked: Asked) -> bool:
    """As far as is on record of one of the sources."""
    heard = asked.known.knowledge.heard.values()
    return any(asked.gap.message_type not in each.types for each in heard)


def _not_registered(asked: Asked) -> bool:
    return False in asked.truth.registered(asked.gap.activation or "", *asked.around)


def _not_push_active(asked: Asked) -> bool:
    return False in asked.truth.push_active(asked.gap.activation or "", *asked.around)


def _not_active(asked: Asked) -> bool:
    told = asked.truth.statuses(asked.gap.activation or "", *asked.around)
    return not told.isdisjoint({"BLOCKED", "REMOVED"})


def _nobody(asked: Asked) -> bool:
    """Each of the user's devices could not be sent to at some moment about then."""
    needs_active = asked.gap.rule is Rule.E0
    return all(
        False in asked.truth.registered(each, *asked.around)
        or (
            needs_active
            and not asked.truth.statuses(each, *asked.around).isdisjoint({"BLOCKED", "REMOVED"})
        )
        for each in asked.users_devices
        if each in asked.truth.lives
    )


def _down(asked: Asked) -> bool:
    """One of the sources was down all the while that the reason names."""
    gap, played = asked.gap, asked.known.recorded.played
    if gap.seen is None or gap.seen_until is None:
        return False
    moments = [gap.seen, gap.seen + (gap.seen_until - gap.seen) / 2]
    return any(
        all(any(each.has(moment) for each in played.missed(source)) for moment in moments)
        for source in asked.known.sources
    )


def _silent(asked: Asked) -> bool:
    heard = _heard(asked)
    return any(each.last == asked.gap.seen and each.last < asked.gap.due for each in heard)


def _began(asked: Asked) -> bool:
    return any(each.first == asked.gap.seen for each in _heard(asked))


def _heard(asked: Asked) -> list[Heard]:
    """By the clock that all are measured by."""
    found = (asked.known.knowledge.heard_of(each) for each in asked.known.sources)
    return [each for each in found if each is not None]


def _status_changed(asked: Asked) -> bool:
    since, until = asked.around
    lane, since = asked.gap.activation or "", since - GRACE - LATE
    told = asked.known.knowledge.status_changes.get(lane, ())
    if any(since <= at <= until for at in told):
        return True
    if lane not in asked.truth.lives:
        return False
    # That a registration ended is told by when it was read, at last.
    until = max(until, asked.gap.seen or until)
    return (
        max(
            map(
                len,
                (
                    asked.truth.statuses(lane, since, until),
                    asked.truth.registered(lane, since, until),
                ),
            )
        )
        > 1
    )


def _registration_unknown(asked: Asked) -> bool:
    """Nothing tells of it by then, and the status did change."""
    gap, device = asked.gap, asked.gap.activation or ""
    told = [
        each
        for each in asked.known.events.get(device, ())
        if each.kind != "status" and each.activation == device and each.at <= gap.at - CLOCKS
    ]
    since, until = gap.at - LATE - CLOCKS, gap.at + CLOCKS
    return not told and len(asked.truth.statuses(device, since, until)) > 1


def _push_not_told(asked: Asked) -> bool:
    """No request on record tells of the post, and there was one."""
    played, facts = asked.known.recorded.played, facts_of(asked)
    told = (
        Source.MIRROR in asked.known.sources and played.was_recorded(Source.MIRROR, request.at)
        for fact, request in played.posts
        if fact in facts
    )
    return bool(facts) and not any(told)


def _devices_unknown(asked: Asked) -> bool:
    """None is on record by then."""
    owned = asked.known.owned.get(asked.gap.anchor.recipient or 0, ())
    return all(each.since > asked.gap.at for each in owned)


def _status_unknown(asked: Asked) -> bool:
    """A device of the user was told of a change not long before, as far as that is on record."""
    owned = asked.known.owned.get(asked.gap.anchor.recipient or 0, ())
    devices = {each.device for each in owned} | {asked.gap.activation}
    return any(
        each.message_type == STATUS_CHANGE
        and each.activation in devices
        and abs(asked.gap.at - each.at) <= LATE + CLOCKS
        for each in asked.known.messages
    )


def _announced_again(asked: Asked) -> bool:
    """A finish is on record, and an announcement after it."""
    told = _at(asked, INIT), _at(asked, FINISHED)
    return bool(told[0] and told[1]) and max(told[0]) >= min(told[1])


def _out_of_order(asked: Asked) -> bool:
    return _announced_again(asked)


def _at(asked: Asked, message_type: str) -> list[datetime]:
    return [
        each.at
        for each in asked.known.messages
        if each.operation == asked.gap.operation and each.message_type == message_type
    ]


def _other_device(asked: Asked) -> bool:
    """Some message about the operation went to another device than it was meant for; or to some of
    the user's devices, and not to others."""
    return any(is_astray(each) for each in asked.labels) or any(
        is_wide(each) and is_on_record(each, asked.known.sources) for each in asked.labels
    )


def _odd(asked: Asked) -> bool:
    return not is_uuid(asked.gap.operation or "")


_RIGHT: Mapping[Reason, Callable[[Asked], bool]] = {
    Reason.NOT_DUE: _not_due,
    Reason.NEVER_FINISHED: _lost,
    Reason.NEVER_ANNOUNCED: _lost,
    Reason.FINALIZED_UNTOLD: _lost,
    Reason.CREATED_UNANNOUNCED: _unannounced,
    Reason.CHANGE_UNTOLD: _untold,
    Reason.POSTED_UNPUSHED: _unpushed,
    Reason.NO_COPY: _not_copied,
    Reason.FINISHED_ELSEWHERE: _lost,
    Reason.UNKNOWN_TYPE_SENT: _unknown_type_sent,
    Reason.SOURCE_NEVER_SENDS: _never_sends,
    Reason.NOT_REGISTERED: _not_registered,
    Reason.INACTIVE_PERSONAL: _not_push_active,
    Reason.NOT_ACTIVE: _not_active,
    Reason.NOBODY_TO_TELL: _nobody,
    Reason.NOT_COVERED: _down,
    Reason.SOURCE_SILENT: _silent,
    Reason.RECORDING_BEGAN: _began,
    Reason.STATUS_CHANGED: _status_changed,
    Reason.REGISTRATION_UNKNOWN: _registration_unknown,
    Reason.ELIGIBILITY_UNKNOWN: _no_copy_on_record,
    Reason.PUSH_NOT_TOLD: _push_not_told,
    Reason.DEVICES_UNKNOWN: _devices_unknown,
    Reason.STATUS_UNKNOWN: _status_unknown,
    Reason.ANNOUNCED_AGAIN: _announced_again,
    Reason.DEVICE_NOT_KNOWN: _nameless,
    Reason.ANNOUNCED_ELSEWHERE: _other_device,
    Reason.DIFFERENT_DEVICES: _other_device,
    Reason.OUT_OF_ORDER: _out_of_order,
    Reason.ODD_IDENTIFIER: _odd,
}
