"""Reading a Push Server of the tests: by the command, or piece by piece."""

from datetime import datetime
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management import call_command
from django.utils import timezone

from notifications.ingest.push_server.follow import step
from notifications.ingest.push_server.report import Step
from tests.ingest.push_server_tables import PushServerDatabase

READ_AS = "push-server"
PRAGUE = ZoneInfo("Europe/Prague")
INIT = {
    "title": "Confirm",
    "body": "Open the app",
    "category": "login",
    "extras": {
        "messageType": "mtoken.operationInit",
        "operationId": "7e9e9b1d-1b5a-4d8e-9a3e-0c3f2b6d8a10",
        "operationName": "login",
    },
}


def imported(database: PushServerDatabase, **options: Any) -> str:
    """What the command says, on both of its streams."""
    out = StringIO()
    given = {"source": READ_AS, "dsn": database.dsn, "timezone": "UTC", "verbosity": 0, **options}
    call_command("import_push_server", stdout=out, stderr=out, **given)
    return out.getvalue()


def read_on(
    database: PushServerDatabase,
    *,
    zone: str = "UTC",
    at: datetime | None = None,
    source: str = READ_AS,
) -> Step:
    """Up to its end, with both clocks at ``at``."""
    if at is not None:
        database.set_clock(at)
    while True:
        done = step(source, database.dsn, ZoneInfo(zone), clock=lambda: at or timezone.now())
        if not done.more:
            return done
