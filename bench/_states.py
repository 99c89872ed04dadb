"""How right the folded state of a device is, over random worlds whose truth is known: asked of
random devices at random moments, from what each set of sources told."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from random import Random
from typing import Any

from bench._events import activation_events
from bench._polls import Polls, compared
from notifications.ingest.callbacks import read_callback
from notifications.ingest.events import ActivationReport
from notifications.ingest.history import event_of
from notifications.ingest.mirror import events as requests
from notifications.ingest.mirror.copies import Copy
from notifications.protocol.events import ActivationEvent
from notifications.protocol.state import DeviceState, Standing, fold_state
from notifications.world.chance import seconds
from notifications.world.lives import Life
from notifications.world.outages import outages
from notifications.world.people import populate
from notifications.world.phones import Habits
from notifications.world.powerauth import (
    CallbackFault,
    CallbackFaults,
    Configured,
    activation_callbacks,
    history,
    sent,
)
from notifications.world.push_server import CREATE, DELETE, UPDATE, Request, registry

UNTIL = datetime(2026, 1, 31, 9, 41, tzinfo=UTC)
DAYS, USERS = 30, 20
QUESTIONS = 100  # of one world
WORST = 0.1  # the highest probability of each fault of a callback, and of a copy to be lost
NEAR = 90  # seconds from a change: half of the questions are asked there
READ = {
    CREATE: requests.read_registration,
    UPDATE: requests.read_push_status,
    DELETE: requests.read_deletion,
}


class Source(StrEnum):
    CALLBACKS = "callbacks"
    HISTORY = "history"
    MIRROR = "mirror"
    TABLE = "table"


class Part(StrEnum):
    """Of the state of a device."""

    STATUS = "status"
    REGISTERED = "registered"
    PUSH_ACTIVE = "push_active"
    RECIPIENT = "recipient"
    APP = "app"


@dataclass(kw_only=True)
class Score:
    """Counts of one world, or of several added up. ``wrong`` tells of each thing that was said as
    known and is not true."""

    worlds: int = 0
    asked: int = 0
    events: int = 0
    told: Counter[tuple[Part, Standing]] = field(default_factory=Counter)
    right: Counter[tuple[Part, Standing]] = field(default_factory=Counter)
    faults: Counter[CallbackFault] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def __add__(self, other: "Score") -> "Score":
        names = [each.name for each in fields(self)]
        return Score(**{name: getattr(self, name) + getattr(other, name) for name in names})


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A world of devices, what each source told of them, and what is asked."""

    seed: int
    lives: Mapping[str, Life]
    users: Mapping[str, int]
    told: Mapping[Source, Sequence[ActivationEvent]]
    faults: Counter[CallbackFault]
    questions: Sequence[tuple[str, datetime]]
    polls: Polls

    def known(self, events: Iterable[ActivationEvent], moment: datetime) -> list[ActivationEvent]:
        """As they are read at ``moment``: with when the table was last compared by then."""
        last = self.polls.at_or_before(moment)
        return [
            replace(each, compared_at=last) if each.source == Source.TABLE else each
            for each in events
        ]

    def truth(self, activation: str, at: datetime) -> Mapping[Part, Any]:
        life = self.lives[activation]
        return {
            Part.STATUS: life.status_at(at),
            Part.REGISTERED: life.is_registered_at(at),
            Part.PUSH_ACTIVE: life.is_push_active_at(at),
            Part.RECIPIENT: self.users[life.device.user_id],
            Part.APP: life.device.app_id,
        }


def score(story: Story, sources: Collection[Source], *, then: bool = False) -> Score:
    """What is said from what these ``sources`` told, against the truth; ``then``: from what they
    had told by the moment that is asked about."""
    events = [each for source in sources for each in story.told[source]]
    concerning = _by_device(events)
    counted = Score(worlds=1, asked=len(story.questions), events=len(events), faults=story.faults)
    for activation, at in story.questions:
        told = concerning[activation]
        if then:
            told = [each for each in told if each.observed_at <= at]
        told = story.known(told, at if then else UNTIL)
        state, truth = fold_state(activation, told, at), story.truth(activation, at)
        for part in Part:
            said, true = getattr(state, part), truth[part]
            key = part, said.standing
            counted.told[key] += 1
            counted.right[key] += said.value == true
            if said.standing is Standing.KNOWN and said.value != true:
                counted.wrong.append(_wrong(story, state, part, true, told))
    return counted


def _by_device(events: Sequence[ActivationEvent]) -> Mapping[str, list[ActivationEvent]]:
    """Of each device all that name it, or a token it ever had."""
    owners: dict[str, set[str]] = defaultdict(set)
    for each in events:
        if each.token is not None and each.activation is not None:
            owners[each.token].add(each.activation)
    found: dict[str, list[ActivationEvent]] = defaultdict(list)
    for each in events:
        holders = owners[each.token] if each.token is not None else set()
        for activation in holders | ({each.activation} if each.activation is not None else set()):
            found[activation].append(each)
    return found


