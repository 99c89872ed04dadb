"""Requests of a million lines: memory of the workers, bytes on disk, whether the second million is
as fast as the first, and whether two clients with the same million leave one set."""

import json
import re
import socket
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from bench._database import migrated
from bench._lines import empty_months, lines
from bench._service import HOST, Service, answer_on, service

ROWS = 1_000_000


def main() -> None:
    empty_months()
    with service() as serving:
        first, second = (_rate(serving, seed) for seed in (1, 2))
        memory = max(_peak_mebibytes(worker) for worker in serving.workers())
        heap, indexes = _bytes_a_row()
        print(
            f"one request of {ROWS:,} lines: {first:,.0f} rows/s, worker memory {memory:.0f} MB;"
            f" the second: {second:,.0f} rows/s, ratio {second / first:.2f}"
        )
        print(f"on disk: {heap:.0f} bytes a notification in the heap, {indexes:.0f} in indexes")
        before = _count()
        with _million(3) as file, ThreadPoolExecutor(2) as pool:
            start = perf_counter()
            reports = list(pool.map(lambda path: _post(serving, path), [file, file]))
            seconds = perf_counter() - start
        recorded = sum(report["recorded"] for report in reports)
        known = sum(report["duplicates"] for report in reports)
        assert recorded == known == _count() - before
        print(
            f"two clients with the same {recorded:,} lines at once: {recorded:,} recorded and"
            f" {known:,} known in {seconds:.0f} s"
        )


def _rate(serving: Service, seed: int) -> float:
    with _million(seed) as file:
        start = perf_counter()
        report = _post(serving, file)
        assert report["rejected_count"] == report["conflict_count"] == 0
        return report["recorded"] / (perf_counter() - start)


@contextmanager
def _million(seed: int) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "lines")
        with path.open("wb") as file:
            file.writelines(line + b"\n" for line in lines(seed, ROWS))
        yield path


def _post(serving: Service, path: Path) -> dict[str, int]:
    head = serving.head("/api/v1/notifications/bulk/", path.stat().st_size, "application/x-ndjson")
    with socket.create_connection((HOST, serving.port)) as connection, path.open("rb") as file:
        connection.sendall(head)
        connection.sendfile(file)
        status, body = answer_on(connection)
    assert status == 200, body
    return json.loads(body)


def _peak_mebibytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def _bytes_a_row() -> tuple[float, float]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_table_size(relid)), sum(pg_indexes_size(relid))"
            " FROM pg_partition_tree('notifications_notification') WHERE isleaf"
        )
        heap, indexes = cursor.fetchone()
    return float(heap) / _count(), float(indexes) / _count()


def _count() -> int:
    from notifications.models import Notification

    return Notification.objects.count()


if __name__ == "__main__":
    with migrated():
        main()
