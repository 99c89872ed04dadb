"""What all rows have in common that are exported: they come slice by slice, each of which knows
where the next begins."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from itertools import islice
from typing import TypeAlias

from .columns import Column, How

# Where rows go on, as a text that only its rows understand; "" is before the first of them.
Place: TypeAlias = str
Chunk: TypeAlias = list[bytes]

# Rows in a chunk: while it is worked on PostgreSQL goes on, as long as its rows fit the socket.
AT_ONCE = 200
LARGEST = 1 << 20  # bytes, about


class Slice:
    """Rows as COPY gives them, in chunks. Once all are read, ``count`` says how many they were and
    ``place`` where the next slice begins, or None: there is nothing behind them."""

    def __init__(
        self, chunks: Iterable[Chunk], place_behind: Callable[[int, bytes], Place | None]
    ) -> None:
        self._chunks, self._place_behind = chunks, place_behind
        self.count = 0
        self.place: Place | None = None

    @classmethod
    def empty(cls) -> "Slice":
        """The last one, of no rows."""
        return cls((), lambda count, row: None)

    def __iter__(self) -> Iterator[Chunk]:
        row = b""
        for chunk in self._chunks:
            self.count += len(chunk)
            row = chunk[-1]
            yield chunk
        self.place = self._place_behind(self.count, row)


def chunks_of(rows: Iterable[bytes]) -> Generator[Chunk]:
    """``AT_ONCE`` rows each, or fewer where rows are long, so that memory is bounded."""
    following, most = iter(rows), AT_ONCE
    while chunk := [*map(bytes, islice(following, most))]:
        yield chunk
        size = max(sum(map(len, chunk)) // len(chunk), 1)
        most = max(1, min(AT_ONCE, LARGEST // size))


class Rows(ABC):
    """The rows of one export, in an order of time."""

    columns: tuple[Column, ...]

    @abstractmethod
    def close(self) -> None:
        """To be called afterwards: lets go of what it reads with."""

    @abstractmethod
    def estimate(self) -> int | None:
        """About how many; None where nobody can know beforehand."""

    @abstractmethod
    def next_at(self, place: Place) -> datetime | None:
        """When at the earliest the row behind ``place`` may be; None: there is none."""

    @abstractmethod
    def slice(
        self, how: How, place: Place, *, stop: datetime | None, most: int, defused: bool
    ) -> AbstractContextManager[Slice]:
        """Those behind ``place`` and before ``stop``: ``most`` of them, or some more. What a
        spreadsheet takes for a formula is ``defused`` in CSV. Raises ``TooMuch``."""
