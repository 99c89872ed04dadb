"""What of the losses of a world the record of some sources can show. Nothing here asks the rules.

`docs/trace.md` has the definitions in words, under "How often it is right".
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from bench._knowing import GRACE, LIFE, Known
from bench._records import Told
from bench._truth import (
    CLOCKS,
    FINISHED,
    INIT,
    NOT_MADE,
    PUSHED,
    REQUESTS,
    STATUS_CHANGE,
    Truth,
    is_lost,
    is_on_record,
    meant_for,
    owes,
    was_lost,
)
from bench._worlds import UNTIL, Source
from notifications.protocol.extras import MessageType
from notifications.protocol.message import Message
from notifications.world.push_messages import Attempt

LATE = timedelta(hours=1)  # so long after it was owed a message still meets it
RIVALS = timedelta(minutes=6)  # within which requests that say the same have each other's copies


def is_listening(
    known: Known, source: Source, since: datetime, until: datetime, late: timedelta = LATE
) -> bool:
    """Whether the source was recorded all the while, and for as long as what was owed may have come
    ``late``, and that is on record."""
    played = known.recorded.played
    since, until = since - CLOCKS, until + CLOCKS
    heard = known.knowledge.heard.get(source)
    if heard is None or not played.was_covered(source, since, until + late) or until > known.now:
        return False
    if source in played.measured:
        return since >= played.since
    return heard.first <= since and until <= heard.last


def senders(known: Known, message_type: MessageType) -> Mapping[Source, datetime]:
    """Those that are on record to send such messages, and since when."""
    found: dict[Source, datetime] = {}
    for each in known.messages:
        if each.message_type == message_type and each.source is not None:
            source = Source(each.source)
            found[source] = min(each.at, found.get(source, each.at))
    return found


def visible_of_operation(
    name: str, labels: Sequence[Told], known: Known, truth: Truth
) -> Counter[MessageType]:
    """Of which types a loss can be seen in the record of one operation; of each one at most."""
    record = sorted(
        (each for each in labels if not is_lost(each) and is_on_record(each, known.sources)),
        key=lambda each: (each.sent.label.at, owes(each) is FINISHED),
    )
    lost = {
        (owes(each), each.sent.label.fact.episode)
        for each in labels
        if was_lost(each, known.sources)
    }
    lost -= {(owes(each), each.sent.label.fact.episode) for each in record}
    if not record:
        is_seen = (INIT, 1) in lost and _is_created_seen(name, labels, known, truth)
        return Counter({INIT: int(is_seen)})
    if _has_nameless(record, known):
        return Counter()
    if not any(owes(each) is FINISHED for each in record):
        return Counter({FINISHED: int(_is_finish_seen(record, lost, known, truth))})
    return Counter({INIT: int(_is_announcement_seen(record, lost, known))})


def _is_finish_seen(
    record: Sequence[Told],
    lost: set[tuple[MessageType, int | None]],
    known: Known,
    truth: Truth,
) -> bool:
    """The announcement is there and no finish of the operation at all, and nothing kept the device
    from being told it."""
    first = record[0].sent.label.at
    until = first + LIFE + GRACE
    announced = {each.sent.label.fact.episode for each in record if owes(each) is INIT}
    rounds = {episode for kind, episode in lost if kind is FINISHED}
    if announced.isdisjoint(rounds) or not _is_undisturbed(record, first, until, known, truth):
        return False
    return any(
        is_listening(known, source, first - LATE, until)
        for source in known.sources
        if record[0].by(source)
    )


def _is_undisturbed(
    record: Sequence[Told], since: datetime, until: datetime, known: Known, truth: Truth
) -> bool:
    since, until = since - GRACE - CLOCKS, until + CLOCKS
    named = {one.activation_id for each in record for by in known.sources for one in each.by(by)}
    for device in {*named, *(meant_for(each) for each in record)} - {None}:
        told = known.knowledge.status_changes.get(device or "", ())
        if any(since <= at <= until for at in told) or device not in truth.lives:
            return False
        steady = len(truth.statuses(device, since, until)) == 1
        if not steady or truth.push_active(device, since, until) != {True}:
            return False
    return True


def _is_announcement_seen(
    record: Sequence[Told], lost: set[tuple[MessageType, int | None]], known: Known
) -> bool:
    """The finish of its round begins the record, and there are fewer announcements after it than
    outcomes."""
    began = record[0].sent.label
    inits = [each for each in record if owes(each) is INIT]
    outcomes = {
        one.result
        for each in record
        if owes(each) is FINISHED
        for source in known.sources
        for one in each.by(source)
    }
    is_first = owes(record[0]) is FINISHED and (INIT, began.fact.episode) in lost
    return (
        is_first
        and len(inits) < len(outcomes)
        and any(
            is_listening(known, source, began.at - LIFE - GRACE - LATE, began.at + GRACE)
            for source in known.sources
            if record[0].by(source)
        )
    )


def _has_nameless(record: Sequence[Told], known: Known) -> bool:
    return Source.PUSH_SERVER in known.sources and any(
        one.activation_id is None for each in record for one in each.by(Source.PUSH_SERVER)
    )


def _is_created_seen(name: str, labels: Sequence[Told], known: Known, truth: Truth) -> bool:
    """An event tells of the operation and its user, a device of whom is on record and could be
    asked all the while; and whoever announces operations was listening."""
    events = [each for each in known.operations if name in (each.operation, each.external)]
    fact = labels[0].sent.label.fact
    at = fact.operation.created_at if fact.operation is not None else fact.at
    recipient = known.recorded.played.users[fact.user.user_id]
    is_told = any(each.recipient is not None for each in events) and known.knowledge.linked
    devices = [each.device for each in known.owned.get(recipient, ()) if each.since <= at]
    since, until = at - LATE, at + GRACE + CLOCKS
    can_be_asked = any(
        truth.push_active(each, since, until) == {True}
        and truth.statuses(each, since, until) == {"ACTIVE"}
        for each in devices
        if each in truth.lives
    )
    return bool(is_told) and can_be_asked and _are_listening(known, INIT, at)


def _are_listening(known: Known, message_type: MessageType, at: datetime) -> bool:
    """All of them, one of which sent such messages before: until then none is known to be owed."""
    found = senders(known, message_type)
    return any(began < at - CLOCKS for began in found.values()) and all(
        is_listening(known, each, at - GRACE, at + GRACE) for each in found
    )


def visible_of_others(told: Told, known: Known, truth: Truth) -> bool:
    """Whether the loss of a status change or of a push for an inbox message can be seen."""
    if owes(told) is STATUS_CHANGE:
        return _is_change_seen(told, known, truth)
    return _is_post_seen(told, known, truth)


def _is_change_seen(told: Told, known: Known, truth: Truth) -> bool:
    """Both statuses are on record, and so is that the device was registered; no other message may
    be the one that was owed."""
    device, at = meant_for(told) or "", told.sent.label.fact.at
    nearly = at - LATE - CLOCKS, at + LATE + CLOCKS
    others = (
        each
        for each in known.messages
        if each.activation == device and each.message_type == STATUS_CHANGE
    )
    state = known.knowledge.state_at(device, at + CLOCKS)
    if state is None or any(nearly[0] <= each.at <= nearly[1] for each in others):
        return False
    return (
        truth.registered(device, at - CLOCKS, at + CLOCKS) == {True}
        and _is_registration_told(device, at, known)
        and _are_statuses_told(device, at, known, truth)
        and _are_listening(known, STATUS_CHANGE, at)
    )


def _is_registration_told(device: str, at: datetime, known: Known) -> bool:
    """By a request or a reading of before, since when nothing changed."""
    told = [each for each in known.events.get(device, ()) if each.activation == device]
    return any(
        each.kind == "registered" and each.observed_at < at - CLOCKS for each in told
    ) and not any(each.kind != "status" and abs(each.at - at) <= CLOCKS for each in told)


def _are_statuses_told(device: str, at: datetime, known: Known, truth: Truth) -> bool:
    """By a history that was read later; or by callbacks, one for the status before and one soon
    after the change, with nothing else within minutes of it."""
    told = [
        each
        for each in known.events.get(device, ())
        if each.kind == "status" and each.activation == device and each.status is not None
    ]
    life = truth.lives[device]
    if any(
        each.source == Source.HISTORY and abs(each.at - at) <= CLOCKS for each in told
    ) and not any(each.source == Source.CALLBACKS and abs(each.at - at) <= LATE for each in told):
        return True
    before, after = life.status_at(at - CLOCKS), life.status_at(at + CLOCKS)
    near = [each for each in told if abs(each.at - at) <= LATE]
    earlier = [each for each in told if each.at < at - LATE and each.status == before]
    return (
        bool(earlier)
        and {each.status for each in near} == {after}
        and all(abs(each.at - at) < CLOCKS for each in near)
        and truth.statuses(device, at - LATE, at - timedelta(seconds=1)) == {before}
        and truth.statuses(device, at, at + LATE) == {after}
        and earlier[-1].status == before
    )


def _is_post_seen(told: Told, known: Known, truth: Truth) -> bool:
    """The request for it is on record, with whether a push was wanted; no other push to its user
    may be the one, and a device of whom is on record and was registered all the while."""
    fact = told.sent.label.fact
    recipient = known.recorded.played.users[fact.user.user_id]
    ahead = known.recorded.played.ahead[Source.MIRROR]
    nearly = fact.at - GRACE - CLOCKS, fact.at + LATE + CLOCKS
    asked = any(
        each.recipient == recipient
        and each.silent is False
        and abs(each.at - ahead - fact.at) <= CLOCKS
        for each in known.inbox
    )
    others: Iterator[Message] = (
        each
        for each in known.messages
        if each.recipient in (None, recipient) and each.message_type == PUSHED
    )
    if not asked or any(nearly[0] <= each.at <= nearly[1] for each in others):
        return False
    devices = [each.device for each in known.owned.get(recipient, ()) if each.since <= fact.at]
    can_be_told = any(
        truth.registered(each, fact.at - LATE, fact.at + LATE) == {True}
        for each in devices
        if each in truth.lives
    )
    return can_be_told and _are_listening(known, PUSHED, fact.at)


def is_copy_seen(told: Told, attempt: Attempt, known: Known) -> bool:
    """Whether it can be seen that a device got no copy: the request is on record, no other that
    says the same nearly then, no copy for a device that is not known; copies were reported before,
    and the Push Server's table was read before and after, with its registration the same for long
    enough."""
    played, at = known.recorded.played, attempt.at
    on_record = is_on_record(told, REQUESTS & known.sources)
    if attempt.fate not in NOT_MADE or not on_record or Source.PUSH_SERVER not in known.sources:
        return False
    if attempt.personal and not attempt.registration.is_active:
        return False
    row, reach = played.row_of(attempt), 2 * CLOCKS
    before, after = played.polls.at_or_before(at - reach), played.polls.at_or_after(at + reach)
    is_steady = (
        before is not None
        and row.since < before
        and row.registered_at < at - reach
        and after < UNTIL
        and (row.until is None or row.until > after)
    )
    since, until = at - CLOCKS, at + GRACE
    is_read = is_listening(known, Source.PUSH_SERVER, since, until, late=timedelta(0))
    is_copying = any(each.per_device and each.at < at - CLOCKS for each in known.messages)
    return is_steady and is_read and is_copying and _is_alone(told, known)


def _is_alone(told: Told, known: Known) -> bool:
    """No other message says the same to the user nearly then."""
    mine = {one.id_at(source) for source in known.sources for one in told.by(source)}
    said = next(one for source in known.sources for one in told.by(source))
    wanted = said.message_type, said.operation_id, said.inbox_id
    at = told.sent.label.at
    near = (
        each
        for each in known.messages
        if abs(each.at - at) <= RIVALS
        and (each.message_type, each.operation, each.inbox_message) == wanted
    )
    return all(each.id in mine and not each.is_to_somebody_unknown for each in near)
