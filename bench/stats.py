"""Twelve months of statistics by day and type, from tallies alone and with some of it uncounted,
against a plain GROUP BY of the same notifications; and how quickly they are counted ahead."""

from collections.abc import Callable
from datetime import timedelta
from itertools import islice
from statistics import median
from time import perf_counter
from typing import Any

import msgspec

from bench._database import migrated
from bench._lines import BATCH, UNTIL, lines

DAYS, A_DAY, UNCOUNTED, ROUNDS = 365, 1_000, 50_000, 5
PLAIN = """
    SELECT date_trunc('day', emitted_at, 'UTC'), message_type, count(*)
    FROM notifications_notification
    WHERE emitted_at >= %s AND emitted_at < %s
    GROUP BY 1, 2
"""


def main() -> None:
    from django.db import connection

    from notifications.integrity.tallies import fold_tallies
    from notifications.protocol.window import Window
    from notifications.trace.stats import Dimension, Interval, Question, count

    window = Window(UNTIL - timedelta(days=DAYS), UNTIL)
    question = Question(window=window, interval=Interval.DAY, by=[Dimension.MESSAGE_TYPE])

    def plain() -> Any:
        with connection.cursor() as cursor:
            cursor.execute(PLAIN, [window.since, window.until])
            return cursor.fetchall()

    rows = _recorded(DAYS * A_DAY)
    start = perf_counter()
    while fold_tallies().more:
        pass
    print(f"counted ahead: {rows / (perf_counter() - start):,.0f} rows/s")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    ours, floor = _seconds(lambda: count(question)), _seconds(plain)
    assert sum(n for *_, n in plain()) == count(question).total
    print(
        f"12 months of {rows:,} rows by day and type: {ours * 1000:,.0f} ms;"
        f" plain GROUP BY: {floor * 1000:,.0f} ms; ratio {ours / floor:.3f}"
    )
    more = _recorded(UNCOUNTED, again=True)
    print(f"with {more:,} more uncounted: {_seconds(lambda: count(question)) * 1000:,.0f} ms")


def _recorded(number: int, *, again: bool = False) -> int:
    """Records so many, evenly over the days, and gives how many they are."""
    from notifications.ingest.decoder import decode
    from notifications.ingest.recorder import record

    emissions = [decode(line, now=UNTIL) for line in islice(lines(again, 2 * A_DAY), A_DAY)]
    days = (timedelta(days=day) for day in range(number // len(emissions)))
    shifted = (
        msgspec.structs.replace(each, emitted_at=each.emitted_at - days_before)
        for days_before in days
        for each in emissions
        if each.emitted_at - days_before >= UNTIL - timedelta(days=DAYS)
    )
    recorded = 0
    while batch := list(islice(shifted, BATCH)):
        recorded += record(batch, source="bench").recorded
    return recorded


def _seconds(work: Callable[[], Any]) -> float:
    taken = []
    for _ in range(ROUNDS):
        start = perf_counter()
        work()
        taken.append(perf_counter() - start)
    return median(taken)


if __name__ == "__main__":
    with migrated():
        main()
