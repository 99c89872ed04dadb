"""One message that is owed and not there, with all that decides why (`why`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .episodes import Episode, Lane, cut, rejoin_late_inits
from .events import OperationEvent
from .extras import MessageType
from .knowledge import Heard, Knowledge
from .merging import NOTHING_MERGED, WITHIN, Merged
from .message import Message, later
from .once import once
from .reasons import Rule
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


def _operation_of(messages: Sequence[Message]) -> str:
    return next((each.operation for each in messages if each.operation), "")


def _time_of(event: OperationEvent) -> datetime:
    return event.at


def _name_of(messages: Sequence[Message]) -> str | None:
    return next((each.operation_name for each in messages if each.operation_name), None)
