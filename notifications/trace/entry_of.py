"""The entry that a message or a gap is in a trace."""

from collections.abc import Sequence
from dataclasses import replace

from notifications.protocol.audience import Basis, Certainty, Grade
from notifications.protocol.clocks import NO_CLOCKS, Clocks
from notifications.protocol.deliveries import Delivery
from notifications.protocol.expectations import Gap, Judgement, Mark
from notifications.protocol.message import Message
from notifications.protocol.reasons import CountsAs, Reason, Rule, Seen, counts_as
from notifications.protocol.state import DeviceState
from notifications.protocol.whole import Course, course_of

from . import sentences
from .entries import Entry, Kind

_OF_INBOX = (Rule.E5, Rule.E7)


def entry_of_message(
    message: Message,
    basis: Basis,
    certainty: Certainty,
    judgement: Judgement | None,
    *,
    is_repeat: bool = False,
    state: DeviceState | None = None,
    beside: Sequence[Message] = (),
    deliveries: Sequence[Delivery] = (),
    clocks: Clocks = NO_CLOCKS,
) -> Entry:
    """``judgement`` is of its operation, if it has one; ``is_repeat`` is told where that tells
    nothing; ``state`` is that of the device at the time, as far as events tell: what kept the
    message from it, or that nothing did. ``beside`` is what else reports it, and the requests of
    which it is the copy; ``deliveries`` are what its gateway answered."""
    marks: tuple[Mark, ...] = (Mark.DUPLICATE,) if is_repeat else ()
    episode, due = None, None
    if judgement is not None:
        marks = judgement.marks.get(message.id, marks)
        episode, due = judgement.rounds.get(message.id), judgement.dues.get(message.id)
    course, reports = course_of(message, basis, state, deliveries), (message, *beside)
    sources = tuple(each.source for each in reports)
    told_by = tuple((each.source, clocks.ahead(each.source, each.at)) for each in reports)
    entry = Entry(
        key=str(message.id),
        at=message.at,
        due=due,
        kind=Kind.NOTIFICATION,
        message_type=message.message_type,
        result=message.result,
        operation=message.operation,
        operation_name=message.operation_name,
        episode=episode,
        inbox_message=message.inbox_message,
        activation=message.activation,
        recipient=message.recipient,
        is_to_somebody=message.is_to_somebody_unknown,
        basis=basis,
        certainty=certainty,
        grade=course.grade,
        marks=marks,
        nonconforming=any(each.nonconforming for each in reports),
        sentence=sentences.of_message(
            message, basis, marks, due, course.word, told_by, eligible=course.is_eligible
        ),
        evidence=tuple(each.id for each in reports),
        sources=sources,
        deliveries=tuple(deliveries),
    )
    return entry if course.kept is None else _kept(entry, message, course, told_by, *course.kept)


def entry_of_gap(gap: Gap, certainty: Certainty) -> Entry:
    unsent = gap.counts_as in (CountsAs.MISSING, CountsAs.EXPLAINED)
    return Entry(
        key=f"{gap.rule}-{gap.anchor.id}-{gap.activation or ''}",
        at=gap.at,
        due=gap.due,
        kind=Kind.GAP,
        message_type=gap.message_type,
        result=None,
        operation=gap.operation,
        operation_name=gap.anchor.operation_name,
        episode=gap.episode,
        inbox_message=gap.anchor.inbox_message if gap.rule in _OF_INBOX else None,
        activation=gap.activation,
        recipient=gap.anchor.recipient,
        basis=Basis.OWED,
        certainty=certainty,
        grade=Grade.NOT_ATTEMPTED if unsent else Grade.UNKNOWN,
        rule=gap.rule,
        reason=gap.reason,
        counts_as=gap.counts_as,
        sentence=sentences.of_gap(gap),
        evidence=gap.evidence,
        events=gap.events,
        app=gap.anchor.app,
        source=gap.anchor.source,
    )


def _kept(
    entry: Entry,
    message: Message,
    course: Course,
    told_by: Sequence[sentences.Teller],
    reason: Reason,
    seen: Seen,
) -> Entry:
    """The ``entry`` of a message that was emitted, as one that did not go to the device."""
    return replace(
        entry,
        certainty=Certainty.ASSUMED,
        reason=reason,
        counts_as=counts_as(reason),
        sentence=sentences.of_unsent(message, reason, seen, course.word, told_by),
        events=seen.events,
    )
