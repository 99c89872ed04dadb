"""Counts over HTTP: what is asked, how it is told, and that it is what the list has."""

from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient

from notifications.models import Account
from notifications.trace import stats
from tests.conftest import DEVICE, FINISHED, INBOX_NEW, INIT, STATUS_CHANGE
from tests.trace.stories import STORIES

URL = "/api/v1/stats/"
LIST = "/api/v1/notifications/"
DAY = {"since": "2026-03-14T00:00:00Z", "until": "2026-03-15T00:00:00Z"}
SENT: tuple[tuple[str, dict[str, Any]], ...] = (
    ("09:10", {"source": "bank", "app_id": "retail", "platform": "apns", "extras": INIT}),
    ("09:50", {"source": "bank", "app_id": "retail", "platform": "apns", "extras": FINISHED}),
    ("10:00", {"source": "bank", "app_id": "retail", "extras": INIT | {"operationId": "42"}}),
    ("11:30", {"source": "mirror", "activation_id": DEVICE, "extras": STATUS_CHANGE}),
    ("23:59", {"source": "mirror", "extras": INBOX_NEW | {"odd": 1, "odder": 2}}),
)


@pytest.fixture
def sent(record_one: Callable[..., UUID]) -> None:
    for at, envelope in SENT:
        record_one(emitted_at=f"2026-03-14T{at}:00Z", **envelope)


@pytest.mark.usefixtures("sent")
def test_a_window_is_counted_as_a_whole(support: APIClient) -> None:
    answer = support.get(URL, DAY).json()
    assert answer["results"] == [{"at": "2026-03-14T00:00:00.000Z", "count": 5}]
    assert (answer["total"], answer["interval"], answer["by"]) == (5, None, [])
    assert (answer["since"][:10], answer["until"][:10]) == ("2026-03-14", "2026-03-15")
    assert (answer["uncounted"], answer["tallied_at"]) == (5, None)


@pytest.mark.usefixtures("sent")
def test_by_hour_and_dimensions(support: APIClient) -> None:
    asked = {**DAY, "interval": "hour", "by": ["source", "message_type"]}
    answer = support.get(URL, asked).json()
    told = [
        (each["at"][11:13], each["source"], each["message_type"], each["count"])
        for each in answer["results"]
    ]
    assert told == [
        ("09", "bank", "mtoken.operationFinished", 1),
        ("09", "bank", "mtoken.operationInit", 1),
        ("10", "bank", "mtoken.operationInit", 1),
        ("11", "mirror", "mtoken.statusChange", 1),
        ("23", "mirror", "mtoken.inboxMessage.new", 1),
    ]
    assert answer["by"] == ["source", "message_type"]


@pytest.mark.usefixtures("sent")
def test_what_was_not_told_is_null_and_can_be_asked_for(support: APIClient) -> None:
    answer = support.get(URL, {**DAY, "by": "platform"}).json()
    assert {each["platform"]: each["count"] for each in answer["results"]} == {"apns": 2, None: 3}
    assert support.get(URL, {**DAY, "platform": "unknown"}).json()["total"] == 3
    assert support.get(URL, {**DAY, "platform": ["ios", "unknown"]}).json()["total"] == 5


@pytest.mark.usefixtures("sent")
def test_by_finding_one_counts_for_each_code(support: APIClient) -> None:
    answer = support.get(URL, {**DAY, "by": "finding"}).json()
    counts = {each["finding"]: each["count"] for each in answer["results"]}
    assert counts == {"none": 3, "not_uuid": 1, "unexpected_key": 1}
    assert answer["total"] == 5
    for finding, total in (("any", 2), ("none", 3), ("not_uuid", 1)):
        assert support.get(URL, {**DAY, "finding": finding}).json()["total"] == total


@pytest.mark.usefixtures("sent")
def test_a_window_is_widened_to_whole_hours_or_days(support: APIClient) -> None:
    part = {"since": "2026-03-14T09:30:00Z", "until": "2026-03-14T09:40:00Z"}
    hour = support.get(URL, part).json()
    assert (hour["since"][11:16], hour["until"][11:16], hour["total"]) == ("09:00", "10:00", 2)
    day = support.get(URL, {**part, "interval": "day"}).json()
    assert (day["since"][:10], day["until"][:10], day["total"]) == ("2026-03-14", "2026-03-15", 5)


@pytest.mark.parametrize(
    "name", ["message_type", "result", "app_id", "platform", "source", "finding"]
)
def test_each_count_is_what_the_list_finds(
    support: APIClient, tell: Callable[..., None], name: str
) -> None:
    for number, story in enumerate(STORIES):
        tell(story, source=f"bank-{number % 3}")
    answer = support.get(URL, {**DAY, "by": name}).json()
    assert len(answer["results"]) > (name in ("message_type", "result", "source"))
    for each in answer["results"]:
        value = "unknown" if each[name] is None and name == "platform" else each[name]
        if value is not None:
            found = support.get(LIST, {**DAY, name: value, "page_size": 1000}).json()
            assert len(found["results"]) == each["count"]


def test_the_days_are_those_of_the_list(support: APIClient, tell: Callable[..., None]) -> None:
    tell(STORIES[0])
    week = {"since": "2026-03-10T00:00:00Z", "until": "2026-03-17T00:00:00Z"}
    listed = support.get(LIST, {**week, "page_size": 1000}).json()["results"]
    days = Counter(each["emitted_at"][:10] for each in listed)
    answer = support.get(URL, {**week, "interval": "day"}).json()
    assert {each["at"][:10]: each["count"] for each in answer["results"]} == days


@pytest.mark.usefixtures("sent")
def test_an_account_of_some_apps_counts_theirs(persona: Callable[..., APIClient]) -> None:
    client = persona("Support", "retail-support")
    Account.objects.filter(username="retail-support").update(apps=["retail"])
    answer = client.get(URL, {**DAY, "by": "app_id"}).json()
    assert [(each["app_id"], each["count"]) for each in answer["results"]] == [("retail", 3)]
    assert answer["total"] == 3


@pytest.mark.usefixtures("sent")
def test_too_many_cells_are_400(support: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats, "MOST_CELLS", 3)
    response = support.get(URL, {**DAY, "interval": "hour"})
    assert (response.status_code, response.json()["code"]) == (400, "too_much")


def test_a_window_has_ten_years_at_most(support: APIClient) -> None:
    response = support.get(URL, {"since": "2010-01-01T00:00:00Z"})
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "since"


def test_without_a_window_it_is_the_last_day(support: APIClient) -> None:
    answer = support.get(URL).json()
    assert answer["results"] == []
    assert answer["total"] == 0
