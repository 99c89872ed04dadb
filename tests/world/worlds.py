"""Worlds that several tests look at; they cost a moment, so each is made once."""

from datetime import UTC, datetime
from functools import cache

from notifications.world import Emitted, Fact, Faults, World

UNTIL = datetime(2026, 1, 31, 9, 41, tzinfo=UTC)
SIZE = 2_000
LARGE = 6_000  # enough for what is rare


@cache
def world(*, seed: int = 1, size: int = SIZE) -> World:
    return World(seed=seed, size=size, until=UNTIL)


@cache
def truth(*, seed: int = 1, size: int = SIZE) -> tuple[Fact, ...]:
    return tuple(world(seed=seed, size=size).facts())


@cache
def emissions(
    faults: Faults = Faults.none(),  # noqa: B008 - frozen
    *,
    seed: int = 1,
    size: int = SIZE,
) -> tuple[Emitted, ...]:
    return tuple(world(seed=seed, size=size).emissions(faults))
