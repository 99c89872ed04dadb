"""Sources to look at: one with holes and errors, one that is not covered now."""

from datetime import datetime, timedelta
from typing import Any

from notifications.ingest.contacts import note_contact, note_errors
from notifications.models import ClockDay, ContactKind, Coverage
from notifications.models.clock import write_clock
from notifications.protocol.clocks import Clock

HOLED, SILENT = "retail-bank", "demo-bank"
HOURS = ((-20, -13.5), (-13, -9), (-8.9, -4), (-3, -0.01))  # before now


def fill(now: datetime) -> None:
    for began, ended in HOURS:
        Coverage.objects.create(
            source_id=HOLED,
            began_at=now + timedelta(hours=began),
            ended_at=now + timedelta(hours=ended),
            kinds=[ContactKind.PROBE, ContactKind.REPORT],
        )
    note_contact(HOLED, ContactKind.HEARTBEAT)
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    about: dict[str, Any] = {
        "since": day,
        "until": day + timedelta(days=1),
        "spread": timedelta(seconds=1),
    }
    clocks = (
        Clock(HOLED, timedelta(minutes=-4), pairs=1_234, against=SILENT, **about),
        Clock(SILENT, timedelta(0), pairs=1_234, **about),
    )
    rows = [write_clock(each) for each in clocks]
    ClockDay.objects.create(day=day.date(), clocks=rows, looked_at=now)
    note_errors(
        HOLED,
        {
            ("conflict", "#/message_id"): 3,
            ("unknown_field", "#/…"): 12_345,
            ("malformed_json", "#"): 1,
            ("W" * 64, "#/" + "…/" * 90): 1,
        },
    )
    Coverage.objects.create(
        source_id=SILENT,
        began_at=now - timedelta(days=3),
        ended_at=now - timedelta(hours=2),
        kinds=[ContactKind.HEARTBEAT],
    )
