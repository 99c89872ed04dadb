"""The reading side over a record of a year, 1,000,000 notifications or as many as asked for:
lists against bare SQL for the same rows and the barest authenticated view, a deep page against the
first, one thing by itself, statistics against that, the feed; and that no question a list can be
asked has the database read the whole record.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from statistics import median
from time import perf_counter
from typing import Any
from urllib.parse import urlencode, urlsplit

from bench._asking import Asker, asker, milliseconds, p95, seconds_of
from bench._database import migrated
from bench._lines import UNTIL
from bench._service import Service, service
from bench._year import BUSY_DEVICE, SINCE, record_year

ROWS = 1_000_000
REQUESTS, UNCOUNTED = 300, 30  # of each kind; the first ones warm connections and caches
DEEP, ROUNDS = 1_000, 200
FEED_PAGES, FEED_SIZE = 100, 1_000
DAY = timedelta(days=1)
NOTIFICATIONS = "/api/v1/notifications/"
ROWS_OF = (
    "SELECT told.*, user_id FROM notifications_notification AS told"
    " LEFT JOIN notifications_recipient AS people ON people.id = recipient_id"
    " WHERE {} ORDER BY told.id DESC LIMIT 101"
)


@dataclass(frozen=True, slots=True)
class Kind:
    """Questions of one kind: what each is asked with, and the same for ``condition`` in SQL."""

    name: str
    condition: str
    asked: Sequence[tuple[Mapping[str, str], Sequence[Any]]]


def main(count: int) -> None:
    from django.core.management import call_command

    seconds = perf_counter()
    recorded = record_year(count)
    print(f"{recorded:,} notifications of a year recorded in {perf_counter() - seconds:.0f} s")
    seconds = perf_counter()
    call_command("work", once=True)
    print(f"counted for the statistics in {perf_counter() - seconds:.0f} s")
    with service(group="Support") as serving:
        for kind in _kinds():
            measure_list(serving, kind)
        with asker(serving) as client:
            measure_depth(client, min(DEEP, recorded // 100))
            measure_detail_and_statistics(client)
            measure_feed(client)
    sys.exit(0 if no_plan_offends() else 1)


def measure_list(serving: Service, kind: Kind) -> None:
    """Question, floor and floor in turn, so that all three have the same noise. The question comes
    before the same rows in SQL, which find its pages in memory."""
    ours, sql, barest, rows = [], [], [], []
    with asker(serving) as client, _bare_sql() as fetch:
        for parameters, values in kind.asked:
            path = f"{NOTIFICATIONS}?{urlencode({**parameters, 'page_size': 100})}"
            ours.append(client.seconds(path))
            sql.append(seconds_of(lambda values=values: fetch(kind.condition, values)))
            barest.append(client.seconds("/barest-answer/"))
            rows.append(min(len(fetch(kind.condition, values)), 100))
    ours, sql, barest = (each[UNCOUNTED:] for each in (ours, sql, barest))
    floor = p95(sql) + p95(barest)
    print(
        f"{kind.name} (of {median(rows):.0f} rows): {milliseconds(ours)};"
        f" SQL p95 {p95(sql) * 1000:.1f} ms and barest view p95 {p95(barest) * 1000:.1f} ms;"
        f" ratio {p95(ours) / floor:.2f}"
    )


def measure_depth(client: Asker, depth: int) -> None:
    """The page so deep, to which ``next`` leads, and the first in turn."""
    first = f"{NOTIFICATIONS}?{urlencode({'since': '2025-01-01T00:00:00Z', 'page_size': 100})}"
    deep = first
    for _ in range(depth - 1):
        deep = _path_of(client.document(deep)["next"])
    ours, floor = [], []
    for _ in range(ROUNDS):
        floor.append(client.seconds(first))
        ours.append(client.seconds(deep))
    print(
        f"page {depth:,}: {milliseconds(ours)}; page 1: {milliseconds(floor)};"
        f" ratio {median(ours) / median(floor):.2f}"
    )


def measure_detail_and_statistics(client: Asker) -> None:
    one = [client.seconds(f"{NOTIFICATIONS}{key}/") for key in _sample("told.id")][UNCOUNTED:]
    print(f"one notification: {milliseconds(one)}")
    window = {"since": SINCE.isoformat(), "until": UNTIL.isoformat(), "interval": "day"}
    path = f"/api/v1/stats/?{urlencode(window)}"
    year = [client.seconds(path) for _ in range(ROUNDS)]
    print(
        f"statistics of twelve months by day: {milliseconds(year)};"
        f" ratio to one notification {p95(year) / p95(one):.2f}"
    )


def measure_feed(client: Asker) -> None:
    path, rows, pages = f"{NOTIFICATIONS}feed/?page_size={FEED_SIZE}", 0, 0
    start = perf_counter()
    has_more = True
    while has_more and pages < FEED_PAGES:
        page = client.document(path)
        rows, pages = rows + len(page["results"]), pages + 1
        path, has_more = _path_of(page["next"]), page["has_more"]
    rate = rows / (perf_counter() - start)
    print(f"the feed, {pages} pages of {FEED_SIZE:,}: {rate:,.0f} rows/s")


def no_plan_offends() -> bool:
    from rest_framework.test import APIClient

    from bench._plans import Plans, questions, values
    from notifications.models import Account

    client = APIClient(SERVER_NAME="127.0.0.1")
    client.force_authenticate(Account.objects.create(username="planner", is_superuser=True))
    plans, asked = Plans(client), list(questions(UNTIL - 100 * DAY, values()))
    offending = [(question, scans) for question in asked if (scans := plans.offences(question))]
    for question, scans in offending:
        print(question, *scans, sep="\n    ")
    told = f"{len(offending)} of them read too much" if offending else "none reads the whole record"
    print(f"plans: {len(asked):,} questions, {told}")
    return not offending


def _kinds() -> list[Kind]:
    """Of devices and operations as often as they are told of, of days any."""
    days = [SINCE + timedelta(hours=Random(each).randrange(364 * 24)) for each in range(REQUESTS)]  # noqa: S311
    return [
        Kind("list by device", "activation_id = %s", _asked("activation")),
        Kind("list by operation", "operation_id = %s", _asked("operation")),
        Kind(
            "list of one type in a day",
            "told.id >= %s AND told.id < %s AND message_type = %s",
            [_of_a_day(day, "mtoken.operationInit") for day in days],
        ),
        Kind(
            "list by the busiest device before a moment",
            "activation_id = %s AND told.id < %s",
            [_of_the_busiest(day + DAY) for day in days],
        ),
    ]


def _asked(relation: str) -> list[tuple[Mapping[str, str], Sequence[Any]]]:
    return [({relation: key}, [key]) for key in _sample(f"{relation}_id")]


def _of_a_day(since: datetime, message_type: str) -> tuple[Mapping[str, str], Sequence[Any]]:
    from notifications.protocol.identity import first_id_at

    window = {"since": since.isoformat(), "until": (since + DAY).isoformat()}
    bounds = [first_id_at(since), first_id_at(since + DAY)]
    return {**window, "message_type": message_type}, [*bounds, message_type]


def _of_the_busiest(until: datetime) -> tuple[Mapping[str, str], Sequence[Any]]:
    from notifications.protocol.identity import first_id_at

    asked = {"activation": BUSY_DEVICE, "until": until.isoformat()}
    return asked, [BUSY_DEVICE, first_id_at(until)]


def _sample(column: str) -> list[Any]:
    """Of any notifications, the same ones each time."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {column} FROM notifications_notification AS told"  # noqa: S608
            f" WHERE {column} IS NOT NULL ORDER BY md5(told.id::text) LIMIT {REQUESTS}"
        )
        return [key for (key,) in cursor.fetchall()]


@contextmanager
def _bare_sql():
    """A plain cursor of psycopg on a connection of its own, as it comes."""
    import psycopg
    from django.db import connection

    settings = connection.get_connection_params()
    names = {"dbname", "user", "password", "host", "port"} & settings.keys()
    plain = {name: settings[name] for name in names}
    # Planned for its values each time, as ours are: one plan for any values can be the worse.
    plain |= {"autocommit": True, "prepare_threshold": None}
    with psycopg.connect(**plain) as opened, opened.cursor() as cursor:

        def fetch(condition: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
            return cursor.execute(ROWS_OF.format(condition), values).fetchall()

        yield fetch


def _path_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


if __name__ == "__main__":
    # One client asks as fast as it can; the limit is no part of what is measured.
    os.environ["PUSHAUDIT_THROTTLE_READ"] = os.environ["PUSHAUDIT_THROTTLE_EXPORT"] = "100000/s"
    with migrated():
        main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