def story_of(seed: int) -> Story:
    """The world of ``seed``: a month of a few people with more trouble than any bank has."""
    rng = Random(seed)  # noqa: S311 - a world to be repeated, no secret
    since = UNTIL - timedelta(days=DAYS)
    people = populate(seed=seed, count=USERS, since=since, until=UNTIL)
    habits = Habits(lent=rng.uniform(0, 1), new_token=rng.uniform(0, 0.5), failed=rng.random() / 10)
    kept = registry(people, seed=seed, since=since, until=UNTIL, habits=habits)
    users = {user.user_id: number for number, user in enumerate(people, start=1)}
    names = [each.name for each in fields(CallbackFaults)]
    faults = CallbackFaults(**{name: rng.uniform(0, WORST) for name in names})
    configured = Configured.drawn(rng)
    bodies = [
        each
        for life in kept.lives.values()
        for each in activation_callbacks(life, configured=configured)
    ]
    callbacks = sent(bodies, since=since, until=UNTIL, faults=faults, rng=rng)
    arrived = [each for each in callbacks if each.arrived_at is not None]
    polls = Polls.drawn(since, UNTIL, Random(f"table {seed}"))  # noqa: S311
    reports = {
        Source.CALLBACKS: [
            read_callback(_bytes(each.body), key=each.key, now=each.arrived_at)
            for each in arrived
            if each.arrived_at is not None
        ],
        Source.HISTORY: list(_read_histories(list(kept.lives.values()), since, rng)),
        Source.MIRROR: list(_mirrored(kept.requests, since, rng)),
        Source.TABLE: list(compared(kept.registrations, polls, UNTIL)),
    }
    return Story(
        seed=seed,
        lives=kept.lives,
        users=users,
        told={source: activation_events(its, source, users) for source, its in reports.items()},
        faults=Counter(each.fault for each in callbacks if each.fault is not None),
        questions=_questions(kept.lives, since, rng),
        polls=polls,
    )


def _read_histories(
    lives: Collection[Life], since: datetime, rng: Random
) -> Iterator[ActivationReport]:
    """Read once or several times, at random moments: what comes after is not known from it."""
    moments = sorted(since + seconds(rng, 0, DAYS * 86_400) for _ in range(rng.randint(1, 3)))
    for moment in moments:
        for items in history(lives, until=moment).values():
            yield from (event_of(each, zone=UTC, now=moment) for each in items)


def _mirrored(asked: Sequence[Request], since: datetime, rng: Random) -> Iterator[ActivationReport]:
    """The requests of the window, but for those of two outages and others that were lost."""
    missed = outages(2, since=since, until=UNTIL, rng=rng)
    lost = rng.uniform(0, WORST)
    for each in asked:
        if each.at < since or rng.random() < lost or any(out.has(each.at) for out in missed):
            continue
        copy = Copy(
            body=_bytes(each.body), request_id=each.request_id, started_at=each.at, now=each.at
        )
        yield from READ[each.path](copy)


def _questions(
    lives: Mapping[str, Life], since: datetime, rng: Random
) -> list[tuple[str, datetime]]:
    """A device and a moment: half of them at any time, half close to a change of the truth."""
    changes = [
        (name, each.at)
        for name, life in lives.items()
        for each in (*life.turns, *life.rows)
        if each.at >= since
    ]
    names, window = sorted(lives), (UNTIL - since).total_seconds()
    found = [(rng.choice(names), since + seconds(rng, 0, window)) for _ in range(QUESTIONS // 2)]
    for name, at in rng.choices(changes, k=QUESTIONS - len(found)):
        found.append((name, min(at + seconds(rng, -NEAR, NEAR), UNTIL)))
    return found


def _bytes(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body).encode()


def _wrong(
    story: Story,
    state: DeviceState,
    part: Part,
    true: Any,
    told: Sequence[ActivationEvent],
) -> str:
    said, life = getattr(state, part), story.lives[state.activation]
    lines = [
        f"seed {story.seed}, device {state.activation}, {state.at}:"
        f" {part} is said to be known as {said.value}, and is {true}"
    ]
    lines += [f"  in truth from {each.at} on: {each}" for each in (*life.turns, *life.rows)]
    for each in sorted(told, key=lambda event: event.at):
        shown = {
            name: value
            for name in (
                "kind",
                "activation",
                "status",
                "push_active",
                "token",
                "happened_at",
                "not_before",
            )
            if (value := getattr(each, name)) is not None
        }
        lines.append(f"  {each.source} at {each.observed_at}: {shown}")
    return "\n".join(lines)
