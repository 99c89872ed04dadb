"""Exports in all their states, to look at."""

from datetime import datetime, timedelta
from uuid import UUID

from notifications.exports import jobs
from notifications.models import Export, ExportPart

from .aside import aside

State = Export.State
NAMES = ("waiting", "running", "unknown", "finished", "failed", "cancelled", "expired", "hostile")
KEYS = {name: UUID(int=(7 << 76) + number) for number, name in enumerate(NAMES)}
HOSTILE = "<img src=x onerror=alert(4)>\u202e" + "W" * 300


def fill(now: datetime) -> None:
    """None of them is made, or they would change while they are looked at."""
    much = {"rows": 412_000, "bytes": 61_803_398}
    _make("waiting", now, state=State.QUEUED)
    _make("running", now, state=State.RUNNING, estimate=1_000_000, **much)
    _make("unknown", now, state=State.RUNNING, dataset="gaps", rows=12_345)
    _make("finished", now, state=State.FINISHED, expires_at=now + timedelta(days=7), **much)
    _make("failed", now, state=State.FAILED, reason="A file could not be written: disk is full.")
    _make("cancelled", now, state=State.CANCELLED, rows=1_000)
    _make("expired", now, state=State.EXPIRED, **much)
    filters = {"since": ["all"], "operation": [HOSTILE, "b"], f"extras.{HOSTILE}": [HOSTILE]}
    _make("hostile", now, state=State.FINISHED, filters=filters, case_number=HOSTILE[:64])


def _make(name: str, now: datetime, **columns: object) -> None:
    year = timedelta(days=365)
    asked = {
        "id": KEYS[name],
        "who": "operator",
        "via": "admin",
        "dataset": "notifications",
        "format": "csv",
        "gzip": True,
        "filters": {
            "since": ["2026-03-14T00:00:00Z"],
            "until": ["2026-03-15T00:00:00Z"],
            "message_type": ["mtoken.operationInit"],
        },
        "tells_users": True,
        "delivery": "job",
        "asked_at": now - timedelta(minutes=3),
        "due_at": now + year,
        "alive_at": now + year,
        "case_number": "C-2026-481",
    }
    export = Export.objects.create(**asked | columns)
    if export.rows:
        for number in (1, 2):
            ExportPart.objects.create(
                export=export,
                number=number,
                name=f"notifications-{number:05}.csv.gz",
                rows=export.rows // 2,
                bytes=export.bytes // 2,
                sha256=f"{number}f" * 32,
            )


def make_all() -> None:
    """What is due, as a worker does."""

    def work() -> None:
        while jobs.work():
            pass

    aside(work)
