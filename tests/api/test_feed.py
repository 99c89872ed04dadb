"""The feed tells all that is recorded, in the order of recording, once: what comes late, too."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from knox.models import AuthToken
from rest_framework.test import APIClient

from notifications.api.throttling import AccountThrottle
from notifications.ingest.envelope import emission_from
from notifications.ingest.recorder import record
from notifications.models import Account, Notification, Source
from notifications.models.querysets import NotificationQuerySet
from tests.conftest import INIT, NOW, SOURCE

URL = "/api/v1/notifications/feed/"


def client_of(group: str, *apps: str) -> APIClient:
    account = Account.objects.create(username=f"{group}-{len(apps)}".lower(), apps=apps)
    account.groups.add(Group.objects.get(name=group))
    _, token = AuthToken.objects.create(account)
    return APIClient(headers={"Authorization": f"Token {token}"})


@pytest.fixture
def reader(committed_db: str, monkeypatch: pytest.MonkeyPatch) -> APIClient:
    monkeypatch.setattr(AccountThrottle, "THROTTLE_RATES", {"read": None, "export": None})
    Source.objects.create(slug=SOURCE)
    return client_of("Support")


def tell(*names: str, app: str | None = None) -> None:
    """In reverse order of emission, which must not matter; each about an operation of its own."""
    record(
        [
            emission_from(
                {
                    "emitted_at": (NOW - timedelta(seconds=place)).isoformat(),
                    "message_id": name,
                    "app_id": app,
                    "extras": INIT | {"operationId": name},  # writers of one wait for each other
                },
                now=NOW,
            )
            for place, name in enumerate(names)
        ],
        source=SOURCE,
    )


def names(page: dict[str, Any]) -> list[str]:
    return [each["message_id"] for each in page["results"]]


def followed(client: APIClient, **asked: Any) -> Iterator[dict[str, Any]]:
    """The pages up to the present end."""
    page = client.get(URL, asked).json()
    yield page
    while page["has_more"]:
        page = client.get(page["next"]).json()
        yield page


def test_it_is_followed_by_its_cursor_also_when_there_is_nothing(reader: APIClient) -> None:
    empty = reader.get(URL).json()
    assert (empty["results"], empty["has_more"]) == ([], False)
    assert empty["cursor"] in parse_qs(urlsplit(empty["next"]).query)["cursor"]
    tell("a")
    tell("c", "b")
    first = reader.get(empty["next"], {"page_size": 2}).json()
    assert names(first) == ["a", "b"]
    assert first["has_more"]
    rest = reader.get(first["next"]).json()
    assert names(rest) == ["c"]
    again = reader.get(URL, {"cursor": rest["cursor"]}).json()
    assert (names(again), again["cursor"]) == ([], rest["cursor"])
    tell("earlier")
    assert names(reader.get(again["next"]).json()) == ["earlier"]


def test_its_next_address_stays_as_it_was_asked(reader: APIClient) -> None:
    response = reader.get(URL, {"page_size": 7, "start": "now"})
    following = response.json()["next"]
    assert parse_qs(urlsplit(following).query).keys() == {"page_size", "cursor"}
    assert response.headers["Link"] == f'<{following}>; rel="next"'


def test_who_starts_now_gets_what_is_recorded_from_now_on(reader: APIClient) -> None:
    tell("old")
    page = reader.get(URL, {"start": "now"}).json()
    assert (names(page), page["has_more"]) == ([], False)
    tell("new")
    assert names(reader.get(page["next"]).json()) == ["new"]


def test_a_beginning_cannot_be_asked_for_along_with_a_cursor(reader: APIClient) -> None:
    cursor = reader.get(URL).json()["cursor"]
    response = reader.get(URL, {"cursor": cursor, "start": "now"})
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "start"


def test_what_is_not_committed_holds_back_all_that_is_later(reader: APIClient) -> None:
    cursor = reader.get(URL).json()["cursor"]
    ready, go = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                tell("slow")
                ready.set()
                assert go.wait(10)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(slow)
        assert ready.wait(10)
        tell("quick")
        held = reader.get(URL, {"cursor": cursor}).json()
        assert (names(held), held["cursor"]) == ([], cursor)
        go.set()
        writing.result()
    assert names(reader.get(URL, {"cursor": cursor}).json()) == ["slow", "quick"]


def test_what_is_rolled_back_is_never_told(reader: APIClient) -> None:
    cursor = reader.get(URL).json()["cursor"]
    with transaction.atomic():
        tell("never")
        transaction.set_rollback(True)
    tell("told")
    assert names(reader.get(URL, {"cursor": cursor}).json()) == ["told"]


def test_an_account_of_some_apps_is_told_of_theirs_and_passes_the_others(reader: APIClient) -> None:
    tell("a", "b", app="retail")
    tell("c", "d", "e", app="business")
    tell("f")
    tell("g", app="retail")
    pages = list(followed(client_of("Support", "retail"), page_size=2))
    assert [name for page in pages for name in names(page)] == ["b", "a", "g"]
    assert [len(page["results"]) for page in pages] == [2, 0, 0, 1]
    assert len([n for page in followed(reader) for n in names(page)]) == 7


WRITERS, BATCHES = 6, 25


def test_among_concurrent_long_writers_it_tells_each_once(reader: APIClient) -> None:
    """Ordered by a clock, or by the order of commits as it is seen, it would lose some."""
    done = threading.Event()
    told: list[str] = []

    def write(writer: int) -> None:
        rng = random.Random(writer)  # noqa: S311 - to be repeated, no secret
        try:
            for batch in range(BATCHES):
                with transaction.atomic():
                    for part in range(rng.randint(1, 3)):
                        tell(f"{writer}-{batch}-{part}")
                        time.sleep(rng.uniform(0, 0.02))
                    transaction.set_rollback(rng.random() < 0.1)
        finally:
            connection.close()

    def read() -> None:
        try:
            cursor = ""
            while True:
                ended = done.is_set()
                page = reader.get(URL, {"cursor": cursor, "page_size": 5}).json()
                told.extend(names(page))
                cursor = page["cursor"]
                if ended and not page["has_more"]:
                    return
        finally:
            connection.close()

    with ThreadPoolExecutor(WRITERS + 1) as pool:
        reading = pool.submit(read)
        writing = [pool.submit(write, writer) for writer in range(WRITERS)]
        for each in writing:
            each.result()
        done.set()
        reading.result()
    recorded = Notification.objects.order_by("recorded_xid", "id")
    assert told == list(recorded.values_list("message_id", flat=True))
    assert len(set(told)) == len(told) > WRITERS * BATCHES


def test_pages_of_any_size_are_the_same_feed(reader: APIClient) -> None:
    for batch in range(4):
        tell(*(f"{batch}-{number}" for number in range(4)))
    whole = [name for page in followed(reader) for name in names(page)]
    assert len(whole) == 16
    for size in (1, 3, 4, 16, 17):
        assert [n for page in followed(reader, page_size=size) for n in names(page)] == whole


def test_a_page_is_read_by_the_index_of_recording_order(committed_db: str) -> None:
    for batch in range(40):
        tell(*(f"{batch}-{number}" for number in range(100)))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE notifications_notification")
    last = Notification.objects.order_by("recorded_xid", "id").last()
    assert last is not None
    feed: NotificationQuerySet = Notification.objects.in_recording_order()
    plan = feed.recorded_after(last.recorded_xid - 5, last.pk)[:101].explain()
    assert "recorded_xid_id_idx" in plan
    assert "Seq Scan" not in plan
    assert "Sort Key" not in plan or "Merge Append" in plan


@pytest.mark.parametrize(
    "cursor", ["x", "WyIxIl0", ":", "WyIxIiwieCJd:abc", "\0", "x" * 5_000, "ünï", "'"]
)
def test_a_forged_cursor_is_400(support: APIClient, cursor: str) -> None:
    response = support.get(URL, {"cursor": cursor})
    assert (response.status_code, response.json()["code"]) == (400, "invalid_cursor")


def test_its_rights_are_those_of_the_list(persona: Callable[..., APIClient]) -> None:
    for group, status in (("Support", 200), ("Analysts", 200), ("Emitters", 403), ("", 403)):
        assert persona(group).get(URL).status_code == status
