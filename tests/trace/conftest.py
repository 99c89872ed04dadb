"""A day of an invented bank with every fault, and stories, in the record."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notifications.ingest.envelope import emission_from
from notifications.ingest.recorder import record
from notifications.trace.window import Window
from notifications.world import Emitted, Faults, World

from .stories import Story

UNTIL = datetime(2026, 3, 15, tzinfo=UTC)
DAY = Window(UNTIL - timedelta(days=1), UNTIL)
TROUBLED = Faults(drop=0.03, delay=0.03, duplicate=0.03, misdirect=0.03, corrupt=0.05)


@pytest.fixture
def tell(db: None) -> Callable[..., None]:
    """Records a story, or envelopes."""

    def make(told: Story | Iterable[dict[str, Any]], source: str = "bank") -> None:
        envelopes = told.envelopes() if isinstance(told, Story) else told
        record([emission_from(each, now=UNTIL) for each in envelopes], source=source)

    return make


@pytest.fixture
def troubled_day(db: None) -> list[Emitted]:
    """What was emitted on ``DAY``, and what became of it."""
    world = World(seed=5, size=600, until=UNTIL)
    emitted = list(world.emissions(TROUBLED))
    envelopes = [each.envelope for each in emitted if each.envelope is not None]
    record([emission_from(each, now=UNTIL) for each in envelopes], source="bank")
    return emitted
