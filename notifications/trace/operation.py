"""The timeline of one operation: by device, what its life cycle owes against what was sent."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from notifications.models.querysets import Apps, Extent
from notifications.models.statements import together
from notifications.protocol.audience import Basis, Certainty
from notifications.protocol.copies import copies_owed
from notifications.protocol.coverage import SourceCoverage, Tells
from notifications.protocol.deliveries import Delivery
from notifications.protocol.episodes import Episode
from notifications.protocol.events import OperationEvent
from notifications.protocol.expectations import Judgement, Mark, judge
from notifications.protocol.knowledge import Knowledge
from notifications.protocol.lives import announcements_owed
from notifications.protocol.message import Message, later
from notifications.protocol.whole import about_operations
from notifications.protocol.window import Window

from . import entries, evidence, lives, owed, sentences, silence
from .copiers import copiers
from .deliveries import deliveries_of, to_device
from .entries import Entry, EpisodeView, Timeline
from .entry_of import entry_of_gap, entry_of_message
from .listeners import ask_who_listened, told_by
from .reporting import Reporting, ask_reporting
from .states import ask_events
from .uncopied import owned_by

_NOTHING = "Nothing expected, nothing emitted: no notification is about this operation."


def trace_operation(
    operation: str, *, now: datetime, apps: Apps = None, as_of: datetime | None = None
) -> Timeline:
    """Of an operation that may have no notification; ``as_of`` as for a device. Raises
    ``TooMuch``."""
    extent, now = Extent(apps, as_of=as_of), as_of or now
    with together():
        about = evidence.ask_about_operations({operation}, extent)
        living = lives.ask_operation_events({operation}, extent)
        reporting = ask_reporting(now, extent)()
        messages, events = about()[operation], living()
    known = _known(messages, events, reporting, now, extent)
    named = {each.activation for each in messages if each.activation is not None}
    judgement = judge(messages, known)
    gaps = Counter(gap.episode for gap in judgement.gaps)
    merged = judgement.merged
    uncopied = list(copies_owed(messages, merged, known, known.spans.keys() | named))
    missed = {each.anchor.id for each in uncopied if each.anchor.activation == each.activation}
    to_one = {each.id for each in messages if each.is_to_one_device}
    deliveries = deliveries_of(to_one, extent=extent)
    emitted = [
        _emitted(each, judgement, known, deliveries)
        for each in judgement.messages
        # Copies stand for their request, each in the lane of its device, and so does the gap where
        # the device that it named got none; of what is reported twice, one stands for both.
        if merged.stands(each) and each.id not in missed
    ]
    unannounced = list(announcements_owed(events, about_operations(messages), known))
    unmet = (*judgement.gaps, *owed.excuse_users(unannounced, known, extent), *uncopied)
    found = entries.in_order((*emitted, *(entry_of_gap(gap, gap.certainty) for gap in unmet)))
    counts = entries.count(found)
    coverage = _listened(messages, events, found, known, reporting, as_of)
    verdict = sentences.verdict(counts.as_json(), entries.reasons(found)) if found else _NOTHING
    return Timeline(
        operation=operation,
        operation_name=next((each.operation_name for each in messages), None),
        verdict=sentences.as_known(verdict, as_of),
        counts=counts,
        lanes=tuple(dict.fromkeys(each.activation for each in found)),
        episodes=tuple(_view(each, gaps[each.number], judgement) for each in judgement.episodes),
        entries=found,
        coverage=coverage,
        recorded=silence.in_words(coverage),
        as_of=as_of,
    )


def _listened(
    messages: Sequence[Message],
    events: Sequence[OperationEvent],
    found: Sequence[Entry],
    known: Knowledge,
    reporting: Reporting,
    as_of: datetime | None,
) -> tuple[SourceCoverage, ...]:
    """Around all that was told of the operation and owed in it: a finish presumes that something
    was told up to a life before."""
    moments = [each.at for each in messages] + [each.created_at or each.at for each in events]
    moments += [each.at for each in found] + [each.due for each in found if each.due is not None]
    if not moments:
        return ()
    since = later(min(moments), -known.terms.longest)
    apps = {each.app for each in messages if each.app is not None}
    return ask_who_listened(
        Window(since, later(max(moments), timedelta(milliseconds=1))),
        now=known.now,
        reporting=reporting,
        as_of=as_of,
        apps=apps.union(*(each.apps for each in events)) or None,
        named=told_by(messages, {Tells.OPERATIONS: events}),
    )()


def _known(
    messages: Sequence[Message],
    events: Sequence[OperationEvent],
    reporting: Reporting,
    now: datetime,
    extent: Extent,
) -> Knowledge:
    """What is known beside the operation's own messages and events."""
    moments = [each.at for each in messages] + [each.created_at or each.at for each in events]
    window = Window(
        min(moments, default=now), later(max(moments, default=now), timedelta(milliseconds=1))
    )
    copying = copiers(reporting)
    devices = {each.activation for each in messages if each.activation is not None}
    if copying.by_app:
        users = {each.recipient for each in messages if each.is_user_wide}
        devices |= owned_by({each for each in users if each is not None}, extent)
    with together():
        telling = ask_events(devices, extent=extent)
        changes = evidence.ask_status_changes(devices, window, extent)()
        spans = owed.spans_of(telling(), window)
    return evidence.knowledge(
        messages,
        changes,
        now,
        extent,
        reporting=reporting,
        beside=evidence.beside(events, (), spans, extent, reporting=reporting, copying=copying),
        owed_at=moments,
    )


def _emitted(
    message: Message,
    judgement: Judgement,
    known: Knowledge,
    deliveries: Mapping[UUID, Sequence[Delivery]],
) -> Entry:
    merged = judgement.merged
    moment, reports = merged.time_of(message), merged.reports(message)
    message = merged.whole(message)
    if message.is_user_wide or message.is_to_somebody_unknown:
        reached = Basis.USER_WIDE, Certainty.KNOWN
    elif message.activation is None:
        reached = Basis.OPERATION, Certainty.KNOWN
    else:
        certain = message.is_to_named_device
        reached = Basis.ADDRESSED, Certainty.KNOWN if certain else Certainty.ASSUMED
    return entry_of_message(
        message,
        *reached,
        judgement,
        state=known.state_at(message.activation, moment),
        beside=reports[1:],
        deliveries=to_device(reports, deliveries),
        clocks=known.clocks,
    )


def _view(episode: Episode, gaps: int, judgement: Judgement) -> EpisodeView:
    inits = (*episode.inits, *episode.late_inits)
    told = [each for each in episode.messages if judgement.merged.stands(each)]
    sent = sum(Mark.DUPLICATE not in judgement.marks.get(each.id, ()) for each in told)
    return EpisodeView(
        number=episode.number,
        announced_at=inits[0].at if inits else None,
        finished_at=episode.finishes[0].at if episode.finishes else None,
        due=judgement.deadlines[episode.number],
        results=tuple(sorted(episode.results)),
        agrees=len(episode.results) < 2,
        owed=sent + gaps,
        sent=sent,
    )
