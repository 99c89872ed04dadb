"""E7 against random worlds whose truth is known: rows that a transaction lost, registrations that
were bound anew or erased between two readings, messages that were not stored for a while, and a
clock that is up to half a minute off."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from uuid import UUID, uuid5

from bench._polls import Polls, compared
from notifications.ingest.events import ActivationReport
from notifications.ingest.mirror.copies import Copy
from notifications.ingest.mirror.messages import read_message
from notifications.protocol.audience import Certainty
from notifications.protocol.copies import copies_owed
from notifications.protocol.coverage import Covered
from notifications.protocol.events import ActivationEvent
from notifications.protocol.expectations import Gap
from notifications.protocol.knowledge import Knowledge, Terms
from notifications.protocol.merging import WITHIN, merge
from notifications.protocol.message import Message
from notifications.protocol.reasons import Reason
from notifications.protocol.state import fold_spans
from notifications.protocol.window import Window
from notifications.world import Faults, World
from notifications.world.mirror import send
from notifications.world.outages import Outage
from notifications.world.phones import Habits
from notifications.world.push_messages import Attempt, Fate, Gateways, Served, served
from notifications.world.push_server import Request
from tests.world.worlds import UNTIL

from .messages import APP, PUSH_SERVER, SOURCE

WORLDS = 24
END = UNTIL + timedelta(hours=1)
OFF = Outage(UNTIL - timedelta(hours=9), UNTIL - timedelta(hours=7))
HABITS = Habits(starts_a_day=1.5, lent=0.8, erased=0.2)
LOST = (Fate.ROLLED_BACK, Fate.NOT_REACHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A day with the Push Server, read at each of ``polls``; its clock is ``skew`` ahead."""

    world: World
    truth: Served
    requests: Mapping[str, Message]
    polls: Polls
    skew: timedelta

    @property
    def since(self) -> datetime:
        return self.world.since

    def copies(self) -> Iterator[Message]:
        for each in self.truth.attempts:
            if each.fate is Fate.STORED:
                yield replace(
                    self.requests[each.request_id],
                    id=uuid5(UUID(each.request_id), each.device.activation_id),
                    at=each.at + self.skew,
                    source=PUSH_SERVER,
                    per_device=True,
                    activation=each.device.activation_id if self.is_told(each) else each.named,
                )

    def is_told(self, attempt: Attempt) -> bool:
        """Its registration was the same from one reading to the next; if not, the row names the
        device that the request named."""
        since, until = attempt.at - self.polls.every, attempt.at + self.polls.every
        row = attempt.registration
        return row.since <= since and (row.until is None or row.until > until)


def play(seed: int) -> Played:
    rng = Random(seed)  # noqa: S311
    world = World(seed=seed, size=250, until=UNTIL, app_id=APP)
    emitted = world.emissions(Faults(duplicate=0.05))
    asked = (send(each, rng=rng, to_user=0.6) for each in emitted)
    sends = [each for each in asked if each is not None]
    gateways = Gateways(dead=0.02, rolled_back=0.02, off=[OFF])
    truth = served(
        world.people,
        sends,
        seed=seed,
        since=world.since,
        until=UNTIL,
        habits=HABITS,
        gateways=gateways,
    )
    return Played(
        world=world,
        truth=truth,
        requests={each.request_id: _request(each, _users(world)) for each in sends},
        polls=Polls(world.since, timedelta(seconds=rng.choice((10, 60, 600))), ()),
        skew=timedelta(seconds=rng.uniform(-30, 30)),
    )


def _users(world: World) -> dict[str, int]:
    return {user.user_id: number for number, user in enumerate(world.people, start=1)}


def _request(sent: Request, users: Mapping[str, int]) -> Message:
    body = json.dumps(sent.body).encode()
    copy = Copy(body=body, request_id=sent.request_id, started_at=sent.at, now=sent.at)
    (told,) = read_message(copy)
    emission = told.emission
    return Message(
        id=UUID(sent.request_id),
        at=emission.emitted_at,
        source=SOURCE,
        message_type=emission.message_type,
        result=emission.result,
        operation=emission.operation_id,
        inbox_message=emission.inbox_id,
        activation=emission.activation_id,
        recipient=users[emission.user_id or ""],
        addressed_to=emission.addressed_to,
        app=emission.app_id,
        personal=emission.personal,
    )


