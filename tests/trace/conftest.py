"""A day of an invented bank, with every fault."""

from datetime import UTC, datetime, timedelta

import pytest

from notifications.ingest.envelope import emission_from
from notifications.ingest.recorder import record
from notifications.protocol.window import Window
from notifications.world import Emitted, Faults, World

UNTIL = datetime(2026, 3, 15, tzinfo=UTC)
DAY = Window(UNTIL - timedelta(days=1), UNTIL)
TROUBLED = Faults(drop=0.03, delay=0.03, duplicate=0.03, misdirect=0.03, corrupt=0.05)


@pytest.fixture
def troubled_day(db: None) -> list[Emitted]:
    """What was emitted on ``DAY``, and what became of it."""
    world = World(seed=5, size=600, until=UNTIL)
    emitted = list(world.emissions(TROUBLED))
    envelopes = [each.envelope for each in emitted if each.envelope is not None]
    record([emission_from(each, now=UNTIL) for each in envelopes], source="bank")
    return emitted
