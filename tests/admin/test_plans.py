"""Neither the home page nor the search reads more of the record than it shows."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench._plans import FEW, _plan, _scans
from notifications.integrity.tallies import fold_tallies
from notifications.models import Account, Notification
from notifications.models.partitions import ensure_partition
from notifications.trace.last_contacts import last_contacts
from notifications.trace.overview import keep_overview
from tests.api.test_plans import COUNT, RECORD, SINCE

END = SINCE + timedelta(days=365)


@pytest.fixture(scope="module")
def year(cloned_db: Callable[[], AbstractContextManager[str]]) -> Iterator[Client]:
    """A year of 40,000 notifications, all counted; somebody who may see everything."""
    with cloned_db():
        for week in range(54):
            ensure_partition(SINCE + week * timedelta(weeks=1))
        with connection.cursor() as cursor:
            statements = RECORD.replace("%(since)s", f"'{SINCE.isoformat()}'")
            cursor.execute(statements.replace("%(count)s", str(COUNT)))
            while fold_tallies().more:
                pass
            keep_overview(datetime.now(UTC))
            cursor.execute("SET default_statistics_target = 1000")
            cursor.execute("VACUUM (ANALYZE)")
        client = Client()
        client.force_login(Account.objects.create_superuser("planner"))
        yield client


def plans_of(ask: Callable[[], Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    with CaptureQueriesContext(connection) as captured:
        ask()
    for each in captured.captured_queries:
        if each["sql"].lstrip().startswith(("SELECT", "WITH")):
            yield each["sql"], _plan(each["sql"])


def large() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= %s", [FEW]
        )
        return {name for (name,) in cursor.fetchall()}


def read_whole(ask: Callable[[], Any]) -> list[str]:
    """What is read of a large table, but by a range of an index."""
    tables = large()
    assert len(tables) > 12
    return [
        f"{scan} in {sql}"
        for sql, plan in plans_of(ask)
        for scan in _scans(plan)
        if scan.table in tables and not (scan.by and all(condition for _, condition in scan.by))
    ]


def sorts(node: Mapping[str, Any]) -> bool:
    return node["Node Type"] == "Sort" or any(map(sorts, node.get("Plans", ())))


@pytest.mark.parametrize(
    "term",
    [
        "operation-", "operation-1", "device-00", "device-1", "inbox-39999", "user-4711x",
        "m-399999", "0195510f", "019551", "0195510F-4", "no-such-thing", "1234567890",
    ],
)  # fmt: skip
def test_a_search_reads_ranges_of_indexes_in_their_order(year: Client, term: str) -> None:
    def ask() -> None:
        assert year.get("/admin/search/", {"q": term}).status_code in (200, 302)

    assert read_whole(ask) == []
    unbounded = [
        sql
        for sql, plan in plans_of(ask)
        if "LIKE" in sql and sorts(plan) and "notifications_source" not in sql
    ]
    assert unbounded == []


def test_it_would_be_noticed(year: Client) -> None:
    """A part of an identifier, and the newest of what begins alike."""
    within = Notification.objects.filter(message_id__contains="m-1")[:10]
    newest = Notification.objects.filter(message_id__startswith="m-").order_by("-emitted_at")[:10]
    assert read_whole(lambda: list(within))
    assert any(sorts(plan) for _, plan in plans_of(lambda: list(newest)))


def test_a_search_for_what_half_of_all_begin_with_shows_the_first(year: Client) -> None:
    (group,) = year.get("/admin/search/", {"q": "operation-"}).context["answer"].groups
    assert group.more
    assert group.found[0].name == "operation-0"


def test_the_home_page_only_looks_indexes_up(year: Client) -> None:
    def ask() -> None:
        assert year.get("/admin/").status_code == 200

    assert read_whole(ask) == []


def test_last_contacts_are_looked_up(year: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notifications.trace.last_contacts.LOOKED_THROUGH", 100)

    def ask() -> None:
        told = {
            each.source: each.emitted_at for each in last_contacts(["bank", "former-bank"], END)
        }
        assert told["former-bank"] is not None
        assert SINCE < told["former-bank"] < SINCE + timedelta(days=10)

    assert read_whole(ask) == []
