"""Answers are exact while others record, fold and count anew."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import pytest
from django.db import connection, transaction

from notifications.integrity.tallies import find_differences, fold_tallies, forget_tallies
from notifications.models import Notification, Source
from notifications.trace.stats import count
from tests.integrity.test_tallies import BY_ALL, elsewhere, execute, fold, tell

pytestmark = pytest.mark.usefixtures("committed_db")

PLAIN = """
    SELECT
        date_trunc('day', emitted_at, 'UTC'), message_type, result, app_id, platform, source_id,
        finding, count(*)
    FROM notifications_notification
    CROSS JOIN LATERAL (
        SELECT DISTINCT each ->> 'code' FROM jsonb_array_elements(findings) AS each
        UNION ALL SELECT 'none' WHERE findings = '[]'
    ) AS found (finding)
    GROUP BY 1, 2, 3, 4, 5, 6, 7
"""


class Bustle:
    """Recorders, some of whose transactions stay open across folds, and a worker, all at once."""

    def __init__(self) -> None:
        Source.objects.create(slug="bank")  # else they would wait for the one that makes it
        self.enough = Event()
        self._works = [
            lambda: self._record("a"),
            lambda: self._record("b"),
            self._linger,
            self._fold,
        ]

    @contextmanager
    def going_on(self) -> Iterator[None]:
        with ThreadPoolExecutor(len(self._works)) as pool:
            futures = [pool.submit(self._run, work) for work in self._works]
            try:
                yield
            finally:
                self.enough.set()
            assert all(future.result() > 2 for future in futures)

    def _run(self, work: Callable[[], int]) -> int:
        try:
            turns = 0
            while not self.enough.is_set():
                turns += work()
            return turns
        finally:
            self.enough.set()  # whoever fails ends it for all
            connection.close()

    def _record(self, who: str) -> int:
        number = Notification.objects.count()
        tell(f"{who}-{number}", 1 + number % 13)
        return 1

    def _linger(self) -> int:
        with transaction.atomic():
            number = Notification.objects.count()
            tell(f"long-{number}")
            self.enough.wait(0.1)
            transaction.set_rollback(number % 3 == 0)
        return 1

    def _fold(self) -> int:
        return int(fold_tallies().count > 0)


def compare() -> tuple[int, int]:
    """Holds an answer equal to a plain count in one snapshot; how much of it was in tallies, and
    how much was not."""
    with transaction.atomic():
        execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        answer = count(BY_ALL)
        cells = {(each.at, *each.values): each.count for each in answer.cells}
        with connection.cursor() as cursor:
            cursor.execute(PLAIN)
            assert cells == {tuple(row): n for *row, n in cursor.fetchall()}
        assert answer.total == Notification.objects.count()
        assert find_differences() == []
    return answer.total - answer.uncounted, answer.uncounted


def test_answers_equal_a_plain_count_while_it_is_recorded_and_folded() -> None:
    bustle = Bustle()
    seen: list[tuple[int, int]] = []
    with bustle.going_on():
        while len(seen) < 40 or not any(a and b for a, b in seen):
            assert not bustle.enough.is_set()
            seen.append(compare())
    fold()
    assert compare() == (Notification.objects.count(), 0)


def test_answers_outside_of_a_snapshot_only_grow_while_it_is_folded_and_counted_anew() -> None:
    tell("a", 1_000)
    enough = Event()

    def work() -> None:
        while not enough.is_set():
            fold()
            forget_tallies()

    with elsewhere(work) as future:
        try:
            assert {count(BY_ALL).total for _ in range(100)} == {1_000}
        finally:
            enough.set()
        future.result()
