"""Several worlds of one shape as one bank: of as many people as it takes, each world's its own."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from heapq import merge
from operator import attrgetter
from typing import Any


def world_of_its_own(seed: int, size: int, until: datetime, **like: Any) -> Any:
    """A world whose users no other one has: their names end in its ``seed``."""
    from notifications.world import World

    world = World(seed=seed, size=size, until=until, **like)
    world.people = tuple(_renamed(user, f"{user.user_id}-{seed}") for user in world.people)
    return world


class Worlds:
    """As one ``World``: its people, facts and emissions are those of all of them together."""

    def __init__(self, seeds: Sequence[int], size: int, until: datetime, **like: Any) -> None:
        self._each = [world_of_its_own(seed, size, until, **like) for seed in seeds]
        self.seed, self.size = seeds[0], size * len(seeds)
        self.since, self.until = self._each[0].since, self._each[0].until
        self.people = tuple(user for world in self._each for user in world.people)

    def facts(self) -> Iterator[Any]:
        return merge(*(world.facts() for world in self._each), key=attrgetter("at"))

    def emissions(self, faults: Any) -> Iterator[Any]:
        return merge(*(world.emissions(faults) for world in self._each), key=attrgetter("at"))


def _renamed(user: Any, name: str) -> Any:
    devices = tuple(replace(device, user_id=name) for device in user.devices)
    return replace(user, user_id=name, devices=devices)
