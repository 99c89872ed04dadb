"""Push Servers are followed in turns, whatever one of them does."""

import logging
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from notifications.ingest.foreign_database import BrokenOff
from notifications.ingest.push_server import turns
from notifications.ingest.push_server.report import Step
from notifications.ingest.push_server.turns import EVERY, RETRY, Turns
from notifications.ingest.push_server.wanted import want
from notifications.models import PushServerReading
from pushaudit.push_servers import PushServer

SECRET = "pa55word"
SERVERS = {
    name: PushServer(f"postgresql://u:{SECRET}@{name}/push", "Europe/Prague") for name in "abc"
}


@dataclass
class Reading:
    """In place of what reads: ``more`` pieces are left of each, and ``problems`` are met."""

    more: dict[str, int] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    now: float = 1000.0
    length: float = 1.0

    def step(self, source: str, dsn: str, zone: ZoneInfo, **more: Any) -> Step:
        assert (dsn, zone.key) == (SERVERS[source].dsn, "Europe/Prague")
        self.told.append(source)
        self.now += self.length
        if source in self.problems:
            raise BrokenOff(self.problems[source])
        left = self.more.get(source, 0)
        self.more[source] = max(0, left - 1)
        return Step(more=left > 0)

    def taken(self) -> str:
        """Which was read since this was asked last."""
        told, self.told = "".join(self.told), []
        return told


@pytest.fixture
def reading(db: None, monkeypatch: pytest.MonkeyPatch) -> Reading:
    made = Reading()
    monkeypatch.setattr(turns.follow, "step", made.step)
    return made


def begun(*sources: str) -> None:
    for each in sources:
        want(each, True, "operator", timezone.now(), zone="Europe/Prague")


def all_of(work: Turns) -> int:
    """As ``--once`` does; how many turns were taken."""
    number = 1
    while work.take(SERVERS):
        number += 1
        assert number < 100
    return number


def test_only_those_that_are_wanted_and_configured_are_read(reading: Reading) -> None:
    begun("a", "b", "elsewhere")
    want("b", False, "operator", timezone.now())
    work = Turns(ticks=lambda: reading.now)
    all_of(work)
    assert reading.taken() == "a"
    assert not work.take({})


def test_those_with_more_take_turns(reading: Reading) -> None:
    begun("a", "b", "c")
    reading.more, reading.length = {"a": 3, "c": 3}, 0.1
    all_of(Turns(ticks=lambda: reading.now))
    assert reading.taken() == "abcacacac"


def test_what_is_read_to_its_end_waits_for_its_time(reading: Reading) -> None:
    begun("a")
    work = Turns(ticks=lambda: reading.now)
    assert all_of(work) == 1
    reading.taken()
    work.take(SERVERS)
    assert reading.taken() == ""
    reading.now += EVERY
    work.take(SERVERS)
    assert reading.taken() == "a"


def test_one_that_has_much_to_read_does_not_keep_others_waiting(reading: Reading) -> None:
    begun("a", "b")
    reading.more = {"a": 1_000}
    work = Turns(ticks=lambda: reading.now)
    for _ in range(20):
        assert work.take(SERVERS)
    assert reading.taken().count("b") >= 3


def test_a_problem_is_logged_once_and_so_is_its_end(
    reading: Reading, caplog: pytest.LogCaptureFixture
) -> None:
    begun("a", "b")
    work = Turns(ticks=lambda: reading.now)
    reading.problems = {"a": "It has no table push_message: name another database."}
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            all_of(work)
            reading.now += RETRY
        assert reading.taken().count("b") >= 2
        reading.problems = {}
        all_of(work)
        reading.now += EVERY
        all_of(work)
    told = [each.getMessage() for each in caplog.records]
    assert told == [
        "push server a: It has no table push_message: name another database.",
        "push server a: well again",
    ]
    assert SECRET not in caplog.text


def test_what_cannot_be_read_is_tried_less_often(reading: Reading) -> None:
    begun("a")
    work = Turns(ticks=lambda: reading.now)
    reading.problems = {"a": "No."}
    assert all_of(work) == 1
    reading.now += RETRY - 2
    work.take(SERVERS)
    assert reading.taken() == "a"
    reading.now += 2
    work.take(SERVERS)
    assert reading.taken() == "a"


def test_one_that_is_stopped_and_started_begins_at_once(reading: Reading) -> None:
    begun("a")
    work = Turns(ticks=lambda: reading.now)
    reading.problems = {"a": "No."}
    all_of(work)
    want("a", False, "operator", timezone.now())
    assert not work.take(SERVERS)
    begun("a")
    reading.problems = {}
    all_of(work)
    assert reading.taken() == "aa"


def test_wanting_makes_the_source_and_changes_nothing_twice(db: None) -> None:
    now = timezone.now()
    assert want("a", True, "ana", now, zone="Europe/Prague")
    assert not want("a", True, "ben", now, zone="UTC")
    row = PushServerReading.objects.get()
    assert (row.wanted_by, row.zone, row.positions, row.storage) == (
        "ana", "Europe/Prague", {}, "unknown",
    )  # fmt: skip
    assert want("a", False, "ben", now)
    row.refresh_from_db()
    assert (row.is_wanted, row.wanted_by, row.zone) == (False, "ben", "Europe/Prague")
