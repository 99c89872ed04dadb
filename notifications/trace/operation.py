"""The timeline of one operation: by device, what its life cycle owes against what was sent."""

from collections import Counter
from datetime import datetime, timedelta

from notifications.models.querysets import Apps, Extent
from notifications.protocol.audience import Basis, Certainty
from notifications.protocol.episodes import Episode
from notifications.protocol.events import OperationEvent
from notifications.protocol.expectations import Judgement, Mark, judge
from notifications.protocol.knowledge import Knowledge
from notifications.protocol.lives import announcements_owed
from notifications.protocol.message import Message, later
from notifications.protocol.window import Window

from . import entries, evidence, lives, owed, sentences
from .entries import EpisodeView, Timeline
from .states import events_of

_NOTHING = "Nothing expected, nothing emitted: no notification is about this operation."


def trace_operation(operation: str, *, now: datetime, apps: Apps = None) -> Timeline:
    """Of an operation that may have no notification. Raises ``TooMuch``."""
    extent = Extent(apps)
    messages = evidence.about_operations({operation}, extent).get(operation, [])
    known, events = _known(operation, messages, now, extent)
    judgement = judge(messages, known)
    gaps = Counter(gap.episode for gap in judgement.gaps)
    emitted = [_emitted(each, judgement, known) for each in judgement.messages]
    unannounced = list(announcements_owed(events, owed.about(messages), known))
    unmet = (*judgement.gaps, *owed.excuse_users(unannounced, known, extent))
    found = entries.in_order(
        (*emitted, *(entries.entry_of_gap(gap, gap.certainty) for gap in unmet))
    )
    counts = entries.count(found)
    return Timeline(
        operation=operation,
        operation_name=next((each.operation_name for each in messages), None),
        verdict=sentences.verdict(counts.as_json(), entries.reasons(found)) if found else _NOTHING,
        counts=counts,
        lanes=tuple(dict.fromkeys(each.activation for each in found)),
        episodes=tuple(_view(each, gaps[each.number], judgement) for each in judgement.episodes),
        entries=found,
    )


def _known(
    operation: str, messages: list[Message], now: datetime, extent: Extent
) -> tuple[Knowledge, list[OperationEvent]]:
    """What is known beside the operation's own messages, and what events tell of it."""
    events = lives.operation_events({operation}, extent)
    devices = {each.activation for each in messages if each.activation is not None}
    moments = [each.at for each in messages] + [each.created_at or each.at for each in events]
    window = Window(
        min(moments, default=now), later(max(moments, default=now), timedelta(milliseconds=1))
    )
    told = events_of(devices, extent=extent) if devices else {}
    known = evidence.knowledge(
        messages,
        evidence.status_changes_of(devices, window, extent) if devices else [],
        now,
        extent,
        beside=evidence.beside(events, (), owed.spans_of(told, window), now, extent),
        since=window.since,
    )
    return known, events


def _emitted(message: Message, judgement: Judgement, known: Knowledge) -> entries.Entry:
    if message.is_user_wide:
        reached = Basis.USER_WIDE, Certainty.KNOWN
    elif message.activation is None:
        reached = Basis.OPERATION, Certainty.KNOWN
    else:
        certain = message.is_to_named_device
        reached = Basis.ADDRESSED, Certainty.KNOWN if certain else Certainty.ASSUMED
    state = known.state_at(message.activation, message.at)
    return entries.entry_of_message(message, *reached, judgement, state=state)


def _view(episode: Episode, gaps: int, judgement: Judgement) -> EpisodeView:
    inits = (*episode.inits, *episode.late_inits)
    repeats = sum(Mark.DUPLICATE in judgement.marks.get(each.id, ()) for each in episode.messages)
    sent = len(episode.messages) - repeats
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
