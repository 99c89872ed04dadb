"""Contacts make intervals of coverage; errors are counted by code and place."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from notifications.ingest import contacts
from notifications.ingest.contacts import (
    note_contact,
    note_error,
    note_errors,
    place_of,
    withdraw_polls,
)
from notifications.models import ContactKind, Coverage, Source, SourceError

pytestmark = pytest.mark.django_db


def let_pass(seconds: int) -> None:
    """As if the intervals on record were so much older."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE notifications_coverage SET began_at = began_at - %(time)s,"
            " ended_at = ended_at - %(time)s",
            {"time": timedelta(seconds=seconds)},
        )


def test_the_first_contact_begins_an_interval() -> None:
    note_contact("mirror", ContactKind.PROBE)
    interval = Coverage.objects.get()
    assert (interval.source, interval.kinds) == (Source.objects.get(slug="mirror"), ["probe"])
    assert interval.began_at == interval.ended_at


def test_a_contact_soon_after_extends_it_and_tells_by_what() -> None:
    note_contact("mirror", ContactKind.PROBE)
    let_pass(299)
    note_contact("mirror", ContactKind.REPORT)
    note_contact("mirror", ContactKind.REPORT)
    interval = Coverage.objects.get()
    assert interval.kinds == ["probe", "report"]
    assert interval.ended_at - interval.began_at >= timedelta(seconds=299)


def test_after_a_longer_silence_another_begins(settings: Any) -> None:
    note_contact("mirror", ContactKind.PROBE)
    let_pass(301)
    note_contact("mirror", ContactKind.PROBE)
    assert Coverage.objects.count() == 2
    settings.COVERAGE_SILENCE = timedelta(seconds=900)
    let_pass(600)
    note_contact("mirror", ContactKind.PROBE)
    assert Coverage.objects.count() == 2


def test_what_polls_covered_is_taken_back_where_they_proved_nothing() -> None:
    now = datetime.now(UTC)
    for source, kind in (("push", ContactKind.POLL), ("other", ContactKind.POLL)):
        for minutes in (40, 38, 10, 8, 6):
            note_contact(source, kind, at=now - timedelta(minutes=minutes))
    note_contact("mixed", ContactKind.POLL, at=now - timedelta(minutes=8))
    note_contact("mixed", ContactKind.REPORT, at=now - timedelta(minutes=6))
    for source in ("push", "mixed"):
        withdraw_polls(source, since=now - timedelta(minutes=9))
    ends = Coverage.objects.filter(source="push").order_by("began_at")
    assert [(now - each.ended_at) // timedelta(minutes=1) for each in ends] == [38, 9]
    for source in ("other", "mixed"):
        last = Coverage.objects.filter(source=source).latest("ended_at")
        assert last.ended_at == now - timedelta(minutes=6)
    withdraw_polls("push", since=now - timedelta(minutes=12))
    again = Coverage.objects.filter(source="push").latest("began_at")
    assert again.ended_at == again.began_at  # it is never shorter than nothing


def test_sources_are_kept_apart() -> None:
    note_contact("mirror", ContactKind.PROBE)
    note_contact("powerauth", ContactKind.HEARTBEAT)
    assert Coverage.objects.count() == 2


def test_a_contact_of_a_moment_ago_ends_there_and_never_in_the_future() -> None:
    begun = note_contact("bank", ContactKind.HEARTBEAT)
    let_pass(60)
    told = datetime.now(UTC) - timedelta(seconds=20)
    extended = note_contact("bank", ContactKind.REPORT, at=told)
    assert (extended.ended_at, extended.is_new) == (told, False)
    assert extended.began_at == begun.began_at - timedelta(seconds=60)
    earlier = note_contact("bank", ContactKind.REPORT, at=told - timedelta(days=1))
    assert (earlier.ended_at, earlier.is_new) == (told, False)
    ahead = note_contact("bank", ContactKind.REPORT, at=told + timedelta(days=1))
    assert told < ahead.ended_at < told + timedelta(hours=1)


def test_a_contact_of_a_moment_ago_begins_an_interval_there() -> None:
    note_contact("bank", ContactKind.HEARTBEAT)
    let_pass(1000)
    told = datetime.now(UTC) - timedelta(seconds=20)
    begun = note_contact("bank", ContactKind.REPORT, at=told)
    assert (begun.began_at, begun.ended_at, begun.is_new) == (told, told, True)


def test_errors_are_counted_by_code_and_place() -> None:
    for _ in range(2):
        note_error("mirror", code="invalid_envelope", pointer="#/extras")
    note_error("mirror", code="malformed_json")
    assert dict(SourceError.objects.values_list("code", "count")) == {
        "invalid_envelope": 2,
        "malformed_json": 1,
    }


def test_a_client_cannot_make_places_without_end() -> None:
    note_errors("bank", {("wrong_type", f"#/{number}"): 1 for number in range(90)})
    note_errors("bank", {("wrong_type", f"#/{number}"): 2 for number in range(80, 200)})
    note_error("bank", code="conflict", pointer="#/new")
    found = dict(SourceError.objects.filter(code="wrong_type").values_list("pointer", "count"))
    assert len(found) == contacts.MOST_PLACES + 1
    assert found["#/0"] == 1
    assert found["#/85"] == 3
    assert found[""] == 2 * 100
    assert sum(found.values()) == 90 + 2 * 120
    assert SourceError.objects.get(code="conflict").pointer == ""


def test_the_hours_of_the_last_day_are_counted_for_themselves() -> None:
    note_errors("bank", {("conflict", "#"): 5})
    hour = f"{datetime.now(UTC):%Y-%m-%dT%H}"
    assert SourceError.objects.get().by_hour == {hour: 5}
    days_ago = f"{datetime.now(UTC) - timedelta(days=3):%Y-%m-%dT%H}"
    lately = f"{datetime.now(UTC) - timedelta(hours=20):%Y-%m-%dT%H}"
    SourceError.objects.update(by_hour={days_ago: 7, lately: 2, hour: 5})
    note_errors("bank", {("conflict", "#"): 1})
    assert SourceError.objects.get().by_hour == {lately: 2, hour: 6}
    assert SourceError.objects.get().count == 6


def test_a_place_has_names_that_are_known_and_no_others() -> None:
    known = {"message", "extras"}
    assert place_of("#", known) == "#"
    assert place_of("#/message/extras", known) == "#/message/extras"
    assert place_of("#/batch/17/message/user-4711", known) == "#/…/…/message/…"
