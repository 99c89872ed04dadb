"""Chance that can be repeated: every draw of the world comes from a stream named by its seed."""

from collections.abc import Mapping
from datetime import timedelta
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")
_MILLISECOND = timedelta(milliseconds=1)


def stream(*names: object) -> Random:
    """A stream of its own for ``names``, so that drawing more of one thing moves no other."""
    return Random("/".join(map(str, names)))  # noqa: S311 - a model to be repeated, no secret


def uuid4(rng: Random) -> str:
    # By hand: a world is mostly identifiers, and `uuid.UUID` takes five times as long.
    bits = f"{rng.getrandbits(122):031x}"
    variant = "89ab"[int(bits[0])]
    return f"{bits[1:9]}-{bits[9:13]}-4{bits[13:16]}-{variant}{bits[16:19]}-{bits[19:31]}"


def seconds(rng: Random, least: float, most: float) -> timedelta:
    """A duration between the two bounds (in seconds), in whole milliseconds."""
    return int((least + (most - least) * rng.random()) * 1000) * _MILLISECOND


class Deck(Generic[T]):
    """Draws in known shares: a shuffled deck holds ``shares[card]`` of each card and is dealt to
    its end before it is shuffled again, so even the rarest card comes up in every deck."""

    def __init__(self, rng: Random, shares: Mapping[T, int]) -> None:
        self._rng = rng
        self._cards = [card for card, count in shares.items() for _ in range(count)]
        self._left: list[T] = []

    def draw(self) -> T:
        if not self._left:
            self._left = self._rng.sample(self._cards, len(self._cards))
        return self._left.pop()
