"""`manage.py import_push_server --follow` beside writers like the real ones: nothing is missing and
nothing is twice, whatever is killed."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from django.db import connection

from notifications.models import DeliveryReport, Notification, PushServerReading
from tests.ingest.push_server import VendorServer
from tests.ingest.push_server_tables import PushServerDatabase
from tests.ingest.reading import READ_AS, read_on
from tests.local_database.command import ROOT
from tests.local_database.conftest import wait_for

ACTIVATIONS = [f"49414e31-f3df-4cea-87e6-f214ca3b8{n:03}" for n in range(12)]
# As the real one: an id from a sequence that each connection has a block of, the time of its clock.
_INSERT = """
    INSERT INTO push_message VALUES (
        nextval('push_message_seq'), %s, %s, %s, false, true, '{"extras": {}}',
        clock_timestamp()::timestamp(3), 0
    ) RETURNING id
"""


@pytest.fixture
def registered(push_server: PushServerDatabase) -> list[int]:
    """The registrations of twelve devices of four users."""
    node = VendorServer(push_server)
    node.add_app("mobile")
    at = datetime.now(UTC) - timedelta(hours=1)
    return [
        node.register("mobile", f"t{n}", each, f"user-{n % 4}", at=at)
        for n, each in enumerate(ACTIVATIONS)
    ]


class Writer(threading.Thread):
    """A node of the Push Server with a pool that retires its connections."""

    def __init__(self, database: PushServerDatabase, registered: list[int], seed: int) -> None:
        super().__init__(daemon=True)
        self._database, self._registered = database, registered
        self._rng, self._ends = random.Random(seed), threading.Event()  # noqa: S311

    def run(self) -> None:
        while not self._ends.is_set():
            with psycopg.connect(self._database.owner) as its_own:
                for _ in range(self._rng.randrange(1, 5)):
                    self._write(its_own)

    def _write(self, its_own: "psycopg.Connection[Any]") -> None:
        """A transaction of one row or of a campaign's chunk; some roll back, some commit late."""
        ids = []
        for _ in range(self._rng.choice((1, 1, 1, 30))):
            n = self._rng.randrange(len(self._registered))
            named = ACTIVATIONS[n] if self._rng.random() < 0.5 else None
            given = (self._registered[n], f"user-{n % 4}", named)
            ids += its_own.execute(_INSERT, given).fetchone() or ()
        time.sleep(self._rng.choice((0, 0.01, 0.02, 0.3)))
        if self._rng.random() < 0.2:
            its_own.rollback()
            return
        its_own.commit()
        time.sleep(self._rng.choice((0, 0.02)))
        status = self._rng.choice((1, 1, -1))
        its_own.execute("UPDATE push_message SET status = %s WHERE id = ANY(%s)", [status, ids])
        its_own.commit()

    def end(self) -> None:
        self._ends.set()
        self.join()


@contextmanager
def written_by(count: int, database: PushServerDatabase, registered: list[int]) -> Iterator[None]:
    writers = [Writer(database, registered, seed) for seed in range(count)]
    for each in writers:
        each.start()
    try:
        yield
    finally:
        for each in writers:
            each.end()


def assert_all_is_there_once(database: PushServerDatabase) -> None:
    rows = dict(database.execute("SELECT id::text, status FROM push_message"))
    assert len(rows) > 100
    found = Notification.objects.filter(source=READ_AS).values_list("message_id", flat=True)
    assert Counter(found) == Counter(list(rows))
    final = DeliveryReport.objects.filter(is_final=True)
    told = final.values_list("notification__message_id", "code")
    assert sorted(told) == sorted((number, str(status)) for number, status in rows.items())


@pytest.mark.usefixtures("db")
def test_what_many_write_at_once_is_all_there_once(
    push_server: PushServerDatabase, registered: list[int]
) -> None:
    with written_by(6, push_server, registered):
        end = time.monotonic() + 6
        while time.monotonic() < end:
            read_on(push_server)
            time.sleep(0.05)
    done = read_on(push_server)
    (gaps,) = push_server.execute("SELECT max(id) - count(*) FROM push_message")[0]
    assert gaps > 20  # rolled back, or of blocks that nobody used up
    assert done.missing_ids >= gaps
    assert_all_is_there_once(push_server)


@contextmanager
def followed(database: PushServerDatabase) -> Iterator["subprocess.Popen[str]"]:
    """The command in a process of its own, on the database of this test."""
    told = connection.get_connection_params()
    address = f"{quote(told['host'], safe='')}:{told['port']}/{told['dbname']}"
    command = [sys.executable, "manage.py", "import_push_server", "--source", READ_AS]
    options = ["--dsn", database.dsn, "--timezone", "UTC", "--follow", "--every", "0.2"]
    process = subprocess.Popen(  # noqa: S603
        [*command, *options, "--verbosity", "0"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": f"postgresql://{told['user']}@{address}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.communicate()


def more_than(kept: int, database: PushServerDatabase) -> None:
    """Follows it until a batch more is recorded, and is killed then."""
    with followed(database):
        wait_for(lambda: Notification.objects.count() > kept, "another batch")


def problem() -> str:
    return PushServerReading.objects.get().problem


@pytest.mark.usefixtures("committed_db")
def test_a_follower_that_is_killed_again_and_again_loses_nothing(
    push_server: PushServerDatabase, registered: list[int]
) -> None:
    push_server.execute(
        "INSERT INTO push_message SELECT n, %s, 'user-0', NULL, false, false, %s,"
        " timestamp '2026-01-01' + n * interval '1 s', 1 FROM generate_series(1, 9000) AS n",
        registered[0],
        '{"extras": {"messageType": "mtoken.operationInit"}}',
    )
    push_server.execute("SELECT setval('push_message_seq', 9000)")
    with written_by(2, push_server, registered):
        for _ in range(2):
            more_than(Notification.objects.count(), push_server)
        with followed(push_server) as process:
            wait_for(
                lambda: PushServerReading.objects.filter(polled_at__isnull=False).exists(),
                "the end",
            )
            push_server.execute(f'REVOKE ALL ON push_message FROM "{push_server.role}"')
            wait_for(lambda: "GRANT SELECT (id, device_reg" in problem(), "the problem")
            push_server.grant()
            wait_for(lambda: not problem(), "it to be well again")
            process.send_signal(signal.SIGTERM)
            said, _ = process.communicate(timeout=30)
            assert process.returncode == 0
            assert said.count("trying again every 5 s") == said.count("well again") == 1
            assert said.count(" recorded, ") == 2  # once all was read, and at the end
    read_on(push_server)
    assert_all_is_there_once(push_server)
