"""Rows of a Push Server's inbox as events."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from notifications.ingest.events import record_events
from notifications.ingest.push_server.inbox import inbox_reports
from notifications.models import InboxEvent, InboxMessage
from tests.conftest import INBOX, NOW

from .registering import SOURCE, ZONE


class Post(NamedTuple):
    id: int
    inbox_id: str
    user_id: str
    told: str | None
    apps: list[str]


def post(**told: Any) -> Post:
    given = {"id": 4, "inbox_id": INBOX, "user_id": "u1", "told": "2026-03-14 10:00:00.25"}
    return Post(**{**given, "apps": ["retail"], **told})


@pytest.mark.django_db
def test_a_row_is_one_event_however_often_it_is_read() -> None:
    for minutes in (0, 1):
        observed_at = NOW + timedelta(minutes=minutes)
        record_events(inbox_reports([post()], zone=ZONE, observed_at=observed_at), source=SOURCE)
    event = InboxEvent.objects.get()
    assert (event.key, event.inbox_message_id) == ("inbox/4/2026-03-14 10:00:00.25", INBOX)
    assert event.happened_at == datetime(2026, 3, 14, 9, 0, 0, 250_000, tzinfo=UTC)
    assert (event.apps, event.silent, event.observed_at) == (["retail"], None, NOW)
    assert event.recipient is not None
    assert event.recipient.user_id == "u1"
    assert InboxMessage.objects.filter(pk=INBOX).exists()


@pytest.mark.parametrize(("is_live", "hour"), [(False, 0), (True, 1)])
def test_in_the_hour_that_clocks_repeat_a_row_of_just_now_is_of_the_latest(
    is_live: bool, hour: int
) -> None:
    observed_at = datetime(2026, 10, 25, 1, 31, tzinfo=UTC)
    told = post(told="2026-10-25 02:30:00")
    (report,) = inbox_reports([told], zone=ZONE, observed_at=observed_at, is_live=is_live)
    assert report.happened_at == datetime(2026, 10, 25, hour, 30, tzinfo=UTC)


def test_what_cannot_be_used_is_left_out_with_a_finding() -> None:
    odd = post(inbox_id="i" * 300, user_id="", told="infinity", apps=["", "retail"])
    (report,) = inbox_reports([odd], zone=ZONE, observed_at=NOW)
    assert (report.inbox_message_id, report.user_id, report.happened_at) == (None, None, None)
    assert report.apps == ("retail",)
    assert {each.key for each in report.findings} == {
        "inboxId", "userId", "timestampCreated", "applications"
    }  # fmt: skip
