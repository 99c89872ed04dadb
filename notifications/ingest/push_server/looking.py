"""What is new in a table whose ids come late and out of order: what has a greater id than all that
was read, and of what was missing then what has come since."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from .connection import Database
from .positions import Found, Missing, Position, due, looked_for, read_on, was_reset
from .rows import Post, Row, end_of

R = TypeVar("R", Row, Post)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked(Generic[R]):
    """``tail`` goes on behind ``position``, ``late`` was missing; as of ``now`` by the clock there.
    ``was_reset``: the table is another than was read before."""

    position: Position
    tail: Sequence[R]
    late: Sequence[R]
    now: datetime
    more: bool
    was_reset: bool

    def position_after(self, at: Mapping[int, datetime]) -> Position:
        """Once all of it is recorded; ``at`` has when the rows were made."""
        found = [Found(row.id, at.get(row.id)) for row in self.tail]
        told = self.tail[-1].told if self.tail else None
        return read_on(self.position, found, told=told, now=self.now)


def look(
    database: Database,
    table: str,
    position: Position,
    *,
    after: Callable[[Database, int, int], list[R]],
    within: Callable[[Database, Sequence[Missing], int], list[R]],
    most: int,
) -> Looked[R]:
    """Within a snapshot; at most so many of either."""
    end = end_of(database, table, position.last)
    is_other = was_reset(position, told=end.told, greatest=end.greatest)
    if is_other:
        position = Position(dropped=position.dropped)
    tail = after(database, position.beyond, most)
    late: list[R] = []
    if len(tail) < most:
        missing = due(position, end.now)
        late = within(database, missing, most) if missing else []
        found = (row.id for row in late)
        position = looked_for(position, found, now=end.now, is_all=len(late) < most)
    return Looked(
        position=position,
        tail=tail,
        late=late,
        now=end.now,
        more=len(tail) == most or len(late) == most,
        was_reset=is_other,
    )
