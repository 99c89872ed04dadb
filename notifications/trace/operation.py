"""The timeline of one operation: by device, what its life cycle owes against what was sent."""

from collections import Counter
from datetime import datetime, timedelta

from notifications.models.querysets import Apps, Extent
from notifications.protocol.audience import Basis, Certainty
from notifications.protocol.debts import Knowledge
from notifications.protocol.episodes import Episode
from notifications.protocol.expectations import Judgement, Mark, judge
from notifications.protocol.message import Message, later
from notifications.protocol.window import Window

from . import entries, evidence, sentences
from .entries import EpisodeView, Timeline

_NOTHING = "Nothing expected, nothing emitted: no notification is about this operation."


def trace_operation(operation: str, *, now: datetime, apps: Apps = None) -> Timeline:
    """Of an operation that may have no notification. Raises ``TooMuch``."""
    extent = Extent(apps)
    messages = evidence.about_operations({operation}, extent).get(operation, [])
    known = evidence.knowledge(messages, _status_changes(messages, extent), now, extent)
    judgement = judge(messages, known)
    gaps = Counter(gap.episode for gap in judgement.gaps)
    emitted = [_emitted(each, judgement) for each in judgement.messages]
    owed = [entries.entry_of_gap(gap, gap.certainty) for gap in judgement.gaps]
    found = entries.in_order((*emitted, *owed))
    counts = entries.count(found)
    return Timeline(
        operation=operation,
        operation_name=next((each.operation_name for each in messages), None),
        verdict=sentences.verdict(counts.as_json(), entries.reasons(found)) if found else _NOTHING,
        counts=counts,
        lanes=tuple(dict.fromkeys(each.activation for each in found)),
        episodes=tuple(
            _view(each, gaps[each.number], judgement, known) for each in judgement.episodes
        ),
        entries=found,
    )


def _status_changes(messages: list[Message], extent: Extent) -> list[Message]:
    devices = {each.activation for each in messages if each.activation is not None}
    if not devices:
        return []
    moments = [each.at for each in messages]
    window = Window(min(moments), later(max(moments), timedelta(milliseconds=1)))
    return evidence.status_changes_of(devices, window, extent)


def _emitted(message: Message, judgement: Judgement) -> entries.Entry:
    if message.is_user_wide:
        reached = Basis.USER_WIDE, Certainty.KNOWN
    elif message.activation is None:
        reached = Basis.OPERATION, Certainty.KNOWN
    else:
        known = message.is_to_named_device
        reached = Basis.ADDRESSED, Certainty.KNOWN if known else Certainty.ASSUMED
    return entries.entry_of_message(message, *reached, judgement)


def _view(episode: Episode, gaps: int, judgement: Judgement, known: Knowledge) -> EpisodeView:
    inits = (*episode.inits, *episode.late_inits)
    repeats = sum(Mark.DUPLICATE in judgement.marks.get(each.id, ()) for each in episode.messages)
    sent = len(episode.messages) - repeats
    life = known.terms.life_of(judgement.messages[0].operation_name)
    return EpisodeView(
        number=episode.number,
        announced_at=inits[0].at if inits else None,
        finished_at=episode.finishes[0].at if episode.finishes else None,
        due=later(episode.began, life + known.terms.grace),
        results=tuple(sorted(episode.results)),
        agrees=len(episode.results) < 2,
        owed=sent + gaps,
        sent=sent,
    )
