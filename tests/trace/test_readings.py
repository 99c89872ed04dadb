"""How far a Push Server's database was read, as pages and the API tell it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.models import AwaitedMessage, PushServerReading, Source
from notifications.models.push_server import MessageStorage
from notifications.trace import readings
from notifications.trace.readings import reading_of
from tests.conftest import NOW

pytestmark = pytest.mark.django_db


def read(**fields: Any) -> PushServerReading:
    source = Source.objects.create(slug="push-server")
    return PushServerReading.objects.create(source=source, zone="Europe/Prague", **fields)


def await_messages(*numbers: int, is_given_up: bool = False, source: str = "push-server") -> None:
    AwaitedMessage.objects.bulk_create(
        AwaitedMessage(
            source_id=source,
            number=number,
            notification_id=UUID(int=number),
            registration=1,
            awaited_since=NOW,
            is_given_up=is_given_up,
        )
        for number in numbers
    )


def test_a_source_that_is_no_database_has_no_reading() -> None:
    assert reading_of("demo-bank", NOW) is None


def test_a_reading_tells_how_far_it_is_and_what_is_still_to_come() -> None:
    positions = {
        "push_message": {"last": 90, "told": None, "missing": [[3, 5, "t"], [9, 9, "t"]]},
        "push_inbox": {"last": 4, "told": None},
    }
    polled = NOW - timedelta(seconds=7)
    read(
        positions=positions,
        polled_at=polled,
        rows_read=86,
        storage=MessageStorage.OFF,
        storage_since=NOW,
        problem="No.",
    )
    await_messages(10, 11)
    await_messages(12, is_given_up=True)
    await_messages(13, source="another")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        told = reading_of("push-server", NOW)
    assert told is not None
    assert len(queries) == 2
    assert (told.zone, told.polled_at, told.behind) == ("Europe/Prague", polled, NOW - polled)
    assert (told.missing, told.awaited, told.rows_read) == (4, 2, 86)
    assert (told.storage, told.storage_since, told.problem) == ("off", NOW, "No.")
    assert told.is_wanted is False


def test_what_was_never_read_to_its_end_is_not_behind_by_any_length() -> None:
    read()
    told = reading_of("push-server", NOW)
    assert told is not None
    assert (told.behind, told.missing, told.awaited) == (None, 0, 0)


def test_a_clock_that_is_behind_makes_no_negative_lag() -> None:
    read(polled_at=NOW + timedelta(seconds=1))
    told = reading_of("push-server", NOW)
    assert told is not None
    assert told.behind == timedelta()


def test_awaited_messages_are_counted_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "MOST_COUNTED", 3)
    read()
    await_messages(*range(5))
    told = reading_of("push-server", NOW)
    assert told is not None
    assert told.awaited == 3
