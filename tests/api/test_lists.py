"""Lists of all that is on record: pages, windows, and what a single thing is shown with."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit
from uuid import UUID

import pytest
from django.db import OperationalError
from django.utils import timezone
from psycopg.errors import QueryCanceled
from rest_framework.test import APIClient

from notifications.api import pagination
from notifications.models import AccessRecord
from notifications.trace.access import Viewer, record_access
from tests.conftest import INBOX_NEW, INIT, NOW, OPERATION

API = "/api/v1"
SINCE = "2026-03-01T00:00:00Z"
COUNT = 7
LISTS = {
    "notifications": "id",
    "operations": "id",
    "activations": "id",
    "inbox-messages": "id",
    "recipients": "id",
    "sources": "slug",
    "access-records": "id",
}
WINDOWED = [name for name in LISTS if name not in ("recipients", "sources")]
Record = Callable[..., UUID]


@pytest.fixture
def everything(record_one: Record) -> None:
    """Seven of everything, a day apart."""
    for number in range(1, COUNT + 1):
        record_one(
            source=f"source-{number}",
            emitted_at=f"2026-03-{number:02}T12:00:00Z",
            message_id=f"m-{number}",
            user_id=f"user-{number}",
            activation_id=f"device-{number}",
            app_id=f"app-{number % 2}",
            extras=INIT | {"operationId": f"operation-{number}", "inboxId": f"inbox-{number}"},
        )
        record_access(
            Viewer("somebody", AccessRecord.Via.API, f"case-{number}"),
            action=AccessRecord.Action.DEVICE_TRACE,
            subject=f"device-{number}",
        )


def pages(client: APIClient, url: str) -> Iterator[dict[str, Any]]:
    while url:
        response = client.get(url)
        assert response.status_code == 200, response.content
        page = response.json()
        yield page
        assert (f'<{page["next"]}>; rel="next"' in response.headers.get("Link", "")) == bool(
            page["next"]
        )
        url = page["next"]


def keys(page: dict[str, Any], name: str) -> list[Any]:
    return [each[LISTS[name]] for each in page["results"]]


@pytest.mark.parametrize("size", [1, 3, 7, 8])
@pytest.mark.parametrize("order", ["", "desc", "asc"])
@pytest.mark.parametrize("name", LISTS)
@pytest.mark.usefixtures("everything")
def test_pages_follow_each_other_both_ways(
    auditor: APIClient, name: str, order: str, size: int
) -> None:
    asked = f"&since={SINCE}" if name in WINDOWED else ""
    asked += f"&order={order}" if order else ""
    all_of_it = keys(auditor.get(f"{API}/{name}/?page_size=1000{asked}").json(), name)
    assert len(all_of_it) == COUNT
    seen: list[Any] = []
    for page in pages(auditor, f"{API}/{name}/?page_size={size}{asked}"):
        assert len(page["results"]) <= size
        if page["previous"]:
            back = keys(auditor.get(page["previous"]).json(), name)
            assert back == seen[-size:]
        else:
            assert seen == []
        seen += keys(page, name)
    assert seen == all_of_it


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.usefixtures("everything")
def test_the_last_order_is_the_first_one_backwards(auditor: APIClient, name: str) -> None:
    asked = {"since": SINCE} if name in WINDOWED else {}
    falling, rising = (
        keys(auditor.get(f"{API}/{name}/", {**asked, "order": order}).json(), name)
        for order in ("desc", "asc")
    )
    assert falling == rising[::-1]
    assert len(set(falling)) == COUNT


@pytest.mark.usefixtures("everything")
def test_going_back_to_the_start_ends_there(auditor: APIClient) -> None:
    first = auditor.get(f"{API}/notifications/?page_size=3&since={SINCE}").json()
    second = auditor.get(first["next"]).json()
    again = auditor.get(second["previous"]).json()
    assert again["results"] == first["results"]
    assert again["previous"] is None
    assert auditor.get(again["next"]).json()["results"] == second["results"]


@pytest.mark.parametrize(
    ("asked", "fitting"),
    [
        ("operations/", False),
        ("notifications/feed/", False),
        ("notifications/?order=asc", False),
        ("notifications/?message_type=mtoken.operationInit", True),
    ],
)
@pytest.mark.usefixtures("everything")
def test_a_cursor_of_another_list_or_order_is_400(
    auditor: APIClient, asked: str, fitting: bool
) -> None:
    page = auditor.get(f"{API}/notifications/?page_size=2&since={SINCE}").json()
    (cursor,) = parse_qs(urlsplit(page["next"]).query)["cursor"]
    response = auditor.get(f"{API}/{asked}{'&' if '?' in asked else '?'}cursor={quote(cursor)}")
    if fitting:
        assert response.status_code == 200
    else:
        assert (response.status_code, response.json()["code"]) == (400, "invalid_cursor")


@pytest.mark.usefixtures("everything")
def test_a_cursor_in_which_one_character_is_changed_is_400(auditor: APIClient) -> None:
    page = auditor.get(f"{API}/notifications/?page_size=2&since={SINCE}").json()
    (cursor,) = parse_qs(urlsplit(page["next"]).query)["cursor"]
    for place in range(len(cursor)):
        changed = cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
        response = auditor.get(f"{API}/notifications/", {"since": SINCE, "cursor": changed})
        # The last character of base64 may carry bits that mean nothing.
        assert response.status_code == 400 or place == len(cursor) - 1


def test_a_list_without_a_window_is_of_the_last_seven_days_and_says_so(
    support: APIClient, record_one: Record
) -> None:
    now = timezone.now()
    recent = record_one(emitted_at=(now - timedelta(days=6)).isoformat(), extras=INIT)
    record_one(emitted_at=(now - timedelta(days=8)).isoformat(), extras=INIT)
    for name in ("notifications", "operations"):
        page = support.get(f"{API}/{name}/").json()
        assert len(page["results"]) == (1 if name == "notifications" else 0)
        assert page["window"]["is_default"] is True
        assert page["window"]["until"] is None
        since = datetime.fromisoformat(page["window"]["since"])
        assert abs(now - timedelta(days=7) - since) < timedelta(minutes=1)
    assert support.get(f"{API}/notifications/").json()["results"][0]["id"] == str(recent)


@pytest.mark.parametrize("name", ["notifications", "operations", "activations", "inbox-messages"])
@pytest.mark.usefixtures("everything")
def test_a_window_with_an_end_alone_begins_seven_days_before(support: APIClient, name: str) -> None:
    page = support.get(f"{API}/{name}/?until=2026-03-10T12:00:00Z").json()
    assert page["window"] == {
        "since": "2026-03-03T12:00:00.000Z",
        "until": "2026-03-10T12:00:00.000Z",
        "is_default": True,
    }
    assert len(page["results"]) == 5


@pytest.mark.parametrize(
    ("name", "asked", "found"),
    [
        ("notifications", {"activation": "device-3"}, 1),
        ("notifications", {"user_id": ["user-1", "user-2"]}, 2),
        ("operations", {"operation": "operation-2"}, 1),
        ("operations", {"activation": ["device-1", "device-2", "device-9"]}, 2),
        ("operations", {"user_id": "user-4"}, 1),
        ("operations", {"user_id": "user-4", "activation": "device-4"}, 1),
        ("operations", {"user_id": "user-4", "activation": "device-3"}, 0),
        ("operations", {"activation": ["device-3", "device-4"], "user_id": ["user-4", "x"]}, 1),
        ("operations", {"activation": "device-4", "user_id": ["user-3", "user-4"]}, 1),
        ("activations", {"user_id": "user-4"}, 1),
        ("inbox-messages", {"activation": "device-5"}, 1),
        ("inbox-messages", {"inbox_message": "inbox-7"}, 1),
        ("operations", {"user_id": "nobody"}, 0),
        ("inbox-messages", {"user_id": "nobody", "activation": ["device-1", "device-2"]}, 0),
        ("notifications", {"user_id": ["user-1", "nobody"], "activation": "device-1"}, 1),
        ("recipients", {"user_id": "user-6"}, 1),
        ("sources", {"source": ["source-1", "source-7", "x"]}, 2),
        ("access-records", {"subject": "device-1"}, 1),
    ],
)
@pytest.mark.usefixtures("everything")
def test_what_an_index_finds_needs_no_window(
    auditor: APIClient, name: str, asked: dict[str, Any], found: int
) -> None:
    page = auditor.get(f"{API}/{name}/", asked).json()
    assert len(page["results"]) == found
    if name in WINDOWED:
        assert page["window"] == {"since": None, "until": None, "is_default": False}


def test_a_relative_window_stays_on_the_following_pages(
    support: APIClient, record_one: Record
) -> None:
    for hours in range(1, 4):
        moment = timezone.now() - timedelta(hours=hours)
        record_one(emitted_at=moment.isoformat(), extras=INIT | {"operationId": f"o-{hours}"})
    page = support.get(f"{API}/notifications/?since=24h&until=90m&page_size=1").json()
    after = support.get(page["next"]).json()
    assert after["window"] == page["window"]
    assert [each["operation"] for each in (*page["results"], *after["results"])] == ["o-2", "o-3"]
    assert after["next"] is None


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("order", ["desc", "asc"])
def test_several_values_of_an_identifier_are_one_list_in_order(
    support: APIClient, record_one: Record, order: str, size: int
) -> None:
    told = []
    for minute in range(9):
        device = f"device-{minute % 3}"
        at = NOW + timedelta(minutes=minute)
        key = record_one(emitted_at=at.isoformat(), activation_id=device, extras=INBOX_NEW)
        if device != "device-2":
            told.append(str(key))
    wanted = told if order == "asc" else told[::-1]
    seen: list[str] = []
    url = f"{API}/notifications/?activation=device-0&activation=device-1&activation=device-0"
    for page in pages(support, f"{url}&order={order}&page_size={size}"):
        seen += keys(page, "notifications")
    assert seen == wanted
    page = support.get(f"{url}&order={order}&page_size={size}").json()
    following = support.get(page["next"]).json() if page["next"] else page
    if following["previous"]:
        assert keys(support.get(following["previous"]).json(), "notifications") == wanted[:size]


def test_an_operation_told_to_two_users_is_listed_once_for_both(
    support: APIClient, record_one: Record
) -> None:
    record_one(user_id="user-1", extras=INIT)
    record_one(user_id="user-2", extras=INIT)
    page = support.get(f"{API}/operations/?user_id=user-1&user_id=user-2").json()
    assert keys(page, "operations") == [OPERATION]


def test_there_is_no_total_but_an_estimate_for_who_asks(
    support: APIClient, record_one: Record
) -> None:
    record_one(extras=INIT)
    assert "estimated_count" not in support.get(f"{API}/notifications/").json()
    for asked in ({"since": SINCE}, {"operation": OPERATION}, {"operation": [OPERATION, "x"]}):
        page = support.get(f"{API}/notifications/", {**asked, "count": "estimate"}).json()
        assert isinstance(page["estimated_count"], int)
    nobody = support.get(f"{API}/notifications/?user_id=nobody&count=estimate").json()
    assert nobody["estimated_count"] == 0


def test_a_list_that_takes_too_long_is_400_and_says_what_to_do(
    support: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("canceling statement due to statement timeout") from QueryCanceled()

    monkeypatch.setattr(pagination.ListPages, "_rows", slow)
    response = support.get(f"{API}/notifications/?since=2020-01-01T00:00:00Z")
    assert (response.status_code, response.json()["code"]) == (400, "too_much")
    assert "shorter window" in response.json()["detail"]


@pytest.mark.parametrize("name", [name for name in LISTS if name != "access-records"])
@pytest.mark.usefixtures("everything")
def test_a_list_costs_as_many_queries_for_many_as_for_one(
    auditor: APIClient, name: str, django_assert_num_queries: Callable[..., Any]
) -> None:
    url = f"{API}/{name}/?page_size="
    asked = f"&since={SINCE}" if name in WINDOWED else ""
    auditor.get(f"{url}1{asked}")  # the token and its rights
    for size in (1, 7):
        # The list; a savepoint, its release and the bound where only a window limits it; and how
        # the sources do.
        with django_assert_num_queries(6 if name == "sources" else 4) as queries:
            auditor.get(f"{url}{size}{asked}")
        assert not any("COUNT(" in query["sql"] for query in queries)
