"""Coverage read from the record: what was known then, in one query that an index serves."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.models import Coverage
from notifications.protocol.coverage import Covered
from notifications.trace.coverage import coverage_of

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 1, tzinfo=UTC)


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def cover(source: str, *intervals: tuple[float, float]) -> None:
    Coverage.objects.bulk_create(
        Coverage(source_id=source, began_at=at(began), ended_at=at(ended), kinds=["probe"])
        for began, ended in intervals
    )


def test_the_intervals_of_a_window_those_beside_it_and_the_first_ever_are_read() -> None:
    cover("mirror", (0, 10), (20, 30), (40, 50), (60, 70), (80, 90))
    cover("bank", (0, 90))
    found = coverage_of(["mirror", "bank", "file"], at(45), at(65))
    assert found == {
        "mirror": Covered(((at(0), at(10)), (at(20), at(30)), (at(40), at(50)), (at(60), at(70)))),
        "bank": Covered(((at(0), at(90)),)),
        "file": Covered(),
    }
    assert found["mirror"].holes(at(45), at(65)) == ((at(50), at(60)),)


def test_it_is_known_to_be_measured_from_what_lies_beside_the_window() -> None:
    cover("mirror", (0, 10), (20, 30))
    assert coverage_of(["mirror"], at(40), at(50))["mirror"].holes(at(40), at(50))
    before = coverage_of(["mirror"], at(-20), at(-10))["mirror"]
    assert before.is_measured
    assert before.holes(at(-20), at(-10)) == ()


def test_what_was_known_at_a_moment_ends_there() -> None:
    cover("mirror", (0, 10), (20, 30), (40, 50))
    then = coverage_of(["mirror"], at(5), at(60), as_of=at(25))["mirror"]
    assert then.intervals == ((at(0), at(10)), (at(20), at(25)))
    assert coverage_of(["mirror"], at(5), at(60), as_of=at(-1))["mirror"] == Covered()


def test_any_number_of_sources_takes_one_query() -> None:
    for each in range(20):
        cover(f"source-{each}", (0, 10))
    with CaptureQueriesContext(connection) as queries:
        assert len(coverage_of([f"source-{each}" for each in range(20)], at(0), at(9))) == 20
        assert coverage_of([], at(0), at(9)) == {}
    assert len(queries) == 1


@pytest.mark.parametrize("window", [(0, 60), (60 * 20_000, 60 * 20_001), (-60, -50)])
def test_it_is_read_by_its_index_alone(window: tuple[int, int]) -> None:
    cover("mirror", *((60 * hour, 60 * hour + 50) for hour in range(20_000)))
    cover("bank", (0, 60 * 20_000))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE notifications_coverage")
    with CaptureQueriesContext(connection) as queries:
        coverage_of(["mirror", "bank"], at(window[0]), at(window[1]))
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, BUFFERS) {queries[0]['sql']}")
        lines = [line for (line,) in cursor.fetchall()]
    assert sum("coverage_source" in line for line in lines) == 4, lines
    assert not any("Seq Scan" in line for line in lines), lines
    assert not any("Rows Removed" in line for line in lines), lines
