"""Worlds whose truth is known, in which every source tells something and everything can go wrong.
What went wrong is drawn anew for each world, from nothing up to a believable worst."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from random import Random
from typing import Any

from bench._polls import Polls
from notifications.protocol.identity import timestamp
from notifications.world import Emitted, Fact, Faults, Style, World
from notifications.world.mirror import post, send
from notifications.world.outages import Outage, outages
from notifications.world.phones import Habits
from notifications.world.powerauth import (
    Callback,
    CallbackFaults,
    Configured,
    activation_callbacks,
    operation_callbacks,
    sent,
)
from notifications.world.push_messages import Attempt, Gateways, Served, served
from notifications.world.push_server import Registration, Request

UNTIL = datetime(2026, 1, 31, 9, 41, tzinfo=UTC)
APP = "mobile-token"
SIZES = (80, 200)  # messages of a world
WORST = 0.04  # the highest probability of each fault of an emission
WORST_OF_CALLBACKS = 0.1
MOST_OUTAGES = 3  # of each source
SKEW = 29.0  # seconds that each clock is off, at most: any two differ by less than a minute
EVERY = (10, 60, 600)  # seconds between two readings of the Push Server's tables
TEXT = "activationId"


class Source(StrEnum):
    BANK = "bank"  # the emitter itself reports what it emits
    MIRROR = "mirror"  # copies of the requests to the Push Server
    PUSH_SERVER = "push-server"  # its database
    CALLBACKS = "callbacks"  # of PowerAuth
    HISTORY = "history"  # of PowerAuth


FAR = frozenset({Source.MIRROR, Source.PUSH_SERVER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What came of one message that was owed: what the emitter reported of it, the request that
    sent it and what the Push Server made of that; nothing of one that was dropped."""

    label: Emitted
    request: Request | None
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Played:
    """``outages`` are when a source was not recorded, and was known not to be; of those in ``late``
    what it told then came afterwards. ``ahead`` is by how much its clock is. Of a source that is
    not ``measured`` nothing tells when it was recorded."""

    seed: int
    world: World
    facts: Sequence[Fact]
    sent: Sequence[Sent]
    posts: Sequence[tuple[Fact, Request]]
    served: Served
    polls: Polls
    off: Sequence[Outage]
    outages: Mapping[Source, Sequence[Outage]]
    late: frozenset[Source]
    measured: frozenset[Source]
    ahead: Mapping[Source, timedelta]
    configured: Configured
    callbacks: Sequence[Callback]
    histories: Sequence[datetime]

    @property
    def since(self) -> datetime:
        return self.world.since

    @cached_property
    def rows(self) -> Mapping[tuple[int, datetime], Registration]:
        """Each row of the table of registrations as it came to be in the end."""
        return {(each.number, each.since): each for each in self.served.registry.registrations}

    @property
    def compared_at(self) -> datetime | None:
        """The last reading of the table of registrations."""
        return self.polls.at_or_before(UNTIL - timedelta.resolution)

    def row_of(self, attempt: Attempt) -> Registration:
        """With when it ended, which was not known yet when it was sent to."""
        return self.rows[attempt.registration.number, attempt.registration.since]

    @property
    def users(self) -> Mapping[str, int]:
        return {user.user_id: number for number, user in enumerate(self.world.people, start=1)}

    def was_recorded(self, source: Source, moment: datetime) -> bool:
        """Whether what the source told then is on record."""
        return source in self.late or not self._was_down(source, moment)

    def was_covered(self, source: Source, since: datetime, until: datetime) -> bool:
        """Whether it was recorded all the while, in truth."""
        return not any(each.since <= until and each.until >= since for each in self.missed(source))

    def missed(self, source: Source) -> list[Outage]:
        """When it is known not to have been recorded. That messages were not stored is known to the
        next reading."""
        found = [*self.outages[source]]
        if source is Source.PUSH_SERVER:
            found += (Outage(each.since, each.until + self.polls.every) for each in self.off)
        return sorted(found, key=lambda each: each.since)

    def intervals(self, source: Source) -> tuple[tuple[datetime, datetime], ...]:
        """When it is known to have been recorded."""
        found, begins = [], self.since
        for each in self.missed(source):
            if each.since > begins:
                found.append((begins, min(each.since, UNTIL)))
            begins = max(begins, each.until)
        return (*found, (begins, UNTIL)) if begins < UNTIL else tuple(found)

    def _was_down(self, source: Source, moment: datetime) -> bool:
        return any(each.has(moment) for each in self.outages[source])