def _events(played: Played) -> list[ActivationEvent]:
    users = _users(played.world)
    reports = compared(played.truth.registry.registrations, played.polls, END)
    return [_event(each, number, users) for number, each in enumerate(reports)]


def _event(told: ActivationReport, number: int, users: Mapping[str, int]) -> ActivationEvent:
    return ActivationEvent(
        id=UUID(int=number),
        source=PUSH_SERVER,
        observed_at=told.observed_at,
        recorded_at=told.observed_at,
        happened_at=told.happened_at,
        recipient=None if told.user_id is None else users[told.user_id],
        kind=told.kind,
        activation=told.activation_id,
        app=told.apps[0] if told.apps else None,
        push_active=told.push_active,
        token=told.token,
        not_before=told.not_before,
        compared_at=END,
    )


def gaps_of(played: Played) -> list[Gap]:
    events, window = _events(played), Window(played.since, END)
    devices = {each.activation for each in events if each.activation is not None}
    on, off = (played.since, OFF.since), (OFF.until + played.polls.every, END)
    known = Knowledge(
        now=END,
        terms=Terms(),
        covered={PUSH_SERVER: Covered((on, off))},
        copiers={APP: (PUSH_SERVER,)},
        compared={PUSH_SERVER: END},
        spans={each: fold_spans(each, _about(each, events), window) for each in devices},
    )
    messages = [*played.requests.values(), *played.copies()]
    return list(copies_owed(messages, merge(messages), known, devices))


def _about(device: str, events: Sequence[ActivationEvent]) -> list[ActivationEvent]:
    tokens = {each.token for each in events if each.activation == device} - {None}
    return [each for each in events if each.activation == device or each.token in tokens]


def _lost(played: Played, gap: Gap, of: Mapping[tuple[UUID, str], Attempt]) -> Fate | None:
    """What became of it; of the same asked for again at nearly the same time, of any: nothing tells
    them apart."""
    asked = (
        each
        for each in played.requests.values()
        if abs(each.at - gap.at) <= 2 * WITHIN and _says(each) == _says(gap.anchor)
    )
    attempts = [of.get((each.id, gap.activation or "")) for each in asked]
    fates = [each.fate for each in attempts if each is not None]
    return next((each for each in fates if each in LOST), fates[0] if fates else None)


def _says(message: Message) -> tuple[object, ...]:
    return (
        message.message_type,
        message.result,
        message.operation,
        message.inbox_message,
        message.recipient,
        message.addressed_to,
    )


def test_what_is_called_missing_is_and_most_of_what_is_missing_is_named() -> None:
    fates: Counter[tuple[Reason, Fate | None]] = Counter()
    lost, known = Counter[bool](), Counter[Fate]()
    for played in map(play, range(WORLDS)):
        of = {
            (UUID(each.request_id), each.device.activation_id): each
            for each in played.truth.attempts
        }
        gaps = {(each.anchor.id, each.activation or ""): each for each in gaps_of(played)}
        for key, gap in gaps.items():
            fates[gap.reason, _lost(played, gap, of)] += 1
            if gap.certainty is Certainty.KNOWN:
                known[of[key].fate] += 1
        for key, attempt in of.items():
            kept = attempt.personal and not attempt.registration.is_active
            if attempt.fate in LOST and not kept:
                missing = key in gaps and gaps[key].reason is Reason.NO_COPY
                lost[missing] += 1
    claimed = {fate for reason, fate in fates if reason is Reason.NO_COPY}
    assert claimed == known.keys() == set(LOST), fates
    assert lost[True] > 50
    assert lost[True] > 0.7 * lost.total()
    assert fates[Reason.ELIGIBILITY_UNKNOWN, None] > 0, "some could not be known"
    assert fates[Reason.DEVICE_NOT_KNOWN, Fate.STORED] > 0
