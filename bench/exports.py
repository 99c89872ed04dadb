"""Exports of a million notifications: rows a second beside COPY of the same rows, the most memory
that a process takes for them and for a tenth of them, and what recording loses meanwhile."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from statistics import median
from threading import Event, Thread
from time import perf_counter

from bench._database import migrated
from bench._lines import BATCH, UNTIL, lines

ROWS = 1_000_000
ROUNDS = 5
RECORDED = 30_000  # in each measurement of recording
# The same rows and columns, with the user ids and in the same order, as PostgreSQL writes them.
FLOOR = """
    COPY (
        SELECT
            emitted_at, recorded_at, told.id, source_id, message_type, result, app_id, platform,
            addressed_to, message_id, operation_id, activation_id, inbox_message_id, per_device,
            silent, personal, extras, findings, user_id
        FROM notifications_notification AS told
        LEFT JOIN notifications_recipient AS person ON person.id = recipient_id
        ORDER BY told.id
    ) TO STDOUT
"""


def main() -> None:
    record_lines(1, ROWS)
    since = tenth()
    for file_format in ("csv", "ndjson", "parquet"):
        floors, rates, memory = [], [], []
        for _ in range(ROUNDS):
            floors.append(copied())
            done = exported(file_format, "all")
            rates.append(done["rows"] / done["seconds"])
            memory.append(done["memory"])
        few = median(exported(file_format, since)["memory"] for _ in range(ROUNDS))
        rate, floor, many = median(rates), median(floors), median(memory)
        print(
            f"{file_format}: {rate:,.0f} rows/s, COPY {floor:,.0f}, ratio {rate / floor:.2f};"
            f" memory {many:.0f} MB, of a tenth {few:.0f} MB, ratio {many / few:.2f}"
        )
    for file_format in ("csv", "parquet"):
        alone, beside = [], []
        for number in range(ROUNDS):
            alone.append(recorded(10 + number))
            with exporting(file_format):
                beside.append(recorded(100 + number))
        told = median(one / other for one, other in zip(beside, alone, strict=True))
        print(
            f"recording while {file_format} is exported: {median(beside):,.0f} rows/s, alone"
            f" {median(alone):,.0f}, ratio {told:.2f}"
        )


def record_lines(seed: int, count: int) -> None:
    from django.db import connection

    for batch in _batches(seed, count):
        batch()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


def recorded(seed: int) -> float:
    """Rows a second."""
    batches = list(_batches(seed, RECORDED))
    start = perf_counter()
    count = sum(batch() for batch in batches)
    return count / (perf_counter() - start)


def _batches(seed: int, count: int) -> Iterator[Callable[[], int]]:
    from notifications.ingest.decoder import decode
    from notifications.ingest.recorder import record

    told = lines(seed, count)
    while some := list(islice(told, BATCH)):
        emissions = [decode(line, now=UNTIL) for line in some]
        yield lambda emissions=emissions: len(record(emissions, source=f"bank-{seed}").ids)


def copied() -> float:
    """Rows a second, thrown away."""
    from django.db import connection

    start, count = perf_counter(), 0
    with connection.cursor() as cursor, cursor.copy(FLOOR) as copy:
        for _ in copy:
            count += 1
    return count / (perf_counter() - start)


def tenth() -> str:
    """The moment from which on a tenth was emitted."""
    from notifications.models import Notification
    from notifications.protocol.window import written

    told = Notification.objects.newest_first().values_list("emitted_at", flat=True)
    return written(told[ROWS // 10])


def _command(*words: str) -> tuple[list[str], dict[str, str]]:
    from django.db import connection

    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "bench._settings",
        "BENCH_DATABASE": connection.settings_dict["NAME"],
    }
    return [sys.executable, "-m", "bench._exporting", *words], environment


def exported(*words: str) -> dict[str, float]:
    command, environment = _command(*words)
    return json.loads(subprocess.check_output(command, env=environment))  # noqa: S603


@contextmanager
def exporting(file_format: str) -> Iterator[None]:
    """One export after the other, as nice as the command and the worker are."""
    command, environment = _command(file_format, "all", "nice")
    ended, begun = Event(), Event()

    def go_on() -> None:
        while not ended.is_set():
            process = subprocess.Popen(  # noqa: S603
                command, env=environment, stdout=subprocess.DEVNULL
            )
            begun.set()
            while process.poll() is None:
                if ended.wait(0.1):
                    process.kill()
                    process.wait()

    thread = Thread(target=go_on)
    thread.start()
    begun.wait()
    ended.wait(2.0)  # it has started and reads rows
    try:
        yield
    finally:
        ended.set()
        thread.join()


if __name__ == "__main__":
    with migrated():
        main()
