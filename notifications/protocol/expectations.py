"""What an operation's own messages owe to a device, and what became of that. What events owe is in
`lives`.

Source: the specification, Operation Lifecycle: "during operation approval, our systems send the
push message" operationInit "in case a new operation was triggered" and operationFinished "in case
the operation was finished, successfully or unsuccessfully".
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from .audience import Certainty
from .debts import FINISHED, INIT, Case, Debt
from .episodes import Episode, Lane, in_order
from .knowledge import Knowledge
from .merging import Merged, merge
from .message import Message, later
from .reasons import CountsAs, Reason, Rule, Seen, counts_as
from .why import reason_of


class Mark(StrEnum):
    """What is to be said of a message that was emitted."""

    LATE = "late"  # a finish after the end of its operation's life, an init after its finish
    DUPLICATE = "duplicate"  # repeats a message of its episode, or of its inbox message
    DISAGREEING = "disagreeing"  # finishes of one episode tell different results


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Something owed that is not there. ``at`` is when it was first owed, ``due`` its deadline;
    ``anchor`` is the message that owes it or, where an event does, what would have been sent.
    ``activation`` is None where no device is named. ``certainty`` is that of its not being sent at
    all: the anchor itself may have gone astray. ``evidence`` are the notifications and ``events``
    the events that show it; ``seen``, ``seen_until`` and ``other`` are what the sentence names, and
    ``set_at`` when it was set that the rule applies, where it does for that."""

    rule: Rule
    reason: Reason
    certainty: Certainty
    message_type: str | None
    operation: str | None
    episode: int | None
    activation: Lane
    at: datetime
    due: datetime
    anchor: Message
    evidence: tuple[UUID, ...]
    events: tuple[UUID, ...] = ()
    seen: datetime | None = None
    seen_until: datetime | None = None
    other: tuple[str, ...] = ()
    set_at: datetime | None = None

    @property
    def counts_as(self) -> CountsAs:
        return counts_as(self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Of one operation. ``rounds`` tell the episode of each announcement and finish, ``dues`` the
    deadlines of the finishes that were emitted, ``deadlines`` those of each episode. In episodes
    what is ``merged`` is of one time, the earliest."""

    messages: tuple[Message, ...]
    episodes: tuple[Episode, ...]
    gaps: tuple[Gap, ...]
    marks: Mapping[UUID, tuple[Mark, ...]]
    rounds: Mapping[UUID, int]
    dues: Mapping[UUID, datetime]
    deadlines: Mapping[int, datetime]
    merged: Merged


def judge(
    messages: Iterable[Message],
    known: Knowledge,
    *,
    merged: Merged | None = None,
    devices: Collection[str] | None = None,
) -> Judgement:
    """What the ``messages`` of one operation tell of what it owes. Their order does not matter.
    They may be ``merged`` with others already: only what is of one operation merges. With
    ``devices``, gaps are of these alone, and of none: why another's are there is not asked.

    All that several sources report of one emission stays: what a request says of all devices of a
    user, no copy says. It counts once, as what was emitted at one moment. Times are compared by the
    clock that all are measured by; gaps are of the time that their anchor was told to be of.
    """
    given = list(messages)
    case = _case_of(given, known, merge(given, known.clocks) if merged is None else merged)
    as_told = {each.id: each for each in given}
    gaps: list[Gap] = []
    marks: dict[UUID, tuple[Mark, ...]] = {}
    rounds: dict[UUID, int] = {}
    dues: dict[UUID, datetime] = {}
    deadlines: dict[int, datetime] = {}
    for each in case.episodes:
        due = later(case.end_of(each), known.terms.grace)
        deadlines[each.number] = due
        rounds |= {message.id: each.number for message in each.messages}
        dues |= {finish.id: due for finish in each.finishes}
        gaps += (gap_of(*debt) for debt in _debts_of(each, due, case, as_told, devices))
        marks |= finishes_agree_and_come_once(each, due, as_told)
    return Judgement(
        messages=tuple(in_order(given)),
        merged=case.merged,
        episodes=tuple(case.episodes),
        gaps=tuple(gaps),
        marks=marks,
        rounds=rounds,
        dues=dues,
        deadlines=deadlines,
    )


def debts_of(messages: Iterable[Message], known: Knowledge) -> list[tuple[Debt, Message]]:
    """The debts of ``judge`` alone, each with its anchor: a gap once it is asked why (``gap_of``).
    What is known of devices tells why something is not there, and nothing of whether it is."""
    given = list(messages)
    case = _case_of(given, known, merge(given, known.clocks))
    as_told = {each.id: each for each in given}
    return [
        debt
        for each in case.episodes
        for debt in _debts_of(each, later(case.end_of(each), known.terms.grace), case, as_told)
    ]


def _case_of(messages: Sequence[Message], known: Knowledge, merged: Merged) -> Case:
    return Case.of(in_order(merged.at_one_time(messages)), known, merged)


def _debts_of(
    episode: Episode,
    due: datetime,
    case: Case,
    as_told: Mapping[UUID, Message],
    devices: Collection[str] | None = None,
) -> Iterator[tuple[Debt, Message]]:
    for debt in (*finish_is_owed(episode, due, case), *announcement_is_presumed(episode, case)):
        if devices is not None and debt.lane is not None and debt.lane not in devices:
            continue
        anchor = as_told[debt.anchor.id]
        yield debt, case.merged.whole(case.merged.first(anchor))


def finish_is_owed(episode: Episode, due: datetime, case: Case) -> Iterator[Debt]:
    """E1: within an episode, an operation announced to a device is owed its finish there; and E6:
    so is one that PowerAuth finalised, as soon as it did.

    Specification, Operation Lifecycle: operationFinished is sent "in case the operation was
    finished, successfully or unsuccessfully", and every operation ends when it expires at last.
    """
    if None in episode.finished:
        return  # it names no device, so it may have gone to each
    lanes = episode.unfinished - {None}
    finish = next(iter(episode.finishes), None)
    final = case.final_for(episode) if finish is None else None
    if final is not None:
        due = min(due, later(final.at, case.known.terms.grace))
    for lane in _ordered(lanes) if lanes or finish else [None]:
        anchor = finish or episode.announced.get(lane, episode.inits[0])
        # A device may be announced to when the operation's life is over.
        soonest = later(anchor.at, case.known.terms.grace)
        yield Debt(
            rule=Rule.E1 if final is None else Rule.E6,
            owed=FINISHED,
            lane=lane,
            episode=episode,
            case=case,
            anchor=anchor,
            due=soonest if finish else max(due, soonest),
            final=final,
        )


def announcement_is_presumed(episode: Episode, case: Case) -> Iterator[Debt]:
    """E2: a finish presumes an announcement before it in its episode.

    Specification, Operation Lifecycle: operationInit is sent "in case a new operation was
    triggered"; what finishes was triggered before.
    """
    if None in episode.announced:
        return
    lanes = episode.unannounced - {None}
    nowhere = not lanes and not episode.inits and not episode.late_inits
    for lane in [None] if nowhere else _ordered(lanes):
        anchor = episode.finished.get(lane, episode.finishes[0])
        yield Debt(
            rule=Rule.E2,
            owed=INIT,
            lane=lane,
            episode=episode,
            case=case,
            anchor=anchor,
            due=later(anchor.at, case.known.terms.grace),
        )


def finishes_agree_and_come_once(
    episode: Episode, due: datetime, as_told: Mapping[UUID, Message]
) -> Iterator[tuple[UUID, tuple[Mark, ...]]]:
    """E3: finishes of an episode that disagree, and repeats, are marked; and what came late. What
    one source reports again is a repeat for all that report it.

    Specification, Operation Lifecycle: mtokenOperationResult names "one of the following values".
    """
    repeats = set(repeated(as_told[each.id] for each in episode.messages))
    again = [each for each in episode.messages if each.id in repeats]
    repeats |= {twin.id for each in again for twin in episode.merged.twins(each)}
    late = {each.id for each in episode.late_inits}
    late |= {each.id for each in episode.finishes if each.at > due}
    disagreeing = {each.id for each in episode.finishes} if len(episode.results) > 1 else set()
    for each in episode.messages:
        found = ((Mark.LATE, late), (Mark.DUPLICATE, repeats), (Mark.DISAGREEING, disagreeing))
        if marks := tuple(mark for mark, ids in found if each.id in ids):
            yield each.id, marks


def repeated(messages: Iterable[Message]) -> Iterator[UUID]:
    """Those that repeat an earlier one: the same source sent the same to the same device again.
    What two sources report is not repeated, nor are a request and its copy: it may be one message
    seen twice. Of devices that are not known none is another's."""
    seen = set()
    for each in messages:
        key = (
            each.source,
            each.per_device,
            each.id if each.is_to_somebody_unknown else each.activation,
            each.recipient,
            each.message_type,
            each.result,
            each.inbox_message,
        )
        if key in seen:
            yield each.id
        seen.add(key)


def _ordered(lanes: frozenset[Lane]) -> list[Lane]:
    return sorted(lanes, key=str)


def gap_of(debt: Debt, anchor: Message) -> Gap:
    """``anchor`` is the debt's, of the time that it was told to be of."""
    reason, seen = reason_of(debt)
    # E1 assumes how long the operation lives and that the device stays registered.
    certain = debt.owed is INIT and counts_as(reason) is CountsAs.MISSING
    named = debt.lane is None or anchor.is_to_named_device
    # Of what was lost on the way to the table that has the copies, no request tells either.
    asked = not anchor.per_device or anchor.id in debt.case.merged.requests
    return Gap(
        rule=debt.rule,
        reason=reason,
        certainty=Certainty.KNOWN if certain and named and asked else Certainty.ASSUMED,
        message_type=debt.owed,
        operation=anchor.operation or "",
        episode=debt.episode.number,
        activation=debt.lane,
        at=anchor.at,
        due=debt.due,
        anchor=anchor,
        evidence=_evidence(debt, seen),
        events=_events(debt, seen),
        seen=seen.at,
        seen_until=seen.until,
        other=seen.other,
        set_at=_set_at(debt),
    )


def _set_at(debt: Debt) -> datetime | None:
    """Where the rule applies though the type that is owed was never reported."""
    if debt.heard is None or debt.owed in debt.heard.types:
        return None
    anchor, gates = debt.anchor, debt.known.gates
    apps = () if anchor.app is None else (anchor.app,)
    found = (gates.on(debt.rule, each, apps, anchor.at) for each in debt.witnesses.sources)
    return next((each.set_at for each in found if each is not None), None)


def _evidence(debt: Debt, seen: Seen) -> tuple[UUID, ...]:
    """Those that decide, a few: the round as a whole may have thousands, for each device again."""
    announcement = debt.episode.announced.get(debt.lane)
    told = (announcement, *debt.episode.inits[:1], debt.anchor, *seen.messages)
    return tuple(dict.fromkeys(each.id for each in told if each is not None))


def _events(debt: Debt, seen: Seen) -> tuple[UUID, ...]:
    final = (debt.final.id,) if debt.final is not None else ()
    return tuple(dict.fromkeys((*final, *seen.events)))