def play(seed: int, *, apart: float = SKEW) -> Played:
    """The world of ``seed``: a day of a bank with more trouble than any has. The clocks of the
    mirror and of the Push Server are off by so many seconds at most."""
    rng = Random(f"trouble {seed}")  # noqa: S311 - a world to be repeated, no secret
    size = rng.randint(*SIZES)
    world = World(seed=seed, size=size, until=UNTIL, style=Style.FULL, app_id=APP)
    faults = Faults(**{each.name: rng.uniform(0, WORST) for each in fields(Faults)})
    to_user = rng.uniform(0, 1)
    labels = list(world.emissions(faults))
    requests = [send(each, rng=rng, to_user=to_user) for each in labels]
    off = outages(rng.choice((0, 0, 1)), since=world.since, until=UNTIL, rng=rng)
    missed = {each: _outages(world, rng) for each in Source}
    truth = served(
        world.people,
        [each for each in requests if each is not None],
        seed=seed,
        since=world.since,
        until=UNTIL,
        habits=_habits(rng),
        gateways=_gateways(rng, off),
    )
    of_request: dict[str, list[Attempt]] = {}
    for attempt in truth.attempts:
        of_request.setdefault(attempt.request_id, []).append(attempt)
    facts = list(world.facts())
    configured = Configured.drawn(rng)
    posted = ((each, post(each, rng=rng)) for each in facts)
    # The hole that messages were not stored in is known from the reading before it to the next.
    every = timedelta(seconds=rng.choice(EVERY))
    return Played(
        seed=seed,
        world=world,
        facts=facts,
        sent=[
            Sent(
                label=label,
                request=request,
                attempts=tuple(of_request.get(request.request_id, ())) if request else (),
            )
            for label, request in zip(labels, requests, strict=True)
        ],
        posts=[(fact, request) for fact, request in posted if request is not None],
        served=truth,
        polls=Polls(world.since, every, missed[Source.PUSH_SERVER]),
        off=off,
        outages=missed,
        late=frozenset(each for each in Source if rng.random() < 0.3) | {Source.PUSH_SERVER},
        measured=frozenset(each for each in Source if missed[each] or rng.random() < 0.7)
        | {Source.PUSH_SERVER},
        ahead={
            each: timedelta(seconds=rng.uniform(-1, 1) * (apart if each in FAR else SKEW))
            for each in Source
        },
        configured=configured,
        callbacks=_callbacks(world, facts, truth, configured, rng),
        histories=sorted(
            world.since + rng.random() * (UNTIL - world.since) for _ in range(rng.randint(1, 3))
        ),
    )


def envelope_of(each: Sent, ahead: timedelta) -> dict[str, Any] | None:
    """What the emitter reported: it names whom the request names, by its own clock."""
    told, request = each.label.envelope, each.request
    if told is None or request is None:
        return None
    told = {**told, "emitted_at": timestamp(each.label.at + ahead)}
    if TEXT not in request.body["requestObject"]["message"]:
        told = {key: value for key, value in told.items() if key not in ("activation_id",)}
        told |= {"addressed_to": "user", "platform": None}
        told["extras"] = {key: value for key, value in told["extras"].items() if key != TEXT}
    return told


def _outages(world: World, rng: Random) -> tuple[Outage, ...]:
    return outages(rng.randint(0, MOST_OUTAGES), since=world.since, until=UNTIL, rng=rng)


def _habits(rng: Random) -> Habits:
    return Habits(
        starts_a_day=rng.uniform(0.2, 2),
        lent=rng.uniform(0, 0.8),
        new_token=rng.uniform(0, 0.3),
        erased=rng.uniform(0, 0.2),
        forgotten=rng.uniform(0, 0.3),
        failed=rng.uniform(0, 0.1),
    )


def _gateways(rng: Random, off: Sequence[Outage]) -> Gateways:
    return Gateways(
        failed=rng.uniform(0, 0.05),
        dead=rng.uniform(0, 0.02),
        unanswered=rng.uniform(0, 0.05),
        rolled_back=rng.uniform(0, 0.03),
        off=off,
    )


def _callbacks(
    world: World, facts: Sequence[Fact], truth: Served, configured: Configured, rng: Random
) -> list[Callback]:
    names = [each.name for each in fields(CallbackFaults)]
    faults = CallbackFaults(**{name: rng.uniform(0, WORST_OF_CALLBACKS) for name in names})
    bodies = [
        each
        for life in truth.registry.lives.values()
        for each in activation_callbacks(life, configured=configured)
    ]
    bodies += operation_callbacks(facts, until=UNTIL, configured=configured, rng=rng)
    return sent(bodies, since=world.since, until=UNTIL, faults=faults, rng=rng)
