"""A record of a year: some banks' messages of a few days, stretched over twelve months that end at
one moment, so that each of very many users hears something now and then, and one far more."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice
from operator import itemgetter
from typing import Any

from bench._lines import BATCH, UNTIL

YEAR = timedelta(days=365)
SINCE = UNTIL - YEAR
WORLDS = 10  # each of its own people
SOURCE, FORMER_SOURCE = "bank", "former-bank"  # the former one told only how the year began
BUSY_DEVICE, BUSY_USER = "b0000000-0000-4000-8000-000000000001", "busy-user"
BUSY = 100  # one message of so many is the busy device's
# Somebody looked at the device of every fiftieth message.
LOOKED_AT = """
INSERT INTO notifications_accessrecord (who, via, action, subject, case_number, at)
SELECT 'agent-' || n % 40, 'api', 'device_trace', activation_id, 'C-' || n % 1000, emitted_at
FROM (
    SELECT row_number() OVER (ORDER BY id) AS n, activation_id, emitted_at
    FROM notifications_notification WHERE activation_id IS NOT NULL
) AS told WHERE n % 50 = 0
"""

Told = tuple[datetime, dict[str, Any]]


def record_year(count: int, until: datetime = UNTIL, length: timedelta = YEAR) -> int:
    """Records about so many, as a bank's emitter would send them, in a year or another ``length``;
    how many they are."""
    from django.db import connection

    from notifications.ingest.decoder import decode
    from notifications.ingest.recorder import record

    told = merge(
        *(_told(seed, count // WORLDS, until, length) for seed in range(WORLDS)), key=itemgetter(0)
    )
    lines, recorded = _lines(told), 0
    while batch := list(islice(lines, BATCH)):
        emissions = [decode(line, now=until) for line in batch]
        record(emissions, source=SOURCE if recorded else FORMER_SOURCE)
        recorded += len(batch)
    with connection.cursor() as cursor:
        cursor.execute(LOOKED_AT)
        # As autovacuum does in time: statistics, and a note of the pages that all can see.
        cursor.execute("VACUUM (ANALYZE)")
    return recorded


def _lines(told: Iterator[Told]) -> Iterator[bytes]:
    for number, (_, envelope) in enumerate(told):
        if number % BUSY == 0 and envelope.get("activation_id"):
            envelope |= {"activation_id": BUSY_DEVICE, "user_id": BUSY_USER}
        yield json.dumps(envelope, ensure_ascii=False).encode()


def _told(seed: int, count: int, until: datetime, length: timedelta) -> Iterator[Told]:
    from notifications.protocol.identity import timestamp
    from notifications.world import Faults, World

    world = World(seed=seed, size=count, until=until)
    slower = length / (world.until - world.since)
    for emitted in world.emissions(Faults.believable()):
        if (envelope := emitted.envelope) is not None:
            at = until - (until - datetime.fromisoformat(envelope["emitted_at"])) * slower
            envelope = envelope | {"emitted_at": timestamp(at)}
            if envelope.get("user_id"):
                envelope["user_id"] = f"{envelope['user_id']}-{seed}"
            yield at, envelope
