"""Tallies have every notification once, whoever records, folds, crashes or asks meanwhile."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from threading import Event
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection, transaction

from notifications.ingest.emission import Emission
from notifications.ingest.envelope import emission_from
from notifications.ingest.recorder import record
from notifications.integrity import tallies
from notifications.integrity.tallies import NOTHING, find_differences, fold_tallies
from notifications.models import DailyTally, HourlyTally, Source, TallyMark
from notifications.protocol.window import Window
from notifications.trace.stats import Dimension, Interval, Question, count
from tests.conftest import FINISHED, INIT, NOW

pytestmark = pytest.mark.usefixtures("source")

WINDOW = Window(NOW - timedelta(days=1), NOW + timedelta(days=30))
BY_ALL = Question(window=WINDOW, interval=Interval.DAY, by=list(Dimension))


def emissions(name: str, number: int) -> list[Emission]:
    """So many, of several days, types, apps and findings, and of an operation of their own, so that
    no recorder waits for another."""
    operation = str(uuid5(NAMESPACE_OID, name))
    kinds = (
        INIT | {"operationId": operation},
        FINISHED | {"operationId": operation},
        INIT | {"operationId": name},  # is no UUID
        {},
    )
    return [
        emission_from(
            {
                "emitted_at": (NOW + timedelta(hours=7 * (n % 11))).isoformat(),
                "message_id": f"{name}-{n}",
                "app_id": (None, "mobile", "desk")[n % 3],
                "platform": ("apns", "fcm")[n % 2],
                "extras": kinds[n % 4],
            },
            now=NOW,
        )
        for n in range(number)
    ]


@pytest.fixture
def source(committed_db: str) -> None:
    """Stands before any recorder would have to wait for the one that makes it."""
    Source.objects.create(slug="bank")


def tell(name: str, number: int = 10) -> None:
    record(emissions(name, number), source="bank")


def fold() -> int:
    """All that can be folded."""
    total = 0
    while (folded := fold_tallies()).count or folded.more:
        total += folded.count
    return total


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def tallied(unit: type[HourlyTally | DailyTally]) -> int:
    return sum(unit.objects.values_list("count", flat=True))


def rows() -> list[list[tuple[Any, ...]]]:
    return [list(each.objects.order_by("key").values_list()) for each in (HourlyTally, DailyTally)]


@contextmanager
def elsewhere(work: Callable[[], Any]) -> Iterator[Future[Any]]:
    """``work`` on a connection of its own, at the same time."""

    def run() -> Any:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(run)


class LongTransaction:
    """Records in a transaction that stays open until it is told to commit, or to abort."""

    def __init__(self, name: str, *, abort: bool = False) -> None:
        self._name, self._abort = name, abort
        self._recorded, self._may_end = Event(), Event()

    def _work(self) -> None:
        with transaction.atomic():
            tell(self._name)
            self._recorded.set()
            assert self._may_end.wait(60)
            transaction.set_rollback(self._abort)

    @contextmanager
    def opened(self) -> Iterator[None]:
        with elsewhere(self._work) as future:
            try:
                assert self._recorded.wait(60)
                yield
            finally:
                self._may_end.set()
            future.result()


def test_every_notification_is_counted_once_in_each_unit() -> None:
    tell("a", 40)
    assert fold() == 40
    assert (tallied(HourlyTally), tallied(DailyTally)) == (40, 40)
    assert fold_tallies() == NOTHING
    tell("b", 5)
    assert fold() == 5
    assert (tallied(HourlyTally), tallied(DailyTally)) == (45, 45)
    assert find_differences() == []


def test_where_nothing_is_to_be_counted_nothing_is_written() -> None:
    tell("a")
    fold()
    marks = list(TallyMark.objects.values_list())
    execute("SELECT pg_current_xact_id()")  # transactions go on
    assert fold_tallies() == NOTHING
    assert list(TallyMark.objects.values_list()) == marks


def test_a_late_commit_is_neither_lost_nor_doubled() -> None:
    late = LongTransaction("late")
    with late.opened():
        tell("later")
        # It began after the late one, so it cannot be counted before that has ended.
        assert fold() == 0
        assert count(BY_ALL).total == 10
    assert count(BY_ALL).total == 20
    assert fold() == 20
    assert (tallied(DailyTally), find_differences(), count(BY_ALL).uncounted) == (20, [], 0)


def test_what_is_rolled_back_is_not_counted() -> None:
    with LongTransaction("gone", abort=True).opened():
        tell("kept")
        fold()
    fold()
    assert tallied(DailyTally) == count(BY_ALL).total == 10


def test_a_batch_has_whole_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    last = tallies._LAST_OF_BATCH.replace(f"OFFSET {tallies.BATCH - 1} ", "OFFSET 3 ")
    monkeypatch.setattr(tallies, "_LAST_OF_BATCH", last)  # four notifications at a time
    for number, name in enumerate("abcde", start=1):
        tell(name, number)
    folded = []
    while (each := fold_tallies()) != NOTHING:
        folded.append(each.count)
    assert folded == [6, 4, 5]
    assert find_differences() == []


def test_what_is_counted_is_found_in_recording_order() -> None:
    tell("a", 2_000)
    fold()
    tell("b")
    mark = str(TallyMark.objects.get().below)
    statements = [
        (tallies._IS_LEFT, [mark]),
        (tallies._LAST_OF_BATCH, [mark, str(int(mark) + 5)]),
        (tallies._FOLD, [mark, str(int(mark) + 5)]),
        (tallies._FIRST_UNCOUNTED, [mark]),
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ANALYZE notifications_notification; SET LOCAL enable_seqscan = off")
        for statement, parameters in statements:
            cursor.execute(f"EXPLAIN {statement}", parameters)
            plan = "\n".join(line for (line,) in cursor.fetchall())
            assert "y2026m03_recorded_xid_id_idx" in plan
            assert "Seq Scan" not in plan


def test_two_workers_do_not_count_twice() -> None:
    tell("a")
    with transaction.atomic():
        execute("SELECT FROM notifications_tallymark FOR UPDATE")
        with elsewhere(fold_tallies) as other:
            assert other.result(60) == NOTHING
    assert fold() == 10


def test_many_workers_at_once_count_each_notification_once() -> None:
    for number in range(20):
        tell(f"m-{number}", 20)

    def work(_: int) -> int:
        try:
            return sum(fold_tallies().count for _ in range(20))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 400
    assert (tallied(HourlyTally), find_differences()) == (400, [])


@pytest.mark.parametrize("table", ["notifications_hourlytally", "notifications_dailytally"])
def test_a_crash_in_the_middle_of_folding_loses_nothing(table: str) -> None:
    tell("a")
    fold()
    tell("b")
    marks = list(TallyMark.objects.values_list())
    is_held = Event()

    def folding() -> None:
        assert is_held.wait(60)
        fold_tallies()

    with elsewhere(folding) as future:
        with transaction.atomic():
            execute(f"SELECT FROM {table} FOR UPDATE")  # so that it waits in its middle
            is_held.set()
            assert any(is_ended_in_its_middle() for _ in range(1_000))
        with pytest.raises(OperationalError):
            future.result(60)
    assert list(TallyMark.objects.values_list()) == marks
    assert count(BY_ALL).total == 20
    assert fold() == 10
    assert (tallied(HourlyTally), tallied(DailyTally), find_differences()) == (20, 20, [])


def is_ended_in_its_middle() -> bool:
    """Ends the session that waits for this one's lock, if there is one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot(), pg_sleep(0.01)")
        cursor.execute("""
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'
        """)
        return cursor.fetchone() is not None


