"""What the pages tell of times, in UTC and in an operator's own zone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.test import Client
from django.utils import timezone

from notifications.admin import times
from notifications.admin.asking import asked
from notifications.models import Account
from notifications.trace.sentences import told_at
from tests.conftest import DEVICE, INIT

PRAGUE = ZoneInfo("Europe/Prague")
WINTER = datetime(2026, 1, 31, 23, 30, 15, 123_000, tzinfo=UTC)


def test_a_time_is_told_in_the_active_zone_and_in_utc_as_its_title() -> None:
    page = Template("{% load console %}{% time at %}|{% time at 'second' %}|{% time at 'clock' %}")
    with timezone.override(PRAGUE):
        told = page.render(Context({"at": WINTER})).split("|")
    assert told[0] == (
        '<time datetime="2026-01-31T23:30:15.123+00:00" title="2026-01-31 23:30:15.123 UTC">'
        "2026-02-01 00:30:15.123</time>"
    )
    assert ">2026-02-01 00:30:15<" in told[1]
    assert ">00:30:15.123<" in told[2]


def test_the_hour_that_happens_twice_tells_which() -> None:
    with timezone.override(PRAGUE):
        first = times.moment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
        second = times.moment(datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
        after = times.moment(datetime(2026, 10, 25, 2, 30, tzinfo=UTC))
    assert first == "2026-10-25 02:30:00.000 UTC+02:00"
    assert second == "2026-10-25 02:30:00.000 UTC+01:00"
    assert after == "2026-10-25 03:30:00.000"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Midway", "UTC"])
@pytest.mark.parametrize("edge", ["0001-01-01", "9999-12-31T23:59:59.999"])
def test_the_ends_of_the_calendar_are_told(zone: str, edge: str) -> None:
    at = datetime.fromisoformat(edge).replace(tzinfo=UTC)
    with timezone.override(zone):
        told = {times.moment(at), times.second(at), times.day(at), times.clock(at), told_at(at)}
        assert all(told)
        assert times.ago(at, WINTER) == ""


def test_how_long_ago() -> None:
    now = timezone.now()
    told = [times.ago(now - length, now) for length in (timedelta(minutes=3), timedelta(days=3))]
    assert [each.replace("\xa0", " ") for each in told] == ["3 minutes ago", "3 days ago"]
    ahead = times.ago(now + timedelta(days=2, seconds=1), now)
    assert ahead.replace("\xa0", " ") == "2 days from now"


def test_sentences_tell_the_offset_of_another_zone() -> None:
    assert told_at(WINTER) == "2026-01-31 23:30:15 UTC"
    with timezone.override(PRAGUE):
        assert told_at(WINTER) == "2026-02-01 00:30:15 UTC+01:00"


def test_an_id_that_is_older_than_ids_says_so() -> None:
    page = Template("{% load console %}{% time id %}")
    assert page.render(Context({"id": UUID(int=8 << 76)})) == "before 1970"


def test_the_fields_of_a_window_are_of_the_zone_that_they_name() -> None:
    given = {"since": "2026-02-01T00:30", "until": "2026-02-01T01:30", "zone": "Europe/Prague"}
    question = asked(given, now=WINTER + timedelta(days=9))
    assert question.window.since == datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    assert question.fields["since"] == "2026-01-31T23:30:00"
    with timezone.override(PRAGUE):
        assert question.fields["since"] == "2026-02-01T00:30:00"
    elsewhere = asked(given | {"zone": "Mars/Olympus"}, now=WINTER + timedelta(days=9))
    assert elsewhere.window.since == datetime(2026, 2, 1, 0, 30, tzinfo=UTC)


def switch(client: Client, **form: str) -> Any:
    return client.post("/admin/zone/", {"back": "/admin/notifications/source/", **form})


def test_the_zone_is_one_click_away_and_kept(
    operator_client: Client, record_one: Callable[..., UUID]
) -> None:
    key = record_one(extras=INIT, activation_id=DEVICE, emitted_at=WINTER.isoformat(), now=WINTER)
    page = f"/admin/notifications/notification/{key}/change/"
    response = switch(operator_client, show="own", time_zone="Europe/Prague")
    assert (response.status_code, response["Location"]) == (302, "/admin/notifications/source/")
    assert "2026-02-01 00:30:15.123" in operator_client.get(page).text
    account = Account.objects.get()
    assert (account.time_zone, account.in_own_zone) == ("Europe/Prague", True)
    switch(operator_client, show="utc")
    told = operator_client.get(page).text
    assert ">2026-01-31 23:30:15.123<" in told
    assert 'value="own" aria-pressed="false">Europe/Prague' in told
    switch(operator_client, show="own")
    assert "2026-02-01 00:30:15.123" in operator_client.get(page).text


def test_a_zone_that_does_not_exist_is_asked_for_anew(operator_client: Client) -> None:
    response = switch(operator_client, show="own", time_zone="Mars/Olympus")
    assert response.status_code == 200
    assert "There is no such time zone" in response.text
    assert '<optgroup label="Europe">' in response.text
    assert Account.objects.get().in_own_zone is False


def test_a_browser_that_tells_no_zone_is_asked_for_one(operator_client: Client) -> None:
    response = switch(operator_client, show="own", time_zone="")
    assert "There is no such time zone" not in response.text
    assert '<optgroup label="Europe">' in response.text


def test_the_switch_leads_to_no_other_site(operator_client: Client) -> None:
    for back in ("https://evil.example/", "//evil.example", "javascript:alert(1)", ""):
        assert switch(operator_client, show="utc", back=back)["Location"] == "/admin/"
    assert operator_client.put("/admin/zone/").status_code == 405


def test_the_api_tells_utc_whatever_the_account_sees(
    operator_client: Client, record_one: Callable[..., UUID]
) -> None:
    key = record_one(extras=INIT, activation_id=DEVICE, emitted_at=WINTER.isoformat(), now=WINTER)
    switch(operator_client, show="own", time_zone="Europe/Prague")
    told = operator_client.get(f"/api/v1/notifications/{key}/").json()
    assert told["emitted_at"] == "2026-01-31T23:30:15.123Z"
    assert timezone.get_current_timezone_name() == "UTC"
