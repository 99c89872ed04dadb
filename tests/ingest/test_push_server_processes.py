"""Making messages in a process of its own: the same comes of it, and it never stays behind."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import psutil
import pytest

from notifications.ingest.push_server import follow
from notifications.ingest.push_server.batch import Batch, Seen
from notifications.ingest.push_server.making import make
from notifications.ingest.push_server.processes import making
from notifications.ingest.push_server.rows import Row
from notifications.models import DeliveryReport, Notification, Presentation
from notifications.protocol.bindings import Binding
from tests.ingest.push_server_tables import PushServerDatabase
from tests.ingest.reading import READ_AS, read_on
from tests.local_database.command import ROOT
from tests.local_database.conftest import is_running, wait_for

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DEVICE = "49414e31-f3df-4cea-87e6-f214ca3b8001"
BODIES = (
    '{"extras": {"messageType": "mtoken.operationInit", "operationId": "x"}}',
    '{"category": "a\\tb\\\\c\\nd", "sound": "\\\\N", "extras": {"n": 1e400, "n": 2}}',
    '{"title": "č", "body": 7, "extras": []}',
    "no JSON",
)
ROWS = [
    Row(n, n % 2, f"user-{n}", DEVICE if n % 3 else None, True, False, body, f"2026-01-0{n}", n - 2)
    for n, body in enumerate((*BODIES, *BODIES), start=1)
]
BOUND = Binding(
    number=1, activation=DEVICE, recipient=1, app="app", platform="apns", is_active=True,
    registered_at=NOW, seen_at=NOW,
)  # fmt: skip
BATCH = Batch(
    seen=Seen(rows=ROWS, now=NOW, observed_at=NOW, before=None, compared_at=NOW),
    at={row.id: datetime(2026, 1, row.id, tzinfo=UTC) for row in ROWS[:-1]},
    compared=frozenset({1}),
    bindings={0: [], 1: [BOUND]},
    recipients={"user-3": 1},
)


def test_the_same_is_made_there_as_here() -> None:
    made = make(BATCH, source="here", zone="UTC")
    assert len(made.emissions.ids) == 7
    assert made.pending
    assert made.unusable
    with making("here", "UTC", is_long=True) as submit:
        first, second = submit(BATCH), submit(BATCH.only({2}))
        assert first.result() == made
        assert second.result() == make(BATCH.only({2}), source="here", zone="UTC")


def test_what_goes_wrong_there_is_told_here_and_the_next_is_made() -> None:
    with making("here", "UTC", is_long=True) as submit:
        with pytest.raises(RuntimeError, match=r"in the process that makes messages[^$]*KeyError"):
            submit(replace(BATCH, bindings={})).result()
        assert submit(BATCH).result() == make(BATCH, source="here", zone="UTC")
        (process,) = _makers(os.getpid())
        process.kill()
        with pytest.raises(RuntimeError, match="makes messages ended with -9"):
            submit(BATCH).result()
    assert not _makers(os.getpid())


def test_it_ends_when_whoever_started_it_is_killed() -> None:
    code = "import django; django.setup(); import tests.ingest.test_push_server_processes as t;"
    code += " t.wait_beside_it()"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        number = int(process.stdout.readline())
        assert is_running(number)
        process.send_signal(signal.SIGKILL)
    wait_for(lambda: not is_running(number), "its end")


def wait_beside_it() -> None:
    """What the process that is killed does."""
    with making("here", "UTC", is_long=True) as submit:
        submit(BATCH).result()
        (process,) = _makers(os.getpid())
        print(process.pid, flush=True)  # noqa: T201
        signal.pause()


def _makers(number: int) -> list[psutil.Process]:
    found = psutil.Process(number).children()
    return [each for each in found if "notifications.ingest.push_server" in each.cmdline()]


@pytest.mark.usefixtures("db")
def test_a_backfill_by_a_process_records_what_one_without_does(
    push_server: PushServerDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    for row in ROWS[:7]:
        push_server.execute(
            "INSERT INTO push_message VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)", *row
        )
    push_server.execute("ANALYZE push_message")
    read_on(push_server, source="beside")
    monkeypatch.setattr(follow, "MANY", 0)
    monkeypatch.setattr(follow, "LONG_SECONDS", 0)
    read_on(push_server, source=READ_AS)
    for model, names in (
        (Notification, ("message_id", "extras", "findings", "platform", "emitted_at")),
        (DeliveryReport, ("key", "outcome", "code", "cause", "told_at", "zone", "registration")),
        (Presentation, ("mode", "category", "sound", "title_length", "valid_until")),
    ):
        told: dict[str, list[str]] = {READ_AS: [], "beside": []}
        owner = "notification__source" if model is Presentation else "source"
        for source, *values in model.objects.values_list(owner, *names):
            told[source].append(repr(values))
        told[READ_AS].sort()
        told["beside"].sort()
        assert told[READ_AS] == told["beside"] != []