def test_after_a_restore_into_another_cluster_all_is_counted_anew() -> None:
    tell("a")
    fold()
    execute("UPDATE notifications_tallymark SET below = '1000000000000'")
    execute("UPDATE notifications_hourlytally SET count = 7")
    execute("UPDATE notifications_dailytally SET count = 7")
    tell("b")
    assert count(BY_ALL).total == 20
    assert fold() == 20
    assert (tallied(HourlyTally), tallied(DailyTally), find_differences()) == (20, 20, [])


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE notifications_hourlytally SET count = count + 1",
        "UPDATE notifications_dailytally SET count = count + 1",
        "DELETE FROM notifications_dailytally",
        "UPDATE notifications_hourlytally SET app_id = 'other' WHERE app_id IS NULL",
        "UPDATE notifications_dailytally SET app_id = 'other' WHERE app_id IS NULL",
        "INSERT INTO notifications_hourlytally (key, starts_at, codes, count)"
        " SELECT '\\x00', starts_at, codes, 1 FROM notifications_hourlytally LIMIT 1",
        "DELETE FROM notifications_tallymark",
        "TRUNCATE notifications_hourlytally, notifications_dailytally",
    ],
)
def test_what_differs_is_named_and_counted_again(damage: str) -> None:
    tell("a")
    fold()
    healthy = rows()
    execute(damage)
    assert find_differences()
    out = StringIO()
    call_command("rebuild", "--plan", stdout=out)
    assert "tallies: " in out.getvalue()
    assert find_differences()
    call_command("rebuild", stdout=out)
    assert rows() == healthy
    assert find_differences() == []
