"""A day of an invented bank, with every fault; and a bank that sends what it should."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from notifications.ingest.envelope import emission_from
from notifications.ingest.recorder import record
from notifications.protocol.window import Window
from notifications.world import Emitted, Faults, World
from tests.conftest import FINISHED, INBOX_NEW, INIT, STATUS_CHANGE

from .happening import sent

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


@pytest.fixture
def bank(tell: Callable[..., None]) -> Callable[..., None]:
    """A bank that has been sending every type to the app since long ago, and goes on."""
    others = {"activation_id": None, "user_id": "another"}
    for minutes in (-300, 175):
        tell(
            sent({**each, "operationId": f"{minutes}"}, minutes, **others)
            for each in (INIT, FINISHED, INBOX_NEW, STATUS_CHANGE | {"activationId": "another"})
        )
    return tell
