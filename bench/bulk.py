"""Bulk over HTTP, everything included, two workers and two senders, against COPY of the same rows
into the same table over one connection."""

import json
from statistics import median
from time import perf_counter

from bench._database import migrated
from bench._lines import copied_again, empty_months, lines
from bench._service import WORKERS, Service, exchange_at_once, service

ROWS, SENDERS, ROUNDS = 50_000, 2, 3  # rows of each sender


def main() -> None:
    ours, floor = [], []
    with service() as serving:
        for turn in range(ROUNDS):
            ours.append(rate(serving, turn))
            floor.append(copied_again())
    ratio = median(a / b for a, b in zip(ours, floor, strict=True))
    print(
        f"bulk, {WORKERS} workers, {SENDERS} senders: {median(ours):,.0f} rows/s;"
        f" COPY of ready text: {median(floor):,.0f} rows/s; ratio {ratio:.2f}"
    )


def rate(serving: Service, turn: int) -> float:
    """Rows a second of new lines, into emptied months."""
    bodies = [b"\n".join(lines(10 * turn + sender, ROWS)) for sender in range(SENDERS)]
    requests = [
        [serving.request("/api/v1/notifications/bulk/", body, "application/x-ndjson")]
        for body in bodies
    ]
    empty_months()
    start = perf_counter()
    answers = exchange_at_once(serving.port, requests)
    seconds = perf_counter() - start
    reports = [json.loads(body) for ((status, body),) in answers if status == 200]
    return sum(report["recorded"] for report in reports) / seconds


if __name__ == "__main__":
    with migrated():
        main()
